/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Records of several lines: of an input's multiline.parser, its old Parser_Firstline, and the filters
 * that do it later on. In clew it is always the input that joins, by rule sets that have names.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "record/multiline_names.h"
#include "shippers/fluentbit/import_fields.h"

enum {
    RULES_MAX = 8,  /* of an input */
    STEPS_MAX = 16, /* of the config's own rule sets among them: clew takes 20 states */
};

struct joining {
    struct fb_import *import;
    struct draft_input *input;
    const char *rules[RULES_MAX];
    size_t count;
    size_t steps;
};

static bool is_builtin(const char *name)
{
    for (size_t i = 0; multiline_builtin_names[i] != NULL; i++) {
        if (strcmp(multiline_builtin_names[i], name) == 0) {
            return true;
        }
    }
    return strcmp(name, MULTILINE_ALL) == 0;
}

static bool is_rule_taken(const struct fb_import *import, const char *name)
{
    for (size_t i = 0; i < import->rule_count; i++) {
        if (strcmp(import->rules[i].name, name) == 0) {
            return true;
        }
    }
    return is_builtin(name);
}

static bool add_name(struct joining *j, const char *name)
{
    for (size_t i = 0; i < j->count; i++) {
        if (strcmp(j->rules[i], name) == 0) {
            return true;
        }
    }
    if (j->count == RULES_MAX) {
        return false;
    }
    j->rules[j->count++] = name;
    return true;
}

/* ---- rule sets of the config's own ---- */

struct step {
    const char *from; /* a list, as YAML */
    const char *to;
    const char *regex;
};

static const char *state_name(struct fb_import *import, const char *state)
{
    struct slice s = slice_trim(slice_from_string(state));
    const char *name = foreign_copy(import_arena(import), s);
    if (strcmp(name, "start_state") == 0) {
        return MULTILINE_START;
    }
    return strcmp(name, MULTILINE_START) == 0 ? "start_" : name;
}

/* `"a, b" "/re/" "c"`; false if clew cannot have it. */
static bool read_step(struct fb_import *import, const struct fb_property *p, struct step *out)
{
    struct arena *arena = import_arena(import);
    const char *rest;
    const char *from = fb_word(arena, p->raw, &rest);
    const char *regex = fb_word(arena, rest, &rest);
    out->to = state_name(import, fb_word(arena, rest, &rest));
    out->regex = pattern_text(import, regex);
    out->from = NULL;
    while (*from != '\0') {
        size_t len = strcspn(from, ",");
        const char *one = foreign_copy(arena, slice_make(from, len));
        const char *name = yaml_quote_literal(import, state_name(import, one));
        out->from = out->from == NULL ? name : foreign_format(arena, "%s, %s", out->from, name);
        from += len + (from[len] == ',' ? 1 : 0);
    }
    return out->from != NULL && out->regex != NULL && *out->to != '\0' &&
           strcmp(out->to, MULTILINE_START) != 0;
}

/* Every state that a step comes from is one that a step leads to, and one begins. */
static bool is_whole(struct fb_import *import, const struct step *steps, size_t count)
{
    bool begins = false;
    for (size_t i = 0; i < count; i++) {
        const char *rest = steps[i].from;
        while (*rest != '\0') {
            size_t len = strcspn(rest, ",");
            const char *from = foreign_copy(import_arena(import),
                                            slice_trim(slice_make(rest, len)));
            bool is_start = strcmp(from, "'" MULTILINE_START "'") == 0;
            bool is_known = is_start;
            for (size_t n = 0; n < count && !is_known; n++) {
                is_known = strcmp(yaml_quote_literal(import, steps[n].to), from) == 0;
            }
            if (!is_known) {
                return false;
            }
            begins = begins || is_start;
            rest += len + (rest[len] == ',' ? 1 : 0);
        }
    }
    return begins;
}

/* Writes it once; the name clew has for it, NULL if it cannot be. */
static const char *own_rule(struct joining *j, const struct fb_section *parser)
{
    struct fb_import *import = j->import;
    struct step steps[STEPS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < import->rule_count; i++) {
        if (import->rules[i].section == parser) {
            return import->rules[i].name;
        }
    }
    const struct fb_property *p = fb_next(parser->first, "rule");
    for (; p != NULL; p = fb_next(p->next, "rule")) {
        if (count == STEPS_MAX || !read_step(import, p, &steps[count++])) {
            return NULL;
        }
    }
    if (count == 0 || j->steps + count > STEPS_MAX || import->rule_count == IMPORT_RULES_MAX ||
        !is_whole(import, steps, count)) {
        return NULL;
    }
    j->steps += count;
    const char *name = draft_name(import, fb_name(parser), is_rule_taken);
    import->rules[import->rule_count++] = (struct draft_rule){parser, name};
    yaml_comment_section(import, &import->multiline, parser, "  ");
    buf_append_format(&import->multiline, "  - name: %s\n    states:\n", yaml_quote_literal(import, name));
    for (size_t i = 0; i < count; i++) {
        buf_append_format(&import->multiline, "      - {from: [%s], regex: %s, to: %s}\n",
                          steps[i].from, yaml_quote_literal(import, steps[i].regex),
                          yaml_quote_literal(import, steps[i].to));
    }
    return name;
}

static const struct fb_section *find_parser(const struct fb_import *import, const char *name)
{
    const struct fb_section *s = import->config->first[FB_MULTILINE_PARSER];
    while (s != NULL && strcmp(fb_name(s), name) != 0) {
        s = s->next;
    }
    return s;
}

/* ---- what names them ---- */

static bool is_envelope(const char *name)
{
    return strcmp(name, "docker") == 0 || strcmp(name, "cri") == 0;
}

/* One name of a list of multiline.parser; the worst fate of them is the option's. */
static enum import_fate take_name(struct joining *j, const char *name)
{
    const struct fb_section *own = find_parser(j->import, name);
    if (own != NULL) {
        const char *rule = own_rule(j, own);
        return rule != NULL && add_name(j, rule) ? IMPORT_MAPPED : IMPORT_NEEDS_YOU;
    }
    if (is_envelope(name)) {
        return IMPORT_DEFAULT;
    }
    return is_builtin(name) && add_name(j, name) ? IMPORT_MAPPED : IMPORT_NEEDS_YOU;
}

static enum import_fate take_names(struct joining *j, const char *list)
{
    enum import_fate fate = IMPORT_DEFAULT;
    while (*list != '\0') {
        size_t len = strcspn(list, ", ");
        if (len > 0) {
            enum import_fate one = take_name(j, foreign_copy(import_arena(j->import),
                                                             slice_make(list, len)));
            bool is_worse = one == IMPORT_NEEDS_YOU || fate == IMPORT_DEFAULT;
            fate = is_worse ? one : fate;
        }
        list += len + (list[len] != '\0' ? 1 : 0);
    }
    return fate;
}

static const char *said(enum import_fate fate)
{
    return fate == IMPORT_DEFAULT ? "envelope: auto takes the runtime's envelope off and joins "
                                    "partial lines"
           : fate == IMPORT_MAPPED ? "multiline.rules of the input"
                                   : "a rule set that clew cannot have: say it under `multiline`, "
                                     "lines are records until then";
}

static void take_option(struct joining *j, const struct fb_section *section, const char *key)
{
    const struct fb_property *p = fb_next(section->first, key);
    for (; p != NULL; p = fb_next(p->next, key)) {
        enum import_fate fate = take_names(j, p->value);
        if (!*p->is_told) {
            row_add(j->import, section, p, fate, "%s", said(fate));
        }
    }
}

/* `Multiline On`, `Parser_Firstline`: a record begins where that parser's pattern does. */
static void take_firstline(struct joining *j)
{
    struct fb_import *import = j->import;
    const struct fb_section *s = j->input->section;
    const struct fb_property *p = fb_get(s, "parser_firstline");
    const struct fb_section *parser = p != NULL ? fb_parser(import->config, p->value) : NULL;
    const char *regex = parser != NULL ? pattern_text(import, fb_value(parser, "regex", ""))
                                       : NULL;
    bool is_on = fb_bool(s, "multiline", false, NULL) && regex != NULL &&
                 import->rule_count < IMPORT_RULES_MAX && j->steps + 1 <= STEPS_MAX;
    if (is_on) {
        const char *name = draft_name(import, fb_name(parser), is_rule_taken);
        import->rules[import->rule_count++] = (struct draft_rule){NULL, name};
        buf_append_format(&import->multiline, "  - name: %s\n    start: %s\n",
                          yaml_quote_literal(import, name), yaml_quote_literal(import, regex));
        j->steps++;
        add_name(j, name);
    }
    enum import_fate fate = is_on ? IMPORT_MAPPED : IMPORT_NEEDS_YOU;
    row_add_all(import, s, "parser_firstline", fate, said(fate));
    row_add_all(import, s, "multiline", is_on ? IMPORT_MAPPED : IMPORT_IGNORED,
                is_on ? "multiline.rules of the input" : "without a first line it joins nothing");
}

static void take_filters(struct joining *j, size_t index)
{
    for (const struct fb_section *s = j->import->config->first[FB_FILTER]; s != NULL; s = s->next) {
        bool is_matched = false;
        for (size_t f = 0; f < j->import->flow_count; f++) {
            is_matched = is_matched || (j->import->flows[f].input == index &&
                                        flow_is_matched(j->import, s, &j->import->flows[f]));
        }
        if (is_matched && strcasecmp(fb_name(s), "multiline") == 0) {
            take_option(j, s, "multiline.parser");
        }
    }
}

void import_multiline(struct fb_import *import)
{
    for (size_t i = 0; i < import->input_count; i++) {
        struct joining j = {import, &import->inputs[i], {NULL}, 0, 0};
        take_option(&j, j.input->section, "multiline.parser");
        take_firstline(&j);
        take_filters(&j, i);
        if (j.count > 0) {
            buf_append_format(&j.input->yaml, "    multiline: {rules: %s}\n",
                              yaml_list(import, j.rules, j.count));
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Match, without tags.
 *
 * A filter's pattern is held against the tag of every flow. Where it takes a flow whole, the filter
 * is for that input; where it takes a part of it (`kube.var.log.containers.shop-*`, of an input that
 * tags with the path), the rest of the pattern says which paths.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "base/utf8.h"
#include "shippers/fluentbit/import_fields.h"

enum match {
    MATCH_NO,
    MATCH_PART,
    MATCH_WHOLE,
};

static bool regex_matches(const char *text, const char *tag)
{
    char *error = NULL;
    struct pattern *pattern = pattern_new(text, &error);
    struct slice s = slice_from_string(tag);
    struct slice found;
    bool is_found = pattern != NULL && pattern_search(pattern, s, 0) == PATTERN_YES &&
                    pattern_group(pattern, s, 0, &found) && found.data == s.data;
    pattern_free(pattern);
    free(error);
    return is_found;
}

/* Stars of patterns, in the part that is not known of a tag, mean "some path". */
static const char *sample(struct fb_import *import, const struct flow *flow)
{
    const char *star = strchr(flow->tag, '*');
    const char *folder = import->inputs[flow->input].folder;
    if (star == NULL || folder == NULL) {
        return flow->tag;
    }
    char *dotted = mem_string(folder + 1);
    for (char *c = dotted; *c != '\0'; c++) {
        *c = *c == '/' ? '.' : *c;
    }
    const char *text = foreign_format(import_arena(import), "%.*s%s.x%s", (int)(star - flow->tag),
                                      flow->tag, dotted, star + 1);
    free(dotted);
    return text;
}

static enum match match_flow(struct fb_import *import, const struct fb_section *section,
                             const struct flow *flow)
{
    const struct fb_property *regex = fb_get(section, "match_regex");
    const struct fb_property *match = fb_get(section, "match");
    if (regex != NULL) {
        const char *text = pattern_text(import, regex->value);
        if (text == NULL || regex_matches(text, sample(import, flow))) {
            return MATCH_WHOLE;
        }
    }
    if (match == NULL) {
        bool is_only = section->kind == FB_OUTPUT && import->flow_count <= 1 &&
                       import->config->first[FB_OUTPUT]->next == NULL;
        return is_only || section->kind == FB_OTHER ? MATCH_WHOLE : MATCH_NO;
    }
    if (fb_is_unknown(match->value) || fb_tag_matches(match->value, flow->tag)) {
        return MATCH_WHOLE;
    }
    return fb_tag_common(import_arena(import), match->value, flow->tag) != NULL ? MATCH_PART
                                                                                : MATCH_NO;
}

bool flow_is_matched(struct fb_import *import, const struct fb_section *section,
                     const struct flow *flow)
{
    return match_flow(import, section, flow) != MATCH_NO;
}

/* What stands within `{all: […]}`; another condition as it is. */
static struct slice members(const char *condition)
{
    struct slice s = slice_from_string(condition);
    struct slice head = SLICE("{all: [");
    return slice_has_prefix(s, head) ? slice_make(s.data + head.len, s.len - head.len - 2) : s;
}

const char *when_both(struct fb_import *import, const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a != NULL ? a : b;
    }
    struct slice x = members(a);
    struct slice y = members(b);
    return foreign_format(import_arena(import), "{all: [%.*s, %.*s]}", (int)x.len, x.data,
                          (int)y.len, y.data);
}

/* clew takes conditions eight deep, and a thousand of them. */
static bool is_sayable(const char *condition)
{
    enum { DEPTH_MAX = 8, CONDITIONS_MAX = 500, BYTES_MAX = 16 << 10 };
    unsigned depth = 0;
    unsigned deepest = 0;
    unsigned count = 0;
    char quote = '\0';
    const char *c = condition;
    for (; *c != '\0'; c++) {
        if (quote != '\0') {
            quote = *c == quote ? '\0' : quote;
        } else if (*c == '\'' || *c == '"') {
            quote = *c;
        } else if (*c == '{') {
            count++;
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if (*c == '}') {
            depth--;
        }
    }
    return deepest < DEPTH_MAX && count < CONDITIONS_MAX && c - condition < BYTES_MAX;
}

/* The path that a dotted tag was made of, as a pattern: a dot may have been a slash. */
static const char *path_condition(struct fb_import *import, const char *match)
{
    struct buf out;
    buf_init(&out, 4096);
    buf_append_string(&out, "^/?");
    for (const char *c = match; *c != '\0'; c++) {
        if (*c == '*') {
            buf_append_string(&out, ".*");
        } else if (*c == '.') {
            buf_append_string(&out, "[/.]");
        } else {
            buf_append_format(&out, strchr("\\^$|?+()[]{}", *c) != NULL ? "\\%c" : "%c", *c);
        }
    }
    buf_append_string(&out, "$");
    const char *text = foreign_copy(import_arena(import), buf_slice(&out));
    buf_fini(&out);
    return foreign_format(import_arena(import), "{path: {matches: %s}}",
                          yaml_quote_literal(import, text));
}

/* Of a flow that is taken in part: which paths. NULL: it cannot be said, so all of them. */
static const char *part_condition(struct fb_import *import, const struct fb_section *section,
                                  const struct flow *flow)
{
    const char *match = fb_value(section, "match", "");
    size_t known = strcspn(flow->tag, "*");
    bool is_path = flow->tag[known] == '*' && flow->tag[known + 1] == '\0' && !flow->is_rewritten;
    return is_path && strncmp(match, flow->tag, known) == 0 && utf8_is_ascii(match, strlen(match))
               ? path_condition(import, match + known)
               : NULL;
}

/* Which records of the flow are there still when this section's turn comes. */
static const char *flow_when(struct fb_import *import, const struct flow *flow,
                             const struct fb_section *section)
{
    bool is_behind = section->kind == FB_OUTPUT || section->number > flow->gone_number;
    if (flow->gone == NULL || !is_behind) {
        return flow->when;
    }
    return when_both(import, flow->when,
                     foreign_format(import_arena(import), "{not: %s}", flow->gone));
}

static const char *flow_condition(struct fb_import *import, const struct fb_section *section,
                                  const struct flow *flow, enum match match, bool is_only)
{
    const char *name = import->inputs[flow->input].name;
    const char *when = is_only ? NULL
                               : foreign_format(import_arena(import), "{input: %s}",
                                                yaml_quote_literal(import, name));
    when = when_both(import, when, flow_when(import, flow, section));
    return match == MATCH_PART ? when_both(import, when, part_condition(import, section, flow))
                               : when;
}

/* Does the section see every record of every input? */
static bool is_everything(struct fb_import *import, const struct fb_section *section,
                          const enum match *matches)
{
    for (size_t i = 0; i < import->input_count; i++) {
        bool is_taken = false;
        for (size_t f = 0; f < import->flow_count; f++) {
            is_taken = is_taken || (import->flows[f].input == i && matches[f] == MATCH_WHOLE &&
                                    flow_when(import, &import->flows[f], section) == NULL);
        }
        if (!is_taken) {
            return false;
        }
    }
    return true;
}

bool match_when(struct fb_import *import, const struct fb_section *section, const char **out_when)
{
    enum match matches[IMPORT_FLOWS_MAX];
    const char *list = NULL;
    size_t count = 0;
    *out_when = NULL;
    for (size_t f = 0; f < import->flow_count; f++) {
        matches[f] = match_flow(import, section, &import->flows[f]);
    }
    if (is_everything(import, section, matches)) {
        return true; /* a fragment without inputs too: whatever comes */
    }
    for (size_t f = 0; f < import->flow_count; f++) {
        if (matches[f] == MATCH_NO) {
            continue;
        }
        const char *one = flow_condition(import, section, &import->flows[f], matches[f],
                                         import->input_count == 1);
        one = one != NULL ? one : "{}";
        if (list == NULL || is_sayable(list)) { /* what is not stays so, however long */
            list = list == NULL ? one : foreign_format(import_arena(import), "%s, %s", list, one);
        }
        count++;
    }
    if (count == 0) {
        return false;
    }
    *out_when = count == 1 ? list : foreign_format(import_arena(import), "{any: [%s]}", list);
    if (!is_sayable(*out_when)) {
        *out_when = NULL;
        row_add(import, section, NULL, IMPORT_NEEDS_YOU,
                "for which records it is takes more conditions than clew has: it is for all");
    }
    return true;
}

/* `$key regex new.tag keep`: the records that the rule takes are a flow of their own, told by its
 * condition, and, unless they are kept, no longer of the old one. */
/* `{any: [a, b]}`; what is too long to be said stays as it was. */
static const char *either(struct fb_import *import, const char *a, const char *b)
{
    struct slice x = slice_from_string(a);
    struct slice head = SLICE("{any: [");
    bool is_list = slice_has_prefix(x, head);
    struct slice inner = is_list ? slice_make(x.data + head.len, x.len - head.len - 2) : x;
    const char *both = foreign_format(import_arena(import), "{any: [%.*s, %s]}", (int)inner.len,
                                      inner.data, b);
    return is_sayable(both) ? both : a;
}

/* Conditions upon conditions grow without end; a flow of which too much would have to be said has
 * all records. */
static const char *bounded(const char *condition)
{
    return condition != NULL && is_sayable(condition) ? condition : NULL;
}

static void rewrite_rule(struct fb_import *import, const struct fb_section *s,
                         const struct fb_property *rule, size_t old_count)
{
    struct arena *arena = import_arena(import);
    const char *rest;
    const char *key = fb_word(arena, rule->raw, &rest);
    const char *regex = fb_word(arena, rest, &rest);
    const char *tag = fb_word(arena, rest, &rest);
    const char *condition = condition_matches(import, key, regex);
    bool is_any = strcmp(regex, ".*") == 0 || strcmp(regex, "^.*$") == 0 || strcmp(regex, ".+") == 0;
    char *pattern = mem_string(tag);
    for (char *c = pattern; *c != '\0'; c++) {
        if (*c == '$' || *c == '{') { /* what a record fills in */
            c[0] = '*';
            c[1] = '\0';
            break;
        }
    }
    const char *copy = foreign_copy(arena, slice_from_string(pattern));
    bool keeps = fb_is_true(rest);
    free(pattern);
    for (size_t f = 0; f < old_count && import->flow_count < IMPORT_FLOWS_MAX; f++) {
        if (flow_is_matched(import, s, &import->flows[f])) {
            struct flow *old = &import->flows[f];
            import->flows[import->flow_count++] = (struct flow){
                .input = old->input,
                .tag = copy,
                .when = bounded(when_both(import, flow_when(import, old, s),
                                          is_any ? NULL : condition)),
                .is_rewritten = true,
            };
            if (!keeps && (is_any || condition != NULL)) {
                const char *gone = is_any ? "{}" : condition;
                old->gone = old->gone == NULL ? gone : either(import, old->gone, gone);
                old->gone_number = s->number;
            }
        }
    }
    bool is_said = is_any || condition != NULL;
    row_add(import, s, rule, is_said ? IMPORT_MAPPED : IMPORT_NEEDS_YOU, "%s",
            is_said ? "filters and routes for the new tag go by the rule's condition"
                    : "a key or pattern that clew cannot have: filters and outputs for the new tag get "
                      "all records");
}

static void rewrite(struct fb_import *import, const struct fb_section *s)
{
    size_t old_count = import->flow_count;
    const struct fb_property *rule = fb_next(s->first, "rule");
    for (; rule != NULL; rule = fb_next(rule->next, "rule")) {
        rewrite_rule(import, s, rule, old_count);
    }
    row_add(import, s, NULL, IMPORT_MAPPED, "there are no tags: filters and routes say which records");
}

void import_flows(struct fb_import *import)
{
    const struct fb_section *s = import->config->first[FB_FILTER];
    for (; s != NULL; s = s->next) {
        if (strcasecmp(fb_name(s), "rewrite_tag") == 0) {
            rewrite(import, s);
        }
    }
}

/* ---- routes ---- */

/* One route for the inputs that an output gets whole, one for each flow of which it gets a part. */
static size_t put_routes(struct fb_import *import, const struct draft_output *output)
{
    size_t count = 0;
    const char *names = NULL;
    struct arena *arena = import_arena(import);
    const char *to = yaml_quote_literal(import, output->name);
    for (size_t f = 0; f < import->flow_count; f++) {
        const struct flow *flow = &import->flows[f];
        enum match match = match_flow(import, output->section, flow);
        const char *input = yaml_quote_literal(import, import->inputs[flow->input].name);
        const char *when = match != MATCH_NO
                               ? flow_condition(import, output->section, flow, match, true) : NULL;
        if (match == MATCH_NO) {
            continue;
        }
        if (when == NULL || !is_sayable(when)) {
            bool is_there = names != NULL && strstr(names, input) != NULL;
            names = is_there ? names : names == NULL ? input
                                                     : foreign_format(arena, "%s, %s", names, input);
            continue;
        }
        buf_append_format(&import->routes,
                          "  - match: {input: [%s]}\n    filters:\n      - keep: %s\n"
                          "    outputs: [%s]\n", input, when, to);
        count++;
    }
    if (names != NULL) {
        buf_append_format(&import->routes, "  - match: {input: [%s]}\n    outputs: [%s]\n", names, to);
    }
    return count + (names != NULL ? 1 : 0);
}

void import_routes(struct fb_import *import)
{
    enum { ROUTES_MAX = 64 }; /* as clew has it */
    size_t count = 0;
    bool is_all = true;
    for (size_t o = 0; o < import->output_count; o++) {
        const char *when;
        bool is_taken = match_when(import, import->outputs[o].section, &when);
        is_all = is_all && is_taken && when == NULL;
    }
    if (is_all || import->input_count == 0) {
        return; /* every record to every output, as it is without routes */
    }
    for (size_t o = 0; o < import->output_count; o++) {
        count += put_routes(import, &import->outputs[o]);
    }
    if (count > ROUTES_MAX) {
        buf_clear(&import->routes);
        row_add(import, import->outputs[0].section, NULL, IMPORT_NEEDS_YOU,
                "%zu routes, and clew has %d: every record goes to every output until you say less",
                count, ROUTES_MAX);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The way of a record through Fluent Bit: an input gives it a tag; every filter whose pattern
 * matches the tag sees it, in the order of the file; rewrite_tag sends it round again under
 * another; every output whose pattern matches ships it.
 *
 * A tag is known only in part (`kube.*`, a variable): it is a pattern itself. So each input runs
 * once for every pattern of the config that can meet its own, under a tag that both match.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/lint.h"
#include "shippers/fluentbit/lint_probes.h"

enum {
    TAGS_MAX = 48,
    REWRITES_MAX = 4,
};

struct tags {
    const char *items[TAGS_MAX];
    size_t count;
};

static void add_tag(struct tags *tags, const char *tag)
{
    for (size_t i = 0; i < tags->count; i++) {
        if (strcmp(tags->items[i], tag) == 0) {
            return;
        }
    }
    if (tags->count < TAGS_MAX) {
        tags->items[tags->count++] = tag;
    }
}

/* A text in which what is not known (`${X}`, `{{ … }}`, `$TAG[1]`, `$key`) is a star. */
static const char *as_pattern(struct arena *arena, const char *text)
{
    char out[512];
    size_t n = 0;
    for (const char *c = text; *c != '\0' && n < sizeof(out) - 1; c++) {
        const char *end = NULL;
        if (c[0] == '$' && c[1] == '{') {
            end = strchr(c, '}');
        } else if (c[0] == '{' && c[1] == '{') {
            end = strstr(c, "}}");
            end = end != NULL ? end + 1 : NULL;
        } else if (c[0] == '<') { /* Tag_Regex's placeholders */
            end = strchr(c, '>');
        } else if (c[0] == '$') {
            end = c + strcspn(c + 1, ". /");
        }
        out[n++] = end != NULL ? '*' : *c;
        c = end != NULL ? end : c;
    }
    return foreign_copy(arena, slice_make(out, n));
}

static bool has_match(const struct fb_section *s)
{
    return fb_get(s, "match") != NULL || fb_get(s, "match_regex") != NULL;
}

static bool is_match(struct fb_config *config, const struct fb_section *s, const char *tag)
{
    const struct fb_property *regex = fb_get(s, "match_regex");
    const struct fb_property *match = fb_get(s, "match");
    if (regex != NULL) {
        struct regex *compiled = regex_new(regex->value);
        bool is_found = compiled == NULL || regex_is_match(compiled, slice_from_string(tag));
        regex_free(compiled);
        if (is_found || match == NULL) {
            return is_found;
        }
    }
    if (match != NULL) {
        return fb_tag_matches(as_pattern(&fb_lint(config)->scratch, match->value), tag);
    }
    const struct fb_section *input = config->first[FB_INPUT];
    return s->kind == FB_OUTPUT && (input == NULL || input->next == NULL) &&
           config->first[FB_OUTPUT]->next == NULL;
}

static void add_tags_of(struct fb_config *config, const struct fb_section *list,
                        const char *pattern, struct tags *tags)
{
    struct arena *arena = &config->foreign->arena;
    for (const struct fb_section *s = list; s != NULL; s = s->next) {
        const char *regex = fb_value(s, "match_regex", NULL);
        const char *match = fb_value(s, "match", NULL);
        const char *tag = NULL;
        if (match != NULL) {
            tag = fb_tag_common(arena, pattern, as_pattern(arena, match));
        } else if (regex != NULL) {
            tag = regex_sample(arena, regex);
            tag = tag != NULL && fb_tag_matches(pattern, tag) ? tag : NULL;
        }
        if (tag != NULL && *tag != '\0') {
            add_tag(tags, tag);
        }
    }
}

static void collect_tags(struct fb_config *config, const char *pattern, struct tags *tags)
{
    const char *filler = fb_tag_common(&config->foreign->arena, pattern,
                                       "*app-0_default_app-0123456789abcdef.log*");
    tags->count = 0;
    if (strcmp(pattern, "*") != 0) {
        filler = filler != NULL ? filler : fb_tag_common(&config->foreign->arena, pattern, "*");
    }
    if (filler != NULL) {
        add_tag(tags, filler);
    }
    add_tags_of(config, config->first[FB_FILTER], pattern, tags);
    add_tags_of(config, config->first[FB_OUTPUT], pattern, tags);
}

static void run_from(struct fb_config *config, struct trail *trail, const char *tag,
                     unsigned rewrites);

/* `$key`, `$key['sub']`: the value; *out_name the key at the top. */
static struct item *look_up(struct arena *arena, const struct item *record, const char *accessor,
                            const char **out_name)
{
    const char *at = accessor + (*accessor == '$' ? 1 : 0);
    size_t len = strcspn(at, "[");
    *out_name = foreign_copy(arena, slice_make(at, len));
    struct item *value = item_get(record, *out_name);
    for (at += len; *at == '[' && value != NULL;) {
        const char *close = strchr(at, ']');
        struct slice part = slice_make(at + 1, close != NULL ? (size_t)(close - at) - 1 : 0);
        if (part.len < 2) {
            return NULL;
        }
        value = item_get(value, foreign_copy(arena, slice_make(part.data + 1, part.len - 2)));
        at = close + 1;
    }
    return value;
}

/* Does the rule take this record? Of what is not in the probe any value may come. */
static bool takes(struct arena *arena, const struct item *record, const char *key,
                  const char *pattern)
{
    const char *name;
    const struct item *value = look_up(arena, record, key, &name);
    struct regex *regex = value != NULL && value->kind == ITEM_TEXT ? regex_new(pattern) : NULL;
    bool is_match = regex != NULL && regex_is_match(regex, slice_from_string(value->text));
    regex_free(regex);
    return is_match;
}

/* A record under a new tag passes every filter again, whether its rule takes the probe or others
 * like it: that is a route. One that takes the probe and does not keep it ends the old one. */
static void rewrite(struct fb_config *config, const struct fb_section *filter, struct trail *trail,
                    const char *tag, unsigned rewrites)
{
    struct arena *arena = &fb_lint(config)->scratch;
    const struct fb_property *rule = fb_next(filter->first, "rule");
    for (; rule != NULL && !trail->is_over; rule = fb_next(rule->next, "rule")) {
        const char *rest; /* `$key regex new.tag keep` */
        const char *key = fb_word(arena, rule->value, &rest);
        const char *pattern = fb_word(arena, rest, &rest);
        const char *name = fb_word(arena, rest, &rest);
        bool keeps = strncasecmp(fb_word(arena, rest, NULL), "true", 4) == 0;
        if (strcmp(name, "$TAG") == 0 || *name == '\0') {
            continue;
        }
        struct tags tags;
        collect_tags(config, as_pattern(&config->foreign->arena, name), &tags);
        for (size_t i = 0; i < tags.count; i++) {
            if (strcmp(tags.items[i], tag) != 0) {
                struct trail fork = trail_fork(trail);
                run_from(config, &fork, tags.items[i], rewrites + 1);
            }
        }
        trail->is_over = !keeps && takes(arena, trail->record, key, pattern);
    }
}

static bool has_condition(const struct fb_section *processor)
{
    for (const struct fb_property *p = processor->first; p != NULL; p = p->next) {
        if (strncasecmp(p->key, "condition.", 10) == 0) {
            return true;
        }
    }
    return false;
}

/* One under a condition is for some records: a branch; the others go on as they are. */
static void run_processors(struct fb_config *config, const struct fb_section *owner,
                           struct trail *trail, const char *tag)
{
    for (const struct fb_section *p = owner->processors; p != NULL && !trail->is_over;
         p = p->next) {
        if (!has_condition(p)) {
            fb_filter(config, p, trail, tag);
            continue;
        }
        struct probe some = *trail->probe;
        struct trail fork = trail_fork(trail);
        some.is_variant = true;
        some.when = "records that the processor's condition takes";
        fork.probe = &some;
        fb_filter(config, p, &fork, tag);
    }
}

static void ship(struct fb_config *config, const struct trail *trail, const char *tag)
{
    if (config->first[FB_OUTPUT] == NULL) {
        struct trail fork = trail_fork(trail);
        trail_end(&fork, (fork.places & PLACE_TRACE_FIELD) != 0, NULL);
    }
    for (const struct fb_section *o = config->first[FB_OUTPUT]; o != NULL; o = o->next) {
        if (!is_match(config, o, tag) || !lint_step(fb_lint(config))) {
            continue;
        }
        struct trail fork = trail_fork(trail);
        run_processors(config, o, &fork, tag);
        if (!fork.is_over) {
            fb_output(config, o, &fork);
        }
    }
}

static void run_from(struct fb_config *config, struct trail *trail, const char *tag,
                     unsigned rewrites)
{
    for (const struct fb_section *f = config->first[FB_FILTER]; f != NULL && !trail->is_over;
         f = f->next) {
        if (!has_match(f) || !is_match(config, f, tag) || !lint_step(fb_lint(config))) {
            continue;
        }
        if (strcasecmp(fb_name(f), "rewrite_tag") == 0) {
            if (rewrites < REWRITES_MAX) {
                rewrite(config, f, trail, tag, rewrites);
            }
        } else {
            fb_filter(config, f, trail, tag);
        }
    }
    if (!trail->is_over) {
        ship(config, trail, tag);
    }
}

/* Every text parser that a filter on this tag, or the input, may use: lines of its format are
 * among the probes. */
static void collect_formats(struct fb_config *config, const struct fb_section *input,
                            const char *tag, struct fb_formats *formats)
{
    fb_formats_add(config, formats, input);
    for (const struct fb_section *p = input->processors; p != NULL; p = p->next) {
        fb_formats_add(config, formats, p);
    }
    for (const struct fb_section *f = config->first[FB_FILTER]; f != NULL; f = f->next) {
        if (is_match(config, f, tag) || strcasecmp(fb_name(f), "parser") == 0) {
            fb_formats_add(config, formats, f);
        }
    }
}

static void run_input(struct fb_config *config, const struct fb_section *input, const char *pattern)
{
    struct tags tags;
    collect_tags(config, pattern, &tags);
    for (size_t i = 0; i < tags.count; i++) {
        struct fb_formats formats = {.count = 0};
        struct fb_starts starts = {.count = 0};
        collect_formats(config, input, tags.items[i], &formats);
        fb_starts_make(config, input, &formats, &starts);
        for (size_t s = 0; s < starts.count; s++) {
            struct trail trail = {.lint = fb_lint(config), .probe = &starts.items[s].probe};
            struct stage stage = fb_stage(config, input, NULL, "", "");
            trail.source = stage.place;
            trail.source_name = stage.name;
            trail.source_fix = "a kubernetes filter with Merge_Log On, or a parser filter with "
                               "Key_Name log, Parser json and Reserve_Data On";
            trail_begin(&trail, starts.items[s].record);
            fb_judge_input(config, input, &starts.items[s], &trail);
            run_processors(config, input, &trail, tags.items[i]);
            if (!trail.is_over) {
                run_from(config, &trail, tags.items[i], 0);
            }
        }
        arena_clear(&fb_lint(config)->scratch);
    }
}

static const char *tag_of(struct fb_config *config, const struct fb_section *input, unsigned index)
{
    const char *tag = fb_value(input, "tag", NULL);
    if (tag == NULL) {
        bool is_forward = strcasecmp(fb_name(input), "forward") == 0;
        return is_forward ? "*" : foreign_format(&config->foreign->arena, "%s.%u", fb_name(input), index);
    }
    return as_pattern(&config->foreign->arena, tag);
}

void fb_run(struct fb_config *config)
{
    unsigned index = 0;
    if (config->first[FB_INPUT] == NULL) {
        /* A fragment, as FireLens and operators add them: what comes before is forwarded. */
        const struct fb_section *any = config->first[FB_FILTER] != NULL ? config->first[FB_FILTER]
                                                                        : config->first[FB_OUTPUT];
        struct foreign_place place = any != NULL ? any->place : (struct foreign_place){config->path, 1, 1};
        struct fb_section *input = fb_section_new(config, FB_INPUT, SLICE("INPUT"), place);
        fb_property_add(config, input, SLICE("name"), SLICE("forward"), place, false);
        run_input(config, input, "*");
    }
    for (const struct fb_section *i = config->first[FB_INPUT]; i != NULL; i = i->next) {
        run_input(config, i, tag_of(config, i, index++));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fluent Bit's filters, each doing to a probe's record what the plugin does to every record.
 * Filters that only drop records, join lines or add facts are not named here: they change nothing
 * that matters.
 */

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/lint.h"
#include "shippers/common/names.h"

struct filtering {
    struct fb_config *config;
    const struct fb_section *filter;
    struct trail *trail;
    struct arena *arena;
};

static const char *word(struct filtering *f, const char *text, const char **out_rest)
{
    return fb_word(f->arena, text, out_rest);
}

static struct stage stage_at(struct filtering *f, const struct fb_property *p, const char *why,
                             const char *fix)
{
    return fb_stage(f->config, f->filter, p, why, fix);
}

/* An id that is the same for every record says nothing, and hides the true one. */
static void judge_constant(struct filtering *f, const struct fb_property *p, const char *key,
                           const char *value)
{
    struct slice name = slice_from_string(key);
    if ((!name_is_trace_id(name) && !name_is_span_id(name)) || *value == '$') {
        return;
    }
    struct stage stage = stage_at(f, p, "the same constant is written as id into every record",
                                  "remove this line, take the id from the record");
    lint_report(fb_lint(f->config), &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, "always");
}

/* Does a stage of the config take this key's value elsewhere before it is removed? */
static bool is_moved(const struct fb_config *config, const char *key)
{
    size_t len = strlen(key);
    for (const struct fb_section *s = config->first[FB_FILTER]; s != NULL; s = s->next) {
        for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
            if ((strstr(p->key, "copy") != NULL || strstr(p->key, "rename") != NULL) &&
                strncmp(p->value, key, len) == 0 && p->value[len] == ' ') {
                return true;
            }
        }
    }
    return false;
}

/* An id by another name than the probes': the config says itself that it throws ids away. */
static void judge_removal(struct filtering *f, const struct fb_property *p, const char *key)
{
    struct slice name = slice_from_string(key);
    if (f->trail->places == 0 || f->trail->probe->is_text) {
        return;
    }
    if (fb_is_unknown(p->value)) {
        struct stage open = stage_at(f, p, "a template or variable says which key is removed",
                                     "name the key");
        lint_report(fb_lint(f->config), &open, LINT_MAY_BE_LOST, LINT_DEPENDS, "cannot be proved");
        return;
    }
    if ((!name_is_trace_id(name) && !name_is_span_id(name)) ||
        item_get(f->trail->record, key) != NULL || is_moved(f->config, key)) {
        return;
    }
    struct stage stage = stage_at(f, p, "removes a key that is named after an id",
                                  "remove this line");
    const struct probe *probe = f->trail->probe;
    if (probe->is_variant) {
        lint_report(fb_lint(f->config), &stage, LINT_MAY_BE_LOST,
                    probe->is_note ? LINT_KEEPS : LINT_DEPENDS, probe->when);
    } else {
        lint_report(fb_lint(f->config), &stage, LINT_LOST, LINT_STRIPS, "always");
    }
}

/* ---- parser ---- */

static struct item *parse_any(struct filtering *f, const char *text,
                               const struct fb_property **out_name,
                               const struct fb_section **out_parser)
{
    const struct fb_property *p = fb_next(f->filter->first, "parser");
    for (; p != NULL; p = fb_next(p->next, "parser")) {
        const struct fb_section *parser = fb_parser(f->config, p->value);
        struct item *map = parser != NULL ? fb_parse(f->config, parser, text) : NULL;
        if (map != NULL) {
            *out_name = p;
            *out_parser = parser;
            return map;
        }
    }
    return NULL;
}

static bool is_parser_known(struct filtering *f)
{
    const struct fb_property *p = fb_next(f->filter->first, "parser");
    for (; p != NULL; p = fb_next(p->next, "parser")) {
        if (fb_parser(f->config, p->value) == NULL) {
            return false;
        }
    }
    return true;
}

static void judge_unknown_parser(struct filtering *f, const struct item *record, const char *key)
{
    bool is_unknown = false;
    bool reserves = fb_bool(f->filter, "reserve_data", false, &is_unknown);
    struct item *rest = item_copy(f->arena, record);
    item_remove(rest, key);
    if (!reserves && item_places(rest) != 0) {
        struct stage stage = stage_at(f, fb_get(f->filter, "parser"),
                                      "the parser is not to be found, and without Reserve_Data "
                                      "only what it makes is kept",
                                      "Reserve_Data On");
        lint_report(fb_lint(f->config), &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, "cannot be proved");
    }
}

static void judge_regex(struct filtering *f, const struct fb_property *name,
                        const struct fb_section *parser)
{
    static const char fix[] = "let the pattern end in (?<rest>.*)$, or Preserve_Key On";
    struct stage stage = stage_at(f, name, "only what the parser captures is left of the text, and "
                                           "the ids are in no capture", fix);
    unsigned before = f->trail->places;
    const struct fb_property *regex = fb_get(parser, "regex");
    trail_judge(f->trail, &stage);
    if (f->trail->places != before && f->trail->is_over && regex != NULL && regex->place.line > 0) {
        stage = fb_stage(f->config, parser, regex, "what no group captures is dropped", fix);
        lint_report(fb_lint(f->config), &stage, LINT_MAY_BE_LOST, LINT_DEPENDS,
                    f->trail->probe->when);
    }
}

static void add_all(struct arena *arena, struct item *to, const struct item *from)
{
    for (const struct member *m = from->first; m != NULL; m = m->next) {
        item_put(arena, to, m->key, m->value);
    }
}

static void filter_parser(struct filtering *f)
{
    const char *key = fb_value(f->filter, "key_name", "log");
    key += *key == '$' ? 1 : 0;
    struct item *record = f->trail->record;
    struct item *text = item_get(record, key);
    const struct fb_property *name = NULL;
    const struct fb_section *parser = NULL;
    bool is_unknown = false;
    bool reserves = fb_bool(f->filter, "reserve_data", false, &is_unknown);
    bool preserves = fb_bool(f->filter, "preserve_key", false, &is_unknown);
    if (text == NULL || text->kind != ITEM_TEXT) {
        return;
    }
    struct item *map = parse_any(f, text->text, &name, &parser);
    if (map == NULL) {
        if (!is_parser_known(f)) {
            judge_unknown_parser(f, record, key);
        }
        return;
    }
    bool is_in_text = (item_places(text) & PLACE_TRACE_TEXT) != 0;
    struct item *result = reserves ? record : item_map(f->arena);
    item_remove(result, key);
    if (preserves) {
        item_put(f->arena, result, key, text);
    }
    add_all(f->arena, result, map);
    f->trail->record = result;
    f->trail->is_conditional = is_unknown;
    if (is_in_text && item_places(map) == 0) {
        judge_regex(f, name, parser);
        return;
    }
    struct stage stage = stage_at(f, NULL, "Reserve_Data is off: every field but the parsed one is "
                                           "dropped", "Reserve_Data On");
    trail_judge(f->trail, &stage);
}

/* ---- kubernetes ---- */

static struct item *merged_log(struct filtering *f, const char *text)
{
    const char *name = fb_value(f->filter, "merge_parser", NULL);
    const struct fb_section *parser = name != NULL ? fb_parser(f->config, name) : NULL;
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' ')) {
        len--;
    }
    const char *trimmed = foreign_copy(f->arena, slice_make(text, len));
    if (parser != NULL) {
        return fb_parse(f->config, parser, trimmed);
    }
    return item_from_json(f->arena, slice_from_string(trimmed), false);
}

static bool merges(const struct fb_section *filter, bool *out_unknown)
{
    return fb_bool(filter, "merge_log", false, out_unknown) ||
           fb_bool(filter, "merge_json_log", false, out_unknown);
}

static void filter_kubernetes(struct filtering *f)
{
    bool is_unknown = false;
    struct item *record = f->trail->record;
    struct item *text = item_get(record, "log");
    if (merges(f->filter, &is_unknown) && text != NULL) {
        struct item *map = text->kind == ITEM_TEXT ? merged_log(f, text->text) : text;
        const struct fb_property *under = fb_get(f->filter, "merge_log_key");
        if (map != NULL && map->kind == ITEM_MAP) {
            bool keeps = fb_bool(f->filter, "keep_log", true, &is_unknown);
            if (!keeps) {
                item_remove(record, "log");
            }
            if (under != NULL && *under->value != '\0') {
                item_put(f->arena, record, under->value, map);
            } else {
                add_all(f->arena, record, map);
            }
        }
    }
    struct item *kubernetes = item_map(f->arena);
    item_put(f->arena, kubernetes, "pod_name", item_string(f->arena, "app-0"));
    item_put(f->arena, record, "kubernetes", kubernetes);
    f->trail->is_conditional = is_unknown;
    const struct fb_property *keep = fb_get(f->filter, "keep_log");
    struct stage stage = stage_at(f, keep, "the text is removed after it has been parsed, and the "
                                           "parser did not keep the ids", "Keep_Log On");
    trail_judge(f->trail, &stage);
}

/* ---- record_modifier ---- */

static bool is_listed(const struct fb_section *filter, const char *option, const char *key)
{
    const struct fb_property *p = fb_next(filter->first, option);
    for (; p != NULL; p = fb_next(p->next, option)) {
        size_t len = strlen(p->value);
        bool is_prefix = len > 0 && p->value[len - 1] == '*';
        if (is_prefix ? strncasecmp(p->value, key, len - 1) == 0 : strcasecmp(p->value, key) == 0) {
            return true;
        }
    }
    return false;
}

static void keep_if(struct filtering *f, bool (*keeps)(struct filtering *f, const char *key))
{
    struct item *result = item_map(f->arena);
    for (struct member *m = f->trail->record->first; m != NULL; m = m->next) {
        if (keeps(f, m->key)) {
            item_add(f->arena, result, m->key, m->value);
        }
    }
    f->trail->record = result;
}

static bool is_not_removed(struct filtering *f, const char *key)
{
    return !is_listed(f->filter, "remove_key", key);
}

static bool is_allowed(struct filtering *f, const char *key)
{
    return is_listed(f->filter, "allowlist_key", key) || is_listed(f->filter, "whitelist_key", key);
}

/* Does a stage of this config make fields of a line? Then the probes have shown what becomes of
 * them. */
static bool makes_fields(const struct fb_config *config)
{
    for (const struct fb_section *s = config->first[FB_FILTER]; s != NULL; s = s->next) {
        if (strcasecmp(fb_name(s), "parser") == 0 ||
            (strcasecmp(fb_name(s), "kubernetes") == 0 && merges(s, NULL))) {
            return true;
        }
    }
    return false;
}

/* Ids that are only in a text survive with it; those that are fields would not. */
static void judge_allowlist(struct filtering *f, const struct stage *stage)
{
    if (!makes_fields(f->config) && !f->trail->is_over &&
        (f->trail->places & PLACE_TRACE_FIELD) == 0 &&
        f->trail->places != 0 && !is_allowed(f, "trace_id") && !is_allowed(f, "traceId")) {
        lint_report(fb_lint(f->config), stage, LINT_MAY_BE_LOST, LINT_DEPENDS,
                    "ids that are fields of the record");
    }
}

static void filter_record_modifier(struct filtering *f)
{
    const struct fb_property *removed = fb_next(f->filter->first, "remove_key");
    const struct fb_property *allowed = fb_next(f->filter->first, "allowlist_key");
    allowed = allowed != NULL ? allowed : fb_next(f->filter->first, "whitelist_key");
    if (removed != NULL) {
        struct stage stage = stage_at(f, removed, "removes the key that holds the ids",
                                      "remove this line, or name keys without ids");
        for (const struct fb_property *p = removed; p != NULL; p = fb_next(p->next, "remove_key")) {
            judge_removal(f, p, p->value);
        }
        keep_if(f, is_not_removed);
        f->trail->is_conditional = f->filter->is_conditional || removed->is_conditional;
        stage.is_removal = true;
        trail_judge(f->trail, &stage);
    } else if (allowed != NULL) {
        struct stage stage = stage_at(f, allowed, "every key that is not on the list is removed",
                                      "Allowlist_key trace_id, Allowlist_key span_id");
        f->trail->is_conditional = fb_is_unknown(allowed->value) || allowed->is_conditional;
        keep_if(f, is_allowed);
        trail_judge(f->trail, &stage);
        judge_allowlist(f, &stage);
    }
    const struct fb_property *p = fb_next(f->filter->first, "record");
    for (; p != NULL && !f->trail->is_over; p = fb_next(p->next, "record")) {
        const char *rest;
        const char *key = word(f, p->value, &rest);
        judge_constant(f, p, key, rest);
        if (item_get(f->trail->record, key) == NULL) {
            item_put(f->arena, f->trail->record, key, item_string(f->arena, rest));
        }
    }
}

/* ---- modify ---- */

static void rename_key(struct filtering *f, const char *from, const char *to, bool is_hard,
                       bool is_copy)
{
    struct item *record = f->trail->record;
    struct item *value = item_get(record, from);
    if (value == NULL || (!is_hard && item_get(record, to) != NULL)) {
        return;
    }
    if (!is_copy) {
        item_remove(record, from);
    }
    item_put(f->arena, record, to, value);
}

static void remove_matching(struct filtering *f, const char *option, const char *pattern)
{
    struct item *result = item_map(f->arena);
    struct regex *regex = strcmp(option, "remove_regex") == 0 ? regex_new(pattern) : NULL;
    size_t len = strcspn(pattern, "*");
    for (struct member *m = f->trail->record->first; m != NULL; m = m->next) {
        bool is_removed = regex != NULL ? regex_is_match(regex, slice_from_string(m->key))
                          : strcmp(option, "remove_wildcard") == 0
                              ? strncmp(m->key, pattern, len) == 0
                              : strcmp(option, "remove") == 0 && strcmp(m->key, pattern) == 0;
        if (!is_removed) {
            item_add(f->arena, result, m->key, m->value);
        }
    }
    regex_free(regex);
    f->trail->record = result;
}

static void modify_one(struct filtering *f, const struct fb_property *p)
{
    const char *rest;
    const char *key = word(f, p->value, &rest);
    struct item *record = f->trail->record;
    if (strcmp(p->key, "set") == 0 ||
        (strcmp(p->key, "add") == 0 && item_get(record, key) == NULL)) {
        judge_constant(f, p, key, rest);
        item_put(f->arena, record, key, item_string(f->arena, word(f, rest, NULL)));
    } else if (strncmp(p->key, "remove", 6) == 0) {
        judge_removal(f, p, strcmp(p->key, "remove_regex") == 0 ? "" : key);
        remove_matching(f, p->key, strcmp(p->key, "remove_regex") == 0 ? p->value : key);
    } else if (strcmp(p->key, "rename") == 0 || strcmp(p->key, "hard_rename") == 0 ||
               strcmp(p->key, "copy") == 0 || strcmp(p->key, "hard_copy") == 0) {
        rename_key(f, key, word(f, rest, NULL), p->key[0] == 'h', strstr(p->key, "copy") != NULL);
    }
}

/* `Key_exists KEY`, `Key_value_matches KEY REGEX` …: what can be said of this record. */
static bool holds_condition(struct filtering *f, const char *condition)
{
    const char *rest;
    const char *kind = word(f, condition, &rest);
    const char *key = word(f, rest, &rest);
    const struct item *item = item_get(f->trail->record, key);
    if (strcasecmp(kind, "key_exists") == 0) {
        return item != NULL;
    }
    if (strcasecmp(kind, "key_does_not_exist") == 0) {
        return item == NULL;
    }
    if (strncasecmp(kind, "key_value_", 10) != 0) {
        return true;
    }
    bool is_equal = false;
    if (item != NULL && item->kind == ITEM_TEXT) {
        struct regex *regex = strcasestr(kind, "match") != NULL ? regex_new(rest) : NULL;
        is_equal = regex != NULL ? regex_is_match(regex, slice_from_string(item->text))
                                 : strcmp(item->text, word(f, rest, NULL)) == 0;
        regex_free(regex);
    }
    return strcasestr(kind, "does_not") != NULL ? item != NULL && !is_equal : is_equal;
}

static bool holds_conditions(struct filtering *f)
{
    const struct fb_property *p = fb_next(f->filter->first, "condition");
    for (; p != NULL; p = fb_next(p->next, "condition")) {
        if (!holds_condition(f, p->value)) {
            return false;
        }
    }
    return true;
}

/* A branch for the records that a condition picks; the others go on as they are. */
static void filter_modify(struct filtering *f)
{
    struct trail *whole = f->trail;
    bool has_condition = fb_get(f->filter, "condition") != NULL;
    if (!holds_conditions(f)) {
        return;
    }
    struct trail branch = has_condition ? trail_fork(whole) : *whole;
    f->trail = &branch;
    for (const struct fb_property *p = f->filter->first; p != NULL && !branch.is_over;
         p = p->next) {
        struct stage stage = stage_at(f, p, "removes or overwrites the keys that hold the ids",
                                      "name the keys to remove, not all but some");
        modify_one(f, p);
        stage.is_removal = strncmp(p->key, "remove", 6) == 0;
        branch.is_conditional = has_condition || p->is_conditional || f->filter->is_conditional;
        trail_judge(&branch, &stage);
    }
    f->trail = whole;
    if (!has_condition) {
        *whole = branch;
    }
}

/* ---- nest ---- */

static bool is_wild(const struct fb_section *filter, const char *key)
{
    const struct fb_property *p = fb_next(filter->first, "wildcard");
    for (; p != NULL; p = fb_next(p->next, "wildcard")) {
        if (fnmatch(p->value, key, 0) == 0) {
            return true;
        }
    }
    return false;
}

static const char *prefixed(struct filtering *f, const char *key)
{
    const char *added = fb_value(f->filter, "add_prefix", "");
    const char *removed = fb_value(f->filter, "remove_prefix", "");
    size_t len = strlen(removed);
    if (len > 0 && strncmp(key, removed, len) == 0) {
        key += len;
    }
    return foreign_format(f->arena, "%s%s", added, key);
}

static void filter_nest(struct filtering *f)
{
    struct item *record = f->trail->record;
    struct item *result = item_map(f->arena);
    struct item *inner = item_map(f->arena);
    const char *under = fb_value(f->filter, "nest_under", NULL);
    under = under != NULL ? under : fb_value(f->filter, "nested_under", "");
    bool is_lift = strcasecmp(fb_value(f->filter, "operation", ""), "lift") == 0;
    for (struct member *m = record->first; m != NULL; m = m->next) {
        if (is_lift && strcmp(m->key, under) == 0 && m->value->kind == ITEM_MAP) {
            for (struct member *i = m->value->first; i != NULL; i = i->next) {
                item_add(f->arena, result, prefixed(f, i->key), i->value);
            }
        } else if (!is_lift && is_wild(f->filter, m->key)) {
            item_add(f->arena, inner, prefixed(f, m->key), m->value);
        } else {
            item_add(f->arena, result, m->key, m->value);
        }
    }
    if (!is_lift && inner->first != NULL) {
        item_put(f->arena, result, under, inner);
    }
    f->trail->record = result;
    struct stage stage = stage_at(f, NULL, "overwrites the key that holds the ids",
                                  "another Nest_under");
    trail_judge(f->trail, &stage);
}

/* ---- processors ---- */

static void filter_content_modifier(struct filtering *f)
{
    const char *action = fb_value(f->filter, "action", "");
    const char *context = fb_value(f->filter, "context", "body");
    const struct fb_property *key = fb_get(f->filter, "key");
    const char *value = fb_value(f->filter, "value", "");
    struct item *record = f->trail->record;
    if (key == NULL || strstr(context, "resource") != NULL || strstr(context, "scope") != NULL) {
        return;
    }
    if (strcmp(action, "insert") == 0 || strcmp(action, "upsert") == 0) {
        judge_constant(f, key, key->value, value);
        if (strcmp(action, "upsert") == 0 || item_get(record, key->value) == NULL) {
            item_put(f->arena, record, key->value, item_string(f->arena, value));
        }
    } else if (strcmp(action, "delete") == 0) {
        judge_removal(f, key, key->value);
        item_remove(record, key->value);
    } else if (strcmp(action, "hash") == 0 && item_get(record, key->value) != NULL) {
        item_put(f->arena, record, key->value, item_string(f->arena, "hash"));
    } else if (strcmp(action, "rename") == 0) {
        rename_key(f, key->value, value, true, false);
    }
    struct stage stage = stage_at(f, key, "removes or overwrites the key that holds the ids",
                                  "remove this processor, or name another key");
    trail_judge(f->trail, &stage);
}

/* SELECT a, b FROM STREAM: what is not named is gone. */
static void filter_sql(struct filtering *f)
{
    const struct fb_property *query = fb_get(f->filter, "query");
    if (query == NULL || strchr(query->value, '*') != NULL ||
        strncasecmp(query->value, "select ", 7) != 0) {
        return;
    }
    struct item *result = item_map(f->arena);
    for (struct member *m = f->trail->record->first; m != NULL; m = m->next) {
        if (strstr(query->value, m->key) != NULL) {
            item_add(f->arena, result, m->key, m->value);
        }
    }
    f->trail->record = result;
    struct stage stage = stage_at(f, query, "only the selected keys are kept",
                                  "select trace_id and span_id too");
    trail_judge(f->trail, &stage);
}

static void filter_wasm(struct filtering *f)
{
    struct stage stage = stage_at(f, NULL, "a compiled program may do anything to the record", "");
    if (f->trail->places != 0) {
        lint_report(fb_lint(f->config), &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, "cannot be proved");
    }
}

static void filter_lua(struct filtering *f)
{
    fb_lua(f->config, f->filter, f->trail);
}

void fb_filter(struct fb_config *config, const struct fb_section *filter, struct trail *trail,
               const char *tag)
{
    static const struct {
        const char *name;
        void (*apply)(struct filtering *f);
    } filters[] = {
        {"parser", filter_parser},
        {"kubernetes", filter_kubernetes},
        {"record_modifier", filter_record_modifier},
        {"modify", filter_modify},
        {"nest", filter_nest},
        {"content_modifier", filter_content_modifier},
        {"sql", filter_sql},
        {"lua", filter_lua},
        {"wasm", filter_wasm},
    };
    struct filtering f = {config, filter, trail, &fb_lint(config)->scratch};
    (void)tag;
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        if (strcasecmp(fb_name(filter), filters[i].name) == 0) {
            filters[i].apply(&f);
        }
    }
}

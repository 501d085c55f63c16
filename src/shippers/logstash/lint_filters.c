/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Logstash's filters. Options such as remove_field, common to all, are carried out only when the
 * filter succeeded: `json { remove_field }` is safe where `mutate { remove_field }` behind it is
 * not.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/mem.h"
#include "shippers/logstash/lint.h"
#include "shippers/common/names.h"
#include "shippers/probe/regex.h"

/* ---- fields ---- */

/* `[a][b]`, or `a`: the map it is in and the last key. */
static struct item *parent_of(struct logstash *l, const char *name, bool makes, const char **out_key)
{
    struct item *map = l->trail->record;
    if (*name != '[') {
        *out_key = name;
        return map;
    }
    while (map != NULL && *name == '[') {
        const char *close = strchr(name, ']');
        if (close == NULL) {
            return NULL;
        }
        const char *key = foreign_copy(ls_arena(l), slice_make(name + 1, (size_t)(close - name) - 1));
        name = close + 1;
        if (*name != '[') {
            *out_key = key;
            return map;
        }
        struct item *next = item_get(map, key);
        if ((next == NULL || next->kind != ITEM_MAP) && makes) {
            next = item_map(ls_arena(l));
            item_put(ls_arena(l), map, key, next);
        }
        map = next;
    }
    return NULL;
}

struct item *ls_get(struct logstash *l, const char *name)
{
    const char *key = NULL;
    struct item *map = parent_of(l, name, false, &key);
    return map != NULL ? item_get(map, key) : NULL;
}

void ls_set(struct logstash *l, const char *name, struct item *value)
{
    const char *key = NULL;
    struct item *map = parent_of(l, name, true, &key);
    if (map != NULL && map->kind == ITEM_MAP && value != NULL) {
        item_put(ls_arena(l), map, key, value);
    }
}

static struct item *remove_named(struct logstash *l, const char *name)
{
    const char *key = NULL;
    struct item *map = parent_of(l, name, false, &key);
    return map != NULL ? item_remove(map, key) : NULL;
}

/* `%{field}` put in; of a field that is not there the mark itself stays. */
const char *ls_render(struct logstash *l, const char *format)
{
    struct buf out;
    buf_init(&out, ITEM_TEXT_BYTES_MAX);
    while (*format != '\0') {
        const char *close = strncmp(format, "%{", 2) == 0 ? strchr(format, '}') : NULL;
        struct item *item = NULL;
        if (close != NULL) {
            item = ls_get(l, foreign_copy(ls_arena(l), slice_make(format + 2,
                                                                  (size_t)(close - format) - 2)));
        }
        if (item != NULL) {
            buf_append_string(&out, item->text != NULL ? item->text
                                                       : item_to_json(ls_arena(l), item));
            format = close + 1;
        } else {
            buf_append(&out, format++, 1);
        }
    }
    const char *text = foreign_copy(ls_arena(l), buf_slice(&out));
    buf_fini(&out);
    return text;
}

/* ---- options ---- */

const struct yaml_entry *ls_option_from(const struct yaml_entry *entry, const char *name)
{
    for (; entry != NULL; entry = entry->next) {
        if (strcasecmp(entry->key, name) == 0) {
            return entry;
        }
    }
    return NULL;
}

const struct yaml_entry *ls_option(const struct ls_node *node, const char *name)
{
    return ls_option_from(node->options->first, name);
}

const char *ls_option_text(const struct ls_node *node, const char *name, const char *otherwise)
{
    return yaml_text(node->options, name, otherwise);
}

struct stage ls_stage(struct logstash *l, struct foreign_place place, const char *why,
                             const char *fix)
{
    return (struct stage){
        .place = place,
        .name = foreign_format(&l->lint->foreign.arena, "%s", l->plugin->name),
        .why = why,
        .fix = fix,
    };
}

void ls_judge(struct logstash *l, struct foreign_place place, const char *why, const char *fix)
{
    struct stage stage = ls_stage(l, place, why, fix);
    l->trail->is_conditional = l->trail->is_conditional || l->has_failed;
    trail_judge(l->trail, &stage);
}

/* Does a mutate of the pipeline take this field's value elsewhere? */
static bool is_moved(const struct ls_node *node, const char *name, unsigned depth)
{
    static const char *const moves[] = {"rename", "copy"};
    for (; node != NULL && depth < LS_DEPTH_MAX; node = node->next) {
        if (node->kind == LS_IF) {
            if (is_moved(node->body, name, depth + 1) ||
                is_moved(node->otherwise, name, depth + 1)) {
                return true;
            }
            continue;
        }
        for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
            const struct yaml_entry *e = ls_option(node, moves[i]);
            if (e != NULL && yaml_get(e->value, name) != NULL) {
                return true;
            }
        }
    }
    return false;
}

/* An id by another name than the probes': the config says itself that it throws ids away. */
static void judge_removal(struct logstash *l, const char *name, struct foreign_place place)
{
    struct slice s = slice_from_string(name);
    if ((name_is_trace_id(s) || name_is_span_id(s)) && ls_get(l, name) == NULL &&
        l->trail->places != 0 && !is_moved(l->pipeline.filters, name, 0)) {
        struct stage stage = ls_stage(l, place, "removes a field that is named after an id",
                                      "take the field off the list");
        bool is_sure = !l->has_failed && !l->trail->probe->is_variant;
        lint_report(l->lint, &stage, is_sure ? LINT_LOST : LINT_MAY_BE_LOST,
                    is_sure ? LINT_STRIPS : LINT_DEPENDS,
                    is_sure ? "always" : "ids that are fields of that name");
    }
}

static void remove_fields(struct logstash *l, const struct yaml_entry *e)
{
    static const char fix[] = "remove the field within the filter that parses it (done on success "
                              "only), or not at all";
    const struct yaml *value = e->value;
    if (value->kind == YAML_TEXT) {
        judge_removal(l, value->text, e->place);
        remove_named(l, ls_render(l, value->text));
    }
    for (const struct yaml_entry *i = value->first; i != NULL; i = i->next) {
        judge_removal(l, i->value->text, i->place);
        remove_named(l, ls_render(l, i->value->text));
    }
    ls_judge(l, e->place, "removes the fields that hold the ids", fix);
}

/* Name and value of a hash, or of a list that stands for one. */
static void each_pair(struct logstash *l, const struct yaml *value,
                      void (*apply)(struct logstash *l, const char *name, const char *text))
{
    for (const struct yaml_entry *e = value->first; e != NULL; e = e->next) {
        if (value->kind == YAML_MAP) {
            apply(l, e->key, e->value->text);
        } else if (e->next != NULL) {
            apply(l, e->value->text, e->next->value->text);
            e = e->next;
        }
    }
}

static void pair_set(struct logstash *l, const char *name, const char *text)
{
    ls_set(l, name, item_string(ls_arena(l), ls_render(l, text)));
}

static void pair_update(struct logstash *l, const char *name, const char *text)
{
    if (ls_get(l, name) != NULL) {
        pair_set(l, name, text);
    }
}

static void pair_rename(struct logstash *l, const char *name, const char *text)
{
    ls_set(l, text, remove_named(l, name));
}

static void pair_copy(struct logstash *l, const char *name, const char *text)
{
    struct item *item = ls_get(l, name);
    ls_set(l, text, item != NULL ? item_copy(ls_arena(l), item) : NULL);
}

/* What every filter can do once it has succeeded. */
static void finish(struct logstash *l)
{
    const struct yaml_entry *e = ls_option(l->plugin, "add_field");
    for (; e != NULL; e = ls_option_from(e->next, "add_field")) {
        each_pair(l, e->value, pair_set);
    }
    e = ls_option(l->plugin, "remove_field");
    for (; e != NULL && !l->trail->is_over; e = ls_option_from(e->next, "remove_field")) {
        remove_fields(l, e);
    }
}

/* ---- filters ---- */

static void fail(struct logstash *l, const char *tag)
{
    struct item *tags = ls_get(l, "tags");
    const char *before = tags != NULL && tags->text != NULL ? tags->text : "";
    ls_set(l, "tags", item_string(ls_arena(l), foreign_format(ls_arena(l), "%s %s", before, tag)));
    l->has_failed = true;
}

static void add_map(struct logstash *l, const struct item *map, const char *target)
{
    if (target != NULL) {
        ls_set(l, target, item_copy(ls_arena(l), map));
        return;
    }
    for (const struct member *m = map->first; m != NULL; m = m->next) {
        item_put(ls_arena(l), l->trail->record, m->key, m->value);
    }
}

static void filter_json(struct logstash *l)
{
    struct item *text = ls_get(l, ls_option_text(l->plugin, "source", "message"));
    struct item *map = text != NULL && text->kind == ITEM_TEXT
                           ? item_from_json(ls_arena(l), slice_from_string(text->text), false)
                           : NULL;
    if (text == NULL) {
        return; /* nothing to parse is no failure */
    }
    if (map == NULL) {
        fail(l, "_jsonparsefailure");
        return;
    }
    add_map(l, map, ls_option_text(l->plugin, "target", NULL));
    ls_judge(l, l->plugin->place, "a key of the parsed JSON overwrites the field with the ids",
          "target => \"app\"");
    finish(l);
}

static bool try_grok(struct logstash *l, const char *field, const char *pattern)
{
    struct grok grok;
    struct item *text = ls_get(l, field);
    grok_translate(l->lint, pattern, &grok);
    struct regex *regex = text != NULL && text->kind == ITEM_TEXT ? regex_new(grok.regex) : NULL;
    struct item *map = regex != NULL ? regex_captures(regex, ls_arena(l),
                                                      slice_from_string(text->text), NULL, NULL)
                                     : NULL;
    regex_free(regex);
    const struct yaml_entry *overwrite = ls_option(l->plugin, "overwrite");
    for (const struct member *m = map != NULL ? map->first : NULL; m != NULL; m = m->next) {
        const char *name = grok.names[strtoul(m->key + 1, NULL, 10)];
        /* Without overwrite a field that is there becomes a list of both. */
        if (ls_get(l, name) == NULL || overwrite != NULL) {
            ls_set(l, name, m->value);
        }
    }
    return map != NULL;
}

static bool each_grok(struct logstash *l, const char *field, const struct yaml *value)
{
    bool is_match = false;
    if (value->kind == YAML_TEXT) {
        return try_grok(l, field, value->text);
    }
    for (const struct yaml_entry *e = value->first; e != NULL && !is_match; e = e->next) {
        is_match = try_grok(l, field, e->value->text);
    }
    return is_match;
}

static void filter_grok(struct logstash *l)
{
    const struct yaml_entry *match = ls_option(l->plugin, "match");
    bool is_match = false;
    for (; match != NULL; match = ls_option_from(match->next, "match")) {
        const struct yaml *value = match->value;
        if (value->kind == YAML_LIST && value->first != NULL && value->first->next != NULL) {
            is_match = each_grok(l, value->first->value->text, value->first->next->value) ||
                       is_match;
        }
        for (const struct yaml_entry *e = value->kind == YAML_MAP ? value->first : NULL; e != NULL;
             e = e->next) {
            is_match = each_grok(l, e->key, e->value) || is_match;
        }
    }
    ls_judge(l, l->plugin->place, "a capture overwrites the text with the ids", "drop overwrite");
    if (!is_match) {
        fail(l, "_grokparsefailure");
    } else if (!l->trail->is_over) {
        finish(l);
    }
}

/* `%{ts} %{level} %{rest}`: texts between the fields must be there, the last field takes the rest. */
static bool dissect(struct logstash *l, const char *text, const char *mapping)
{
    size_t lead = strcspn(mapping, "%");
    if (strncmp(text, mapping, lead) != 0) {
        return false;
    }
    text += lead;
    mapping += lead;
    while (mapping[0] == '%' && mapping[1] == '{') {
        const char *close = strchr(mapping, '}');
        if (close == NULL) {
            return false;
        }
        struct slice inner = slice_make(mapping + 2, (size_t)(close - mapping) - 2);
        const char *name = foreign_copy(ls_arena(l), inner);
        size_t gap = strcspn(close + 1, "%");
        const char *between = foreign_copy(ls_arena(l), slice_make(close + 1, gap));
        const char *end = gap > 0 ? strstr(text, between) : text + strlen(text);
        if (end == NULL) {
            return false;
        }
        if (*name != '\0' && *name != '?') {
            ls_set(l, name + (strchr("+&*", *name) != NULL ? 1 : 0),
                      item_text(ls_arena(l), slice_make(text, (size_t)(end - text))));
        }
        text = end + gap;
        mapping = close + 1 + gap;
    }
    return true;
}

static void filter_dissect(struct logstash *l)
{
    const struct yaml_entry *e = ls_option(l->plugin, "mapping");
    bool is_match = e != NULL;
    for (; e != NULL; e = ls_option_from(e->next, "mapping")) {
        for (const struct yaml_entry *m = e->value->first; m != NULL; m = m->next) {
            struct item *text = ls_get(l, m->key);
            is_match = text != NULL && text->kind == ITEM_TEXT && m->value->kind == YAML_TEXT &&
                       dissect(l, text->text, m->value->text) && is_match;
        }
    }
    ls_judge(l, l->plugin->place, "a part of the text overwrites the one with the ids",
             "another name for the last field");
    if (!is_match) {
        fail(l, "_dissectfailure");
    } else if (!l->trail->is_over) {
        finish(l);
    }
}

static void filter_mutate(struct logstash *l)
{
    static const struct {
        const char *name;
        void (*apply)(struct logstash *l, const char *name, const char *text);
    } steps[] = {
        {"rename", pair_rename}, {"update", pair_update}, {"replace", pair_set},
        {"convert", ls_convert}, {"copy", pair_copy},
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        const struct yaml_entry *e = ls_option(l->plugin, steps[i].name);
        for (; e != NULL && !l->trail->is_over; e = ls_option_from(e->next, steps[i].name)) {
            each_pair(l, e->value, steps[i].apply);
            ls_judge(l, e->place, "overwrites the field that holds the ids",
                  "do it only if the new value is there: if [field] { mutate { … } }");
        }
    }
    const struct yaml_entry *e = ls_option(l->plugin, "gsub");
    for (; e != NULL && !l->trail->is_over; e = ls_option_from(e->next, "gsub")) {
        ls_gsub(l, e->value);
        ls_judge(l, e->place, "replaces what the ids are made of", "a narrower pattern");
    }
    e = ls_option(l->plugin, "remove");
    if (e != NULL && !l->trail->is_over) {
        remove_fields(l, e);
    }
    if (!l->trail->is_over) {
        finish(l);
    }
}

bool ls_is_named(const struct yaml *list, const char *key)
{
    for (const struct yaml_entry *e = list->first; e != NULL; e = e->next) {
        struct regex *regex = regex_new(e->value->text);
        bool is_match = regex != NULL && regex_is_match(regex, slice_from_string(key));
        regex_free(regex);
        if (is_match) {
            return true;
        }
    }
    return false;
}

static void filter_prune(struct logstash *l)
{
    const struct yaml_entry *white = ls_option(l->plugin, "whitelist_names");
    const struct yaml_entry *black = ls_option(l->plugin, "blacklist_names");
    const struct yaml_entry *e = white != NULL ? white : black;
    if (e == NULL) {
        return;
    }
    struct item *result = item_map(ls_arena(l));
    for (const struct member *m = l->trail->record->first; m != NULL; m = m->next) {
        if (ls_is_named(e->value, m->key) == (white != NULL)) {
            item_add(ls_arena(l), result, m->key, m->value);
        }
    }
    l->trail->record = result;
    ls_judge(l, e->place, "removes every field that is not on the list",
          "add \"^trace_id$\" and \"^span_id$\" to whitelist_names");
    if (!l->trail->is_over && white != NULL && !ls_is_named(white->value, "trace_id") &&
        (l->trail->places & PLACE_TRACE_FIELD) == 0) {
        struct stage stage = ls_stage(l, e->place, "removes every field that is not on the list",
                                      "add \"^trace_id$\" and \"^span_id$\" to whitelist_names");
        lint_report(l->lint, &stage, LINT_MAY_BE_LOST, LINT_DEPENDS,
                    "ids that are fields of the event");
    }
}

static bool has_text(const struct yaml_entry *option, const char *text)
{
    for (const struct yaml_entry *e = option->value->first; e != NULL; e = e->next) {
        if (strcmp(e->value->text, text) == 0) {
            return true;
        }
    }
    return option->value->kind == YAML_TEXT && strcmp(option->value->text, text) == 0;
}

static bool takes_key(struct logstash *l, const char *key)
{
    const struct yaml_entry *include = ls_option(l->plugin, "include_keys");
    const struct yaml_entry *exclude = ls_option(l->plugin, "exclude_keys");
    return (include == NULL || has_text(include, key)) &&
           (exclude == NULL || !has_text(exclude, key));
}

static void filter_kv(struct logstash *l)
{
    struct item *text = ls_get(l, ls_option_text(l->plugin, "source", "message"));
    struct item *map = item_map(ls_arena(l));
    const char *at = text != NULL && text->kind == ITEM_TEXT ? text->text : "";
    if (*at != '{' && strchr(at, '=') != NULL) {
        while (*at != '\0') {
            at += strspn(at, " ");
            size_t len = strcspn(at, " ");
            const char *mark = memchr(at, '=', len);
            const char *key = foreign_copy(ls_arena(l),
                                           slice_make(at, mark != NULL ? (size_t)(mark - at) : 0));
            if (mark != NULL && takes_key(l, key)) {
                item_put(ls_arena(l), map, key,
                         item_text(ls_arena(l), slice_make(mark + 1, len - (size_t)(mark - at) - 1)));
            }
            at += len;
        }
    }
    add_map(l, map, ls_option_text(l->plugin, "target", NULL));
    if (map->first != NULL) {
        finish(l);
    }
}

/* Ruby by pattern: fields removed by name; anything that is removed by a variable, or an event
 * made anew, cannot be followed. */
static void filter_ruby(struct logstash *l)
{
    const char *code = ls_option_text(l->plugin, "code", NULL);
    struct foreign_text text;
    const char *path = ls_option_text(l->plugin, "path", NULL);
    if (code == NULL && path != NULL &&
        foreign_find(&l->lint->foreign, l->plugin->place.file, path, &text)) {
        code = text.text.data;
    }
    bool is_unknown = code == NULL;
    for (const char *at = code; at != NULL && (at = strstr(at, "event.remove")) != NULL; at++) {
        const char *open = at + 12 + strspn(at + 12, " (");
        if (*open == '"' || *open == '\'') {
            const char *close = strchr(open + 1, *open);
            if (close != NULL) {
                remove_named(l, foreign_copy(ls_arena(l), slice_make(open + 1,
                                                                  (size_t)(close - open) - 1)));
            }
        } else {
            is_unknown = true;
        }
    }
    is_unknown = is_unknown || (code != NULL && strstr(code, "LogStash::Event.new") != NULL);
    l->trail->is_conditional = true;
    ls_judge(l, l->plugin->place, "the code removes the fields that hold the ids",
          "keep trace_id and span_id");
    if (is_unknown && !l->trail->is_over && l->trail->places != 0) {
        struct stage stage = ls_stage(l, l->plugin->place,
                                      "what the code does to an event is not followed", "");
        lint_report(l->lint, &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, "cannot be proved");
    }
}

void ls_filter(struct logstash *l)
{
    static const struct {
        const char *name;
        void (*apply)(struct logstash *l);
    } filters[] = {
        {"dissect", filter_dissect},
        {"json", filter_json},   {"grok", filter_grok}, {"mutate", filter_mutate},
        {"prune", filter_prune}, {"kv", filter_kv},     {"ruby", filter_ruby},
    };
    if (strcmp(l->plugin->name, "drop") == 0) {
        l->trail->is_over = true;
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        if (strcmp(l->plugin->name, filters[i].name) == 0) {
            filters[i].apply(l);
            return;
        }
    }
    if (strcmp(l->plugin->name, "xml") == 0 ||
        (strcmp(l->plugin->name, "csv") == 0 && !ls_csv(l))) {
        fail(l, foreign_format(ls_arena(l), "_%sparsefailure", l->plugin->name));
        return; /* no probe is of that format */
    }
    if (strcmp(l->plugin->name, "truncate") == 0) {
        ls_truncate(l);
    } else if (strcmp(l->plugin->name, "fingerprint") == 0) {
        ls_fingerprint(l);
    }
    if (l->trail->is_over) {
        return;
    }
    finish(l); /* date, geoip, useragent, …: their common options may still remove */
}

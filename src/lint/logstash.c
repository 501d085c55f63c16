/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Logstash: one event after the other through all filters, then to all outputs, conditions around
 * each. A condition that can be decided of the probe is; behind one that cannot, the stages see a
 * copy, and what that loses is lost under the condition.
 *
 * Options such as remove_field, common to all filters, are carried out only when the filter
 * succeeded: `json { remove_field }` is safe where `mutate { remove_field }` behind it is not.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/mem.h"
#include "lint/logstash.h"
#include "lint/names.h"
#include "lint/regex.h"

#define IDS "\"trace_id\":\"" PROBE_TRACE_ID "\",\"span_id\":\"" PROBE_SPAN_ID "\""
#define JSON_LINE "{\"level\":\"info\",\"message\":\"hello\"," IDS "}"
#define TEXT_COLUMN " trace_id=" PROBE_TRACE_ID " span_id=" PROBE_SPAN_ID

enum { DEPTH_MAX = 24 };

struct logstash {
    struct lint *lint;
    struct ls_pipeline pipeline;
    const struct ls_node *plugin; /* at work */
    struct trail *trail;
    bool has_failed; /* a grok, json, … of this event: what follows is under that condition */
};

static struct arena *arena_of(struct logstash *l)
{
    return &l->lint->scratch;
}

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
        const char *key = lint_copy(arena_of(l), slice_make(name + 1, (size_t)(close - name) - 1));
        name = close + 1;
        if (*name != '[') {
            *out_key = key;
            return map;
        }
        struct item *next = item_get(map, key);
        if ((next == NULL || next->kind != ITEM_MAP) && makes) {
            next = item_map(arena_of(l));
            item_put(arena_of(l), map, key, next);
        }
        map = next;
    }
    return NULL;
}

static struct item *get_field(struct logstash *l, const char *name)
{
    const char *key = NULL;
    struct item *map = parent_of(l, name, false, &key);
    return map != NULL ? item_get(map, key) : NULL;
}

static void set_field(struct logstash *l, const char *name, struct item *value)
{
    const char *key = NULL;
    struct item *map = parent_of(l, name, true, &key);
    if (map != NULL && map->kind == ITEM_MAP && value != NULL) {
        item_put(arena_of(l), map, key, value);
    }
}

static struct item *remove_named(struct logstash *l, const char *name)
{
    const char *key = NULL;
    struct item *map = parent_of(l, name, false, &key);
    return map != NULL ? item_remove(map, key) : NULL;
}

/* `%{field}` put in; of a field that is not there the mark itself stays. */
static const char *render(struct logstash *l, const char *format)
{
    struct buf out;
    buf_init(&out, ITEM_TEXT_BYTES_MAX);
    while (*format != '\0') {
        const char *close = strncmp(format, "%{", 2) == 0 ? strchr(format, '}') : NULL;
        struct item *item = NULL;
        if (close != NULL) {
            item = get_field(l, lint_copy(arena_of(l), slice_make(format + 2,
                                                                  (size_t)(close - format) - 2)));
        }
        if (item != NULL) {
            buf_append_string(&out, item->text != NULL ? item->text
                                                       : item_to_json(arena_of(l), item));
            format = close + 1;
        } else {
            buf_append(&out, format++, 1);
        }
    }
    const char *text = lint_copy(arena_of(l), buf_slice(&out));
    buf_fini(&out);
    return text;
}

/* ---- options ---- */

static const struct yaml_entry *option_from(const struct yaml_entry *entry, const char *name)
{
    for (; entry != NULL; entry = entry->next) {
        if (strcasecmp(entry->key, name) == 0) {
            return entry;
        }
    }
    return NULL;
}

static const struct yaml_entry *option(const struct ls_node *node, const char *name)
{
    return option_from(node->options->first, name);
}

static const char *option_text(const struct ls_node *node, const char *name, const char *otherwise)
{
    return yaml_text(node->options, name, otherwise);
}

static struct stage stage_at(struct logstash *l, struct lint_place place, const char *why,
                             const char *fix)
{
    return (struct stage){
        .place = place,
        .name = lint_format(&l->lint->arena, "%s", l->plugin->name),
        .why = why,
        .fix = fix,
    };
}

static void judge(struct logstash *l, struct lint_place place, const char *why, const char *fix)
{
    struct stage stage = stage_at(l, place, why, fix);
    l->trail->is_conditional = l->trail->is_conditional || l->has_failed;
    trail_judge(l->trail, &stage);
}

/* An id by another name than the probes': the config says itself that it throws ids away. */
static void judge_removal(struct logstash *l, const char *name, struct lint_place place)
{
    struct slice s = slice_from_string(name);
    if ((name_is_trace_id(s) || name_is_span_id(s)) && get_field(l, name) == NULL &&
        l->trail->places != 0) {
        struct stage stage = stage_at(l, place, "removes a field that is named after an id",
                                      "take the field off the list");
        lint_report(l->lint, &stage, LINT_LOST, LINT_STRIPS, "always");
    }
}

static void remove_fields(struct logstash *l, const struct yaml_entry *e)
{
    static const char fix[] = "remove the field within the filter that parses it (done on success "
                              "only), or not at all";
    const struct yaml *value = e->value;
    if (value->kind == YAML_TEXT) {
        judge_removal(l, value->text, e->place);
        remove_named(l, render(l, value->text));
    }
    for (const struct yaml_entry *i = value->first; i != NULL; i = i->next) {
        judge_removal(l, i->value->text, i->place);
        remove_named(l, render(l, i->value->text));
    }
    judge(l, e->place, "removes the fields that hold the ids", fix);
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
    set_field(l, name, item_string(arena_of(l), render(l, text)));
}

static void pair_update(struct logstash *l, const char *name, const char *text)
{
    if (get_field(l, name) != NULL) {
        pair_set(l, name, text);
    }
}

static void pair_rename(struct logstash *l, const char *name, const char *text)
{
    set_field(l, text, remove_named(l, name));
}

static void pair_copy(struct logstash *l, const char *name, const char *text)
{
    struct item *item = get_field(l, name);
    set_field(l, text, item != NULL ? item_copy(arena_of(l), item) : NULL);
}

/* What every filter can do once it has succeeded. */
static void finish(struct logstash *l)
{
    const struct yaml_entry *e = option(l->plugin, "add_field");
    for (; e != NULL; e = option_from(e->next, "add_field")) {
        each_pair(l, e->value, pair_set);
    }
    e = option(l->plugin, "remove_field");
    for (; e != NULL && !l->trail->is_over; e = option_from(e->next, "remove_field")) {
        remove_fields(l, e);
    }
}

/* ---- filters ---- */

static void fail(struct logstash *l, const char *tag)
{
    struct item *tags = get_field(l, "tags");
    const char *before = tags != NULL && tags->text != NULL ? tags->text : "";
    set_field(l, "tags", item_string(arena_of(l), lint_format(arena_of(l), "%s %s", before, tag)));
    l->has_failed = true;
}

static void add_map(struct logstash *l, const struct item *map, const char *target)
{
    if (target != NULL) {
        set_field(l, target, item_copy(arena_of(l), map));
        return;
    }
    for (const struct member *m = map->first; m != NULL; m = m->next) {
        item_put(arena_of(l), l->trail->record, m->key, m->value);
    }
}

static void filter_json(struct logstash *l)
{
    struct item *text = get_field(l, option_text(l->plugin, "source", "message"));
    struct item *map = text != NULL && text->kind == ITEM_TEXT
                           ? item_from_json(arena_of(l), slice_from_string(text->text), false)
                           : NULL;
    if (text == NULL) {
        return; /* nothing to parse is no failure */
    }
    if (map == NULL) {
        fail(l, "_jsonparsefailure");
        return;
    }
    add_map(l, map, option_text(l->plugin, "target", NULL));
    judge(l, l->plugin->place, "a key of the parsed JSON overwrites the field with the ids",
          "target => \"app\"");
    finish(l);
}

static bool try_grok(struct logstash *l, const char *field, const char *pattern)
{
    struct grok grok;
    struct item *text = get_field(l, field);
    grok_translate(l->lint, pattern, &grok);
    struct regex *regex = text != NULL && text->kind == ITEM_TEXT ? regex_new(grok.regex) : NULL;
    struct item *map = regex != NULL ? regex_captures(regex, arena_of(l),
                                                      slice_from_string(text->text), NULL, NULL)
                                     : NULL;
    regex_free(regex);
    const struct yaml_entry *overwrite = option(l->plugin, "overwrite");
    for (const struct member *m = map != NULL ? map->first : NULL; m != NULL; m = m->next) {
        const char *name = grok.names[strtoul(m->key + 1, NULL, 10)];
        /* Without overwrite a field that is there becomes a list of both. */
        if (get_field(l, name) == NULL || overwrite != NULL) {
            set_field(l, name, m->value);
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
    const struct yaml_entry *match = option(l->plugin, "match");
    bool is_match = false;
    for (; match != NULL; match = option_from(match->next, "match")) {
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
    judge(l, l->plugin->place, "a capture overwrites the text with the ids", "drop overwrite");
    if (!is_match) {
        fail(l, "_grokparsefailure");
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
        {"rename", pair_rename}, {"update", pair_update}, {"replace", pair_set}, {"copy", pair_copy},
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        const struct yaml_entry *e = option(l->plugin, steps[i].name);
        for (; e != NULL && !l->trail->is_over; e = option_from(e->next, steps[i].name)) {
            each_pair(l, e->value, steps[i].apply);
            judge(l, e->place, "overwrites the field that holds the ids",
                  "do it only if the new value is there: if [field] { mutate { … } }");
        }
    }
    const struct yaml_entry *e = option(l->plugin, "remove");
    if (e != NULL && !l->trail->is_over) {
        remove_fields(l, e);
    }
    if (!l->trail->is_over) {
        finish(l);
    }
}

static bool is_named(const struct yaml *list, const char *key)
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
    const struct yaml_entry *white = option(l->plugin, "whitelist_names");
    const struct yaml_entry *black = option(l->plugin, "blacklist_names");
    const struct yaml_entry *e = white != NULL ? white : black;
    if (e == NULL) {
        return;
    }
    struct item *result = item_map(arena_of(l));
    for (const struct member *m = l->trail->record->first; m != NULL; m = m->next) {
        if (is_named(e->value, m->key) == (white != NULL)) {
            item_add(arena_of(l), result, m->key, m->value);
        }
    }
    l->trail->record = result;
    judge(l, e->place, "removes every field that is not on the list",
          "add \"^trace_id$\" and \"^span_id$\" to whitelist_names");
    if (!l->trail->is_over && white != NULL && !is_named(white->value, "trace_id") &&
        (l->trail->places & PLACE_TRACE_FIELD) == 0) {
        struct stage stage = stage_at(l, e->place, "removes every field that is not on the list",
                                      "add \"^trace_id$\" and \"^span_id$\" to whitelist_names");
        lint_report(l->lint, &stage, LINT_MAY_BE_LOST, LINT_DEPENDS,
                    "ids that are fields of the event");
    }
}

static void filter_kv(struct logstash *l)
{
    struct item *text = get_field(l, option_text(l->plugin, "source", "message"));
    struct item *map = item_map(arena_of(l));
    const char *at = text != NULL && text->kind == ITEM_TEXT ? text->text : "";
    if (*at != '{' && strchr(at, '=') != NULL) {
        while (*at != '\0') {
            at += strspn(at, " ");
            size_t len = strcspn(at, " ");
            const char *mark = memchr(at, '=', len);
            if (mark != NULL) {
                const char *key = lint_copy(arena_of(l), slice_make(at, (size_t)(mark - at)));
                item_put(arena_of(l), map, key,
                         item_text(arena_of(l), slice_make(mark + 1, len - (size_t)(mark - at) - 1)));
            }
            at += len;
        }
    }
    add_map(l, map, option_text(l->plugin, "target", NULL));
    if (map->first != NULL) {
        finish(l);
    }
}

/* Ruby by pattern: fields removed by name; anything that is removed by a variable, or an event
 * made anew, cannot be followed. */
static void filter_ruby(struct logstash *l)
{
    const char *code = option_text(l->plugin, "code", NULL);
    struct lint_text text;
    const char *path = option_text(l->plugin, "path", NULL);
    if (code == NULL && path != NULL &&
        lint_find(l->lint, l->plugin->place.file, path, &text)) {
        code = text.text.data;
    }
    bool is_unknown = code == NULL;
    for (const char *at = code; at != NULL && (at = strstr(at, "event.remove")) != NULL; at++) {
        const char *open = at + 12 + strspn(at + 12, " (");
        if (*open == '"' || *open == '\'') {
            const char *close = strchr(open + 1, *open);
            if (close != NULL) {
                remove_named(l, lint_copy(arena_of(l), slice_make(open + 1,
                                                                  (size_t)(close - open) - 1)));
            }
        } else {
            is_unknown = true;
        }
    }
    is_unknown = is_unknown || (code != NULL && strstr(code, "LogStash::Event.new") != NULL);
    l->trail->is_conditional = true;
    judge(l, l->plugin->place, "the code removes the fields that hold the ids",
          "keep trace_id and span_id");
    if (is_unknown && !l->trail->is_over && l->trail->places != 0) {
        struct stage stage = stage_at(l, l->plugin->place,
                                      "what the code does to an event is not followed", "");
        lint_report(l->lint, &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, "cannot be proved");
    }
}

static void run_filter(struct logstash *l)
{
    static const struct {
        const char *name;
        void (*apply)(struct logstash *l);
    } filters[] = {
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
    finish(l); /* date, geoip, useragent, …: their common options may still remove */
}

/* ---- outputs ---- */

static void keep_mentioned(struct logstash *l, const struct yaml *value, struct item *result,
                           unsigned depth)
{
    if (value->kind == YAML_TEXT) {
        const char *rendered = render(l, value->text);
        item_add(arena_of(l), result, "", item_string(arena_of(l), rendered));
        struct item *named = get_field(l, value->text);
        if (named != NULL) {
            item_add(arena_of(l), result, "", named);
        }
    }
    for (const struct yaml_entry *e = depth < DEPTH_MAX ? value->first : NULL; e != NULL;
         e = e->next) {
        keep_mentioned(l, e->value, result, depth + 1);
    }
}

/* An option that writes out what is sent. */
static bool ship_template(struct logstash *l, const char *name)
{
    const struct yaml_entry *e = option(l->plugin, name);
    if (e == NULL) {
        return false;
    }
    struct item *result = item_map(arena_of(l));
    keep_mentioned(l, e->value, result, 0);
    l->trail->record = result;
    judge(l, e->place, "only what is written here is sent", "add the ids to it");
    return true;
}

static void output_loki(struct logstash *l)
{
    const struct yaml_entry *include = option(l->plugin, "include_fields");
    const struct yaml_entry *metadata = option(l->plugin, "metadata_fields");
    const struct yaml_entry *e = include != NULL ? include : metadata;
    if (e == NULL) {
        return;
    }
    bool has_span = (include != NULL && is_named(include->value, "span_id")) ||
                    (metadata != NULL && is_named(metadata->value, "span_id"));
    bool has_trace = (include != NULL && is_named(include->value, "trace_id")) ||
                     (metadata != NULL && is_named(metadata->value, "trace_id"));
    if ((!has_span || !has_trace) && l->trail->places != 0) {
        struct stage stage = stage_at(l, e->place, "the message and the listed fields are sent, and "
                                                   "not both ids are listed",
                                      "metadata_fields => [\"trace_id\", \"span_id\"]");
        lint_report(l->lint, &stage, LINT_MAY_BE_LOST, LINT_DEPENDS,
                    "ids that are fields of the event");
    }
}

/* A plain or line codec sends time, host and message. */
static void ship_text(struct logstash *l)
{
    struct item *message = get_field(l, "message");
    struct item *result = item_map(arena_of(l));
    if (message != NULL) {
        item_put(arena_of(l), result, "message", message);
    }
    l->trail->record = result;
    const struct yaml_entry *codec = option(l->plugin, "codec");
    judge(l, codec != NULL ? codec->place : l->plugin->place,
          "a codec of text sends the message alone, without any field", "codec => json");
}

static bool is_text_codec(const struct ls_node *node)
{
    bool is_plain = strcmp(node->name, "kafka") == 0 || strcmp(node->name, "s3") == 0;
    const char *codec = option_text(node, "codec", is_plain ? "plain" : "json");
    return strcmp(codec, "plain") == 0 || strcmp(codec, "line") == 0;
}

static void run_output(struct logstash *l)
{
    static const char *const silent[] = {"null", "statsd", "graphite", "email", "exec", "metrics",
                                         "nagios", "zabbix", "pagerduty", NULL};
    const char *codec = option_text(l->plugin, "codec", "");
    for (size_t i = 0; silent[i] != NULL; i++) {
        if (strcmp(l->plugin->name, silent[i]) == 0) {
            return;
        }
    }
    if (strcmp(codec, "dots") == 0) {
        return;
    }
    if (strcmp(l->plugin->name, "loki") == 0) {
        output_loki(l);
    } else if (strcmp(l->plugin->name, "jdbc") == 0) {
        (void)ship_template(l, "statement");
    } else if (strcmp(l->plugin->name, "http") == 0) {
        (void)(ship_template(l, "message") || ship_template(l, "mapping"));
    } else if (is_text_codec(l->plugin) && strcmp(l->plugin->name, "stdout") != 0) {
        ship_text(l);
    }
    if (!l->trail->is_over) {
        trail_end(l->trail, (l->trail->places & PLACE_TRACE_FIELD) != 0, NULL);
    }
}

/* ---- conditions ---- */

enum truth { IS_FALSE, IS_TRUE, IS_UNKNOWN };

/* `[field]`, `![field]`, `"x" in [tags]`, `"x" not in [tags]`: what can be said. */
static enum truth decide(struct logstash *l, const char *condition)
{
    char field[128];
    int used = 0;
    bool is_negated = false;
    while (*condition == '(' || *condition == ' ' || *condition == '!') {
        is_negated = *condition == '!' ? !is_negated : is_negated;
        condition++;
    }
    if (strstr(condition, " and ") != NULL || strstr(condition, " or ") != NULL) {
        return IS_UNKNOWN;
    }
    const char *in = strstr(condition, "in [tags]");
    if (in != NULL && (*condition == '"' || *condition == '\'')) {
        const char *close = strchr(condition + 1, *condition);
        struct item *tags = get_field(l, "tags");
        const char *tag = close != NULL ? lint_copy(arena_of(l),
                                                    slice_make(condition + 1,
                                                               (size_t)(close - condition) - 1))
                                        : "";
        bool is_in = tags != NULL && tags->text != NULL && strstr(tags->text, tag) != NULL;
        is_negated = in > condition + 4 && strncmp(in - 4, "not ", 4) == 0 ? !is_negated : is_negated;
        return is_in != is_negated ? IS_TRUE : IS_FALSE;
    }
    if (sscanf(condition, "%127[][a-zA-Z0-9_@.-]%n", field, &used) == 1 && field[0] == '[' &&
        condition[used + (int)strspn(condition + used, " )")] == '\0') {
        bool is_there = get_field(l, field) != NULL;
        return !is_there && !is_negated ? IS_UNKNOWN : is_there != is_negated ? IS_TRUE : IS_FALSE;
    }
    return IS_UNKNOWN;
}

static void run_list(struct logstash *l, const struct ls_node *node, bool is_output,
                     unsigned depth);

/* The stages of a branch on a copy; the event goes on as it was. */
static void run_copy(struct logstash *l, const struct ls_node *body, bool is_output, unsigned depth)
{
    struct trail *whole = l->trail;
    struct trail fork = trail_fork(whole);
    bool had_failed = l->has_failed;
    l->trail = &fork;
    l->has_failed = had_failed || !is_output; /* an output's condition is a route */
    run_list(l, body, is_output, depth);
    l->trail = whole;
    l->has_failed = had_failed;
}

static void run_if(struct logstash *l, const struct ls_node *node, bool is_output, unsigned depth)
{
    enum truth truth = decide(l, node->condition);
    if (truth == IS_TRUE) {
        run_list(l, node->body, is_output, depth);
    } else if (truth == IS_FALSE) {
        run_list(l, node->otherwise, is_output, depth);
    } else {
        run_copy(l, node->body, is_output, depth);
        run_copy(l, node->otherwise, is_output, depth);
    }
}

static void run_list(struct logstash *l, const struct ls_node *node, bool is_output, unsigned depth)
{
    for (; node != NULL && !l->trail->is_over && depth < DEPTH_MAX; node = node->next) {
        if (!lint_step(l->lint)) {
            return;
        }
        if (node->kind == LS_IF) {
            run_if(l, node, is_output, depth + 1);
        } else if (is_output) {
            struct trail *whole = l->trail;
            struct trail fork = trail_fork(whole);
            l->trail = &fork;
            l->plugin = node;
            run_output(l);
            l->trail = whole;
        } else {
            l->plugin = node;
            run_filter(l);
        }
    }
}

/* ---- probes ---- */

static void send_probe(struct logstash *l, const struct ls_node *input, const struct probe *probe,
                       struct item *event)
{
    struct trail trail = {.lint = l->lint, .probe = probe, .source = input->place,
                          .source_name = lint_format(&l->lint->arena, "input %s", input->name),
                          .source_fix = "filter { json { source => \"message\" } }"};
    trail_begin(&trail, event);
    l->trail = &trail;
    l->has_failed = false;
    run_list(l, l->pipeline.filters, false, 0);
    if (!trail.is_over && l->pipeline.outputs == NULL) {
        trail_end(&trail, (trail.places & PLACE_TRACE_FIELD) != 0, NULL);
    } else if (!trail.is_over) {
        run_list(l, l->pipeline.outputs, true, 0);
    }
}

static struct item *event_of(struct logstash *l, const char *line)
{
    struct item *event = item_map(arena_of(l));
    item_put(arena_of(l), event, "message", item_string(arena_of(l), line));
    item_put(arena_of(l), event, "@timestamp", item_string(arena_of(l), "2024-05-05T05:05:05Z"));
    return event;
}

static bool is_decoded(const struct ls_node *input)
{
    static const char *const json[] = {"rabbitmq", "redis", "http_poller", NULL};
    bool is_json = false;
    for (size_t i = 0; json[i] != NULL; i++) {
        is_json = is_json || strcmp(input->name, json[i]) == 0;
    }
    return strncmp(option_text(input, "codec", is_json ? "json" : "plain"), "json", 4) == 0;
}

/* A line that the first pattern of a grok matches, ids behind it. */
static void send_groks(struct logstash *l, const struct ls_node *input, const struct ls_node *node,
                       const struct probe *probe, unsigned depth)
{
    for (; node != NULL && depth < DEPTH_MAX; node = node->next) {
        if (node->kind == LS_IF) {
            send_groks(l, input, node->body, probe, depth + 1);
            send_groks(l, input, node->otherwise, probe, depth + 1);
            continue;
        }
        const struct yaml_entry *match = strcmp(node->name, "grok") == 0 ? option(node, "match")
                                                                         : NULL;
        const struct yaml *value = match != NULL ? yaml_get(match->value, "message") : NULL;
        value = value != NULL && value->kind == YAML_LIST && value->first != NULL
                    ? value->first->value : value;
        if (value == NULL || value->kind != YAML_TEXT) {
            continue;
        }
        struct grok grok;
        grok_translate(l->lint, value->text, &grok);
        const char *sample = regex_sample(arena_of(l), grok.regex);
        if (sample != NULL) {
            send_probe(l, input, probe,
                       event_of(l, lint_format(arena_of(l), "%s" TEXT_COLUMN, sample)));
        }
    }
}

static void run_input(struct logstash *l, const struct ls_node *input)
{
    struct probe first = {.when = "always"};
    struct probe text = {.when = "lines that are not JSON", .is_variant = true};
    struct probe grok = {.when = "lines that the grok matches, ids behind them",
                         .is_variant = true};
    if (is_decoded(input)) {
        send_probe(l, input, &first,
                   item_from_json(arena_of(l), slice_from_string(JSON_LINE), false));
    } else {
        send_probe(l, input, &first, event_of(l, JSON_LINE));
        send_probe(l, input, &text, event_of(l, "hello" TEXT_COLUMN));
        send_groks(l, input, l->pipeline.filters, &grok, 0);
    }
    arena_clear(arena_of(l));
}

static void run_inputs(struct logstash *l, const struct ls_node *node, unsigned depth)
{
    for (; node != NULL && depth < DEPTH_MAX; node = node->next) {
        if (node->kind == LS_IF) {
            run_inputs(l, node->body, depth + 1);
            run_inputs(l, node->otherwise, depth + 1);
        } else if (strcmp(node->name, "jdbc") != 0 && strcmp(node->name, "heartbeat") != 0) {
            run_input(l, node);
        }
    }
}

bool logstash_lint(struct lint *lint, const struct lint_text *text)
{
    struct logstash l = {.lint = lint};
    if (!ls_read(lint, text, &l.pipeline)) {
        return false;
    }
    if (l.pipeline.inputs == NULL) {
        struct ls_node *any = lint_alloc(&lint->arena, sizeof(*any));
        any->name = "any";
        any->place = (struct lint_place){text->path, 1, 1};
        any->options = lint_alloc(&lint->arena, sizeof(*any->options));
        any->options->kind = YAML_MAP;
        any->options->text = "";
        run_input(&l, any);
    }
    run_inputs(&l, l.pipeline.inputs, 0);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Filters. Each section becomes a run of clew's, in the same order; what took ids or fields away
 * without being asked for these very fields does so no more.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/import_fields.h"

struct filtering {
    struct fb_import *import;
    const struct fb_section *section;
    const char *when; /* of the section's Match */
    size_t made;      /* items that have come of it */
};

static void tell(struct filtering *f, const struct fb_property *p, enum import_fate fate,
                 const char *what)
{
    row_add(f->import, f->section, p, fate, "%s", what);
}

/* `  - kind: value`, and the row of the option it comes from (NULL: the caller's to tell). */
static void emit(struct filtering *f, const struct fb_property *p, const char *kind,
                 const char *value, const char *condition)
{
    const char *when = when_both(f->import, f->when, condition);
    if (!filter_has_room(f->import)) {
        row_add(f->import, f->section, p, IMPORT_NEEDS_YOU, "more filters than clew has");
        return;
    }
    if (p != NULL) {
        row_add(f->import, f->section, p, IMPORT_MAPPED, "%s", kind);
    }
    buf_append_format(&f->import->filters, "  - %s: %s\n", kind, value);
    if (when != NULL) {
        buf_append_format(&f->import->filters, "    when: %s\n", when);
    }
    f->made++;
}

static const char *pair(struct filtering *f, const char *key, const char *value)
{
    return foreign_format(import_arena(f->import), "{%s: %s}",
                          yaml_quote_literal(f->import, key), value);
}

/* ---- parser ---- */

static void one_parser(struct filtering *f, const struct fb_property *p, const char *key)
{
    const struct fb_section *parser = fb_parser(f->import->config, p->value);
    const char *why = "";
    bool is_line = strcmp(key, "log") == 0 || strcmp(key, "message") == 0;
    const char *field = is_line ? "$body" : field_name(f->import, key);
    const char *format = parser != NULL ? fb_value(parser, "format", "") : "";
    if (parser == NULL) {
        tell(f, p, IMPORT_NEEDS_YOU, "the parser was not found; the text is kept whole");
    } else if (is_line && (strcasecmp(format, "json") == 0 || strcasecmp(format, "logfmt") == 0)) {
        tell(f, p, IMPORT_DEFAULT, "a line that is JSON or logfmt becomes fields, its ids the "
                                   "record's own; another is kept whole");
    } else if (field == NULL) {
        tell(f, p, IMPORT_NEEDS_YOU, "clew has no name for this key");
    } else if (parse_filter(f->import, parser, yaml_quote_literal(f->import, field), f->when,
                            &f->import->filters, &why)) {
        f->made++;
        tell(f, p, IMPORT_MAPPED, "a `parse` filter, which keeps the text it parses");
    } else {
        row_add(f->import, f->section, p, IMPORT_NEEDS_YOU, "%s; the text is kept whole", why);
    }
}

static void convert_parser(struct filtering *f)
{
    const struct fb_section *s = f->section;
    const struct fb_property *p = fb_next(s->first, "parser");
    const char *key = fb_value(s, "key_name", "log");
    key += *key == '$' ? 1 : 0;
    for (; p != NULL; p = fb_next(p->next, "parser")) {
        one_parser(f, p, key);
    }
    row_add_all(f->import, s, "key_name", IMPORT_MAPPED, "the field that is parsed");
    static const char reserved[] = "every other field is kept";
    static const char kept[] = "every other field is kept: without Reserve_Data the old filter "
                               "dropped them, ids too";
    const struct fb_property *reserve = fb_get(s, "reserve_data");
    if (reserve != NULL) {
        bool is_on = fb_is_true(reserve->value);
        tell(f, reserve, is_on ? IMPORT_DEFAULT : IMPORT_CHANGED, is_on ? reserved : kept);
    } else {
        row_add_unwritten(f->import, s, "reserve_data", IMPORT_CHANGED, kept);
    }
    const struct fb_property *preserve = fb_get(s, "preserve_key");
    if (preserve != NULL) {
        tell(f, preserve, fb_is_true(preserve->value) ? IMPORT_DEFAULT : IMPORT_CHANGED,
             "the parsed text is kept");
    }
}

/* ---- grep ---- */

static const char *grep_condition(struct filtering *f, const struct fb_property *p)
{
    const char *regex;
    const char *key = fb_word(import_arena(f->import), p->raw, &regex);
    return condition_matches(f->import, key, regex);
}

static bool is_rule(const struct fb_property *p)
{
    return fb_is_key(p, "regex") || fb_is_key(p, "exclude");
}

/* In the order of the rules, as Fluent Bit does: an Exclude that is met drops; the first Regex
 * decides, and what follows it is never looked at. */
static void grep_in_order(struct filtering *f)
{
    bool is_decided = false;
    for (const struct fb_property *p = f->section->first; p != NULL; p = p->next) {
        if (!is_rule(p)) {
            continue;
        }
        const char *condition = is_decided ? NULL : grep_condition(f, p);
        bool is_regex = fb_is_key(p, "regex");
        if (is_decided) {
            tell(f, p, IMPORT_IGNORED, "Fluent Bit never gets to it: the first Regex decides");
        } else if (condition == NULL) {
            tell(f, p, IMPORT_NEEDS_YOU,
             "a key or pattern that clew cannot have; no record is dropped");
            is_decided = is_regex;
        } else if (!is_regex) {
            emit(f, p, "drop", condition, NULL);
        } else {
            emit(f, p, "drop", foreign_format(import_arena(f->import), "{not: %s}", condition), NULL);
            is_decided = true;
        }
    }
}

static void grep_together(struct filtering *f, const char *op)
{
    const char *list = NULL;
    const char *kind = NULL;
    bool is_good = true;
    for (const struct fb_property *p = f->section->first; p != NULL; p = p->next) {
        if (!is_rule(p)) {
            continue;
        }
        const char *condition = grep_condition(f, p);
        const char *own = fb_is_key(p, "regex") ? "regex" : "exclude";
        is_good = is_good && condition != NULL && (kind == NULL || strcmp(kind, own) == 0);
        kind = own;
        list = list == NULL ? condition
                            : foreign_format(import_arena(f->import), "%s, %s", list,
                                             condition != NULL ? condition : "");
    }
    if (is_good && list != NULL) {
        const char *all = foreign_format(import_arena(f->import), "{%s: [%s]}",
                                         strcasecmp(op, "and") == 0 ? "all" : "any", list);
        emit(f, NULL, "drop", kind[0] == 'e' ? all : foreign_format(import_arena(f->import),
         "{not: %s}",
                                                               all), NULL);
    }
    enum import_fate fate = is_good ? IMPORT_MAPPED : IMPORT_NEEDS_YOU;
    const char *what = is_good ? "drop" : "keys or patterns that clew cannot have; no record is dropped";
    row_add_all(f->import, f->section, "regex", fate, what);
    row_add_all(f->import, f->section, "exclude", fate, what);
}

static void convert_grep(struct filtering *f)
{
    const char *op = fb_value(f->section, "logical_op", "legacy");
    if (strcasecmp(op, "and") == 0 || strcasecmp(op, "or") == 0) {
        grep_together(f, op);
    } else {
        grep_in_order(f);
    }
    row_add_all(f->import, f->section, "logical_op", IMPORT_MAPPED, "all, or any");
}

/* ---- modify ---- */

/* False: a condition that cannot be said. */
static bool modify_condition(struct filtering *f, const struct fb_property *p, const char **inout)
{
    struct fb_import *import = f->import;
    const char *rest;
    const char *value;
    const char *kind = fb_word(import_arena(import), p->raw, &rest);
    const char *key = fb_word(import_arena(import), rest, &value);
    const char *text = fb_word(import_arena(import), value, NULL);
    const char *c = NULL;
    if (strcasecmp(kind, "key_exists") == 0) {
        c = condition_exists(import, key, true);
    } else if (strcasecmp(kind, "key_does_not_exist") == 0) {
        c = condition_exists(import, key, false);
    } else if (strcasecmp(kind, "key_value_equals") == 0) {
        c = condition_equals(import, key, text);
    } else if (strcasecmp(kind, "key_value_does_not_equal") == 0) {
        c = condition_but_not(import, key, condition_equals(import, key, text));
    } else if (strcasecmp(kind, "key_value_matches") == 0) {
        c = condition_matches(import, key, text);
    } else if (strcasecmp(kind, "key_value_does_not_match") == 0) {
        c = condition_but_not(import, key, condition_matches(import, key, text));
    }
    *inout = when_both(import, *inout, c);
    return c != NULL;
}

static void put_constant(struct filtering *f, const struct fb_property *p, const char *kind,
                         const char *key, const char *value, const char *condition)
{
    const char *constant = constant_text(f->import, value);
    if (field_is_id(key)) {
        tell(f, p, IMPORT_CHANGED, "not done: one constant in every record would hide the true id");
    } else if (!field_is_good(key) || constant == NULL) {
        tell(f, p, IMPORT_NEEDS_YOU, "a name or value that clew cannot have");
    } else {
        emit(f, p, kind, pair(f, key, constant), condition);
    }
}

static void put_removal(struct filtering *f, const struct fb_property *p, const char *list,
                        const char *text, const char *condition)
{
    emit(f, p, "remove", foreign_format(import_arena(f->import), "{%s: [%s]}", list,
                                        yaml_quote_literal(f->import, text)), condition);
}

static const char ids_stay[] = "not done: it takes the fields that hold ids away";

static void modify_remove(struct filtering *f, const struct fb_property *p, const char *key,
                          const char *condition)
{
    bool is_regex = fb_is_key(p, "remove_regex");
    bool is_prefix = fb_is_key(p, "remove_wildcard");
    const char *pattern = is_regex ? pattern_text(f->import, p->raw) : NULL;
    size_t len = strcspn(key, "*");
    const char *prefix = foreign_copy(import_arena(f->import), slice_make(key, len));
    if (is_regex ? pattern != NULL && pattern_takes_ids(pattern)
                 : is_prefix ? prefix_takes_ids(prefix) : field_is_id(key)) {
        tell(f, p, IMPORT_CHANGED, ids_stay);
    } else if (is_regex && pattern != NULL) {
        put_removal(f, p, "patterns", pattern, condition);
    } else if (is_prefix && field_is_good(prefix)) {
        put_removal(f, p, "prefixes", prefix, condition);
    } else if (!is_regex && field_is_envelope(key)) {
        tell(f, p, IMPORT_DEFAULT, "of the runtime's envelope, which is no field of the line");
    } else if (!is_regex && field_is_good(key)) {
        put_removal(f, p, "names", key, condition);
    } else {
        tell(f, p, IMPORT_NEEDS_YOU, "a name or pattern that clew cannot have; nothing is removed");
    }
}

static void modify_move(struct filtering *f, const struct fb_property *p, const char *from,
                        const char *to, const char *condition)
{
    bool is_copy = strstr(p->key, "copy") != NULL;
    bool is_hard = strncmp(p->key, "hard", 4) == 0;
    if (field_is_envelope(from)) {
        tell(f, p, IMPORT_DEFAULT, "the line's text is the body, its stream log.iostream");
        return;
    }
    if (!field_is_good(from) || !field_is_good(to) || (is_hard && field_is_id(to))) {
        tell(f, p, is_hard && field_is_id(to) ? IMPORT_CHANGED : IMPORT_NEEDS_YOU,
             is_hard && field_is_id(to) ? "not done: it writes over an id"
                                        : "a name that clew cannot have");
        return;
    }
    if (!is_hard) { /* only where the other is not there yet */
        condition = when_both(f->import, condition, condition_exists(f->import, to, false));
    }
    emit(f, p, is_copy ? "copy" : "rename", pair(f, from, yaml_quote_literal(f->import, to)),
         condition);
}

static void modify_one(struct filtering *f, const struct fb_property *p, const char *condition)
{
    const char *rest;
    const char *key = fb_word(import_arena(f->import), p->raw, &rest);
    if (fb_is_key(p, "set") || fb_is_key(p, "add")) {
        const char *value = *rest == '"' ? fb_word(import_arena(f->import), rest, NULL) : rest;
        put_constant(f, p, fb_is_key(p, "set") ? "set" : "add", key, value, condition);
    } else if (fb_is_key(p, "remove") || fb_is_key(p, "remove_regex") ||
               fb_is_key(p, "remove_wildcard")) {
        modify_remove(f, p, key, condition);
    } else if (fb_is_key(p, "rename") || fb_is_key(p, "hard_rename") || fb_is_key(p, "copy") ||
               fb_is_key(p, "hard_copy")) {
        modify_move(f, p, key, fb_word(import_arena(f->import), rest, NULL), condition);
    } else if (strncmp(p->key, "move_to", 7) == 0) {
        tell(f, p, IMPORT_IGNORED, "the order of fields has no meaning in OTLP");
    }
}

static void convert_modify(struct filtering *f)
{
    const char *condition = NULL;
    bool is_good = true;
    const struct fb_property *p = fb_next(f->section->first, "condition");
    for (; p != NULL; p = fb_next(p->next, "condition")) {
        bool is_said = modify_condition(f, p, &condition);
        tell(f, p, is_said ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
             is_said ? "when" : "a condition that clew cannot have; the filter is left out");
        is_good = is_good && is_said;
    }
    for (p = f->section->first; p != NULL; p = p->next) {
        bool is_other = fb_is_key(p, "name") || fb_is_key(p, "match") || fb_is_key(p, "condition") ||
                        fb_is_key(p, "match_regex") || fb_is_key(p, "alias");
        if (!is_other && p->is_conditional) {
            tell(f, p, IMPORT_NEEDS_YOU, "a template decides whether it is there");
        } else if (!is_other && is_good) {
            modify_one(f, p, condition);
        } else if (!is_other) {
            tell(f, p, IMPORT_NEEDS_YOU, "under a condition that clew cannot have");
        }
    }
}

/* ---- record_modifier ---- */

/* Its keys count without their letters' case, a star at the end is a prefix. */
static void modifier_remove(struct filtering *f, const struct fb_property *p)
{
    size_t len = strlen(p->raw);
    bool is_prefix = len > 0 && p->raw[len - 1] == '*';
    const char *key = foreign_copy(import_arena(f->import),
                                   slice_make(p->raw, len - (is_prefix ? 1 : 0)));
    if (is_prefix ? prefix_takes_ids(key) : field_is_id(key)) {
        tell(f, p, IMPORT_CHANGED, ids_stay);
    } else if (field_is_envelope(key)) {
        tell(f, p, IMPORT_DEFAULT, "of the runtime's envelope, which is no field of the line");
    } else if (strcmp(key, "kubernetes") == 0) {
        tell(f, p, IMPORT_CHANGED, "the pod is in the resource, and stays there");
    } else if (!field_is_good(key)) {
        tell(f, p, IMPORT_NEEDS_YOU, "a name that clew cannot have; nothing is removed");
    } else {
        const char *pattern = foreign_format(import_arena(f->import), "(?i)^\\Q%s\\E%s", key,
                                             is_prefix ? "" : "$");
        if (pattern_text(f->import, pattern) == NULL) {
            tell(f, p, IMPORT_NEEDS_YOU, "a name that clew cannot have; nothing is removed");
            return;
        }
        put_removal(f, p, "patterns", pattern, NULL);
    }
}

static void convert_record_modifier(struct filtering *f)
{
    const struct fb_property *p = f->section->first;
    for (; p != NULL; p = p->next) {
        const char *value;
        const char *key = fb_word(import_arena(f->import), p->raw, &value);
        if (fb_is_key(p, "record")) {
            value = *value == '"' ? fb_word(import_arena(f->import), value, NULL) : value;
            put_constant(f, p, "set", key, value, NULL);
        } else if (fb_is_key(p, "remove_key")) {
            modifier_remove(f, p);
        } else if (fb_is_key(p, "allowlist_key") || fb_is_key(p, "whitelist_key")) {
            tell(f, p, IMPORT_CHANGED,

                  "no field is removed: the old filter dropped all that is not on the list, ids too");
        } else if (fb_is_key(p, "uuid_key")) {
            tell(f, p, IMPORT_DEFAULT, "log.record.uid names every record");
        }
    }
}

/* ---- nest ---- */

static void nest_lift(struct filtering *f, const char *under)
{
    const struct fb_property *remove = fb_get(f->section, "remove_prefix");
    const char *prefix = fb_value(f->section, "add_prefix", "");
    bool is_good = field_is_good(under) && remove == NULL && strpbrk(prefix, " ${}%") == NULL;
    if (strcmp(under, "kubernetes") == 0) {
        row_add_all(f->import, f->section, "nested_under", IMPORT_CHANGED,
                    "the pod is in the resource, under the names of semantic conventions (k8s.*)");
        row_add_all(f->import, f->section, "nest_under", IMPORT_CHANGED, "as above");
        row_add_all(f->import, f->section, "add_prefix", IMPORT_CHANGED, "as above");
        row_add_all(f->import, f->section, "remove_prefix", IMPORT_CHANGED, "as above");
        return;
    }
    if (is_good) {
        const char *from = yaml_quote_literal(f->import, under);
        emit(f, NULL, "lift", *prefix == '\0'
                            ? foreign_format(import_arena(f->import), "{from: %s}", from)
                            : foreign_format(import_arena(f->import), "{from: %s, prefix: %s}", from,
                                             yaml_quote_literal(f->import, prefix)), NULL);
    }
    static const char *const keys[] = {"nested_under", "nest_under", "add_prefix", "remove_prefix"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        row_add_all(f->import, f->section, keys[i], is_good ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
                    is_good ? "lift" : "names that clew cannot change so; the fields stay nested");
    }
}

static void nest_under(struct filtering *f, const char *under)
{
    const char *names = "";
    const char *prefixes = "";
    bool is_good = field_is_good(under) && fb_get(f->section, "add_prefix") == NULL &&
                   fb_get(f->section, "remove_prefix") == NULL;
    struct arena *arena = import_arena(f->import);
    const struct fb_property *p = fb_next(f->section->first, "wildcard");
    for (; p != NULL; p = fb_next(p->next, "wildcard")) {
        size_t len = strcspn(p->raw, "*?[");
        bool is_prefix = p->raw[len] == '*' && p->raw[len + 1] == '\0';
        const char *text = foreign_copy(arena, slice_make(p->raw, len));
        is_good = is_good && (is_prefix || p->raw[len] == '\0') && field_is_good(text) &&
                  !(is_prefix ? prefix_takes_ids(text) : field_is_id(text));
        const char **list = is_prefix ? &prefixes : &names;
        *list = foreign_format(arena, "%s%s%s", *list, **list != '\0' ? ", " : "",
                               yaml_quote_literal(f->import, text));
    }
    if (is_good && (*names != '\0' || *prefixes != '\0')) {
        emit(f, NULL, "nest", foreign_format(arena, "{%s%s%s%s%s%sunder: %s}",
                                       *names != '\0' ? "names: [" : "", names,
                                       *names != '\0' ? "], " : "",
                                       *prefixes != '\0' ? "prefixes: [" : "", prefixes,
                                       *prefixes != '\0' ? "], " : "",
                                       yaml_quote_literal(f->import, under)), NULL);
    }
    static const char *const keys[] = {"wildcard", "nest_under", "nested_under", "add_prefix",
                                       "remove_prefix"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        row_add_all(f->import, f->section, keys[i], is_good ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
                    is_good ? "nest" : "fields that clew cannot nest so, or would hide ids; they stay "
                                       "where they are");
    }
}

static void convert_nest(struct filtering *f)
{
    const char *under = fb_value(f->section, "nest_under", NULL);
    under = under != NULL ? under : fb_value(f->section, "nested_under", "");
    if (strcasecmp(fb_value(f->section, "operation", ""), "lift") == 0) {
        nest_lift(f, under);
    } else {
        nest_under(f, under);
    }
    row_add_all(f->import, f->section, "operation", IMPORT_MAPPED, "lift, or nest");
}

/* ---- throttle ---- */

/* Fluent Bit takes `rate` records an interval on average over `window` intervals. */
static void convert_throttle(struct filtering *f)
{
    const char *rate = fb_value(f->section, "rate", "1");
    const char *window = fb_value(f->section, "window", "5");
    const char *per = duration_text(f->import, fb_value(f->section, "interval", "1s"));
    bool is_good = text_is_number(window) && text_is_number(rate) && per != NULL &&
                   atoi(rate) > 0 && atoi(window) > 0 && strcmp(per, "0ms") != 0 &&
                   strtod(rate, NULL) * strtod(window, NULL) <= 1e9 && strtod(per, NULL) <= 3.6e6;
    if (is_good) {
        emit(f, NULL, "throttle",
             foreign_format(import_arena(f->import), "{rate: %s, per: %s, burst: %.0f}", rate, per,
                            strtod(rate, NULL) * strtod(window, NULL)), NULL);
    }
    static const char *const keys[] = {"rate", "window", "interval"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        row_add_all(f->import, f->section, keys[i], is_good ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
                    is_good ? "throttle: rate per interval, burst what the window takes"
                            : "a rate that clew cannot have; no record is dropped");
    }
}

/* ---- processors ---- */

static void convert_content_modifier(struct filtering *f)
{
    const char *action = fb_value(f->section, "action", "");
    const char *context = fb_value(f->section, "context", "body");
    const struct fb_property *key = fb_get(f->section, "key");
    const char *value = fb_value(f->section, "value", "");
    bool is_body = strcmp(context, "body") == 0 || strcmp(context, "attributes") == 0;
    bool is_put = strcmp(action, "insert") == 0 || strcmp(action, "upsert") == 0;
    row_add_all(f->import, f->section, "context", is_body ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
                is_body ? "fields of the record" : "give such attributes as `resource`");
    row_add_all(f->import, f->section, "action", IMPORT_MAPPED, "the kind of filter");
    if (key == NULL || !is_body) {
        return;
    }
    if (is_put) {
        put_constant(f, key, action[0] == 'i' ? "add" : "set", key->raw, value, NULL);
    } else if (strcmp(action, "delete") == 0 && field_is_id(key->raw)) {
        tell(f, key, IMPORT_CHANGED, ids_stay);
    } else if (strcmp(action, "delete") == 0 && field_is_good(key->raw)) {
        put_removal(f, key, "names", key->raw, NULL);
    } else if (strcmp(action, "rename") == 0 && field_is_good(key->raw) && field_is_good(value)) {
        emit(f, key, "rename", pair(f, key->raw, yaml_quote_literal(f->import, value)), NULL);
    } else {
        tell(f, key, IMPORT_NEEDS_YOU, "an action that clew has no filter for");
    }
    row_add_all(f->import, f->section, "value", *key->is_told ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
                "the filter's value");
}

/* ---- all ---- */

static const struct {
    const char *name;
    void (*convert)(struct filtering *f);
} converters[] = {
    {"parser", convert_parser},
    {"grep", convert_grep},
    {"modify", convert_modify},
    {"record_modifier", convert_record_modifier},
    {"nest", convert_nest},
    {"throttle", convert_throttle},
    {"content_modifier", convert_content_modifier},
};

static const struct {
    const char *name;
    enum import_fate fate;
    const char *why;
} others[] = {
    {"kubernetes", IMPORT_DEFAULT, "pod, namespace and container are read off the path"},
    {"multiline", IMPORT_DEFAULT, "the input joins lines: see its `multiline`"},
    {"stdout", IMPORT_IGNORED, "a look at records: `clew parse` shows them"},
    {"opentelemetry_envelope", IMPORT_DEFAULT, "records are OTLP from the start"},
    {"lua", IMPORT_NEEDS_YOU,
     "a program: write clew filters for it; records pass it unchanged"},
    {"wasm", IMPORT_NEEDS_YOU,
     "a program: write clew filters for it; records pass it unchanged"},
    {"aws", IMPORT_NEEDS_YOU, "facts about the machine: give those that matter as `resource`"},
    {"ecs", IMPORT_NEEDS_YOU, "facts about the task: give those that matter as `resource`"},
    {"log_to_metrics", IMPORT_NEEDS_YOU,
     "clew makes no metrics of records: a Collector's count connector does; records are kept"},
    {"geoip2", IMPORT_NEEDS_YOU, "use a Collector's geoip processor after clew"},
    {"sql", IMPORT_NEEDS_YOU, "clew has no SQL: `drop` for WHERE; fields are kept"},
    {"", IMPORT_NEEDS_YOU, "clew has no filter of this kind; records pass unchanged"},
};

static void refuse(struct filtering *f)
{
    size_t i = 0;
    while (*others[i].name != '\0' && strcasecmp(others[i].name, fb_name(f->section)) != 0) {
        i++;
    }
    tell(f, NULL, others[i].fate, others[i].why);
    if (others[i].fate == IMPORT_NEEDS_YOU) {
        buf_append_format(&f->import->filters, "  # needs you: %s\n", others[i].why);
    }
    for (const struct fb_property *p = f->section->first; p != NULL; p = p->next) {
        bool is_known = known_find(FB_FILTER, fb_name(f->section), p->key) != NULL &&
                        !fb_is_key(p, "match") && !fb_is_key(p, "match_regex");
        if (!is_known && !fb_is_key(p, "name") && !*p->is_told) {
            tell(f, p, others[i].fate, others[i].fate == IMPORT_DEFAULT
                                           ? "clew does it for all records"
                                           : "part of a filter that is not converted");
        }
    }
}

static void convert(struct filtering *f)
{
    for (size_t i = 0; i < ARRAY_LEN(converters); i++) {
        if (strcasecmp(converters[i].name, fb_name(f->section)) == 0) {
            converters[i].convert(f);
            if (f->made > 0) {
                row_add(f->import, f->section, NULL, IMPORT_MAPPED, "filters: %zu", f->made);
            } else {
                tell(f, NULL, IMPORT_DEFAULT, "nothing is left to do: see its options");
            }
            return;
        }
    }
    refuse(f);
}

static void convert_section(struct fb_import *import, const struct fb_section *s, const char *when,
                            bool is_reached)
{
    struct filtering f = {import, s, when, 0};
    if (strcasecmp(fb_name(s), "rewrite_tag") == 0) {
        return; /* it makes flows */
    }
    yaml_comment_section(import, &import->filters, s, "  ");
    if (!is_reached) {
        tell(&f, NULL, IMPORT_IGNORED, "no record of a converted input gets here");
        for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
            if (!fb_is_key(p, "name")) {
                tell(&f, p, IMPORT_IGNORED, "part of a filter that no record reaches");
            }
        }
        return;
    }
    const char *own = NULL;
    if (!processor_when(import, s, &own)) {
        tell(&f, NULL, IMPORT_NEEDS_YOU, "under a condition that clew cannot have: it is left out");
        for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
            if (!fb_is_key(p, "name") && !*p->is_told) {
                tell(&f, p, IMPORT_NEEDS_YOU, "part of a filter that is omitted");
            }
        }
        return;
    }
    f.when = when_both(import, when, own);
    convert(&f);
}

void import_filters(struct fb_import *import)
{
    for (size_t i = 0; i < import->input_count; i++) {
        const char *when = import->input_count == 1
                               ? NULL
                               : foreign_format(import_arena(import), "{input: %s}",
                                                yaml_quote_literal(import, import->inputs[i].name));
        const struct fb_section *p = import->inputs[i].section->processors;
        for (; p != NULL; p = p->next) {
            convert_section(import, p, when, true);
        }
    }
    for (const struct fb_section *s = import->config->first[FB_FILTER]; s != NULL; s = s->next) {
        const char *when = NULL;
        bool is_reached = match_when(import, s, &when);
        convert_section(import, s, when, is_reached);
    }
}

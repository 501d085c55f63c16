/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `parse`: a text that holds fields becomes fields.
 *
 * The text is read into a table of its own, by clew's own parsers where it is JSON or logfmt; only
 * when that has gone well, and there is room for all of it, does the record change. What its fields
 * tell of ids, severity, time, body and service is then asked for again, and taken where the record
 * did not know it: so a line inside a line keeps its thread.
 */

#include <stdlib.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "filters/edit.h"
#include "filters/filter.h"
#include "filters/scalar.h"
#include "record/keys.h"
#include "record/parser.h"
#include "resolve/resolve.h"

enum { WAS_MOVED = 128 }; /* a flag for the time of one call */

struct parse {
    const struct settings *settings;
    struct resolver *resolver;
    const struct text_settings *text;
    const struct parser *parser; /* of JSON and logfmt */
    struct pattern *pattern;
    enum scalar_type *types; /* of the pattern's names */
    struct parse_limits limits;
    struct name field;
    struct slice prefix;
    struct record inner; /* what the text holds */
};

static const struct parser *find_parser(const struct filter_env *env, enum record_format format)
{
    size_t i = 0;
    while (env->tools->parsers[i] != NULL && env->tools->parsers[i]->format != format) {
        i++;
    }
    return env->tools->parsers[i];
}

static enum scalar_type type_of(const struct text_settings *text, const char *group)
{
    for (size_t i = 0; i < text->types.count; i++) {
        if (strcmp(text->types.items[i].key, group) == 0) {
            return scalar_type_find(text->types.items[i].value);
        }
    }
    return SCALAR_STRING;
}

static void make_pattern(struct parse *parse, const struct filter_env *env)
{
    char *error = NULL;
    parse->pattern = pattern_new(parse->text->pattern, &error);
    ENSURE(parse->pattern != NULL); /* the config's reader has compiled it before */
    pattern_watch(parse->pattern, env->limits, "the text is not parsed");
    uint32_t count = pattern_name_count(parse->pattern);
    parse->types = mem_array(count + 1, sizeof(*parse->types));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number;
        parse->types[i] = type_of(parse->text, pattern_name(parse->pattern, i, &number));
    }
}

static void *make(const struct filter_settings *item, const struct filter_env *env,
                  char **out_error)
{
    (void)out_error;
    if (item->parse == NULL) {
        return NULL;
    }
    struct parse *parse = mem_alloc(sizeof(*parse));
    parse->settings = env->tools->settings;
    parse->resolver = env->tools->resolver;
    parse->text = item->parse;
    parse->field = name_make(item->parse->field, env->index);
    parse->prefix = slice_from_string(item->parse->prefix);
    parse->limits.depth_max = PARSE_DEPTH_MAX;
    fields_init(&parse->inner.fields, (uint32_t)env->tools->settings->parse.fields_max);
    if (item->parse->format == TEXT_REGEX) {
        make_pattern(parse, env);
    } else if (item->parse->format != TEXT_LTSV) {
        parse->parser = find_parser(env, item->parse->format == TEXT_JSON ? FORMAT_JSON
                                                                          : FORMAT_LOGFMT);
        ENSURE(parse->parser != NULL);
    }
    return parse;
}

static void free_parse(void *data)
{
    struct parse *parse = data;
    fields_fini(&parse->inner.fields);
    pattern_free(parse->pattern);
    free(parse->types);
    free(parse);
}

static uint64_t needs(const void *data)
{
    return name_bit(&((const struct parse *)data)->field);
}

/* ---- into the inner table ---- */

static bool is_label(struct slice label)
{
    for (size_t i = 0; i < label.len; i++) {
        char c = label.data[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '.' || c == '-';
        if (!good) {
            return false;
        }
    }
    return label.len > 0;
}

/* `label:value` with tabs between (ltsv.org). */
static bool read_ltsv(struct parse *parse, struct slice text)
{
    struct fields *fields = &parse->inner.fields;
    bool is_repeated = false;
    while (text.len > 0) {
        const char *tab = memchr(text.data, '\t', text.len);
        struct slice item = slice_make(text.data, tab != NULL ? (size_t)(tab - text.data) : text.len);
        text = slice_skip(text, item.len + 1);
        if (item.len == 0) {
            continue;
        }
        const char *colon = memchr(item.data, ':', item.len);
        struct slice label = slice_make(item.data, colon != NULL ? (size_t)(colon - item.data) : 0);
        if (!is_label(label) ||
            !fields_add_string(fields, label, slice_skip(item, label.len + 1))) {
            return false;
        }
        is_repeated = fields_note_name(fields, NO_OBJECT, label) || is_repeated;
    }
    return fields->count > 0 && (!is_repeated || fields_merge_repeated(fields));
}

/* One group; false where its type does not fit: it is the text then. */
static bool add_typed(struct field *field, enum scalar_type type)
{
    struct value value = {.kind = (enum field_kind)field->kind, .text = field_text(field)};
    if (!scalar_convert(&value, type)) {
        return false;
    }
    field->kind = (uint8_t)value.kind;
    if (type == SCALAR_INT) {
        field->value.i = value.i;
    } else if (type == SCALAR_DOUBLE) {
        field->value.d = value.d;
    } else if (type == SCALAR_BOOL) {
        field->value.b = value.b;
    }
    return true;
}

static bool read_groups(struct parse *parse, struct slice text, bool *out_typed)
{
    struct fields *fields = &parse->inner.fields;
    if (pattern_search(parse->pattern, text, 0) != PATTERN_YES) {
        return false;
    }
    for (uint32_t i = 0; i < pattern_name_count(parse->pattern); i++) {
        uint32_t number;
        struct slice name = slice_from_string(pattern_name(parse->pattern, i, &number));
        struct slice value;
        if (!pattern_group(parse->pattern, text, number, &value)) {
            continue;
        }
        if (!fields_add_string(fields, name, value)) {
            return false;
        }
        struct field *field = &fields->items[fields->count - 1];
        *out_typed = (parse->types[i] == SCALAR_STRING ||
                      add_typed(field, parse->types[i])) &&
                     *out_typed;
    }
    return fields->count > 0;
}

static bool read_text(struct parse *parse, struct slice text, bool *out_typed)
{
    *out_typed = true;
    fields_clear(&parse->inner.fields);
    switch (parse->text->format) {
    case TEXT_LTSV:
        return read_ltsv(parse, text);
    case TEXT_REGEX:
        return read_groups(parse, text, out_typed);
    case TEXT_JSON:
    case TEXT_LOGFMT:
        break;
    }
    return parse->parser->parse(text, &parse->limits, &parse->inner) == PARSE_OK;
}

/* ---- from there into the record ---- */

static bool add_prefix(struct parse *parse, struct arena *arena)
{
    struct fields *fields = &parse->inner.fields;
    for (uint32_t i = 0; parse->prefix.len > 0 && i < fields->count; i = fields->items[i].next) {
        struct field *field = &fields->items[i];
        char *key = arena_alloc(arena, parse->prefix.len + field->key_len);
        if (key == NULL) {
            return false;
        }
        memcpy(key, parse->prefix.data, parse->prefix.len);
        memcpy(key + parse->prefix.len, field->key, field->key_len);
        field->key = key;
        field->key_len += (uint32_t)parse->prefix.len;
    }
    return true;
}

static bool has_room(const struct parse *parse, const struct record *record)
{
    const struct fields *fields = &record->fields;
    return fields->count_max - fields->count > parse->inner.fields.count;
}

/* The text that was read, where it is not to be kept: a field, or the body, or both in one. */
static void remove_source(const struct value *value, const struct name *name,
                          struct record *record)
{
    bool is_body = record->has_body_text && record->body_text.data == value->text.data;
    if (is_body) {
        edit_remove_own(record, OWN_BODY);
    }
    if (name->own == OWN_NONE) {
        record->fields.items[value->field].flags |= FIELD_REMOVED;
    }
}

static void add_fields(struct parse *parse, struct record *record)
{
    const char *under = parse->text->under;
    uint32_t home = under != NULL ? edit_object(record, slice_from_string(under)) : NO_FIELD;
    bool fits = edit_add_all(record, home, &parse->inner.fields);
    ENSURE(fits);
}

/* ---- what the new fields tell ---- */

static bool is_trace_role(uint16_t key_id)
{
    enum key_role role = key_role(key_id);
    return role == KEY_ROLE_TRACE_ID || role == KEY_ROLE_TRACE_HEADER ||
           role == KEY_ROLE_SPAN_ID || role == KEY_ROLE_FLAGS;
}

static void keep_ids(struct record *record, const struct record *before)
{
    memcpy(record->trace_id, before->trace_id, sizeof(record->trace_id));
    memcpy(record->span_id, before->span_id, sizeof(record->span_id));
    record->flags = before->flags;
    record->has_trace_id = before->has_trace_id;
    record->has_span_id = before->has_span_id;
    record->has_flags = before->has_flags;
    record->trace_class = before->trace_class;
    record->also = before->also;
}

static bool had_body(const struct record *before)
{
    return before->has_body_text || before->body_field != NO_FIELD;
}

static void keep_values(struct record *record, const struct record *before)
{
    if (before->time_ns != 0 && before->time_ns != before->runtime_time_ns) {
        record->time_ns = before->time_ns;
        record->time_zone_assumed = before->time_zone_assumed;
    }
    if (before->severity_number != 0 || before->severity_text.len > 0) {
        record->severity_number = before->severity_number;
        record->severity_text = before->severity_text;
    }
    if (had_body(before)) {
        record->has_body_text = before->has_body_text;
        record->body_text = before->body_text;
        record->body_field = before->body_field;
    }
    if (before->service.len > 0) {
        record->service = before->service;
    }
    if (before->service_namespace.len > 0) {
        record->service_namespace = before->service_namespace;
    }
    if (before->logger.len > 0) {
        record->logger = before->logger;
    }
    record->format = before->format;
    record->text = before->text;
    record->dropped_attributes = before->dropped_attributes;
}

/* What is removed has no name for the second look, or it would come back as an id or a level. */
static void prepare(struct fields *fields)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        struct field *field = &fields->items[i];
        field->flags |= (field->flags & FIELD_MOVED) != 0 ? WAS_MOVED : 0;
        if ((field->flags & FIELD_REMOVED) != 0) {
            field->key = "";
            field->key_len = 0;
            field->key_id = KEY_UNKNOWN;
            field->flags |= FIELD_NAMED;
        }
    }
}

/* A field that the second look has moved to a place which was taken is an attribute again. */
static void unmark_moved(struct record *record, bool took_ids, bool took_body)
{
    struct fields *fields = &record->fields;
    for (uint32_t i = 0; i < fields->count; i++) {
        struct field *field = &fields->items[i];
        bool was_moved = (field->flags & WAS_MOVED) != 0;
        bool is_body = took_body && record->has_body_text && field->text == record->body_text.data;
        bool is_id = took_ids && is_trace_role(field->key_id);
        field->flags &= (uint8_t)~WAS_MOVED;
        if (!was_moved && !is_body && !is_id) {
            field->flags &= (uint8_t)~FIELD_MOVED;
        }
    }
}

/* The record is looked at as if it were a JSON line of these fields: its text has been read before. */
static void resolve_more(struct resolver *resolver, struct record *record)
{
    struct record before = *record;
    bool had_ids = record->has_trace_id || record->has_span_id || record->has_flags;
    prepare(&record->fields);
    record->format = FORMAT_JSON;
    record->text = slice_make(NULL, 0);
    resolver_resolve(resolver, record);
    keep_values(record, &before);
    bool takes_ids = !had_ids && record->has_trace_id;
    if (!takes_ids) {
        keep_ids(record, &before);
    }
    unmark_moved(record, takes_ids, !had_body(&before));
}

static enum filter_result apply(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    struct parse *parse = data;
    struct value value;
    bool is_typed;
    bool is_text = value_read(&parse->field, record, parse->settings, &value) &&
                   (value.kind == FIELD_STRING || value.kind == FIELD_BYTES);
    if (!is_text) {
        return FILTER_DONE; /* nothing to read, or read already */
    }
    parse->inner.arena = record->arena;
    if (!read_text(parse, value.text, &is_typed) || !has_room(parse, record) ||
        !add_prefix(parse, record->arena)) {
        return FILTER_FAILED;
    }
    if (!parse->text->keep) {
        remove_source(&value, &parse->field, record);
    }
    add_fields(parse, record);
    if (parse->resolver != NULL) {
        resolve_more(parse->resolver, record);
    }
    return is_typed ? FILTER_DONE : FILTER_FAILED;
}

const struct filter_kind filter_parse = {"parse", make, apply, free_parse, needs};

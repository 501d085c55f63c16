/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_JSON_ORACLE_H
#define CLEW_TESTS_JSON_ORACLE_H

/*
 * jansson's word on a line against ours, for the tests and the fuzz target.
 *
 * They must agree on what is JSON and on every value, but where clew keeps what jansson refuses or
 * drops: numbers beyond int64 and double, strings that are not UTF-8 (lone surrogates too), U+0000
 * in a name, the sign of "-0", and all but the last of repeated members. A member without a name is
 * `_`. And jansson 2.14 overlooks a NUL byte behind a number, where RFC 8259 has no place for one.
 */

#include <jansson.h>
#include <string.h>
#include "base/mem.h"
#include "record/record.h"

static inline bool oracle_is_equal(const struct fields *fields, uint32_t i, const json_t *json);

static inline uint32_t oracle_count(const struct fields *fields, uint32_t begin, uint32_t end)
{
    uint32_t count = 0;
    for (uint32_t i = begin; i < end; i = fields->items[i].next) {
        count++;
    }
    return count;
}

/* The member `_` may be one without a name, or one of each. */
static inline bool oracle_is_equal_nameless(const struct fields *fields, uint32_t i,
                                            const json_t *json)
{
    const json_t *nameless = json_object_get(json, "");
    const json_t *named = json_object_get(json, "_");
    return (nameless != NULL && named != NULL) ||
           oracle_is_equal(fields, i, nameless != NULL ? nameless : named);
}

static inline bool oracle_is_equal_object(const struct fields *fields, uint32_t begin, uint32_t end,
                                          const json_t *json)
{
    bool has_both = json_object_get(json, "") != NULL && json_object_get(json, "_") != NULL;
    if (!json_is_object(json) ||
        json_object_size(json) - has_both != oracle_count(fields, begin, end)) {
        return false;
    }
    for (uint32_t i = begin; i < end; i = fields->items[i].next) {
        const struct field *field = &fields->items[i];
        bool is_nameless = slice_is_equal(field_key(field), SLICE("_"));
        const json_t *value = json_object_getn(json, field->key, field->key_len);
        if (is_nameless ? !oracle_is_equal_nameless(fields, i, json)
                        : value == NULL || !oracle_is_equal(fields, i, value)) {
            return false;
        }
    }
    return true;
}

static inline bool oracle_is_equal_array(const struct fields *fields, uint32_t i,
                                         const json_t *json)
{
    const struct field *field = &fields->items[i];
    uint32_t end = field->next;
    size_t index = 0;
    if (!(field->flags & FIELD_REPEATED) &&
        (!json_is_array(json) || json_array_size(json) != oracle_count(fields, i + 1, end))) {
        return false;
    }
    for (uint32_t n = i + 1; n < end; n = fields->items[n].next) {
        bool is_last = fields->items[n].next == end;
        if (field->flags & FIELD_REPEATED) {
            if (is_last && !oracle_is_equal(fields, n, json)) {
                return false;
            }
        } else if (!oracle_is_equal(fields, n, json_array_get(json, index++))) {
            return false;
        }
    }
    return true;
}

static inline bool oracle_is_equal_double(const struct field *field, const json_t *json)
{
    if (json_is_integer(json)) {
        return json_integer_value(json) == 0 && slice_is_equal(field_text(field), SLICE("-0"));
    }
    double value = json_real_value(json);
    return json_is_real(json) && memcmp(&value, &field->value.d, sizeof(value)) == 0;
}

static inline bool oracle_is_equal(const struct fields *fields, uint32_t i, const json_t *json)
{
    const struct field *field = &fields->items[i];
    switch ((enum field_kind)field->kind) {
    case FIELD_NULL:
        return json_is_null(json);
    case FIELD_BOOL:
        return json_is_boolean(json) && json_is_true(json) == field->value.b;
    case FIELD_INT:
        return json_is_integer(json) && json_integer_value(json) == field->value.i;
    case FIELD_DOUBLE:
        return oracle_is_equal_double(field, json);
    case FIELD_STRING:
        return json_is_string(json) &&
               slice_is_equal(field_text(field),
                              slice_make(json_string_value(json), json_string_length(json)));
    case FIELD_OBJECT:
        return oracle_is_equal_object(fields, i + 1, field->next, json);
    case FIELD_ARRAY:
        return oracle_is_equal_array(fields, i, json);
    case FIELD_NUMBER: /* of those, jansson takes what is too small */
        return json_is_real(json) && json_real_value(json) == 0.0;
    case FIELD_BYTES:
        return false;
    }
    return false;
}

/* jansson has no place for it. */
static inline bool oracle_is_beyond(const struct fields *fields)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->items[i];
        bool has_nul = field->key_len > 0 && memchr(field->key, '\0', field->key_len) != NULL;
        if (field->kind == FIELD_NUMBER || field->kind == FIELD_BYTES || has_nul) {
            return true;
        }
    }
    return false;
}

/* True if what we made of the line is what jansson makes of it. PARSE_LIMIT is always fine. */
static inline bool oracle_agrees(struct slice line, enum parse_result result,
                                 const struct fields *fields)
{
    json_error_t error;
    json_t *json = json_loadb(line.data, line.len, JSON_ALLOW_NUL, &error);
    bool agrees = result == PARSE_LIMIT;
    if (result == PARSE_NO) {
        agrees = !json_is_object(json) || memchr(line.data, '\0', line.len) != NULL;
    } else if (result == PARSE_OK && json == NULL) {
        agrees = oracle_is_beyond(fields);
    } else if (result == PARSE_OK) {
        agrees = oracle_is_equal_object(fields, 0, fields->count, json);
    }
    json_decref(json);
    return agrees;
}

#endif

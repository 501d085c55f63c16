/* SPDX-License-Identifier: Apache-2.0 */
#include "filters/scalar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INT_CHARS_MAX = 20 };

enum scalar_type scalar_type_find(const char *name)
{
    enum scalar_type type = 0;
    while (type < SCALAR_TYPES && strcmp(scalar_type_names[type], name) != 0) {
        type++;
    }
    return type;
}

static bool parse_int(struct slice text, int64_t *out)
{
    char digits[INT_CHARS_MAX + 1];
    size_t sign = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    if (text.len == sign || text.len > INT_CHARS_MAX) {
        return false;
    }
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    if (strspn(digits + sign, "0123456789") != text.len - sign) {
        return false;
    }
    errno = 0;
    long long number = strtoll(digits, NULL, 10);
    *out = number;
    return errno == 0;
}

/* A double that is a whole number which an int64 holds. */
static bool is_whole(double d)
{
    return d >= -9223372036854775808.0 && d < 9223372036854775808.0 && d == (double)(int64_t)d;
}

static bool to_int(struct value *value)
{
    int64_t number;
    if (value->kind == FIELD_BOOL) {
        number = value->b;
    } else if (value->kind == FIELD_DOUBLE && is_whole(value->d)) {
        number = (int64_t)value->d;
    } else if (value->kind != FIELD_STRING || !parse_int(slice_trim(value->text), &number)) {
        return false;
    }
    if (value->kind != FIELD_STRING) {
        int len = snprintf(value->made, sizeof(value->made), "%" PRId64, number);
        value->text = slice_make(value->made, (size_t)len);
    }
    value->kind = FIELD_INT;
    value->i = number;
    value->d = (double)number;
    return true;
}

static bool to_double(struct value *value)
{
    double number;
    if (value->kind == FIELD_STRING) {
        value->text = slice_trim(value->text);
    }
    if (!value_number(value, &number)) {
        return false;
    }
    value->kind = FIELD_DOUBLE;
    value->d = number;
    return true;
}

static bool to_bool(struct value *value)
{
    static const struct slice words[][2] = {
        {SLICE("false"), SLICE("true")},
        {SLICE("no"), SLICE("yes")},
        {SLICE("off"), SLICE("on")},
        {SLICE("0"), SLICE("1")},
    };
    if (value->kind != FIELD_STRING && value->kind != FIELD_INT) {
        return false;
    }
    struct slice text = slice_trim(value->text);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (size_t b = 0; b < 2; b++) {
            if (slice_is_equal_nocase(text, words[i][b])) {
                value->kind = FIELD_BOOL;
                value->b = b != 0;
                return true;
            }
        }
    }
    return false;
}

static bool to_string(struct value *value)
{
    bool has_text = value->kind == FIELD_INT || value->kind == FIELD_DOUBLE ||
                    value->kind == FIELD_NUMBER || value->kind == FIELD_BOOL;
    value->kind = has_text ? FIELD_STRING : value->kind;
    return has_text;
}

bool scalar_convert(struct value *value, enum scalar_type type)
{
    static const enum field_kind kinds[SCALAR_TYPES] = {
        [SCALAR_STRING] = FIELD_STRING,
        [SCALAR_INT] = FIELD_INT,
        [SCALAR_DOUBLE] = FIELD_DOUBLE,
        [SCALAR_BOOL] = FIELD_BOOL,
    };
    static bool (*const convert[SCALAR_TYPES])(struct value *) = {
        [SCALAR_STRING] = to_string,
        [SCALAR_INT] = to_int,
        [SCALAR_DOUBLE] = to_double,
        [SCALAR_BOOL] = to_bool,
    };
    return value->kind == kinds[type] || convert[type](value);
}

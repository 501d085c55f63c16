/* SPDX-License-Identifier: Apache-2.0 */
#include "filters/condition.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "filters/name.h"

struct condition {
    enum condition_kind kind;
    enum condition_test test;
    const struct settings *settings;
    struct name name;
    const struct constant *values;
    size_t value_count;
    struct slice text; /* of the first value */
    struct pattern *pattern;
    struct condition *items;
    size_t count;
};

static void init(struct condition *c, const struct condition_settings *from,
                 const struct filter_env *env, const char *answer)
{
    *c = (struct condition){
        .kind = from->kind, .test = from->test, .settings = env->tools->settings};
    if (from->kind == CONDITION_TEST) {
        c->name = name_make(from->field, env->index);
        c->values = from->values;
        c->value_count = from->value_count;
        c->text = slice_from_string(from->values[0].text);
    }
    if (from->kind == CONDITION_TEST && from->test == TEST_MATCHES) {
        char *error = NULL;
        c->pattern = pattern_new(from->values[0].text, &error);
        ENSURE(c->pattern != NULL);
        pattern_watch(c->pattern, env->limits, answer);
    }
    c->items = mem_array(from->count + 1, sizeof(*c->items));
    for (; c->count < from->count; c->count++) {
        init(&c->items[c->count], &from->items[c->count], env, answer);
    }
}

static void fini(struct condition *c)
{
    for (size_t i = 0; i < c->count; i++) {
        fini(&c->items[i]);
    }
    free(c->items);
    pattern_free(c->pattern);
}

struct condition *condition_new(const struct condition_settings *condition,
                                const struct filter_env *env, const char *answer)
{
    struct condition *c = mem_alloc(sizeof(*c));
    init(c, condition, env, answer);
    return c;
}

void condition_free(struct condition *condition)
{
    if (condition != NULL) {
        fini(condition);
        free(condition);
    }
}

static bool needs_field(const struct condition *c)
{
    return c->kind == CONDITION_TEST && (c->test != TEST_EXISTS || c->values[0].i != 0);
}

/* Of all that must hold, the first that says something is enough. */
uint64_t condition_needs(const struct condition *c)
{
    if (needs_field(c)) {
        return name_bit(&c->name);
    }
    uint64_t bits = c->kind == CONDITION_ANY && c->count > 0 ? 0 : NAME_BIT_ALWAYS;
    for (size_t i = 0; i < c->count; i++) {
        uint64_t item = condition_needs(&c->items[i]);
        if (c->kind == CONDITION_ANY) {
            bits |= item;
        } else if (c->kind == CONDITION_ALL && (item & NAME_BIT_ALWAYS) == 0) {
            return item;
        }
    }
    return bits;
}

/* A severity's name means its four numbers. */
static bool is_severity(const struct value *value, const struct constant *constant)
{
    int64_t wanted = (int64_t)constant->d;
    return constant->kind == CONSTANT_INT ? value->i == wanted
                                          : (value->i - 1) / 4 == (wanted - 1) / 4;
}

/* Numbers by their values, all else by the text. */
static bool is_equal(const struct condition *c, const struct value *value,
                     const struct constant *constant)
{
    if (c->name.own == OWN_SEVERITY) {
        return is_severity(value, constant);
    }
    if (value->kind == FIELD_NULL || constant->kind == CONSTANT_NULL) {
        return value->kind == FIELD_NULL && constant->kind == CONSTANT_NULL;
    }
    bool is_number = constant->kind == CONSTANT_INT || constant->kind == CONSTANT_DOUBLE;
    if (is_number && value->kind == FIELD_INT && constant->kind == CONSTANT_INT) {
        return value->i == constant->i;
    }
    if (is_number && (value->kind == FIELD_INT || value->kind == FIELD_DOUBLE)) {
        return value->d == constant->d;
    }
    return value->kind != FIELD_OBJECT && value->kind != FIELD_ARRAY &&
           slice_is_equal(value_text(value), slice_from_string(constant->text));
}

static bool is_in(const struct condition *c, const struct value *value)
{
    for (size_t i = 0; i < c->value_count; i++) {
        if (is_equal(c, value, &c->values[i])) {
            return true;
        }
    }
    return false;
}

static bool compares(const struct condition *c, const struct value *value)
{
    double number;
    double limit = c->values[0].d;
    if (!value_number(value, &number)) {
        return false;
    }
    return c->test == TEST_LESS       ? number < limit
           : c->test == TEST_AT_MOST  ? number <= limit
           : c->test == TEST_AT_LEAST ? number >= limit
                                      : number > limit;
}

static bool ends_with(struct slice text, struct slice end)
{
    return text.len >= end.len && memcmp(text.data + text.len - end.len, end.data, end.len) == 0;
}

static bool test_value(const struct condition *c, const struct value *value)
{
    struct slice text = value_text(value);
    switch (c->test) {
    case TEST_EQUALS:
    case TEST_IN:
        return is_in(c, value);
    case TEST_CONTAINS:
        return text.len > 0 && memmem(text.data, text.len, c->text.data, c->text.len) != NULL;
    case TEST_STARTS_WITH:
        return slice_has_prefix(text, c->text);
    case TEST_ENDS_WITH:
        return ends_with(text, c->text);
    case TEST_LESS:
    case TEST_AT_MOST:
    case TEST_AT_LEAST:
    case TEST_GREATER:
        return compares(c, value);
    case TEST_MATCHES:
    case TEST_EXISTS:
    case CONDITION_TESTS:
        break;
    }
    return false;
}

static enum truth truth_of(bool holds)
{
    return holds ? TRUTH_YES : TRUTH_NO;
}

static enum truth match(const struct condition *c, struct slice text)
{
    enum pattern_result result = pattern_search(c->pattern, text, 0);
    return result == PATTERN_FAILED ? TRUTH_UNKNOWN : truth_of(result == PATTERN_YES);
}

static enum truth ask_test(const struct condition *c, const struct record *record)
{
    struct value value;
    bool exists = value_read(&c->name, record, c->settings, &value);
    if (c->test == TEST_EXISTS) {
        return truth_of(exists == (c->values[0].i != 0));
    }
    if (exists && c->test == TEST_MATCHES) {
        return match(c, value_text(&value));
    }
    return truth_of(exists && test_value(c, &value));
}

enum truth condition_ask(const struct condition *c, const struct record *record)
{
    if (c->kind == CONDITION_TEST) {
        return ask_test(c, record);
    }
    enum truth end = truth_of(c->kind == CONDITION_ANY); /* beyond which nothing changes */
    enum truth truth = TRUTH_YES - end;
    for (size_t i = 0; i < c->count && truth != end; i++) {
        enum truth item = condition_ask(&c->items[i], record);
        if (c->kind == CONDITION_NOT) {
            return TRUTH_YES - item;
        }
        truth = (item > truth) == (end == TRUTH_YES) ? item : truth;
    }
    return truth;
}

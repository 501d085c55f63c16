/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Conditions as they are written: a list is all of its members; a map is all of its entries, which
 * are `all`, `any`, `not`, `field` with its tests, a value of the record's own with its tests, or
 * `resource` with those of its attributes.
 */

#include "config/condition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "config/check.h"
#include "config/filter_check.h"
#include "config/options.h"
#include "config/yaml_text.h"
#include "record/own_value.h"
#include "resolve/severity.h"

enum {
    CONDITIONS_MAX = 1024, /* in one option: an alias costs a few bytes and may stand for many */
    DEPTH_MAX = 8,
    NAMES_MAX = 64,
};

struct reader {
    const char *path;
    struct diag *diag;
    size_t count;
    unsigned depth;
    bool is_good;
};

static void complain(struct reader *r, struct diag_place place, const char *sentence)
{
    diag_add(r->diag, DIAG_ERROR, place, "`%s` %s", r->path, sentence);
    r->is_good = false;
}

/* A new one at the end; it is good until the next. */
static struct condition_settings *add(struct reader *r, struct condition_settings *parent,
                                      enum condition_kind kind, struct diag_place place)
{
    if (r->count++ == CONDITIONS_MAX) {
        complain(r, place, "contains more than 1024 conditions");
    }
    parent->items = mem_resize(parent->items, parent->count + 1, sizeof(*parent->items));
    struct condition_settings *added = &parent->items[parent->count++];
    *added = (struct condition_settings){.kind = kind};
    return added;
}

/* One of one is that one. */
static struct condition_settings collapse(struct condition_settings group)
{
    bool is_needless = (group.kind == CONDITION_ALL || group.kind == CONDITION_ANY) &&
                       group.count == 1;
    if (!is_needless) {
        return group;
    }
    struct condition_settings only = group.items[0];
    free(group.items);
    return only;
}

static bool has_room(const struct reader *r)
{
    return r->count <= CONDITIONS_MAX;
}

static enum condition_test find_test(const char *name)
{
    enum condition_test test = 0;
    while (test < CONDITION_TESTS && strcmp(condition_test_names[test], name) != 0) {
        test++;
    }
    return test;
}

static void unknown_name(struct reader *r, const struct node_entry *entry, bool in_tests)
{
    const char *names[NAMES_MAX] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < CONDITION_TESTS; i++) {
        names[count++] = condition_test_names[i];
    }
    if (!in_tests) {
        static const char *const others[] = {"all", "any", "not", "field", "resource"};
        for (size_t i = 0; i < ARRAY_LEN(others); i++) {
            names[count++] = others[i];
        }
        for (enum own_value own = OWN_TRACE_ID; own < OWN_RESOURCE; own++) {
            names[count++] = own_value_name(own);
        }
    }
    const char *nearest = diag_nearest(entry->key, names);
    char *hint = nearest != NULL ? mem_format("; did you mean `%s`?", nearest)
                 : in_tests      ? option_join_names(condition_test_names)
                                 : mem_format("; a field is tested with {field: %s, equals: …}",
                                              entry->key);
    char *sentence = mem_format("has the unknown %s `%s`%s%s", in_tests ? "test" : "condition", entry->key,
                                nearest == NULL && in_tests ? "; there are " : "", hint);
    complain(r, entry->place, sentence);
    free(sentence);
    free(hint);
}

/* ---- values ---- */

static bool is_int(const char *text)
{
    const char *digits = text + (*text == '-');
    size_t count = strspn(digits, "0123456789");
    return count > 0 && count < 20 && digits[count] == '\0' && (digits[0] != '0' || count == 1);
}

static bool is_double(const char *text)
{
    const char *digits = text + (*text == '-');
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || (digits[0] == '0' && count > 1)) {
        return false;
    }
    const char *end = digits + count;
    if (*end == '.') {
        size_t fraction = strspn(end + 1, "0123456789");
        end += 1 + fraction;
        if (fraction == 0) {
            return false;
        }
    }
    if (*end == 'e' || *end == 'E') {
        end += 1 + (end[1] == '+' || end[1] == '-');
        size_t exponent = strspn(end, "0123456789");
        end += exponent;
        if (exponent == 0) {
            return false;
        }
    }
    return *end == '\0';
}

static bool fits_int(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    *out = number;
    return errno == 0;
}

void constant_read(const struct node *node, struct constant *out)
{
    const char *text = node->text;
    bool is_null = !node_is_set(node);
    *out = (struct constant){.kind = CONSTANT_TEXT, .text = mem_string(text)};
    if (!node->is_plain) {
        return;
    }
    if (is_null) {
        out->kind = CONSTANT_NULL;
    } else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        out->kind = CONSTANT_BOOL;
        out->i = text[0] == 't';
    } else if (is_int(text) && fits_int(text, &out->i)) {
        out->kind = CONSTANT_INT;
        out->d = (double)out->i;
    } else if (is_double(text)) {
        out->d = strtod(text, NULL);
        out->kind = __builtin_isfinite(out->d) ? CONSTANT_DOUBLE : CONSTANT_TEXT;
    }
}

/* Severities are compared as numbers: names become theirs. */
static bool settle_severity(struct constant *constant)
{
    uint8_t number = constant->kind == CONSTANT_INT && constant->i >= 1 && constant->i <= 24
                         ? (uint8_t)constant->i
                         : severity_from_text(slice_from_string(constant->text), SEVERITY_SYSLOG);
    constant->d = number;
    return number != 0;
}

static bool is_number(const struct constant *constant)
{
    return constant->kind == CONSTANT_INT || constant->kind == CONSTANT_DOUBLE;
}

/* What is wrong with a value of that test; NULL: nothing. To be freed. */
static char *check_value(const struct condition_settings *test, struct constant *value)
{
    bool is_severity = own_value_find(slice_from_string(test->field)) == OWN_SEVERITY;
    char *error = NULL;
    switch (test->test) {
    case TEST_EXISTS:
        return value->kind == CONSTANT_BOOL ? NULL : mem_string("must be true or false");
    case TEST_MATCHES:
        return check_pattern(NULL, value->text);
    case TEST_EQUALS:
    case TEST_IN:
        return !is_severity || settle_severity(value)
                   ? NULL
                   : mem_string("must be a severity such as WARN, or its number from 1 to 24");
    case TEST_LESS:
    case TEST_AT_MOST:
    case TEST_AT_LEAST:
    case TEST_GREATER:
        if (is_severity ? settle_severity(value) : is_number(value)) {
            return NULL;
        }
        return mem_string(is_severity ? "must be a severity such as WARN, or its number from 1 to 24"
                                      : "takes a number");
    default:
        error = value->kind == CONSTANT_NULL || *value->text == '\0' ? mem_string("takes a text")
                                                                     : NULL;
        return error;
    }
}

static void read_value(struct reader *r, const struct node *node, struct condition_settings *test)
{
    if (node->kind != NODE_TEXT || node->is_broken) {
        if (!node->is_broken) {
            complain(r, node->place, test->test == TEST_IN ? "needs a list of values after `in`"
                                                           : "compares with one value, not several");
        }
        r->is_good = false;
        return;
    }
    test->values = mem_resize(test->values, test->value_count + 1, sizeof(*test->values));
    struct constant *value = &test->values[test->value_count++];
    constant_read(node, value);
    char *error = check_value(test, value);
    if (error != NULL) {
        char *sentence = mem_format("%s %s", condition_test_names[test->test], error);
        complain(r, node->place, sentence);
        free(sentence);
        free(error);
    }
}

/* ---- tests ---- */

static void read_test(struct reader *r, const char *field, enum condition_test test,
                      const struct node *node, struct condition_settings *parent)
{
    struct condition_settings *added = add(r, parent, CONDITION_TEST, node->place);
    added->field = mem_string(field);
    added->test = test;
    if (test == TEST_IN && node->kind == NODE_LIST) {
        for (const struct node_entry *e = node->first; e != NULL && has_room(r); e = e->next) {
            r->count++;
            read_value(r, e->value, added);
        }
    } else {
        read_value(r, node, added);
    }
    if (added->value_count == 0 && r->is_good) {
        complain(r, node->place, "has no value to compare with");
    }
}

/* `{equals: a, matches: b}`; a bare value is `equals`, a bare list is `in`. */
static void read_tests(struct reader *r, const char *field, const struct node *node,
                       struct condition_settings *parent)
{
    if (node->kind != NODE_MAP) {
        read_test(r, field, node->kind == NODE_LIST ? TEST_IN : TEST_EQUALS, node, parent);
        return;
    }
    for (const struct node_entry *e = node->first; e != NULL && has_room(r); e = e->next) {
        enum condition_test test = find_test(e->key);
        if (test == CONDITION_TESTS) {
            unknown_name(r, e, true);
            continue;
        }
        read_test(r, field, test, e->value, parent);
    }
    if (node->count == 0) {
        complain(r, node->place, "has a field without a test");
    }
}

static void read_condition(struct reader *r, const struct node *node,
                           struct condition_settings *out);

static void read_list(struct reader *r, const struct node *node, struct condition_settings *out)
{
    for (const struct node_entry *e = node->first; e != NULL && has_room(r); e = e->next) {
        struct condition_settings inner = {.kind = CONDITION_ALL};
        read_condition(r, e->value, &inner);
        *add(r, out, CONDITION_ALL, e->place) = collapse(inner);
    }
}

static void read_group(struct reader *r, const struct node_entry *entry, enum condition_kind kind,
                       struct condition_settings *parent)
{
    struct condition_settings inner = {.kind = kind};
    if (kind == CONDITION_NOT) {
        struct condition_settings what = {.kind = CONDITION_ALL};
        read_condition(r, entry->value, &what);
        *add(r, &inner, CONDITION_ALL, entry->place) = collapse(what);
    } else if (entry->value->kind == NODE_LIST) {
        read_list(r, entry->value, &inner);
    } else {
        complain(r, entry->value->place, "needs a list of conditions after `all` and `any`");
    }
    *add(r, parent, kind, entry->place) = collapse(inner);
}

static void read_field(struct reader *r, const struct node *map, const struct node_entry *entry,
                       struct condition_settings *parent)
{
    char *error = entry->value->kind == NODE_TEXT && !entry->value->is_broken
                      ? check_field(NULL, entry->value->text)
                      : mem_string("needs one field name after `field`");
    if (error != NULL) {
        complain(r, entry->value->place, error);
        free(error);
        return;
    }
    bool has_test = false;
    for (const struct node_entry *e = map->first; e != NULL && has_room(r); e = e->next) {
        enum condition_test test = find_test(e->key);
        if (test != CONDITION_TESTS) {
            has_test = true;
            read_test(r, entry->value->text, test, e->value, parent);
        }
    }
    if (!has_test) {
        struct node yes = {.kind = NODE_TEXT, .text = "true", .is_plain = true};
        read_test(r, entry->value->text, TEST_EXISTS, &yes, parent);
    }
}

static void read_resource(struct reader *r, const struct node *map,
                          struct condition_settings *parent)
{
    if (map->kind != NODE_MAP) {
        complain(r, map->place, "needs a map of attributes after `resource`");
        return;
    }
    for (const struct node_entry *e = map->first; e != NULL && has_room(r); e = e->next) {
        char *field = mem_format("$resource.%s", e->key);
        read_tests(r, field, e->value, parent);
        free(field);
    }
}

static void read_entry(struct reader *r, const struct node *map, const struct node_entry *entry,
                       struct condition_settings *out)
{
    char *own = mem_format("$%s", entry->key);
    if (strcmp(entry->key, "all") == 0) {
        read_group(r, entry, CONDITION_ALL, out);
    } else if (strcmp(entry->key, "any") == 0) {
        read_group(r, entry, CONDITION_ANY, out);
    } else if (strcmp(entry->key, "not") == 0) {
        read_group(r, entry, CONDITION_NOT, out);
    } else if (strcmp(entry->key, "field") == 0) {
        read_field(r, map, entry, out);
    } else if (strcmp(entry->key, "resource") == 0) {
        read_resource(r, entry->value, out);
    } else if (own_value_find(slice_from_string(own)) != OWN_VALUES) {
        read_tests(r, own, entry->value, out);
    } else if (find_test(entry->key) == CONDITION_TESTS) {
        unknown_name(r, entry, false);
    } else if (node_get(map, "field") == NULL) {
        complain(r, entry->place, "has a test without a field: write {field: NAME, equals: …}");
    }
    free(own);
}

static void read_condition(struct reader *r, const struct node *node,
                           struct condition_settings *out)
{
    if (r->depth == DEPTH_MAX) {
        complain(r, node->place, "nests conditions more than 8 deep");
        return;
    }
    r->depth++;
    if (node->kind == NODE_LIST) {
        read_list(r, node, out);
    } else if (node->kind == NODE_MAP) {
        for (const struct node_entry *e = node->first; e != NULL && has_room(r); e = e->next) {
            read_entry(r, node, e, out);
        }
    } else if (node->is_broken) {
        r->is_good = false;
    } else {
        complain(r, node->place, "must be a condition such as {field: path, equals: /healthz}");
    }
    r->depth--;
}

struct condition_settings *condition_read(const struct node *node, const char *path,
                                          struct diag *diag)
{
    struct reader r = {path, diag, 0, 0, true};
    struct condition_settings *condition = mem_alloc(sizeof(*condition));
    condition->kind = CONDITION_ALL;
    read_condition(&r, node, condition);
    if (!r.is_good) {
        condition_settings_fini(condition);
        free(condition);
        return NULL;
    }
    *condition = collapse(*condition);
    return condition;
}

/* ---- printing ---- */

void constant_print(const struct constant *constant, FILE *out)
{
    if (constant->kind == CONSTANT_NULL) {
        fputs("null", out);
    } else if (constant->kind == CONSTANT_TEXT) {
        yaml_print_quoted(out, constant->text);
    } else {
        fputs(constant->text, out);
    }
}

static void print_test(const struct condition_settings *test, FILE *out)
{
    fputs("{field: ", out);
    yaml_print_quoted(out, test->field);
    fprintf(out, ", %s: %s", condition_test_names[test->test], test->test == TEST_IN ? "[" : "");
    for (size_t i = 0; i < test->value_count; i++) {
        fputs(i > 0 ? ", " : "", out);
        constant_print(&test->values[i], out);
    }
    fputs(test->test == TEST_IN ? "]}" : "}", out);
}

void condition_print(const struct condition_settings *condition, FILE *out)
{
    if (condition->kind == CONDITION_TEST) {
        print_test(condition, out);
        return;
    }
    if (condition->kind == CONDITION_ALL && condition->count == 0) {
        fputs("{}", out);
        return;
    }
    bool is_any = condition->kind == CONDITION_ANY;
    bool is_not = condition->kind == CONDITION_NOT;
    fputs(is_not ? "{not: " : is_any ? "{any: [" : "[", out);
    for (size_t i = 0; i < condition->count; i++) {
        fputs(i > 0 ? ", " : "", out);
        condition_print(&condition->items[i], out);
    }
    fputs(is_not ? "}" : is_any ? "]}" : "]", out);
}

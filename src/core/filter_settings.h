/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_FILTER_SETTINGS_H
#define CLEW_CORE_FILTER_SETTINGS_H

/*
 * What the config says about filters, as plain values; docs/filters.md is the grammar.
 *
 * One struct an item of the list: exactly one of its kinds is given, i.e. its pointer is not NULL or
 * its list not empty. Everything is owned by the settings.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct string_list {
    char **items;
    size_t count;
};

struct key_value {
    char *key;
    char *value;
};

struct key_value_list {
    struct key_value *items;
    size_t count;
};

/* Where something was written, for what is said about it later. */
struct settings_place {
    char *file; /* NULL: not from a file */
    unsigned line;
    unsigned column;
};

/* A value as YAML has it: quoted it is a text, bare it may be something else. */
enum constant_kind {
    CONSTANT_NULL,
    CONSTANT_BOOL,
    CONSTANT_INT,
    CONSTANT_DOUBLE,
    CONSTANT_TEXT,
};

struct constant {
    enum constant_kind kind;
    char *text; /* as written, of every kind */
    int64_t i;  /* of an INT; a BOOL is 0 or 1 */
    double d;   /* of a DOUBLE or an INT */
};

struct named_constant {
    char *name;
    struct constant value;
};

struct named_constant_list {
    struct named_constant *items;
    size_t count;
};

enum condition_kind {
    CONDITION_ALL,  /* of `items`; none of them: always true */
    CONDITION_ANY,
    CONDITION_NOT,  /* of the one in `items` */
    CONDITION_TEST, /* of `field` */
};

enum condition_test {
    TEST_EXISTS,
    TEST_EQUALS,
    TEST_IN,
    TEST_MATCHES,
    TEST_CONTAINS,
    TEST_STARTS_WITH,
    TEST_ENDS_WITH,
    TEST_LESS,
    TEST_AT_MOST,
    TEST_AT_LEAST,
    TEST_GREATER,
    CONDITION_TESTS,
};

/* As the config names them, in the order of the enum, NULL at the end. */
extern const char *const condition_test_names[];

struct condition_settings {
    enum condition_kind kind;
    struct condition_settings *items;
    size_t count;
    char *field; /* a field's name, or `$…` (core/own_value.h) */
    enum condition_test test;
    struct constant *values; /* one, but for TEST_IN */
    size_t value_count;
};

void condition_settings_fini(struct condition_settings *condition);
void constant_fini(struct constant *constant);

struct remove_settings {
    struct string_list names;
    struct string_list prefixes;
    struct string_list patterns;
};

struct filter_settings {
    struct settings_place place; /* first: the reader puts it there */
    char *name;
    struct condition_settings *when; /* NULL: always */
    struct condition_settings *keep;
    struct condition_settings *drop;
    struct remove_settings *remove;
};

#endif

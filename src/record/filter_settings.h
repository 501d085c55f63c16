/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_FILTER_SETTINGS_H
#define CLEW_RECORD_FILTER_SETTINGS_H

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
    char *field; /* a field's name, or `$…` (record/own_value.h) */
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

struct nest_settings {
    struct string_list names;
    struct string_list prefixes;
    char *under;
    bool strip_prefix;
};

struct lift_settings {
    char *from;
    char *prefix; /* NULL: none */
};

enum text_format {
    TEXT_JSON,
    TEXT_LOGFMT,
    TEXT_LTSV,
    TEXT_REGEX,
};

enum scalar_type {
    SCALAR_STRING,
    SCALAR_INT,
    SCALAR_DOUBLE,
    SCALAR_BOOL,
    SCALAR_TYPES,
};

/* As the config names them, in the order of the enum, NULL at the end. */
extern const char *const scalar_type_names[];

struct text_settings {
    char *field;
    enum text_format format;
    char *pattern;               /* of TEXT_REGEX */
    struct key_value_list types; /* of TEXT_REGEX: group to a name of scalar_type_names */
    bool keep;                   /* the text as well */
    char *prefix;                /* of the new fields; NULL: none */
    char *under;                 /* the object they go into; NULL: the top level */
};

enum redact_with {
    REDACT_MASK,
    REDACT_HASH,
};

enum redact_at_limit {
    REDACT_AT_LIMIT_MASK,
    REDACT_AT_LIMIT_KEEP,
};

struct redact_settings {
    struct string_list keys;
    struct string_list patterns;
    enum redact_at_limit at_limit;
    enum redact_with with;
    char *salt; /* NULL: none */
};

struct limit_settings {
    uint64_t value_bytes; /* 0 in each: no limit */
    uint64_t body_bytes;
    uint64_t attributes;
};

struct throttle_settings {
    struct string_list by;
    uint64_t rate;  /* records in `per_ms` */
    uint64_t per_ms;
    uint64_t burst; /* 0: the rate */
    uint64_t groups_max;
};

enum without_id {
    WITHOUT_ID_KEEP,
    WITHOUT_ID_DROP,
    WITHOUT_ID_SAMPLE,
};

struct sample_settings {
    double ratio;
    enum without_id without_id;
};

struct filter_settings {
    struct settings_place place; /* first: the reader puts it there */
    char *name;
    struct condition_settings *when; /* NULL: always */
    bool drops_errors;
    struct condition_settings *keep;
    struct condition_settings *drop;
    struct key_value_list rename;
    struct key_value_list copy;
    struct key_value_list move;
    struct remove_settings *remove;
    struct named_constant_list set;
    struct named_constant_list add;
    struct nest_settings *nest;
    struct lift_settings *lift;
    struct text_settings *parse;
    struct key_value_list convert;
    struct redact_settings *redact;
    struct limit_settings *limit;
    struct throttle_settings *throttle;
    struct sample_settings *sample;
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_OPTION_H
#define CLEW_CONFIG_OPTION_H

/* One row of the table of options (config/options.h), which is made of the tables of its sections. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_TEXT,      /* char * */
    OPTION_BOOL,      /* bool */
    OPTION_COUNT,     /* uint64_t */
    OPTION_SIZE,      /* uint64_t, bytes */
    OPTION_DURATION,  /* uint64_t, milliseconds */
    OPTION_RATIO,     /* double */
    OPTION_CHOICE,    /* an enum: the index of the name in `names` */
    OPTION_SWITCH,    /* bool: whether it is the second of the two names */
    OPTION_TEXTS,     /* struct string_list */
    OPTION_MAP,       /* struct key_value_list */
    OPTION_RATIO_MAP, /* struct service_policy *, size_t */
    OPTION_SECTION,   /* children, their offsets counted from this option's */
    OPTION_SECTIONS,  /* pointer and size_t: an array of structs of `size` bytes */
    OPTION_OPTIONAL,  /* pointer to a struct of `size` bytes with children; NULL if not written */
    OPTION_CONDITION, /* struct condition_settings *; NULL if not written */
    OPTION_CONSTANTS, /* struct named_constant_list */
};

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;                 /* within the struct of its section */
    const char *fallback;          /* the default as it would be written, a list's as its texts with
                                      blanks between; NULL: none, or one that the machine decides */
    uint64_t min, max;             /* of COUNT, SIZE, DURATION; both 0: any */
    const char *const *names;      /* of CHOICE and SWITCH, and of a TEXT that is one of them */
    const struct option *children; /* of SECTION(S) and OPTIONAL, ends with an empty row */
    size_t size;                   /* of SECTIONS and OPTIONAL: of one struct */
    bool has_place;                /* of SECTIONS: each struct begins with a struct settings_place */
    bool is_example;               /* of SECTIONS: the reference shows it in comments */
    bool merges;                   /* of MAP: the file and the environment add up, by key */
    bool is_required;              /* an example stands in the reference in place of a default */
    bool may_hold_secret;          /* shown with its secret parts hidden */
    bool is_secret;                /* of a TEXT: never shown */
    const char *example;           /* what the reference shows where there is no default */
    const char *env;               /* the variables that give it when the file does not */
    const char *help;              /* sentences for the user */

    /* What is wrong with a TEXT, or an entry of TEXTS or MAP (`key` is NULL but for MAP): a
     * sentence that follows the option's name and never repeats the value, to be freed; NULL:
     * nothing. */
    char *(*check)(const char *key, const char *value);

    /* The same of one struct of SECTIONS, for what concerns several options of it. */
    char *(*check_section)(const void *section);
};

/* What kind of value it takes, for people: `a size such as 64KiB or 10MB`. */
const char *option_expects(enum option_kind kind);

/* The type as help shows it, to be freed: `string`, `beginning | end`; NULL for a section. */
char *option_type(const struct option *option);

/* A COUNT, SIZE or DURATION as it would be written. */
enum { OPTION_NUMBER_MAX = 32 };
void option_print_number(enum option_kind kind, uint64_t number, char text[OPTION_NUMBER_MAX]);

/* `a, b or c`, to be freed. */
char *option_join_names(const char *const *names);

#endif

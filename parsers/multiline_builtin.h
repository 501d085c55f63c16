/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_MULTILINE_BUILTIN_H
#define CLEW_PARSERS_MULTILINE_BUILTIN_H

/* The built-in rule sets as data; what uses them is parsers/multiline_rules.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/slice.h"

/* A line of these kinds (enum trace_start) begins a record, in state `to`. */
struct builtin_start {
    uint32_t starts;
    uint8_t to;
    bool is_maybe; /* held against the record before it, one line of this kind is not enough */
};

/* In one of the states `from` (a bit each), a line for which `is` holds leads to state `to`. */
struct builtin_step {
    uint32_t from;
    bool (*is)(struct slice line);
    uint8_t to;
    bool is_maybe;
};

enum { BUILTIN_STARTS_MAX = 3, BUILTIN_STEPS_MAX = 20 };

struct builtin_rules {
    const char *name;
    uint8_t states;
    struct builtin_start starts[BUILTIN_STARTS_MAX]; /* ends at one without kinds, as do … */
    struct builtin_step steps[BUILTIN_STEPS_MAX];    /* … these at one without `is` */
};

/* In the order of multiline_builtin_names (record/multiline_names.h). */
extern const struct builtin_rules builtin_rules[];

#endif

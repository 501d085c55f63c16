/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_HINTS_H
#define CLEW_AUDIT_HINTS_H

/*
 * Why records of a group have no ids, and what to do: rules in a table, each about one class or one
 * observation. docs/coverage.md has a section for each rule and for each ecosystem's code.
 */

#include "audit/book.h"
#include "audit/ecosystem.h"

struct audit_hint {
    const char *rule;              /* [a-z0-9_]+: its section in docs/coverage.md */
    enum trace_class about;        /* the class it explains; TRACE_CLASSES: none of its own */
    uint64_t records;              /* how many it explains */
    const char *cause;             /* a sentence */
    const char *fix;               /* a sentence, for the ecosystem where that matters */
    const char *sample;            /* of the group, or NULL */
    const struct audit_part *part; /* the part that shows it, or NULL */
};

/* The rule number `index`: its name, class, cause and fix, without a group; false at the end. */
bool audit_hint_describe(size_t index, struct audit_hint *out_hint);

/* The hints for a group, the one that explains most records first; *out_count of them, free() the
 * array. They point into the group. `logger_at`: which dimension of its parts is the logger; -1. */
struct audit_hint *audit_hints_find(const struct audit_group *group, enum ecosystem ecosystem,
                                    int logger_at, size_t *out_count);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_CONDITION_H
#define CLEW_CONFIG_CONDITION_H

/*
 * The two kinds of values that no other option has: a condition, which may hold conditions, and a
 * constant, of which the type matters. docs/filters.md has their grammar.
 */

#include <stdio.h>
#include "base/diag.h"
#include "config/tree.h"
#include "record/filter_settings.h"

/* What is wrong is added to `diag`, and the condition is NULL then. `path` names the option in
 * messages. The caller frees what is in it (condition_settings_fini()) and the struct. */
struct condition_settings *condition_read(const struct node *node, const char *path,
                                          struct diag *diag);

/* As YAML on one line that reads back as the same. */
void condition_print(const struct condition_settings *condition, FILE *out);

/* The type of a text as YAML's core schema has it: bare it may be null, true, false or a number, and
 * one with a needless 0 in front (0123) is none. */
void constant_read(const struct node *node, struct constant *out);
void constant_print(const struct constant *constant, FILE *out);

#endif

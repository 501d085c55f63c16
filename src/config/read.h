/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_READ_H
#define CLEW_CONFIG_READ_H

/*
 * Trees into structs, by the table of options.
 *
 * Each option takes its value from the first of these that has one: the tree, the tree of fallbacks
 * (OTEL_* variables and what depends on the machine), the default of the table. Of a
 * list of sections, such as `outputs`, the fallbacks are one section that stands behind each, and
 * that makes one if there is no list.
 */

#include "config/options.h"
#include "config/tree.h"

/* Fill `target`, a zeroed struct, from a map; each may be NULL. What is wrong is added to `diag`
 * and the option left at its default. `path` names the section in messages; "" for the root. */
void read_section(const struct option *options, const struct node *map,
                  const struct node *fallbacks, const char *path, struct diag *diag, void *target);

/* Free what read_section() put there. */
void free_section(const struct option *options, void *target);

/* A pointer with its count behind it: every kind of list in struct settings. */
struct list_slot {
    void *items;
    size_t count;
};

static inline struct list_slot *list_slot(void *target, const struct option *option)
{
    return (struct list_slot *)(void *)((char *)target + option->offset);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_PROBE_VRL_PATH_H
#define CLEW_SHIPPERS_PROBE_VRL_PATH_H

/* Paths of VRL, `.a."b c"[0]` or `variable.a`, and what they lead to. */

#include "shippers/probe/item.h"

enum { PATH_PARTS_MAX = 16 };

struct path {
    const char *variable; /* NULL: the event */
    const char *parts[PATH_PARTS_MAX];
    size_t count;
};

/* The event and the variables; path_set() and path_delete() may put another event in its place. */
struct vrl_scope {
    struct arena *arena;
    struct item *event;
    struct item *variables;
};

/* The member of a map, or the place of a list; NULL. */
struct item *path_child(const struct item *item, const char *part);

struct item *path_get(const struct vrl_scope *scope, const struct path *path);

/* `value` is copied; NULL is null. Assigned to the event whole, a list is its first event and a
 * text is the event's message, as the sinks see it. */
void path_set(struct vrl_scope *scope, const struct path *path, const struct item *value);

/* Takes it out and gives it; NULL if it is not there. */
struct item *path_delete(struct vrl_scope *scope, const struct path *path);

struct item *item_null(struct arena *arena);

#endif

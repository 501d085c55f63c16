/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/probe/vrl_path.h"

#include <stdlib.h>

struct item *path_child(const struct item *item, const char *part)
{
    if (item != NULL && item->kind == ITEM_LIST) {
        long index = strtol(part, NULL, 10);
        for (struct member *m = item->first; m != NULL; m = m->next) {
            if (index-- == 0) {
                return m->value;
            }
        }
        return NULL;
    }
    return item_get(item, part);
}

struct item *path_get(const struct vrl_scope *v, const struct path *path)
{
    struct item *item = path->variable != NULL ? item_get(v->variables, path->variable) : v->event;
    for (size_t i = 0; i < path->count && item != NULL; i++) {
        item = path_child(item, path->parts[i]);
    }
    return item;
}

/* Maps are made where there are none. A list's places are looked up, not made. */
static void put_in(struct vrl_scope *v, struct item *item, const struct path *path, struct item *value)
{
    for (size_t i = 0; i + 1 < path->count; i++) {
        struct item *next = path_child(item, path->parts[i]);
        if (next == NULL || (next->kind != ITEM_MAP && next->kind != ITEM_LIST)) {
            next = item_map(v->arena);
            if (item->kind == ITEM_MAP) {
                item_put(v->arena, item, path->parts[i], next);
            }
        }
        item = next;
    }
    const char *last = path->parts[path->count - 1];
    if (item->kind == ITEM_MAP) {
        item_put(v->arena, item, last, value);
        return;
    }
    long index = strtol(last, NULL, 10);
    for (struct member *m = item->first; m != NULL; m = m->next) {
        if (index-- == 0) {
            m->value = value;
        }
    }
}

struct item *item_null(struct arena *arena)
{
    struct item *item = item_string(arena, "null");
    item->kind = ITEM_OTHER;
    return item;
}

void path_set(struct vrl_scope *v, const struct path *path, const struct item *given)
{
    struct item *value = given != NULL ? item_copy(v->arena, given) : item_null(v->arena);
    if (path->count == 0 && path->variable == NULL) {
        if (value->kind == ITEM_MAP) {
            v->event = value;
        } else if (value->kind == ITEM_LIST && value->first != NULL) {
            v->event = value->first->value; /* an event each */
        } else {
            v->event = item_map(v->arena);
            item_put(v->arena, v->event, "message", value);
        }
    } else if (path->count == 0) {
        item_put(v->arena, v->variables, path->variable, value);
    } else if (path->variable == NULL) {
        put_in(v, v->event, path, value);
    } else {
        struct item *variable = item_get(v->variables, path->variable);
        if (variable == NULL || variable->kind == ITEM_TEXT) {
            variable = item_map(v->arena);
            item_put(v->arena, v->variables, path->variable, variable);
        }
        put_in(v, variable, path, value);
    }
}

struct item *path_delete(struct vrl_scope *v, const struct path *path)
{
    struct item *item = path->variable != NULL ? item_get(v->variables, path->variable) : v->event;
    for (size_t i = 0; i + 1 < path->count && item != NULL; i++) {
        item = path_child(item, path->parts[i]);
    }
    if (path->count == 0 && path->variable == NULL) {
        struct item *whole = v->event;
        v->event = item_map(v->arena);
        return whole;
    }
    return path->count > 0 ? item_remove(item, path->parts[path->count - 1]) : NULL;
}

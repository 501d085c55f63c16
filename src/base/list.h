/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_LIST_H
#define CLEW_BASE_LIST_H

/* A doubly linked ring whose links are embedded in what they link (container_of leads back). A link
 * that is in no list points to itself, so that taking it out twice is harmless. */

#include <stdbool.h>

struct list {
    struct list *next;
    struct list *prev;
};

static inline void list_init(struct list *link)
{
    link->next = link;
    link->prev = link;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_insert_after(struct list *place, struct list *link)
{
    link->prev = place;
    link->next = place->next;
    place->next->prev = link;
    place->next = link;
}

static inline void list_append(struct list *list, struct list *link)
{
    list_insert_after(list->prev, link);
}

static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

#endif

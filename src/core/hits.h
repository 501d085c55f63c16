/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_HITS_H
#define CLEW_CORE_HITS_H

/*
 * Looking through the members of a line that mean something, in the order of their worth: a lower
 * enum key_id wins within its role (core/keys.h).
 */

#include "core/keys.h"

struct hits {
    struct fields *fields;
    const struct key_hits *top;
    const struct key_hits *nested; /* NULL until the containers have been looked into */
};

/*
 * The field of the lowest id above `after`, up to `last`; its id in *out_id. NULL if there is none.
 *
 *     uint16_t id = first - 1;
 *     for (struct field *field; (field = hits_next(hits, id, last, &id)) != NULL;)
 */
struct field *hits_next(const struct hits *hits, uint16_t after, uint16_t last, uint16_t *out_id);

/* The field of this id, NULL if there is none. */
struct field *hits_find(const struct hits *hits, uint16_t id);

static inline bool hits_has(const struct hits *hits, uint16_t id)
{
    return hits_find(hits, id) != NULL;
}

/*
 * Look into the containers of the line that may hold severity, time, service, logger or body, three
 * deep: loguru's record, log4j's instant, ECS's nested objects, the MDC. By the joined path first
 * (`record.level.name` is `level.name`), then, for the few names that mean the same everywhere, by
 * the leaf.
 */
void hits_collect_nested(struct key_cache *cache, struct fields *fields, const struct key_hits *top,
                         struct key_hits *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_HITS_H
#define CLEW_RECORD_HITS_H

/*
 * Looking through the members of a line that mean something, in the order of their worth: a lower
 * enum key_id wins within its role (record/keys.h).
 *
 * One bit an id says whether the line has it, so that asking costs next to nothing; the slots of
 * ids that the line does not have are never read and need no clearing.
 */

#include "record/keys.h"

#define HITS_WORDS ((KEYS_END + 63) / 64)

struct hits {
    struct fields *fields;
    uint64_t present[HITS_WORDS];
    uint32_t slots[KEYS_END]; /* index into the field table */
};

static inline bool hits_has(const struct hits *hits, uint16_t id)
{
    return (hits->present[id / 64] >> (id % 64) & 1) != 0;
}

/* The field of this id, NULL if there is none. */
static inline struct field *hits_find(const struct hits *hits, uint16_t id)
{
    return hits_has(hits, id) ? &hits->fields->items[hits->slots[id]] : NULL;
}

/*
 * The field of the lowest id above `after`, up to `last`; its id in *out_id. NULL if there is none.
 *
 *     uint16_t id = first - 1;
 *     for (struct field *field; (field = hits_next(hits, id, last, &id)) != NULL;)
 */
static inline struct field *hits_next(const struct hits *hits, uint16_t after, uint16_t last,
                                      uint16_t *out_id)
{
    unsigned first = after + 1u;
    uint64_t mask = UINT64_MAX << (first % 64);
    for (unsigned word = first / 64; word <= last / 64u; word++) {
        uint64_t bits = hits->present[word] & mask;
        mask = UINT64_MAX;
        if (bits != 0) {
            unsigned id = word * 64 + (unsigned)__builtin_ctzll(bits);
            if (id > last) {
                return NULL;
            }
            *out_id = (uint16_t)id;
            return &hits->fields->items[hits->slots[id]];
        }
    }
    return NULL;
}

/* The top level. Where two members mean the same, the first counts. */
void hits_set(struct hits *hits, struct fields *fields, const struct key_hits *top);

/*
 * Add what the containers of the line hold of severity, time, service, logger and body, three deep:
 * loguru's record, log4j's instant, ECS's nested objects, the MDC. By the joined path first
 * (`record.level.name` is `level.name`), then, for the few names that mean the same everywhere, by
 * the leaf. A member of the top level goes before one of a container, unless it is one itself.
 */
void hits_add_nested(struct hits *hits, struct key_cache *cache, const struct key_hits *top);

#endif

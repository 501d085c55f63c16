/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_MAP_H
#define CLEW_BASE_MAP_H

/*
 * A hash table of pointers that are owned elsewhere. The caller brings the hash (base/hash.h) and a
 * function that tells whether a value is the one meant. Zeroed memory is an empty map.
 *
 * To walk it: every slot of `slots[0..cap)` whose value is not NULL; nothing may be added or removed
 * meanwhile.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
    uint64_t hash;
    void *value; /* NULL: empty */
};

struct map {
    struct map_slot *slots;
    size_t cap; /* a power of two, or 0 */
    size_t count;
};

typedef bool map_is_fn(const void *value, const void *key);

void map_fini(struct map *map);

/* The value with this hash for which is(value, key); NULL if there is none. */
void *map_find(const struct map *map, uint64_t hash, map_is_fn *is, const void *key);

/* Adds without looking for an equal one. */
void map_add(struct map *map, uint64_t hash, void *value);

/* Takes out exactly this pointer; nothing happens if it is not there. */
void map_remove(struct map *map, uint64_t hash, const void *value);

#endif

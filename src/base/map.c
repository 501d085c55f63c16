/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdlib.h>
#include "base/mem.h"

/* Open addressing with linear probing, at most three quarters full. A removal moves the values
 * behind it back, so that there are no graves and a search ends at the first empty slot. */

enum { MAP_FIRST_SLOTS = 16 };

void map_fini(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}

void *map_find(const struct map *map, uint64_t hash, map_is_fn *is, const void *key)
{
    if (map->count == 0) {
        return NULL;
    }
    for (size_t i = hash & (map->cap - 1);; i = (i + 1) & (map->cap - 1)) {
        const struct map_slot *slot = &map->slots[i];
        if (slot->value == NULL) {
            return NULL;
        }
        if (slot->hash == hash && is(slot->value, key)) {
            return slot->value;
        }
    }
}

static void put(struct map *map, struct map_slot slot)
{
    size_t i = slot.hash & (map->cap - 1);
    while (map->slots[i].value != NULL) {
        i = (i + 1) & (map->cap - 1);
    }
    map->slots[i] = slot;
}

static void grow(struct map *map)
{
    struct map old = *map;
    map->cap = old.cap > 0 ? old.cap * 2 : MAP_FIRST_SLOTS;
    map->slots = mem_array(map->cap, sizeof(*map->slots));
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i].value != NULL) {
            put(map, old.slots[i]);
        }
    }
    free(old.slots);
}

void map_add(struct map *map, uint64_t hash, void *value)
{
    ENSURE(value != NULL);
    if ((map->count + 1) * 4 > map->cap * 3) {
        grow(map);
    }
    put(map, (struct map_slot){hash, value});
    map->count++;
}

/* Close the gap at `hole`: whatever follows and may not be found past a gap moves into it. */
static void close_gap(struct map *map, size_t hole)
{
    size_t mask = map->cap - 1;
    for (size_t i = (hole + 1) & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = map->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct map_slot){0};
}

void map_remove(struct map *map, uint64_t hash, const void *value)
{
    if (map->count == 0) {
        return;
    }
    size_t mask = map->cap - 1;
    for (size_t i = hash & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
        if (map->slots[i].value == value) {
            close_gap(map, i);
            map->count--;
            return;
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "record/key_set.h"

#include <stdlib.h>
#include "base/mem.h"

enum { SLOTS_FIRST = 256 };

void key_set_init(struct key_set *set, uint32_t names_max)
{
    *set = (struct key_set){.mask = SLOTS_FIRST - 1, .generation = 1, .slots_max = SLOTS_FIRST};
    while (set->slots_max / KEY_SET_SPARSE <= names_max && set->slots_max < UINT32_C(1) << 30) {
        set->slots_max *= 2;
    }
    set->slots = mem_array(SLOTS_FIRST, sizeof(*set->slots));
}

void key_set_fini(struct key_set *set)
{
    free(set->slots);
    *set = (struct key_set){0};
}

/* The generation has wrapped: what it wrote four thousand million records ago must not speak. */
void key_set_rewind(struct key_set *set)
{
    memset(set->slots, 0, ((size_t)set->mask + 1) * sizeof(*set->slots));
    set->generation = 1;
}

bool key_set_grow(struct key_set *set)
{
    uint64_t *old = set->slots;
    uint32_t old_count = set->mask + 1;
    if (set->used == KEY_SET_OVERFLOWN || old_count >= set->slots_max) {
        set->used = KEY_SET_OVERFLOWN;
        return false;
    }
    set->slots = mem_array((size_t)old_count * 2, sizeof(*set->slots));
    set->mask = old_count * 2 - 1;
    set->used = 0;
    for (uint32_t i = 0; i < old_count; i++) {
        if (old[i] >> 32 == set->generation) {
            key_set_add(set, old[i] << 32);
        }
    }
    free(old);
    return set->used != KEY_SET_OVERFLOWN;
}

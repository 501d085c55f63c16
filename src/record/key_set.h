/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_KEY_SET_H
#define CLEW_RECORD_KEY_SET_H

/*
 * A set of member names, to notice that one comes twice: a filter, not a dictionary.
 *
 * A slot holds 32 bits of a name's hash and the generation that wrote it, so that clearing the set
 * is adding one to the generation. "Not seen" is certain; "seen" may be wrong, once in some four
 * thousand million pairs of names or when somebody has made names that crowd one place of the
 * table, so the caller looks again before it acts. A probe is short by that rule: no input makes it
 * slow.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    KEY_SET_PROBES_MAX = 16,
    KEY_SET_SPARSE = 4, /* slots a name, so that crowds are rare */
};

/* `used` of a set that could not take a name in: until cleared, all are "seen". */
#define KEY_SET_OVERFLOWN UINT32_MAX

struct key_set {
    uint64_t *slots;     /* generation << 32 | tag */
    uint32_t mask;       /* slots - 1; a power of two of them */
    uint32_t used;       /* of this generation */
    uint32_t generation; /* from 1 */
    uint32_t slots_max;
};

/* `names_max`: how many names are expected at most; with more, "seen" is the answer to all. */
void key_set_init(struct key_set *set, uint32_t names_max);
void key_set_fini(struct key_set *set);

/* Slow paths of the two below. */
bool key_set_grow(struct key_set *set);
void key_set_rewind(struct key_set *set);

static inline void key_set_clear(struct key_set *set)
{
    set->used = 0;
    if (++set->generation == 0) {
        key_set_rewind(set);
    }
}

static inline uint64_t key_set_load(const char *s, size_t n)
{
    uint64_t word = 0;
    memcpy(&word, s, n);
    return word;
}

/* Multiply to 128 bits and fold the halves. */
static inline uint64_t key_set_fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Short names decide the speed: two loads that overlap and one multiplication, no loop. The value
 * lives in this process only, so byte order does not matter. */
static inline uint64_t key_set_hash(const char *s, size_t len, uint32_t object)
{
    uint64_t seed = UINT64_C(0x6A09E667F3BCC909) + (uint64_t)object * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t a;
    uint64_t b = 0;
    if (len >= 8) {
        a = key_set_load(s, 8);
        b = key_set_load(s + len - 8, 8);
        for (size_t i = 8; i + 8 < len; i += 8) {
            seed = key_set_fold(seed ^ key_set_load(s + i, 8), UINT64_C(0xBB67AE8584CAA73B));
        }
    } else if (len >= 4) {
        a = key_set_load(s, 4);
        b = key_set_load(s + len - 4, 4);
    } else {
        a = len > 0 ? key_set_load(s, 1) << 16 | key_set_load(s + len / 2, 1) << 8 |
                          key_set_load(s + len - 1, 1)
                    : 0;
    }
    return key_set_fold(a ^ seed, (b << 1) ^ len ^ UINT64_C(0xBB67AE8584CAA73B));
}

/* Put a hash in; true if it was (or may have been) there. */
static inline bool key_set_add(struct key_set *set, uint64_t hash)
{
    if (__builtin_expect(set->used > set->mask / KEY_SET_SPARSE, 0) && !key_set_grow(set)) {
        return true;
    }
    uint32_t tag = (uint32_t)(hash >> 32);
    uint64_t entry = (uint64_t)set->generation << 32 | tag;
    for (uint32_t probe = 0; probe < KEY_SET_PROBES_MAX; probe++) {
        uint64_t *slot = &set->slots[(tag + probe) & set->mask];
        if (*slot >> 32 != set->generation) {
            *slot = entry;
            set->used++;
            return false;
        }
        if (*slot == entry) {
            return true;
        }
    }
    set->used = KEY_SET_OVERFLOWN;
    return true;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_DRAW_H
#define CLEW_TESTS_DRAW_H

/* Numbers drawn from a seed (splitmix64): the same seed, the same numbers, on every machine. */

#include <stdbool.h>
#include <stdint.h>

struct draw {
    uint64_t state;
};

static inline uint64_t draw_number(struct draw *draw)
{
    uint64_t z = draw->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* From `least` to `most`, both of them. */
static inline uint64_t draw_range(struct draw *draw, uint64_t least, uint64_t most)
{
    return least + draw_number(draw) % (most - least + 1);
}

static inline bool draw_chance(struct draw *draw, unsigned percent)
{
    return draw_number(draw) % 100 < percent;
}

#endif

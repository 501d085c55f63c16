/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/distinct.h"

#include <math.h>

/* The hashes of tables are good in the bits that tables use; here all 64 must be (the finish of
 * MurmurHash3). */
static uint64_t mix(uint64_t h)
{
    h = (h ^ h >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
    h = (h ^ h >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
    return h ^ h >> 33;
}

/* A register holds the longest run of zeros, and one, of those hashes that fall to it. */
void distinct_add(struct distinct *distinct, uint64_t hash)
{
    enum { INDEX_BITS = 12, REST_BITS = 64 - INDEX_BITS };
    hash = mix(hash);
    uint64_t rest = hash << INDEX_BITS;
    uint8_t rank = (uint8_t)(rest != 0 ? __builtin_clzll(rest) + 1 : REST_BITS + 1);
    uint8_t *at = &distinct->registers[hash >> REST_BITS];
    *at = rank > *at ? rank : *at;
}

void distinct_merge(struct distinct *into, const struct distinct *from)
{
    for (unsigned i = 0; i < DISTINCT_REGISTERS; i++) {
        if (from->registers[i] > into->registers[i]) {
            into->registers[i] = from->registers[i];
        }
    }
}

uint64_t distinct_estimate(const struct distinct *distinct)
{
    const double m = DISTINCT_REGISTERS;
    double sum = 0;
    unsigned empty = 0;
    for (unsigned i = 0; i < DISTINCT_REGISTERS; i++) {
        sum += ldexp(1, -distinct->registers[i]);
        empty += distinct->registers[i] == 0;
    }
    double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    if (estimate <= 2.5 * m && empty > 0) {
        estimate = m * log(m / empty);
    }
    return (uint64_t)(estimate + 0.5);
}

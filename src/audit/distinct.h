/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_DISTINCT_H
#define CLEW_AUDIT_DISTINCT_H

/*
 * About how many different things there were, in constant memory: HyperLogLog (Flajolet et al.,
 * 2007) with 4096 registers, so two estimates of three are within 1.6 %; below ten thousand it
 * counts the registers that are still empty, which is closer.
 */

#include <stdint.h>

enum { DISTINCT_REGISTERS = 4096 };

/* Zeroed is empty. */
struct distinct {
    uint8_t registers[DISTINCT_REGISTERS];
};

/* One thing, by a 64-bit hash of it. */
void distinct_add(struct distinct *distinct, uint64_t hash);
void distinct_merge(struct distinct *into, const struct distinct *from);
uint64_t distinct_estimate(const struct distinct *distinct);

#endif

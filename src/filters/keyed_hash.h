/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_KEYED_HASH_H
#define CLEW_FILTERS_KEYED_HASH_H

/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a short keyed hash from which, without the key, the
 * text cannot be found by trying all of a few million candidates.
 */

#include <stdint.h>
#include "base/slice.h"

struct hash_key {
    uint64_t words[2];
};

/* A key from a salt of any length. */
struct hash_key hash_key_make(struct slice salt);

uint64_t keyed_hash(const struct hash_key *key, struct slice text);

#endif

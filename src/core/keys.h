/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_KEYS_H
#define CLEW_CORE_KEYS_H

/*
 * What a member's name means.
 *
 * Names are compared in canonical form: ASCII lower case, everything but [a-z0-9] dropped, so that
 * one row `traceid` covers trace_id, traceId, TraceID, trace.id and _trace_id. A few names count only
 * as they are spelled (`@tr`, `L`). A name means at most one thing; what that counts for is decided
 * where it is used.
 *
 * A log repeats its names, so the answer for a spelling is remembered in a small cache: a lookup
 * costs one hash of a few bytes and one compare.
 */

#include <stdint.h>
#include "base/slice.h"

enum key_id {
    KEY_UNKNOWN = 0,
    /* the table of keys.c adds the rest here */
    KEYS_END,
};

struct key_cache;

struct key_cache *key_cache_new(void);
void key_cache_free(struct key_cache *cache);

/* Key ids are enum key_id values. */
uint16_t key_lookup(struct key_cache *cache, struct slice name);

/* The canonical form of `prefix` + `name` (prefix may be empty), looked up without the cache: for
 * members of nested containers, where the joined path is tried first. */
uint16_t key_lookup_joined(struct slice prefix, struct slice name);

#endif

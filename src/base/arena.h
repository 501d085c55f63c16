/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_ARENA_H
#define CLEW_BASE_ARENA_H

/*
 * Scratch memory for one record: taken piece by piece, given back all at once by arena_clear().
 *
 * Pieces never move, so slices into them stay good until the next clear. After a few records the
 * arena has grown to what the log needs and takes nothing from the heap any more. A limit bounds
 * it: past that arena_alloc() returns NULL, and the caller counts the case.
 */

#include <stddef.h>
#include "base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *block; /* newest first */
    char *next;
    char *end;
    size_t held;  /* bytes in all blocks */
    size_t limit; /* bytes */
};

void arena_init(struct arena *arena, size_t limit);
void arena_fini(struct arena *arena);

/* Bytes of any content, aligned for every type; NULL if the limit would be passed. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of `s` (never NULL data unless `s` is empty or the limit was reached). */
struct slice arena_copy(struct arena *arena, struct slice s);

/* Everything taken so far is gone; the largest block is kept for the next record. */
void arena_clear(struct arena *arena);

#endif

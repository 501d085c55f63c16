/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include "base/mem.h"

enum { ARENA_FIRST_BYTES = 4096 };

struct arena_block {
    struct arena_block *older;
    size_t size; /* bytes behind this header */
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

static void free_blocks(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
}

void arena_fini(struct arena *arena)
{
    free_blocks(arena->block);
    *arena = (struct arena){.limit = arena->limit};
}

static void use(struct arena *arena, struct arena_block *block)
{
    arena->block = block;
    arena->next = block->bytes;
    arena->end = block->bytes + block->size;
}

/* Each block is at least twice the last one, so that a clear leaves one that fits the next time. */
static bool grow(struct arena *arena, size_t size)
{
    if (size > arena->limit - arena->held) {
        return false;
    }
    size_t want = arena->block != NULL ? arena->block->size * 2 : ARENA_FIRST_BYTES;
    want = want < size ? size : want;
    want = want > arena->limit - arena->held ? arena->limit - arena->held : want;
    struct arena_block *block = mem_resize(NULL, sizeof(*block) + want, 1);
    block->older = arena->block;
    block->size = want;
    arena->held += want;
    use(arena, block);
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - alignof(max_align_t)) {
        return NULL;
    }
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if ((size_t)(arena->end - arena->next) < size && !grow(arena, size)) {
        return NULL;
    }
    char *piece = arena->next;
    arena->next += size;
    return piece;
}

struct slice arena_copy(struct arena *arena, struct slice s)
{
    if (s.len == 0) {
        return slice_make(NULL, 0);
    }
    char *copy = arena_alloc(arena, s.len);
    if (copy == NULL) {
        return slice_make(NULL, 0);
    }
    memcpy(copy, s.data, s.len);
    return slice_make(copy, s.len);
}

void arena_clear(struct arena *arena)
{
    if (arena->block == NULL) {
        return;
    }
    free_blocks(arena->block->older);
    arena->block->older = NULL;
    arena->held = arena->block->size;
    use(arena, arena->block);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/batch.h"

#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"

/*
 * Lines come file by file, so nearly every position is of the stream that was touched last. What is
 * not is found through a hash table of indexes, at most half full: a batch may hold one line of
 * each of ten thousand files.
 */

struct batch *batch_new(size_t bytes_max)
{
    struct batch *batch = mem_alloc(sizeof(*batch));
    buf_init(&batch->bytes, bytes_max);
    return batch;
}

static void release_positions(struct batch *batch)
{
    for (size_t i = 0; i < batch->position_count; i++) {
        checkpoint_leave_track(batch->positions[i].checkpoint);
        checkpoint_release(batch->positions[i].checkpoint);
    }
    batch->position_count = 0;
    batch->last = 0;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL) {
        return;
    }
    release_positions(batch);
    buf_fini(&batch->bytes);
    buf_fini(&batch->packed);
    free(batch->positions);
    free(batch->index);
    free(batch);
}

void batch_clear(struct batch *batch)
{
    release_positions(batch);
    if (batch->index != NULL) {
        memset(batch->index, 0, batch->index_cap * sizeof(*batch->index));
    }
    buf_clear(&batch->bytes);
    buf_fini(&batch->packed);
    batch->packed_body = (struct slice){0};
    batch->refs = 0;
    batch->next = NULL;
    batch->records = 0;
    batch->opened_ns = 0;
    batch->sequence = 0;
    batch->crate = 0;
    batch->track = 0;
    batch->outputs = 0;
    batch->required = 0;
}

/* The slot that holds this checkpoint's position, else the free one where it belongs. */
static uint32_t *find_slot(const struct batch *batch, const struct checkpoint *checkpoint)
{
    size_t mask = batch->index_cap - 1;
    for (size_t i = hash_bytes(&checkpoint, sizeof(checkpoint), 0) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &batch->index[i];
        if (*slot == 0 || batch->positions[*slot - 1].checkpoint == checkpoint) {
            return slot;
        }
    }
}

static void grow(struct batch *batch)
{
    batch->position_cap = batch->position_cap > 0 ? 2 * batch->position_cap : 16;
    batch->positions = mem_resize(batch->positions, batch->position_cap, sizeof(*batch->positions));
    free(batch->index);
    batch->index_cap = 2 * batch->position_cap;
    batch->index = mem_array(batch->index_cap, sizeof(*batch->index));
    for (size_t i = 0; i < batch->position_count; i++) {
        *find_slot(batch, batch->positions[i].checkpoint) = (uint32_t)(i + 1);
    }
}

static struct batch_position *find_or_add(struct batch *batch, struct checkpoint *checkpoint)
{
    uint32_t *slot = batch->index_cap > 0 ? find_slot(batch, checkpoint) : NULL;
    if (slot != NULL && *slot != 0) {
        return &batch->positions[*slot - 1];
    }
    if (batch->position_count == batch->position_cap) {
        grow(batch);
        slot = find_slot(batch, checkpoint);
    }
    checkpoint_hold(checkpoint);
    checkpoint_join_track(checkpoint, batch->track);
    struct batch_position *made = &batch->positions[batch->position_count++];
    *made = (struct batch_position){.checkpoint = checkpoint};
    *slot = (uint32_t)batch->position_count;
    return made;
}

void batch_add_position(struct batch *batch, struct checkpoint *checkpoint,
                        struct position position)
{
    struct batch_position *entry =
        batch->position_count > 0 ? &batch->positions[batch->last] : NULL;
    if (entry == NULL || entry->checkpoint != checkpoint) {
        entry = find_or_add(batch, checkpoint);
        batch->last = (size_t)(entry - batch->positions);
    }
    if (position_is_before(entry->position, position)) {
        entry->position = position;
    }
}

void batch_add_streams(const struct batch *batch, struct stream_set *set)
{
    for (size_t i = 0; i < batch->position_count; i++) {
        stream_set_add(set, checkpoint_hash(batch->positions[i].checkpoint));
    }
}

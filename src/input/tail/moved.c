/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <stdlib.h>

/*
 * A file that was moved into another stream: into another directory, or with its directory.
 *
 * It is read on there. What was acknowledged of it is promised in the new stream from then on; its lines
 * that are on their way are acknowledged to the stream that it was in, so that one is listened to until
 * they are.
 */

static uint64_t acked_bytes(const struct moved *moved)
{
    struct file_id file;
    struct position acked;
    if (moved->number == 0 || !checkpoint_read(moved->from, &file, &acked) ||
        acked.generation < moved->number) {
        return 0;
    }
    bool is_within = acked.generation == moved->number && acked.offset < moved->offset;
    return is_within ? acked.offset : moved->offset;
}

static void listen(struct generation *generation, struct checkpoint *from, uint64_t number)
{
    generation->moved = (struct moved){from, generation->offset, 0, number, 0};
    generation->moved.acked = acked_bytes(&generation->moved);
    if (generation->moved.acked < generation->offset) {
        checkpoint_hold(from);
    } else {
        generation->moved.from = NULL;
    }
}

void moved_take_place(struct generation *generation, struct generation *known)
{
    generation->offset = known->offset;
    generation->guard = known->guard;
    generation->guard_len = known->guard_len;
    generation->hash = known->hash;
    generation->is_hash_final = known->is_hash_final;
    generation->is_mid_line = known->is_mid_line;
    generation->id.fingerprint = known->id.fingerprint;
    generation->id.fingerprint_len = known->id.fingerprint_len;
    generation->size_known = known->size_known;
    generation->seen = known->seen;
    struct tail *old = known->tail;
    listen(generation, old->stream.checkpoint, known->number);
    checkpoint_note_moved(old->stream.checkpoint, known->number);
    known->state = GENERATION_COPY; /* it is the same file */
    generation_drop(known, DROP_COPIED);
    unread_tell(old);
    tail_close_if_empty(old);
}

void moved_hear(struct generation *generation)
{
    struct moved *moved = &generation->moved;
    if (moved->from == NULL) {
        return;
    }
    moved->acked = acked_bytes(moved);
    if (moved->promised > 0) {
        checkpoint_advance(generation->tail->stream.checkpoint,
                           (struct position){moved->promised, moved->acked});
    }
    if (moved->acked >= moved->offset) {
        moved_end(generation);
    }
}

void moved_end(struct generation *generation)
{
    if (generation->moved.from != NULL) {
        checkpoint_release(generation->moved.from);
        generation->moved.from = NULL;
    }
}

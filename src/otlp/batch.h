/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_BATCH_H
#define CLEW_OTLP_BATCH_H

/*
 * A batch: one ExportLogsServiceRequest on its way to the outputs, and the promises that may be
 * made once it is safe with all that must have it.
 *
 * Batches of records that go different ways are filled side by side and sealed together, as one
 * crate.
 *
 *     state    who holds it                       left by
 *     open     the shipment                       sealed by size or age
 *     sealed   the book, and each output's output queue   promised by every required output queue,
 * and dropped by all
 *
 * Once sealed nobody changes it: outputs share it. `refs` counts who holds it.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "checkpoints/checkpoint.h"
#include "record/settings.h"
#include "record/stream_set.h"

enum { BATCH_TRACKS_MAX = 64 };

struct batch_position {
    struct checkpoint *checkpoint; /* held */
    struct position position;      /* everything before it is in this batch or an older one */
};

struct batch {
    uint64_t sequence; /* counts up */
    uint64_t crate;    /* counts up: those of a track go to the checkpoints in this order */
    unsigned track;    /* below BATCH_TRACKS_MAX: no other has streams of this one (src/delivery/track.h) */
    uint64_t outputs;  /* bit n: output number n gets it … */
    uint64_t required; /* … and its promise is outstanding */
    struct buf bytes;  /* the encoded request, not compressed */
    uint32_t records;
    unsigned refs;                    /* book and output queues that hold it */
    struct batch *next;               /* in the book */
    uint64_t opened_ns;               /* monotonic time of its first record */
    struct buf packed;                /* of a batch read back from disk: its file … */
    struct slice packed_body;         /* … and the body in it, compressed as `packing` says; or empty */
    enum compression packing;
    struct batch_position *positions; /* one a stream, the newest */
    size_t position_count;
    size_t position_cap;
    size_t last;      /* the position that was touched last */
    uint32_t *index;  /* hash table: index of a position + 1, 0 is free */
    size_t index_cap; /* a power of two, or 0 */
};

struct batch *batch_new(size_t bytes_max);
void batch_free(struct batch *batch); /* releases the checkpoints it holds; NULL is fine */

/* Empty again, memory kept. */
void batch_clear(struct batch *batch);

/* Remember how far this stream has come; replaces an older place of the same stream. The last
 * stream added is found at once, so lines that come file by file cost O(1). */
void batch_add_position(struct batch *batch, struct checkpoint *checkpoint,
                        struct position position);

/* The streams it has lines of, added to *set. */
void batch_add_streams(const struct batch *batch, struct stream_set *set);

#endif

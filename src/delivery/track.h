/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_TRACK_H
#define CLEW_DELIVERY_TRACK_H

/*
 * Tracks: batches that follow each other, side by side with those of other tracks.
 *
 * All that is in hand of a stream, open, sealed or with an output, is on one track, so batches of
 * different tracks have no stream in common: as many as there are tracks may be under way at once, end
 * in any order, and none overtakes a line of its own stream. A stream of which nothing is in hand joins
 * the track that has most use for it.
 *
 * The tracks share one limit on open bytes. A track is full when it has three times what is left of it:
 * so a hot stream alone gets three quarters, many get nearly all, and there is always room for a line of
 * a track that has little.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "otlp/batch.h"
#include "otlp/encode.h"

/* A batch that takes records, and where its request stands while the encoder writes another. */
struct open {
    struct batch *batch;
    struct otlp_pause pause;
};

struct track {
    struct open **open; /* the crate that is being filled: one for each way */
    size_t open_count;
    size_t open_cap;
    size_t bytes;         /* all of them */
    size_t largest_bytes; /* one of them */
    uint64_t opened_ns;   /* monotonic time of the first one's first record */
    struct batch *book;   /* sealed, oldest crate first */
    struct batch **book_end;
    size_t book_bytes;
};

struct tracks {
    struct track items[BATCH_TRACKS_MAX];
    size_t count;     /* that streams may join */
    size_t bytes;     /* open ones, of all */
    size_t bytes_max;
    size_t track_max; /* … of one, while the backend is near */
    size_t due_bytes; /* a track with so much is no place for another stream, if there is one */
};

void tracks_init(struct tracks *tracks);
void tracks_fini(struct tracks *tracks); /* frees every batch */

/* As many tracks as streams may join from now on, 1 to BATCH_TRACKS_MAX, and the limits of struct
 * tracks; limit_each() sets track_max. */
void tracks_limit(struct tracks *tracks, size_t count, size_t bytes_max, size_t due_bytes);
void tracks_limit_each(struct tracks *tracks, size_t track_max);

/* Where the next line of the stream belongs (NULL: of none that is told); `current` is where the line
 * before it went. */
struct track *tracks_find(struct tracks *tracks, const struct checkpoint *stream,
                          struct track *current);

unsigned tracks_number(const struct tracks *tracks, const struct track *track);
bool tracks_is_full(const struct tracks *tracks, const struct track *track);
bool tracks_are_full(const struct tracks *tracks); /* each of them that streams may join */
bool tracks_are_open(const struct tracks *tracks); /* one of them has something */
bool tracks_have_book(const struct tracks *tracks); /* likewise */

/* The crate that is being filled gets another batch, which it owns. */
struct open *track_open(struct track *track, struct batch *batch, uint64_t now_ns);

/* An open batch of the track has grown by so many bytes and is so large by now. */
static inline void tracks_grow(struct tracks *tracks, struct track *track, size_t bytes,
                               size_t batch_bytes)
{
    track->bytes += bytes;
    tracks->bytes += bytes;
    track->largest_bytes = batch_bytes > track->largest_bytes ? batch_bytes : track->largest_bytes;
}

/* What was open has been sealed and listed: nothing is. */
void tracks_close(struct tracks *tracks, struct track *track);

/* NULL if none goes to these outputs. */
struct open *track_find_open(const struct track *track, uint64_t outputs);

bool track_has_records(const struct track *track); /* open ones */

void track_enlist(struct track *track, struct batch *batch);

/* The oldest batch of the book if its whole crate is promised, else NULL; and take it out. */
struct batch *track_peek_promised(const struct track *track);
struct batch *track_take_oldest(struct track *track);

#endif

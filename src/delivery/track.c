/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/track.h"

#include <stdlib.h>
#include "base/mem.h"

enum { FULL_SHARE = 3 }; /* times what is left: see the header */

void tracks_init(struct tracks *tracks)
{
    *tracks = (struct tracks){.count = 1};
    for (size_t i = 0; i < BATCH_TRACKS_MAX; i++) {
        tracks->items[i].book_end = &tracks->items[i].book;
    }
}

static void free_track(struct track *track)
{
    for (size_t i = 0; i < track->open_count; i++) {
        batch_free(track->open[i]->batch);
        free(track->open[i]);
    }
    while (track->book != NULL) {
        batch_free(track_take_oldest(track));
    }
    free(track->open);
}

void tracks_fini(struct tracks *tracks)
{
    for (size_t i = 0; i < BATCH_TRACKS_MAX; i++) {
        free_track(&tracks->items[i]);
    }
}

/* ---- which one ---- */

unsigned tracks_number(const struct tracks *tracks, const struct track *track)
{
    return (unsigned)(track - tracks->items);
}

/* Nothing is under way, so what comes next waits for nobody … */
static bool is_idle(const struct track *track)
{
    return track->book == NULL;
}

/* … and is in the next request. Of these the one with most: so few lines make few requests. */
static bool has_use(const struct tracks *tracks, const struct track *track)
{
    return is_idle(track) && track->bytes < tracks->due_bytes;
}

static size_t load_of(const struct track *track)
{
    return track->bytes + track->book_bytes;
}

static bool is_better(const struct tracks *tracks, const struct track *a, const struct track *b)
{
    if (has_use(tracks, a) != has_use(tracks, b)) {
        return has_use(tracks, a);
    }
    return has_use(tracks, a) ? a->bytes > b->bytes : load_of(a) < load_of(b);
}

struct track *tracks_find(struct tracks *tracks, const struct checkpoint *stream,
                          struct track *current)
{
    unsigned number;
    if (stream != NULL && checkpoint_track(stream, &number)) {
        return &tracks->items[number];
    }
    struct track *best = tracks_number(tracks, current) < tracks->count ? current : tracks->items;
    for (size_t i = 0; i < tracks->count; i++) {
        best = is_better(tracks, &tracks->items[i], best) ? &tracks->items[i] : best;
    }
    return best;
}

/* ---- room ---- */

void tracks_limit(struct tracks *tracks, size_t count, size_t bytes_max, size_t due_bytes)
{
    ENSURE(count >= 1 && count <= BATCH_TRACKS_MAX);
    tracks->count = count;
    tracks->bytes_max = bytes_max;
    tracks->due_bytes = due_bytes;
}

void tracks_limit_each(struct tracks *tracks, size_t track_max)
{
    tracks->track_max = track_max;
}

void tracks_close(struct tracks *tracks, struct track *track)
{
    ENSURE(tracks->bytes >= track->bytes);
    tracks->bytes -= track->bytes;
    track->bytes = 0;
    track->largest_bytes = 0;
    track->open_count = 0;
}

bool tracks_is_full(const struct tracks *tracks, const struct track *track)
{
    size_t left = tracks->bytes < tracks->bytes_max ? tracks->bytes_max - tracks->bytes : 0;
    return track->bytes >= FULL_SHARE * left || track->bytes >= tracks->track_max;
}

bool tracks_are_full(const struct tracks *tracks)
{
    size_t i = 0;
    while (i < tracks->count && tracks_is_full(tracks, &tracks->items[i])) {
        i++;
    }
    return i == tracks->count;
}

bool tracks_are_open(const struct tracks *tracks)
{
    size_t i = 0;
    while (i < BATCH_TRACKS_MAX && tracks->items[i].open_count == 0) {
        i++;
    }
    return i < BATCH_TRACKS_MAX;
}

bool tracks_have_book(const struct tracks *tracks)
{
    size_t i = 0;
    while (i < BATCH_TRACKS_MAX && tracks->items[i].book == NULL) {
        i++;
    }
    return i < BATCH_TRACKS_MAX;
}

/* ---- open batches ---- */

struct open *track_open(struct track *track, struct batch *batch, uint64_t now_ns)
{
    track->opened_ns = track->open_count == 0 ? now_ns : track->opened_ns;
    if (track->open_count == track->open_cap) {
        track->open_cap = track->open_cap > 0 ? 2 * track->open_cap : 1;
        track->open = mem_resize(track->open, track->open_cap, sizeof(struct open *));
    }
    struct open *open = mem_alloc(sizeof(*open));
    *open = (struct open){.batch = batch};
    track->open[track->open_count++] = open;
    return open;
}

struct open *track_find_open(const struct track *track, uint64_t outputs)
{
    size_t i = 0;
    while (i < track->open_count && track->open[i]->batch->outputs != outputs) {
        i++;
    }
    return i < track->open_count ? track->open[i] : NULL;
}

bool track_has_records(const struct track *track)
{
    size_t i = 0;
    while (i < track->open_count && track->open[i]->batch->records == 0) {
        i++;
    }
    return i < track->open_count;
}

/* ---- the book ---- */

void track_enlist(struct track *track, struct batch *batch)
{
    *track->book_end = batch;
    track->book_end = &batch->next;
    track->book_bytes += batch->bytes.len;
}

/* Every batch of the crate that begins with this one. */
static bool is_promised(const struct batch *first)
{
    const struct batch *batch = first;
    while (batch != NULL && batch->crate == first->crate && batch->required == 0) {
        batch = batch->next;
    }
    return batch == NULL || batch->crate != first->crate;
}

struct batch *track_peek_promised(const struct track *track)
{
    return track->book != NULL && is_promised(track->book) ? track->book : NULL;
}

struct batch *track_take_oldest(struct track *track)
{
    struct batch *batch = track->book;
    track->book = batch->next;
    track->book_bytes -= batch->bytes.len;
    if (track->book == NULL) {
        track->book_end = &track->book;
    }
    batch->next = NULL;
    return batch;
}

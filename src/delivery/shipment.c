/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Crates, from the first record to the promise.
 *
 * Records of different ways (sets of outputs) fill batches of their own, side by side: the crate.
 * All of it is sealed at once, so what is in one crate was read after all that is in the one
 * before. What no output gets has a batch too, with positions only. Without routes a crate is one
 * batch.
 *
 * Each track (track.h) fills a crate of its own and has a book, which lists its batches that are
 * sealed, oldest crate first. A batch that every required output queue has promised stays in it
 * until its whole crate is, and all before it on its track are; then its positions go to the
 * checkpoints. A stream's records may be in several batches of a crate, and it is promised to the
 * furthest place of them: all of them are with their backends then. Its memory is used again when
 * no output queue holds it any more, which may be sooner (it is in a spool) or later (an output
 * that is not required still waits for its backend).
 */

#include "delivery/shipment.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "delivery/output_queues.h"
#include "delivery/parcel.h"
#include "delivery/track.h"
#include "otlp/encode.h"

enum {
    /* A request a far end may be asked to take (OTLP/HTTP recommends servers a limit of 64 MiB). */
    REQUEST_BYTES_MAX = 64 * 1024 * 1024,
    OPEN_BYTES_MAX = REQUEST_BYTES_MAX / 2, /* the rest is room for the largest record */
    SPARE_BATCHES_MAX = 8,
    SPARE_REQUESTS = 2, /* … but no more bytes than so many requests have */
    OPEN_BATCHES_MAX = 192,     /* different ways in one crate … */
    OPEN_BATCHES_A_RECORD = 65, /* … of which a record can add one for each route, and one more */
    OPEN_SHARE = 8, /* of memory_limit */
};

struct shipment {
    const struct settings *settings;
    struct shipment_env env;
    struct otlp_encoder *encoder;
    struct output_queues queues;
    struct tracks tracks;
    struct open *current; /* what the encoder writes; NULL: nothing */
    struct track *heavy;  /* waits until less is under way, and the others for it; NULL: none does */
    uint64_t sealed_ns;   /* monotonic time of the last request */
    struct batch *spare[SPARE_BATCHES_MAX];
    size_t spare_count;
    uint64_t sequence;
    uint64_t crate;
    size_t spare_bytes;
    size_t batch_bytes; /* a crate with a batch of this size is due */
    uint64_t batch_age_ms;
    uint64_t now_ns; /* the last time it was told */
    const struct checkpoint *stream; /* of the last record; only to tell it from the next */
    struct track *track;             /* … and where it went */
    bool is_turned; /* `track` is for the next record of the stream, too */
    bool was_full;  /* somebody asked for room, and there was none … */
    uint64_t full_crate; /* … and the first of them did before this one was sealed */
    bool has_failed;
    bool is_closing;
    bool is_alone; /* one output, no routes, no spool: what it cannot take is best left in the files */
};

/* ---- batches ---- */

static void recycle(struct shipment *shipment, struct batch *batch)
{
    if (shipment->spare_count == SPARE_BATCHES_MAX ||
        shipment->spare_bytes + batch->bytes.cap > SPARE_REQUESTS * shipment->batch_bytes) {
        batch_free(batch);
        return;
    }
    batch_clear(batch);
    batch->bytes.limit = REQUEST_BYTES_MAX;
    shipment->spare_bytes += batch->bytes.cap;
    shipment->spare[shipment->spare_count++] = batch;
}

static struct batch *take_spare(struct shipment *shipment)
{
    if (shipment->spare_count == 0) {
        return batch_new(REQUEST_BYTES_MAX);
    }
    struct batch *batch = shipment->spare[--shipment->spare_count];
    shipment->spare_bytes -= batch->bytes.cap;
    return batch;
}

static void release(void *context, struct batch *batch)
{
    ENSURE(batch->refs > 0);
    if (--batch->refs == 0) {
        recycle(context, batch);
    }
}

static struct batch *take_batch(struct shipment *shipment, const struct track *track,
                                uint64_t outputs)
{
    struct batch *batch = take_spare(shipment);
    batch->sequence = shipment->sequence++;
    batch->track = tracks_number(&shipment->tracks, track);
    batch->outputs = outputs;
    batch->refs = 1;
    return batch;
}

/* The open batch of what goes to these outputs, made if there is none. */
static struct open *open_batch(struct shipment *shipment, struct track *track, uint64_t outputs,
                               uint64_t now_ns)
{
    struct open *open = track_find_open(track, outputs);
    if (open == NULL) {
        ENSURE(track->open_count < OPEN_BATCHES_MAX);
        open = track_open(track, take_batch(shipment, track, outputs), now_ns);
    }
    return open;
}

/* From now on the encoder writes this one. */
static void turn_to(struct shipment *shipment, struct open *open)
{
    if (open == shipment->current) {
        return;
    }
    if (shipment->current != NULL) {
        shipment->current->pause = otlp_encoder_pause(shipment->encoder);
    }
    otlp_encoder_resume(shipment->encoder, &open->pause);
    shipment->current = open;
}

/* ---- the book ---- */

/* Positions of the oldest crates become promises. */
static void settle(struct shipment *shipment, struct track *track)
{
    struct batch *first;
    while ((first = track_peek_promised(track)) != NULL) {
        uint64_t crate = first->crate;
        while (track->book != NULL && track->book->crate == crate) {
            struct batch *batch = track_take_oldest(track);
            for (size_t i = 0; i < batch->position_count; i++) {
                checkpoint_advance(batch->positions[i].checkpoint, batch->positions[i].position);
            }
            release(shipment, batch);
        }
    }
}

static void promised(void *context, struct batch *batch)
{
    struct shipment *shipment = context;
    settle(shipment, &shipment->tracks.items[batch->track]);
}

/* ---- from open to sealed ---- */

static bool goes_to(const struct batch *batch, size_t output)
{
    return (batch->outputs >> output & 1) != 0 && batch->records > 0;
}

static unsigned count_bits(uint64_t bits)
{
    return (unsigned)__builtin_popcountll(bits);
}

/* The encoder is done with it. */
static struct batch *close_open(struct shipment *shipment, struct open *open)
{
    struct batch *batch = open->batch;
    turn_to(shipment, open);
    otlp_encoder_end(shipment->encoder, &batch->bytes);
    buf_trim(&batch->bytes);
    shipment->current = NULL;
    free(open);
    return batch;
}

static void enlist(struct shipment *shipment, struct track *track, struct batch *batch)
{
    /* Without records there are positions only. */
    batch->required = batch->records > 0 ? batch->outputs & shipment->queues.required : 0;
    batch->crate = shipment->crate;
    batch->refs++; /* ours, until every output queue has seen it */
    track_enlist(track, batch);
}

static void hand_out(struct shipment *shipment, struct batch *batch)
{
    if (batch->records > 0) {
        /* The output queues count it now. */
        counters_subtract(shipment->env.counters, C_RECORDS_IN_FLIGHT,
                          (uint64_t)batch->records * count_bits(batch->outputs));
        counters_add(shipment->env.counters, C_BATCHES, 1);
        counters_add(shipment->env.counters, C_BYTES_ENCODED, batch->bytes.len);
    }
    for (size_t i = 0; i < shipment->queues.count; i++) {
        if (goes_to(batch, i)) {
            output_queue_push(shipment->queues.items[i], batch);
        }
    }
}

/* All of the crate is in the book before any of it is on its way: an output queue may promise at
 * once. */
static void seal(struct shipment *shipment, struct track *track)
{
    struct batch *batches[OPEN_BATCHES_MAX];
    size_t count = track->open_count;
    shipment->sealed_ns = track_has_records(track) ? shipment->now_ns : shipment->sealed_ns;
    for (size_t i = 0; i < count; i++) {
        batches[i] = close_open(shipment, track->open[i]);
        enlist(shipment, track, batches[i]);
    }
    tracks_close(&shipment->tracks, track);
    shipment->heavy = shipment->heavy == track ? NULL : shipment->heavy;
    shipment->crate++;
    shipment->is_turned = false;
    counters_add(shipment->env.counters, C_VALUES_CUT, otlp_encoder_take_cut(shipment->encoder));
    for (size_t i = 0; i < count; i++) {
        hand_out(shipment, batches[i]);
    }
    settle(shipment, track);
    for (size_t i = 0; i < count; i++) {
        release(shipment, batches[i]);
    }
}

/* Every output queue that must have something of the crate has room. */
static bool is_there_room(const struct shipment *shipment, const struct track *track)
{
    for (size_t i = 0; i < shipment->queues.count; i++) {
        for (size_t j = 0; j < track->open_count && (shipment->queues.required >> i & 1) != 0;
             j++) {
            if (goes_to(track->open[j]->batch, i) &&
                !output_queue_has_room(shipment->queues.items[i])) {
                return false;
            }
        }
    }
    return true;
}

/* Something of the crate would leave at once, were it not so large. */
static bool is_heavy(const struct shipment *shipment, const struct track *track)
{
    for (size_t i = 0; i < shipment->queues.count; i++) {
        for (size_t j = 0; j < track->open_count; j++) {
            const struct batch *batch = track->open[j]->batch;
            if (goes_to(batch, i) && output_queue_lacks_bytes(shipment->queues.items[i], batch)) {
                return is_there_room(shipment, track);
            }
        }
    }
    return false;
}

/* Something of the crate would leave at once. */
static bool is_wanted(const struct shipment *shipment, const struct track *track)
{
    for (size_t i = 0; i < shipment->queues.count; i++) {
        for (size_t j = 0; j < track->open_count; j++) {
            const struct batch *batch = track->open[j]->batch;
            if (goes_to(batch, i) && output_queue_may_send(shipment->queues.items[i], batch)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_full(const struct shipment *shipment, const struct track *track)
{
    return tracks_is_full(&shipment->tracks, track);
}

/* What waits goes on growing, here. Once it is full it goes to the queues, which let the others go
 * on while one output fails, and to spools; of one that is alone, without a spool, it stays in the
 * files.
 *
 * Positions without records need no output queue, but wait for those before them, as one crate:
 * else a long outage would fill the book with them. */
static bool may_be_sealed(const struct shipment *shipment, const struct track *track)
{
    if (!track_has_records(track)) {
        return track->book == NULL;
    }
    return is_there_room(shipment, track) &&
           ((is_full(shipment, track) && !shipment->is_alone) || is_wanted(shipment, track));
}

static bool is_due(const struct shipment *shipment, const struct track *track, uint64_t now_ns)
{
    return track->open_count > 0 &&
           (now_ns == UINT64_MAX || track->largest_bytes >= shipment->batch_bytes ||
            is_full(shipment, track) ||
            now_ns - track->opened_ns >= shipment->batch_age_ms * 1000000u);
}

/* A large one would wait for ever, if small ones were always under way: it goes before them. */
static void seal_heavy(struct shipment *shipment)
{
    struct track *track = shipment->heavy;
    if (track != NULL && !is_heavy(shipment, track)) {
        shipment->heavy = NULL;
        if (may_be_sealed(shipment, track)) {
            seal(shipment, track);
        }
    }
}

static void seal_if_due(struct shipment *shipment, struct track *track, uint64_t now_ns)
{
    seal_heavy(shipment);
    if (!is_due(shipment, track, now_ns) ||
        (shipment->heavy != NULL && shipment->heavy != track)) {
        return;
    }
    if (may_be_sealed(shipment, track)) {
        seal(shipment, track);
    } else if (is_heavy(shipment, track)) {
        shipment->heavy = track;
    }
}

static void seal_all_due(struct shipment *shipment, uint64_t now_ns)
{
    for (size_t i = 0; i < BATCH_TRACKS_MAX; i++) {
        seal_if_due(shipment, &shipment->tracks.items[i], now_ns);
    }
}

/* What goes to a queue anyway is better large. */
static bool is_far(const struct shipment *shipment)
{
    return !shipment->is_alone || output_queues_are_far(&shipment->queues);
}

static void queue_moved(void *context)
{
    struct shipment *shipment = context;
    if (!shipment->is_closing) {
        tracks_limit_each(&shipment->tracks, is_far(shipment) ? SIZE_MAX : shipment->batch_bytes);
        seal_all_due(shipment, shipment->now_ns);
        shipment->env.room(shipment->env.context);
    }
}

/* ---- the shipment ---- */

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* As many tracks as requests may be under way, if memory has room for a whole batch on each; a third more,
 * for what is left is for others (track.h). */
static void set_tracks(struct shipment *shipment, uint64_t in_flight, uint64_t batch_bytes)
{
    uint64_t memory = share_of(&shipment->env.share, shipment->settings->memory_limit) / OPEN_SHARE;
    uint64_t room = smaller(memory, OPEN_BYTES_MAX) / 4 * 3;
    uint64_t count = smaller(in_flight, BATCH_TRACKS_MAX);
    count = smaller(count, room / batch_bytes);
    count = count > 0 ? count : 1;
    room = smaller(room, batch_bytes * count); /* what waits grows, of one stream alone so far */
    shipment->batch_bytes = (size_t)smaller(batch_bytes, room);
    tracks_limit(&shipment->tracks, (size_t)count, (size_t)(room / 3 * 4), shipment->batch_bytes);
    tracks_limit_each(&shipment->tracks, is_far(shipment) ? SIZE_MAX : shipment->batch_bytes);
    shipment->is_turned = false;
}

/* A batch serves all outputs, so it is what the most modest of them wants. */
static void set_limits(struct shipment *shipment, const struct settings *settings)
{
    uint64_t bytes = SIZE_MAX;
    uint64_t in_flight = 1;
    shipment->batch_age_ms = UINT64_MAX;
    shipment->is_alone = settings->output_count == 1 && settings->route_count == 0 &&
                         settings->outputs[0].spool_bytes_max == 0;
    for (size_t i = 0; i < settings->output_count; i++) {
        const struct output_settings *output = &settings->outputs[i];
        bytes = smaller(bytes, output->batch_bytes);
        in_flight = output->in_flight_max > in_flight ? output->in_flight_max : in_flight;
        shipment->batch_age_ms = smaller(shipment->batch_age_ms, output->batch_age_ms);
    }
    set_tracks(shipment, in_flight, bytes);
}

struct shipment *shipment_new(const struct settings *settings, const struct shipment_env *env,
                              char **out_error)
{
    struct shipment *shipment = mem_alloc(sizeof(*shipment));
    shipment->settings = settings;
    shipment->env = *env;
    tracks_init(&shipment->tracks);
    shipment->track = shipment->tracks.items;
    shipment->encoder = otlp_encoder_new(settings);
    set_limits(shipment, settings);
    const struct output_queue_env output_queue_env = {
        env->loop,   env->log, env->counters, promised,       release,
        queue_moved, shipment, env->share,    env->addresses, env->is_same_output};
    if (!output_queues_init(&shipment->queues, settings, &output_queue_env, out_error)) {
        shipment_free(shipment);
        return NULL;
    }
    return shipment;
}

/* ---- another config ---- */

bool shipment_prepare(struct shipment *shipment, const struct settings *settings, char **out_error)
{
    return output_queues_prepare(&shipment->queues, settings, out_error);
}

const uint8_t *shipment_next_places(const struct shipment *shipment)
{
    return shipment->queues.next_places;
}

void shipment_hold(struct shipment *shipment, const struct settings *settings)
{
    output_queues_hold(&shipment->queues, settings);
}

bool shipment_is_quiet(const struct shipment *shipment)
{
    return output_queues_are_quiet(&shipment->queues);
}

void shipment_release(struct shipment *shipment)
{
    output_queues_release(&shipment->queues);
}

void shipment_cancel(struct shipment *shipment)
{
    output_queues_cancel(&shipment->queues);
}

void shipment_commit(struct shipment *shipment, const struct settings *settings)
{
    shipment_part(shipment); /* what was read so far goes where the old config says */
    otlp_encoder_free(shipment->encoder);
    shipment->encoder = otlp_encoder_new(settings);
    shipment->settings = settings;
    set_limits(shipment, settings);
    output_queues_commit(&shipment->queues); /* what it promises is settled */
}

bool shipment_uses(const struct shipment *shipment, const struct settings *settings)
{
    return output_queues_use(&shipment->queues, settings);
}

static void free_spares(struct shipment *shipment)
{
    while (shipment->spare_count > 0) {
        batch_free(take_spare(shipment));
    }
}

void shipment_free(struct shipment *shipment)
{
    if (shipment == NULL) {
        return;
    }
    shipment->is_closing = true;
    if (output_queues_have_spool(&shipment->queues)) {
        shipment_part(shipment);
    }
    output_queues_fini(&shipment->queues);
    tracks_fini(&shipment->tracks);
    free_spares(shipment);
    otlp_encoder_free(shipment->encoder);
    free(shipment);
}

void shipment_rest(struct shipment *shipment)
{
    free_spares(shipment);
    output_queues_rest(&shipment->queues);
}

uint64_t shipment_batch_age_ms(const struct shipment *shipment)
{
    return shipment->batch_age_ms;
}

static void turn_to_stream(struct shipment *shipment, const struct checkpoint *stream)
{
    if (stream != shipment->stream || !shipment->is_turned) {
        shipment->track = tracks_find(&shipment->tracks, stream, shipment->track);
        shipment->stream = stream;
        shipment->is_turned = true;
    }
}

bool shipment_has_room(struct shipment *shipment, const struct checkpoint *stream)
{
    turn_to_stream(shipment, stream);
    bool has_room = !is_full(shipment, shipment->track);
    if (!has_room && !shipment->was_full) {
        shipment->was_full = true;
        shipment->full_crate = shipment->crate;
    }
    return has_room;
}

/* By an encoder of its own, for an open batch is under way in the other. False if no letter can hold
 * the record either. */
static bool keep_too_large(struct shipment *shipment, const struct record *record, uint64_t outputs)
{
    struct otlp_encoder *encoder = otlp_encoder_new(shipment->settings);
    struct buf request;
    buf_init(&request, PARCEL_UNPACKED_BYTES_MAX);
    bool is_kept = otlp_encoder_add(encoder, record, &request);
    otlp_encoder_end(encoder, &request);
    const struct refusal refusal = {buf_slice(&request), 1, 0, "larger than the maximum request"};
    for (size_t i = 0; i < shipment->queues.count && is_kept; i++) {
        is_kept = (outputs >> i & 1) == 0 ||
                  output_queue_refuse(shipment->queues.items[i], &refusal) == REFUSAL_KEPT;
    }
    buf_fini(&request);
    otlp_encoder_free(encoder);
    return is_kept;
}

static void refuse_too_large(struct shipment *shipment, const struct record *record,
                             uint64_t outputs)
{
    bool is_kept = keep_too_large(shipment, record, outputs);
    counters_add(shipment->env.counters, C_RECORDS_TOO_LARGE, 1);
    shipment->has_failed = true;
    log_event(shipment->env.log, LOG_ERROR,
              "a record of %zu bytes at byte %llu of %s exceeds the maximum size of a request (%d "
              "bytes); it is not sent%s",
              record->line.len, (unsigned long long)record->offset,
              record->source->path != NULL ? record->source->path : "standard input",
              REQUEST_BYTES_MAX, is_kept ? ", but kept as a dead letter" : "");
}

static void note_growth(struct shipment *shipment, const struct batch *batch, size_t len_before)
{
    tracks_grow(&shipment->tracks, shipment->track, batch->bytes.len - len_before,
                batch->bytes.len);
}

void shipment_put(struct shipment *shipment, const struct record *record, uint64_t outputs,
                  struct checkpoint *checkpoint, struct position safe, uint64_t now_ns)
{
    outputs &= shipment->queues.all;
    turn_to_stream(shipment, checkpoint);
    struct open *open = open_batch(shipment, shipment->track, outputs, now_ns);
    struct batch *batch = open->batch;
    size_t len = batch->bytes.len;
    turn_to(shipment, open);
    shipment->now_ns = now_ns;
    if (otlp_encoder_add(shipment->encoder, record, &batch->bytes)) {
        batch->records++;
        counters_add(shipment->env.counters, C_RECORDS_IN_FLIGHT, count_bits(outputs));
    } else {
        refuse_too_large(shipment, record, outputs);
    }
    if (checkpoint != NULL) {
        batch_add_position(batch, checkpoint, safe);
    }
    note_growth(shipment, batch, len);
}

void shipment_put_end(struct shipment *shipment)
{
    struct track *track = shipment->track;
    if (track->open_count + OPEN_BATCHES_A_RECORD > OPEN_BATCHES_MAX) {
        seal(shipment, track);
    } else if (track->largest_bytes >= shipment->batch_bytes || is_full(shipment, track)) {
        seal_if_due(shipment, track, shipment->now_ns);
    }
}

void shipment_add(struct shipment *shipment, const struct record *record,
                  struct checkpoint *checkpoint, struct position safe, uint64_t now_ns)
{
    shipment_put(shipment, record, UINT64_MAX, checkpoint, safe, now_ns);
    shipment_put_end(shipment);
}

void shipment_skip(struct shipment *shipment, struct checkpoint *checkpoint, struct position safe,
                   uint64_t now_ns)
{
    shipment->now_ns = now_ns;
    if (checkpoint != NULL) {
        turn_to_stream(shipment, checkpoint);
        batch_add_position(open_batch(shipment, shipment->track, 0, now_ns)->batch, checkpoint,
                           safe);
    }
}

void shipment_part(struct shipment *shipment)
{
    for (size_t i = 0; i < BATCH_TRACKS_MAX; i++) {
        if (shipment->tracks.items[i].open_count > 0) {
            seal(shipment, &shipment->tracks.items[i]);
        }
    }
}

uint64_t shipment_mark(struct shipment *shipment)
{
    shipment_part(shipment);
    return shipment->crate;
}

bool shipment_is_settled(const struct shipment *shipment, uint64_t mark)
{
    for (size_t i = 0; i < BATCH_TRACKS_MAX; i++) {
        const struct batch *first = shipment->tracks.items[i].book;
        if (first != NULL && first->crate < mark) {
            return false;
        }
    }
    return true;
}

uint64_t shipment_leads_in_ns(const struct shipment *shipment, uint64_t now_ns)
{
    uint64_t age_ns = shipment->batch_age_ms * 1000000u;
    uint64_t past_ns = now_ns - shipment->sealed_ns;
    return past_ns < age_ns ? age_ns - past_ns : 0;
}

void shipment_lead(struct shipment *shipment, uint64_t now_ns)
{
    if (shipment_leads_in_ns(shipment, now_ns) > 0 || tracks_have_book(&shipment->tracks)) {
        return;
    }
    for (size_t i = 0; i < BATCH_TRACKS_MAX; i++) {
        struct track *track = &shipment->tracks.items[i];
        if (track_has_records(track) && may_be_sealed(shipment, track)) {
            seal(shipment, track);
        }
    }
}

void shipment_flush(struct shipment *shipment, uint64_t now_ns)
{
    shipment->now_ns = now_ns != UINT64_MAX ? now_ns : shipment->now_ns;
    output_queues_tick(&shipment->queues);
    seal_all_due(shipment, now_ns);
    if (shipment->was_full && shipment->crate != shipment->full_crate) {
        shipment->was_full = false;
        shipment->env.room(shipment->env.context);
    }
}

bool shipment_is_empty(const struct shipment *shipment)
{
    return output_queues_are_empty(&shipment->queues) && !tracks_are_open(&shipment->tracks) &&
           !tracks_have_book(&shipment->tracks);
}

bool shipment_is_safe(const struct shipment *shipment)
{
    return output_queues_are_safe(&shipment->queues) && !tracks_are_open(&shipment->tracks);
}

size_t shipment_books(const struct shipment *shipment, struct output_books *books, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < shipment->queues.count && count < max; i++) {
        if (shipment->queues.items[i] == NULL) {
            continue;
        }
        books[count++] = output_queue_books(shipment->queues.items[i]);
    }
    return count;
}

bool shipment_is_mistaken(const struct shipment *shipment)
{
    return output_queues_are_mistaken(&shipment->queues);
}

bool shipment_has_failed(const struct shipment *shipment)
{
    return shipment->has_failed || output_queues_have_failed(&shipment->queues);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The book of batches.
 *
 * Records of different ways (sets of outputs) fill batches of their own, side by side: the crate. All
 * of it is sealed at once, so what is in one crate was read after all that is in the one before. What
 * no output gets has a batch too, with positions only. Without routes a crate is one batch.
 *
 * While requests wait, crates end between two streams if they can: those that have no stream in common
 * may be under way side by side once the far end takes them, from memory or from a spool.
 *
 * The book lists the batches that are sealed, oldest crate first. A batch that every required lane has
 * promised stays in it until its whole crate is, and all before it are; then its positions go to the
 * checkpoints. A stream's records may be in several batches of a crate, and it is promised to the
 * furthest place of them: all of them are with their far ends then. Its memory is used again when no
 * lane holds it any more, which may be sooner (it is in a spool) or later (an output that is not
 * required still waits for its far end).
 */

#include "shipment.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "core/parcel.h"
#include "lanes.h"
#include "outputs/otlp_encode.h"

enum {
    /* A request a far end may be asked to take (OTLP/HTTP recommends servers a limit of 64 MiB). */
    REQUEST_BYTES_MAX = 64 * 1024 * 1024,
    OPEN_BYTES_MAX = REQUEST_BYTES_MAX / 2, /* the rest is room for the largest record */
    SPARE_BATCHES_MAX = 8, /* as many as may be under way at default settings, and more */
    OPEN_BATCHES_ALONE = 2, /* of batch.bytes: so large may the open batch of a single output grow */
    OPEN_BATCHES_MAX = 192,     /* different ways in one crate … */
    OPEN_BATCHES_A_RECORD = 65, /* … of which a record can add one for each route, and one more */
    OPEN_SHARE = 16, /* of memory_limit */
};

/* A batch that takes records, and where its request stands while the encoder writes another. */
struct open {
    struct batch *batch;
    struct otlp_pause pause;
};

struct shipment {
    const struct settings *settings;
    struct shipment_env env;
    struct otlp_encoder *encoder;
    struct lanes lanes;
    struct open open[OPEN_BATCHES_MAX]; /* the crate that is being filled */
    size_t open_count;
    size_t current;       /* the one of them that the encoder writes */
    size_t open_bytes;    /* all of them */
    size_t largest_bytes; /* one of them */
    uint64_t opened_ns;   /* monotonic time of the first one's first record */
    uint64_t sealed_ns;   /* … of the last request */
    struct batch *book;
    struct batch **book_end;
    struct batch *spare[SPARE_BATCHES_MAX];
    size_t spare_count;
    uint64_t sequence;
    uint64_t crate;
    size_t batch_bytes;    /* a crate with a batch of this size is due */
    size_t open_bytes_max; /* one of this size takes no more */
    uint64_t batch_age_ms;
    uint64_t now_ns; /* the last time it was told */
    const struct checkpoint *stream; /* of the last record; only to tell it from the next */
    bool has_failed;
    bool is_closing;
    bool is_alone; /* one output, no routes, no spool: what it cannot take is best left in the files */
};

/* ---- batches ---- */

static void recycle(struct shipment *shipment, struct batch *batch)
{
    if (shipment->spare_count == SPARE_BATCHES_MAX ||
        batch->bytes.cap > 2 * shipment->open_bytes_max) {
        batch_free(batch);
        return;
    }
    batch_clear(batch);
    batch->bytes.limit = REQUEST_BYTES_MAX;
    shipment->spare[shipment->spare_count++] = batch;
}

static void release(void *context, struct batch *batch)
{
    ENSURE(batch->refs > 0);
    if (--batch->refs == 0) {
        recycle(context, batch);
    }
}

static struct batch *take_batch(struct shipment *shipment, uint64_t outputs)
{
    struct batch *batch = shipment->spare_count > 0 ? shipment->spare[--shipment->spare_count]
                                                    : batch_new(REQUEST_BYTES_MAX);
    batch->sequence = shipment->sequence++;
    batch->crate = shipment->crate;
    batch->outputs = outputs;
    batch->refs = 1;
    return batch;
}

static size_t find_open(const struct shipment *shipment, uint64_t outputs)
{
    size_t i = 0;
    while (i < shipment->open_count && shipment->open[i].batch->outputs != outputs) {
        i++;
    }
    return i;
}

/* The open batch of what goes to these outputs, made if there is none. */
static size_t open_batch(struct shipment *shipment, uint64_t outputs, uint64_t now_ns)
{
    size_t index = find_open(shipment, outputs);
    if (index == shipment->open_count) {
        ENSURE(index < OPEN_BATCHES_MAX);
        shipment->opened_ns = index == 0 ? now_ns : shipment->opened_ns;
        shipment->open[shipment->open_count++] =
            (struct open){.batch = take_batch(shipment, outputs)};
    }
    return index;
}

/* From now on the encoder writes this one. */
static void turn_to(struct shipment *shipment, size_t index)
{
    if (index != shipment->current) {
        shipment->open[shipment->current].pause = otlp_encoder_pause(shipment->encoder);
        otlp_encoder_resume(shipment->encoder, &shipment->open[index].pause);
        shipment->current = index;
    }
}

/* ---- the book ---- */

/* Every batch of the crate that begins with this one. */
static bool is_promised(const struct batch *first)
{
    const struct batch *batch = first;
    while (batch != NULL && batch->crate == first->crate && batch->required == 0) {
        batch = batch->next;
    }
    return batch == NULL || batch->crate != first->crate;
}

static void settle_oldest(struct shipment *shipment)
{
    struct batch *batch = shipment->book;
    for (size_t i = 0; i < batch->position_count; i++) {
        checkpoint_advance(batch->positions[i].checkpoint, batch->positions[i].position);
    }
    shipment->book = batch->next;
    if (shipment->book == NULL) {
        shipment->book_end = &shipment->book;
    }
    release(shipment, batch);
}

/* Positions of the oldest crates become promises. */
static void settle(struct shipment *shipment)
{
    while (shipment->book != NULL && is_promised(shipment->book)) {
        uint64_t crate = shipment->book->crate;
        while (shipment->book != NULL && shipment->book->crate == crate) {
            settle_oldest(shipment);
        }
    }
}

static void enlist(struct shipment *shipment, struct batch *batch)
{
    *shipment->book_end = batch;
    shipment->book_end = &batch->next;
}

static void promised(void *context)
{
    settle(context);
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

static void enlist_open(struct shipment *shipment, size_t index)
{
    struct batch *batch = shipment->open[index].batch;
    turn_to(shipment, index);
    otlp_encoder_end(shipment->encoder, &batch->bytes);
    /* Without records there are positions only. */
    batch->required = batch->records > 0 ? batch->outputs & shipment->lanes.required : 0;
    batch->refs++; /* ours, until every lane has seen it */
    enlist(shipment, batch);
}

static void hand_out(struct shipment *shipment, struct batch *batch)
{
    if (batch->records > 0) {
        counters_subtract(shipment->env.counters, C_RECORDS_IN_FLIGHT, /* the lanes count it now */
                          (uint64_t)batch->records * count_bits(batch->outputs));
        counters_add(shipment->env.counters, C_BATCHES, 1);
        counters_add(shipment->env.counters, C_BYTES_ENCODED, batch->bytes.len);
    }
    for (size_t i = 0; i < shipment->lanes.count; i++) {
        if (goes_to(batch, i)) {
            lane_push(shipment->lanes.items[i], batch);
        }
    }
}

static bool has_records(const struct shipment *shipment)
{
    for (size_t i = 0; i < shipment->open_count; i++) {
        if (shipment->open[i].batch->records > 0) {
            return true;
        }
    }
    return false;
}

/* All of the crate is in the book before any of it is on its way: a lane may promise at once. */
static void seal(struct shipment *shipment)
{
    size_t count = shipment->open_count;
    shipment->sealed_ns = has_records(shipment) ? shipment->now_ns : shipment->sealed_ns;
    for (size_t i = 0; i < count; i++) {
        enlist_open(shipment, i);
    }
    shipment->current = 0;
    shipment->open_count = 0; /* nobody adds before this ends: the entries stay */
    shipment->open_bytes = 0;
    shipment->largest_bytes = 0;
    shipment->crate++;
    counters_add(shipment->env.counters, C_VALUES_CUT, otlp_encoder_take_cut(shipment->encoder));
    for (size_t i = 0; i < count; i++) {
        hand_out(shipment, shipment->open[i].batch);
    }
    settle(shipment);
    for (size_t i = 0; i < count; i++) {
        release(shipment, shipment->open[i].batch);
    }
}

static bool is_full(const struct shipment *shipment)
{
    return shipment->open_bytes >= shipment->open_bytes_max;
}

/* A queue lets the others go on while one output fails, and a spool gather what it is for. */
static bool has_lane_room(const struct shipment *shipment, const struct lane *lane)
{
    return lane_has_room(lane) &&
           (!shipment->is_alone || !lane_is_behind(lane));
}

/* Every lane that must have something of the crate has room. */
static bool is_there_room(const struct shipment *shipment)
{
    for (size_t i = 0; i < shipment->lanes.count; i++) {
        for (size_t j = 0; j < shipment->open_count && (shipment->lanes.required >> i & 1) != 0; j++) {
            if (goes_to(shipment->open[j].batch, i) &&
                !has_lane_room(shipment, shipment->lanes.items[i])) {
                return false;
            }
        }
    }
    return true;
}

/* Something of the crate would leave at once. */
static bool is_wanted(const struct shipment *shipment)
{
    for (size_t i = 0; i < shipment->lanes.count; i++) {
        for (size_t j = 0; j < shipment->open_count; j++) {
            const struct batch *batch = shipment->open[j].batch;
            if (goes_to(batch, i) && lane_may_send(shipment->lanes.items[i], batch)) {
                return true;
            }
        }
    }
    return false;
}

/* Positions without records need no lane, but wait for those before them, as one crate: else a long
 * outage would fill the book with them. */
static bool may_be_sealed(const struct shipment *shipment)
{
    if (!has_records(shipment)) {
        return shipment->book == NULL;
    }
    return is_there_room(shipment) && (is_full(shipment) || is_wanted(shipment));
}

static bool is_due(const struct shipment *shipment, uint64_t now_ns)
{
    return shipment->open_count > 0 &&
           (now_ns == UINT64_MAX || shipment->largest_bytes >= shipment->batch_bytes ||
            is_full(shipment) ||
            now_ns - shipment->opened_ns >= shipment->batch_age_ms * 1000000u);
}

static void seal_if_due(struct shipment *shipment, uint64_t now_ns)
{
    if (is_due(shipment, now_ns) && may_be_sealed(shipment)) {
        seal(shipment);
    }
}

static void lane_moved(void *context)
{
    struct shipment *shipment = context;
    if (!shipment->is_closing) {
        seal_if_due(shipment, shipment->now_ns);
        shipment->env.room(shipment->env.context);
    }
}

/* ---- the shipment ---- */

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A batch serves all outputs, so it is what the most modest of them wants. */
static void set_limits(struct shipment *shipment, const struct settings *settings)
{
    uint64_t bytes = SIZE_MAX;
    uint64_t open_bytes = smaller(
        share_of(&shipment->env.share, settings->memory_limit) / OPEN_SHARE, OPEN_BYTES_MAX);
    shipment->batch_age_ms = UINT64_MAX;
    shipment->is_alone = settings->output_count == 1 && settings->route_count == 0 &&
                         settings->outputs[0].spool_bytes_max == 0;
    for (size_t i = 0; i < settings->output_count; i++) {
        const struct output_settings *output = &settings->outputs[i];
        bytes = smaller(bytes, output->batch_bytes);
        open_bytes = smaller(open_bytes, output->batch_bytes * (shipment->is_alone
                                                                    ? OPEN_BATCHES_ALONE
                                                                    : output->in_flight_max));
        shipment->batch_age_ms = smaller(shipment->batch_age_ms, output->batch_age_ms);
    }
    shipment->open_bytes_max = open_bytes;
    shipment->batch_bytes = smaller(bytes, open_bytes);
}

struct shipment *shipment_new(const struct settings *settings, const struct shipment_env *env,
                              char **out_error)
{
    struct shipment *shipment = mem_alloc(sizeof(*shipment));
    shipment->settings = settings;
    shipment->env = *env;
    shipment->book_end = &shipment->book;
    shipment->encoder = otlp_encoder_new(settings);
    set_limits(shipment, settings);
    const struct lane_env lane_env = {env->loop, env->log,   env->counters, promised,
                                      release,   lane_moved, shipment,      env->share,
                                      env->addresses};
    if (!lanes_init(&shipment->lanes, settings, &lane_env, out_error)) {
        shipment_free(shipment);
        return NULL;
    }
    return shipment;
}

/* ---- another config ---- */

bool shipment_prepare(struct shipment *shipment, const struct settings *settings, char **out_error)
{
    return lanes_prepare(&shipment->lanes, settings, out_error);
}

const uint8_t *shipment_next_places(const struct shipment *shipment)
{
    return shipment->lanes.next_places;
}

void shipment_hold(struct shipment *shipment, const struct settings *settings)
{
    lanes_hold(&shipment->lanes, settings);
}

bool shipment_is_quiet(const struct shipment *shipment)
{
    return lanes_are_quiet(&shipment->lanes);
}

void shipment_release(struct shipment *shipment)
{
    lanes_release(&shipment->lanes);
}

void shipment_cancel(struct shipment *shipment)
{
    lanes_cancel(&shipment->lanes);
}

void shipment_commit(struct shipment *shipment, const struct settings *settings)
{
    shipment_part(shipment); /* what was read so far goes where the old config says */
    otlp_encoder_free(shipment->encoder);
    shipment->encoder = otlp_encoder_new(settings);
    shipment->settings = settings;
    set_limits(shipment, settings);
    lanes_commit(&shipment->lanes);
    settle(shipment);
}

bool shipment_uses(const struct shipment *shipment, const struct settings *settings)
{
    return lanes_use(&shipment->lanes, settings);
}

static void free_spares(struct shipment *shipment)
{
    while (shipment->spare_count > 0) {
        batch_free(shipment->spare[--shipment->spare_count]);
    }
}

void shipment_free(struct shipment *shipment)
{
    if (shipment == NULL) {
        return;
    }
    shipment->is_closing = true;
    if (shipment->open_count > 0 && lanes_have_spool(&shipment->lanes)) {
        seal(shipment);
    }
    lanes_fini(&shipment->lanes);
    while (shipment->book != NULL) {
        struct batch *batch = shipment->book;
        shipment->book = batch->next;
        batch_free(batch);
    }
    for (size_t i = 0; i < shipment->open_count; i++) {
        batch_free(shipment->open[i].batch);
    }
    free_spares(shipment);
    otlp_encoder_free(shipment->encoder);
    free(shipment);
}

void shipment_rest(struct shipment *shipment)
{
    free_spares(shipment);
    lanes_rest(&shipment->lanes);
}

uint64_t shipment_batch_age_ms(const struct shipment *shipment)
{
    return shipment->batch_age_ms;
}

bool shipment_has_room(const struct shipment *shipment)
{
    return !is_full(shipment);
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
    const struct refusal refusal = {buf_slice(&request), 1, 0, "larger than a request may be"};
    for (size_t i = 0; i < shipment->lanes.count && is_kept; i++) {
        is_kept = (outputs >> i & 1) == 0 ||
                  lane_refuse(shipment->lanes.items[i], &refusal) == REFUSAL_KEPT;
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
              "a record of %zu bytes at byte %llu of %s is larger than a request may be (%d bytes); "
              "it is not sent%s",
              record->line.len, (unsigned long long)record->offset,
              record->source->path != NULL ? record->source->path : "standard input",
              REQUEST_BYTES_MAX, is_kept ? ", but kept as a dead letter" : "");
}

/* The next record is of another stream. */
static void turn_to_stream(struct shipment *shipment, const struct checkpoint *stream)
{
    shipment->stream = stream;
    if (shipment->open_bytes >= shipment->open_bytes_max / 4 * 3 &&
        lanes_are_behind(&shipment->lanes) && has_records(shipment) && is_there_room(shipment)) {
        seal(shipment);
    }
}

void shipment_put(struct shipment *shipment, const struct record *record, uint64_t outputs,
                  struct checkpoint *checkpoint, struct position safe, uint64_t now_ns)
{
    outputs &= shipment->lanes.all;
    if (checkpoint != shipment->stream) {
        turn_to_stream(shipment, checkpoint);
    }
    size_t index = open_batch(shipment, outputs, now_ns);
    struct batch *batch = shipment->open[index].batch;
    size_t len = batch->bytes.len;
    turn_to(shipment, index);
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
    shipment->open_bytes += batch->bytes.len - len;
    if (batch->bytes.len > shipment->largest_bytes) {
        shipment->largest_bytes = batch->bytes.len;
    }
}

void shipment_put_end(struct shipment *shipment)
{
    if (shipment->open_count + OPEN_BATCHES_A_RECORD > OPEN_BATCHES_MAX) {
        seal(shipment);
    } else if (shipment->largest_bytes >= shipment->batch_bytes || is_full(shipment)) {
        seal_if_due(shipment, shipment->now_ns);
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
        size_t index = open_batch(shipment, 0, now_ns);
        batch_add_position(shipment->open[index].batch, checkpoint, safe);
    }
}

void shipment_part(struct shipment *shipment)
{
    if (shipment->open_count > 0) {
        seal(shipment);
    }
}

uint64_t shipment_mark(struct shipment *shipment)
{
    shipment_part(shipment);
    return shipment->crate;
}

bool shipment_is_settled(const struct shipment *shipment, uint64_t mark)
{
    return shipment->book == NULL || shipment->book->crate >= mark;
}

uint64_t shipment_leads_in_ns(const struct shipment *shipment, uint64_t now_ns)
{
    uint64_t age_ns = shipment->batch_age_ms * 1000000u;
    uint64_t past_ns = now_ns - shipment->sealed_ns;
    return past_ns < age_ns ? age_ns - past_ns : 0;
}

void shipment_lead(struct shipment *shipment, uint64_t now_ns)
{
    if (shipment->open_count > 0 && shipment->book == NULL &&
        shipment_leads_in_ns(shipment, now_ns) == 0 && has_records(shipment) &&
        may_be_sealed(shipment)) {
        seal(shipment);
    }
}

void shipment_flush(struct shipment *shipment, uint64_t now_ns)
{
    bool had_room = shipment_has_room(shipment);
    shipment->now_ns = now_ns != UINT64_MAX ? now_ns : shipment->now_ns;
    lanes_tick(&shipment->lanes);
    seal_if_due(shipment, now_ns);
    if (!had_room && shipment_has_room(shipment)) {
        shipment->env.room(shipment->env.context);
    }
}

bool shipment_is_empty(const struct shipment *shipment)
{
    return lanes_are_empty(&shipment->lanes) && shipment->open_count == 0 && shipment->book == NULL;
}

bool shipment_is_safe(const struct shipment *shipment)
{
    return lanes_are_safe(&shipment->lanes) && shipment->open_count == 0;
}

size_t shipment_books(const struct shipment *shipment, struct output_books *books, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < shipment->lanes.count && count < max; i++) {
        if (shipment->lanes.items[i] == NULL) {
            continue;
        }
        books[count++] = lane_books(shipment->lanes.items[i]);
    }
    return count;
}

bool shipment_is_mistaken(const struct shipment *shipment)
{
    return lanes_are_mistaken(&shipment->lanes);
}

bool shipment_has_failed(const struct shipment *shipment)
{
    return shipment->has_failed || lanes_have_failed(&shipment->lanes);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The book of batches.
 *
 * The book lists the batches that are sealed, oldest first. One that every required lane has promised
 * stays in it until all before it are promised too, then its positions go to the checkpoints. Its
 * memory is used again when no lane holds it any more, which may be sooner (it is in a spool) or later
 * (an output that is not required still waits for its far end).
 */

#include "shipment.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "core/parcel.h"
#include "lane.h"
#include "outputs/otlp_encode.h"

enum {
    /* A request a far end may be asked to take (OTLP/HTTP recommends servers a limit of 64 MiB). */
    REQUEST_BYTES_MAX = 64 * 1024 * 1024,
    OPEN_BYTES_MAX = REQUEST_BYTES_MAX / 2, /* the rest is room for the largest record */
    SPARE_BATCHES_MAX = 2,
    /* Shares of memory_limit: 1/8 for the queues, as much for what outputs have in hand. */
    LANES_SHARE = 8,
    OPEN_SHARE = 16,
};

struct shipment {
    const struct settings *settings;
    struct shipment_env env;
    struct otlp_encoder *encoder;
    struct lane **lanes;
    size_t lane_count;
    unsigned required_count;
    struct batch *open;
    struct batch *book;
    struct batch **book_end;
    struct batch *spare[SPARE_BATCHES_MAX];
    size_t spare_count;
    uint64_t sequence;
    size_t batch_bytes;    /* an open batch of this size is due */
    size_t open_bytes_max; /* one of this size takes no more */
    uint64_t batch_age_ms;
    uint64_t now_ns; /* the last time it was told */
    bool has_failed;
    bool is_closing;
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

static struct batch *open_batch(struct shipment *shipment, uint64_t now_ns)
{
    if (shipment->open == NULL) {
        struct batch *batch = shipment->spare_count > 0
                                  ? shipment->spare[--shipment->spare_count]
                                  : batch_new(REQUEST_BYTES_MAX);
        batch->sequence = shipment->sequence++;
        batch->opened_ns = now_ns;
        batch->refs = 1;
        shipment->open = batch;
    }
    return shipment->open;
}

/* ---- the book ---- */

/* Positions of the oldest batches become promises. */
static void settle(struct shipment *shipment)
{
    while (shipment->book != NULL && shipment->book->awaited == 0) {
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
}

static void enlist(struct shipment *shipment, struct batch *batch)
{
    *shipment->book_end = batch;
    shipment->book_end = &batch->next;
}

static void promised(void *context, struct batch *batch)
{
    struct shipment *shipment = context;
    ENSURE(batch->awaited > 0);
    batch->awaited--;
    settle(shipment);
}

/* ---- from open to sealed ---- */

static void seal(struct shipment *shipment)
{
    struct batch *batch = shipment->open;
    shipment->open = NULL;
    batch->awaited = batch->records > 0 ? shipment->required_count : 0; /* else positions only */
    batch->refs++; /* ours, until every lane has seen it */
    enlist(shipment, batch);
    if (batch->records > 0) {
        otlp_encoder_end(shipment->encoder, &batch->bytes);
        counters_subtract(shipment->env.counters, C_RECORDS_IN_FLIGHT,
                          batch->records * shipment->lane_count); /* the lanes count it from now */
        counters_add(shipment->env.counters, C_BATCHES, 1);
        counters_add(shipment->env.counters, C_BYTES_ENCODED, batch->bytes.len);
        for (size_t i = 0; i < shipment->lane_count; i++) {
            lane_push(shipment->lanes[i], batch);
        }
    }
    settle(shipment);
    release(shipment, batch);
}

/* Positions without records need no lane, but wait for those before them, as one batch: else a long
 * outage would fill the book with them. */
static bool may_be_sealed(const struct shipment *shipment)
{
    const struct batch *batch = shipment->open;
    bool is_wanted = batch->bytes.len >= shipment->open_bytes_max;
    if (batch->records == 0) {
        return shipment->book == NULL;
    }
    for (size_t i = 0; i < shipment->lane_count; i++) {
        const struct lane *lane = shipment->lanes[i];
        if (lane_is_required(lane) && !lane_has_room(lane)) {
            return false;
        }
        is_wanted = is_wanted || lane_may_send(lane, batch);
    }
    return is_wanted;
}

static bool is_due(const struct shipment *shipment, uint64_t now_ns)
{
    const struct batch *batch = shipment->open;
    return batch != NULL && (now_ns == UINT64_MAX || batch->bytes.len >= shipment->batch_bytes ||
                             now_ns - batch->opened_ns >= shipment->batch_age_ms * 1000000u);
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
    uint64_t open_bytes = smaller(settings->memory_limit / OPEN_SHARE, OPEN_BYTES_MAX);
    shipment->batch_age_ms = UINT64_MAX;
    for (size_t i = 0; i < settings->output_count; i++) {
        const struct output_settings *output = &settings->outputs[i];
        bytes = smaller(bytes, output->batch_bytes);
        open_bytes = smaller(open_bytes, output->batch_bytes * output->in_flight_max);
        shipment->batch_age_ms = smaller(shipment->batch_age_ms, output->batch_age_ms);
    }
    shipment->open_bytes_max = open_bytes;
    shipment->batch_bytes = smaller(bytes, open_bytes);
}

static bool open_lanes(struct shipment *shipment, const struct settings *settings, char **out_error)
{
    const struct lane_env env = {shipment->env.loop, shipment->env.log, shipment->env.counters,
                                 promised, release, lane_moved, shipment};
    uint64_t lane_bytes = settings->memory_limit / LANES_SHARE / settings->output_count;
    shipment->lanes = mem_array(settings->output_count, sizeof(struct lane *));
    for (unsigned i = 0; i < settings->output_count; i++) {
        struct lane *lane = lane_new(settings, i, lane_bytes, &env, out_error);
        if (lane == NULL) {
            return false;
        }
        shipment->lanes[shipment->lane_count++] = lane;
        shipment->required_count += lane_is_required(lane) ? 1 : 0;
    }
    return true;
}

static bool is_output(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->output_count; i++) {
        if (strcmp(settings->outputs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What waits in the spool of an output that the config no longer has would wait for ever unsaid. */
static void name_left_spools(const struct shipment *shipment, const struct settings *settings)
{
    char *path = mem_format("%s/spool", settings->data_dir);
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.' && !is_output(settings, entry->d_name) &&
            unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR) < 0) { /* it is not empty */
            log_event(shipment->env.log, LOG_WARN,
                      "%s/%s is the spool of an output that the config no longer has: name an output "
                      "so to send what is in there, or remove it",
                      path, entry->d_name);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    free(path);
}

struct shipment *shipment_new(const struct settings *settings, const struct shipment_env *env,
                              char **out_error)
{
    if (settings->output_count > CHECKPOINT_OUTPUTS_MAX) {
        *out_error = mem_format("there are %zu outputs, more than %d", settings->output_count,
                                CHECKPOINT_OUTPUTS_MAX);
        return NULL;
    }
    struct shipment *shipment = mem_alloc(sizeof(*shipment));
    shipment->settings = settings;
    shipment->env = *env;
    shipment->book_end = &shipment->book;
    shipment->encoder = otlp_encoder_new(settings);
    set_limits(shipment, settings);
    if (!open_lanes(shipment, settings, out_error)) {
        shipment_free(shipment);
        return NULL;
    }
    name_left_spools(shipment, settings);
    return shipment;
}

static bool has_spool(const struct shipment *shipment)
{
    for (size_t i = 0; i < shipment->lane_count; i++) {
        if (lane_has_spool(shipment->lanes[i])) {
            return true;
        }
    }
    return false;
}

void shipment_free(struct shipment *shipment)
{
    if (shipment == NULL) {
        return;
    }
    shipment->is_closing = true;
    if (shipment->open != NULL && has_spool(shipment)) {
        seal(shipment);
    }
    for (size_t i = 0; i < shipment->lane_count; i++) {
        lane_free(shipment->lanes[i]);
    }
    while (shipment->book != NULL) {
        struct batch *batch = shipment->book;
        shipment->book = batch->next;
        batch_free(batch);
    }
    batch_free(shipment->open);
    while (shipment->spare_count > 0) {
        batch_free(shipment->spare[--shipment->spare_count]);
    }
    otlp_encoder_free(shipment->encoder);
    free(shipment->lanes);
    free(shipment);
}

uint64_t shipment_batch_age_ms(const struct shipment *shipment)
{
    return shipment->batch_age_ms;
}

bool shipment_has_room(const struct shipment *shipment)
{
    return shipment->open == NULL || shipment->open->bytes.len < shipment->open_bytes_max;
}

/* By an encoder of its own, for the open batch is under way in the other. False if no letter can hold
 * the record either. */
static bool keep_too_large(struct shipment *shipment, const struct record *record)
{
    struct otlp_encoder *encoder = otlp_encoder_new(shipment->settings);
    struct buf request;
    buf_init(&request, PARCEL_UNPACKED_BYTES_MAX);
    bool is_kept = otlp_encoder_add(encoder, record, &request);
    otlp_encoder_end(encoder, &request);
    const struct refusal refusal = {buf_slice(&request), 1, 0, "larger than a request may be"};
    for (size_t i = 0; i < shipment->lane_count && is_kept; i++) {
        is_kept = lane_refuse(shipment->lanes[i], &refusal) == REFUSAL_KEPT;
    }
    buf_fini(&request);
    otlp_encoder_free(encoder);
    return is_kept;
}

static void refuse_too_large(struct shipment *shipment, const struct record *record)
{
    bool is_kept = keep_too_large(shipment, record);
    counters_add(shipment->env.counters, C_RECORDS_TOO_LARGE, 1);
    shipment->has_failed = true;
    log_event(shipment->env.log, LOG_ERROR,
              "a record of %zu bytes at byte %llu of %s is larger than a request may be (%d bytes); "
              "it is not sent%s",
              record->line.len, (unsigned long long)record->offset,
              record->source->path != NULL ? record->source->path : "standard input",
              REQUEST_BYTES_MAX, is_kept ? ", but kept as a dead letter" : "");
}

void shipment_add(struct shipment *shipment, const struct record *record,
                  struct checkpoint *checkpoint, struct position safe, uint64_t now_ns)
{
    struct batch *batch = open_batch(shipment, now_ns);
    shipment->now_ns = now_ns;
    if (otlp_encoder_add(shipment->encoder, record, &batch->bytes)) {
        batch->records++;
        counters_add(shipment->env.counters, C_RECORDS_IN_FLIGHT, shipment->lane_count);
    } else {
        refuse_too_large(shipment, record);
    }
    if (checkpoint != NULL) {
        batch_add_position(batch, checkpoint, safe);
    }
    if (batch->bytes.len >= shipment->batch_bytes) {
        seal_if_due(shipment, now_ns);
    }
}

void shipment_skip(struct shipment *shipment, struct checkpoint *checkpoint, struct position safe,
                   uint64_t now_ns)
{
    shipment->now_ns = now_ns;
    if (checkpoint != NULL) {
        batch_add_position(open_batch(shipment, now_ns), checkpoint, safe);
    }
}

void shipment_flush(struct shipment *shipment, uint64_t now_ns)
{
    bool had_room = shipment_has_room(shipment);
    shipment->now_ns = now_ns != UINT64_MAX ? now_ns : shipment->now_ns;
    for (size_t i = 0; i < shipment->lane_count; i++) {
        lane_tick(shipment->lanes[i]);
    }
    seal_if_due(shipment, now_ns);
    if (!had_room && shipment_has_room(shipment)) {
        shipment->env.room(shipment->env.context);
    }
}

bool shipment_is_empty(const struct shipment *shipment)
{
    for (size_t i = 0; i < shipment->lane_count; i++) {
        if (!lane_is_empty(shipment->lanes[i])) {
            return false;
        }
    }
    return shipment->open == NULL && shipment->book == NULL;
}

bool shipment_is_safe(const struct shipment *shipment)
{
    for (size_t i = 0; i < shipment->lane_count; i++) {
        if (!lane_is_safe(shipment->lanes[i])) {
            return false;
        }
    }
    return shipment->open == NULL;
}

bool shipment_has_failed(const struct shipment *shipment)
{
    bool has_failed = shipment->has_failed;
    for (size_t i = 0; i < shipment->lane_count; i++) {
        has_failed = has_failed || lane_has_failed(shipment->lanes[i]);
    }
    return has_failed;
}

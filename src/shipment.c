/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The book of batches.
 *
 * `sent` lists the batches that an output has or had, oldest first. One that is done stays in the
 * list until all before it are done, then its positions go to the checkpoints and the batch is used
 * again. So the list is never longer than what the output holds plus those that overtook.
 */

#include "shipment.h"

#include <stdlib.h>
#include "base/mem.h"
#include "outputs/otlp_encode.h"
#include "registry.h"

enum {
    /* A request a far end may be asked to take (OTLP/HTTP recommends servers a limit of 64 MiB). */
    REQUEST_BYTES_MAX = 64 * 1024 * 1024,
    OPEN_BYTES_MAX = REQUEST_BYTES_MAX / 2, /* the rest is room for the largest record */
    SPARE_BATCHES_MAX = 2,
};

struct parcel {
    struct parcel *next;
    struct batch *batch;
    bool is_done;
    bool is_kept; /* came back undelivered: no promise about it or anything behind it */
};

struct shipment {
    const struct output_settings *settings;
    struct shipment_env env;
    struct otlp_encoder *encoder;
    struct output *output;
    struct batch *open;
    struct parcel *sent;
    struct parcel **sent_end;
    struct batch *spare[SPARE_BATCHES_MAX];
    size_t spare_count;
    uint64_t sequence;
    uint64_t in_flight;    /* records handed to the output */
    size_t open_bytes_max; /* an open batch of this size takes no more */
    uint64_t now_ns;       /* the last time it was told */
    bool has_failed;
    bool is_closing;
};

static void recycle(struct shipment *shipment, struct batch *batch)
{
    if (shipment->spare_count == SPARE_BATCHES_MAX) {
        batch_free(batch);
        return;
    }
    batch_clear(batch);
    shipment->spare[shipment->spare_count++] = batch;
}

static struct batch *open_batch(struct shipment *shipment, uint64_t now_ns)
{
    if (shipment->open == NULL) {
        struct batch *batch = shipment->spare_count > 0
                                  ? shipment->spare[--shipment->spare_count]
                                  : batch_new(REQUEST_BYTES_MAX);
        batch->sequence = shipment->sequence++;
        batch->opened_ns = now_ns;
        shipment->open = batch;
    }
    return shipment->open;
}

/* Positions of the oldest batches that are done become promises. */
static void settle(struct shipment *shipment)
{
    while (shipment->sent != NULL && shipment->sent->is_done) {
        struct parcel *parcel = shipment->sent;
        if (parcel->is_kept) {
            return;
        }
        for (size_t i = 0; i < parcel->batch->position_count; i++) {
            struct batch_position *p = &parcel->batch->positions[i];
            checkpoint_advance(p->checkpoint, p->position);
        }
        recycle(shipment, parcel->batch);
        shipment->sent = parcel->next;
        if (shipment->sent == NULL) {
            shipment->sent_end = &shipment->sent;
        }
        free(parcel);
    }
}

static struct parcel *enlist(struct shipment *shipment, struct batch *batch)
{
    struct parcel *parcel = mem_alloc(sizeof(*parcel));
    parcel->batch = batch;
    *shipment->sent_end = parcel;
    shipment->sent_end = &parcel->next;
    return parcel;
}

static void send(struct shipment *shipment, struct batch *batch)
{
    enlist(shipment, batch);
    for (size_t i = 0; i < batch->position_count; i++) {
        checkpoint_depart(batch->positions[i].checkpoint);
    }
    shipment->in_flight += batch->records;
    counters_add(shipment->env.counters, C_BATCHES, 1);
    counters_add(shipment->env.counters, C_BYTES_ENCODED, batch->bytes.len);
    counters_set(shipment->env.counters, C_RECORDS_IN_FLIGHT, shipment->in_flight);
    shipment->output->type->send(shipment->output, batch);
}

static bool may_leave(const struct shipment *shipment, const struct batch *batch)
{
    for (size_t i = 0; i < batch->position_count; i++) {
        if (checkpoint_is_under_way(batch->positions[i].checkpoint)) {
            return false;
        }
    }
    return shipment->output->type->has_room(shipment->output);
}

static void send_open(struct shipment *shipment)
{
    struct batch *batch = shipment->open;
    if (!may_leave(shipment, batch)) {
        return;
    }
    shipment->open = NULL;
    if (batch->records == 0) { /* only positions: there is nothing to wait for */
        enlist(shipment, batch)->is_done = true;
        settle(shipment);
        return;
    }
    otlp_encoder_end(shipment->encoder, &batch->bytes);
    send(shipment, batch);
}

static bool is_due(const struct shipment *shipment, uint64_t now_ns)
{
    const struct batch *batch = shipment->open;
    return batch != NULL && (now_ns == UINT64_MAX ||
                             batch->bytes.len >= shipment->settings->batch_bytes ||
                             now_ns - batch->opened_ns >=
                                 shipment->settings->batch_age_ms * 1000000u);
}

static struct parcel *find_parcel(struct shipment *shipment, const struct batch *batch)
{
    struct parcel *parcel = shipment->sent;
    while (parcel->batch != batch) {
        parcel = parcel->next;
    }
    return parcel;
}

static void count_done(struct shipment *shipment, const struct batch *batch,
                       enum delivery delivery, uint64_t rejected)
{
    struct counters *counters = shipment->env.counters;
    for (size_t i = 0; i < batch->position_count; i++) {
        checkpoint_arrive(batch->positions[i].checkpoint);
    }
    shipment->in_flight -= batch->records;
    counters_set(counters, C_RECORDS_IN_FLIGHT, shipment->in_flight);
    if (delivery == DELIVERY_ACCEPTED) {
        counters_add(counters, C_RECORDS_SENT, batch->records - rejected);
        counters_add(counters, C_RECORDS_REJECTED, rejected);
    } else if (delivery == DELIVERY_REFUSED) {
        counters_add(counters, C_RECORDS_REFUSED, batch->records);
    }
    shipment->has_failed = shipment->has_failed || delivery == DELIVERY_REFUSED || rejected > 0;
}

static void output_done(void *context, struct batch *batch, enum delivery delivery,
                        uint64_t rejected)
{
    struct shipment *shipment = context;
    struct parcel *parcel = find_parcel(shipment, batch);
    rejected = rejected < batch->records ? rejected : batch->records;
    count_done(shipment, batch, delivery, rejected);
    parcel->is_done = true;
    parcel->is_kept = delivery == DELIVERY_KEPT;
    settle(shipment);
    if (!shipment->is_closing) {
        if (is_due(shipment, shipment->now_ns)) {
            send_open(shipment);
        }
        shipment->env.room(shipment->env.context);
    }
}

static size_t smaller(uint64_t a, uint64_t b)
{
    return (size_t)(a < b ? a : b);
}

struct shipment *shipment_new(const struct settings *settings, const struct shipment_env *env,
                              char **out_error)
{
    const struct output_settings *output = &settings->outputs[0];
    const struct output_type *type = registry_find_output(output->type);
    if (type == NULL) {
        *out_error = mem_format("there is no output of type '%s'", output->type);
        return NULL;
    }
    struct shipment *shipment = mem_alloc(sizeof(*shipment));
    shipment->settings = output;
    shipment->env = *env;
    shipment->sent_end = &shipment->sent;
    shipment->open_bytes_max = smaller(output->batch_bytes * output->in_flight_max, OPEN_BYTES_MAX);
    shipment->output = type->open(output,
                                  &(struct output_env){env->loop, env->log, env->counters,
                                                       output_done, shipment},
                                  out_error);
    if (shipment->output == NULL) {
        free(shipment);
        return NULL;
    }
    shipment->encoder = otlp_encoder_new(settings);
    return shipment;
}

static void free_parcels(struct shipment *shipment)
{
    while (shipment->sent != NULL) {
        struct parcel *parcel = shipment->sent;
        shipment->sent = parcel->next;
        batch_free(parcel->batch);
        free(parcel);
    }
}

void shipment_free(struct shipment *shipment)
{
    if (shipment == NULL) {
        return;
    }
    shipment->is_closing = true;
    shipment->output->type->close(shipment->output);
    free_parcels(shipment);
    batch_free(shipment->open);
    while (shipment->spare_count > 0) {
        batch_free(shipment->spare[--shipment->spare_count]);
    }
    otlp_encoder_free(shipment->encoder);
    free(shipment);
}

bool shipment_has_room(const struct shipment *shipment)
{
    return shipment->open == NULL || shipment->open->bytes.len < shipment->open_bytes_max;
}

static void count_too_large(struct shipment *shipment, const struct record *record)
{
    counters_add(shipment->env.counters, C_RECORDS_TOO_LARGE, 1);
    shipment->has_failed = true;
    log_event(shipment->env.log, LOG_ERROR,
              "a record of %zu bytes at byte %llu of %s is larger than a request may be (%d bytes); "
              "it is not sent",
              record->line.len, (unsigned long long)record->offset,
              record->source->path != NULL ? record->source->path : "standard input",
              REQUEST_BYTES_MAX);
}

void shipment_add(struct shipment *shipment, const struct record *record,
                  struct checkpoint *checkpoint, struct position safe, uint64_t now_ns)
{
    struct batch *batch = open_batch(shipment, now_ns);
    shipment->now_ns = now_ns;
    if (otlp_encoder_add(shipment->encoder, record, &batch->bytes)) {
        batch->records++;
    } else {
        count_too_large(shipment, record);
    }
    if (checkpoint != NULL) {
        batch_add_position(batch, checkpoint, safe);
    }
    if (batch->bytes.len >= shipment->settings->batch_bytes) {
        send_open(shipment);
    }
}

void shipment_flush(struct shipment *shipment, uint64_t now_ns)
{
    shipment->now_ns = now_ns != UINT64_MAX ? now_ns : shipment->now_ns;
    if (is_due(shipment, now_ns)) {
        send_open(shipment);
    }
}

bool shipment_is_empty(const struct shipment *shipment)
{
    return shipment->open == NULL && shipment->sent == NULL;
}

bool shipment_has_failed(const struct shipment *shipment)
{
    return shipment->has_failed;
}

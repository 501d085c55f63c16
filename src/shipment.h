/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPMENT_H
#define CLEW_SHIPMENT_H

/*
 * From records to batches, and from acknowledged batches to checkpoints.
 *
 *     add() ──► open ──full or old enough, and may leave──► sent ──done──► checkpoints
 *
 * Order is kept within a stream: a batch may leave only while no other with lines of one of its
 * streams is on its way. Until then it goes on growing, so that a far end that is slow is asked
 * less often, not for less; at batch_bytes × in_flight it is full for good, and nothing more is
 * taken (back-pressure).
 *
 * Batches of different streams may end in any order, but their positions go to the checkpoints in
 * the order in which they were sent: a promise about a byte includes every byte before it.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/log.h"
#include "core/counters.h"
#include "core/output.h"
#include "core/record.h"
#include "core/settings.h"

struct shipment;

struct shipment_env {
    struct ev_loop *loop;
    const struct log *log;
    struct counters *counters;
    void (*room)(void *context); /* there is room again after there was none, or all is done */
    void *context;
};

/* Opens the output. NULL on failure, with *out_error a sentence that the caller frees. */
struct shipment *shipment_new(const struct settings *settings, const struct shipment_env *env,
                              char **out_error);

/* Batches not acknowledged are given up: their lines are sent again by the next start. */
void shipment_free(struct shipment *shipment); /* NULL is fine */

bool shipment_has_room(const struct shipment *shipment);

/* Only while it has room. The record's bytes are copied. `safe` is promised for `checkpoint` (may be
 * NULL) once this record and all before it are acknowledged. */
void shipment_add(struct shipment *shipment, const struct record *record,
                  struct checkpoint *checkpoint, struct position safe, uint64_t now_ns);

/* Send what is open, if it may leave and it is older than batch_age_ms at `now_ns` (monotonic), or, with
 * UINT64_MAX, at once. */
void shipment_flush(struct shipment *shipment, uint64_t now_ns);

/* Nothing open, nothing sent. */
bool shipment_is_empty(const struct shipment *shipment);

/* Some records were refused for good since the start. */
bool shipment_has_failed(const struct shipment *shipment);

#endif

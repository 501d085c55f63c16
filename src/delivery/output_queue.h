/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_OUTPUT_QUEUE_H
#define CLEW_DELIVERY_OUTPUT_QUEUE_H

/*
 * One output's way: its queue of batches, its spool, and the output itself.
 *
 * Lanes share batches but nothing else, so one whose far end is down holds no other until its own
 * queue is full. A lane promises each batch once: when the far end has it, or when it is safe on the
 * disk.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/log.h"
#include "base/share.h"
#include "otlp/batch.h"
#include "outputs/output.h"
#include "record/counters.h"
#include "record/output_books.h"
#include "record/settings.h"

struct lane;

struct lane_env {
    struct ev_loop *loop;
    const struct log *log;
    struct counters *counters;
    void (*promised)(void *context, struct batch *batch); /* one bit less in its `required` */
    void (*release)(void *context, struct batch *batch);  /* the lane holds it no more */
    void (*moved)(void *context); /* a batch came back from the output: there may be room */
    void *context;
    struct share share; /* several workers have a lane each for one output, and one spool folder */
    struct addresses *addresses; /* of all workers */
    bool (*is_same_output)(const struct output_settings *a, const struct output_settings *b);
};

/* Opens output `number` of the config and what is in its spool; batches know it as number `index`.
 * `bytes_max` bounds the queue, and again what
 * the output has in hand. NULL on failure, with *out_error a sentence that the caller frees. */
struct lane *lane_new(const struct settings *settings, size_t number, unsigned index,
                      uint64_t bytes_max,
                      const struct lane_env *env, char **out_error);

/* Closes the output. Where there is a spool, what is in hand goes there; the rest is given up without
 * a promise: its lines are read again by the next start. NULL is fine. */
void lane_free(struct lane *lane);

/*
 * Other settings for the same output, in two steps: prepare() opens its new connection beside the old
 * one and may fail; commit() puts it in the old one's place, or cancel() closes it. What the old one
 * had in hand is sent again by the new one, in its order; queue, spool and dead letters stay.
 *
 * `settings` must outlive the lane from the commit on. commit() without prepare() is for what changes
 * around a lane whose own settings are the same: the old ones must then go on living.
 */
bool lane_prepare(struct lane *lane, const struct output_settings *settings, char **out_error);
void lane_cancel(struct lane *lane); /* fine without a prepare */
void lane_commit(struct lane *lane, const struct settings *settings, uint64_t bytes_max);

/* Send nothing, until a commit or release(); quiet once the output has nothing on the wire, or was
 * never held. */
void lane_hold(struct lane *lane);
bool lane_is_quiet(const struct lane *lane);
void lane_release(struct lane *lane);

/* The output is not in the config any more: what neither its far end nor its spool has is dropped,
 * counted, and promised. Then free it. */
void lane_give_up(struct lane *lane);

const struct output_settings *lane_settings(const struct lane *lane);

bool lane_is_required(const struct lane *lane);
bool lane_has_spool(const struct lane *lane); /* one that may be written to */

/* The queue is not full. A lane that is not required drops what comes while it is. */
bool lane_has_room(const struct lane *lane);

/* Larger requests are worth it: the way to the backend takes long. False until it has answered. */
bool lane_is_far(const struct lane *lane);

/* This batch would be with the output at once. */
bool lane_may_send(const struct lane *lane, const struct batch *batch);

/* It would, were it not so large: it has to wait until less is with the output. */
bool lane_lacks_bytes(const struct lane *lane, const struct batch *batch);

/* Takes the batch, and adds its own reference to it; or drops it. */
void lane_push(struct lane *lane, struct batch *batch);

/* Keep records that this far end cannot be sent, as a dead letter. */
enum refusal_end lane_refuse(struct lane *lane, const struct refusal *refusal);

bool lane_is_mistaken(const struct lane *lane); /* the output's config: outputs/output.h */

/* Little is to be done for a while: hold no memory for it. */
void lane_rest(struct lane *lane);

/* Try again what the disk has refused; call it now and then. */
void lane_tick(struct lane *lane);

bool lane_is_empty(const struct lane *lane); /* all delivered, what is in the spool too */
bool lane_is_safe(const struct lane *lane);  /* all delivered or in the spool */

struct output_books lane_books(const struct lane *lane);

/* Some records were refused for good, or found damaged, since the start. */
bool lane_has_failed(const struct lane *lane);

#endif

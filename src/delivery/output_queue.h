/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_OUTPUT_QUEUE_H
#define CLEW_DELIVERY_OUTPUT_QUEUE_H

/*
 * One output's way: its queue of batches, its spool, and the output itself.
 *
 * They share batches but nothing else, so one whose far end is down holds no other until its own
 * queue is full. An output queue promises each batch once: when the far end has it, or when it is
 * safe on the disk.
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

struct output_queue;

struct output_queue_env {
    struct ev_loop *loop;
    const struct log *log;
    struct counters *counters;
    void (*promised)(void *context, struct batch *batch); /* one bit less in its `required` */
    void (*release)(void *context, struct batch *batch);  /* the output queue holds it no more */
    void (*moved)(void *context); /* a batch came back from the output: there may be room */
    void *context;
    struct share
        share; /* several workers have an output queue each for one output, and one spool folder */
    struct addresses *addresses; /* of all workers */
    bool (*is_same_output)(const struct output_settings *a, const struct output_settings *b);
};

/* Opens output `number` of the config and what is in its spool; batches know it as number `index`.
 * `bytes_max` bounds the queue, and again what
 * the output has in hand. NULL on failure, with *out_error a sentence that the caller frees. */
struct output_queue *output_queue_new(const struct settings *settings, size_t number,
                                      unsigned index, uint64_t bytes_max,
                                      const struct output_queue_env *env, char **out_error);

/* Closes the output. Where there is a spool, what is in hand goes there; the rest is given up without
 * a promise: its lines are read again by the next start. NULL is fine. */
void output_queue_free(struct output_queue *queue);

/*
 * Other settings for the same output, in two steps: prepare() opens its new connection beside the
 * old one and may fail; commit() puts it in the old one's place, or cancel() closes it. What the
 * old one had in hand is sent again by the new one, in its order; queue, spool and dead letters
 * stay.
 *
 * `settings` must outlive the output queue from the commit on. commit() without prepare() is for
 * what changes around an output queue whose own settings are the same: the old ones must then go on
 * living.
 */
bool output_queue_prepare(struct output_queue *queue, const struct output_settings *settings,
                          char **out_error);
void output_queue_cancel(struct output_queue *queue); /* fine without a prepare */
void output_queue_commit(struct output_queue *queue, const struct settings *settings,
                         uint64_t bytes_max);

/* Send nothing, until a commit or release(); quiet once the output has nothing on the wire, or was
 * never held. */
void output_queue_hold(struct output_queue *queue);
bool output_queue_is_quiet(const struct output_queue *queue);
void output_queue_release(struct output_queue *queue);

/* The output is not in the config any more: what neither its far end nor its spool has is dropped,
 * counted, and promised. Then free it. */
void output_queue_give_up(struct output_queue *queue);

const struct output_settings *output_queue_settings(const struct output_queue *queue);

bool output_queue_is_required(const struct output_queue *queue);
bool output_queue_has_spool(const struct output_queue *queue); /* one that may be written to */

/* The queue is not full. An output queue that is not required drops what comes while it is. */
bool output_queue_has_room(const struct output_queue *queue);

/* Larger requests are worth it: the way to the backend takes long. False until it has answered. */
bool output_queue_is_far(const struct output_queue *queue);

/* This batch would be with the output at once. */
bool output_queue_may_send(const struct output_queue *queue, const struct batch *batch);

/* It would, were it not so large: it has to wait until less is with the output. */
bool output_queue_lacks_bytes(const struct output_queue *queue, const struct batch *batch);

/* Takes the batch, and adds its own reference to it; or drops it. */
void output_queue_push(struct output_queue *queue, struct batch *batch);

/* Keep records that this far end cannot be sent, as a dead letter. */
enum refusal_end output_queue_refuse(struct output_queue *queue, const struct refusal *refusal);

bool output_queue_is_mistaken(
    const struct output_queue *queue); /* the output's config: outputs/output.h */

/* Little is to be done for a while: hold no memory for it. */
void output_queue_rest(struct output_queue *queue);

/* Try again what the disk has refused; call it now and then. */
void output_queue_tick(struct output_queue *queue);

bool output_queue_is_empty(
    const struct output_queue *queue); /* all delivered, what is in the spool too */
bool output_queue_is_safe(const struct output_queue *queue); /* all delivered or in the spool */

struct output_books output_queue_books(const struct output_queue *queue);

/* Some records were refused for good, or found damaged, since the start. */
bool output_queue_has_failed(const struct output_queue *queue);

#endif

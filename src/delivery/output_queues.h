/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_OUTPUT_QUEUES_H
#define CLEW_DELIVERY_OUTPUT_QUEUES_H

/*
 * All output queues, each at its place for as long as it lives: batches name outputs by place (bit
 * n).
 *
 *     an output queue     begins                     ends
 *     in use     open, or a commit          the output is not in the config of a commit: retired
 *     retired    so                         all it was given is delivered or spooled, or its time
 * is up
 *
 * A config that takes another one's place is prepared first, which may fail and leaves everything
 * as it was, and then committed or cancelled.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "delivery/output_queue.h"

struct output_queues {
    struct output_queue_env env;
    struct output_queue *items[CHECKPOINT_OUTPUTS_MAX]; /* NULL: a free place */
    size_t count;                    /* places up to the last that was ever taken */
    uint64_t all;                    /* bit n: items[n] is in use … */
    uint64_t required;               /* … and is required */
    uint64_t retired;
    uint64_t retire_ns;              /* monotonic time at which those are given up */
    const struct settings *settings;
    uint8_t places[CHECKPOINT_OUTPUTS_MAX]; /* of the outputs of the config, in its order */
    const struct settings *next;     /* prepared; NULL: nothing is … */
    uint8_t next_places[CHECKPOINT_OUTPUTS_MAX];
    uint64_t made;                   /* … these are new */
};

/* False with *out_error, which the caller frees; output_queues_fini() in any case. */
bool output_queues_init(struct output_queues *queues, const struct settings *settings,
                        const struct output_queue_env *env, char **out_error);
void output_queues_fini(struct output_queues *queues);

/* Little is to be done for a while: hold no memory for it. */
void output_queues_rest(struct output_queues *queues);

bool output_queues_prepare(struct output_queues *queues, const struct settings *settings,
                           char **out_error);
void output_queues_cancel(struct output_queues *queues);
void output_queues_commit(struct output_queues *queues);

/* Those that `settings` would give another output send nothing, until a commit or release(). Quiet:
 * nothing of theirs is on the wire. */
void output_queues_hold(struct output_queues *queues, const struct settings *settings);
bool output_queues_are_quiet(const struct output_queues *queues);
void output_queues_release(struct output_queues *queues);

/* An output queue still reads these settings. */
bool output_queues_use(const struct output_queues *queues, const struct settings *settings);

void output_queues_tick(struct output_queues *queues);
bool output_queues_are_empty(const struct output_queues *queues);
bool output_queues_are_safe(const struct output_queues *queues);
bool output_queues_are_far(const struct output_queues *queues); /* one of those in the config */
bool output_queues_have_spool(const struct output_queues *queues);
bool output_queues_are_mistaken(const struct output_queues *queues); /* one that is required */
bool output_queues_have_failed(const struct output_queues *queues);

#endif

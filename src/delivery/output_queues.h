/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_OUTPUT_QUEUES_H
#define CLEW_DELIVERY_OUTPUT_QUEUES_H

/*
 * All lanes, each at its place for as long as it lives: batches name outputs by place (bit n).
 *
 *     a lane     begins                     ends
 *     in use     open, or a commit          the output is not in the config of a commit: retired
 *     retired    so                         all it was given is delivered or spooled, or its time is up
 *
 * A config that takes another one's place is prepared first, which may fail and leaves everything as
 * it was, and then committed or cancelled.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "delivery/output_queue.h"

struct lanes {
    struct lane_env env;
    struct lane *items[CHECKPOINT_OUTPUTS_MAX]; /* NULL: a free place */
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

/* False with *out_error, which the caller frees; lanes_fini() in any case. */
bool lanes_init(struct lanes *lanes, const struct settings *settings, const struct lane_env *env,
                char **out_error);
void lanes_fini(struct lanes *lanes);

/* Little is to be done for a while: hold no memory for it. */
void lanes_rest(struct lanes *lanes);

bool lanes_prepare(struct lanes *lanes, const struct settings *settings, char **out_error);
void lanes_cancel(struct lanes *lanes);
void lanes_commit(struct lanes *lanes);

/* Those that `settings` would give another output send nothing, until a commit or release(). Quiet:
 * nothing of theirs is on the wire. */
void lanes_hold(struct lanes *lanes, const struct settings *settings);
bool lanes_are_quiet(const struct lanes *lanes);
void lanes_release(struct lanes *lanes);

/* A lane still reads these settings. */
bool lanes_use(const struct lanes *lanes, const struct settings *settings);

void lanes_tick(struct lanes *lanes);
bool lanes_are_empty(const struct lanes *lanes);
bool lanes_are_safe(const struct lanes *lanes);
bool lanes_are_far(const struct lanes *lanes); /* one of those in the config */
bool lanes_have_spool(const struct lanes *lanes);
bool lanes_are_mistaken(const struct lanes *lanes); /* one that is required */
bool lanes_have_failed(const struct lanes *lanes);

#endif

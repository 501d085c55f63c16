/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_OUTPUT_H
#define CLEW_CORE_OUTPUT_H

/*
 * The daemon hands over whole batches and is told, once for each, how it ended. Between the two
 * calls the output owns the batch. That single rule carries the delivery guarantee: checkpoints
 * and delivery counters move in output_done() and nowhere else.
 *
 *     daemon                           output
 *        |------- send(batch) ----------->|     batch now belongs to the output
 *        |                                |     ... connects, retries, backs off ...
 *        |<------ output_done(batch) -----|     batch belongs to the daemon again
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/log.h"
#include "core/batch.h"
#include "core/counters.h"
#include "core/settings.h"

struct ev_loop; /* libev's */
struct output;

enum delivery {
    DELIVERY_ACCEPTED, /* all of it; `rejected` of it refused for good by a partial success */
    DELIVERY_REFUSED,  /* the far end will never take it (400, …): logged by the output */
    DELIVERY_KEPT,     /* not delivered: the output was closed with it in hand */
};

/* What the daemon does with a batch that comes back; `context` is what open() was given. May send()
 * the next one, must not close() the output. */
typedef void output_done_fn(void *context, struct batch *batch, enum delivery delivery,
                            uint64_t rejected_records);

struct output_env {
    struct ev_loop *loop;
    const struct log *log;
    struct counters *counters;
    output_done_fn *done;
    void *done_context;
};

struct output_type {
    const char *name; /* as written in the config: a noun, [a-z0-9_]+ */

    /* NULL on failure, with *out_error a sentence that the caller frees. */
    struct output *(*open)(const struct output_settings *settings, const struct output_env *env,
                           char **out_error);

    void (*send)(struct output *output, struct batch *batch); /* only while has_room() */
    bool (*has_room)(const struct output *output);            /* false is back-pressure */

    /* No batch in hand. */
    bool (*is_idle)(const struct output *output);

    /* Gives every batch still in hand back as DELIVERY_KEPT. */
    void (*close)(struct output *output);
};

/* Every output begins with this. */
struct output {
    const struct output_type *type;
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_OUTPUT_H
#define CLEW_OUTPUTS_OUTPUT_H

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
#include "otlp/batch.h"
#include "outputs/addresses.h"
#include "record/counters.h"
#include "record/settings.h"

struct ev_loop; /* libev's */
struct output;

enum delivery {
    DELIVERY_ACCEPTED, /* every record is decided; all but those of struct delivery_counts are taken */
    DELIVERY_REFUSED,  /* the same, and none was taken */
    DELIVERY_KEPT,     /* not delivered: the output was closed with it in hand */
};

/* Records of a batch that the far end will never have. */
struct delivery_counts {
    uint64_t rejected; /* by a partial success, which does not tell them apart */
    uint64_t refused;  /* by an answer (400, 413, …); each went through refused() */
};

/* Records that the far end will never take, as a request of their own, and why. */
struct refusal {
    struct slice request;
    uint32_t records;
    long status;         /* of HTTP */
    const char *message; /* the far end's words */
};

enum refusal_end {
    REFUSAL_KEPT,     /* in a dead letter */
    REFUSAL_GIVEN_UP, /* the config says so */
    REFUSAL_HELD,     /* no letter can be written now: hold the records and try again */
};

/* What the daemon does with a batch that comes back; `context` is what open() was given. May send()
 * the next one, must not close() the output. */
typedef void output_done_fn(void *context, struct batch *batch, enum delivery delivery,
                            const struct delivery_counts *counts);

/* Asked before an output gives records up; the refusal is good during the call. */
typedef enum refusal_end output_refused_fn(void *context, const struct refusal *refusal);

/* What an address answers to a request with nothing of a log in it; good during the call. */
struct output_finding {
    const char *url;  /* without what may be secret */
    const char *text; /* what it answers, or what is wrong and what to do */
    long status;      /* of HTTP; 0: there was no answer */
    bool is_good;     /* it takes requests */
};

struct output_question;
typedef void output_asked_fn(void *context, const struct output_finding *finding);

struct output_env {
    struct ev_loop *loop;
    const struct log *log;
    struct counters *counters;
    output_done_fn *done;
    output_refused_fn *refused;
    void *context;
    struct addresses *addresses; /* that are known to be right; NULL: nobody keeps them */
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

    /* Nothing is on the wire: what close() would give back now was answered, or never sent whole. */
    bool (*is_quiet)(const struct output *output);

    /* Its address has never taken anything, and what is answered there says that the config is wrong: what
     * it has in hand is held until that is mended. NULL: cannot be. */
    bool (*is_mistaken)(const struct output *output);

    /* Little is to be done for a while: hold no memory for it. NULL: it never does. */
    void (*rest)(struct output *output);

    /* Gives every batch still in hand back as DELIVERY_KEPT. */
    void (*close)(struct output *output);

    /* Without opening one: ask its address whether it takes requests. asked() is called once from the
     * loop, unless ask_end() comes first, which it must not call itself. ask() is NULL where there is no
     * address; it gives NULL on failure, with *out_error a sentence that the caller frees. */
    struct output_question *(*ask)(const struct output_settings *settings, struct ev_loop *loop,
                                   output_asked_fn *asked, void *context, char **out_error);
    void (*ask_end)(struct output_question *question);
};

/* Every output begins with this. */
struct output {
    const struct output_type *type;
};

/* OTLP/HTTP with protobuf bodies. */
extern const struct output_type output_otlp_http;

/* By what the config calls `type`; NULL: there is no such output. */
const struct output_type *output_type_find(const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_SHAPE_ANSWERS_H
#define CLEW_RECORD_SHAPE_ANSWERS_H

/*
 * Where in a line the answers stand, as far as its names alone tell (struct shape).
 *
 * The general way asks, line by line, which of the members that may say the level, the time, … is
 * there and comes first. Which that is follows from the names, so for a known shape it is one
 * index. Whether its value is of use does not: who reads it there and finds anything but the usual
 * goes the general way, so the result is the same.
 */

#include <stdbool.h>
#include <stdint.h>
#include "record/hits.h"

enum {
    ANSWER_ASK = UINT32_MAX - 1, /* names alone do not tell: go the general way */
    ANSWER_NONE = UINT32_MAX,    /* no member of the line can say it */
};

/* Indices into the field table, or ANSWER_…. */
struct shape_answers {
    uint32_t level; /* a word, if it is a string */
    uint32_t time;
    uint32_t service;
    uint32_t logger;
    uint32_t message;
    /* Members under the names of OpenTelemetry, or those of its libraries (otelTraceID), when no
     * member of any other convention is there; else ANSWER_ASK, or ANSWER_NONE for the flags. */
    uint32_t trace;
    uint32_t span;
    uint32_t flags;
};

/*
 * What follows from a line's names and containers alone, whatever its values: kept with the path
 * that the line took (record/shapes.h), so that it is worked out for the first such line only.
 */
struct shape {
    bool is_known;  /* the rest has been worked out */
    uint32_t count; /* fields of such a line */
    uint64_t
        serial; /* no other shape of this resolver has it or ever had: for what others keep of it */
    struct key_hits top;
    struct hits hits; /* of the top level */
    struct shape_answers answers;
    void *encoded; /* what an encoder keeps of the names (src/otlp/key_heads.h), one block of
                      malloc(3) that goes with the shape; NULL: nothing yet */
};

/* `is_kept`: they will be asked again; else only those of the ids are looked for. */
void shape_answers_find(const struct key_hits *top, const struct hits *hits, bool is_kept,
                        struct shape_answers *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_SHAPE_ANSWERS_H
#define CLEW_RECORD_SHAPE_ANSWERS_H

/*
 * Where in a line the answers stand, as far as its names alone tell (struct shape, record/hits.h).
 *
 * The general way asks, line by line, which of the members that may say the level, the time, … is
 * there and comes first. Which that is follows from the names, so for a known shape it is one index.
 * Whether its value is of use does not: who reads it there and finds anything but the usual goes the
 * general way, so the result is the same.
 */

#include <stdbool.h>
#include <stdint.h>

enum {
    ANSWER_ASK = UINT32_MAX - 1, /* names alone do not tell: go the general way */
    ANSWER_NONE = UINT32_MAX,    /* no member of the line can say it */
};

struct hits;
struct key_hits;

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

/* `is_kept`: they will be asked again; else only those of the ids are looked for. */
void shape_answers_find(const struct key_hits *top, const struct hits *hits, bool is_kept,
                        struct shape_answers *out);

#endif

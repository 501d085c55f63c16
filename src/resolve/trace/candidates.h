/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TRACE_CANDIDATES_H
#define CLEW_RESOLVE_TRACE_CANDIDATES_H

/*
 * Everything in one record that may be its trace context, and the decision between them.
 *
 *     trace.c, text.c      candidates_add_…()      as they are found, in any order
 *     trace.c                    candidates_decide()     once, at the end
 *
 * The rules of the decision (docs/coverage.md, "Several ids in one record"):
 *   - the valid trace id of the most specific family wins; a 64-bit id loses to the 128-bit one
 * that ends in it; any other different id makes the record a conflict;
 *   - a span id or flags go with the trace id of their own family, or have none of their own;
 *   - a header's span is the caller's: an own span id wins over it.
 */

#include <stdbool.h>
#include <stdint.h>
#include "record/keys.h"
#include "record/record.h"
#include "resolve/trace/normalise.h"

/* Where an id comes from, in the order of priority. */
enum trace_family {
    FAMILY_USER, /* keys and patterns of the config */
    FAMILY_OTEL,
    FAMILY_OTEL_SPELLED,
    FAMILY_MARKER, /* fixed forms inside text */
    FAMILY_GCP,
    FAMILY_DD,
    FAMILY_DYNATRACE,
    FAMILY_HONEYCOMB,
    FAMILY_AZURE,
    FAMILY_XRAY,
    FAMILY_SKYWALKING,
    FAMILY_B3,
    FAMILY_INSTANA,
    FAMILY_TRACEPARENT, /* the headers: a caller's span */
    FAMILY_B3_SINGLE,
    FAMILY_UBER,
    FAMILY_SENTRY,
    FAMILY_CLOUD,
    FAMILY_WEAK,
    FAMILY_TRANSACTION, /* a span, if there is no other */
};

/* How the value under a key is read. */
struct trace_key {
    uint8_t role;   /* enum key_role; KEY_ROLE_NONE: does not concern trace context */
    uint8_t family; /* enum trace_family */
    uint8_t form;   /* enum id_form */
};
struct trace_key trace_key(uint16_t key_id);

/* Where a candidate was found. */
struct candidate_place {
    uint32_t field;  /* top-level field that holds nothing else, or NO_FIELD */
    bool in_message; /* a label inside the message of a structured line */
};

struct id_candidate {
    struct id_value id;
    struct candidate_place place;
    uint8_t family;
};

struct flags_candidate {
    struct flags_value flags;
    struct candidate_place place;
    uint8_t family;
};

#define CANDIDATES_MAX 12 /* of each kind; further ones are ignored */

struct trace_candidates {
    uint32_t trace_count;
    uint32_t span_count;
    uint32_t flags_count;
    bool has_bare_id;            /* 32 hex digits without a label were seen in the text */
    bool has_duplicate;          /* a member was there twice … */
    bool is_duplicate_different; /* … with different valid ids */
    struct id_candidate traces[CANDIDATES_MAX];
    struct id_candidate spans[CANDIDATES_MAX];
    struct flags_candidate flags[CANDIDATES_MAX];
};

static inline void candidates_clear(struct trace_candidates *candidates)
{
    candidates->trace_count = 0;
    candidates->span_count = 0;
    candidates->flags_count = 0;
    candidates->has_bare_id = false;
    candidates->has_duplicate = false;
    candidates->is_duplicate_different = false;
}

static inline bool candidates_is_empty(const struct trace_candidates *candidates)
{
    return candidates->trace_count + candidates->span_count == 0 && !candidates->has_bare_id &&
           !candidates->has_duplicate;
}

/* Values in the state TRACE_ABSENT or FLAGS_NONE are no candidates: adding them does nothing. */
void candidates_add_context(struct trace_candidates *candidates, enum trace_family family,
                            const struct context_value *context, struct candidate_place place);
void candidates_add_span(struct trace_candidates *candidates, enum trace_family family,
                         const struct id_value *span, struct candidate_place place);
void candidates_add_flags(struct trace_candidates *candidates, enum trace_family family,
                          const struct flags_value *flags, struct candidate_place place);

bool candidates_has_trace(const struct trace_candidates *candidates); /* a valid one */
bool candidates_has_span(
    const struct trace_candidates *candidates); /* valid, of the record's own */

/* Set the record's ids, flags, class and `also`; unless `repeat_moved`, mark the fields that moved
 * unchanged. */
void candidates_decide(const struct trace_candidates *candidates, bool repeat_moved,
                       struct record *record);

#endif

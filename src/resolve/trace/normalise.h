/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TRACE_NORMALISE_H
#define CLEW_RESOLVE_TRACE_NORMALISE_H

/*
 * From what a library wrote to sixteen and eight bytes.
 *
 * A normaliser takes the text of one value and says what it is: an id, one that had to be
 * converted, one that is damaged and how, or the library's way to say "no span was active". It
 * never fails and takes any bytes. Which key the value was under decides the form, because the same
 * digits mean different things: `1234567890123456` is hex under trace_id, decimal under dd.span_id.
 */

#include "resolve/trace/id.h"

/* How a value is to be read. */
enum id_form {
    FORM_HEX,         /* strong: any value counts, a bad one is a defect */
    FORM_WEAK,        /* counts only when it is exactly 32 or 16 hex digits */
    FORM_WEAK_32,     /* counts only when it is exactly 32 hex digits */
    FORM_DD,          /* Datadog: decimal, or 32 hex digits */
    FORM_AZURE,       /* hex, or the hierarchical |operation.span. */
    FORM_SKYWALKING,  /* never 128 bits */
    FORM_TID,         /* a thread id, unless it looks like SkyWalking's */
    FORM_TRACEPARENT, /* 00-T-S-FF */
    FORM_B3,          /* T-S-sampled-P */
    FORM_UBER,        /* T:S:P:flags, leading zeros dropped */
    FORM_SENTRY,      /* T-S-sampled */
    FORM_CLOUD,       /* T/S;o=1, S in decimal */
    FORM_NR_LINKING,  /* NR-LINKING|guid|host|T|S|name| */
};

/* `options` are bits of enum id_option. */
void normalise_trace(struct slice text, enum id_form form, unsigned options,
                     struct context_value *out);
void normalise_span(struct slice text, enum id_form form, unsigned options, struct id_value *out);

/* Hex digits, true/false, Recorded/None, d(ebug); `is_number`: a JSON number, i.e. decimal. */
void normalise_flags(struct slice text, bool is_number, struct flags_value *out);

/* X-B3-Flags: 1 is debug, which is sampled; anything else says nothing. */
void normalise_b3_flags(struct slice text, struct flags_value *out);

/* A composed value that X-Ray writes: Root=1-…;Parent=…;Sampled=1, 1-…-…@segment, or a root alone.
 */
bool normalise_is_xray(struct slice text);

#endif

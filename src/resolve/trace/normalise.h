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

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"
#include "record/trace_class.h"

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

/* The choices of the config that change what is shipped. */
enum id_option {
    ID_REPAIR = 1,      /* put up to three lost leading zeros back */
    ID_UUID = 2,        /* ship UUID-shaped trace ids */
    ID_DECIMAL_PAD = 4, /* ship 64-bit decimals padded to 128 bits */
};

/*
 * What a value says. `state` is one of
 *     TRACE_OK, TRACE_VENDOR_FORMAT     an id, as it was or after conversion
 *     TRACE_MALFORMED_LENGTH            valid: zeros were put back; else not to be shipped
 *     TRACE_NON_HEX, _MALFORMED_OTHER, _VENDOR_OPAQUE, _ALL_ZERO, _PLACEHOLDER   no id
 *     TRACE_ABSENT                      the value does not concern us
 */
struct id_value {
    uint8_t bytes[16]; /* a span id is the first eight */
    uint8_t state;     /* enum trace_class */
    bool is_valid;     /* bytes are an id to ship */
    bool is_verbatim;  /* the text is exactly the lower-case hex of bytes */
    uint64_t notes;    /* bits 1 << enum trace_note */
};

enum flags_state {
    FLAGS_NONE,
    FLAGS_KNOWN,
    FLAGS_INVALID,
};

struct flags_value {
    uint8_t bits;
    uint8_t state;    /* enum flags_state */
    bool is_verbatim; /* the text is two lower-case hex digits */
};

/* A trace id, and what came with it in the same value. */
struct context_value {
    struct id_value trace;
    struct id_value span; /* TRACE_ABSENT: the value has no place for one, or it is empty */
    struct flags_value flags;
};

/* `options` are bits of enum id_option. */
void normalise_trace(struct slice text, enum id_form form, unsigned options,
                     struct context_value *out);
void normalise_span(struct slice text, enum id_form form, unsigned options, struct id_value *out);

/* The one form that nearly every id has: exactly `digits` (32 or 16) lower-case hex digits, not all
 * zero. False for any other; `out` may then hold anything. */
bool normalise_usual(struct slice text, size_t digits, uint8_t *out);

/* Hex digits, true/false, Recorded/None, d(ebug); `is_number`: a JSON number, i.e. decimal. */
void normalise_flags(struct slice text, bool is_number, struct flags_value *out);

/* X-B3-Flags: 1 is debug, which is sampled; anything else says nothing. */
void normalise_b3_flags(struct slice text, struct flags_value *out);

/* What libraries write when no span is active: "0" is told apart by the normalisers. */
bool is_placeholder(struct slice text);

/* All of it is hex digits, of either case; false for the empty slice. */
bool is_hex(struct slice text);

#endif

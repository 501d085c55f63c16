/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TRACE_ID_H
#define CLEW_RESOLVE_TRACE_ID_H

/*
 * One id: the pieces that the normaliser (resolve/trace/normalise.h) is made of. `digits` is always
 * 32 for a trace id, 16 for a span id; `options` are bits of enum id_option. Every id_set_…
 * overwrites the whole value.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"
#include "record/trace_class.h"

#define TRACE_DIGITS 32
#define SPAN_DIGITS  16

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

void id_set_state(struct id_value *id, enum trace_class state);

/* The usual form, of either case; false, and nothing set, if it is any other. */
bool id_set_usual(struct id_value *id, struct slice text, size_t digits);

/* At most `digits` hex digits, padded with zeros on the left; `state` says what that counts as. All
 * zeros are TRACE_ALL_ZERO whatever it says. */
void id_set_padded(struct id_value *id, struct slice hex, size_t digits, enum trace_class state);

/* Unsigned decimal digits, as Datadog writes 64-bit ids. */
void id_set_decimal(struct id_value *id, struct slice text, size_t digits, unsigned options);

/* Anything that is not empty, no placeholder and none of the composed shapes. */
void id_set_any(struct id_value *id, struct slice text, size_t digits, unsigned options);

/* A valid id that had to be converted to get here. */
void id_mark_converted(struct id_value *id);

/* Note it when only the low half is known. */
void id_note_low64(struct id_value *id);

static inline void flags_set(struct flags_value *flags, unsigned bits)
{
    *flags = (struct flags_value){.bits = (uint8_t)bits, .state = FLAGS_KNOWN};
}

bool id_is_decimal(struct slice text);   /* false for the empty slice */
bool id_is_all_zeros(struct slice text); /* dashes between them are fine */
bool id_has_upper(struct slice text);
bool id_parse_u64(struct slice digits, uint64_t *out); /* false: beyond 64 bits */

/* Bytes `from` to `to`, as far as they exist. */
struct slice id_sub(struct slice s, size_t from, size_t to);

/* What is before the next `separator`; `rest` becomes what is behind it. */
struct slice id_next_part(struct slice *rest, char separator);

/* Without blanks around it and one pair of quotes. */
struct slice id_bare(struct slice text);

/* The one form that nearly every id has: exactly `digits` (32 or 16) lower-case hex digits, not all
 * zero. False for any other; `out` may then hold anything. */
bool id_read_usual(struct slice text, size_t digits, uint8_t *out);

/* What libraries write when no span is active: "0" is told apart by the normalisers. */
bool is_placeholder(struct slice text);

/* All of it is hex digits, of either case; false for the empty slice. */
bool is_hex(struct slice text);

#endif

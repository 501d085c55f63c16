/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TRACE_ID_H
#define CLEW_RESOLVE_TRACE_ID_H

/*
 * One id: the pieces that the normaliser (resolve/trace/normalise.h) and the headers
 * (resolve/trace/header.h) are made of. `digits` is always 32 for a trace id, 16 for a span id;
 * `options` are bits of enum id_option. Every id_set_… overwrites the whole value.
 */

#include "resolve/trace/normalise.h"

#define TRACE_DIGITS 32
#define SPAN_DIGITS  16

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

#endif

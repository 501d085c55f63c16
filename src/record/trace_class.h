/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_TRACE_CLASS_H
#define CLEW_RECORD_TRACE_CLASS_H

/*
 * The classes of trace context: what the audit counts. docs/coverage.md defines each.
 *
 * A record has one primary class, the first that matches in this order; whatever else applies goes
 * to its `also` set, one bit a class.
 */

#include <stdint.h>

enum trace_class {
    TRACE_CONFLICT,
    TRACE_NON_HEX,
    TRACE_MALFORMED_LENGTH,
    TRACE_MALFORMED_OTHER,
    TRACE_VENDOR_OPAQUE,
    TRACE_ALL_ZERO,
    TRACE_SPAN_WITHOUT_TRACE,
    TRACE_PLACEHOLDER,
    TRACE_ABSENT,
    TRACE_MESSAGE_ONLY,
    TRACE_TRACE_WITHOUT_SPAN,
    TRACE_VENDOR_FORMAT,
    TRACE_UNSAMPLED,
    TRACE_OK,
    TRACE_CLASSES,
};

/* As printed: "conflict", "non_hex", … */
const char *trace_class_name(enum trace_class c);

/* What the class says of a record: a sentence. */
const char *trace_class_meaning(enum trace_class c);

/* The class of that name, or TRACE_CLASSES. */
enum trace_class trace_class_from_name(const char *name);

/* Details beside the class; `also` bits from TRACE_CLASSES on. Names by trace_note_name(). */
enum trace_note {
    NOTE_SPAN_ALL_ZERO = TRACE_CLASSES,
    NOTE_SPAN_MALFORMED_LENGTH,
    NOTE_SPAN_NON_HEX,
    NOTE_SPAN_MALFORMED_OTHER,
    NOTE_SPAN_DIFFERS,
    NOTE_FLAGS_INVALID,
    NOTE_NOT_SHIPPED, /* ids seen in the text, but not shipped */
    NOTE_LOW64,       /* only the low 64 bits are known */
    NOTE_UUID,
    NOTE_DUPLICATE_KEY,
    NOTE_REPAIRED, /* lost leading zeros were put back */
    NOTE_LOWERED,  /* was upper case */
    NOTE_SPAN_FROM_TRANSACTION,
    NOTE_NUMERIC_PRECISION, /* an id as a JSON number that lost digits */
    NOTE_SAMPLING_UNKNOWN,  /* valid ids, no flag that tells */
    NOTE_REQUEST_ID,        /* no trace id, but the id of a request */
    TRACE_NOTES_END,
};

/* "conflict" … and "span_all_zero" …: classes and notes by bit number. */
const char *trace_note_name(unsigned bit);

#endif

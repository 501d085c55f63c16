/* SPDX-License-Identifier: Apache-2.0 */
#include "record/trace_class.h"

#include <string.h>
#include "base/mem.h"

static const char *const names[TRACE_NOTES_END] = {
    [TRACE_CONFLICT] = "conflict",
    [TRACE_NON_HEX] = "non_hex",
    [TRACE_MALFORMED_LENGTH] = "malformed_length",
    [TRACE_MALFORMED_OTHER] = "malformed_other",
    [TRACE_VENDOR_OPAQUE] = "vendor_opaque",
    [TRACE_ALL_ZERO] = "all_zero",
    [TRACE_SPAN_WITHOUT_TRACE] = "span_without_trace",
    [TRACE_PLACEHOLDER] = "placeholder",
    [TRACE_ABSENT] = "absent",
    [TRACE_MESSAGE_ONLY] = "message_only",
    [TRACE_TRACE_WITHOUT_SPAN] = "trace_without_span",
    [TRACE_VENDOR_FORMAT] = "vendor_format",
    [TRACE_UNSAMPLED] = "unsampled",
    [TRACE_OK] = "ok",
    [NOTE_SPAN_ALL_ZERO] = "span_all_zero",
    [NOTE_SPAN_MALFORMED_LENGTH] = "span_malformed_length",
    [NOTE_SPAN_NON_HEX] = "span_non_hex",
    [NOTE_SPAN_MALFORMED_OTHER] = "span_malformed_other",
    [NOTE_SPAN_DIFFERS] = "span_differs",
    [NOTE_FLAGS_INVALID] = "flags_invalid",
    [NOTE_NOT_SHIPPED] = "not_shipped",
    [NOTE_LOW64] = "low64",
    [NOTE_UUID] = "uuid",
    [NOTE_DUPLICATE_KEY] = "duplicate_key",
    [NOTE_REPAIRED] = "repaired",
    [NOTE_LOWERED] = "lowered",
    [NOTE_SPAN_FROM_TRANSACTION] = "span_from_transaction",
    [NOTE_NUMERIC_PRECISION] = "numeric_precision",
    [NOTE_SAMPLING_UNKNOWN] = "sampling_unknown",
    [NOTE_REQUEST_ID] = "request_id",
};

const char *trace_class_name(enum trace_class c)
{
    ENSURE(c < TRACE_CLASSES);
    return names[c];
}

const char *trace_class_meaning(enum trace_class c)
{
    static const char *const meanings[TRACE_CLASSES] = {
        [TRACE_CONFLICT] = "Two different valid trace ids.",
        [TRACE_NON_HEX] =
            "Something other than hexadecimal digits where a trace id belongs.",
        [TRACE_MALFORMED_LENGTH] = "Hexadecimal digits, but not 32.",
        [TRACE_MALFORMED_OTHER] =
            "A form that W3C trace context forbids, or a number that lost digits.",
        [TRACE_VENDOR_OPAQUE] = "An id that cannot be converted to 128 bits.",
        [TRACE_ALL_ZERO] = "An id of zeros only.",
        [TRACE_SPAN_WITHOUT_TRACE] = "A span id alone, or with a placeholder.",
        [TRACE_PLACEHOLDER] =
            "The value that a logger writes when no span is active (`0`, `null`, `\"\"`, `[app,,]`).",
        [TRACE_ABSENT] = "No sign of an id.",
        [TRACE_MESSAGE_ONLY] = "Ids only in the message text.",
        [TRACE_TRACE_WITHOUT_SPAN] = "A trace id alone.",
        [TRACE_VENDOR_FORMAT] = "Valid after conversion: decimal, X-Ray, UUID, 64 bits.",
        [TRACE_UNSAMPLED] = "Valid, and the flags say that the trace was not sampled.",
        [TRACE_OK] = "A valid trace id and span id.",
    };
    ENSURE(c < TRACE_CLASSES);
    return meanings[c];
}

enum trace_class trace_class_from_name(const char *name)
{
    unsigned c = 0;
    while (c < TRACE_CLASSES && strcmp(names[c], name) != 0) {
        c++;
    }
    return (enum trace_class)c;
}

const char *trace_note_name(unsigned bit)
{
    ENSURE(bit < TRACE_NOTES_END);
    return names[bit];
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/trace/header.h"

#include "resolve/trace/id.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool header_is_traceparent(struct slice text)
{
    return text.len >= 55 && text.data[2] == '-' && text.data[35] == '-' && text.data[52] == '-' &&
           is_hex(id_sub(text, 0, 2)) && is_hex(id_sub(text, 3, 35)) &&
           is_hex(id_sub(text, 36, 52)) && is_hex(id_sub(text, 53, 55)) &&
           (text.len == 55 || text.data[55] == '-');
}

/* W3C: an invalid trace-id or parent-id makes the whole header invalid; a higher version is read by
 * its first 55 characters; ff is forbidden, and 00 has nothing behind the flags. */
void header_read_traceparent(struct slice text, struct context_value *out)
{
    struct slice version = id_sub(text, 0, 2);
    if (slice_is_equal_nocase(version, SLICE("ff")) ||
        (slice_is_equal(version, SLICE("00")) && text.len > 55)) {
        id_set_state(&out->trace, TRACE_MALFORMED_OTHER);
        return;
    }
    (void)id_set_usual(&out->trace, id_sub(text, 3, 35), TRACE_DIGITS);
    (void)id_set_usual(&out->span, id_sub(text, 36, 52), SPAN_DIGITS);
    if (!out->trace.is_valid || !out->span.is_valid) {
        id_set_state(&out->trace, TRACE_ALL_ZERO);
        id_set_state(&out->span, TRACE_ABSENT);
        return;
    }
    out->trace.is_verbatim = false;
    out->span.is_verbatim = false;
    normalise_flags(id_sub(text, 53, 55), false, &out->flags);
    out->flags.is_verbatim = false;
}

/* A header of another shape: say what is wrong with its trace id, if that can be told. */
void header_judge_traceparent(struct slice text, struct id_value *trace)
{
    struct slice rest = text;
    struct slice version = id_next_part(&rest, '-');
    struct slice id = id_next_part(&rest, '-');
    enum trace_class state = TRACE_MALFORMED_OTHER;
    if (version.len == 2 && is_hex(version) && id.len > 0) {
        if (!is_hex(id)) {
            state = TRACE_NON_HEX;
        } else if (id.len != TRACE_DIGITS) {
            state = TRACE_MALFORMED_LENGTH;
        }
    } else if (!is_hex(version)) {
        state = TRACE_NON_HEX;
    }
    id_set_state(trace, state);
}

bool header_is_xray(struct slice text)
{
    return slice_has_prefix(text, SLICE("Root=")) || slice_has_prefix(text, SLICE("Self=")) ||
           slice_has_prefix(text, SLICE("Parent=")) || slice_has_prefix(text, SLICE("Sampled=")) ||
           slice_has_prefix(text, SLICE("AWS-XRAY-TRACE-ID")) ||
           (text.len >= 12 && text.data[1] == '-' && text.data[10] == '-' &&
            is_digit(text.data[0]));
}

/* `1-` eight digits `-` twenty-four digits, perhaps `@` and the segment's id. */
static void read_xray_root(struct slice text, struct context_value *out, unsigned options)
{
    struct slice segment = text;
    text = id_next_part(&segment, '@');
    if (is_placeholder(text)) {
        id_set_state(&out->trace, TRACE_PLACEHOLDER);
        return;
    }
    if (text.len < 2 || text.data[1] != '-') {
        id_set_any(&out->trace, text, TRACE_DIGITS, options);
        return;
    }
    char hex[TRACE_DIGITS];
    bool has_shape = text.len == 35 && text.data[10] == '-';
    if (text.data[0] != '1') {
        id_set_state(&out->trace, TRACE_MALFORMED_OTHER);
    } else if (!has_shape) {
        struct slice rest = slice_skip(text, 2);
        struct slice seconds = id_next_part(&rest, '-');
        id_set_state(&out->trace,
                     is_hex(seconds) && is_hex(rest) ? TRACE_MALFORMED_LENGTH : TRACE_NON_HEX);
    } else {
        memcpy(hex, text.data + 2, 8);
        memcpy(hex + 8, text.data + 11, 24);
        if (!id_set_usual(&out->trace, slice_make(hex, sizeof(hex)), TRACE_DIGITS)) {
            id_set_state(&out->trace, TRACE_NON_HEX);
        }
        out->trace.is_verbatim = false;
        id_mark_converted(&out->trace);
    }
    if (segment.len > 0) {
        normalise_span(segment, FORM_HEX, options, &out->span);
        out->span.is_verbatim = false;
    }
}

/* A whole header: Root=1-…;Parent=…;Sampled=1 in any order, more parts allowed; or a bare root. */
void header_read_xray(struct slice text, unsigned options, struct context_value *out)
{
    if (slice_has_prefix(text, SLICE("AWS-XRAY-TRACE-ID"))) {
        text = slice_skip(text, sizeof("AWS-XRAY-TRACE-ID") - 1);
        while (text.len > 0 && (text.data[0] == ':' || text.data[0] == ' ')) {
            text = slice_skip(text, 1);
        }
    }
    bool has_root = false;
    while (text.len > 0) {
        struct slice part = slice_trim(id_next_part(&text, ';'));
        if (slice_has_prefix(part, SLICE("Root="))) {
            read_xray_root(slice_skip(part, 5), out, options);
            has_root = true;
        } else if (slice_has_prefix(part, SLICE("Parent="))) {
            normalise_span(slice_skip(part, 7), FORM_HEX, options, &out->span);
            out->span.is_verbatim = false;
        } else if (slice_has_prefix(part, SLICE("Sampled="))) {
            struct slice value = slice_skip(part, 8);
            if (slice_is_equal(value, SLICE("1")) || slice_is_equal(value, SLICE("0"))) {
                flags_set(&out->flags, value.data[0] == '1');
            }
        } else if (!has_root && memchr(part.data, '=', part.len) == NULL && part.len > 0) {
            read_xray_root(part, out, options);
            has_root = true;
        }
    }
    if (!has_root) {
        id_set_state(&out->trace, TRACE_MALFORMED_OTHER);
    }
}

/* The parts of a header that carries plain ids; both count as converted. */
static void set_parts(struct context_value *out, struct slice trace, struct slice span,
                      unsigned options)
{
    normalise_trace(trace, FORM_HEX, options, out);
    out->trace.is_verbatim = false;
    id_mark_converted(&out->trace);
    id_set_state(&out->span, TRACE_ABSENT);
    if (span.len > 0) {
        normalise_span(span, FORM_HEX, options, &out->span);
        out->span.is_verbatim = false;
    }
}

void header_read_dashed(struct slice text, unsigned options, struct context_value *out)
{
    if (text.len == 1 && memchr("01d", text.data[0], 3) != NULL) {
        id_set_state(&out->trace, TRACE_PLACEHOLDER); /* b3's lone sampling decision */
        return;
    }
    struct slice rest = text;
    struct slice trace = id_next_part(&rest, '-');
    struct slice span = id_next_part(&rest, '-');
    struct slice sampled = id_next_part(&rest, '-');
    set_parts(out, trace, span, options);
    if (sampled.len == 1 && memchr("01d", sampled.data[0], 3) != NULL) {
        flags_set(&out->flags, sampled.data[0] != '0');
    }
}

/* Jaeger prints numbers: any id may be shorter than its full length. */
static void set_number(struct id_value *id, struct slice text, size_t digits)
{
    if (!is_hex(text)) {
        id_set_state(id, is_placeholder(text) ? TRACE_PLACEHOLDER : TRACE_NON_HEX);
    } else if (id_is_all_zeros(text)) {
        id_set_state(id, text.len == 1 ? TRACE_PLACEHOLDER : TRACE_ALL_ZERO);
    } else if (text.len > digits) {
        id_set_state(id, TRACE_MALFORMED_LENGTH);
    } else {
        id_set_padded(id, text, digits, TRACE_VENDOR_FORMAT);
    }
}

/* The colon may be percent-encoded, as in a cookie or a query. */
static struct slice next_uber_part(struct slice *rest)
{
    for (size_t i = 0; i < rest->len; i++) {
        size_t width = 0;
        if (rest->data[i] == ':') {
            width = 1;
        } else if (slice_is_equal_nocase(id_sub(*rest, i, i + 3), SLICE("%3a"))) {
            width = 3;
        }
        if (width > 0) {
            struct slice part = id_sub(*rest, 0, i);
            *rest = slice_skip(*rest, i + width);
            return part;
        }
    }
    struct slice part = *rest;
    *rest = slice_skip(*rest, rest->len);
    return part;
}

void header_read_uber(struct slice text, struct context_value *out)
{
    struct slice rest = text;
    struct slice trace = next_uber_part(&rest);
    struct slice span = next_uber_part(&rest);
    (void)next_uber_part(&rest); /* the parent */
    struct slice flags = next_uber_part(&rest);
    set_number(&out->trace, trace, TRACE_DIGITS);
    id_note_low64(&out->trace);
    if (span.len > 0) {
        set_number(&out->span, span, SPAN_DIGITS);
    }
    if (flags.len >= 1 && flags.len <= 2 && is_hex(flags)) {
        struct flags_value bits;
        normalise_flags(flags, false, &bits);
        flags_set(&out->flags, bits.bits & 1);
    }
}

void header_read_cloud(struct slice text, unsigned options, struct context_value *out)
{
    struct slice rest = text;
    struct slice ids = id_next_part(&rest, ';');
    struct slice span = ids;
    struct slice trace = id_next_part(&span, '/');
    set_parts(out, trace, slice_make(NULL, 0), options);
    if (span.len > 0 && id_is_decimal(span)) {
        id_set_decimal(&out->span, span, SPAN_DIGITS, options);
    } else if (span.len > 0) {
        normalise_span(span, FORM_HEX, options, &out->span);
        out->span.is_verbatim = false;
    }
    if (slice_has_prefix(rest, SLICE("o=")) && rest.len == 3 && is_digit(rest.data[2])) {
        flags_set(&out->flags, (unsigned)(rest.data[2] - '0') & 1);
    }
}

void header_read_nr_linking(struct slice text, unsigned options, struct context_value *out)
{
    struct slice rest = text;
    struct slice marker = id_next_part(&rest, '|');
    (void)marker;
    (void)id_next_part(&rest, '|'); /* entity.guid */
    (void)id_next_part(&rest, '|'); /* hostname */
    normalise_trace(id_next_part(&rest, '|'), FORM_HEX, options, out);
    normalise_span(id_next_part(&rest, '|'), FORM_HEX, options, &out->span);
    out->trace.is_verbatim = false;
    out->span.is_verbatim = false;
}

/* [service,instance,traceId,segmentId,spanId], TID:<id>, or the id alone. */
void header_read_skywalking(struct slice text, struct context_value *out)
{
    if (text.len > 0 && text.data[0] == '[') {
        struct slice rest = slice_skip(text, 1);
        (void)id_next_part(&rest, ',');
        (void)id_next_part(&rest, ',');
        text = id_next_part(&rest, ',');
    } else if (slice_has_prefix(text, SLICE("TID:"))) {
        text = slice_skip(text, 4);
    }
    bool is_none = is_placeholder(slice_trim(text));
    id_set_state(&out->trace, is_none ? TRACE_PLACEHOLDER : TRACE_VENDOR_OPAQUE);
}

/* 32 hex digits (or more groups) with a dotted tail of numbers; a thread id never looks like it. */
bool header_is_skywalking(struct slice text)
{
    struct slice rest = text;
    struct slice root = id_next_part(&rest, '.');
    struct slice thread = id_next_part(&rest, '.');
    return slice_has_prefix(text, SLICE("TID:")) ||
           (root.len >= TRACE_DIGITS && id_is_decimal(thread) && id_is_decimal(rest));
}

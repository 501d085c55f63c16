/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/trace/normalise.h"

#include "base/mem.h"
#include "resolve/trace/id.h"

#define NOTE(name) (UINT64_C(1) << (name))

#define TRACEPARENT_MAX 128 /* bytes of one that are decoded */

/* ------------------------------------------------------------------------------------------------
 * Composed values: one text that holds a trace id, a span id and flags, mostly a propagation header
 * that was copied into a log. Each reader sets what it finds in `out`, whose parts must be
 * TRACE_ABSENT and FLAGS_NONE before; none of them fails.
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 00-<32>-<16>-<2>, a higher version may have more behind it. */
static bool has_traceparent_shape(struct slice text)
{
    return text.len >= 55 && text.data[2] == '-' && text.data[35] == '-' && text.data[52] == '-' &&
           is_hex(id_sub(text, 0, 2)) && is_hex(id_sub(text, 3, 35)) &&
           is_hex(id_sub(text, 36, 52)) && is_hex(id_sub(text, 53, 55)) &&
           (text.len == 55 || text.data[55] == '-');
}

/* W3C: an invalid trace-id or parent-id makes the whole header invalid; a higher version is read by
 * its first 55 characters; ff is forbidden, and 00 has nothing behind the flags. */
static void take_traceparent(struct slice text, struct context_value *out)
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
static void judge_traceparent(struct slice text, struct id_value *trace)
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

bool normalise_is_xray(struct slice text)
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
static void take_xray(struct slice text, unsigned options, struct context_value *out)
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

/* b3 and sentry-trace: T-S-sampled, and b3's lone sampling decision. */
static void take_dashed(struct slice text, unsigned options, struct context_value *out)
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

/* uber-trace-id: T:S:parent:flags */
static void take_uber(struct slice text, struct context_value *out)
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

/* X-Cloud-Trace-Context: T/S;o=1, S in decimal */
static void take_cloud(struct slice text, unsigned options, struct context_value *out)
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

/* NR-LINKING|guid|host|T|S|name| */
static void take_nr_linking(struct slice text, unsigned options, struct context_value *out)
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
static void take_skywalking(struct slice text, struct context_value *out)
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
static bool is_skywalking(struct slice text)
{
    struct slice rest = text;
    struct slice root = id_next_part(&rest, '.');
    struct slice thread = id_next_part(&rest, '.');
    return slice_has_prefix(text, SLICE("TID:")) ||
           (root.len >= TRACE_DIGITS && id_is_decimal(thread) && id_is_decimal(rest));
}

/* ------------------------------------------------------------------------------------------------
 * Forms
 */

/*
 * Which form a value has: from the most particular to the most general. The order is that of
 * docs/coverage.md and matters: a placeholder first, composed shapes next, plain digits last.
 */

static bool has_weak_shape(struct slice text, enum id_form form)
{
    bool has_len = text.len == TRACE_DIGITS || (text.len == SPAN_DIGITS && form == FORM_WEAK);
    return has_len && is_hex(text);
}

/* projects/<p>/traces/<id> */
static bool strip_gcp_path(struct slice *text)
{
    static const char word[] = "/traces/";
    if (!slice_has_prefix(*text, SLICE("projects/"))) {
        return false;
    }
    const char *at = memmem(text->data, text->len, word, sizeof(word) - 1);
    if (at == NULL) {
        return false;
    }
    *text = slice_skip(*text, (size_t)(at - text->data) + sizeof(word) - 1);
    return true;
}

static void read_hex_trace(struct slice text, unsigned options, struct context_value *out)
{
    if (is_placeholder(text)) {
        id_set_state(&out->trace, TRACE_PLACEHOLDER);
    } else if (has_traceparent_shape(text)) {
        take_traceparent(text, out);
    } else if (normalise_is_xray(text)) {
        take_xray(text, options, out);
    } else if (strip_gcp_path(&text)) {
        if (is_placeholder(text)) {
            id_set_state(&out->trace, TRACE_PLACEHOLDER);
        } else if (!id_set_usual(&out->trace, text, TRACE_DIGITS)) {
            id_set_any(&out->trace, text, TRACE_DIGITS, options);
        }
        out->trace.is_verbatim = false;
        id_mark_converted(&out->trace);
    } else {
        id_set_any(&out->trace, text, TRACE_DIGITS, options);
    }
}

static bool is_dd_decimal(struct slice text)
{
    return text.len > 0 && text.len <= 20 && id_is_decimal(text) && !id_is_all_zeros(text) &&
           !(text.len == SPAN_DIGITS && text.data[0] == '0');
}

/* A comment in a SQL statement, a cookie or a query has it percent-encoded. */
static struct slice decode_dashes(struct slice text, char out[TRACEPARENT_MAX])
{
    size_t len = 0;
    if (text.len > TRACEPARENT_MAX || memchr(text.data, '%', text.len) == NULL) {
        return text;
    }
    for (size_t i = 0; i < text.len; i++) {
        bool is_dash = slice_is_equal_nocase(id_sub(text, i, i + 3), SLICE("%2d"));
        out[len++] = is_dash ? '-' : text.data[i];
        i += is_dash ? 2 : 0;
    }
    return slice_make(out, len);
}

static void read_traceparent(struct slice text, struct context_value *out)
{
    char decoded[TRACEPARENT_MAX];
    if (is_placeholder(text)) {
        id_set_state(&out->trace, TRACE_PLACEHOLDER);
        return;
    }
    text = decode_dashes(text, decoded);
    if (has_traceparent_shape(text)) {
        take_traceparent(text, out);
    } else {
        judge_traceparent(text, &out->trace);
    }
}

static void read_trace(struct slice text, enum id_form form, unsigned options,
                       struct context_value *out)
{
    switch (form) {
    case FORM_WEAK:
    case FORM_WEAK_32:
        if (has_weak_shape(text, form)) {
            read_hex_trace(text, options, out);
        }
        break;
    case FORM_TID:
        if (is_skywalking(text)) {
            take_skywalking(text, out);
        }
        break;
    case FORM_SKYWALKING:
        take_skywalking(text, out);
        break;
    case FORM_DD:
        if (is_dd_decimal(text)) {
            id_set_decimal(&out->trace, text, TRACE_DIGITS, options);
        } else if (text.len > 20 && id_is_decimal(text) && text.len < TRACE_DIGITS) {
            id_set_state(&out->trace, TRACE_MALFORMED_LENGTH);
        } else {
            read_hex_trace(text, options, out);
        }
        break;
    case FORM_TRACEPARENT:
        read_traceparent(text, out);
        break;
    case FORM_B3:
    case FORM_SENTRY:
        take_dashed(text, options, out);
        break;
    case FORM_UBER:
        take_uber(text, out);
        break;
    case FORM_CLOUD:
        take_cloud(text, options, out);
        break;
    case FORM_NR_LINKING:
        take_nr_linking(text, options, out);
        break;
    case FORM_HEX:
    case FORM_AZURE:
        read_hex_trace(text, options, out);
        break;
    }
}

static bool is_plain_form(enum id_form form)
{
    return form <= FORM_AZURE;
}

void normalise_trace(struct slice text, enum id_form form, unsigned options,
                     struct context_value *out)
{
    out->span.state = TRACE_ABSENT;
    out->span.is_valid = false;
    out->span.is_verbatim = false;
    out->span.notes = 0;
    out->flags.state = FLAGS_NONE;
    if (is_plain_form(form) && id_set_usual(&out->trace, text, TRACE_DIGITS)) {
        id_note_low64(&out->trace);
        return;
    }
    id_set_state(&out->trace, TRACE_ABSENT);
    id_set_state(&out->span, TRACE_ABSENT);
    if ((form == FORM_HEX || form == FORM_WEAK) &&
        id_read_usual(text, SPAN_DIGITS, out->trace.bytes + 8)) {
        out->trace.state = TRACE_VENDOR_FORMAT; /* a 64-bit id */
        out->trace.is_valid = true;
        out->trace.notes = NOTE(NOTE_LOW64);
        return;
    }
    id_set_state(&out->trace, TRACE_ABSENT);
    read_trace(id_bare(text), form, options, out);
}

/* |<operation>.<span>. names the span in its last part. */
static bool read_azure_parent(struct slice text, struct id_value *out)
{
    if (text.len < 2 || text.data[0] != '|' || text.data[text.len - 1] != '.') {
        return false;
    }
    struct slice rest = id_sub(text, 1, text.len - 1);
    struct slice operation = id_next_part(&rest, '.');
    if (operation.len != TRACE_DIGITS || !is_hex(operation) ||
        !id_set_usual(out, rest, SPAN_DIGITS)) {
        return false;
    }
    out->is_verbatim = false;
    id_mark_converted(out);
    return true;
}

void normalise_span(struct slice text, enum id_form form, unsigned options, struct id_value *out)
{
    if (form != FORM_DD && id_set_usual(out, text, SPAN_DIGITS)) {
        return;
    }
    id_set_state(out, TRACE_ABSENT);
    text = id_bare(text);
    if (form == FORM_WEAK || form == FORM_WEAK_32) {
        if (text.len == SPAN_DIGITS && is_hex(text)) {
            id_set_any(out, text, SPAN_DIGITS, options);
        }
    } else if (is_placeholder(text)) {
        id_set_state(out, TRACE_PLACEHOLDER);
    } else if (form == FORM_DD && is_dd_decimal(text)) {
        id_set_decimal(out, text, SPAN_DIGITS, options);
    } else if (form != FORM_AZURE || !read_azure_parent(text, out)) {
        id_set_any(out, text, SPAN_DIGITS, options);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Flags
 */

static bool read_flag_word(struct slice text, struct flags_value *out)
{
    static const struct {
        struct slice word;
        uint8_t bits;
    } words[] = {
        {SLICE("true"), 1},  {SLICE("false"), 0}, {SLICE("recorded"), 1}, {SLICE("none"), 0},
        {SLICE("debug"), 1}, {SLICE("d"), 1},     {SLICE("sampled"), 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (slice_is_equal_nocase(text, words[i].word)) {
            flags_set(out, words[i].bits);
            return true;
        }
    }
    return false;
}

static unsigned hex_value(struct slice text)
{
    unsigned value = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        value = value << 4 | (c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10);
    }
    return value;
}

void normalise_flags(struct slice text, bool is_number, struct flags_value *out)
{
    *out = (struct flags_value){.state = FLAGS_NONE};
    if (text.len == 2 && !is_number && is_hex(text)) {
        flags_set(out, hex_value(text));
        out->is_verbatim = !id_has_upper(text);
        return;
    }
    text = id_bare(text);
    if (read_flag_word(text, out) || is_placeholder(text)) {
        return;
    }
    out->state = FLAGS_INVALID;
    if (is_number) {
        uint64_t value;
        if (id_is_decimal(text) && id_parse_u64(text, &value) && value <= UINT32_MAX) {
            flags_set(out, value & 0xFF); /* OTLP keeps more bits above the eight of W3C */
        }
        return;
    }
    if (text.len > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
        text = slice_skip(text, 2);
    }
    /* JavaScript writes a zero before one or two digits. */
    if (text.len >= 1 && text.len <= 3 && is_hex(text) && hex_value(text) <= 0xFF) {
        flags_set(out, hex_value(text));
    }
}

void normalise_b3_flags(struct slice text, struct flags_value *out)
{
    *out = (struct flags_value){.state = FLAGS_NONE};
    if (slice_is_equal(id_bare(text), SLICE("1"))) {
        flags_set(out, 1);
    }
}

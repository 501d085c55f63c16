/* SPDX-License-Identifier: Apache-2.0 */
#include "core/trace_normalise.h"

#include <endian.h>
#include "base/mem.h"

/*
 * Nearly every id is 32 or 16 lower-case hex digits, so that is tried first, sixteen digits at a time
 * in one register. What is left goes through the list of forms, from the most particular to the most
 * general; the order is that of docs/coverage.md and matters.
 */

#define NOTE(name) (UINT64_C(1) << (name))

/* The hex digits of an id. */
#define TRACE_DIGITS 32
#define SPAN_DIGITS 16

enum hex_result {
    HEX_LOWER,
    HEX_MIXED, /* at least one upper-case digit */
    HEX_NOT,
};

typedef uint8_t block __attribute__((vector_size(16)));
typedef int8_t signed_block __attribute__((vector_size(16)));
typedef uint16_t wide_block __attribute__((vector_size(16)));
typedef uint8_t half_block __attribute__((vector_size(8)));

static bool is_any(block x)
{
    uint64_t halves[2];
    memcpy(halves, &x, sizeof(halves));
    return (halves[0] | halves[1]) != 0;
}

/* Sixteen digits to eight bytes. Written for the vector unit without naming one: the compiler makes
 * SSE2 or NEON of it. Bytes from 0x80 are negative, so they fail the first comparison. */
static enum hex_result decode16(const char *s, uint8_t out[8])
{
    signed_block x;
    memcpy(&x, s, sizeof(x));
    signed_block folded = x | 0x20;
    block digits = (block)(x >= '0') & (block)(x <= '9');
    block letters = (block)(folded >= 'a') & (block)(folded <= 'f');
    if (is_any(~(digits | letters))) {
        return HEX_NOT;
    }
    block nibbles = ((block)x & 0x0F) + (letters & 9);
    wide_block pairs = (wide_block)nibbles;
    bool is_little = htole16(1) == 1;
    pairs = is_little ? pairs << 4 | pairs >> 8 : pairs | pairs >> 4;
    half_block bytes = __builtin_convertvector(pairs & 0xFF, half_block);
    memcpy(out, &bytes, sizeof(bytes));
    return is_any(letters & ~(block)x & 0x20) ? HEX_MIXED : HEX_LOWER;
}

/* `digits` is 32 or 16. */
static inline enum hex_result decode(const char *s, size_t digits, uint8_t *out)
{
    enum hex_result result = decode16(s, out);
    if (digits == TRACE_DIGITS && result != HEX_NOT) {
        enum hex_result second = decode16(s + 16, out + 8);
        result = second > result ? second : result;
    }
    return result;
}

static bool is_zero(const uint8_t *bytes, size_t digits)
{
    uint64_t a;
    uint64_t b = 0;
    memcpy(&a, bytes, sizeof(a));
    if (digits == TRACE_DIGITS) {
        memcpy(&b, bytes + 8, sizeof(b));
    }
    return (a | b) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c)
{
    char folded = (char)(c | 0x20);
    return is_digit(c) || (folded >= 'a' && folded <= 'f');
}

bool is_hex(struct slice text)
{
    size_t i = 0;
    uint8_t bytes[8];
    for (; text.len - i >= 16; i += 16) {
        if (decode16(text.data + i, bytes) == HEX_NOT) {
            return false;
        }
    }
    for (; i < text.len; i++) {
        if (!is_hex_digit(text.data[i])) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_decimal(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i])) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_all_zeros(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '0' && text.data[i] != '-') {
            return false;
        }
    }
    return text.len > 0 && text.data[0] == '0';
}

static struct slice sub(struct slice s, size_t from, size_t to)
{
    to = to < s.len ? to : s.len;
    from = from < to ? from : to;
    return slice_make(s.data + from, to - from);
}

/* What is before the next `separator`; `rest` becomes what is behind it. */
static struct slice next_part(struct slice *rest, char separator)
{
    const char *end = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
    struct slice part = sub(*rest, 0, len);
    *rest = slice_skip(*rest, end != NULL ? len + 1 : len);
    return part;
}

/* Without blanks around it and one pair of quotes. */
static struct slice bare(struct slice text)
{
    text = slice_trim(text);
    if (text.len >= 2 && (text.data[0] == '"' || text.data[0] == '\'') &&
        text.data[text.len - 1] == text.data[0]) {
        text = slice_trim(sub(text, 1, text.len - 1));
    }
    return text;
}

bool normalise_usual(struct slice text, size_t digits, uint8_t *out)
{
    return text.len == digits && decode(text.data, digits, out) == HEX_LOWER &&
           !is_zero(out, digits);
}

bool is_placeholder(struct slice text)
{
    static const struct slice words[] = {
        SLICE("null"), SLICE("none"),   SLICE("nil"),    SLICE("undefined"), SLICE("n/a"),
        SLICE("-"),    SLICE("--"),     SLICE("false"),  SLICE("(null)"),    SLICE("(none)"),
        SLICE("()"),   SLICE("ignored_trace"),
    };
    if (text.len == 0) {
        return true;
    }
    /* Templates that nobody filled in: {trace_id}, %X{traceId}, ${ctx:trace_id}, <no value>. */
    if (memchr("{%$<", text.data[0], 4) != NULL || slice_has_prefix(text, SLICE("#{"))) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (slice_is_equal_nocase(text, words[i])) {
            return true;
        }
    }
    return false;
}

static void set_state(struct id_value *id, enum trace_class state)
{
    *id = (struct id_value){.state = (uint8_t)state};
}

/* At most `digits` hex digits, padded with zeros on the left; `state` says what that counts as. */
static void set_padded(struct id_value *id, struct slice hex, size_t digits, enum trace_class state)
{
    char text[TRACE_DIGITS];
    memset(text, '0', sizeof(text));
    memcpy(text + digits - hex.len, hex.data, hex.len);
    set_state(id, state);
    id->is_valid = decode(text, digits, id->bytes) != HEX_NOT;
    ENSURE(id->is_valid);
    if (is_zero(id->bytes, digits)) {
        set_state(id, TRACE_ALL_ZERO);
    }
}

static void note_low64(struct id_value *id)
{
    static const uint8_t zeros[8];
    if (id->is_valid && memcmp(id->bytes, zeros, sizeof(zeros)) == 0) {
        id->notes |= NOTE(NOTE_LOW64);
    }
}

static bool parse_u64(struct slice text, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

/* Datadog's ids: unsigned 64-bit in decimal. */
static void set_decimal(struct id_value *id, struct slice text, size_t digits, unsigned options)
{
    uint64_t value;
    if (!parse_u64(text, &value)) {
        set_state(id, TRACE_MALFORMED_LENGTH);
        return;
    }
    if (value == 0) {
        set_state(id, TRACE_ALL_ZERO);
        return;
    }
    bool is_trace = digits == TRACE_DIGITS;
    if (is_trace && (options & ID_DECIMAL_PAD) == 0) {
        set_state(id, TRACE_VENDOR_OPAQUE);
        id->notes = NOTE(NOTE_LOW64) | NOTE(NOTE_NOT_SHIPPED);
        return;
    }
    set_state(id, TRACE_VENDOR_FORMAT);
    uint64_t big = htobe64(value);
    memcpy(id->bytes + (is_trace ? 8 : 0), &big, sizeof(big));
    id->is_valid = true;
    id->notes = is_trace ? NOTE(NOTE_LOW64) : 0;
}

/* .NET's and SkyWalking's: |root.1., 7f3c9e10-4b8f2a6d1c0e, <id>.81.1772446272345. */
static bool is_hierarchical(struct slice text)
{
    if (text.data[0] == '|') {
        return true;
    }
    size_t end = 0;
    size_t dashes = 0;
    size_t last_dash = 0;
    while (end < text.len && (is_hex_digit(text.data[end]) || text.data[end] == '-')) {
        if (text.data[end] == '-') {
            dashes++;
            last_dash = end;
        }
        end++;
    }
    if (end < text.len) {
        return text.data[end] == '.' && end >= 8;
    }
    return dashes == 1 && last_dash > 0 && text.len - last_dash == 13;
}

/* Dashes between groups of 8-4-4-4-12 (a UUID) or 8-8-8-8 digits: taken out into `out`, which has
 * room for 32; the number of digits there, 0 for any other shape. */
static size_t strip_dashes(struct slice text, char *out, bool *out_is_uuid)
{
    static const uint8_t uuid[] = {8, 13, 18, 23};
    static const uint8_t groups[] = {8, 17, 26};
    *out_is_uuid = text.len == 36;
    const uint8_t *at = *out_is_uuid ? uuid : groups;
    size_t count = *out_is_uuid ? sizeof(uuid) : sizeof(groups);
    if (text.len != TRACE_DIGITS + count) {
        return 0;
    }
    size_t len = 0;
    size_t dash = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool is_dash = dash < count && i == at[dash];
        if (is_dash ? text.data[i] != '-' : !is_hex_digit(text.data[i])) {
            return 0;
        }
        if (is_dash) {
            dash++;
        } else {
            out[len++] = text.data[i];
        }
    }
    return len;
}

/* Plain hex digits of any number. */
static void set_hex(struct id_value *id, struct slice hex, size_t digits, unsigned options)
{
    bool is_trace = digits == TRACE_DIGITS;
    if (hex.len == digits) {
        set_padded(id, hex, digits, TRACE_OK);
    } else if (is_trace && hex.len == SPAN_DIGITS) {
        set_padded(id, hex, digits, TRACE_VENDOR_FORMAT);
    } else if ((hex.len >= digits - 3 && hex.len < digits) ||
               (is_trace && hex.len >= SPAN_DIGITS - 3 && hex.len < SPAN_DIGITS)) {
        /* Printers that use %x lose leading zeros; a loss of more than three is a cut, not a loss. */
        set_state(id, TRACE_MALFORMED_LENGTH);
        if ((options & ID_REPAIR) != 0) {
            set_padded(id, hex, digits, TRACE_MALFORMED_LENGTH);
            id->notes |= NOTE(NOTE_REPAIRED);
        }
    } else {
        set_state(id, TRACE_MALFORMED_LENGTH);
    }
    if (is_trace) {
        note_low64(id);
    }
}

static bool has_upper(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 'A' && text.data[i] <= 'F') {
            return true;
        }
    }
    return false;
}

static void mark_converted(struct id_value *id)
{
    if (id->state == TRACE_OK) {
        id->state = TRACE_VENDOR_FORMAT;
    }
}

/* What is neither a placeholder nor one of the composed shapes. */
static void set_any(struct id_value *id, struct slice text, size_t digits, unsigned options)
{
    char undashed[TRACE_DIGITS];
    bool is_uuid = false;
    bool is_converted = false;
    if (is_hierarchical(text)) {
        set_state(id, TRACE_VENDOR_OPAQUE);
        return;
    }
    if (text.len > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
        text = slice_skip(text, 2);
        is_converted = true;
    }
    if (is_all_zeros(text)) {
        set_state(id, text.len == 1 ? TRACE_PLACEHOLDER : TRACE_ALL_ZERO);
        return;
    }
    size_t stripped = strip_dashes(text, undashed, &is_uuid);
    if (stripped > 0) {
        text = slice_make(undashed, stripped);
        is_converted = true;
    }
    if (text.len >= 17 && text.len <= 20 && is_decimal(text)) {
        set_decimal(id, text, digits, options);
        return;
    }
    if (!is_hex(text)) {
        set_state(id, TRACE_NON_HEX);
        return;
    }
    set_hex(id, text, digits, options);
    id->notes |= has_upper(text) ? NOTE(NOTE_LOWERED) : 0;
    if (is_converted) {
        mark_converted(id);
    }
    if (stripped > 0 && is_uuid) {
        id->notes |= NOTE(NOTE_UUID);
        if ((options & ID_UUID) == 0 && id->is_valid) {
            set_state(id, TRACE_VENDOR_OPAQUE);
            id->notes = NOTE(NOTE_UUID) | NOTE(NOTE_NOT_SHIPPED);
        }
    }
}

/* The usual form; false if it is any other. */
static inline bool set_usual(struct id_value *id, struct slice text, size_t digits)
{
    if (text.len != digits) {
        return false;
    }
    uint8_t bytes[16] = {0};
    enum hex_result result = decode(text.data, digits, bytes);
    if (result == HEX_NOT) {
        return false;
    }
    memcpy(id->bytes, bytes, sizeof(bytes));
    bool is_id = !is_zero(bytes, digits);
    id->state = is_id ? TRACE_OK : TRACE_ALL_ZERO;
    id->is_valid = is_id;
    id->is_verbatim = is_id && result == HEX_LOWER;
    id->notes = result == HEX_MIXED ? NOTE(NOTE_LOWERED) : 0;
    return true;
}

static void set_flags(struct flags_value *flags, unsigned bits)
{
    *flags = (struct flags_value){.bits = (uint8_t)bits, .state = FLAGS_KNOWN};
}

/* ------------------------------------------------------------------------------------------------
 * Composed values: one text holds a trace id, a span id and flags.
 */

static bool is_traceparent_shape(struct slice text)
{
    return text.len >= 55 && text.data[2] == '-' && text.data[35] == '-' && text.data[52] == '-' &&
           is_hex(sub(text, 0, 2)) && is_hex(sub(text, 3, 35)) && is_hex(sub(text, 36, 52)) &&
           is_hex(sub(text, 53, 55)) && (text.len == 55 || text.data[55] == '-');
}

/* W3C: an invalid trace-id or parent-id makes the whole header invalid; a higher version is read by
 * its first 55 characters; ff is forbidden, and 00 has nothing behind the flags. */
static void read_traceparent(struct slice text, struct context_value *out)
{
    struct slice version = sub(text, 0, 2);
    if (slice_is_equal_nocase(version, SLICE("ff")) ||
        (slice_is_equal(version, SLICE("00")) && text.len > 55)) {
        set_state(&out->trace, TRACE_MALFORMED_OTHER);
        return;
    }
    (void)set_usual(&out->trace, sub(text, 3, 35), TRACE_DIGITS);
    (void)set_usual(&out->span, sub(text, 36, 52), SPAN_DIGITS);
    if (!out->trace.is_valid || !out->span.is_valid) {
        set_state(&out->trace, TRACE_ALL_ZERO);
        set_state(&out->span, TRACE_ABSENT);
        return;
    }
    out->trace.is_verbatim = false;
    out->span.is_verbatim = false;
    normalise_flags(sub(text, 53, 55), false, &out->flags);
    out->flags.is_verbatim = false;
}

/* A header of another shape: say what is wrong with its trace id, if that can be told. */
static void judge_traceparent(struct slice text, struct id_value *trace)
{
    struct slice rest = text;
    struct slice version = next_part(&rest, '-');
    struct slice id = next_part(&rest, '-');
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
    set_state(trace, state);
}

static bool is_xray_shape(struct slice text)
{
    return slice_has_prefix(text, SLICE("Root=")) || slice_has_prefix(text, SLICE("Self=")) ||
           slice_has_prefix(text, SLICE("AWS-XRAY-TRACE-ID")) ||
           (text.len >= 12 && text.data[1] == '-' && text.data[10] == '-' && is_digit(text.data[0]));
}

/* `1-` eight digits `-` twenty-four digits, perhaps `@` and the segment's id. */
static void read_xray_root(struct slice text, struct context_value *out, unsigned options)
{
    struct slice segment = text;
    text = next_part(&segment, '@');
    if (is_placeholder(text)) {
        set_state(&out->trace, TRACE_PLACEHOLDER);
        return;
    }
    if (text.len < 2 || text.data[1] != '-') {
        set_any(&out->trace, text, TRACE_DIGITS, options);
        return;
    }
    char hex[TRACE_DIGITS];
    bool has_shape = text.len == 35 && text.data[10] == '-';
    if (text.data[0] != '1') {
        set_state(&out->trace, TRACE_MALFORMED_OTHER);
    } else if (!has_shape) {
        struct slice rest = slice_skip(text, 2);
        struct slice seconds = next_part(&rest, '-');
        set_state(&out->trace, is_hex(seconds) && is_hex(rest) ? TRACE_MALFORMED_LENGTH
                                                               : TRACE_NON_HEX);
    } else {
        memcpy(hex, text.data + 2, 8);
        memcpy(hex + 8, text.data + 11, 24);
        if (!set_usual(&out->trace, slice_make(hex, sizeof(hex)), TRACE_DIGITS)) {
            set_state(&out->trace, TRACE_NON_HEX);
        }
        out->trace.is_verbatim = false;
        mark_converted(&out->trace);
    }
    if (segment.len > 0) {
        normalise_span(segment, FORM_HEX, options, &out->span);
        out->span.is_verbatim = false;
    }
}

/* A whole header: Root=1-…;Parent=…;Sampled=1 in any order, more parts allowed; or a bare root. */
static void read_xray(struct slice text, unsigned options, struct context_value *out)
{
    if (slice_has_prefix(text, SLICE("AWS-XRAY-TRACE-ID"))) {
        text = slice_skip(text, sizeof("AWS-XRAY-TRACE-ID") - 1);
        while (text.len > 0 && (text.data[0] == ':' || text.data[0] == ' ')) {
            text = slice_skip(text, 1);
        }
    }
    bool has_root = false;
    while (text.len > 0) {
        struct slice part = slice_trim(next_part(&text, ';'));
        if (slice_has_prefix(part, SLICE("Root="))) {
            read_xray_root(slice_skip(part, 5), out, options);
            has_root = true;
        } else if (slice_has_prefix(part, SLICE("Parent="))) {
            normalise_span(slice_skip(part, 7), FORM_HEX, options, &out->span);
            out->span.is_verbatim = false;
        } else if (slice_has_prefix(part, SLICE("Sampled="))) {
            struct slice value = slice_skip(part, 8);
            if (slice_is_equal(value, SLICE("1")) || slice_is_equal(value, SLICE("0"))) {
                set_flags(&out->flags, value.data[0] == '1');
            }
        } else if (!has_root && memchr(part.data, '=', part.len) == NULL && part.len > 0) {
            read_xray_root(part, out, options);
            has_root = true;
        }
    }
    if (!has_root) {
        set_state(&out->trace, TRACE_MALFORMED_OTHER);
    }
}

/* The parts of a header that carries plain ids; both count as converted. */
static void set_parts(struct context_value *out, struct slice trace, struct slice span,
                      unsigned options)
{
    normalise_trace(trace, FORM_HEX, options, out);
    out->trace.is_verbatim = false;
    mark_converted(&out->trace);
    set_state(&out->span, TRACE_ABSENT);
    if (span.len > 0) {
        normalise_span(span, FORM_HEX, options, &out->span);
        out->span.is_verbatim = false;
    }
}

static void read_dashed(struct slice text, unsigned options, struct context_value *out)
{
    if (text.len == 1 && memchr("01d", text.data[0], 3) != NULL) {
        set_state(&out->trace, TRACE_PLACEHOLDER); /* b3's lone sampling decision */
        return;
    }
    struct slice rest = text;
    struct slice trace = next_part(&rest, '-');
    struct slice span = next_part(&rest, '-');
    struct slice sampled = next_part(&rest, '-');
    set_parts(out, trace, span, options);
    if (sampled.len == 1 && memchr("01d", sampled.data[0], 3) != NULL) {
        set_flags(&out->flags, sampled.data[0] != '0');
    }
}

/* Jaeger prints numbers: any id may be shorter than its full length. */
static void set_number(struct id_value *id, struct slice text, size_t digits)
{
    if (!is_hex(text)) {
        set_state(id, is_placeholder(text) ? TRACE_PLACEHOLDER : TRACE_NON_HEX);
    } else if (is_all_zeros(text)) {
        set_state(id, text.len == 1 ? TRACE_PLACEHOLDER : TRACE_ALL_ZERO);
    } else if (text.len > digits) {
        set_state(id, TRACE_MALFORMED_LENGTH);
    } else {
        set_padded(id, text, digits, TRACE_VENDOR_FORMAT);
    }
}

/* The colon may be percent-encoded, as in a cookie or a query. */
static struct slice next_uber_part(struct slice *rest)
{
    for (size_t i = 0; i < rest->len; i++) {
        size_t width = 0;
        if (rest->data[i] == ':') {
            width = 1;
        } else if (slice_is_equal_nocase(sub(*rest, i, i + 3), SLICE("%3a"))) {
            width = 3;
        }
        if (width > 0) {
            struct slice part = sub(*rest, 0, i);
            *rest = slice_skip(*rest, i + width);
            return part;
        }
    }
    struct slice part = *rest;
    *rest = slice_skip(*rest, rest->len);
    return part;
}

static void read_uber(struct slice text, struct context_value *out)
{
    struct slice rest = text;
    struct slice trace = next_uber_part(&rest);
    struct slice span = next_uber_part(&rest);
    (void)next_uber_part(&rest); /* the parent */
    struct slice flags = next_uber_part(&rest);
    set_number(&out->trace, trace, TRACE_DIGITS);
    note_low64(&out->trace);
    if (span.len > 0) {
        set_number(&out->span, span, SPAN_DIGITS);
    }
    if (flags.len >= 1 && flags.len <= 2 && is_hex(flags)) {
        struct flags_value bits;
        normalise_flags(flags, false, &bits);
        set_flags(&out->flags, bits.bits & 1);
    }
}

static void read_cloud(struct slice text, unsigned options, struct context_value *out)
{
    struct slice rest = text;
    struct slice ids = next_part(&rest, ';');
    struct slice span = ids;
    struct slice trace = next_part(&span, '/');
    set_parts(out, trace, slice_make(NULL, 0), options);
    if (span.len > 0 && is_decimal(span)) {
        set_decimal(&out->span, span, SPAN_DIGITS, options);
    } else if (span.len > 0) {
        normalise_span(span, FORM_HEX, options, &out->span);
        out->span.is_verbatim = false;
    }
    if (slice_has_prefix(rest, SLICE("o=")) && rest.len == 3 && is_digit(rest.data[2])) {
        set_flags(&out->flags, (unsigned)(rest.data[2] - '0') & 1);
    }
}

static void read_nr_linking(struct slice text, unsigned options, struct context_value *out)
{
    struct slice rest = text;
    struct slice marker = next_part(&rest, '|');
    (void)marker;
    (void)next_part(&rest, '|'); /* entity.guid */
    (void)next_part(&rest, '|'); /* hostname */
    normalise_trace(next_part(&rest, '|'), FORM_HEX, options, out);
    normalise_span(next_part(&rest, '|'), FORM_HEX, options, &out->span);
    out->trace.is_verbatim = false;
    out->span.is_verbatim = false;
}

/* [service,instance,traceId,segmentId,spanId], TID:<id>, or the id alone. */
static void read_skywalking(struct slice text, struct context_value *out)
{
    if (text.len > 0 && text.data[0] == '[') {
        struct slice rest = slice_skip(text, 1);
        (void)next_part(&rest, ',');
        (void)next_part(&rest, ',');
        text = next_part(&rest, ',');
    } else if (slice_has_prefix(text, SLICE("TID:"))) {
        text = slice_skip(text, 4);
    }
    bool is_none = is_placeholder(slice_trim(text));
    set_state(&out->trace, is_none ? TRACE_PLACEHOLDER : TRACE_VENDOR_OPAQUE);
}

/* 32 hex digits (or more groups) with a dotted tail of numbers; a thread id never looks like it. */
static bool is_skywalking_shape(struct slice text)
{
    struct slice rest = text;
    struct slice root = next_part(&rest, '.');
    struct slice thread = next_part(&rest, '.');
    return slice_has_prefix(text, SLICE("TID:")) ||
           (root.len >= TRACE_DIGITS && is_decimal(thread) && is_decimal(rest));
}

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
        set_state(&out->trace, TRACE_PLACEHOLDER);
    } else if (is_traceparent_shape(text)) {
        read_traceparent(text, out);
    } else if (is_xray_shape(text)) {
        read_xray(text, options, out);
    } else if (strip_gcp_path(&text)) {
        if (is_placeholder(text)) {
            set_state(&out->trace, TRACE_PLACEHOLDER);
        } else if (!set_usual(&out->trace, text, TRACE_DIGITS)) {
            set_any(&out->trace, text, TRACE_DIGITS, options);
        }
        out->trace.is_verbatim = false;
        mark_converted(&out->trace);
    } else {
        set_any(&out->trace, text, TRACE_DIGITS, options);
    }
}

static bool is_dd_decimal(struct slice text)
{
    return text.len > 0 && text.len <= 20 && is_decimal(text) && !is_all_zeros(text) &&
           !(text.len == SPAN_DIGITS && text.data[0] == '0');
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
        if (is_skywalking_shape(text)) {
            read_skywalking(text, out);
        }
        break;
    case FORM_SKYWALKING:
        read_skywalking(text, out);
        break;
    case FORM_DD:
        if (is_dd_decimal(text)) {
            set_decimal(&out->trace, text, TRACE_DIGITS, options);
        } else if (text.len > 20 && is_decimal(text) && text.len < TRACE_DIGITS) {
            set_state(&out->trace, TRACE_MALFORMED_LENGTH);
        } else {
            read_hex_trace(text, options, out);
        }
        break;
    case FORM_TRACEPARENT:
        if (is_placeholder(text)) {
            set_state(&out->trace, TRACE_PLACEHOLDER);
        } else if (is_traceparent_shape(text)) {
            read_traceparent(text, out);
        } else {
            judge_traceparent(text, &out->trace);
        }
        break;
    case FORM_B3:
    case FORM_SENTRY:
        read_dashed(text, options, out);
        break;
    case FORM_UBER:
        read_uber(text, out);
        break;
    case FORM_CLOUD:
        read_cloud(text, options, out);
        break;
    case FORM_NR_LINKING:
        read_nr_linking(text, options, out);
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
    out->flags.state = FLAGS_NONE;
    if (is_plain_form(form) && set_usual(&out->trace, text, TRACE_DIGITS)) {
        note_low64(&out->trace);
        return;
    }
    set_state(&out->trace, TRACE_ABSENT);
    set_state(&out->span, TRACE_ABSENT);
    if ((form == FORM_HEX || form == FORM_WEAK) && text.len == SPAN_DIGITS &&
        decode(text.data, SPAN_DIGITS, out->trace.bytes + 8) == HEX_LOWER &&
        !is_zero(out->trace.bytes + 8, SPAN_DIGITS)) {
        out->trace.state = TRACE_VENDOR_FORMAT; /* a 64-bit id */
        out->trace.is_valid = true;
        out->trace.notes = NOTE(NOTE_LOW64);
        return;
    }
    set_state(&out->trace, TRACE_ABSENT);
    read_trace(bare(text), form, options, out);
}

/* |<operation>.<span>. names the span in its last part. */
static bool read_azure_parent(struct slice text, struct id_value *out)
{
    if (text.len < 2 || text.data[0] != '|' || text.data[text.len - 1] != '.') {
        return false;
    }
    struct slice rest = sub(text, 1, text.len - 1);
    struct slice operation = next_part(&rest, '.');
    if (operation.len != TRACE_DIGITS || !is_hex(operation) ||
        !set_usual(out, rest, SPAN_DIGITS)) {
        return false;
    }
    out->is_verbatim = false;
    mark_converted(out);
    return true;
}

void normalise_span(struct slice text, enum id_form form, unsigned options, struct id_value *out)
{
    if (form != FORM_DD && set_usual(out, text, SPAN_DIGITS)) {
        return;
    }
    set_state(out, TRACE_ABSENT);
    text = bare(text);
    if (form == FORM_WEAK || form == FORM_WEAK_32) {
        if (text.len == SPAN_DIGITS && is_hex(text)) {
            set_any(out, text, SPAN_DIGITS, options);
        }
    } else if (is_placeholder(text)) {
        set_state(out, TRACE_PLACEHOLDER);
    } else if (form == FORM_DD && is_dd_decimal(text)) {
        set_decimal(out, text, SPAN_DIGITS, options);
    } else if (form != FORM_AZURE || !read_azure_parent(text, out)) {
        set_any(out, text, SPAN_DIGITS, options);
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
            set_flags(out, words[i].bits);
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
        value = value << 4 | (is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10);
    }
    return value;
}

void normalise_flags(struct slice text, bool is_number, struct flags_value *out)
{
    *out = (struct flags_value){.state = FLAGS_NONE};
    if (text.len == 2 && !is_number && is_hex(text)) {
        set_flags(out, hex_value(text));
        out->is_verbatim = !has_upper(text);
        return;
    }
    text = bare(text);
    if (read_flag_word(text, out) || is_placeholder(text)) {
        return;
    }
    out->state = FLAGS_INVALID;
    if (is_number) {
        uint64_t value;
        if (is_decimal(text) && parse_u64(text, &value) && value <= UINT32_MAX) {
            set_flags(out, value & 0xFF); /* OTLP keeps more bits above the eight of W3C */
        }
        return;
    }
    if (text.len > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
        text = slice_skip(text, 2);
    }
    /* JavaScript writes a zero before one or two digits. */
    if (text.len >= 1 && text.len <= 3 && is_hex(text) && hex_value(text) <= 0xFF) {
        set_flags(out, hex_value(text));
    }
}

void normalise_b3_flags(struct slice text, struct flags_value *out)
{
    *out = (struct flags_value){.state = FLAGS_NONE};
    if (slice_is_equal(bare(text), SLICE("1"))) {
        set_flags(out, 1);
    }
}

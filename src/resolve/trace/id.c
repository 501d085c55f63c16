/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/trace/id.h"

#include <endian.h>
#include "base/mem.h"

/*
 * Nearly every id is 32 or 16 lower-case hex digits, so that is tried first, sixteen digits at a
 * time in one register. What is left goes through the list of forms, from the most particular to
 * the most general; the order is that of docs/coverage.md and matters.
 */

#define NOTE(name) (UINT64_C(1) << (name))

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

bool id_is_decimal(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i])) {
            return false;
        }
    }
    return text.len > 0;
}

bool id_is_all_zeros(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '0' && text.data[i] != '-') {
            return false;
        }
    }
    return text.len > 0 && text.data[0] == '0';
}

struct slice id_sub(struct slice s, size_t from, size_t to)
{
    to = to < s.len ? to : s.len;
    from = from < to ? from : to;
    return slice_make(s.data + from, to - from);
}

/* What is before the next `separator`; `rest` becomes what is behind it. */
struct slice id_next_part(struct slice *rest, char separator)
{
    const char *end = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
    struct slice part = id_sub(*rest, 0, len);
    *rest = slice_skip(*rest, end != NULL ? len + 1 : len);
    return part;
}

/* Without blanks around it and one pair of quotes. */
struct slice id_bare(struct slice text)
{
    text = slice_trim(text);
    if (text.len >= 2 && (text.data[0] == '"' || text.data[0] == '\'') &&
        text.data[text.len - 1] == text.data[0]) {
        text = slice_trim(id_sub(text, 1, text.len - 1));
    }
    return text;
}

bool id_read_usual(struct slice text, size_t digits, uint8_t *out)
{
    return text.len == digits && decode(text.data, digits, out) == HEX_LOWER &&
           !is_zero(out, digits);
}

/* The first letters of the words below: hex digits other than f are told by them. */
static bool may_be_word(char first)
{
    switch (first | 0x20) {
    case 'n':
    case 'u':
    case '-':
    case 'f':
    case '(':
    case 'i':
        return true;
    default:
        return false;
    }
}

bool is_placeholder(struct slice text)
{
    static const struct slice words[] = {
        SLICE("null"),   SLICE("none"),   SLICE("nil"), SLICE("undefined"),
        SLICE("n/a"),    SLICE("-"),      SLICE("--"),  SLICE("false"),
        SLICE("(null)"), SLICE("(none)"), SLICE("()"),  SLICE("ignored_trace"),
    };
    if (text.len == 0) {
        return true;
    }
    /* Templates that nobody filled in: {trace_id}, %X{traceId}, ${ctx:trace_id}, <no value>. */
    if (memchr("{%$<", text.data[0], 4) != NULL || slice_has_prefix(text, SLICE("#{"))) {
        return true;
    }
    for (size_t i = 0; may_be_word(text.data[0]) && i < ARRAY_LEN(words); i++) {
        if (slice_is_equal_nocase(text, words[i])) {
            return true;
        }
    }
    return false;
}

void id_set_state(struct id_value *id, enum trace_class state)
{
    *id = (struct id_value){.state = (uint8_t)state};
}

/* At most `digits` hex digits, padded with zeros on the left; `state` says what that counts as. */
void id_set_padded(struct id_value *id, struct slice hex, size_t digits, enum trace_class state)
{
    char text[TRACE_DIGITS];
    memset(text, '0', sizeof(text));
    memcpy(text + digits - hex.len, hex.data, hex.len);
    id_set_state(id, state);
    id->is_valid = decode(text, digits, id->bytes) != HEX_NOT;
    ENSURE(id->is_valid);
    if (is_zero(id->bytes, digits)) {
        id_set_state(id, TRACE_ALL_ZERO);
    }
}

void id_note_low64(struct id_value *id)
{
    static const uint8_t zeros[8];
    if (id->is_valid && memcmp(id->bytes, zeros, sizeof(zeros)) == 0) {
        id->notes |= NOTE(NOTE_LOW64);
    }
}

bool id_parse_u64(struct slice text, uint64_t *out)
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
void id_set_decimal(struct id_value *id, struct slice text, size_t digits, unsigned options)
{
    uint64_t value;
    if (!id_parse_u64(text, &value)) {
        id_set_state(id, TRACE_MALFORMED_LENGTH);
        return;
    }
    if (value == 0) {
        id_set_state(id, TRACE_ALL_ZERO);
        return;
    }
    bool is_trace = digits == TRACE_DIGITS;
    if (is_trace && (options & ID_DECIMAL_PAD) == 0) {
        id_set_state(id, TRACE_VENDOR_OPAQUE);
        id->notes = NOTE(NOTE_LOW64) | NOTE(NOTE_NOT_SHIPPED);
        return;
    }
    id_set_state(id, TRACE_VENDOR_FORMAT);
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
        id_set_padded(id, hex, digits, TRACE_OK);
    } else if (is_trace && hex.len == SPAN_DIGITS) {
        id_set_padded(id, hex, digits, TRACE_VENDOR_FORMAT);
    } else if ((hex.len >= digits - 3 && hex.len < digits) ||
               (is_trace && hex.len >= SPAN_DIGITS - 3 && hex.len < SPAN_DIGITS)) {
        /* Printers that use %x lose leading zeros; a loss of more than three is a cut, not a loss.
         */
        id_set_state(id, TRACE_MALFORMED_LENGTH);
        if ((options & ID_REPAIR) != 0) {
            id_set_padded(id, hex, digits, TRACE_MALFORMED_LENGTH);
            id->notes |= NOTE(NOTE_REPAIRED);
        }
    } else {
        id_set_state(id, TRACE_MALFORMED_LENGTH);
    }
    if (is_trace) {
        id_note_low64(id);
    }
}

bool id_has_upper(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 'A' && text.data[i] <= 'F') {
            return true;
        }
    }
    return false;
}

void id_mark_converted(struct id_value *id)
{
    if (id->state == TRACE_OK) {
        id->state = TRACE_VENDOR_FORMAT;
    }
}

/* What is neither a placeholder nor one of the composed shapes. */
void id_set_any(struct id_value *id, struct slice text, size_t digits, unsigned options)
{
    char undashed[TRACE_DIGITS];
    bool is_uuid = false;
    bool is_converted = false;
    if (is_hierarchical(text)) {
        id_set_state(id, TRACE_VENDOR_OPAQUE);
        return;
    }
    if (text.len > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
        text = slice_skip(text, 2);
        is_converted = true;
    }
    if (id_is_all_zeros(text)) {
        id_set_state(id, text.len == 1 ? TRACE_PLACEHOLDER : TRACE_ALL_ZERO);
        return;
    }
    size_t stripped = strip_dashes(text, undashed, &is_uuid);
    if (stripped > 0) {
        text = slice_make(undashed, stripped);
        is_converted = true;
    }
    if (text.len >= 17 && text.len <= 20 && id_is_decimal(text)) {
        id_set_decimal(id, text, digits, options);
        return;
    }
    if (!is_hex(text)) {
        id_set_state(id, TRACE_NON_HEX);
        return;
    }
    set_hex(id, text, digits, options);
    id->notes |= id_has_upper(text) ? NOTE(NOTE_LOWERED) : 0;
    if (is_converted) {
        id_mark_converted(id);
    }
    if (stripped > 0 && is_uuid) {
        id->notes |= NOTE(NOTE_UUID);
        if ((options & ID_UUID) == 0 && id->is_valid) {
            id_set_state(id, TRACE_VENDOR_OPAQUE);
            id->notes = NOTE(NOTE_UUID) | NOTE(NOTE_NOT_SHIPPED);
        }
    }
}

/* The usual form; false if it is any other. */
bool id_set_usual(struct id_value *id, struct slice text, size_t digits)
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

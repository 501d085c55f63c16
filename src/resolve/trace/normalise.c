/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/trace/normalise.h"

#include "base/mem.h"
#include "resolve/trace/header.h"
#include "resolve/trace/id.h"

#define NOTE(name) (UINT64_C(1) << (name))

#define TRACEPARENT_MAX 128 /* bytes of one that are decoded */

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
    } else if (header_is_traceparent(text)) {
        header_read_traceparent(text, out);
    } else if (header_is_xray(text)) {
        header_read_xray(text, options, out);
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
    if (header_is_traceparent(text)) {
        header_read_traceparent(text, out);
    } else {
        header_judge_traceparent(text, &out->trace);
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
        if (header_is_skywalking(text)) {
            header_read_skywalking(text, out);
        }
        break;
    case FORM_SKYWALKING:
        header_read_skywalking(text, out);
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
        header_read_dashed(text, options, out);
        break;
    case FORM_UBER:
        header_read_uber(text, out);
        break;
    case FORM_CLOUD:
        header_read_cloud(text, options, out);
        break;
    case FORM_NR_LINKING:
        header_read_nr_linking(text, options, out);
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
        normalise_usual(text, SPAN_DIGITS, out->trace.bytes + 8)) {
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/nesting.h"

#include <inttypes.h>
#include "base/json_write.h"

struct writer {
    const struct field *items;
    struct buf *out;
    bool fits;
};

static void put(struct writer *w, const char *text)
{
    w->fits = w->fits && buf_append_string(w->out, text);
}

static void put_string(struct writer *w, struct slice text)
{
    w->fits = w->fits && json_write_string(w->out, text);
}

/* ---- texts that are not UTF-8 ---- */

enum { SURROGATE_BYTES = 3 };

/* U+D800 to U+DFFF, as the three bytes that UTF-8 would have for them. */
static bool is_surrogate(const char *p, size_t len)
{
    return len >= SURROGATE_BYTES && (unsigned char)p[0] == 0xED && (p[1] & 0xE0) == 0xA0 &&
           (p[2] & 0xC0) == 0x80;
}

/* Without the quotes that json_write_string() puts around it. */
static void put_run(struct writer *w, struct slice run)
{
    size_t begin = w->out->len;
    put_string(w, run);
    if (w->fits) {
        w->out->len -= 2;
        memmove(w->out->data + begin, w->out->data + begin + 1, w->out->len - begin);
    }
}

static void put_surrogate(struct writer *w, const char *p)
{
    unsigned code = 0xD000U | (p[1] & 0x3FU) << 6 | (p[2] & 0x3FU);
    w->fits = w->fits && buf_append_format(w->out, "\\u%04x", code);
}

static void put_bytes(struct writer *w, struct slice text)
{
    size_t done = 0;
    put(w, "\"");
    for (size_t i = 0; i < text.len && w->fits; i++) {
        if (is_surrogate(text.data + i, text.len - i)) {
            put_run(w, slice_make(text.data + done, i - done));
            put_surrogate(w, text.data + i);
            i += SURROGATE_BYTES - 1;
            done = i + 1;
        }
    }
    put_run(w, slice_skip(text, done));
    put(w, "\"");
}

/* ---- numbers ---- */

static size_t count_digits(struct slice text, size_t from)
{
    size_t at = from;
    while (at < text.len && (unsigned char)(text.data[at] - '0') < 10) {
        at++;
    }
    return at - from;
}

/* One that JSON writes as it stands: a filter may have made a number of any text. */
static bool is_json_number(struct slice text)
{
    size_t at = text.len > 0 && text.data[0] == '-';
    size_t whole = count_digits(text, at);
    if (whole == 0 || (whole > 1 && text.data[at] == '0')) {
        return false;
    }
    at += whole;
    if (at < text.len && text.data[at] == '.') {
        size_t fraction = count_digits(text, at + 1);
        if (fraction == 0) {
            return false;
        }
        at += 1 + fraction;
    }
    if (at < text.len && (text.data[at] | 0x20) == 'e') {
        at++;
        at += at < text.len && (text.data[at] == '+' || text.data[at] == '-');
        size_t exponent = count_digits(text, at);
        return exponent > 0 && at + exponent == text.len;
    }
    return at == text.len;
}

static void put_number(struct writer *w, const struct field *field)
{
    if (is_json_number(field_text(field))) {
        w->fits = w->fits && buf_append_slice(w->out, field_text(field));
    } else if (field->kind == FIELD_DOUBLE) {
        w->fits = w->fits && json_write_double(w->out, field->value.d);
    } else {
        put_string(w, field_text(field));
    }
}

/* ---- all values ---- */

static void put_value(struct writer *w, uint32_t index);

static void put_held(struct writer *w, uint32_t container)
{
    const struct field *items = w->items;
    bool has_keys = items[container].kind == FIELD_OBJECT;
    const char *separator = "";
    put(w, has_keys ? "{" : "[");
    for (uint32_t i = container + 1; i < items[container].next && w->fits; i = items[i].next) {
        if ((items[i].flags & (FIELD_MOVED | FIELD_REMOVED)) != 0) {
            continue;
        }
        put(w, separator);
        separator = ",";
        if (has_keys) {
            put_string(w, field_key(&items[i]));
            put(w, ":");
        }
        put_value(w, i);
    }
    put(w, has_keys ? "}" : "]");
}

static void put_value(struct writer *w, uint32_t index)
{
    const struct field *field = &w->items[index];
    switch ((enum field_kind)field->kind) {
    case FIELD_NULL:
        put(w, "null");
        break;
    case FIELD_BOOL:
        put(w, field->value.b ? "true" : "false");
        break;
    case FIELD_INT:
        w->fits = w->fits && buf_append_format(w->out, "%" PRId64, field->value.i);
        break;
    case FIELD_DOUBLE:
    case FIELD_NUMBER:
        put_number(w, field);
        break;
    case FIELD_STRING:
        put_string(w, field_text(field));
        break;
    case FIELD_BYTES:
        put_bytes(w, field_text(field));
        break;
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        put_held(w, index);
        break;
    }
}

bool nesting_write_text(const struct field *items, uint32_t index, struct buf *out)
{
    struct writer w = {items, out, true};
    put_value(&w, index);
    return w.fits;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/docker.h"

#include <endian.h>
#include "base/utf8.h"

/*
 * A scanner for this one shape. It walks the members of one object, notes the raw bytes of the
 * three that count and steps over the rest; then the text is unescaped. A line of plain text has
 * but one escape, the newline at its end, and is not copied.
 *
 * What it steps over is only balanced, not checked: the line is either taken for what the engine
 * wrote, or it is an application's own, and then the JSON parser judges it.
 */

struct cursor {
    const char *at;
    const char *end;
};

struct members {
    struct slice log; /* raw, between its quotes */
    struct slice stream;
    struct slice time;
    bool has_log;
    bool has_more;
};

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t')) {
        c->at++;
    }
}

static bool take(struct cursor *c, char wanted)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != wanted) {
        return false;
    }
    c->at++;
    return true;
}

/* Bit 7 of each byte of `v` that is zero; bytes above the lowest such one may be told wrongly, and
 * are not looked at. */
static uint64_t zero_bytes(uint64_t v)
{
    return (v - 0x0101010101010101) & ~v & 0x8080808080808080;
}

/* How many of eight bytes come before the first quote or backslash; 8 if there is neither. */
static inline size_t plain_bytes(const char *at)
{
    uint64_t v;
    memcpy(&v, at, sizeof(v));
    v = le64toh(v);
    uint64_t found = zero_bytes(v ^ 0x2222222222222222) | zero_bytes(v ^ 0x5C5C5C5C5C5C5C5C);
    return found != 0 ? (size_t)__builtin_ctzll(found) / 8 : 8;
}

/* To the next quote or backslash, or the end. */
static inline const char *find_special(const char *at, const char *end)
{
    while (end - at >= 8) {
        size_t n = plain_bytes(at);
        at += n;
        if (n < 8) {
            return at;
        }
    }
    while (at < end && *at != '"' && *at != '\\') {
        at++;
    }
    return at;
}

static bool take_string(struct cursor *c, struct slice *out_raw)
{
    if (!take(c, '"')) {
        return false;
    }
    const char *start = c->at;
    const char *at = find_special(start, c->end);
    while (at < c->end && *at == '\\') {
        if (c->end - at < 2) {
            return false;
        }
        at = find_special(at + 2, c->end);
    }
    if (at == c->end) {
        return false;
    }
    *out_raw = slice_make(start, (size_t)(at - start));
    c->at = at + 1;
    return true;
}

/* Over any value: a string, or all up to the comma or brace behind it. */
static bool skip_value(struct cursor *c)
{
    struct slice ignored;
    unsigned depth = 0;
    for (;;) {
        skip_blanks(c);
        if (c->at == c->end) {
            return false;
        }
        char ch = *c->at;
        if (depth == 0 && (ch == ',' || ch == '}')) {
            return true;
        }
        if (ch == '"') {
            if (!take_string(c, &ignored)) {
                return false;
            }
            continue;
        }
        if (ch == '{' || ch == '[') {
            depth++;
        } else if (ch == '}' || ch == ']') {
            if (depth == 0) {
                return false;
            }
            depth--;
        }
        c->at++;
    }
}

static bool take_member(struct cursor *c, struct members *members)
{
    struct slice name;
    if (!take_string(c, &name) || !take(c, ':')) {
        return false;
    }
    if (slice_is_equal(name, SLICE("log")) && !members->has_log) {
        members->has_log = true;
        return take_string(c, &members->log);
    }
    if (slice_is_equal(name, SLICE("stream"))) {
        return take_string(c, &members->stream);
    }
    if (slice_is_equal(name, SLICE("time"))) {
        return take_string(c, &members->time);
    }
    members->has_more = true;
    return skip_value(c);
}

static bool take_object(struct slice line, struct members *members)
{
    struct cursor c = {line.data, line.data + line.len};
    if (!take(&c, '{')) {
        return false;
    }
    do {
        if (!take_member(&c, members)) {
            return false;
        }
    } while (take(&c, ','));
    if (!take(&c, '}')) {
        return false;
    }
    skip_blanks(&c);
    return c.at == c.end;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of a \u escape, or -1. */
static int32_t read_unit(const char *at, const char *end)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = end - at > i ? hex_digit(at[i]) : -1;
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

/* `at` is behind `\u`: the code point to `out`, U+FFFD for half a surrogate pair; the bytes read, 0
 * if it is no such escape. */
static size_t read_unicode(const char *at, const char *end, uint32_t *out)
{
    int32_t unit = read_unit(at, end);
    if (unit < 0) {
        return 0;
    }
    *out = (uint32_t)unit;
    if (unit < 0xD800 || unit > 0xDFFF) {
        return 4;
    }
    int32_t low = end - at >= 10 && at[4] == '\\' && at[5] == 'u' ? read_unit(at + 6, end) : -1;
    if (unit > 0xDBFF || low < 0xDC00 || low > 0xDFFF) {
        *out = 0xFFFD;
        return 4;
    }
    *out = 0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
    return 10;
}

/* What stands for an escape of one letter; 0 for none. */
static char short_escape(char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
        return c;
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    default:
        return '\0';
    }
}

/* Copy up to the next backslash, eight bytes at a time: `out` has room for what is copied too much.
 */
static const char *copy_plain(const char *at, const char *end, char **out)
{
    while (end - at >= 8) {
        size_t n = plain_bytes(at);
        memcpy(*out, at, 8);
        *out += n;
        at += n;
        if (n < 8) {
            return at;
        }
    }
    while (at < end && *at != '\\') {
        *(*out)++ = *at++;
    }
    return at;
}

/* Where `raw`, unescaped to `out`, ends; NULL if an escape is none of JSON's. An escape is never
 * shorter than what it stands for. */
static char *unescape(struct slice raw, char *out)
{
    const char *end = raw.data + raw.len;
    const char *at = copy_plain(raw.data, end, &out);
    while (at < end) {
        if (at[1] != 'u') {
            char c = short_escape(at[1]);
            if (c == '\0') {
                return NULL;
            }
            *out++ = c;
            at += 2;
        } else {
            uint32_t point = 0;
            size_t n = read_unicode(at + 2, end, &point);
            if (n == 0) {
                return NULL;
            }
            out += utf8_encode(point, out);
            at += 2 + n;
        }
        at = copy_plain(at, end, &out);
    }
    return out;
}

/* Takes the newline off the text, and a carriage return before it; false: there is none. */
static bool take_newline(struct slice *text)
{
    if (text->len == 0 || text->data[text->len - 1] != '\n') {
        return false;
    }
    text->len--;
    if (text->len > 0 && text->data[text->len - 1] == '\r') {
        text->len--;
    }
    return true;
}

static bool read_text(struct slice raw, struct buf *unescaped, struct docker_line *out)
{
    const char *escape = raw.len > 0 ? memchr(raw.data, '\\', raw.len) : NULL;
    if (escape == NULL) {
        out->text = raw;
        out->is_partial = true;
        return true;
    }
    if (escape + 2 == raw.data + raw.len && escape[1] == 'n') {
        out->text = slice_make(raw.data, raw.len - 2);
        return true;
    }
    buf_clear(unescaped);
    if (!buf_reserve(unescaped, raw.len)) {
        return false;
    }
    char *end = unescape(raw, unescaped->data);
    if (end == NULL) {
        return false;
    }
    unescaped->len = (size_t)(end - unescaped->data);
    out->text = buf_slice(unescaped);
    out->is_partial = !take_newline(&out->text);
    return true;
}

bool docker_parse(struct cri_clock *clock, struct slice line, struct buf *unescaped,
                  struct docker_line *out)
{
    struct members members = {0};
    struct docker_line made = {0};
    if (!take_object(line, &members) || !members.has_log) {
        return false;
    }
    if (slice_is_equal(members.stream, SLICE("stdout"))) {
        made.iostream = IOSTREAM_STDOUT;
    } else if (slice_is_equal(members.stream, SLICE("stderr"))) {
        made.iostream = IOSTREAM_STDERR;
    } else {
        return false;
    }
    size_t n = cri_time_parse(clock, members.time, &made.time_ns);
    if (n == 0 || n != members.time.len || !read_text(members.log, unescaped, &made)) {
        return false;
    }
    made.has_more = members.has_more;
    *out = made;
    return true;
}

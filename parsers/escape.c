/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/escape.h"

#include "base/utf8.h"
#include "parsers/scan.h"

enum { NO_HEX = -1 };

/* The number of `digits` hexadecimal digits at `p`, or NO_HEX. */
static int64_t read_hex(const char *p, const char *end, int digits)
{
    if (end - p < digits) {
        return NO_HEX;
    }
    int64_t value = 0;
    for (int i = 0; i < digits; i++) {
        char c = p[i];
        char lower = (char)(c | 0x20);
        if (c >= '0' && c <= '9') {
            value = value << 4 | (c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value << 4 | (lower - 'a' + 10);
        } else {
            return NO_HEX;
        }
    }
    return value;
}

static bool is_surrogate(int64_t c)
{
    return c >= 0xD800 && c < 0xE000;
}

/* utf8_encode() with surrogates let through, by the same rule as their neighbours. */
static size_t encode(uint32_t c, char *out)
{
    if (!is_surrogate(c)) {
        return utf8_encode(c, out);
    }
    out[0] = (char)(0xE0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3F));
    out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
}

/* The code point that `first`, read before `p`, begins; *io_p moves behind a low surrogate. */
static uint32_t join_surrogates(int64_t first, const char **io_p, const char *end)
{
    const char *p = *io_p;
    if (first < 0xD800 || first >= 0xDC00 || end - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return (uint32_t)first;
    }
    int64_t second = read_hex(p + 2, end, 4);
    if (second < 0xDC00 || second >= 0xE000) {
        return (uint32_t)first;
    }
    *io_p = p + 6;
    return (uint32_t)(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
}

/* What one character behind the backslash stands for; 0 if that is not all there is to it. */
static char simple_escape(char c, enum escape_dialect dialect)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
        return c;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'a':
        return dialect == ESCAPE_LOGFMT ? '\a' : '\0';
    case 'v':
        return dialect == ESCAPE_LOGFMT ? '\v' : '\0';
    case '\'':
        return dialect == ESCAPE_LOGFMT ? '\'' : '\0';
    default:
        return '\0';
    }
}

/* The escapes that only Go writes, and a backslash that stands for itself. */
static const char *decode_go(const char *p, const char *end, char **io_out)
{
    int64_t value = NO_HEX;
    if (p[0] == 'x' && (value = read_hex(p + 1, end, 2)) != NO_HEX) {
        *(*io_out)++ = (char)value;
        return p + 3;
    }
    if (p[0] == 'U' && (value = read_hex(p + 1, end, 8)) != NO_HEX && value <= 0x10FFFF) {
        *io_out += encode((uint32_t)value, *io_out);
        return p + 9;
    }
    *(*io_out)++ = '\\';
    *(*io_out)++ = p[0];
    return p + 1;
}

/* One escape, `p` behind its backslash. NULL if it is none. Never writes more than it reads. */
static const char *decode_one(const char *p, const char *end, enum escape_dialect dialect,
                              char **io_out)
{
    if (p == end) {
        return NULL;
    }
    char plain = simple_escape(*p, dialect);
    if (plain != '\0') {
        *(*io_out)++ = plain;
        return p + 1;
    }
    int64_t value = *p == 'u' ? read_hex(p + 1, end, 4) : NO_HEX;
    if (value != NO_HEX) {
        p += 5;
        *io_out += encode(join_surrogates(value, &p, end), *io_out);
        return p;
    }
    return dialect == ESCAPE_LOGFMT ? decode_go(p, end, io_out) : NULL;
}

/* What stands before the next special byte, copied as it is looked at. There is as much room behind
 * *io_out as there are bytes behind `p`. */
static inline const char *copy_plain(const char *p, const char *end, char **io_out)
{
    char *out = *io_out;
    uint64_t special = 0;
    while (special == 0 && end - p >= 8) {
        special = scan_word(scan_load(p));
        size_t plain = special != 0 ? (unsigned)__builtin_ctzll(special) / 8 : 8;
        memcpy(out, p, 8);
        p += plain;
        out += plain;
    }
    while (special == 0 && p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\') {
        *out++ = *p++;
    }
    *io_out = out;
    return p;
}

enum parse_result escape_decode(struct slice raw, enum escape_dialect dialect, struct arena *arena,
                                struct slice *out_text)
{
    char *text = arena_alloc(arena, raw.len);
    if (text == NULL) {
        return PARSE_LIMIT;
    }
    char *out = text;
    const char *end = raw.data + raw.len;
    for (const char *p = raw.data; p < end;) {
        p = copy_plain(p, end, &out);
        if (p == end) {
            break;
        }
        if (*p == '\\') {
            p = decode_one(p + 1, end, dialect, &out);
        } else {
            *out++ = *p;
            p = dialect == ESCAPE_LOGFMT ? p + 1 : NULL;
        }
        if (p == NULL) {
            return PARSE_NO;
        }
    }
    *out_text = slice_make(text, (size_t)(out - text));
    return PARSE_OK;
}

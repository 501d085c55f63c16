/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_WIRE_H
#define CLEW_OTLP_WIRE_H

/*
 * The protobuf wire format and the field numbers of OTLP logs, as the encoder and the splitter use
 * them.
 *
 * Tags are written as one byte each: a field number below 16 shifted left by three, and the wire
 * type (0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes). The put_… functions write
 * behind `p`, where the caller has made room for what the size_… function of the same name said,
 * and return the new end.
 */

#include <endian.h>
#include <stdint.h>
#include <string.h>
#include "base/slice.h"

enum otlp_tag {
    TAG_REQUEST_RESOURCE_LOGS = 0x0A,
    TAG_RESOURCE_LOGS_RESOURCE = 0x0A,
    TAG_RESOURCE_LOGS_SCOPE_LOGS = 0x12,
    TAG_RESOURCE_LOGS_SCHEMA_URL = 0x1A,
    TAG_RESOURCE_ATTRIBUTE = 0x0A,
    TAG_SCOPE_LOGS_SCOPE = 0x0A,
    TAG_SCOPE_LOGS_RECORD = 0x12,
    TAG_SCOPE_LOGS_SCHEMA_URL = 0x1A,
    TAG_SCOPE_NAME = 0x0A,
    TAG_SCOPE_VERSION = 0x12,
    TAG_RECORD_TIME = 0x09,
    TAG_RECORD_SEVERITY = 0x10,
    TAG_RECORD_SEVERITY_TEXT = 0x1A,
    TAG_RECORD_BODY = 0x2A,
    TAG_RECORD_ATTRIBUTE = 0x32,
    TAG_RECORD_DROPPED = 0x38,
    TAG_RECORD_FLAGS = 0x45,
    TAG_RECORD_TRACE_ID = 0x4A,
    TAG_RECORD_SPAN_ID = 0x52,
    TAG_RECORD_OBSERVED = 0x59,
    TAG_KEY = 0x0A,
    TAG_VALUE = 0x12,
    TAG_LIST_ITEM = 0x0A, /* of ArrayValue and of KeyValueList */
    TAG_ANY_STRING = 0x0A,
    TAG_ANY_BOOL = 0x10,
    TAG_ANY_INT = 0x18,
    TAG_ANY_DOUBLE = 0x21,
    TAG_ANY_ARRAY = 0x2A,
    TAG_ANY_KVLIST = 0x32,
    TAG_ANY_BYTES = 0x3A,
};

enum { WIRE_FIXED_LEN_BYTES = 5 }; /* a length that is set later: 35 bits */

static inline size_t size_varint(uint64_t v)
{
    if (v < 0x80) {
        return 1;
    }
    return (size_t)(63 - __builtin_clzll(v)) / 7 + 1;
}

/* A length-delimited field with a one-byte tag and `n` bytes in it. */
static inline size_t size_delimited(size_t n)
{
    return 1 + size_varint(n) + n;
}

static inline char *put_varint(char *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (char)(v | 0x80);
        v >>= 7;
    }
    *p++ = (char)v;
    return p;
}

/* The same number in exactly WIRE_FIXED_LEN_BYTES bytes. */
static inline void put_fixed_len(char *p, uint64_t v)
{
    for (int i = 0; i < WIRE_FIXED_LEN_BYTES - 1; i++) {
        p[i] = (char)(v | 0x80);
        v >>= 7;
    }
    p[WIRE_FIXED_LEN_BYTES - 1] = (char)v;
}

static inline char *put_fixed64(char *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof(v));
    return p + sizeof(v);
}

static inline char *put_fixed32(char *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof(v));
    return p + sizeof(v);
}

static inline void copy_two(char *p, const char *s, size_t n, size_t width)
{
    memcpy(p, s, width);
    memcpy(p + n - width, s + n - width, width);
}

/* Keys and values are short: two moves that may overlap beat a call of memcpy(3). */
static inline char *put_bytes(char *p, const char *s, size_t n)
{
    if (n > 32) {
        memcpy(p, s, n);
    } else if (n >= 16) {
        copy_two(p, s, n, 16);
    } else if (n >= 8) {
        copy_two(p, s, n, 8);
    } else if (n >= 4) {
        copy_two(p, s, n, 4);
    } else if (n > 0) {
        p[0] = s[0];
        p[n / 2] = s[n / 2];
        p[n - 1] = s[n - 1];
    }
    return p + n;
}

static inline char *put_head(char *p, enum otlp_tag tag, size_t n)
{
    *p++ = (char)tag;
    return put_varint(p, n);
}

static inline char *put_delimited(char *p, enum otlp_tag tag, struct slice s)
{
    return put_bytes(put_head(p, tag, s.len), s.data, s.len);
}

/* An AnyValue that holds text: string_value, or bytes_value where it is not UTF-8. */
static inline char *put_any_text(char *p, struct slice text, bool is_utf8)
{
    return put_delimited(p, is_utf8 ? TAG_ANY_STRING : TAG_ANY_BYTES, text);
}

/* Whether a KeyValue is short enough that each of its lengths takes one byte. Nearly all are, and
 * then there is nothing to work out. */
static inline bool is_short_key_value(size_t key_len, size_t any_len)
{
    return key_len + any_len < 0x80 - 4;
}

/* A KeyValue whose AnyValue takes `any_len` bytes, without the tag and length before it. */
static inline size_t size_key_value(size_t key_len, size_t any_len)
{
    if (is_short_key_value(key_len, any_len)) {
        return key_len + any_len + 4;
    }
    return size_delimited(key_len) + size_delimited(any_len);
}

/* Tag and length of a KeyValue, its key, and the head of its value; the AnyValue follows. */
static inline char *put_key_value_head(char *p, enum otlp_tag tag, struct slice key, size_t any_len)
{
    if (is_short_key_value(key.len, any_len)) {
        p[0] = (char)tag;
        p[1] = (char)(key.len + any_len + 4);
        p[2] = TAG_KEY;
        p[3] = (char)key.len;
        p = put_bytes(p + 4, key.data, key.len);
        p[0] = TAG_VALUE;
        p[1] = (char)any_len;
        return p + 2;
    }
    p = put_head(p, tag, size_key_value(key.len, any_len));
    p = put_delimited(p, TAG_KEY, key);
    return put_head(p, TAG_VALUE, any_len);
}

#endif

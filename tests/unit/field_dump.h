/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_FIELD_DUMP_H
#define CLEW_TESTS_FIELD_DUMP_H

/*
 * A field table as text, for tables of cases:
 *
 *     null true false   i42   d0.5   n18446744073709551616   "string"   b"bytes"
 *     {"name":value,…}   […]   *[…] an array made of repeated members
 *
 * Bytes that are not printable ASCII are \xNN.
 */

#include "base/buf.h"
#include "record/record.h"

static inline void dump_text(struct buf *out, struct slice s)
{
    buf_append_string(out, "\"");
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        buf_append_format(out, c < 0x20 || c > 0x7E || c == '"' || c == '\\' ? "\\x%02x" : "%c", c);
    }
    buf_append_string(out, "\"");
}

static inline void dump_range(struct buf *out, const struct fields *fields, uint32_t begin,
                              uint32_t end);

static inline void dump_value(struct buf *out, const struct fields *fields, uint32_t i)
{
    const struct field *field = &fields->items[i];
    bool is_object = field->kind == FIELD_OBJECT;
    switch ((enum field_kind)field->kind) {
    case FIELD_NULL:
        buf_append_string(out, "null");
        break;
    case FIELD_BOOL:
        buf_append_string(out, field->value.b ? "true" : "false");
        break;
    case FIELD_INT:
        buf_append_format(out, "i%lld", (long long)field->value.i);
        break;
    case FIELD_DOUBLE:
        buf_append_format(out, "d%.17g", field->value.d);
        break;
    case FIELD_NUMBER:
        buf_append_format(out, "n%.*s", (int)field->text_len, field->text);
        break;
    case FIELD_BYTES:
        buf_append_string(out, "b");
        dump_text(out, field_text(field));
        break;
    case FIELD_STRING:
        dump_text(out, field_text(field));
        break;
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        buf_append_string(out, field->flags & FIELD_REPEATED ? "*" : "");
        buf_append_string(out, is_object ? "{" : "[");
        dump_range(out, fields, i + 1, field->next);
        buf_append_string(out, is_object ? "}" : "]");
        break;
    }
}

static inline void dump_range(struct buf *out, const struct fields *fields, uint32_t begin,
                              uint32_t end)
{
    for (uint32_t i = begin; i < end; i = fields->items[i].next) {
        buf_append_string(out, i > begin ? "," : "");
        if (fields->items[i].key != NULL) {
            dump_text(out, field_key(&fields->items[i]));
            buf_append_string(out, ":");
        }
        dump_value(out, fields, i);
    }
}

/* The top level, as an object; good until the next call with the same `out`. */
static inline struct slice dump_fields(struct buf *out, const struct fields *fields)
{
    buf_clear(out);
    buf_append_string(out, "{");
    dump_range(out, fields, 0, fields->count);
    buf_append_string(out, "}");
    return buf_slice(out);
}

#endif

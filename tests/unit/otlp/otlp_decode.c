/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp_decode.h"

#include <inttypes.h>
#include <stdint.h>
#include "base/utf8.h"

struct item {
    uint32_t number;
    unsigned wire;
    uint64_t value;     /* of wire types 0, 1, 5 */
    struct slice bytes; /* of wire type 2 */
};

static bool read_varint(struct slice *in, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70 && in->len > 0; shift += 7) {
        unsigned char c = (unsigned char)in->data[0];
        *in = slice_skip(*in, 1);
        v |= shift < 64 ? (uint64_t)(c & 0x7F) << shift : 0;
        if (c < 0x80) {
            *out = v;
            return true;
        }
    }
    return false;
}

static bool read_fixed(struct slice *in, size_t n, uint64_t *out)
{
    if (in->len < n) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        *out |= (uint64_t)(unsigned char)in->data[i] << (8 * i);
    }
    *in = slice_skip(*in, n);
    return true;
}

/* The next field of a message; false at its end, and (with `!` printed) where it is damaged. */
static bool next_item(struct slice *in, struct item *item, struct buf *out)
{
    uint64_t tag = 0;
    uint64_t len = 0;
    if (in->len == 0) {
        return false;
    }
    bool good = read_varint(in, &tag);
    *item = (struct item){.number = (uint32_t)(tag >> 3), .wire = tag & 7};
    switch (item->wire) {
    case 0:
        good = good && read_varint(in, &item->value);
        break;
    case 1:
        good = good && read_fixed(in, 8, &item->value);
        break;
    case 5:
        good = good && read_fixed(in, 4, &item->value);
        break;
    case 2:
        good = good && read_varint(in, &len) && len <= in->len;
        item->bytes = slice_make(in->data, good ? (size_t)len : 0);
        *in = slice_skip(*in, good ? (size_t)len : in->len);
        break;
    default:
        good = false;
    }
    if (!good) {
        buf_append_string(out, "!damaged");
    }
    return good;
}

/* Tell a field that is not what the schema says. */
static bool expect(const struct item *item, unsigned wire, struct buf *out)
{
    if (item->wire != wire) {
        buf_append_format(out, "!wire %u of field %" PRIu32, item->wire, item->number);
    }
    return item->wire == wire;
}

static void print_text(const struct item *item, struct buf *out)
{
    if (expect(item, 2, out)) {
        if (!utf8_is_valid(item->bytes.data, item->bytes.len)) {
            buf_append_string(out, "!not UTF-8");
        }
        buf_append_slice(out, item->bytes);
    }
}

static void print_hex(const struct item *item, struct buf *out)
{
    if (expect(item, 2, out)) {
        for (size_t i = 0; i < item->bytes.len; i++) {
            buf_append_format(out, "%02x", (unsigned char)item->bytes.data[i]);
        }
    }
}

static void print_any(struct slice in, struct buf *out);

static void print_key_value(struct slice in, struct buf *out)
{
    struct item item;
    unsigned seen = 0;
    while (next_item(&in, &item, out)) {
        seen = seen * 10 + item.number;
        if (item.number == 1) {
            print_text(&item, out);
            buf_append_string(out, "=");
        } else if (item.number == 2 && expect(&item, 2, out)) {
            print_any(item.bytes, out);
        }
    }
    if (seen != 12) {
        buf_append_string(out, "!not a KeyValue");
    }
}

/* Attributes, kvlists and arrays: the items numbered `number`, with commas. */
static void print_list(struct slice in, uint32_t number, bool of_pairs, struct buf *out)
{
    struct item item;
    bool is_first = true;
    while (next_item(&in, &item, out)) {
        if (item.number != number || !expect(&item, 2, out)) {
            continue;
        }
        buf_append_string(out, is_first ? "" : ",");
        is_first = false;
        if (of_pairs) {
            print_key_value(item.bytes, out);
        } else {
            print_any(item.bytes, out);
        }
    }
}

static void print_double(uint64_t bits, struct buf *out)
{
    double d;
    memcpy(&d, &bits, sizeof(d));
    buf_append_format(out, "d%.17g", d);
}

static void print_member(const struct item *item, struct buf *out)
{
    static const unsigned wires[] = {9, 2, 0, 0, 1, 2, 2, 2};
    if (item->number > 7 || !expect(item, wires[item->number], out)) {
        buf_append_string(out, "!not an AnyValue");
        return;
    }
    switch (item->number) {
    case 1:
        buf_append_string(out, "s\"");
        print_text(item, out);
        buf_append_string(out, "\"");
        break;
    case 2:
        buf_append_string(out, item->value != 0 ? "T" : "F");
        break;
    case 3:
        buf_append_format(out, "i%" PRId64, (int64_t)item->value);
        break;
    case 4:
        print_double(item->value, out);
        break;
    case 5:
        buf_append_string(out, "[");
        print_list(item->bytes, 1, false, out);
        buf_append_string(out, "]");
        break;
    case 6:
        buf_append_string(out, "{");
        print_list(item->bytes, 1, true, out);
        buf_append_string(out, "}");
        break;
    default:
        buf_append_string(out, "b\"");
        print_hex(item, out);
        buf_append_string(out, "\"");
    }
}

static void print_any(struct slice in, struct buf *out)
{
    struct item item;
    if (in.len == 0) {
        buf_append_string(out, "n");
    } else if (next_item(&in, &item, out)) {
        print_member(&item, out);
        buf_append_string(out, in.len > 0 ? "!two values" : "");
    }
}

static void print_record_field(const struct item *item, struct buf *out)
{
    switch (item->number) {
    case 1:
    case 11:
        buf_append_format(out, " %s=%" PRIu64, item->number == 1 ? "time" : "observed",
                          expect(item, 1, out) ? item->value : 0);
        break;
    case 2:
    case 7:
        buf_append_format(out, " %s=%" PRIu64, item->number == 2 ? "severity" : "dropped",
                          expect(item, 0, out) ? item->value : 0);
        break;
    case 3:
        buf_append_string(out, " text=");
        print_text(item, out);
        break;
    case 5:
        buf_append_string(out, " body=");
        print_any(item->bytes, out);
        break;
    case 8:
        buf_append_format(out, " flags=%02" PRIx64, expect(item, 5, out) ? item->value : 0);
        break;
    case 9:
    case 10:
        buf_append_string(out, item->number == 9 ? " trace=" : " span=");
        print_hex(item, out);
        break;
    case 6:
        break;
    default:
        buf_append_format(out, "!field %" PRIu32 " of a LogRecord", item->number);
    }
}

static void print_record(struct slice in, struct buf *out)
{
    struct item item;
    buf_append_string(out, "record");
    for (struct slice rest = in; next_item(&rest, &item, out);) {
        print_record_field(&item, out);
    }
    buf_append_string(out, " {");
    print_list(in, 6, true, out);
    buf_append_string(out, "}\n");
}

static void print_scope(struct slice in, struct buf *out)
{
    struct item item;
    buf_append_string(out, "scope");
    while (next_item(&in, &item, out)) {
        buf_append_string(out, " ");
        print_text(&item, out);
    }
    buf_append_string(out, "\n");
}

static void print_schema(const struct item *item, struct buf *out)
{
    buf_append_string(out, "schema ");
    print_text(item, out);
    buf_append_string(out, "\n");
}

static void print_scope_logs(struct slice in, struct buf *out)
{
    struct item item;
    size_t records = 0;
    while (next_item(&in, &item, out)) {
        if (item.number == 1 && expect(&item, 2, out)) {
            print_scope(item.bytes, out);
        } else if (item.number == 2 && expect(&item, 2, out)) {
            print_record(item.bytes, out);
            records++;
        } else if (item.number == 3 && expect(&item, 2, out)) {
            print_schema(&item, out);
        } else {
            buf_append_string(out, "!field of a ScopeLogs");
        }
    }
    buf_append_string(out, records == 0 ? "!no records" : "");
}

static void print_resource_logs(struct slice in, struct buf *out)
{
    struct item item;
    while (next_item(&in, &item, out)) {
        if (item.number == 1 && expect(&item, 2, out)) {
            buf_append_string(out, "resource {");
            print_list(item.bytes, 1, true, out);
            buf_append_string(out, "}\n");
        } else if (item.number == 2 && expect(&item, 2, out)) {
            print_scope_logs(item.bytes, out);
        } else if (item.number == 3 && expect(&item, 2, out)) {
            print_schema(&item, out);
        } else {
            buf_append_string(out, "!field of a ResourceLogs");
        }
    }
}

void otlp_decode_request(struct slice bytes, struct buf *out)
{
    struct item item;
    while (next_item(&bytes, &item, out)) {
        if (item.number == 1 && expect(&item, 2, out)) {
            print_resource_logs(item.bytes, out);
        } else {
            buf_append_string(out, "!field of the request");
        }
    }
}

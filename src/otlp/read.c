/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/read.h"

static bool take_varint(struct slice *in, uint64_t *out)
{
    uint64_t value = 0;
    size_t i = 0;
    for (unsigned shift = 0; shift < 64 && i < in->len; shift += 7) {
        uint64_t c = (unsigned char)in->data[i++];
        value |= (c & 0x7F) << shift;
        if (c < 0x80) {
            *in = slice_skip(*in, i);
            *out = value;
            return true;
        }
    }
    return false;
}

static bool take_bytes(struct slice *in, uint64_t n, struct slice *out)
{
    if (n > in->len) {
        return false;
    }
    *out = slice_make(in->data, (size_t)n);
    *in = slice_skip(*in, (size_t)n);
    return true;
}

static bool take_value(struct slice *in, struct wire_field *out)
{
    uint64_t len;
    switch ((int)out->type) {
    case WIRE_VARINT:
        return take_varint(in, &out->value);
    case WIRE_FIXED64:
        return take_bytes(in, 8, &out->bytes);
    case WIRE_FIXED32:
        return take_bytes(in, 4, &out->bytes);
    case WIRE_BYTES:
        return take_varint(in, &len) && take_bytes(in, len, &out->bytes);
    default:
        return false;
    }
}

enum wire_result wire_next(struct slice *in, struct wire_field *out)
{
    const char *begin = in->data;
    uint64_t tag;
    if (in->len == 0) {
        return WIRE_END;
    }
    if (!take_varint(in, &tag) || tag >> 3 == 0) {
        return WIRE_DAMAGED;
    }
    *out = (struct wire_field){.number = tag >> 3, .type = (enum wire_type)(tag & 7)};
    if (!take_value(in, out)) {
        return WIRE_DAMAGED;
    }
    out->whole = slice_make(begin, (size_t)(in->data - begin));
    return WIRE_FIELD;
}

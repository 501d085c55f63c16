/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_READ_H
#define CLEW_OTLP_READ_H

/*
 * Walking protobuf bytes, field by field: for the few small messages that a far end answers with,
 * and for taking a request of our own apart. Never reads behind the slice it is given.
 */

#include <stdint.h>
#include "base/slice.h"

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
};

enum wire_result {
    WIRE_FIELD = 0,
    WIRE_END,     /* nothing left */
    WIRE_DAMAGED, /* not a protobuf message */
};

struct wire_field {
    uint64_t number;
    enum wire_type type;
    uint64_t value;     /* of WIRE_VARINT; the fixed ones are skipped */
    struct slice bytes; /* of WIRE_BYTES */
    struct slice whole; /* tag, length and value, as they stand in the message */
};

/* The next field; `in` moves behind it. */
enum wire_result wire_next(struct slice *in, struct wire_field *out);

#endif

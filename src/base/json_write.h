/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_JSON_WRITE_H
#define CLEW_BASE_JSON_WRITE_H

/*
 * The scalars of a JSON text (RFC 8259), as OTLP/JSON writes them: numbers that must stay exact are
 * decimal strings, bytes are base64 (RFC 4648, padded). The punctuation is the caller's.
 *
 * Each returns false, and may have written a part, when out->limit would be passed.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/slice.h"

/* A string with its quotes. Control characters, quotes and backslashes are escaped, nothing else, so
 * NUL bytes too arrive, and bytes that are no UTF-8 stay as they are (which is no JSON then). */
bool json_write_string(struct buf *out, struct slice text);

/* `"-9223372036854775808"`: a quoted decimal. */
bool json_write_int64(struct buf *out, int64_t number);
bool json_write_uint64(struct buf *out, uint64_t number);

/* The shortest decimal that reads back as the same double; "NaN", "Infinity" and "-Infinity", which
 * JSON has no numbers for, are strings, as in protobuf's JSON. */
bool json_write_double(struct buf *out, double number);

bool json_write_base64(struct buf *out, struct slice bytes); /* quoted */
bool json_write_hex(struct buf *out, struct slice bytes);    /* quoted, lower case */

#endif

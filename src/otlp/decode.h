/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_DECODE_H
#define CLEW_OTLP_DECODE_H

/*
 * The body of a request, content encoding undone, to the messages of otlp.proto, whole and checked:
 * what a real receiver would not take is not taken here either.
 *
 *     checked for both forms     ids of 0, 16 or 8 bytes; strings that are UTF-8; nesting
 *     protobuf                   as the encoding says; unknown fields are skipped
 *     JSON (OTLP/JSON)           lowerCamelCase names, ids in hex, enums as integers, 64-bit
 *                                integers as decimal strings or numbers; unknown members are
 * skipped
 *
 * Pure: bytes in, messages out.
 */

#include <stddef.h>
#include "base/slice.h"

struct Otlp__ExportLogsServiceRequest; /* otlp.pb-c.h, made from otlp.proto */
struct decoder;

enum content_type {
    CONTENT_PROTOBUF,
    CONTENT_JSON,
};

enum decode_result {
    DECODE_OK = 0,
    DECODE_MALFORMED, /* 400: it can never be taken */
    DECODE_TOO_LARGE, /* 413: it takes more memory to decode than the limit */
};

/* `memory_max` bounds what one request takes when it is decoded, in bytes. */
struct decoder *decoder_new(size_t memory_max);
void decoder_free(struct decoder *decoder); /* NULL is fine */

/* On DECODE_OK *out_request is the decoder's, good until its next call; `body` must live as long.
 * On any other result decoder_error() says what is wrong and where. */
enum decode_result decoder_read(struct decoder *decoder, enum content_type type, struct slice body,
                                struct Otlp__ExportLogsServiceRequest **out_request);

/* One sentence, without newline; good until the next call. UTF-8. */
const char *decoder_error(const struct decoder *decoder);

#endif

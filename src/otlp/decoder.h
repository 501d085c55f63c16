/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_DECODER_H
#define CLEW_OTLP_DECODER_H

/* What the files of the decoder share. Only decode.c, decode_json.c and decode_check.c see it. */

#include "base/arena.h"
#include "otlp/decode.h"

struct json_t; /* jansson's */

struct decoder {
    struct arena arena; /* the messages */
    size_t memory_max;
    struct json_t *json; /* the messages' strings may point into it */
    char error[256];
};

/* The text is cut at the size of decoder->error. Returns DECODE_MALFORMED. */
enum decode_result decoder_refuse(struct decoder *decoder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum decode_result decoder_read_json(struct decoder *decoder, struct slice body,
                                     struct Otlp__ExportLogsServiceRequest **out_request);

/* What neither encoding demands, but OTLP does. */
enum decode_result decoder_check(struct decoder *decoder,
                                 const struct Otlp__ExportLogsServiceRequest *request);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/mem.h"
#include "otlp/decode.h"
#include "otlp/measure.h"
#include "otlp/write_json.h"

/*
 * The receiver's decoder, by the first byte for JSON ('j') or protobuf. What it takes can be written,
 * what was written is taken again, and is then written the same, byte by byte.
 */

enum { MEMORY_MAX = 1 << 30, LINE_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(struct slice line)
{
    struct Otlp__ExportLogsServiceRequest *request = NULL;
    struct decoder *decoder = decoder_new(MEMORY_MAX);
    struct buf again;
    buf_init(&again, LINE_MAX);
    ENSURE(decoder_read(decoder, CONTENT_JSON, line, &request) == DECODE_OK);
    ENSURE(write_request(&again, request));
    ENSURE(slice_is_equal(buf_slice(&again), line));
    buf_fini(&again);
    decoder_free(decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice body = slice_skip(slice_make((const char *)data, size), 1);
    enum content_type type = size > 0 && data[0] == 'j' ? CONTENT_JSON : CONTENT_PROTOBUF;
    struct Otlp__ExportLogsServiceRequest *request = NULL;
    struct decoder *decoder = decoder_new(MEMORY_MAX);
    if (decoder_read(decoder, type, body, &request) == DECODE_OK) {
        struct wire_counts counts;
        struct buf line;
        buf_init(&line, LINE_MAX);
        ENSURE(write_request(&line, request));
        check_written(buf_slice(&line));
        ENSURE(type == CONTENT_JSON || wire_count(body, &counts) == WIRE_OK);
        buf_fini(&line);
    } else {
        ENSURE(decoder_error(decoder)[0] != '\0');
    }
    decoder_free(decoder);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/decoder.h"

/*
 * protobuf-c allocates piece by piece and by its own recursion. Both are bounded from outside: its
 * allocator is the decoder's arena, whose limit ends the decoding, and wire_check() has refused
 * what nests too deep before it sees a byte.
 */

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"
#include "base/utf8.h"
#include "otlp.pb-c.h"
#include "otlp/measure.h"

struct decoder *decoder_new(size_t memory_max)
{
    struct decoder *decoder = mem_alloc(sizeof(*decoder));
    arena_init(&decoder->arena, memory_max);
    decoder->memory_max = memory_max;
    return decoder;
}

static void forget(struct decoder *decoder)
{
    json_decref(decoder->json);
    decoder->json = NULL;
    decoder->error[0] = '\0';
    arena_clear(&decoder->arena);
}

void decoder_free(struct decoder *decoder)
{
    if (decoder != NULL) {
        forget(decoder);
        arena_fini(&decoder->arena);
        free(decoder);
    }
}

const char *decoder_error(const struct decoder *decoder)
{
    return decoder->error;
}

/* What is quoted from the body may have been cut within a character. */
static void make_utf8(char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        size_t n = utf8_sequence_len(text + i, len - i);
        text[i] = n == 0 ? '?' : text[i];
        i += n == 0 ? 1 : n;
    }
}

enum decode_result decoder_refuse(struct decoder *decoder, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(decoder->error, sizeof(decoder->error), format, args);
    va_end(args);
    make_utf8(decoder->error);
    return DECODE_MALFORMED;
}

/* ---- protobuf ---- */

/* protobuf-c's allocator: what the arena gives, and whether it had to refuse. */
struct bounded {
    ProtobufCAllocator allocator;
    struct arena *arena;
    bool is_exhausted;
};

static void *allocate(void *context, size_t size)
{
    struct bounded *bounded = context;
    void *piece = arena_alloc(bounded->arena, size);
    bounded->is_exhausted |= piece == NULL;
    return piece;
}

static void release(void *context, void *piece)
{
    (void)context;
    (void)piece; /* with the arena */
}

static enum decode_result read_protobuf(struct decoder *decoder, struct slice body,
                                        Otlp__ExportLogsServiceRequest **out_request)
{
    switch (wire_check(body)) {
    case WIRE_OK:
        break;
    case WIRE_MALFORMED:
        return decoder_refuse(decoder, "the body is not a protobuf ExportLogsServiceRequest");
    case WIRE_TOO_DEEP:
        return decoder_refuse(decoder, "values nest too deep (more than %d messages)",
                              WIRE_DEPTH_MAX);
    }
    struct bounded bounded = {.arena = &decoder->arena};
    bounded.allocator = (ProtobufCAllocator){allocate, release, &bounded};
    Otlp__ExportLogsServiceRequest *request = otlp__export_logs_service_request__unpack(
        &bounded.allocator, body.len, (const uint8_t *)body.data);
    if (request != NULL) {
        *out_request = request;
        return DECODE_OK;
    }
    decoder_refuse(decoder, "%s",
                   bounded.is_exhausted
                       ? "the body takes too much memory to decode"
                       : "the body is not a protobuf ExportLogsServiceRequest");
    return bounded.is_exhausted ? DECODE_TOO_LARGE : DECODE_MALFORMED;
}

enum decode_result decoder_read(struct decoder *decoder, enum content_type type, struct slice body,
                                Otlp__ExportLogsServiceRequest **out_request)
{
    forget(decoder);
    Otlp__ExportLogsServiceRequest *request = NULL;
    enum decode_result result = type == CONTENT_PROTOBUF
                                    ? read_protobuf(decoder, body, &request)
                                    : decoder_read_json(decoder, body, &request);
    if (result == DECODE_OK) {
        result = decoder_check(decoder, request);
    }
    if (result == DECODE_OK) {
        *out_request = request;
    }
    return result;
}

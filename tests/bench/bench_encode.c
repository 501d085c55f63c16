/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How fast the last stages are alone: field tables of typical pod log lines to request bytes, and
 * those bytes compressed, in MB of request a second of CPU time.
 *
 *     bench_encode [seconds per measurement]
 *
 * The tables are made once, so that nothing but the encoder is in the measured loop.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/compress.h"
#include "base/mem.h"
#include "common.h"
#include "otlp/encode.h"

/* Few records in the loop of the encoder: a table is in the cache when a line was just parsed. Many
 * in what is compressed: they differ as those of a real log do. */
enum {
    RECORDS = 16,
    RECORDS_COMPRESSED = 4096,
    FIELDS_MAX = 16,
    TEXT_BYTES = 768,
    REQUEST_BYTES = 512 * 1024
};

struct sample {
    struct record record;
    struct field items[FIELDS_MAX];
    char text[TEXT_BYTES];
    size_t text_len;
};

static uint64_t draw(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* Text of the line: values have to be where a line's are, close together. */
__attribute__((format(printf, 2, 3))) static struct slice put(struct sample *sample,
                                                              const char *format, ...)
{
    char *at = sample->text + sample->text_len;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(at, TEXT_BYTES - sample->text_len, format, args);
    va_end(args);
    ENSURE(n >= 0 && (size_t)n < TEXT_BYTES - sample->text_len);
    sample->text_len += (size_t)n;
    return slice_make(at, (size_t)n);
}

static struct field *add(struct sample *sample, const char *key, enum field_kind kind)
{
    struct fields *fields = &sample->record.fields;
    struct slice name = put(sample, "%s", key);
    struct field *field = &fields->items[fields->count++];
    ENSURE(fields->count <= FIELDS_MAX);
    *field = (struct field){.key = name.data, .key_len = (uint32_t)name.len};
    field->kind = (uint8_t)kind;
    field->next = fields->count;
    return field;
}

static void add_string(struct sample *sample, const char *key, struct slice value, uint8_t flags)
{
    struct field *field = add(sample, key, FIELD_STRING);
    field->text = value.data;
    field->text_len = (uint32_t)value.len;
    field->flags = flags;
}

static void make(struct sample *sample, const struct source *source, uint64_t *seed)
{
    struct record *record = &sample->record;
    *record = (struct record){.source = source, .body_field = NO_FIELD};
    record->fields.items = sample->items;
    record->fields.cap = FIELDS_MAX;
    record->iostream = IOSTREAM_STDOUT;
    record->file_hash = UINT64_C(0x9E3779B97F4A7C15);
    record->offset = draw(seed);
    record->time_ns = UINT64_C(1786413273221000000) + draw(seed);
    record->observed_time_ns = record->time_ns + 1000000;
    record->severity_number = 9;
    record->severity_text = SLICE("INFO");
    add_string(sample, "timestamp", put(sample, "2026-08-11T02:14:33.221Z"), FIELD_MOVED);
    add_string(sample, "level", put(sample, "INFO"), FIELD_MOVED);
    add_string(sample, "logger", put(sample, "com.shop.checkout.PaymentClient"), 0);
    add_string(sample, "message",
               put(sample, "payment %" PRIu64 " declined by issuer after %" PRIu64 " ms",
                   draw(seed) % 100000, draw(seed) % 900),
               FIELD_MOVED);
    record->body_field = record->fields.count - 1;
    add_string(sample, "trace_id", put(sample, "%016" PRIx64 "%016" PRIx64, draw(seed), *seed),
               FIELD_MOVED);
    add_string(sample, "span_id", put(sample, "%016" PRIx64, draw(seed)), FIELD_MOVED);
    record->has_trace_id = true;
    record->has_span_id = true;
    record->has_flags = true;
    add(sample, "user", FIELD_INT)->value.i = (int64_t)(draw(seed) % 1000000);
    add(sample, "order_total", FIELD_DOUBLE)->value.d = (double)(draw(seed) % 100000) / 100;
    add_string(sample, "action", put(sample, "charge"), 0);
    add(sample, "retry", FIELD_BOOL);
    struct field *http = add(sample, "http", FIELD_OBJECT);
    add_string(sample, "method", put(sample, "POST"), 0);
    add(sample, "status", FIELD_INT)->value.i = 402;
    add_string(sample, "path", put(sample, "/api/v1/carts/%" PRIu64 "/pay", draw(seed)), 0);
    http->next = record->fields.count;
}

/* Whole requests until the time is up. */
static void measure_encoder(struct otlp_encoder *encoder, struct sample *samples, double seconds,
                            struct buf *out)
{
    double start = (double)bench_cpu_ns() / 1e9;
    double now = start;
    uint64_t bytes = 0;
    uint64_t records = 0;
    for (size_t i = 0; now - start < seconds; i++) {
        if (!otlp_encoder_add(encoder, &samples[i % RECORDS].record, out)) {
            otlp_encoder_end(encoder, out);
            bytes += out->len;
            buf_clear(out);
            now = (double)bench_cpu_ns() / 1e9;
            ENSURE(otlp_encoder_add(encoder, &samples[i % RECORDS].record, out));
        }
        records++;
    }
    printf("encode  %8.0f MB/s  %6.0f bytes a record  %5.0f ns a record\n",
           (double)bytes / (now - start) / 1e6, (double)bytes / (double)records,
           (now - start) / (double)records * 1e9);
}

static void measure_compressor(enum compression compression, struct slice request, double seconds)
{
    struct compressor *compressor = compressor_new(compression);
    struct buf out;
    buf_init(&out, SIZE_MAX);
    double start = (double)bench_cpu_ns() / 1e9;
    double now = start;
    uint64_t bytes = 0;
    for (; now - start < seconds; now = (double)bench_cpu_ns() / 1e9) {
        ENSURE(compressor_run(compressor, request, &out));
        bytes += request.len;
    }
    printf("%-6s  %8.0f MB/s  ratio %.1f\n", compression_encoding(compression),
           (double)bytes / (now - start) / 1e6, (double)request.len / (double)out.len);
    buf_fini(&out);
    compressor_free(compressor);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    char path[] = "/var/log/pods/shop_checkout-7d9f8b6c5-x2x1z_0b7e2b0e-4a4b-4f6e-9d4b-"
                  "0c8f7a6b5e4d/checkout/0.log";
    struct source source = {.path = path, .id = 1};
    struct settings settings = {0};
    struct sample *samples = mem_array(RECORDS_COMPRESSED, sizeof(*samples));
    uint64_t seed = 1;
    for (size_t i = 0; i < RECORDS_COMPRESSED; i++) {
        make(&samples[i], &source, &seed);
    }
    struct otlp_encoder *encoder = otlp_encoder_new(&settings);
    struct buf out;
    buf_init(&out, REQUEST_BYTES);
    measure_encoder(encoder, samples, seconds, &out);
    buf_clear(&out);
    for (size_t i = 0; otlp_encoder_add(encoder, &samples[i % RECORDS_COMPRESSED].record, &out);) {
        i++;
    }
    otlp_encoder_end(encoder, &out);
    measure_compressor(COMPRESSION_GZIP, buf_slice(&out), seconds);
    measure_compressor(COMPRESSION_ZSTD, buf_slice(&out), seconds);
    buf_fini(&out);
    otlp_encoder_free(encoder);
    free(samples);
    return 0;
}

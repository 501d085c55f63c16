/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How fast are the stages alone, with nothing read and nothing sent?
 *
 * usage: bench_pipeline FILE [ROUNDS [STAGE [NAME=VALUE…]]]
 *
 * Reads a pod log into memory and runs the stages over it, one more each time, so that each stage's
 * share is the difference of two lines; the last two are both compared with the one before them.
 * Prints MB of pod log and records per CPU second, and nanoseconds per record; of several rounds
 * the best. With STAGE (0 to 6) that one line alone; NAME=VALUE are options of the config, as of --set. Where
 * CLEW_BENCH_QUIET is set nothing is printed: what digits cost is no part of what is counted.
 */

#include <stdio.h>
#include <stdlib.h>
#include "audit/audit.h"
#include "base/buf.h"
#include "base/compress.h"
#include "base/diag.h"
#include "base/mem.h"
#include "common.h"
#include "config/config.h"
#include "otlp/encode.h"
#include "parsers/parsers.h"
#include "record/keys.h"
#include "record/shapes.h"

enum stage {
    STAGE_FRAME,
    STAGE_PARSE,
    STAGE_RESOLVE,
    STAGE_AUDIT,
    STAGE_ENCODE,
    STAGE_GZIP,
    STAGE_ZSTD,
    STAGES,
};

static const char *const stage_names[] = {"lines and frame", "+ parse", "+ resolve", "+ audit",
                                          "+ encode",        "+ gzip",  "or zstd"};

enum { BATCH_BYTES = 512 * 1024 };

struct bench {
    struct settings *settings;
    struct counters counters;
    struct pipeline *pipeline;
    struct frame *frame;
    struct audit *audit;
    struct otlp_encoder *encoder;
    struct source *source;
    struct compressor *compressor; /* of this stage, if it has one */
    enum stage stage;
    bool is_quiet;
    struct buf out;
    struct buf packed;
    struct record record; /* of the parse stage alone */
    struct arena arena;
    struct key_cache *keys;
    struct shapes *shapes;
    uint64_t records;
};

static void parse_only(struct bench *bench, const struct framed *framed)
{
    const struct parse_limits limits = {.depth_max = 64};
    record_begin(&bench->record);
    bench->record.source = framed->source;
    for (size_t i = 0; parsers_tried[i] != NULL; i++) {
        if (parsers_tried[i]->parse(framed->line, &limits, &bench->record) == PARSE_OK) {
            return;
        }
        fields_clear(&bench->record.fields);
    }
}

static void end_batch(struct bench *bench)
{
    otlp_encoder_end(bench->encoder, &bench->out);
    if (bench->compressor != NULL) {
        ENSURE(compressor_run(bench->compressor, buf_slice(&bench->out), &bench->packed));
    }
    buf_clear(&bench->out);
}

static void encode(struct bench *bench, const struct record *record)
{
    if (bench->out.len > BATCH_BYTES) {
        end_batch(bench);
    }
    ENSURE(otlp_encoder_add(bench->encoder, record, &bench->out));
}

static void take(void *context, const struct framed *framed)
{
    struct bench *bench = context;
    bench->records++;
    if (bench->stage == STAGE_PARSE) {
        parse_only(bench, framed);
    } else if (bench->stage > STAGE_PARSE) {
        const struct record *record = pipeline_parse(bench->pipeline, framed, PARSE_FORMAT_AUTO);
        if (bench->stage >= STAGE_AUDIT) {
            audit_count(bench->audit, record);
        }
        if (bench->stage >= STAGE_ENCODE) {
            encode(bench, record);
        }
    }
}

/* What is encoded is also ended, so that each round does the same. */
static void run(struct bench *bench, struct slice text)
{
    bench->records = 0;
    bench_frame(text, bench->frame, bench->source, take, bench);
    if (bench->out.len > 0) {
        end_batch(bench);
    }
}

static void measure(struct bench *bench, struct slice text, enum stage stage, int rounds)
{
    uint64_t best = UINT64_MAX;
    bench->stage = stage;
    if (stage >= STAGE_GZIP) {
        bench->compressor =
            compressor_new(stage == STAGE_GZIP ? COMPRESSION_GZIP : COMPRESSION_ZSTD);
    }
    for (int i = 0; i < rounds; i++) {
        uint64_t start = bench_cpu_ns();
        run(bench, text);
        uint64_t took = bench_cpu_ns() - start;
        best = took < best ? took : best;
    }
    compressor_free(bench->compressor);
    bench->compressor = NULL;
    if (bench->is_quiet) {
        return;
    }
    double seconds = (double)best / 1e9;
    printf("%-16s %8.0f MB/s %11.0f records/s %8.1f ns a record\n", stage_names[stage],
           (double)text.len / 1e6 / seconds, (double)bench->records / seconds,
           (double)best / (double)bench->records);
}

static void open_bench(struct bench *bench, const char *path, const char *const *sets)
{
    char *environment[] = {NULL};
    const char *const paths[] = {path, NULL};
    struct diag diag;
    char *error = NULL;
    diag_init(&diag);
    bench->settings = config_load(&(struct config_sources){NULL, sets, paths, environment}, &diag);
    diag_print(&diag, stderr);
    diag_fini(&diag);
    ENSURE(bench->settings != NULL);
    bench->pipeline = pipeline_new(bench->settings, &bench->counters, &error);
    ENSURE(bench->pipeline != NULL);
    bench->frame = frame_new(&bench->settings->inputs[0], &bench->counters);
    bench->audit = audit_new(&bench->settings->audit);
    bench->encoder = otlp_encoder_new(bench->settings);
    bench->source = source_new(path, "bench", 1);
    buf_init(&bench->out, 64 << 20);
    buf_init(&bench->packed, 64 << 20);
    arena_init(&bench->arena, 16 << 20);
    fields_init(&bench->record.fields, 4096);
    bench->keys = key_cache_new();
    bench->shapes = shapes_new();
    bench->record.fields.keys = bench->keys;
    bench->record.fields.shapes = bench->shapes;
    bench->record.arena = &bench->arena;
}

static void close_bench(struct bench *bench)
{
    buf_fini(&bench->out);
    buf_fini(&bench->packed);
    source_free(bench->source);
    otlp_encoder_free(bench->encoder);
    audit_free(bench->audit);
    frame_free(bench->frame);
    pipeline_free(bench->pipeline);
    fields_fini(&bench->record.fields);
    key_cache_free(bench->keys);
    shapes_free(bench->shapes);
    arena_fini(&bench->arena);
    settings_free(bench->settings);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: bench_pipeline FILE [ROUNDS [STAGE [NAME=VALUE…]]]\n", stderr);
        return 2;
    }
    struct bench bench = {.is_quiet = getenv("CLEW_BENCH_QUIET") != NULL};
    struct slice text;
    char *bytes = bench_read(argv[1], &text);
    open_bench(&bench, argv[1], argc > 4 ? (const char *const *)argv + 4 : NULL);
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    int first = argc > 3 ? atoi(argv[3]) : 0;
    for (int stage = first; stage < (argc > 3 ? first + 1 : STAGES); stage++) {
        measure(&bench, text, (enum stage)stage, rounds);
    }
    close_bench(&bench);
    free(bytes);
    return 0;
}

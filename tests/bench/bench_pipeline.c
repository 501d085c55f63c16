/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How fast are the stages alone, with nothing read and nothing sent?
 *
 * usage: bench_pipeline FILE [ROUNDS [STAGE]]
 *
 * Reads a pod log into memory and runs the stages over it, one more each time, so that each stage's
 * share is the difference of two lines. Prints MB of pod log and records per CPU second, and
 * nanoseconds per record; of several rounds the best. With STAGE (0 to 4) that one line alone.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/buf.h"
#include "base/diag.h"
#include "base/mem.h"
#include "config/config.h"
#include "core/audit.h"
#include "core/keys.h"
#include "core/shapes.h"
#include "outputs/otlp_encode.h"
#include "pipeline.h"
#include "registry.h"

enum stage { STAGE_FRAME, STAGE_PARSE, STAGE_RESOLVE, STAGE_AUDIT, STAGE_ENCODE, STAGES };

static const char *const stage_names[] = {"lines and frame", "+ parse", "+ resolve", "+ audit",
                                          "+ encode"};

struct bench {
    struct settings *settings;
    struct counters counters;
    struct pipeline *pipeline;
    struct frame *frame;
    struct audit *audit;
    struct otlp_encoder *encoder;
    struct source *source;
    struct buf out;
    struct record record; /* of the parse stage alone */
    struct arena arena;
    struct key_cache *keys;
    struct shapes *shapes;
    uint64_t records;
    uint64_t bytes_out;
};

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void parse_only(struct bench *bench, const struct framed *framed)
{
    const struct parse_limits limits = {.depth_max = 64};
    record_begin(&bench->record);
    bench->record.source = framed->source;
    for (size_t i = 0; registry_parsers[i] != NULL; i++) {
        if (registry_parsers[i]->parse(framed->line, &limits, &bench->record) == PARSE_OK) {
            return;
        }
        fields_clear(&bench->record.fields);
    }
}

static void encode(struct bench *bench, const struct record *record)
{
    if (bench->out.len > 512 * 1024) {
        otlp_encoder_end(bench->encoder, &bench->out);
        bench->bytes_out += bench->out.len;
        buf_clear(&bench->out);
    }
    ENSURE(otlp_encoder_add(bench->encoder, record, &bench->out));
}

static void one(struct bench *bench, const struct framed *framed, enum stage stage)
{
    bench->records++;
    if (stage == STAGE_PARSE) {
        parse_only(bench, framed);
    } else if (stage > STAGE_PARSE) {
        const struct record *record = pipeline_parse(bench->pipeline, framed, PARSE_FORMAT_AUTO);
        if (stage >= STAGE_AUDIT) {
            audit_count(bench->audit, record);
        }
        if (stage == STAGE_ENCODE) {
            encode(bench, record);
        }
    }
}

static void run(struct bench *bench, struct slice text, enum stage stage)
{
    const char *at = text.data;
    const char *end = text.data + text.len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline != NULL ? newline : end) - at);
        struct line line = {.source = bench->source, .text = slice_make(at, len)};
        line.file_hash = 1;
        line.read_ns = 1;
        line.begin = (struct position){1, (uint64_t)(at - text.data)};
        line.end = (struct position){1, line.begin.offset + len + 1};
        struct framed framed;
        if (frame_push(bench->frame, &line, &framed) == FRAME_RECORD) {
            one(bench, &framed, stage);
        }
        at += len + 1;
    }
}

static void measure(struct bench *bench, struct slice text, enum stage stage, int rounds)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < rounds; i++) {
        bench->records = 0;
        uint64_t start = cpu_ns();
        run(bench, text, stage);
        uint64_t took = cpu_ns() - start;
        best = took < best ? took : best;
    }
    double seconds = (double)best / 1e9;
    printf("%-16s %8.0f MB/s %11.0f records/s %8.1f ns a record\n", stage_names[stage],
           (double)text.len / 1e6 / seconds, (double)bench->records / seconds,
           (double)best / (double)bench->records);
}

static char *read_all(const char *path, size_t *out_len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    char *bytes = mem_alloc((size_t)len + 1);
    *out_len = fread(bytes, 1, (size_t)len, file);
    fclose(file);
    return bytes;
}

static void open_bench(struct bench *bench, const char *path)
{
    char *environment[] = {NULL};
    const char *const paths[] = {path, NULL};
    struct diag diag;
    char *error = NULL;
    diag_init(&diag);
    bench->settings = config_load(&(struct config_sources){NULL, NULL, paths, environment}, &diag);
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
        fputs("usage: bench_pipeline FILE [ROUNDS [STAGE]]\n", stderr);
        return 2;
    }
    struct bench bench = {0};
    struct slice text;
    char *bytes = read_all(argv[1], &text.len);
    text.data = bytes;
    open_bench(&bench, argv[1]);
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    int first = argc > 3 ? atoi(argv[3]) : 0;
    for (int stage = first; stage < (argc > 3 ? first + 1 : STAGES); stage++) {
        measure(&bench, text, (enum stage)stage, rounds);
    }
    close_bench(&bench);
    free(bytes);
    return 0;
}

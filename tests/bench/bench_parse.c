/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How fast lines become field tables: `bench_parse [FILE]` with a file of lines, else with made
 * ones. Prints MB (10^6 bytes) and million lines per second of processor time, the best of several
 * runs.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/buf.h"
#include "base/mem.h"
#include "common.h"
#include "parsers/parsers.h"

enum { LINES = 4000, RUNS = 7, BYTES_MAX = 1 << 28, RUN_BYTES = 1 << 26 };

struct corpus {
    struct buf bytes;
    size_t *ends; /* of each line in `bytes` */
    size_t count;
};

static void add_line(struct corpus *corpus)
{
    corpus->ends = mem_resize(corpus->ends, corpus->count + 1, sizeof(*corpus->ends));
    corpus->ends[corpus->count++] = corpus->bytes.len;
}

static void make_json(struct corpus *corpus, unsigned i)
{
    static const char *const messages[] = {"order created", "charge declined: insufficient funds",
                                           "GET /api/v1/carts/{id}/items", "cache miss"};
    unsigned long long id = i * 0x9E3779B97F4A7C15u;
    const char *message = messages[i % ARRAY_LEN(messages)];
    struct buf *out = &corpus->bytes;
    switch (i % 4) {
    case 0:
        buf_append_format(out, "{\"level\":30,\"time\":1746929673%03u,\"pid\":%u,\"hostname\":"
                               "\"checkout-7d4b9c-x2x%u\",\"trace_id\":\"%016llx%016llx\","
                               "\"span_id\":\"%016llx\",\"trace_flags\":\"01\",\"req\":{\"method\":"
                               "\"GET\",\"url\":\"/cart/%u\"},\"msg\":\"%s\"}",
                          i % 1000, i % 99, i % 10, id, ~id, id * 3, i, message);
        break;
    case 1:
        buf_append_format(out, "{\"time\":\"2026-05-11T02:14:33.%06uZ\",\"level\":\"INFO\",\"msg\":"
                               "\"%s\",\"service\":\"payment\",\"order_total\":%u,\"user\":%u,"
                               "\"latency_ms\":%u.%03u,\"ok\":%s,\"trace_id\":\"%016llx%016llx\","
                               "\"span_id\":\"%016llx\"}",
                          i, message, i % 5000, i, i % 90, i % 1000, i % 3 ? "true" : "false", id,
                          ~id, id * 3);
        break;
    case 2:
        buf_append_format(out, "{\"asctime\": \"2026-05-11 02:14:33,%03u\", \"levelname\": "
                               "\"WARNING\", \"name\": \"shop.orders\", \"message\": \"said "
                               "\\\"%s\\\"\\n\", \"otelTraceID\": \"%016llx%016llx\", "
                               "\"otelSpanID\": \"%016llx\", \"otelTraceSampled\": true, "
                               "\"elapsed\": 0.%u, \"lineno\": %u}",
                          i % 1000, message, id, ~id, id * 3, i + 1000, i % 700);
        break;
    default:
        buf_append_format(out, "{\"ts\":1746929673.%06u,\"caller\":\"server/http.go:%u\",\"lvl\":"
                               "\"debug\",\"msg\":\"%s\",\"tags\":[\"a\",\"b%u\"],\"err\":null,"
                               "\"bytes\":%u,\"status\":200,\"traceID\":\"%016llx%016llx\"}",
                          i, i % 500, message, i % 9, i * 37, id, ~id);
    }
    add_line(corpus);
}

static void make_logfmt(struct corpus *corpus, unsigned i)
{
    unsigned long long id = i * 0x9E3779B97F4A7C15u;
    buf_append_format(&corpus->bytes,
                      "time=2026-05-11T02:14:33.%06uZ level=%s msg=\"order %u created%s\" "
                      "service.name=checkout trace_id=%016llx%016llx span_id=%016llx "
                      "order_total=%u user=%u action=charge result=declined latency=%u.%ums",
                      i, i % 3 ? "info" : "warn", i, i % 16 ? "" : " \\\"twice\\\"", id, ~id,
                      id * 3, i % 5000, i, i % 90, i % 10);
    add_line(corpus);
}

static void make_text(struct corpus *corpus, unsigned i)
{
    unsigned long long id = i * 0x9E3779B97F4A7C15u;
    buf_append_format(&corpus->bytes,
                      "2026-05-11T02:14:33.%06uZ INFO checkout.service the order of %u items has "
                      "been created trace_id=%016llx%016llx span_id=%016llx user=%u "
                      "result=declined",
                      i, i % 50, id, ~id, id * 3, i);
    add_line(corpus);
}

static void read_lines(struct corpus *corpus, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, file)) > 0) {
        if (!buf_append(&corpus->bytes, line, (size_t)len - (line[len - 1] == '\n'))) {
            break;
        }
        add_line(corpus);
    }
    free(line);
    fclose(file);
}

typedef bool line_fn(void *context, struct slice line);

struct parse_context {
    const struct parser *parser;
    struct parse_limits limits;
    struct record record;
};

static bool parse_line(void *context, struct slice line)
{
    struct parse_context *c = context;
    record_begin(&c->record);
    return c->parser->parse(line, &c->limits, &c->record) == PARSE_OK;
}

static bool load_line(void *context, struct slice line)
{
    (void)context;
    json_t *json = json_loadb(line.data, line.len, 0, NULL);
    json_decref(json);
    return json != NULL;
}

static void measure(const char *name, const struct corpus *corpus, line_fn *take, void *context)
{
    uint64_t best_ns = UINT64_MAX;
    size_t taken = 0;
    size_t rounds = RUN_BYTES / (corpus->bytes.len + 1) + 1;
    for (int run = 0; run < RUNS; run++) {
        uint64_t begin_ns = bench_cpu_ns();
        taken = 0;
        for (size_t i = 0; i < corpus->count * rounds; i++) {
            size_t n = i % corpus->count;
            size_t begin = n > 0 ? corpus->ends[n - 1] : 0;
            taken += take(context, slice_make(corpus->bytes.data + begin, corpus->ends[n] - begin));
        }
        uint64_t spent_ns = bench_cpu_ns() - begin_ns;
        best_ns = spent_ns < best_ns ? spent_ns : best_ns;
    }
    double seconds = (double)best_ns / 1e9;
    double bytes = (double)corpus->bytes.len * (double)rounds;
    double lines = (double)corpus->count * (double)rounds;
    printf("%-22s %7.0f MB/s %7.2f M lines/s  (%.0f bytes a line, %.0f %% taken)\n", name,
           bytes / seconds / 1e6, lines / seconds / 1e6, bytes / lines,
           100 * (double)taken / lines);
}

static void measure_parser(const char *name, const struct corpus *corpus,
                           const struct parser *parser)
{
    struct arena arena;
    struct parse_context context = {.parser = parser, .limits.depth_max = 64};
    arena_init(&arena, 1 << 20);
    fields_init(&context.record.fields, 1024);
    context.record.arena = &arena;
    measure(name, corpus, parse_line, &context);
    fields_fini(&context.record.fields);
    arena_fini(&arena);
}

static void run(const char *name, const struct corpus *corpus, const struct parser *parser)
{
    char title[64];
    snprintf(title, sizeof(title), "%s, %s parser", name, parser->name);
    measure_parser(title, corpus, parser);
    if (parser == &parser_json) {
        snprintf(title, sizeof(title), "%s, jansson", name);
        measure(title, corpus, load_line, NULL);
    }
}

static void run_made(const char *name, void (*make)(struct corpus *, unsigned),
                     const struct parser *parser)
{
    struct corpus corpus = {.bytes.limit = BYTES_MAX};
    for (unsigned i = 0; i < LINES; i++) {
        make(&corpus, i);
    }
    run(name, &corpus, parser);
    buf_fini(&corpus.bytes);
    free(corpus.ends);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        run_made("json", make_json, &parser_json);
        run_made("logfmt", make_logfmt, &parser_logfmt);
        run_made("mixed", make_text, &parser_text);
        run_made("mixed", make_text, &parser_json);
        run_made("mixed", make_text, &parser_logfmt);
        return 0;
    }
    struct corpus corpus = {.bytes.limit = BYTES_MAX};
    read_lines(&corpus, argv[1]);
    if (corpus.count > 0) {
        run(argv[1], &corpus, &parser_json);
        run(argv[1], &corpus, &parser_logfmt);
        run(argv[1], &corpus, &parser_text);
    }
    buf_fini(&corpus.bytes);
    free(corpus.ends);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What does each kind of filter cost a record?
 *
 * usage: bench_filters FILE [ROUNDS [CASE]]
 *
 * Reads a pod log into memory, parses and resolves each line, and applies a chain of one filter;
 * what is printed is the nanoseconds a record that the chain adds, of several rounds the best. With
 * CASE (its number) that one alone, without the comparison: for counting instructions.
 */

#include <stdio.h>
#include <stdlib.h>
#include "base/diag.h"
#include "base/mem.h"
#include "common.h"
#include "config/config.h"
#include "filters/filters.h"

/* The first is no filter, the second the chain that is promised to stay under 30 % of the parse
 * stage: one condition, two removes, one rename, one redaction. Names are those of the lines of
 * `generate`. */
static const struct {
    const char *name;
    const char *filters;
} cases[] = {
    {"(none)", "[]"},
    {"typical chain", "[{drop: {field: url, equals: /healthz}}, {remove: {names: [pid]}}, "
                      "{remove: {names: [hostname]}}, {rename: {caller: code.caller}}, "
                      "{redact: {keys: [sku]}}]"},
    {"drop by field", "[{drop: {field: url, equals: /healthz}}]"},
    {"drop by severity", "[{drop: {severity: {less: DEBUG}}}]"},
    {"drop by pattern", "[{drop: {body: {matches: '^health .* ok$'}}}]"},
    {"rename", "[{rename: {caller: code.caller}}]"},
    {"copy", "[{copy: {caller: code.caller}}]"},
    {"move", "[{move: {caller: code.caller}}]"},
    {"remove by name", "[{remove: {names: [hostname]}}]"},
    {"remove by prefix", "[{remove: {prefixes: [x_]}}]"},
    {"remove by pattern", "[{remove: {patterns: ['^x_']}}]"},
    {"set a constant", "[{set: {env: production}}]"},
    {"set a text", "[{set: {who: '%{name}@%{$service}'}}]"},
    {"add", "[{add: {env: production}}]"},
    {"nest", "[{nest: {names: [hostname, caller], under: log}}]"},
    {"lift", "[{lift: {from: req}}]"},
    {"parse by pattern", "[{parse: {format: regex, pattern: '^(?<first>\\w+)'}}]"},
    {"convert", "[{convert: {amount: string}}]"},
    {"redact by key", "[{redact: {keys: [sku]}}]"},
    {"redact cards", "[{redact: {patterns: [card]}}]"},
    {"redact e-mail", "[{redact: {patterns: [email]}}]"},
    {"redact tokens", "[{redact: {patterns: [token]}}]"},
    {"limit", "[{limit: {value_bytes: 4KiB, attributes: 128}}]"},
    {"throttle", "[{throttle: {by: [$service], rate: 1000000000}}]"},
    {"sample", "[{sample: {ratio: 100%}}]"},
};

struct bench {
    struct settings *settings;
    struct counters counters;
    struct pipeline *pipeline;
    struct filters *filters;
    struct frame *frame;
    struct source *source;
    uint64_t records;
};

static void open_bench(struct bench *bench, const char *filters)
{
    char *environment[] = {NULL};
    char *text = mem_format("inputs: [{include: [/none]}]\nfilters: %s\n", filters);
    const struct config_sources sources = {.environ = environment};
    struct diag diag;
    char *error = NULL;
    diag_init(&diag);
    *bench = (struct bench){0};
    bench->settings = config_load_text(text, "bench", &sources, &diag);
    diag_print(&diag, stderr);
    diag_fini(&diag);
    free(text);
    ENSURE(bench->settings != NULL);
    bench->pipeline = pipeline_new(bench->settings, &bench->counters, &error);
    ENSURE(bench->pipeline != NULL);
    bench->filters = filters_new(bench->settings->filters, bench->settings->filter_count, "",
                                 pipeline_filter_tools(bench->pipeline), &error);
    ENSURE(error == NULL);
    bench->frame = frame_new(&bench->settings->inputs[0], &bench->counters);
    bench->source = source_new("/var/log/pods/shop_web-1_0/app/0.log", "bench", 1);
}

static void close_bench(struct bench *bench)
{
    source_free(bench->source);
    frame_free(bench->frame);
    filters_free(bench->filters);
    pipeline_free(bench->pipeline);
    settings_free(bench->settings);
}

static void take(void *context, const struct framed *framed)
{
    struct bench *bench = context;
    struct record *record = pipeline_parse(bench->pipeline, framed, PARSE_FORMAT_AUTO);
    (void)filters_apply(bench->filters, record, framed->offset + 1);
    bench->records++;
}

static double measure(struct bench *bench, struct slice text, int rounds)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < rounds; i++) {
        uint64_t start = bench_cpu_ns();
        bench->records = 0;
        bench_frame(text, bench->frame, bench->source, take, bench);
        uint64_t took = bench_cpu_ns() - start;
        best = took < best ? took : best;
    }
    return (double)best / (double)bench->records;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: bench_filters FILE [ROUNDS [CASE]]\n", stderr);
        return 2;
    }
    struct slice text;
    char *bytes = bench_read(argv[1], &text);
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    size_t first = argc > 3 ? (size_t)atoi(argv[3]) : 0;
    size_t end = argc > 3 ? first + 1 : ARRAY_LEN(cases);
    double none = 0;
    for (size_t i = first; i < end && i < ARRAY_LEN(cases); i++) {
        struct bench bench;
        open_bench(&bench, cases[i].filters);
        double ns = measure(&bench, text, rounds);
        none = i == 0 ? ns : none;
        printf("%-18s %8.1f ns a record%s\n", cases[i].name, ns - (i == 0 ? 0 : none),
               i == 0 ? ", parsed and resolved" : " more");
        close_bench(&bench);
    }
    free(bytes);
    return 0;
}

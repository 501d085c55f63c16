/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shown.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "cli/config_options.h"
#include "cli/options.h"
#include "cli/parse/routes.h"
#include "cli/stages.h"
#include "config/config.h"
#include "daemon/pipeline.h"
#include "filters/filters.h"
#include "otlp/record_json.h"
#include "parsers/assembler.h"

struct arguments {
    struct config_arguments config;
    bool trace;
};

static const struct cli_option options[] = {
    CONFIG_OPTIONS(struct arguments, config),
    {"trace", 't', CLI_FLAG, offsetof(struct arguments, trace), NULL,
     "show each line after every stage", NULL},
    {0},
};

enum { OUT_BYTES_MAX = 256 * 1024 * 1024 }; /* of one printed record */

struct printer {
    const struct settings *settings;
    const struct input_settings *input;
    struct counters counters;
    struct pipeline *pipeline;
    struct filters *filters; /* NULL: the config has none */
    struct parse_routes *routes; /* likewise */
    struct multiline_rules *rules; /* NULL: lines are not joined */
    struct assembler *assembler;
    struct buf out;
    bool traces;
};

/* For people: line, record, filters, and what is shipped, or what each route ships. */
static void show(struct printer *printer, struct record *record, uint64_t now_ns)
{
    const struct settings *settings = printer->settings;
    stages_print_line(record, &printer->out, stdout);
    if (stages_print_filters(printer->filters, settings->filters, record, now_ns, &printer->out,
                             stdout) == FILTER_KEEP) {
        if (printer->routes != NULL) {
            parse_routes_show(printer->routes, record, now_ns, &printer->out, stdout);
        } else {
            stages_print_shipped(record, settings, &printer->out, stdout);
        }
    }
    fputc('\n', stdout);
}

/* One member more where there are routes: the last byte of the record's object goes behind it. */
static bool write_record(struct printer *printer, struct record *record, uint64_t now_ns)
{
    struct buf *out = &printer->out;
    buf_clear(out);
    bool fits = otlp_json_write_record(record, printer->settings, out);
    if (fits && printer->routes != NULL) {
        out->len--;
        fits = buf_append_string(out, ",\"routes\":") &&
               parse_routes_write(printer->routes, record, now_ns, out) &&
               buf_append_string(out, "}");
    }
    return fits && buf_append_string(out, "\n");
}

static void print(struct printer *printer, const struct framed *framed)
{
    struct record *record =
        pipeline_parse(printer->pipeline, framed, printer->input->format);
    if (printer->traces) {
        show(printer, record, framed->read_ns);
        return;
    }
    if (filters_apply(printer->filters, record, framed->read_ns) == FILTER_DROP) {
        return;
    }
    if (write_record(printer, record, framed->read_ns)) {
        shown_put_json(stdout, buf_slice(&printer->out));
    } else {
        fprintf(stderr, "clew parse: the record at byte %llu is too large to print\n",
                (unsigned long long)framed->offset);
    }
}

static void push(struct printer *printer, struct source *source, struct slice text,
                 uint64_t offset)
{
    struct line line = {
        .source = source,
        .text = text,
        .begin = {1, offset},
        .end = {1, offset + text.len + 1},
        .read_ns = clock_realtime_ns(),
    };
    if (text.len > 0 && text.data[text.len - 1] == '\r') {
        line.text.len--;
    }
    struct framed framed;
    enum frame_verdict verdict = assembler_push(printer->assembler, &line, &framed);
    for (; verdict == FRAME_RECORD; verdict = assembler_next(printer->assembler, &framed)) {
        print(printer, &framed);
    }
}

/* One record a line; what is left without its rest at the end is printed as it is. */
static void print_stream(struct printer *printer, FILE *file, const char *path)
{
    struct source *source = source_new(path, printer->input->name, 1);
    char *text = NULL;
    size_t cap = 0;
    uint64_t offset = 0;
    ssize_t len;
    printer->assembler = assembler_new(printer->input, printer->rules, &printer->counters);
    while ((len = getline(&text, &cap, file)) > 0) {
        size_t n = (size_t)len - (text[len - 1] == '\n');
        push(printer, source, slice_make(text, n), offset);
        offset += (uint64_t)len;
        fflush(stdout); /* a person may be typing */
    }
    struct framed framed;
    while (assembler_flush(printer->assembler, UINT64_MAX, &framed)) {
        do {
            print(printer, &framed);
        } while (assembler_next(printer->assembler, &framed) == FRAME_RECORD);
    }
    assembler_free(printer->assembler);
    free(text);
    source_free(source);
}

static int print_path(struct printer *printer, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (file != NULL) {
        errno = 0;
        print_stream(printer, file, is_stdin ? NULL : path);
    }
    bool failed = file == NULL || ferror(file);
    if (failed) {
        shown_print(stderr, "clew parse: cannot read %s: %s\n", path, strerror(errno));
    }
    if (file != NULL && !is_stdin) {
        fclose(file);
    }
    return failed ? EXIT_FAILED : EXIT_GOOD;
}

static int parse_path(const struct settings *settings, const char *path, bool traces)
{
    struct printer printer = {.settings = settings, .input = &settings->inputs[0],
                              .traces = traces};
    char *error = NULL;
    printer.pipeline = pipeline_new(settings, &printer.counters, &error);
    if (printer.pipeline != NULL) {
        printer.filters =
            filters_new(settings->filters, settings->filter_count, "",
                        pipeline_filter_tools(printer.pipeline), &error);
    }
    if (error == NULL) {
        (void)parse_routes_new(settings, pipeline_filter_tools(printer.pipeline), &printer.routes,
                               &error);
    }
    if (error != NULL) {
        shown_print(stderr, "clew parse: %s\n", error);
        free(error);
        filters_free(printer.filters);
        pipeline_free(printer.pipeline);
        return EXIT_USAGE;
    }
    printer.rules = multiline_rules_new(settings, printer.input);
    buf_init(&printer.out, OUT_BYTES_MAX);
    int status = print_path(&printer, path);
    buf_fini(&printer.out);
    parse_routes_free(printer.routes);
    filters_free(printer.filters);
    multiline_rules_free(printer.rules);
    pipeline_free(printer.pipeline);
    return status;
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct cli_texts paths = {0};
    int status = EXIT_USAGE;
    if (cli_parse(&command_parse, argc, argv, &arguments, &paths, 1, &status)) {
        const char *path = paths.count > 0 ? paths.items[0] : "-";
        /* The path stands for the input, so that the config need not name one. */
        const char *const inputs[] = {path, NULL};
        struct settings *settings = config_arguments_load(&arguments.config, inputs);
        status = settings != NULL ? parse_path(settings, path, arguments.trace)
                                  : EXIT_USAGE;
        settings_free(settings);
    }
    cli_texts_free(&arguments.config.sets);
    cli_texts_free(&paths);
    return status;
}

const struct command command_parse = {
    .name = "parse",
    .summary = "print the record that clew makes of each line",
    .usage = "usage: clew parse [-c FILE] [--set NAME=VALUE]... [--trace] [FILE|-]\n"
             "\n"
             "Reads lines from the file or standard input and prints one JSON object per record: "
             "the\n"
             "OTLP/JSON LogRecord, its `resource`, and under `clew` the format of the line, "
             "its\n"
             "trace class and notes. The config's filters are applied. If the config has "
             "routes,\n"
             "`routes` lists those that match, by the path of the file as given, with their "
             "outputs\n"
             "and the result of their filters.\n",
    .options = options,
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check/tests.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/shown.h"
#include "cli/plain_json.h"
#include "daemon/pipeline.h"
#include "filters/filters.h"
#include "filters/name.h"
#include "resolve/severity.h"

enum { ROOM = 16 * 1024 * 1024 };

/* What tests know of time: lines that came one after the other, at once. */
#define TEST_TIME_NS UINT64_C(1772447696000000000)

struct bench {
    const struct settings *settings;
    const struct test_settings *test;
    const struct input_settings *input;
    struct counters counters;
    struct pipeline *pipeline;
    struct filters *chains[2]; /* of the config, and of the route */
    struct frame *frame;
    struct source *source;
    struct buf scratch;
    char *complaints; /* lines, or NULL: what is not as it was expected */
    size_t records;   /* that came out */
};

static void complain(struct bench *bench, char *sentence)
{
    char *all = mem_format("%s    %s\n", bench->complaints != NULL ? bench->complaints : "",
                           sentence);
    free(bench->complaints);
    free(sentence);
    bench->complaints = all;
}

/* ---- what is expected ---- */

/* A field that has become the body or an id is no attribute. */
static bool is_shipped(const struct record *record, const struct value *value)
{
    return value->field == NO_FIELD || value->field == record->body_field ||
           (record->fields.items[value->field].flags & FIELD_MOVED) == 0;
}

static bool has_value(const struct bench *bench, const struct record *record, const char *name,
                      struct value *out)
{
    struct name parsed = name_make(name, NULL);
    return value_read(&parsed, record, bench->settings, out) && is_shipped(record, out);
}

static bool is_severity(const struct constant *wanted, const struct value *got)
{
    uint8_t number = severity_from_text(slice_from_string(wanted->text), SEVERITY_SYSLOG);
    return number != 0 && got->kind == FIELD_INT && got->i == number;
}

static bool is_text(const struct constant *wanted, const struct value *got)
{
    return (got->kind == FIELD_STRING || got->kind == FIELD_BYTES || got->kind == FIELD_NUMBER) &&
           slice_is_equal(got->text, slice_from_string(wanted->text));
}

static bool is_as_expected(const struct constant *wanted, const struct value *got, const char *name)
{
    bool is_own = name[0] == '$';
    switch (wanted->kind) {
    case CONSTANT_NULL:
        return got->kind == FIELD_NULL;
    case CONSTANT_BOOL:
        return got->kind == FIELD_BOOL && got->b == (wanted->i != 0);
    case CONSTANT_INT:
        /* Digits in an id or a body are its text, whatever YAML takes them for. */
        return got->kind == FIELD_INT ? got->i == wanted->i : is_own && is_text(wanted, got);
    case CONSTANT_DOUBLE:
        return got->kind == FIELD_DOUBLE ? got->d == wanted->d : is_own && is_text(wanted, got);
    case CONSTANT_TEXT:
        return is_text(wanted, got) ||
               (strcmp(name, "$severity") == 0 && is_severity(wanted, got));
    }
    return false;
}

/* The value as JSON has it; a text is in quotes, so that its type is seen. */
static char *show(const struct value *value)
{
    bool is_text = value->kind == FIELD_STRING || value->kind == FIELD_BYTES ||
                   value->kind == FIELD_NUMBER;
    if (value->kind == FIELD_OBJECT || value->kind == FIELD_ARRAY) {
        return mem_string(value->kind == FIELD_OBJECT ? "an object" : "a list");
    }
    if (value->kind == FIELD_NULL) {
        return mem_string("null");
    }
    return mem_format(is_text ? "\"%.*s\"" : "%.*s", (int)value->text.len, value->text.data);
}

static char *show_constant(const struct constant *constant)
{
    return mem_format(constant->kind == CONSTANT_TEXT ? "\"%s\"" : "%s",
                      constant->kind == CONSTANT_NULL ? "null" : constant->text);
}

static void ask(struct bench *bench, const struct record *record)
{
    const struct test_settings *test = bench->test;
    struct value value;
    for (size_t i = 0; i < test->expect.count; i++) {
        const struct named_constant *wanted = &test->expect.items[i];
        bool is_there = has_value(bench, record, wanted->name, &value);
        if (is_there && is_as_expected(&wanted->value, &value, wanted->name)) {
            continue;
        }
        char *got = is_there ? show(&value) : mem_string("nothing");
        char *expected = show_constant(&wanted->value);
        complain(bench, mem_format("%s: expected %s, got %s", wanted->name, expected, got));
        free(expected);
        free(got);
    }
    for (size_t i = 0; i < test->absent.count; i++) {
        if (has_value(bench, record, test->absent.items[i], &value)) {
            char *got = show(&value);
            complain(bench, mem_format("%s: expected nothing, got %s", test->absent.items[i], got));
            free(got);
        }
    }
}

/* ---- the way of the lines ---- */

/* What was asked of an earlier record is forgotten: the last one counts. */
static void take_record(struct bench *bench, const struct framed *framed)
{
    struct record *record = pipeline_parse(bench->pipeline, framed, bench->input->format);
    for (size_t i = 0; i < ARRAY_LEN(bench->chains); i++) {
        if (filters_apply(bench->chains[i], record, framed->read_ns) == FILTER_DROP) {
            return;
        }
    }
    bench->records++;
    free(bench->complaints);
    bench->complaints = NULL;
    if (bench->test->dropped) {
        complain(bench, mem_string("expected the record to be dropped, but it was not"));
    }
    ask(bench, record);
    buf_clear(&bench->scratch);
    if (bench->complaints != NULL && plain_json_write_record(record, &bench->scratch)) {
        complain(bench, mem_format("the record is %.*s", (int)bench->scratch.len,
                                   bench->scratch.data));
    }
}

static void push_line(struct bench *bench, const char *text, uint64_t offset)
{
    struct line line = {
        .source = bench->source,
        .text = slice_from_string(text),
        .begin = {1, offset},
        .end = {1, offset + strlen(text) + 1},
        .read_ns = TEST_TIME_NS,
    };
    struct framed framed;
    enum frame_verdict verdict = frame_push(bench->frame, &line, &framed);
    for (; verdict == FRAME_RECORD; verdict = frame_next(bench->frame, &framed)) {
        take_record(bench, &framed);
    }
}

static void run_lines(struct bench *bench)
{
    uint64_t offset = 0;
    for (size_t i = 0; i < bench->test->lines.count; i++) {
        const char *text = bench->test->lines.items[i];
        push_line(bench, text, offset);
        offset += strlen(text) + 1;
    }
    struct framed framed;
    while (frame_flush(bench->frame, UINT64_MAX, &framed)) {
        take_record(bench, &framed);
    }
    if (bench->records == 0 && !bench->test->dropped) {
        complain(bench, mem_string("expected a record, but it was dropped"));
    }
}

/* ---- one test ---- */

static const struct input_settings *find_input(const struct settings *settings, const char *name)
{
    for (size_t i = 0; name != NULL && i < settings->input_count; i++) {
        if (strcmp(settings->inputs[i].name, name) == 0) {
            return &settings->inputs[i];
        }
    }
    return &settings->inputs[0];
}

static bool make_chains(struct bench *bench, char **out_error)
{
    const struct settings *settings = bench->settings;
    bench->pipeline = pipeline_new(settings, &bench->counters, out_error);
    if (bench->pipeline == NULL) {
        return false;
    }
    const struct filter_tools *tools = pipeline_filter_tools(bench->pipeline);
    bench->chains[0] =
        filters_new(settings->filters, settings->filter_count, "", tools, out_error);
    for (size_t i = 0; i < settings->route_count && bench->test->route != NULL; i++) {
        const struct route_settings *route = &settings->routes[i];
        if (*out_error == NULL && strcmp(route->name, bench->test->route) == 0) {
            bench->chains[1] = filters_new(route->filters, route->filter_count, route->name, tools,
                                           out_error);
        }
    }
    return *out_error == NULL;
}

static bool run_test(struct bench *bench)
{
    char *error = NULL;
    buf_init(&bench->scratch, ROOM);
    bench->input = find_input(bench->settings, bench->test->input);
    bench->source = source_new(NULL, bench->input->name, 1);
    bench->frame = frame_new(bench->input, &bench->counters);
    if (make_chains(bench, &error)) {
        run_lines(bench);
    } else {
        complain(bench, error);
    }
    frame_free(bench->frame);
    source_free(bench->source);
    filters_free(bench->chains[0]);
    filters_free(bench->chains[1]);
    pipeline_free(bench->pipeline);
    buf_fini(&bench->scratch);
    return bench->complaints == NULL;
}

static void print_lines(const char *text, FILE *out)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        shown_put(out, slice_make(text, len));
        fputc('\n', out);
        text += len + (text[len] == '\n');
    }
}

static void report(const struct bench *bench, bool has_passed, FILE *out)
{
    const struct test_settings *test = bench->test;
    if (has_passed) {
        shown_print(out, "ok      %s\n", test->name);
    } else {
        shown_print(out, "FAILED  %s (%s:%u)\n", test->name,
                    test->place.file != NULL ? test->place.file : "config", test->place.line);
        print_lines(bench->complaints, out);
    }
}

struct tests_result check_tests(const struct settings *settings, bool quiet, FILE *out)
{
    struct tests_result result = {0, 0};
    for (size_t i = 0; i < settings->test_count; i++) {
        struct bench bench = {.settings = settings, .test = &settings->tests[i]};
        bool has_passed = run_test(&bench);
        if (!quiet || !has_passed) {
            report(&bench, has_passed, out);
        }
        free(bench.complaints);
        result.passed += has_passed;
        result.failed += !has_passed;
    }
    return result;
}

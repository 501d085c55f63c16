/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <jansson.h>
#include "core/resolve.h"
#include "parse_case.h"
#include "parsers/parsers.h"

/*
 * tests/corpus/values/ holds one line a row with what it must resolve to: severity_number,
 * severity_text, time_unix_nano, service, and optionally namespace, logger, body, zone_assumed.
 * null is "the line does not tell". The rows are read half a minute after 2026-03-02T10:11:12Z.
 */

#define MOMENT 1772446272000000000ULL
#define READ   (MOMENT + 30000000000ULL)

struct bench {
    struct trace_settings settings;
    struct resolver *resolver;
    struct parse_case parse;
};

static void bench_init(struct bench *bench)
{
    char *error = NULL;
    *bench = (struct bench){.settings = {.repair = true, .uuid = true, .dd_decimal_pad = true}};
    bench->resolver = resolver_new(&bench->settings, &error);
    assert_non_null(bench->resolver);
    parse_case_init(&bench->parse, &parser_json);
}

static void bench_fini(struct bench *bench)
{
    parse_case_fini(&bench->parse);
    resolver_free(bench->resolver);
}

/* Parse as the pipeline does, then resolve. The line must outlive the use of the record. */
static struct record *resolve(struct bench *bench, struct slice line)
{
    static const struct parser *const parsers[] = {&parser_json, &parser_logfmt, &parser_text};
    struct record *record = &bench->parse.record;
    for (size_t i = 0; i < ARRAY_LEN(parsers); i++) {
        bench->parse.parser = parsers[i];
        if (parse_case_run(&bench->parse, line) == PARSE_OK) {
            record->format = parsers[i]->format;
            break;
        }
    }
    record->observed_time_ns = READ;
    resolver_resolve(bench->resolver, record);
    return record;
}

/* ------------------------------------------------------------------ the corpus */

static bool is_text(const json_t *row, const char *key, struct slice actual)
{
    const json_t *wanted = json_object_get(row, key);
    if (wanted == NULL) {
        return true;
    }
    struct slice expected = json_is_string(wanted)
                                ? slice_make(json_string_value(wanted), json_string_length(wanted))
                                : slice_make(NULL, 0);
    if (!slice_is_equal(actual, expected)) {
        print_error("%s: \"%.*s\" instead of \"%.*s\"\n", key, (int)actual.len,
                    actual.data != NULL ? actual.data : "", (int)expected.len,
                    expected.data != NULL ? expected.data : "");
        return false;
    }
    return true;
}

static bool is_number(const json_t *row, const char *key, uint64_t actual)
{
    const json_t *wanted = json_object_get(row, key);
    if (wanted == NULL) {
        return true;
    }
    uint64_t expected = 0;
    if (json_is_string(wanted)) {
        expected = strtoull(json_string_value(wanted), NULL, 10);
    } else if (json_is_boolean(wanted)) {
        expected = json_is_true(wanted) ? 1 : 0;
    } else {
        expected = (uint64_t)json_integer_value(wanted);
    }
    if (actual != expected) {
        print_error("%s: %llu instead of %llu\n", key, (unsigned long long)actual,
                    (unsigned long long)expected);
        return false;
    }
    return true;
}

static bool is_as_expected(const json_t *row, const struct record *record)
{
    struct slice body = record->has_body_text ? record->body_text : slice_make(NULL, 0);
    bool good = is_number(row, "severity_number", record->severity_number);
    good &= is_text(row, "severity_text", record->severity_text);
    good &= is_number(row, "time_unix_nano", record->time_ns);
    good &= is_text(row, "service", record->service);
    good &= is_text(row, "namespace", record->service_namespace);
    good &= is_text(row, "logger", record->logger);
    good &= is_text(row, "body", body);
    good &= is_number(row, "zone_assumed", record->time_zone_assumed ? 1 : 0);
    return good;
}

static unsigned check_row(struct bench *bench, struct slice line_of_file)
{
    json_error_t error;
    json_t *row = json_loadb(line_of_file.data, line_of_file.len, 0, &error);
    if (row == NULL) {
        print_error("%s in %.*s\n", error.text, (int)line_of_file.len, line_of_file.data);
        return 1;
    }
    const json_t *line = json_object_get(row, "line");
    struct slice text = slice_make(json_string_value(line), json_string_length(line));
    bool good = is_as_expected(row, resolve(bench, driver_guarded(text)));
    if (!good) {
        print_error("  %s: %s\n", json_string_value(json_object_get(row, "name")), text.data);
    }
    json_decref(row);
    return good ? 0 : 1;
}

static void check_corpus(const char *path)
{
    struct bench bench;
    bench_init(&bench);
    size_t len;
    char *bytes = driver_read_file(path, &len);
    struct slice rest = slice_make(bytes, len);
    unsigned wrong = 0;
    unsigned rows = 0;
    while (rest.len > 0) {
        const char *end = memchr(rest.data, '\n', rest.len);
        size_t line = end != NULL ? (size_t)(end - rest.data) : rest.len;
        wrong += line > 0 ? check_row(&bench, slice_make(rest.data, line)) : 0;
        rows++;
        rest = slice_skip(rest, line + 1);
    }
    assert_true(rows > 30);
    assert_int_equal(wrong, 0);
    free(bytes);
    bench_fini(&bench);
}

static void the_documented_conventions_resolve_as_stated(void **state)
{
    (void)state;
    check_corpus("tests/corpus/values/conventions.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_conventions_resolve_as_stated),
    };
    return driver_run("resolve", tests, ARRAY_LEN(tests));
}

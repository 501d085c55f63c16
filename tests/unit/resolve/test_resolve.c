/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <jansson.h>
#include "parse_case.h"
#include "parsers/parsers.h"
#include "resolve/resolve.h"

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

/* Every line of a corpus, cut off at every byte: nothing is read behind the cut. */
static void cut_rows(struct bench *bench, const char *path)
{
    size_t len;
    char *bytes = driver_read_file(path, &len);
    for (char *row = strtok(bytes, "\n"); row != NULL; row = strtok(NULL, "\n")) {
        json_t *parsed = json_loads(row, 0, NULL);
        const json_t *line = json_object_get(parsed, "line");
        struct slice text = slice_make(json_string_value(line), json_string_length(line));
        struct slice page = driver_guarded(text);
        for (size_t cut = 0; cut <= text.len; cut++) {
            /* Moved, so that the cut is at the guard page too. */
            char *begin = (char *)(uintptr_t)(page.data + cut);
            memmove(begin, text.data, text.len - cut);
            resolve(bench, slice_make(begin, text.len - cut));
        }
        json_decref(parsed);
    }
    free(bytes);
}

static void a_line_cut_off_anywhere_is_read_within_its_bytes(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    cut_rows(&bench, "tests/corpus/values/conventions.jsonl");
    cut_rows(&bench, "tests/corpus/values/layouts.jsonl");
    cut_rows(&bench, "tests/corpus/values/members.jsonl");
    bench_fini(&bench);
}

static void the_runtimes_time_fills_in_for_a_line_without_one(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    struct record *record = &bench.parse.record;
    assert_int_equal(parse_case_run(&bench.parse, SLICE("{\"msg\":\"x\"}")), PARSE_OK);
    record->format = FORMAT_JSON;
    record->runtime_time_ns = MOMENT;
    resolver_resolve(bench.resolver, record);
    assert_int_equal(record->time_ns, MOMENT);
    assert_false(record->time_zone_assumed);
    resolver_resolve(bench.resolver, record);
    assert_int_equal(record->time_ns, MOMENT);
    bench_fini(&bench);
}

static void the_runtimes_time_tells_the_date_of_a_line_without_one(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    struct record *record = resolve(&bench, SLICE("10:11:12.345 INFO x"));
    record->runtime_time_ns = MOMENT - 86400000000000ULL;
    resolver_resolve(bench.resolver, record);
    assert_int_equal(record->time_ns, MOMENT - 86400000000000ULL + 345000000);
    bench_fini(&bench);
}

static uint64_t time_of(struct bench *bench, struct slice line, const struct source *source,
                        uint64_t runtime_ns)
{
    struct record *record = resolve(bench, line);
    record->source = source;
    record->runtime_time_ns = runtime_ns;
    resolver_resolve(bench->resolver, record);
    assert_true(record->time_zone_assumed);
    return record->time_ns;
}

/* A pod has said so; 100 logs ask for more zones than are kept at a time. */
static void a_log_has_the_zone_that_it_asks_for(void **state)
{
    (void)state;
    static const uint64_t minute = 60000000000ULL;
    struct slice line = SLICE("2026-03-02 10:11:12,000 INFO x");
    struct bench bench;
    bench_init(&bench);
    for (unsigned i = 0; i < 200; i++) {
        struct source source = {.id = i % 100};
        uint64_t west = i % 10 * 60 + i % 100 / 10;
        snprintf(source.policy.zone, sizeof(source.policy.zone), "-%02u:%02u", i % 10, i % 100 / 10);
        assert_int_equal(time_of(&bench, line, &source, 0), MOMENT + west * minute);
        /* The runtime's stamp does not change what somebody has said … */
        assert_int_equal(time_of(&bench, line, &source, MOMENT), MOMENT + west * minute);
    }
    /* … but of two times that look alike it tells which, also of a line that was held back. */
    static const uint64_t second_ns = 1792891800000000000ULL; /* 2026-10-25T01:30:00Z */
    const struct source berlin = {.id = 1000, .policy.zone = "Europe/Berlin"};
    line = SLICE("2026-10-25 02:30:00,000 INFO x");
    for (unsigned late = 0; late < 40; late += 10) {
        assert_int_equal(time_of(&bench, line, &berlin, second_ns + late * minute), second_ns);
    }
    assert_int_equal(time_of(&bench, line, &berlin, second_ns - 60 * minute),
                     second_ns - 60 * minute);
    bench_fini(&bench);
}

static void only_the_message_leaves_the_attributes(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    struct slice line = SLICE("{\"level\":\"info\",\"time\":1772446272,\"service\":\"shop\","
                              "\"logger\":\"a\",\"msg\":\"x\",\"message\":{\"a\":1}}");
    struct record *record = resolve(&bench, line);
    for (uint32_t i = 0; i < record->fields.count; i++) {
        bool message = slice_is_equal(field_key(&record->fields.items[i]), SLICE("msg"));
        assert_int_equal(record->fields.items[i].flags & FIELD_MOVED, message ? FIELD_MOVED : 0);
    }
    bench.settings.repeat_moved = true;
    record = resolve(&bench, line);
    assert_slice_equal(record->body_text, SLICE("x"));
    for (uint32_t i = 0; i < record->fields.count; i++) {
        assert_int_equal(record->fields.items[i].flags & FIELD_MOVED, 0);
    }
    bench_fini(&bench);
}

static void a_zone_from_the_settings_is_used_and_a_wrong_one_is_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    resolver_free(bench.resolver);
    char zone[] = "Europe/Berlin";
    bench.settings.zone = zone;
    char *error = NULL;
    bench.resolver = resolver_new(&bench.settings, &error);
    assert_non_null(bench.resolver);
    struct record *record = resolve(&bench, SLICE("2026-03-02 11:11:12,000 INFO x"));
    assert_int_equal(record->time_ns, MOMENT);
    assert_true(record->time_zone_assumed);
    char wrong[] = "Mars/Olympus";
    bench.settings.zone = wrong;
    assert_null(resolver_new(&bench.settings, &error));
    assert_non_null(strstr(error, "Mars/Olympus"));
    free(error);
    bench_fini(&bench);
}

static void text_layouts_tell_what_their_head_holds(void **state)
{
    (void)state;
    check_corpus("tests/corpus/values/layouts.jsonl");
}

static void members_are_taken_in_the_documented_order(void **state)
{
    (void)state;
    check_corpus("tests/corpus/values/members.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_conventions_resolve_as_stated),
        cmocka_unit_test(text_layouts_tell_what_their_head_holds),
        cmocka_unit_test(members_are_taken_in_the_documented_order),
        cmocka_unit_test(a_line_cut_off_anywhere_is_read_within_its_bytes),
        cmocka_unit_test(the_runtimes_time_fills_in_for_a_line_without_one),
        cmocka_unit_test(the_runtimes_time_tells_the_date_of_a_line_without_one),
        cmocka_unit_test(a_log_has_the_zone_that_it_asks_for),
        cmocka_unit_test(only_the_message_leaves_the_attributes),
        cmocka_unit_test(a_zone_from_the_settings_is_used_and_a_wrong_one_is_refused),
    };
    return driver_run("resolve", tests, ARRAY_LEN(tests));
}

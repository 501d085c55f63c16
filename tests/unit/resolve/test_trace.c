/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "parsers/parsers.h"
#include "resolve/resolve.h"

/*
 * Lines go through the real parsers, in the order in which clew tries them, and the real resolve
 * stage. The corpus says for each line which ids, flags and class must come out.
 */

struct bench {
    struct trace_settings settings;
    struct resolver *resolver;
    struct arena arena;
    struct record record;
    struct source source;
};

static struct trace_settings default_settings(void)
{
    return (struct trace_settings){.repair = true,
                                   .message_fallback = MESSAGE_FALLBACK_LABELLED,
                                   .uuid = true,
                                   .dd_decimal_pad = true};
}

static struct bench *bench_new(struct trace_settings settings)
{
    struct bench *bench = mem_alloc(sizeof(*bench));
    char *error = NULL;
    bench->settings = settings;
    bench->resolver = resolver_new(&bench->settings, &error);
    assert_non_null(bench->resolver);
    arena_init(&bench->arena, 1 << 20);
    fields_init(&bench->record.fields, 10000);
    bench->record.arena = &bench->arena;
    bench->record.source = &bench->source;
    return bench;
}

static void bench_free(struct bench *bench)
{
    resolver_free(bench->resolver);
    fields_fini(&bench->record.fields);
    arena_fini(&bench->arena);
    free(bench);
}

static struct record *resolve(struct bench *bench, struct slice line)
{
    static const struct parser *const parsers[] = {&parser_json, &parser_logfmt, &parser_text};
    static const struct parse_limits limits = {.depth_max = 64};
    struct record *record = &bench->record;
    for (size_t i = 0; i < ARRAY_LEN(parsers); i++) {
        record_begin(record);
        record->line = line;
        record->source = &bench->source;
        record->format = parsers[i]->format;
        if (parsers[i]->parse(line, &limits, record) == PARSE_OK) {
            break;
        }
    }
    resolver_resolve(bench->resolver, record);
    return record;
}

static const char *hex(const uint8_t *bytes, size_t n, bool has, char out[33])
{
    for (size_t i = 0; i < n; i++) {
        snprintf(out + i * 2, 3, "%02x", bytes[i]);
    }
    return has ? out : "-";
}

/* "trace span flags class", - for what is not set. */
static void describe(const struct record *record, char out[128])
{
    char trace[33];
    char span[33];
    char flags[33];
    snprintf(out, 128, "%s %s %s %s", hex(record->trace_id, 16, record->has_trace_id, trace),
             hex(record->span_id, 8, record->has_span_id, span),
             hex(&record->flags, 1, record->has_flags, flags),
             trace_class_name(record->trace_class));
}

static const char *text_of(const json_t *test, const char *name)
{
    const json_t *value = json_object_get(test, name);
    return json_is_string(value) ? json_string_value(value) : "-";
}

static void list_notes(uint64_t also, char out[512])
{
    out[0] = '\0';
    for (unsigned bit = 0; bit < TRACE_NOTES_END; bit++) {
        if ((also >> bit & 1) != 0) {
            strncat(out, " ", 511 - strlen(out));
            strncat(out, trace_note_name(bit), 511 - strlen(out));
        }
    }
}

/* `notes` of a test are names that must be in `also`. */
static bool has_notes(const struct record *record, const json_t *test)
{
    size_t i;
    json_t *note;
    char notes[512];
    list_notes(record->also, notes);
    strcat(notes, " ");
    json_array_foreach(json_object_get(test, "notes"), i, note)
    {
        char word[64];
        snprintf(word, sizeof(word), " %s ", json_string_value(note));
        if (strstr(notes, word) == NULL) {
            return false;
        }
    }
    return true;
}

static size_t check_line(struct bench *bench, const json_t *test)
{
    char expected[128];
    char actual[128];
    char notes[512];
    const json_t *line = json_object_get(test, "line");
    struct slice text = slice_make(json_string_value(line), json_string_length(line));
    snprintf(expected, sizeof(expected), "%s %s %s %s", text_of(test, "trace_id"),
             text_of(test, "span_id"), text_of(test, "flags"), text_of(test, "class"));
    const struct record *record = resolve(bench, driver_guarded(text));
    describe(record, actual);
    list_notes(record->also, notes);
    if (strcmp(expected, actual) == 0 && has_notes(record, test)) {
        return 0;
    }
    print_error("%s: %.*s\n  expected %s\n  but got  %s (also%s)\n", text_of(test, "name"),
                (int)(text.len < 300 ? text.len : 300), text.data, expected, actual, notes);
    return 1;
}

static void run_corpus(const char *path, size_t wanted)
{
    size_t len;
    char *bytes = driver_read_file(path, &len);
    struct bench *bench = bench_new(default_settings());
    size_t failed = 0;
    size_t count = 0;
    for (char *line = strtok(bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_error_t error;
        json_t *test = json_loads(line, JSON_ALLOW_NUL, &error);
        if (test == NULL) {
            fail_msg("%s: line %zu: %s", path, count + 1, error.text);
        }
        failed += check_line(bench, test);
        count++;
        json_decref(test);
    }
    bench_free(bench);
    free(bytes);
    if (failed > 0 || count < wanted) {
        fail_msg("%s: %zu of %zu lines failed", path, failed, count);
    }
}

static void the_conventions_resolve_as_the_corpus_says(void **state)
{
    (void)state;
    run_corpus("tests/corpus/trace/trace_context.jsonl", 126);
}

static void the_rules_hold_for_every_family_and_every_defect(void **state)
{
    (void)state;
    run_corpus("tests/corpus/trace/more.jsonl", 700);
}

/* ------------------------------------------------------------------ switches */

struct switch_case {
    const char *line;
    const char *expected; /* as describe() says it */
};

static void check(struct bench *bench, const char *line, const char *expected)
{
    char actual[128];
    const struct record *record = resolve(bench, driver_guarded(slice_from_string(line)));
    describe(record, actual);
    if (strcmp(actual, expected) != 0) {
        fail_msg("%s\n  expected %s\n  but got  %s", line, expected, actual);
    }
}

static void check_all(struct trace_settings settings, const struct switch_case *cases, size_t count)
{
    struct bench *bench = bench_new(settings);
    for (size_t i = 0; i < count; i++) {
        check(bench, cases[i].line, cases[i].expected);
    }
    bench_free(bench);
}

#define T "4bf92f3577b34da6a3ce929d0e0e4736"
#define S "00f067aa0ba902b7"

static void without_repair_a_short_id_is_not_shipped(void **state)
{
    (void)state;
    static const struct switch_case cases[] = {
        {"{\"trace_id\":\"bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"" S "\"}",
         "- " S " - malformed_length"},
        {"{\"trace_id\":\"" T "\",\"span_id\":\"f067aa0ba902b7\"}", T " - - trace_without_span"},
        {"{\"uber-trace-id\":\"bf92f3577b34da6:f067aa0ba902b7:0:1\"}",
         "00000000000000000bf92f3577b34da6 " S " 01 vendor_format"}, /* legal there */
    };
    struct trace_settings settings = default_settings();
    settings.repair = false;
    check_all(settings, cases, ARRAY_LEN(cases));
}

static void without_the_fallback_a_message_is_only_reported(void **state)
{
    (void)state;
    static const struct switch_case cases[] = {
        {"{\"msg\":\"trace_id=" T " span_id=" S "\"}", "- - - message_only"},
        {"{\"msg\":\"x NR-LINKING|a|b|" T "|" S "|n|\"}",
         T " " S " - ok"}, /* a marker is no mention */
        {"INFO trace_id=" T " span_id=" S " - done",
         T " " S " - ok"}, /* nor is a text line's label */
    };
    struct trace_settings settings = default_settings();
    settings.message_fallback = MESSAGE_FALLBACK_OFF;
    check_all(settings, cases, ARRAY_LEN(cases));
}

static void without_uuids_a_uuid_is_opaque(void **state)
{
    (void)state;
    static const struct switch_case cases[] = {
        {"{\"trace_id\":\"4bf92f35-77b3-4da6-a3ce-929d0e0e4736\"}", "- - - vendor_opaque"},
        {"{\"trace_id\":\"4bf92f35-77b34da6-a3ce929d-0e0e4736\"}", T " - - trace_without_span"},
    };
    struct trace_settings settings = default_settings();
    settings.uuid = false;
    check_all(settings, cases, ARRAY_LEN(cases));
}

static void without_padding_a_decimal_stays_an_attribute(void **state)
{
    (void)state;
    static const struct switch_case cases[] = {
        {"{\"dd.trace_id\":\"8545847825299552251\"}", "- - - vendor_opaque"},
        {"{\"dd.trace_id\":\"1234567890123456789\",\"trace_id\":\"" T "\",\"span_id\":\"" S "\"}",
         T " " S " - ok"},
        {"{\"dd.trace_id\":\"" T "\",\"dd.span_id\":\"67667974448284343\"}",
         T " " S " - vendor_format"}, /* a span id has 64 bits anyway */
    };
    struct trace_settings settings = default_settings();
    settings.dd_decimal_pad = false;
    check_all(settings, cases, ARRAY_LEN(cases));
}

static void the_configs_own_keys_come_first(void **state)
{
    (void)state;
    char *traces[] = {(char[]){"my.req.trace"}, (char[]){"X-Corr"}, (char[]){"___"}};
    char *spans[] = {(char[]){"my.req.span"}};
    char *flags[] = {(char[]){"my.req.flags"}};
    static const struct switch_case cases[] = {
        {"{\"my\":{\"req\":{\"trace\":\"" T "\",\"span\":\"" S "\",\"flags\":1}}}",
         T " " S " 01 ok"},
        {"{\"my\":{\"req.trace\":\"" T "\"},\"my_req_span\":\"" S "\"}", T " " S " - ok"},
        {"{\"my.req.trace\":\"" T "\",\"my.req.span\":\"" S "\"}", T " " S " - ok"},
        {"{\"x_corr\":\"" T "\"}", T " - - trace_without_span"},
        {"{\"x_corr\":\"" T "\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\"}",
         T " - - conflict"},
        {"{\"my\":{\"req\":{}},\"span_id\":\"" S "\",\"trace_id\":\"" T "\"}", T " " S " - ok"},
        {"{\"my\":\"text\",\"myreq\":7}", "- - - absent"},
        {"level=info x_corr=" T, T " - - trace_without_span"},
        {"INFO x-corr=" T " - hello you", T " - - trace_without_span"},
    };
    struct trace_settings settings = default_settings();
    settings.trace_id_keys = (struct string_list){traces, ARRAY_LEN(traces)};
    settings.span_id_keys = (struct string_list){spans, ARRAY_LEN(spans)};
    settings.trace_flags_keys = (struct string_list){flags, ARRAY_LEN(flags)};
    check_all(settings, cases, ARRAY_LEN(cases));
}

static void the_configs_patterns_come_first_in_text_and_serve_messages(void **state)
{
    (void)state;
    char *patterns[] = {(char[]){"ActivityId=(?<trace_id>[0-9a-f]{32})(?:/(?<span_id>\\w+))?"},
                        (char[]){"^<(?<trace_flags>..)>.*#(?<trace_id>\\w+)#"}};
    static const struct switch_case cases[] = {
        {"INFO done ActivityId=" T " - hello", T " - - trace_without_span"},
        {"INFO done ActivityId=" T "/" S " - hello", T " " S " - ok"},
        {"<00> hello #" T "# you", T " - 00 trace_without_span"},
        {"INFO nothing of it trace_id=" T " - hello", T " - - trace_without_span"},
        {"{\"msg\":\"ActivityId=" T "/" S "\"}", T " " S " - ok"},
        {"{\"msg\":\"ActivityId=" T "\",\"span_id\":\"" S "\"}", "- " S " - span_without_trace"},
        {"{\"text\":\"no ActivityId\",\"other\":\"ActivityId=" T "\"}", "- - - absent"},
    };
    struct trace_settings settings = default_settings();
    settings.patterns = (struct string_list){patterns, ARRAY_LEN(patterns)};
    check_all(settings, cases, ARRAY_LEN(cases));
}

static void the_ids_in_an_excluded_file_are_not_its_own(void **state)
{
    (void)state;
    char *globs[] = {(char[]){"*/nothing/*"}, (char[]){"/var/log/pods/*/tempo/*.log"}};
    static const struct {
        const char *path;
        const char *expected;
    } cases[] = {
        {"/var/log/pods/obs_tempo-0_1/tempo/0.log", "- - - absent"},
        {"/var/log/pods/obs_tempo-0_1/proxy/0.log", T " " S " - ok"},
        {NULL, T " " S " - ok"},
    };
    struct trace_settings settings = default_settings();
    settings.exclude = (struct string_list){globs, ARRAY_LEN(globs)};
    struct bench *bench = bench_new(settings);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char path[64];
        snprintf(path, sizeof(path), "%s", cases[i].path != NULL ? cases[i].path : "");
        bench->source = (struct source){.path = cases[i].path != NULL ? path : NULL, .id = i + 1};
        check(bench, "level=debug msg=\"found trace\" traceid=" T " spanid=" S, cases[i].expected);
        check(bench, "INFO [app," T "," S "] cut", cases[i].expected);
    }
    bench_free(bench);
}

static void a_wrong_pattern_is_refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *sentence;
    } cases[] = {
        {"(?<trace_id>[0-9", "missing terminating ]"},
        {"trace=([0-9a-f]+)", "has no group named"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *patterns[] = {mem_string(cases[i].pattern)};
        struct trace_settings settings = default_settings();
        settings.patterns = (struct string_list){patterns, 1};
        char *error = NULL;
        assert_null(resolver_new(&settings, &error));
        assert_non_null(error);
        assert_non_null(strstr(error, cases[i].pattern));
        assert_non_null(strstr(error, cases[i].sentence));
        free(error);
        free(patterns[0]);
    }
}

static void only_an_unchanged_top_level_id_moves(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *moved; /* names, each with a blank behind it */
    } cases[] = {
        {"{\"trace_id\":\"" T "\",\"span_id\":\"" S "\",\"trace_flags\":\"01\"}",
         "trace_id span_id trace_flags "},
        {"{\"trace_id\":\"" T "\",\"span_id\":\"" S "\",\"trace_flags\":1}", "trace_id span_id "},
        {"{\"trace_id\":\"4BF92F3577B34DA6A3CE929D0E0E4736\",\"span_id\":\"" S "\"}", "span_id "},
        {"{\"mdc\":{\"trace_id\":\"" T "\",\"span_id\":\"" S "\"}}", ""},
        {"{\"traceparent\":\"00-" T "-" S "-01\"}", ""},
        {"{\"trace_id\":\"a3ce929d0e0e4736\",\"span_id\":\"" S "\"}", "span_id "},
        {"{\"trace_id\":\"" T "\",\"trace_id\":\"" T "\"}", ""},
        {"{\"otelTraceID\":\"" T "\",\"otelSpanID\":\"" S "\",\"trace_id\":\"" T "\"}",
         "otelSpanID trace_id "},
        {"{\"trace_id\":\"0\",\"span_id\":\"0\"}", ""},
        {"level=info trace_id=" T " span_id=" S, "trace_id span_id "},
    };
    for (int repeat = 0; repeat < 2; repeat++) {
        struct trace_settings settings = default_settings();
        settings.repeat_moved = repeat != 0;
        struct bench *bench = bench_new(settings);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            const struct record *record = resolve(bench, slice_from_string(cases[i].line));
            char moved[200] = "";
            for (uint32_t f = 0; f < record->fields.count; f++) {
                const struct field *field = &record->fields.items[f];
                if ((field->flags & FIELD_MOVED) != 0) {
                    strncat(moved, field->key, field->key_len);
                    strcat(moved, " ");
                }
            }
            assert_string_equal(moved, repeat != 0 ? "" : cases[i].moved);
        }
        bench_free(bench);
    }
}

/* The short way for OpenTelemetry's names must say what the general way says: a member that does
 * not matter (tid) turns the short way off. */
static void the_short_way_agrees_with_the_general_one(void **state)
{
    (void)state;
    static const char *const flags[] = {"",
                                        ",\"trace_flags\":\"00\"",
                                        ",\"trace_flags\":\"01\"",
                                        ",\"trace_flags\":\"FF\"",
                                        ",\"trace_flags\":\"zz\"",
                                        ",\"trace_flags\":3"};
    static const char *const traces[] = {T, "0000000000000000a3ce929d0e0e4736",
                                         "00000000000000000000000000000000", "0", "xyz"};
    static const char *const spans[] = {S, "0000000000000000", "", "00F067AA0BA902B7"};
    struct bench *bench = bench_new(default_settings());
    for (size_t i = 0; i < ARRAY_LEN(flags) * ARRAY_LEN(traces) * ARRAY_LEN(spans); i++) {
        const char *f = flags[i % ARRAY_LEN(flags)];
        const char *t = traces[i / ARRAY_LEN(flags) % ARRAY_LEN(traces)];
        const char *s = spans[i / ARRAY_LEN(flags) / ARRAY_LEN(traces)];
        char line[2][300];
        char said[2][128];
        uint64_t also[2];
        for (int general = 0; general < 2; general++) {
            snprintf(line[general], sizeof(line[general]),
                     "{\"trace_id\":\"%s\",\"span_id\":\"%s\"%s%s}", t, s, f,
                     general != 0 ? ",\"tid\":7" : "");
            const struct record *record = resolve(bench, slice_from_string(line[general]));
            describe(record, said[general]);
            also[general] = record->also;
        }
        assert_string_equal(said[0], said[1]);
        assert_int_equal(also[0], also[1]);
    }
    bench_free(bench);
}

static void any_piece_of_a_line_is_safe(void **state)
{
    (void)state;
    size_t len;
    char *bytes = driver_read_file("tests/corpus/trace/trace_context.jsonl", &len);
    struct bench *bench = bench_new(default_settings());
    for (char *line = strtok(bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_t *test = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *value = json_object_get(test, "line");
        struct slice text = slice_make(json_string_value(value), json_string_length(value));
        struct slice guarded = driver_guarded(text);
        for (size_t cut = 0; cut <= text.len; cut++) {
            /* The front is cut off, so that the end stays at the guard page. */
            (void)resolve(bench, slice_skip(guarded, cut));
        }
        for (size_t cut = 0; cut < text.len; cut += 7) {
            (void)resolve(bench, driver_guarded(slice_make(text.data, cut)));
        }
        json_decref(test);
    }
    bench_free(bench);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_conventions_resolve_as_the_corpus_says),
        cmocka_unit_test(the_rules_hold_for_every_family_and_every_defect),
        cmocka_unit_test(without_repair_a_short_id_is_not_shipped),
        cmocka_unit_test(without_the_fallback_a_message_is_only_reported),
        cmocka_unit_test(without_uuids_a_uuid_is_opaque),
        cmocka_unit_test(without_padding_a_decimal_stays_an_attribute),
        cmocka_unit_test(the_configs_own_keys_come_first),
        cmocka_unit_test(the_configs_patterns_come_first_in_text_and_serve_messages),
        cmocka_unit_test(the_ids_in_an_excluded_file_are_not_its_own),
        cmocka_unit_test(a_wrong_pattern_is_refused_with_a_sentence),
        cmocka_unit_test(only_an_unchanged_top_level_id_moves),
        cmocka_unit_test(the_short_way_agrees_with_the_general_one),
        cmocka_unit_test(any_piece_of_a_line_is_safe),
    };
    return driver_run("trace", tests, ARRAY_LEN(tests));
}

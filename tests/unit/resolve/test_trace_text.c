/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include "resolve/trace/text.h"

/* The scan alone, at every alignment and against a guard page. */

#define T "4bf92f3577b34da6a3ce929d0e0e4736"
#define S "00f067aa0ba902b7"

struct bench {
    struct key_cache *keys;
    struct trace_text scanner;
    struct trace_candidates found;
};

static void bench_init(struct bench *bench)
{
    bench->keys = key_cache_new();
    trace_text_init(&bench->scanner, bench->keys, NULL, ID_REPAIR | ID_UUID | ID_DECIMAL_PAD);
}

static void scan(struct bench *bench, struct slice text, bool is_message)
{
    candidates_clear(&bench->found);
    trace_text_scan(&bench->scanner, driver_guarded(text), is_message, &bench->found);
}

static void a_form_is_found_at_every_offset(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "trace_id=" T " span_id=" S,
        "[" T "-" S "]",
        "[app," T "," S "]",
        "[" T "/" S "]",
        "00-" T "-" S "-01",
        "NR-LINKING|guid|host|" T "|" S "|name|",
        "{\"trace_id\":\"" T "\",\"span_id\":\"" S "\"}",
        "AWS-XRAY-TRACE-ID: 1-4bf92f35-77b34da6a3ce929d0e0e4736@" S,
        ":span_id=>\"" S "\", :trace_id=>\"" T "\"",
        "traceparent='00-" T "-" S "-01'",
    };
    struct bench bench;
    bench_init(&bench);
    for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
        for (int before = 0; before < 40; before++) {
            for (int after = 0; after < 20; after += 19) {
                char text[300];
                int len = snprintf(text, sizeof(text), "%*s%s%*s", before, "", forms[f], after, "");
                scan(&bench, slice_make(text, (size_t)len), false);
                if (bench.found.trace_count != 1 || bench.found.span_count != 1 ||
                    !bench.found.traces[0].id.is_valid || !bench.found.spans[0].id.is_valid) {
                    fail_msg("not found: '%s'", text);
                }
                assert_int_equal(bench.found.traces[0].id.bytes[15], 0x36);
                assert_int_equal(bench.found.spans[0].id.bytes[7], 0xb7);
            }
        }
    }
    key_cache_free(bench.keys);
}

static void an_unlabelled_id_is_seen_at_every_offset(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    for (int before = 0; before < 40; before++) {
        char text[200];
        int len = snprintf(text, sizeof(text), "%.*s " T " end", before,
                           "see the trace with this number and it is mine");
        scan(&bench, slice_make(text, (size_t)len), false);
        assert_true(bench.found.has_bare_id);
        assert_int_equal(bench.found.trace_count, 0);
    }
    key_cache_free(bench.keys);
}

static void a_label_in_a_message_is_a_mention_and_a_marker_is_not(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        bool is_mention;
    } cases[] = {
        {SLICE("sent trace_id=" T), true},
        {SLICE("sent 00-" T "-" S "-01"), true},
        {SLICE("x NR-LINKING|a|b|" T "|" S "|n|"), false},
        {SLICE("[!dt dt.trace_id=" T ",dt.span_id=" S "] x"), false},
        {SLICE("[opentelemetry trace_id=\"" T "\"] x"), false},
        {SLICE("[!dt nothing] trace_id=" T), true}, /* behind the marker's bracket */
        {SLICE("XRAY TraceId: 1-4bf92f35-77b34da6a3ce929d0e0e4736"), false},
        {SLICE("SELECT 1 /*traceparent='00-" T "-" S "-01'*/"), false},
        {SLICE("INFO [app," T "," S "] x"), false},
    };
    struct bench bench;
    bench_init(&bench);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        scan(&bench, cases[i].text, true);
        assert_int_equal(bench.found.trace_count, 1);
        assert_int_equal(bench.found.traces[0].place.in_message, cases[i].is_mention);
        scan(&bench, cases[i].text, false);
        assert_int_equal(bench.found.traces[0].place.in_message, false);
    }
    key_cache_free(bench.keys);
}

static void more_ids_than_there_is_room_for_are_ignored(void **state)
{
    (void)state;
    char text[4000] = "";
    for (int i = 0; i < 60; i++) {
        strcat(text, "trace_id=" T " ");
    }
    struct bench bench;
    bench_init(&bench);
    scan(&bench, slice_from_string(text), false);
    assert_int_equal(bench.found.trace_count, CANDIDATES_MAX);
    key_cache_free(bench.keys);
}

static void triggers_without_end_cost_no_more_than_their_number(void **state)
{
    (void)state;
    static const char *const units[] = {"[",     "=",         ":",          "|",
                                        "d=",    "trace_id=", "trace_id: ", "[a,",
                                        "\x1b[", "\x1b[m=",   "id\"=",      "4bf92f3577b34da6",
                                        " ="};
    struct bench bench;
    bench_init(&bench);
    char *text = mem_alloc(1 << 20);
    for (size_t u = 0; u < ARRAY_LEN(units); u++) {
        size_t len = strlen(units[u]);
        for (size_t at = 0; at + len < 1 << 20; at += len) {
            memcpy(text + at, units[u], len);
        }
        scan(&bench, slice_make(text, 1 << 20), false); /* would run for hours if it went back */
        assert_in_range(bench.found.trace_count, 0, CANDIDATES_MAX);
    }
    free(text);
    key_cache_free(bench.keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_found_at_every_offset),
        cmocka_unit_test(an_unlabelled_id_is_seen_at_every_offset),
        cmocka_unit_test(a_label_in_a_message_is_a_mention_and_a_marker_is_not),
        cmocka_unit_test(more_ids_than_there_is_room_for_are_ignored),
        cmocka_unit_test(triggers_without_end_cost_no_more_than_their_number),
    };
    return driver_run("trace_text", tests, ARRAY_LEN(tests));
}

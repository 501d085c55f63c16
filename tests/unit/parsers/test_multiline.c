/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/buf.h"
#include "daemon/pipeline.h"
#include "parsers/assembler.h"
#include "parsers/multiline_builtin.h"
#include "parsers/trace_line.h"
#include "record/multiline_names.h"

#define TEXT(literal) ((char[]){literal}) /* for settings, which own their texts */
#define SECOND UINT64_C(1000000000)
#define T      "2026-05-11T02:14:33.221456789Z"

enum { RECORDS_MAX = 4000 };

/* One stream, and the records that have come out of it. */
struct rig {
    struct settings settings;
    struct input_settings input;
    char *rule_names[8];
    struct multiline_rules *rules;
    struct assembler *assembler;
    struct counters counters;
    struct position end;
    struct position safe;
    uint64_t now_ns;
    char *records[RECORDS_MAX];
    bool truncated[RECORDS_MAX];
    size_t count;
};

static void rig_open(struct rig *rig, const char *rule)
{
    struct multiline_settings *multiline = &rig->input.multiline;
    rig->input.line_bytes_max = rig->input.record_bytes_max = 1 << 20;
    rig->input.partial_timeout_ms = 5000;
    if (rig->input.envelope == ENVELOPE_AUTO) {
        rig->input.envelope = ENVELOPE_PLAIN;
    }
    multiline->timeout_ms = 1000;
    multiline->bytes_max = multiline->bytes_max != 0 ? multiline->bytes_max : 1 << 20;
    multiline->lines_max = multiline->lines_max != 0 ? multiline->lines_max : 5000;
    rig->rule_names[0] = mem_string(rule);
    multiline->rules = (struct string_list){rig->rule_names, 1};
    rig->rules = multiline_rules_new(&rig->settings, &rig->input);
    rig->assembler = assembler_new(&rig->input, rig->rules, &rig->counters);
    rig->end = rig->safe = (struct position){1, 0};
    rig->now_ns = SECOND;
}

static void take(struct rig *rig, const struct framed *framed)
{
    assert_true(rig->count < RECORDS_MAX);
    struct slice whole = {framed->line.data, framed->line.len + framed->more.len};
    if (framed->more.len > 0) { /* right behind the first line */
        assert_ptr_equal(framed->more.data, framed->line.data + framed->line.len);
        assert_int_equal(framed->more.data[0], '\n');
    }
    assert_false(position_is_before(framed->safe, rig->safe));
    assert_false(position_is_before(rig->end, framed->safe));
    rig->safe = framed->safe;
    rig->truncated[rig->count] = framed->truncated;
    rig->records[rig->count++] = mem_string_from(whole);
}

static void push(struct rig *rig, struct slice text)
{
    char *copy = mem_string_from(text); /* gone afterwards: nothing may point into it */
    struct line line = {
        .text = {copy, text.len}, .begin = rig->end, .steady_ns = rig->now_ns};
    struct framed framed;
    rig->end.offset += text.len + 1;
    line.end = rig->end;
    enum frame_verdict verdict = assembler_push(rig->assembler, &line, &framed);
    for (; verdict == FRAME_RECORD; verdict = assembler_next(rig->assembler, &framed)) {
        take(rig, &framed);
    }
    free(copy);
}

static void flush(struct rig *rig, uint64_t now_ns)
{
    struct framed framed;
    while (assembler_flush(rig->assembler, now_ns, &framed)) {
        do {
            take(rig, &framed);
        } while (assembler_next(rig->assembler, &framed) == FRAME_RECORD);
    }
}

static void rig_close(struct rig *rig)
{
    assembler_free(rig->assembler);
    multiline_rules_free(rig->rules);
    free(rig->rule_names[0]);
    for (size_t i = 0; i < rig->count; i++) {
        free(rig->records[i]);
    }
    free(rig);
}

static void push_lines(struct rig *rig, const char *const *lines)
{
    for (; *lines != NULL; lines++) {
        push(rig, slice_from_string(*lines));
    }
}

static void assert_records(struct rig *rig, const char *const *expected)
{
    size_t n = 0;
    for (; expected[n] != NULL; n++) {
        assert_true(n < rig->count);
        assert_string_equal(rig->records[n], expected[n]);
    }
    assert_int_equal(rig->count, n);
    flush(rig, UINT64_MAX);
    assert_int_equal(rig->count, n);
    assert_int_equal(rig->safe.offset, rig->end.offset); /* nothing waits: all may be promised */
}

/* ---- the corpus ---- */

/* The lines of a marked file, and the records they are to become. */
struct marked {
    char *text;
    struct slice lines[RECORDS_MAX];
    size_t line_count;
    char *records[RECORDS_MAX];
    size_t record_count;
};

static void add_record_line(struct marked *marked, struct slice line, bool is_first)
{
    if (is_first) {
        marked->records[marked->record_count++] = mem_string_from(line);
        return;
    }
    char **record = &marked->records[marked->record_count - 1];
    char *longer = mem_format("%s\n%.*s", *record, (int)line.len, line.data);
    free(*record);
    *record = longer;
}

static struct marked *read_marked(const char *path)
{
    struct marked *marked = mem_alloc(sizeof(*marked));
    size_t len;
    marked->text = driver_read_file(path, &len);
    for (char *at = marked->text; at < marked->text + len;) {
        char *newline = strchr(at, '\n');
        assert_true(newline != NULL && (*at == '|' || *at == '+'));
        char *begin = newline > at + 1 ? at + 2 : newline;
        struct slice line = slice_make(begin, (size_t)(newline - begin));
        marked->lines[marked->line_count++] = line;
        add_record_line(marked, line, *at == '|');
        at = newline + 1;
    }
    return marked;
}

static void marked_free(struct marked *marked)
{
    for (size_t i = 0; i < marked->record_count; i++) {
        free(marked->records[i]);
    }
    free(marked->text);
    free(marked);
}

static void each_case(void (*check)(const struct marked *marked, const char *rule))
{
    char *pattern = mem_format("%s/tests/corpus/multiline/*.txt", getenv("CLEW_SOURCE_ROOT"));
    size_t root = strlen(getenv("CLEW_SOURCE_ROOT")) + 1;
    glob_t found;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true(found.gl_pathc > 40);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = strrchr(found.gl_pathv[i], '/') + 1;
        char *rule = mem_string_from(slice_make(name, strcspn(name, "-")));
        struct marked *marked = read_marked(found.gl_pathv[i] + root);
        print_message("%s\n", name);
        if (strcmp(rule, "none") != 0) {
            check(marked, rule);
        }
        check(marked, MULTILINE_ALL);
        marked_free(marked);
        free(rule);
    }
    globfree(&found);
    free(pattern);
}

static void check_alone(const struct marked *marked, const char *rule)
{
    struct rig *rig = mem_alloc(sizeof(*rig));
    rig_open(rig, rule);
    for (size_t i = 0; i < marked->line_count; i++) {
        push(rig, marked->lines[i]);
    }
    flush(rig, UINT64_MAX);
    assert_int_equal(rig->counters.values[C_RECORDS_CUT], 0);
    for (size_t i = 0; i < rig->count && i < marked->record_count; i++) {
        assert_string_equal(rig->records[i], marked->records[i]);
    }
    assert_int_equal(rig->count, marked->record_count);
    assert_int_equal(rig->safe.offset, rig->end.offset);
    rig_close(rig);
}

static void a_trace_of_each_runtime_is_one_record(void **state)
{
    (void)state;
    each_case(check_alone);
}

/* Log lines right before and right behind stay what they are, of whatever kind they are. */
static void check_between_lines(const struct marked *marked, const char *rule)
{
    static const char *const others[] = {"2026-05-11 02:14:33 INFO a line", "{\"a\":1}",
                                         "level=info msg=ok", "[main] INFO a line"};
    for (size_t n = 0; n < ARRAY_LEN(others); n++) {
        struct rig *rig = mem_alloc(sizeof(*rig));
        rig_open(rig, rule);
        push(rig, slice_from_string(others[n]));
        for (size_t i = 0; i < marked->line_count; i++) {
            push(rig, marked->lines[i]);
        }
        push(rig, slice_from_string(others[n]));
        flush(rig, UINT64_MAX);
        assert_int_equal(rig->count, marked->record_count + 2);
        assert_string_equal(rig->records[0], others[n]);
        assert_string_equal(rig->records[rig->count - 1], others[n]);
        assert_string_equal(rig->records[rig->count - 2],
                            marked->records[marked->record_count - 1]);
        rig_close(rig);
    }
}

static void a_line_right_behind_a_trace_is_not_swallowed(void **state)
{
    (void)state;
    each_case(check_between_lines);
}

/* As a runtime writes it: with its envelope, in parts of at most `part` bytes. */
static void push_cri(struct rig *rig, const char *iostream, struct slice text, size_t part)
{
    do {
        bool is_last = text.len <= part;
        size_t len = is_last ? text.len : part;
        char *line = mem_format("%s %s %s %.*s", T, iostream, is_last ? "F" : "P", (int)len,
                                text.data != NULL ? text.data : "");
        push(rig, slice_from_string(line));
        free(line);
        text = slice_skip(text, len);
        part = is_last ? 0 : part;
    } while (part > 0);
}

static size_t count_equal(const struct rig *rig, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < rig->count; i++) {
        n += strcmp(rig->records[i], text) == 0;
    }
    return n;
}

static void check_interleaved(const struct marked *marked, const char *rule)
{
    static const size_t parts[] = {7, 16384};
    for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
        struct rig *rig = mem_alloc(sizeof(*rig));
        rig->input.envelope = ENVELOPE_CRI;
        rig_open(rig, rule);
        for (size_t i = 0; i < marked->line_count; i++) {
            push_cri(rig, "stderr", marked->lines[i], parts[p]);
            push_cri(rig, "stdout", SLICE("a line of the other stream"), parts[p]);
        }
        flush(rig, UINT64_MAX);
        assert_int_equal(count_equal(rig, "a line of the other stream"), marked->line_count);
        assert_int_equal(rig->count, marked->line_count + marked->record_count);
        for (size_t i = 0; i < marked->record_count; i++) {
            assert_true(count_equal(rig, marked->records[i]) > 0);
        }
        rig_close(rig);
    }
}

static void streams_are_joined_apart_and_lines_split_by_the_runtime_first(void **state)
{
    (void)state;
    each_case(check_interleaved);
}

static void two_traces_on_two_streams_come_out_whole(void **state)
{
    (void)state;
    struct marked *java = read_marked("tests/corpus/multiline/java-uncaught.txt");
    struct marked *python = read_marked("tests/corpus/multiline/python-load.txt");
    struct rig *rig = mem_alloc(sizeof(*rig));
    rig->input.envelope = ENVELOPE_CRI;
    rig_open(rig, MULTILINE_ALL);
    for (size_t i = 0; i < java->line_count || i < python->line_count; i++) {
        if (i < java->line_count) {
            push_cri(rig, "stdout", java->lines[i], 16384);
        }
        if (i < python->line_count) {
            push_cri(rig, "stderr", python->lines[i], 16384);
        }
    }
    assert_int_equal(rig->count, 0);
    flush(rig, UINT64_MAX);
    assert_int_equal(rig->count, 2);
    assert_string_equal(rig->records[0], java->records[0]);
    assert_string_equal(rig->records[1], python->records[0]);
    rig_close(rig);
    marked_free(java);
    marked_free(python);
}

static void a_trace_with_a_line_over_16_kib_is_whole(void **state)
{
    (void)state;
    struct rig *rig = mem_alloc(sizeof(*rig));
    char *message = mem_alloc(40001);
    memset(message, 'x', 40000);
    char *first = mem_format("java.lang.RuntimeException: %s", message);
    char *whole = mem_format("%s\n\tat a.B.c(B.java:1)", first);
    rig->input.envelope = ENVELOPE_CRI;
    rig_open(rig, "java");
    push_cri(rig, "stderr", slice_from_string(first), 16384);
    push_cri(rig, "stderr", SLICE("\tat a.B.c(B.java:1)"), 16384);
    push_cri(rig, "stderr", SLICE("next"), 16384);
    assert_records(rig, (const char *const[]){whole, "next", NULL});
    rig_close(rig);
    free(whole);
    free(first);
    free(message);
}

/* ---- time and limits ---- */

static void a_trace_goes_when_its_time_is_over(void **state)
{
    (void)state;
    struct rig *rig = mem_alloc(sizeof(*rig));
    rig_open(rig, "java");
    push(rig, SLICE("a.BException: c"));
    push(rig, SLICE("\tat a.B.c(B.java:1)"));
    flush(rig, rig->now_ns + SECOND);
    assert_int_equal(rig->count, 0);
    assert_int_equal(rig->safe.offset, 0);
    flush(rig, rig->now_ns + SECOND + 1);
    assert_int_equal(rig->count, 1);
    assert_int_equal(rig->counters.values[C_MULTILINE_TIMED_OUT], 1);
    assert_int_equal(rig->counters.values[C_MULTILINE_RECORDS], 1);
    assert_int_equal(rig->counters.values[C_MULTILINE_LINES], 2);
    push(rig, SLICE("\tat a.B.c(B.java:2)"));
    assert_records(rig, (const char *const[]){"a.BException: c\n\tat a.B.c(B.java:1)",
                                              "\tat a.B.c(B.java:2)", NULL});
    rig_close(rig);
}

static void lines_written_far_apart_are_not_joined_however_they_are_read(void **state)
{
    (void)state;
    struct rig *rig = mem_alloc(sizeof(*rig));
    rig->input.envelope = ENVELOPE_CRI;
    rig_open(rig, "java");
    push(rig, SLICE("2026-05-11T02:14:33Z stdout F a.BException: c"));
    push(rig, SLICE("2026-05-11T02:14:34Z stdout F \tat a.B.c(B.java:1)"));
    push(rig, SLICE("2026-05-11T02:14:35.1Z stdout F \tat a.B.c(B.java:2)"));
    assert_records(rig, (const char *const[]){"a.BException: c\n\tat a.B.c(B.java:1)",
                                              "\tat a.B.c(B.java:2)", NULL});
    rig_close(rig);
}

static void at_its_limit_a_record_goes_and_the_rest_is_one_of_its_own(void **state)
{
    (void)state;
    struct rig *rig = mem_alloc(sizeof(*rig));
    rig->input.multiline.lines_max = 3;
    rig_open(rig, "java");
    push_lines(rig, (const char *const[]){"a.BException: c", "\tat 1", "\tat 2", "\tat 3",
                                          "\tat 4", "\tat 5", "\tat 6", "next", NULL});
    assert_records(rig, (const char *const[]){"a.BException: c\n\tat 1\n\tat 2",
                                              "\tat 3\n\tat 4\n\tat 5", "\tat 6", "next", NULL});
    assert_true(rig->truncated[0] && rig->truncated[1] && rig->truncated[2]);
    assert_false(rig->truncated[3]);
    assert_int_equal(rig->counters.values[C_MULTILINE_CUT], 2);
    rig_close(rig);
}

static void so_it_does_at_its_limit_of_bytes(void **state)
{
    (void)state;
    struct rig *rig = mem_alloc(sizeof(*rig));
    rig->input.multiline.bytes_max = 24;
    rig_open(rig, "java");
    push_lines(rig, (const char *const[]){"a.BException: c", "\tat 1", "\tat 2",
                                          "a.BException: longer than is joined", "\tat 1", NULL});
    assert_records(rig,
                   (const char *const[]){"a.BException: c\n\tat 1", "\tat 2",
                                         "a.BException: longer than is joined", "\tat 1", NULL});
    assert_int_equal(rig->counters.values[C_MULTILINE_CUT], 1);
    rig_close(rig);
}

static void lines_taken_maybe_are_tried_again(void **state)
{
    (void)state;
    struct rig *rig = mem_alloc(sizeof(*rig));
    rig_open(rig, MULTILINE_ALL);
    /* Each might be a line of the message before it, and each might begin a trace itself. */
    push_lines(rig, (const char *const[]){"AError: 1", "BError: 2", "c", "CError: 3", "d", "e", "f",
                                          "g", "h", "i", "j", "DError: 4", "k", "\tat l", NULL});
    flush(rig, UINT64_MAX);
    /* The third had more than eight lines behind it, so its trace is out of sight. */
    assert_records(rig, (const char *const[]){"AError: 1", "BError: 2", "c",
                                              "CError: 3", "d", "e", "f", "g", "h", "i", "j",
                                              "DError: 4\nk\n\tat l", NULL});
    rig_close(rig);
}

static void promises_wait_for_the_trace_that_waits(void **state)
{
    (void)state;
    struct rig *rig = mem_alloc(sizeof(*rig));
    rig->input.envelope = ENVELOPE_CRI;
    rig_open(rig, "java");
    push_cri(rig, "stdout", SLICE("first"), 16384);
    uint64_t begin = rig->end.offset;
    assert_int_equal(rig->safe.offset, begin);
    push_cri(rig, "stderr", SLICE("a.BException: c"), 16384);
    push_cri(rig, "stdout", SLICE("between"), 16384);
    assert_int_equal(rig->count, 2);
    assert_int_equal(rig->safe.offset, begin);
    push_cri(rig, "stderr", SLICE("\tat 1"), 16384);
    uint64_t end = rig->end.offset;
    push_cri(rig, "stderr", SLICE("b.CException: d"), 16384);
    assert_int_equal(rig->count, 3);
    assert_int_equal(rig->safe.offset, end);
    rig_close(rig);
}

/* ---- attach ---- */

static void a_trace_is_attached_to_the_record_before_it(void **state)
{
    (void)state;
    static const struct {
        const char *lines[8];
        const char *records[8];
    } cases[] = {
        {{"{\"a\":1}", "Traceback (most recent call last):", "  File \"a\"", "E: x", "{\"a\":2}"},
         {"{\"a\":1}\nTraceback (most recent call last):\n  File \"a\"\nE: x", "{\"a\":2}"}},
        {{"ERROR failed", "a.BException: c", "\tat 1", "INFO on"},
         {"ERROR failed\na.BException: c\n\tat 1", "INFO on"}},
        {{"ERROR failed", "a.BException: c", "{\"a\":2}"},
         {"ERROR failed", "a.BException: c", "{\"a\":2}"}},
        {{"Error: a", "Error: b", "Error: c", "    at d"},
         {"Error: a", "Error: b\nError: c\n    at d"}},
        {{"{\"a\":1}", "panic: c", "", "goroutine 1 [running]:", "main.main()", "\ta.go:1"},
         {"{\"a\":1}\npanic: c\n\ngoroutine 1 [running]:\nmain.main()\n\ta.go:1"}},
        {{"one", "two", "  three"}, {"one", "two", "  three"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rig *rig = mem_alloc(sizeof(*rig));
        rig->input.multiline.attach = true;
        rig_open(rig, MULTILINE_ALL);
        push_lines(rig, cases[i].lines);
        flush(rig, UINT64_MAX);
        print_message("%s\n", cases[i].lines[0]);
        assert_records(rig, cases[i].records);
        rig_close(rig);
    }
}

/* ---- rules of the config's own ---- */

static void run_own(const struct multiline_rule_settings *own, const char *const *lines,
                    const char *const *expected)
{
    struct rig *rig = mem_alloc(sizeof(*rig));
    struct multiline_rule_settings copy = *own;
    rig->settings.multiline = &copy;
    rig->settings.multiline_count = 1;
    rig_open(rig, own->name);
    push_lines(rig, lines);
    flush(rig, UINT64_MAX);
    assert_records(rig, expected);
    rig_close(rig);
}

static void a_start_without_more_takes_all_until_the_next(void **state)
{
    (void)state;
    const struct multiline_rule_settings own = {.name = TEXT("own"), .start = TEXT("^\\d{4}-")};
    run_own(&own, (const char *const[]){"x", "2026-a", "b", "{", "2026-c", NULL},
            (const char *const[]){"x", "2026-a\nb\n{", "2026-c", NULL});
}

static void continuation_and_end_bound_a_record(void **state)
{
    (void)state;
    const struct multiline_rule_settings by_go_on = {
        .name = TEXT("own"), .start = TEXT("^BEGIN"), .go_on = TEXT("^ ")};
    run_own(&by_go_on, (const char *const[]){"BEGIN", " a", "b", " c", NULL},
            (const char *const[]){"BEGIN\n a", "b", " c", NULL});
    const struct multiline_rule_settings by_end = {
        .name = TEXT("own"), .start = TEXT("^BEGIN"), .end = TEXT("END$")};
    run_own(&by_end,
            (const char *const[]){"BEGIN", "a", "END", "b", "BEGIN END", "c", NULL},
            (const char *const[]){"BEGIN\na\nEND", "b", "BEGIN END", "c", NULL});
    const struct multiline_rule_settings by_last = {
        .name = TEXT("own"), .start = TEXT(""), .go_on = TEXT(""), .end = TEXT(";$")};
    run_own(&by_last, (const char *const[]){"a", "b;", "c;", "d", NULL},
            (const char *const[]){"a\nb;", "c;", "d", NULL});
}

static void an_end_needs_no_waiting(void **state)
{
    (void)state;
    struct rig *rig = mem_alloc(sizeof(*rig));
    struct multiline_rule_settings own = {.name = TEXT("own"), .start = TEXT("^\\{$"), .end = TEXT("^\\}$")};
    rig->settings.multiline = &own;
    rig->settings.multiline_count = 1;
    rig_open(rig, "own");
    push_lines(rig, (const char *const[]){"{", "  \"a\": 1", "}", NULL});
    assert_records(rig, (const char *const[]){"{\n  \"a\": 1\n}", NULL});
    rig_close(rig);
}

/* The multiline parser of Fluent Bit's documentation. */
static void states_lead_from_one_to_the_next(void **state)
{
    (void)state;
    char *start[] = {TEXT("start")};
    char *cont[] = {TEXT("cont"), TEXT("start")};
    struct multiline_step_settings steps[] = {
        {{start, 1}, TEXT("^[A-Z][a-z]+ \\d+ \\d+:\\d+:\\d+ (.*)"), TEXT("cont")},
        {{cont, 1}, TEXT("^\\s+at.*"), TEXT("cont")},
        {{cont, 2}, TEXT("^-- more"), TEXT("more")},
    };
    const struct multiline_rule_settings own = {
        .name = TEXT("own"), .steps = steps, .step_count = ARRAY_LEN(steps)};
    run_own(&own,
            (const char *const[]){"Dec 14 06:41:08 Exception", "    at a", "    at b", "single",
                                  "    at c", "Dec 14 06:41:09 x", "-- more", "-- more", NULL},
            (const char *const[]){"Dec 14 06:41:08 Exception\n    at a\n    at b", "single",
                                  "    at c", "Dec 14 06:41:09 x\n-- more", "-- more", NULL});
}

static void the_built_in_names_are_those_of_the_machines(void **state)
{
    (void)state;
    size_t states = 0;
    size_t i = 0;
    for (; multiline_builtin_names[i] != NULL; i++) {
        assert_string_equal(builtin_rules[i].name, multiline_builtin_names[i]);
        states += builtin_rules[i].states;
    }
    assert_null(builtin_rules[i].name);
    assert_true(states + MULTILINE_OWN_STATES_MAX <= MULTILINE_STATES_MAX);
}

/* ---- what becomes of it ---- */

static struct record *parse_joined(struct pipeline *pipeline, const char *first, const char *more,
                                   char **out_whole)
{
    static struct source source;
    *out_whole = mem_format("%s\n%s", first, more);
    size_t len = strlen(first);
    struct framed framed = {.line = {*out_whole, len},
                            .more = {*out_whole + len, strlen(more) + 1},
                            .more_name = "exception.stacktrace",
                            .source = &source};
    return pipeline_parse(pipeline, &framed, PARSE_FORMAT_AUTO);
}

static void a_joined_record_has_the_ids_of_its_first_line(void **state)
{
    (void)state;
#define ID    "4bf92f3577b34da6a3ce929d0e0e4736"
#define OTHER "0af7651916cd43dd8448eb211c80319c"
    static const struct {
        const char *first;
        bool has_id;
        const char *attribute; /* where what follows is; NULL: in the body */
    } cases[] = {
        {"ERROR failed trace_id=" ID, true, NULL},
        {"ERROR failed", false, NULL},
        {"{\"level\":\"error\",\"trace_id\":\"" ID "\",\"message\":\"failed\"}", true,
         "exception.stacktrace"},
        {"level=error msg=failed trace_id=" ID, true, "exception.stacktrace"},
        {"{\"exception.stacktrace\":\"own\",\"trace_id\":\"" ID "\"}", true, "clew.multiline.text"},
        {"{\"exception.stacktrace\":\"own\",\"clew.multiline.text\":1}", false, NULL},
    };
    struct settings settings = {.parse = {64, 4096, 1 << 20}};
    settings.trace.uuid = true;
    struct counters counters = {0};
    char *error = NULL;
    struct pipeline *pipeline = pipeline_new(&settings, &counters, &error);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *whole;
        struct record *record =
            parse_joined(pipeline, cases[i].first, "\tat a trace_id=" OTHER "\n\tat b", &whole);
        print_message("%s\n", cases[i].first);
        assert_int_equal(record->has_trace_id, cases[i].has_id);
        assert_true(!record->has_trace_id || record->trace_id[0] == 0x4b);
        if (cases[i].attribute == NULL) {
            assert_slice_equal(record->body_text, slice_from_string(whole));
        } else {
            struct field *field =
                fields_find(&record->fields, slice_from_string(cases[i].attribute));
            assert_non_null(field);
            assert_slice_equal(field_text(field), SLICE("\tat a trace_id=" OTHER "\n\tat b"));
        }
        free(whole);
    }
    assert_int_equal(counters.values[C_RECORDS], ARRAY_LEN(cases));
    pipeline_free(pipeline);
}

/* Whatever the bytes are, no line is read past its end. */
static void no_line_is_read_past_its_end(void **state)
{
    (void)state;
    static const struct slice lines[] = {
        SLICE("Exception in thread \"main\" a.BException: c"),
        SLICE("Traceback (most recent call last):"),
        SLICE("http: panic serving 1: x"),
        SLICE("goroutine 1 [running]:"),
        SLICE("a.rb:3:in `f': m (KeyError)"),
        SLICE("PHP Fatal error:  Uncaught Exception: x"),
        SLICE("x {\"exception\":\"[object] (A"),
        SLICE("thread 'main' panicked at src/main.rs:2:5:"),
        SLICE("fail: Category[13]"),
        SLICE("/app/a.js:3"),
        SLICE("#<Thread> terminated with exception (report_on_exception is true):"),
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        for (size_t len = 0; len <= lines[i].len; len++) {
            struct slice cut = driver_guarded(slice_make(lines[i].data, len));
            struct trace_starts starts = trace_line_starts(cut);
            assert_true(len < lines[i].len || starts.anywhere != 0);
            assert_int_equal(starts.at_begin & ~starts.anywhere, 0);
            for (size_t b = 0; builtin_rules[b].name != NULL; b++) {
                for (size_t s = 0; s < BUILTIN_STEPS_MAX; s++) {
                    if (builtin_rules[b].steps[s].is != NULL) {
                        builtin_rules[b].steps[s].is(cut);
                    }
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_of_each_runtime_is_one_record),
        cmocka_unit_test(a_line_right_behind_a_trace_is_not_swallowed),
        cmocka_unit_test(streams_are_joined_apart_and_lines_split_by_the_runtime_first),
        cmocka_unit_test(two_traces_on_two_streams_come_out_whole),
        cmocka_unit_test(a_trace_with_a_line_over_16_kib_is_whole),
        cmocka_unit_test(a_trace_goes_when_its_time_is_over),
        cmocka_unit_test(lines_written_far_apart_are_not_joined_however_they_are_read),
        cmocka_unit_test(at_its_limit_a_record_goes_and_the_rest_is_one_of_its_own),
        cmocka_unit_test(so_it_does_at_its_limit_of_bytes),
        cmocka_unit_test(lines_taken_maybe_are_tried_again),
        cmocka_unit_test(promises_wait_for_the_trace_that_waits),
        cmocka_unit_test(a_trace_is_attached_to_the_record_before_it),
        cmocka_unit_test(a_start_without_more_takes_all_until_the_next),
        cmocka_unit_test(continuation_and_end_bound_a_record),
        cmocka_unit_test(an_end_needs_no_waiting),
        cmocka_unit_test(states_lead_from_one_to_the_next),
        cmocka_unit_test(the_built_in_names_are_those_of_the_machines),
        cmocka_unit_test(a_joined_record_has_the_ids_of_its_first_line),
        cmocka_unit_test(no_line_is_read_past_its_end),
    };
    return driver_run("multiline", tests, ARRAY_LEN(tests));
}

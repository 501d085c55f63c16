/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include "parsers/cri.h"
#include "parsers/docker.h"
#include "parsers/frame.h"

#define T      "2026-05-11T02:14:33.221456789Z"
#define T_NS   1778465673221456789ULL
#define DAY_NS 86400000000000ULL

static void cri_times_are_exact_to_the_nanosecond(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        uint64_t ns;
        size_t len; /* 0: not a time */
    } cases[] = {
        {SLICE(T), T_NS, 30},
        {SLICE("2026-05-11T02:14:33Z"), 1778465673000000000, 20},
        {SLICE("2026-05-11T02:14:33.2Z"), 1778465673200000000, 22},
        {SLICE("2026-05-11T02:14:33.22145678Z "), 1778465673221456780, 29},
        {SLICE("2026-05-11T02:14:33.2214567891234Z"), T_NS, 34},
        {SLICE("2026-05-11T04:14:33.221456789+02:00 x"), T_NS, 35},
        {SLICE("2026-05-10T20:44:33.221456789-05:30"), T_NS, 35},
        {SLICE("1970-01-01T00:00:00Z"), 0, 20},
        {SLICE("2000-02-29T00:00:00Z"), 951782400000000000, 20},
        {SLICE("2100-03-01T00:00:00Z"), 4107542400000000000, 20},
        {SLICE("2016-12-31T23:59:60Z"), 1483228800000000000, 20},
        {SLICE("1970-01-01T00:00:00+01:00"), 0, 0}, /* before 1970 */
        {SLICE("1969-12-31T23:59:59Z"), 0, 0},
        {SLICE("9999-12-31T23:59:59Z"), 0, 0},
        {SLICE("2100-02-29T00:00:00Z"), 0, 0},
        {SLICE("2026-13-11T02:14:33Z"), 0, 0},
        {SLICE("2026-00-11T02:14:33Z"), 0, 0},
        {SLICE("2026-05-32T02:14:33Z"), 0, 0},
        {SLICE("2026-05-11 02:14:33Z"), 0, 0},
        {SLICE("2026-05-11T24:14:33Z"), 0, 0},
        {SLICE("2026-05-11T02:60:33Z"), 0, 0},
        {SLICE("2026-05-11T02:14:61Z"), 0, 0},
        {SLICE("2026-05-11T02:14:33.Z"), 0, 0},
        {SLICE("2026-05-11T02:14:33.221456789"), 0, 0},
        {SLICE("2026-05-11T02:14:33+0200"), 0, 0},
        {SLICE("2026-05-11T02:14:33+24:00"), 0, 0},
        {SLICE("2026-05-11T02:14:3"), 0, 0},
        {SLICE(""), 0, 0},
    };
    struct cri_clock clock = {0};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t ns = 7;
        struct slice text = driver_guarded(cases[i].text);
        print_message("%.*s\n", (int)text.len, text.data);
        assert_int_equal(cri_time_parse(&clock, text, &ns), cases[i].len);
        assert_int_equal(ns, cases[i].len > 0 ? cases[i].ns : 7);
    }
}

static void every_day_of_four_centuries_follows_the_one_before(void **state)
{
    (void)state;
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t expected = 0;
    for (int year = 1970; year < 2400; year++) {
        bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            int last = days[month - 1] + (month == 2 && is_leap);
            for (int day = 1; day <= last; day++, expected += DAY_NS) {
                char text[64];
                struct cri_clock clock = {0};
                uint64_t ns = 1;
                snprintf(text, sizeof(text), "%04d-%02d-%02dT00:00:00Z", year, month, day);
                assert_int_equal(cri_time_parse(&clock, slice_from_string(text), &ns), 20);
                assert_true(ns == expected);
            }
        }
    }
}

static void cri_lines_are_read_by_position(void **state)
{
    (void)state;
    static const struct {
        struct slice line;
        struct slice text;
        enum iostream iostream;
        bool is_partial;
    } cases[] = {
        {SLICE(T " stdout F hello"), SLICE("hello"), IOSTREAM_STDOUT, false},
        {SLICE(T " stderr P hello"), SLICE("hello"), IOSTREAM_STDERR, true},
        {SLICE(T " stdout F   two more blanks"), SLICE("  two more blanks"), IOSTREAM_STDOUT,
         false},
        {SLICE(T " stdout F "), SLICE(""), IOSTREAM_STDOUT, false},
        {SLICE(T " stdout F"), SLICE(""), IOSTREAM_STDOUT, false},
        {SLICE(T " stdout F:tag:b hello"), SLICE("hello"), IOSTREAM_STDOUT, false},
        {SLICE(T " stdout P:x"), SLICE(""), IOSTREAM_STDOUT, true},
        {SLICE("2026-05-11T02:14:33Z stdout F a"), SLICE("a"), IOSTREAM_STDOUT, false},
    };
    struct cri_clock clock = {0};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cri_line out;
        assert_true(cri_parse(&clock, driver_guarded(cases[i].line), &out));
        assert_slice_equal(out.text, cases[i].text);
        assert_int_equal(out.iostream, cases[i].iostream);
        assert_int_equal(out.is_partial, cases[i].is_partial);
    }
}

static void what_a_runtime_does_not_write_is_no_cri_line(void **state)
{
    (void)state;
    static const struct slice cases[] = {
        SLICE(T " stdout " T " stdout F + true"), /* written by containerd all the same */
        SLICE(T " stdout hello"),
        SLICE(T " stdout Full"),
        SLICE(T " stdout FP x"),
        SLICE(T " stdin F x"),
        SLICE(T " stdout  F x"),
        SLICE(T "  stdout F x"),
        SLICE(T),
        SLICE(T " stdout "),
        SLICE("hello"),
        SLICE("{\"log\":\"x\"}"),
        SLICE(""),
    };
    struct cri_clock clock = {0};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cri_line out;
        assert_false(cri_parse(&clock, driver_guarded(cases[i]), &out));
    }
}

static void no_cut_of_a_line_is_read_past_its_end(void **state)
{
    (void)state;
    static const struct slice lines[] = {
        SLICE("2026-05-11T02:14:33.221456789+02:00 stdout P:x:y hello"),
        SLICE("{\"log\":\"a \\\"b\\\" \\ud83e\\uddf6 \\n\",\"stream\":\"stdout\",\"attrs\":"
              "{\"a\":[1,\"}\"]},\"time\":\"2026-05-11T02:14:33.2Z\"}"),
    };
    struct buf unescaped;
    buf_init(&unescaped, 1000);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        for (size_t len = 0; len < lines[i].len; len++) {
            struct cri_clock clock = {0};
            struct cri_line cri;
            struct docker_line docker;
            struct slice cut = driver_guarded(slice_make(lines[i].data, len));
            cri_parse(&clock, cut, &cri);
            assert_false(docker_parse(&clock, cut, &unescaped, &docker));
        }
    }
    buf_fini(&unescaped);
}

#define DOCKER(text) "{\"log\":\"" text "\",\"stream\":\"stdout\",\"time\":\"" T "\"}"

static void docker_lines_give_the_text_that_was_written(void **state)
{
    (void)state;
    static const struct {
        struct slice line;
        struct slice text;
        bool is_partial;
        bool has_more;
    } cases[] = {
        {SLICE(DOCKER("hello\\n")), SLICE("hello"), false, false},
        {SLICE(DOCKER("hello\\r\\n")), SLICE("hello"), false, false},
        {SLICE(DOCKER("hello")), SLICE("hello"), true, false},
        {SLICE(DOCKER("")), SLICE(""), true, false},
        {SLICE(DOCKER("\\n")), SLICE(""), false, false},
        {SLICE(DOCKER("a\\\\n")), SLICE("a\\n"), true, false},
        {SLICE(DOCKER("{\\\"msg\\\":\\\"a\\\\nb\\\"}\\n")), SLICE("{\"msg\":\"a\\nb\"}"), false,
         false},
        {SLICE(DOCKER("\\u003cb\\u003e \\/\\b\\f\\r\\t\\n")), SLICE("<b> /\b\f\r\t"), false, false},
        {SLICE(DOCKER("\\ud83e\\uddf6 \\u00fc \\u20AC\\n")),
         SLICE("\xf0\x9f\xa7\xb6 \xc3\xbc \xe2\x82\xac"), false, false},
        {SLICE(DOCKER("\\ud83e! \\uddf6\\n")), SLICE("\xef\xbf\xbd! \xef\xbf\xbd"), false, false},
        {SLICE(DOCKER("\\ud83e\\u0041\\n")),
         SLICE("\xef\xbf\xbd"
               "A"),
         false, false},
        {SLICE("{\"time\":\"" T "\", \"attrs\" : {\"a\":[{},\"}]\"]}, \"stream\":\"stdout\","
               "\"log\" :\"x\\n\" } "),
         SLICE("x"), false, true},
        {SLICE("{\"log\":\"x\\n\",\"n\":12,\"stream\":\"stdout\",\"time\":\"" T "\",\"z\":null}"),
         SLICE("x"), false, true},
    };
    struct cri_clock clock = {0};
    struct buf unescaped;
    buf_init(&unescaped, 1000);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct docker_line out;
        print_message("%s\n", cases[i].line.data);
        assert_true(docker_parse(&clock, driver_guarded(cases[i].line), &unescaped, &out));
        assert_slice_equal(out.text, cases[i].text);
        assert_int_equal(out.is_partial, cases[i].is_partial);
        assert_int_equal(out.has_more, cases[i].has_more);
        assert_int_equal(out.iostream, IOSTREAM_STDOUT);
        assert_true(out.time_ns == T_NS);
    }
    buf_fini(&unescaped);
}

static void an_application_s_json_is_no_docker_line(void **state)
{
    (void)state;
    static const struct slice cases[] = {
        SLICE("{\"log\":\"hello\",\"level\":\"info\"}"),
        SLICE("{\"log\":\"hello\\n\",\"stream\":\"stdout\"}"),
        SLICE("{\"log\":\"hello\\n\",\"stream\":\"orders\",\"time\":\"" T "\"}"),
        SLICE("{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"yesterday\"}"),
        SLICE("{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"" T " \"}"),
        SLICE("{\"log\":{\"a\":1},\"stream\":\"stdout\",\"time\":\"" T "\"}"),
        SLICE("{\"stream\":\"stdout\",\"time\":\"" T "\"}"),
        SLICE(DOCKER("a\\x\\n")),
        SLICE(DOCKER("a\\u12g4\\n")),
        SLICE(DOCKER("a\\n") "x"),
        SLICE(DOCKER("a\\n") ","),
        SLICE("{}"),
        SLICE("[]"),
        SLICE(""),
    };
    struct cri_clock clock = {0};
    struct buf unescaped;
    buf_init(&unescaped, 1000);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct docker_line out;
        assert_false(docker_parse(&clock, driver_guarded(cases[i]), &unescaped, &out));
    }
    buf_fini(&unescaped);
}

/* A frame and the file that is pushed through it, line by line. */
struct bench {
    struct frame *frame;
    struct counters counters;
    struct source *source;
    struct position at;
    uint64_t now;
};

static void set_up(struct bench *b, enum envelope envelope, uint64_t record_bytes_max)
{
    struct input_settings settings = {.envelope = envelope,
                                      .line_bytes_max = 1000,
                                      .long_line = LONG_LINE_SPLIT,
                                      .record_bytes_max = record_bytes_max};
    *b = (struct bench){.at = {1, 0}, .now = 100};
    b->frame = frame_new(&settings, &b->counters);
    b->source = source_new("pods/shop_pay-1_aa11/pay/0.log", "files", 1);
}

static void tear_down(struct bench *b)
{
    frame_free(b->frame);
    source_free(b->source);
}

static struct line next_line(struct bench *b, const char *text)
{
    struct line line = {.source = b->source,
                        .text = slice_from_string(text),
                        .begin = b->at,
                        .file_hash = b->at.generation * 1000,
                        .read_ns = b->now,
                        .steady_ns = b->now};
    b->now++;
    b->at.offset += line.text.len + 1;
    line.end = b->at;
    return line;
}

static enum frame_verdict push(struct bench *b, const char *text, struct framed *out)
{
    struct line line = next_line(b, text);
    return frame_push(b->frame, &line, out);
}

static enum frame_verdict push_piece(struct bench *b, const char *text, bool is_piece, bool is_cut,
                                     struct framed *out)
{
    struct line line = next_line(b, text);
    line.is_piece = is_piece;
    line.is_cut = is_cut;
    return frame_push(b->frame, &line, out);
}

#define LINE_LEN(text) (sizeof(text) - 1 + 1)

static void a_whole_line_is_not_copied(void **state)
{
    (void)state;
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_AUTO, 1000);
    struct line line = next_line(&b, T " stderr F hello");
    assert_int_equal(frame_push(b.frame, &line, &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("hello"));
    assert_ptr_equal(out.line.data, line.text.data + line.text.len - 5);
    assert_ptr_equal(out.source, b.source);
    assert_true(out.runtime_time_ns == T_NS);
    assert_int_equal(out.iostream, IOSTREAM_STDERR);
    assert_int_equal(out.offset, 0);
    assert_int_equal(out.file_hash, 1000);
    assert_int_equal(out.read_ns, 100);
    assert_int_equal(out.safe.offset, line.end.offset);
    assert_false(out.malformed || out.truncated);
    assert_int_equal(frame_next(b.frame, &out), FRAME_PENDING);
    tear_down(&b);
}

static void partial_lines_are_joined_by_iostream_across_generations(void **state)
{
    (void)state;
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_AUTO, 1000);
    assert_int_equal(push(&b, T " stdout F zero", &out), FRAME_RECORD);
    uint64_t out_begin = b.at.offset;
    assert_int_equal(push(&b, T " stdout P one, ", &out), FRAME_PENDING);
    uint64_t err_begin = b.at.offset;
    assert_int_equal(push(&b, "2026-05-11T02:14:34Z stderr P ONE, ", &out), FRAME_PENDING);
    assert_int_equal(push(&b, "2026-05-11T02:14:35Z stdout P two, ", &out), FRAME_PENDING);

    struct source *rotated = b.source; /* the same run of the container, a new file */
    b.source = source_new("pods/shop_pay-1_aa11/pay/0.log.20260511-021436", "files", 2);
    b.at = (struct position){2, 0};
    assert_int_equal(push(&b, "2026-05-11T02:14:36Z stdout F three", &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("one, two, three"));
    assert_true(out.runtime_time_ns == T_NS);
    assert_int_equal(out.iostream, IOSTREAM_STDOUT);
    assert_int_equal(out.offset, out_begin);
    assert_int_equal(out.file_hash, 1000);
    assert_ptr_equal(out.source, rotated);
    assert_int_equal(out.safe.generation, 1); /* stderr's first piece still waits there */
    assert_int_equal(out.safe.offset, err_begin);
    assert_true(frame_is_pending(b.frame));

    assert_int_equal(push(&b, "2026-05-11T02:14:37Z stderr F TWO", &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("ONE, TWO"));
    assert_int_equal(out.offset, err_begin);
    assert_int_equal(out.safe.generation, 2);
    assert_int_equal(out.safe.offset, b.at.offset);
    assert_false(out.truncated);
    assert_false(frame_is_pending(b.frame));
    assert_int_equal(b.counters.values[C_PARTIALS_JOINED], 3);
    assert_int_equal(b.counters.values[C_RECORDS_CUT], 0);
    source_free(rotated);
    tear_down(&b);
}

static void a_record_over_its_limit_is_cut_and_nothing_of_it_is_dropped(void **state)
{
    (void)state;
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_CRI, 10);
    assert_int_equal(push(&b, T " stdout P 1234", &out), FRAME_PENDING);
    assert_int_equal(push(&b, T " stdout P 5678", &out), FRAME_PENDING);
    uint64_t third = b.at.offset;
    assert_int_equal(push(&b, T " stdout P abcd", &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("12345678"));
    assert_true(out.truncated);
    assert_int_equal(out.safe.offset, third);
    assert_int_equal(frame_next(b.frame, &out), FRAME_PENDING);
    uint64_t fourth = b.at.offset;
    assert_int_equal(push(&b, T " stdout F efghijk", &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("abcd"));
    assert_true(out.truncated);
    assert_int_equal(out.offset, third);
    assert_int_equal(out.safe.offset, fourth);
    assert_int_equal(frame_next(b.frame, &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("efghijk"));
    assert_true(out.truncated);
    assert_int_equal(out.offset, fourth);
    assert_int_equal(out.safe.offset, b.at.offset);
    assert_int_equal(frame_next(b.frame, &out), FRAME_PENDING);
    assert_int_equal(push(&b, T " stdout F next", &out), FRAME_RECORD);
    assert_false(out.truncated);
    assert_int_equal(b.counters.values[C_RECORDS_CUT], 2);
    tear_down(&b);
}

static void a_piece_that_is_itself_over_the_limit_is_shipped_at_once(void **state)
{
    (void)state;
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_CRI, 10);
    assert_int_equal(push(&b, T " stdout P 0123456789ab", &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("0123456789ab"));
    assert_true(out.truncated);
    assert_int_equal(push(&b, T " stdout F cd", &out), FRAME_RECORD);
    assert_true(out.truncated);
    assert_int_equal(push(&b, T " stdout F ef", &out), FRAME_RECORD);
    assert_false(out.truncated);
    tear_down(&b);
}

static void a_line_left_by_a_container_s_last_run_is_not_joined_with_the_next_run(void **state)
{
    (void)state;
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_AUTO, 1000);
    assert_int_equal(push(&b, T " stdout P dying w", &out), FRAME_PENDING);
    struct source *old = b.source;
    b.source = source_new("pods/shop_pay-1_aa11/pay/1.log", "files", 2);
    b.at = (struct position){2, 0};
    assert_int_equal(push(&b, T " stdout F started", &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("dying w"));
    assert_ptr_equal(out.source, old);
    assert_true(out.truncated);
    assert_int_equal(out.safe.generation, 2);
    assert_int_equal(out.safe.offset, 0);
    assert_int_equal(frame_next(b.frame, &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("started"));
    assert_ptr_equal(out.source, b.source);
    assert_false(out.truncated);
    source_free(old);
    tear_down(&b);
}

static void a_partial_line_that_waits_too_long_goes_as_it_is(void **state)
{
    (void)state;
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_AUTO, 1000);
    assert_false(frame_flush(b.frame, UINT64_MAX, &out));
    assert_int_equal(push(&b, T " stderr P first", &out), FRAME_PENDING);  /* read at 100 */
    assert_int_equal(push(&b, T " stdout P second", &out), FRAME_PENDING); /* read at 101 */
    uint64_t second = LINE_LEN(T " stderr P first");
    assert_false(frame_flush(b.frame, 100, &out));
    assert_true(frame_flush(b.frame, 101, &out));
    assert_slice_equal(out.line, SLICE("first"));
    assert_true(out.truncated);
    assert_int_equal(out.safe.offset, second);
    assert_false(frame_flush(b.frame, 101, &out));
    assert_true(frame_flush(b.frame, UINT64_MAX, &out));
    assert_slice_equal(out.line, SLICE("second"));
    assert_int_equal(out.safe.offset, b.at.offset);
    assert_false(frame_is_pending(b.frame));
    assert_int_equal(b.counters.values[C_PARTIALS_TIMED_OUT], 2);
    assert_int_equal(push(&b, T " stdout F late", &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("late"));
    tear_down(&b);
}

static void the_envelope_of_a_split_line_counts_for_all_its_pieces(void **state)
{
    (void)state;
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_AUTO, 1000);
    assert_int_equal(push(&b, T " stdout F before", &out), FRAME_RECORD);
    uint64_t begin = b.at.offset;
    assert_int_equal(push_piece(&b, T " stderr F one", false, true, &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("one"));
    assert_true(out.truncated);
    assert_int_equal(out.safe.offset, begin);
    uint64_t second = b.at.offset;
    assert_int_equal(push_piece(&b, "two", true, true, &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("two"));
    assert_true(out.runtime_time_ns == T_NS);
    assert_int_equal(out.iostream, IOSTREAM_STDERR);
    assert_int_equal(out.offset, second);
    assert_true(out.truncated);
    assert_false(out.malformed);
    assert_int_equal(out.safe.offset, begin);
    assert_int_equal(push_piece(&b, "three", true, false, &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("three"));
    assert_true(out.truncated);
    assert_int_equal(out.safe.offset, b.at.offset);
    assert_int_equal(push(&b, T " stdout F after", &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("after"));
    assert_false(out.truncated);
    assert_int_equal(b.counters.values[C_FRAME_MALFORMED], 0);
    tear_down(&b);
}

static void a_split_line_can_be_a_piece_of_a_joined_one(void **state)
{
    (void)state;
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_AUTO, 1000);
    assert_int_equal(push(&b, T " stdout P a", &out), FRAME_PENDING);
    assert_int_equal(push_piece(&b, T " stdout P b", false, true, &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("ab"));
    assert_true(out.truncated);
    uint64_t begin = LINE_LEN(T " stdout P a");
    assert_int_equal(push_piece(&b, "c", true, false, &out), FRAME_PENDING);
    assert_int_equal(push(&b, T " stderr F other", &out), FRAME_RECORD);
    assert_int_equal(out.safe.offset, begin);
    assert_int_equal(push(&b, T " stdout F d", &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("cd"));
    assert_true(out.truncated);
    assert_int_equal(out.safe.offset, b.at.offset);
    tear_down(&b);
}

static void pieces_of_a_plain_line_are_records(void **state)
{
    (void)state;
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_AUTO, 1000);
    assert_int_equal(push_piece(&b, "one", false, true, &out), FRAME_RECORD);
    assert_true(out.truncated);
    assert_int_equal(out.safe.offset, b.at.offset);
    assert_int_equal(push_piece(&b, T " stdout F two", true, false, &out), FRAME_RECORD);
    assert_slice_equal(out.line, SLICE(T " stdout F two"));
    assert_true(out.truncated);
    tear_down(&b);
}

static void a_malformed_line_is_shipped_raw_once_the_envelope_is_known(void **state)
{
    (void)state;
    static const char *const first[] = {T " stdout F ok", DOCKER("ok\\n")};
    for (size_t i = 0; i < ARRAY_LEN(first); i++) {
        struct bench b;
        struct framed out;
        set_up(&b, ENVELOPE_AUTO, 1000);
        assert_int_equal(push(&b, T " stdout " T " stdout F + true", &out), FRAME_RECORD);
        assert_false(out.malformed); /* nothing is known yet: a plain line */
        assert_int_equal(push(&b, first[i], &out), FRAME_RECORD);
        assert_slice_equal(out.line, SLICE("ok"));
        assert_int_equal(push(&b, T " stdout " T " stdout F + true", &out), FRAME_RECORD);
        assert_slice_equal(out.line, SLICE(T " stdout " T " stdout F + true"));
        assert_true(out.malformed);
        assert_int_equal(out.iostream, IOSTREAM_NONE);
        assert_int_equal(out.runtime_time_ns, 0);
        assert_int_equal(push(&b, first[i], &out), FRAME_RECORD);
        assert_slice_equal(out.line, SLICE("ok"));
        assert_false(out.malformed);
        assert_int_equal(b.counters.values[C_FRAME_MALFORMED], 1);
        tear_down(&b);
    }
}

static void lines_are_plain_where_there_is_no_envelope(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "hello",
        "{\"log\":\"hello\",\"level\":\"info\"}",
        "{\"msg\":\"hello\"}",
        "2026-05-11T02:14:33.221Z INFO checkout.service",
    };
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_AUTO, 1000);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(push(&b, cases[i], &out), FRAME_RECORD);
        assert_slice_equal(out.line, slice_from_string(cases[i]));
        assert_false(out.malformed || out.truncated);
    }
    tear_down(&b);
}

static void an_envelope_that_was_set_is_the_only_one_tried(void **state)
{
    (void)state;
    static const struct {
        enum envelope envelope;
        const char *line;
        struct slice text;
        bool malformed;
    } cases[] = {
        {ENVELOPE_PLAIN, T " stdout F x", SLICE(T " stdout F x"), false},
        {ENVELOPE_PLAIN, DOCKER("x\\n"), SLICE(DOCKER("x\\n")), false},
        {ENVELOPE_CRI, T " stdout F x", SLICE("x"), false},
        {ENVELOPE_CRI, DOCKER("x\\n"), SLICE(DOCKER("x\\n")), true},
        {ENVELOPE_DOCKER, DOCKER("x\\n"), SLICE("x"), false},
        {ENVELOPE_AUTO, "{ \"log\" : \"x\\n\", \"stream\": \"stderr\", \"time\": \"" T "\" }",
         SLICE("x"), false},
        {ENVELOPE_DOCKER, T " stdout F x", SLICE(T " stdout F x"), true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench b;
        struct framed out;
        set_up(&b, cases[i].envelope, 1000);
        assert_int_equal(push(&b, cases[i].line, &out), FRAME_RECORD);
        assert_slice_equal(out.line, cases[i].text);
        assert_int_equal(out.malformed, cases[i].malformed);
        tear_down(&b);
    }
}

static void docker_pieces_are_joined_and_their_attributes_counted(void **state)
{
    (void)state;
    struct bench b;
    struct framed out;
    set_up(&b, ENVELOPE_AUTO, 1000);
    assert_int_equal(push(&b, DOCKER("{\\\"a\\\":"), &out), FRAME_PENDING);
    assert_int_equal(push(&b,
                          "{\"log\":\"1}\\n\",\"stream\":\"stdout\",\"attrs\":{\"tag\":\"web\"},"
                          "\"time\":\"" T "\"}",
                          &out),
                     FRAME_RECORD);
    assert_slice_equal(out.line, SLICE("{\"a\":1}"));
    assert_int_equal(b.counters.values[C_FRAME_ATTRS_IGNORED], 1);
    assert_int_equal(b.counters.values[C_PARTIALS_JOINED], 1);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cri_times_are_exact_to_the_nanosecond),
        cmocka_unit_test(every_day_of_four_centuries_follows_the_one_before),
        cmocka_unit_test(cri_lines_are_read_by_position),
        cmocka_unit_test(what_a_runtime_does_not_write_is_no_cri_line),
        cmocka_unit_test(no_cut_of_a_line_is_read_past_its_end),
        cmocka_unit_test(docker_lines_give_the_text_that_was_written),
        cmocka_unit_test(an_application_s_json_is_no_docker_line),
        cmocka_unit_test(a_whole_line_is_not_copied),
        cmocka_unit_test(partial_lines_are_joined_by_iostream_across_generations),
        cmocka_unit_test(a_record_over_its_limit_is_cut_and_nothing_of_it_is_dropped),
        cmocka_unit_test(a_piece_that_is_itself_over_the_limit_is_shipped_at_once),
        cmocka_unit_test(a_line_left_by_a_container_s_last_run_is_not_joined_with_the_next_run),
        cmocka_unit_test(a_partial_line_that_waits_too_long_goes_as_it_is),
        cmocka_unit_test(the_envelope_of_a_split_line_counts_for_all_its_pieces),
        cmocka_unit_test(a_split_line_can_be_a_piece_of_a_joined_one),
        cmocka_unit_test(pieces_of_a_plain_line_are_records),
        cmocka_unit_test(a_malformed_line_is_shipped_raw_once_the_envelope_is_known),
        cmocka_unit_test(lines_are_plain_where_there_is_no_envelope),
        cmocka_unit_test(an_envelope_that_was_set_is_the_only_one_tried),
        cmocka_unit_test(docker_pieces_are_joined_and_their_attributes_counted),
    };
    return driver_run("frame", tests, ARRAY_LEN(tests));
}

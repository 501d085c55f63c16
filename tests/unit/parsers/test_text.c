/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "parse_rows.h"
#include "parsers/parsers.h"

static const struct line_row rows[] = {
    {SLICE(""), "{}"},
    {SLICE("   \t "), "{}"},
    {SLICE("hello world"), "{}"},
    {SLICE("two\ncolumns: no\ttabs=\n"), "{}"},
    /* mixed lines */
    {SLICE("2026-05-11T02:14:33.221Z INFO checkout.service "
           "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7 "
           "service.name=checkout order_total=4892 user=92041 action=charge result=declined"),
     "{\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"00f067aa0ba902b7\","
     "\"service.name\":\"checkout\",\"order_total\":\"4892\",\"user\":\"92041\","
     "\"action\":\"charge\",\"result\":\"declined\"}"},
    {SLICE("done rows=3"), "{\"rows\":\"3\"}"},
    {SLICE("done  a=1   b=2 "), "{\"a\":\"1\",\"b\":\"2\"}"},
    {SLICE("I0302 1 output.go:77] \"Syncing\" trace=\"a1\" span=\"e5 \\\"x\\\"\""),
     "{\"trace\":\"a1\",\"span\":\"e5 \\x22x\\x22\"}"},
    {SLICE("- loaded trace_id=1d span_id=01 service.name=shop, env=prod trace_flags=01 "),
     "{\"trace_id\":\"1d\",\"span_id\":\"01\",\"service.name\":\"shop\",\"env\":\"prod\","
     "\"trace_flags\":\"01\"}"},
    {SLICE("x a=1 a=2"), "{\"a\":*[\"1\",\"2\"]}"},
    {SLICE("x ids=[1,2] t={trace_id}"), "{\"ids\":\"[1,2]\",\"t\":\"{trace_id}\"}"},
    {SLICE("x a=\xff"), "{\"a\":b\"\\xff\"}"},
    {SLICE("x a= b="), "{\"a\":\"\",\"b\":\"\"}"},
    {SLICE("say \"a=b\" c=d"), "{\"c\":\"d\"}"},
    {SLICE("a=1 text b=2"), "{\"b\":\"2\"}"},
    /* what looks like it */
    {SLICE("trace_id=1 span_id=2 - loaded"), "{}"},
    {SLICE("failed (trace_id=6f4f, span_id=365d)."), "{}"},
    {SLICE("http{method=GET trace_id=9c span_id=46}:db: shop: done"), "{}"},
    {SLICE("[trace_id=1ac8 span_id=795a] loaded"), "{}"},
    {SLICE("GET /x?a=b"), "{}"},
    {SLICE("x = y"), "{}"},
    {SLICE("x 1=2"), "{}"},
    {SLICE("x a=\"open"), "{}"},
    {SLICE("I say \"hello a=b\""), "{}"},
    {SLICE("\x1b[2mtrace_id\x1b[0m=79 hello"), "{}"},
    /* LTSV */
    {SLICE("host:10.0.3.7\ttrace_id:c2e1\treq:GET / HTTP/1.1\tstatus:200"),
     "{\"host\":\"10.0.3.7\",\"trace_id\":\"c2e1\",\"req\":\"GET / HTTP/1.1\","
     "\"status\":\"200\"}"},
    {SLICE("a:\tb:x:y"), "{\"a\":\"\",\"b\":\"x:y\"}"},
    {SLICE("a:1\ta:2"), "{\"a\":*[\"1\",\"2\"]}"},
    {SLICE("host:1"), "{}"},
    {SLICE("host:1\tfree text"), "{}"},
    {SLICE("host:1\t\tb:2"), "{}"},
    {SLICE("10:11:12\ta:b"), "{}"},
    {SLICE("err: it\tfailed a=1"), "{\"a\":\"1\"}"},
};

static void pairs_at_the_end_become_fields(void **state)
{
    (void)state;
    assert_rows(&parser_text, rows, ARRAY_LEN(rows));
}

static void the_body_is_the_whole_line(void **state)
{
    (void)state;
    struct parse_case c;
    parse_case_init(&c, &parser_text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(parse_case_run(&c, rows[i].line), PARSE_OK);
        assert_slice_equal(c.record.text, rows[i].line);
        assert_int_equal(c.record.format, FORMAT_TEXT);
    }
    parse_case_fini(&c);
}

static void every_line_is_taken_cut_anywhere(void **state)
{
    (void)state;
    struct parse_case c;
    parse_case_init(&c, &parser_text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t len = 0; len < rows[i].line.len; len += 3) {
            struct slice line = driver_guarded(slice_make(rows[i].line.data, len));
            assert_int_equal(parse_case_run(&c, line), PARSE_OK);
        }
    }
    parse_case_fini(&c);
}

static void without_room_the_fields_are_left_out(void **state)
{
    (void)state;
    struct parse_case c;
    parse_case_init(&c, &parser_text);
    c.record.fields.count_max = 2;
    c.arena.limit = 8;
    static const struct slice lines[] = {
        SLICE("x a=1 b=2 c=3"),
        SLICE("a:1\tb:2\tc:3"),
        SLICE("x a=1 a=2"),
        SLICE("x a=\"a longer text \\n\""),
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        assert_int_equal(parse_case_run(&c, lines[i]), PARSE_OK);
        assert_int_equal(c.record.fields.count, 0);
        assert_slice_equal(c.record.text, lines[i]);
    }
    parse_case_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_at_the_end_become_fields),
        cmocka_unit_test(the_body_is_the_whole_line),
        cmocka_unit_test(every_line_is_taken_cut_anywhere),
        cmocka_unit_test(without_room_the_fields_are_left_out),
    };
    return driver_run("text", tests, ARRAY_LEN(tests));
}

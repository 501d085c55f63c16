/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "parse_rows.h"
#include "parsers/parsers.h"

static void pairs_are_taken_as_they_are_written(void **state)
{
    (void)state;
    static const struct line_row rows[] = {
        {SLICE("a=1"), "{\"a\":\"1\"}"},
        {SLICE("a=1 b=2"), "{\"a\":\"1\",\"b\":\"2\"}"},
        {SLICE("  a=1 \t  b=2  "), "{\"a\":\"1\",\"b\":\"2\"}"},
        {SLICE("a="), "{\"a\":\"\"}"},
        {SLICE("a= b="), "{\"a\":\"\",\"b\":\"\"}"},
        {SLICE("a=\"\""), "{\"a\":\"\"}"},
        {SLICE("url=/a?b=c&d=e"), "{\"url\":\"/a?b=c&d=e\"}"},
        {SLICE("a=1 cached b=2"), "{\"a\":\"1\",\"cached\":\"\",\"b\":\"2\"}"},
        {SLICE("a=1 cached"), "{\"a\":\"1\",\"cached\":\"\"}"},
        {SLICE("level=WARN+1 msg=\"slow query\""), "{\"level\":\"WARN+1\",\"msg\":\"slow query\"}"},
        {SLICE("msg=\"a=b c=d\" e=f"), "{\"msg\":\"a=b c=d\",\"e\":\"f\"}"},
        {SLICE("@t=x $v=1 a.b-c/d:e_f=2"), "{\"@t\":\"x\",\"$v\":\"1\",\"a.b-c/d:e_f\":\"2\"}"},
        {SLICE("k\xc3\xa9=v\xc3\xa9"), "{\"k\\xc3\\xa9\":\"v\\xc3\\xa9\"}"},
        {SLICE("a=\xff"), "{\"a\":b\"\\xff\"}"},
        {SLICE("a='x'"), "{\"a\":\"'x'\"}"},
        {SLICE("a=b, c=d"), "{\"a\":\"b,\",\"c\":\"d\"}"},
        {SLICE("n=007 t=true z=null"), "{\"n\":\"007\",\"t\":\"true\",\"z\":\"null\"}"},
        {SLICE("ids=[1,2] m={a:1}"), "{\"ids\":\"[1,2]\",\"m\":\"{a:1}\"}"},
    };
    assert_rows(&parser_logfmt, rows, ARRAY_LEN(rows));
}

static void escapes_in_quotes_are_decoded(void **state)
{
    (void)state;
    static const struct line_row rows[] = {
        {SLICE("a=\"x\\\"y\\\\z\\/\""), "{\"a\":\"x\\x22y\\x5cz/\"}"},
        {SLICE("a=\"1\\n2\\t3\\r4\\b5\\f6\\a7\\v8\\'9\""),
         "{\"a\":\"1\\x0a2\\x093\\x0d4\\x085\\x0c6\\x077\\x0b8'9\"}"},
        {SLICE("a=\"\\u00e9\\u20ac\\ud83e\\uddf6\""),
         "{\"a\":\"\\xc3\\xa9\\xe2\\x82\\xac\\xf0\\x9f\\xa7\\xb6\"}"},
        {SLICE("a=\"\\U0001f9f6\\x1b[0m\""), "{\"a\":\"\\xf0\\x9f\\xa7\\xb6\\x1b[0m\"}"},
        {SLICE("a=\"\\xff\""), "{\"a\":b\"\\xff\"}"},
        {SLICE("a=\"\\ud83e!\""), "{\"a\":b\"\\xed\\xa0\\xbe!\"}"},
        {SLICE("a=\"C:\\Users\\q\\x\\u12\\Ucafe\""),
         "{\"a\":\"C:\\x5cUsers\\x5cq\\x5cx\\x5cu12\\x5cUcafe\"}"},
        {SLICE("a=\"\\UFFFFFFFF\""), "{\"a\":\"\\x5cUFFFFFFFF\"}"},
        {SLICE("a=\"tab\there\" b=2"), "{\"a\":\"tab\\x09here\",\"b\":\"2\"}"},
        {SLICE("a=\"nul\0\\n\""), "{\"a\":\"nul\\x00\\x0a\"}"},
        {SLICE("a=back\\slash"), "{\"a\":\"back\\x5cslash\"}"},
    };
    assert_rows(&parser_logfmt, rows, ARRAY_LEN(rows));
}

static void repeated_keys_become_an_array(void **state)
{
    (void)state;
    static const struct line_row rows[] = {
        {SLICE("a=1 b=2 a=3"), "{\"a\":*[\"1\",\"3\"],\"b\":\"2\"}"},
        {SLICE("a=1 b a=3 b=4"), "{\"a\":*[\"1\",\"3\"],\"b\":*[\"\",\"4\"]}"},
    };
    assert_rows(&parser_logfmt, rows, ARRAY_LEN(rows));
}

static void prose_is_not_taken_for_logfmt(void **state)
{
    (void)state;
    static const struct line_row rows[] = {
        {SLICE(""), NULL},
        {SLICE("   "), NULL},
        {SLICE("hello"), NULL},
        {SLICE("hello world"), NULL},
        {SLICE("hello a=b"), NULL},
        {SLICE("GET /x?a=b failed"), NULL},
        {SLICE("/x?a=b failed"), NULL},
        {SLICE("https://host/x?a=b"), NULL},
        {SLICE("service.name=basic trace_id=1 order created"), NULL},
        {SLICE("a=b (c=d)"), NULL},
        {SLICE("a=b [c]"), NULL},
        {SLICE("a=b don't"), NULL},
        {SLICE("=a"), NULL},
        {SLICE("a=1 =b"), NULL},
        {SLICE("a = b"), NULL},
        {SLICE("a=\"open"), NULL},
        {SLICE("a=\"open\\\""), NULL},
        {SLICE("a=\"open\\"), NULL},
        {SLICE("a=\"x\"y"), NULL},
        {SLICE("a=x\"y\""), NULL},
        {SLICE("a\"b=c"), NULL},
        {SLICE("a=\x1b[0m"), NULL},
        {SLICE("a=b\0c"), NULL},
        {SLICE("a\xff=b"), NULL},
        {SLICE("{span_id=1, trace_id=2}"), NULL},
        {SLICE("{\"a\":1}"), NULL},
    };
    assert_rows(&parser_logfmt, rows, ARRAY_LEN(rows));
}

static void a_line_cut_anywhere_is_read_within_its_bounds(void **state)
{
    (void)state;
    static const struct slice line = SLICE(
        "time=\"2026-05-11T02:14:33Z\" level=info msg=\"caf\xc3\xa9 \\u00e9 \\ud83e\\uddf6 said "
        "\\\"hi\\\" and a long tail of forty characters\" k=v bare n=1 \xc3\xa9=\xc3\xa9");
    struct parse_case c;
    parse_case_init(&c, &parser_logfmt);
    for (size_t len = 0; len <= line.len; len++) {
        enum parse_result result = parse_case_run(&c, driver_guarded(slice_make(line.data, len)));
        assert_true(result == PARSE_OK || result == PARSE_NO);
    }
    parse_case_fini(&c);
}

static void limits_are_reported_as_limits(void **state)
{
    (void)state;
    struct parse_case c;
    parse_case_init(&c, &parser_logfmt);
    c.record.fields.count_max = 2;
    c.arena.limit = 8;
    assert_int_equal(parse_case_run(&c, SLICE("a=1 b=2")), PARSE_OK);
    assert_int_equal(parse_case_run(&c, SLICE("a=1 b=2 c=3")), PARSE_LIMIT);
    assert_int_equal(parse_case_run(&c, SLICE("a=1 a=2")), PARSE_LIMIT);
    assert_int_equal(parse_case_run(&c, SLICE("a=\"a longer text \\n\"")), PARSE_LIMIT);
    parse_case_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_taken_as_they_are_written),
        cmocka_unit_test(escapes_in_quotes_are_decoded),
        cmocka_unit_test(repeated_keys_become_an_array),
        cmocka_unit_test(prose_is_not_taken_for_logfmt),
        cmocka_unit_test(a_line_cut_anywhere_is_read_within_its_bounds),
        cmocka_unit_test(limits_are_reported_as_limits),
    };
    return driver_run("logfmt", tests, ARRAY_LEN(tests));
}

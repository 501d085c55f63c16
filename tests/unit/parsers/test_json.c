/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include "parse_rows.h"
#include "parsers/parsers.h"

static void values_keep_their_type_and_every_digit(void **state)
{
    (void)state;
    static const struct line_row rows[] = {
        {SLICE("{}"), "{}"},
        {SLICE("  { }\t\r\n "), "{}"},
        {SLICE("{\"a\":null,\"b\":true,\"c\":false}"), "{\"a\":null,\"b\":true,\"c\":false}"},
        {SLICE("{\"a\":0,\"b\":-1,\"c\":42}"), "{\"a\":i0,\"b\":i-1,\"c\":i42}"},
        {SLICE("{\"a\":9223372036854775807,\"b\":-9223372036854775808}"),
         "{\"a\":i9223372036854775807,\"b\":i-9223372036854775808}"},
        {SLICE("{\"a\":9223372036854775808,\"b\":-9223372036854775809}"),
         "{\"a\":n9223372036854775808,\"b\":n-9223372036854775809}"},
        {SLICE("{\"a\":1.5,\"b\":-0,\"c\":-0.0,\"d\":1e3}"),
         "{\"a\":d1.5,\"b\":d-0,\"c\":d-0,\"d\":d1000}"},
        {SLICE("{\"a\":1e999,\"b\":5e-324}"), "{\"a\":n1e999,\"b\":d4.9406564584124654e-324}"},
        {SLICE("{\"t\":1626175065.5934923}"), "{\"t\":d1626175065.5934923}"},
        {SLICE("{\"a\":\"\",\"b\":\"x\"}"), "{\"a\":\"\",\"b\":\"x\"}"},
        {SLICE("{\"\":1}"), "{\"_\":i1}"},
        {SLICE("{\"a\":[],\"b\":{},\"c\":[{}],\"d\":{\"e\":[]}}"),
         "{\"a\":[],\"b\":{},\"c\":[{}],\"d\":{\"e\":[]}}"},
        {SLICE("{\"a\":[1,\"x\",null,[2,3],{\"b\":4}],\"c\":5}"),
         "{\"a\":[i1,\"x\",null,[i2,i3],{\"b\":i4}],\"c\":i5}"},
        {SLICE(" { \"a\" : [ 1 , { \"b\" : 2 } , [ ] ] , \"c\" : { } } "),
         "{\"a\":[i1,{\"b\":i2},[]],\"c\":{}}"},
    };
    assert_rows(&parser_json, rows, ARRAY_LEN(rows));
}

static void strings_are_unescaped_and_nothing_is_lost(void **state)
{
    (void)state;
    static const struct line_row rows[] = {
        {SLICE("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"),
         "{\"a\":\"\\x22\\x5c/\\x08\\x0c\\x0a\\x0d\\x09\"}"},
        {SLICE("{\"a\":\"\\u0041\\u00e9\\u20AC\\ud83e\\uDDF6\\u0000\"}"),
         "{\"a\":\"A\\xc3\\xa9\\xe2\\x82\\xac\\xf0\\x9f\\xa7\\xb6\\x00\"}"},
        {SLICE("{\"a\":\"\xc3\xa9\xf0\x9f\xa7\xb6\"}"),
         "{\"a\":\"\\xc3\\xa9\\xf0\\x9f\\xa7\\xb6\"}"},
        {SLICE("{\"a\":\"\\ud83e\"}"), "{\"a\":b\"\\xed\\xa0\\xbe\"}"},
        {SLICE("{\"a\":\"\\ud83ex\"}"), "{\"a\":b\"\\xed\\xa0\\xbex\"}"},
        {SLICE("{\"a\":\"\\udDF6\"}"), "{\"a\":b\"\\xed\\xb7\\xb6\"}"},
        {SLICE("{\"a\":\"\\ud83e\\ud83e\\uddf6\"}"),
         "{\"a\":b\"\\xed\\xa0\\xbe\\xf0\\x9f\\xa7\\xb6\"}"},
        {SLICE("{\"a\":\"\\ud83e\\u0041\"}"), "{\"a\":b\"\\xed\\xa0\\xbeA\"}"},
        {SLICE("{\"a\":\"\xff\"}"), "{\"a\":b\"\\xff\"}"},
        {SLICE("{\"a\":\"x\xc3\"}"), "{\"a\":b\"x\\xc3\"}"},
        {SLICE("{\"a\":\"\\n\xff\"}"), "{\"a\":b\"\\x0a\\xff\"}"},
        {SLICE("{\"a\":\"\xed\xa0\x80\"}"), "{\"a\":b\"\\xed\\xa0\\x80\"}"},
        {SLICE("{\"\\u0061\\n\":1}"), "{\"a\\x0a\":i1}"},
        {SLICE("{\"\xc3\xa9\":1}"), "{\"\\xc3\\xa9\":i1}"},
        {SLICE("{\"a\":\"del\x7f\"}"), "{\"a\":\"del\\x7f\"}"},
        {SLICE("{\"a\":\"a long string of more than thirty-two bytes, so \\\"that\\\" it\"}"),
         "{\"a\":\"a long string of more than thirty-two bytes, so \\x22that\\x22 it\"}"},
    };
    assert_rows(&parser_json, rows, ARRAY_LEN(rows));
}

static void almost_json_is_refused(void **state)
{
    (void)state;
    static const struct line_row rows[] = {
        {SLICE(""), NULL},
        {SLICE(" "), NULL},
        {SLICE("{"), NULL},
        {SLICE("}"), NULL},
        {SLICE("[]"), NULL},
        {SLICE("1"), NULL},
        {SLICE("\"a\""), NULL},
        {SLICE("null"), NULL},
        {SLICE("{}{}"), NULL},
        {SLICE("{} {}"), NULL},
        {SLICE("{}}"), NULL},
        {SLICE("{}x"), NULL},
        {SLICE("\xef\xbb\xbf{}"), NULL},
        {SLICE("{a:1}"), NULL},
        {SLICE("{'a':1}"), NULL},
        {SLICE("{\"a\"}"), NULL},
        {SLICE("{\"a\":}"), NULL},
        {SLICE("{\"a\" 1}"), NULL},
        {SLICE("{\"a\":1,}"), NULL},
        {SLICE("{,\"a\":1}"), NULL},
        {SLICE("{,}"), NULL},
        {SLICE("{\"a\":1 \"b\":2}"), NULL},
        {SLICE("{\"a\":1,,\"b\":2}"), NULL},
        {SLICE("{\"a\":[1,]}"), NULL},
        {SLICE("{\"a\":[,1]}"), NULL},
        {SLICE("{\"a\":[1 2]}"), NULL},
        {SLICE("{\"a\":[1}"), NULL},
        {SLICE("{\"a\":[1}]}"), NULL},
        {SLICE("{\"a\":{\"b\":1]}"), NULL},
        {SLICE("{\"a\":{}"), NULL},
        {SLICE("{\"a\":[[]}"), NULL},
        {SLICE("{\"a\":1}]}"), NULL},
        {SLICE("{1:2}"), NULL},
        {SLICE("{\"a\":tru}"), NULL},
        {SLICE("{\"a\":True}"), NULL},
        {SLICE("{\"a\":truex}"), NULL},
        {SLICE("{\"a\":nul}"), NULL},
        {SLICE("{\"a\":f}"), NULL},
        {SLICE("{\"a\":NaN}"), NULL},
        {SLICE("{\"a\":Infinity}"), NULL},
        {SLICE("{\"a\":+1}"), NULL},
        {SLICE("{\"a\":01}"), NULL},
        {SLICE("{\"a\":-}"), NULL},
        {SLICE("{\"a\":-01}"), NULL},
        {SLICE("{\"a\":1.}"), NULL},
        {SLICE("{\"a\":.1}"), NULL},
        {SLICE("{\"a\":1e}"), NULL},
        {SLICE("{\"a\":1e+}"), NULL},
        {SLICE("{\"a\":0x1}"), NULL},
        {SLICE("{\"a\":1_0}"), NULL},
        {SLICE("{\"a\":1-2}"), NULL},
        {SLICE("{\"a\":\"}"), NULL},
        {SLICE("{\"a\":\"\\\"}"), NULL},
        {SLICE("{\"a\":\"\\}"), NULL},
        {SLICE("{\"a\":\"\\x41\"}"), NULL},
        {SLICE("{\"a\":\"\\u12\"}"), NULL},
        {SLICE("{\"a\":\"\\u12g4\"}"), NULL},
        {SLICE("{\"a\":\"\\U00000041\"}"), NULL},
        {SLICE("{\"a\":\"\\'\"}"), NULL},
        {SLICE("{\"a\":\"\\ud800\\u\"}"), NULL},
        {SLICE("{\"a\":\"tab\there\"}"), NULL},
        {SLICE("{\"a\":\"nl\nhere\"}"), NULL},
        {SLICE("{\"a\":\"nul\0here\"}"), NULL},
        {SLICE("{\"a\":\"\\n and tab\there\"}"), NULL},
        {SLICE("{\"a\":\"\\\n\"}"), NULL},
        {SLICE("{\"a\":1\0}"), NULL},
        {SLICE("{\0\"a\":1}"), NULL},
        {SLICE("{\"a\":1}\0"), NULL},
        {SLICE("{\"a\":\v1}"), NULL},
        {SLICE("{\"a\":\f1}"), NULL},
        {SLICE("{\"\xff\":1}"), NULL},
        {SLICE("{\"\\ud800\":1}"), NULL},
        {SLICE("{\"a\":1 /* comment */}"), NULL},
    };
    assert_rows(&parser_json, rows, ARRAY_LEN(rows));
}

static void repeated_names_become_an_array_at_every_level(void **state)
{
    (void)state;
    static const struct line_row rows[] = {
        {SLICE("{\"a\":1,\"a\":2}"), "{\"a\":*[i1,i2]}"},
        {SLICE("{\"a\":1,\"b\":2,\"a\":\"x\",\"a\":[3]}"), "{\"a\":*[i1,\"x\",[i3]],\"b\":i2}"},
        {SLICE("{\"a\":1,\"\\u0061\":2}"), "{\"a\":*[i1,i2]}"},
        {SLICE("{\"o\":{\"a\":1,\"a\":2},\"a\":3}"), "{\"o\":{\"a\":*[i1,i2]},\"a\":i3}"},
        {SLICE("{\"l\":[{\"a\":1},{\"a\":2}],\"a\":3}"),
         "{\"l\":[{\"a\":i1},{\"a\":i2}],\"a\":i3}"},
        {SLICE("{\"a\":{\"a\":1,\"a\":2},\"a\":{\"a\":3}}"),
         "{\"a\":*[{\"a\":*[i1,i2]},{\"a\":i3}]}"},
        {SLICE("{\"\":1,\"\":2}"), "{\"_\":*[i1,i2]}"},
        {SLICE("{\"\":1,\"_\":2,\"o\":{\"_\":3,\"\":4}}"),
         "{\"_\":*[i1,i2],\"o\":{\"_\":*[i3,i4]}}"},
    };
    assert_rows(&parser_json, rows, ARRAY_LEN(rows));
}

static void raw_text_of_every_value_is_kept(void **state)
{
    (void)state;
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    assert_int_equal(parse_case_run(&c, SLICE("{\"a\":1.50,\"b\":[1, 2] ,\"c\":{ \"d\":null },"
                                              "\"e\":true,\"f\":-07}")),
                     PARSE_NO);
    assert_int_equal(parse_case_run(&c, SLICE("{\"a\":1.50,\"b\":[1, 2] ,\"c\":{ \"d\":null },"
                                              "\"e\":true,\"f\":-7}")),
                     PARSE_OK);
    static const char *const texts[] = {"1.50", "[1, 2]", "1", "2", "{ \"d\":null }",
                                        "null", "true", "-7"};
    assert_int_equal(c.record.fields.count, ARRAY_LEN(texts));
    for (uint32_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_slice_equal(field_text(&c.record.fields.items[i]), slice_from_string(texts[i]));
    }
    parse_case_fini(&c);
}

/* `{"a":{"a":…1…}}` or `{"a":[[…]]}`; the caller frees it. */
static char *nested(size_t depth, const char *open, char close)
{
    assert_true(depth > 0);
    char *line = mem_alloc(depth * (strlen(open) + 1) + 64);
    char *p = line;
    p += sprintf(p, "{\"a\":");
    for (size_t i = 1; i < depth; i++) {
        p += sprintf(p, "%s", open);
    }
    *p++ = '1';
    for (size_t i = 1; i < depth; i++) {
        *p++ = close;
    }
    *p = '}';
    return line;
}

static void nesting_is_limited(void **state)
{
    (void)state;
    static const struct {
        size_t depth;
        enum parse_result result;
    } cases[] = {
        {1, PARSE_OK}, {CASE_DEPTH_MAX, PARSE_OK}, {CASE_DEPTH_MAX + 1, PARSE_LIMIT},
        {10000, PARSE_LIMIT}, {1000000, PARSE_LIMIT},
    };
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *objects = nested(cases[i].depth, "{\"a\":", '}');
        char *arrays = nested(cases[i].depth, "[", ']');
        assert_int_equal(parse_case_run(&c, slice_from_string(objects)), cases[i].result);
        assert_int_equal(parse_case_run(&c, slice_from_string(arrays)), cases[i].result);
        free(objects);
        free(arrays);
    }
    parse_case_fini(&c);
}

static void full_tables_and_arenas_are_limits(void **state)
{
    (void)state;
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    c.record.fields.count_max = 2;
    c.arena.limit = 8;
    assert_int_equal(parse_case_run(&c, SLICE("{\"a\":1,\"b\":2}")), PARSE_OK);
    assert_int_equal(parse_case_run(&c, SLICE("{\"a\":1,\"b\":2,\"c\":3}")), PARSE_LIMIT);
    assert_int_equal(parse_case_run(&c, SLICE("{\"a\":[1,2]}")), PARSE_LIMIT);
    assert_int_equal(parse_case_run(&c, SLICE("{\"a\":1,\"a\":2}")), PARSE_LIMIT);
    assert_int_equal(parse_case_run(&c, SLICE("{\"a\":\"a longer text \\n\"}")), PARSE_LIMIT);
    parse_case_fini(&c);
}

/* Thousands of members, each name twice. */
static void a_large_object_is_merged_whole(void **state)
{
    (void)state;
    enum { NAMES = 5000 };
    struct buf line;
    buf_init(&line, 1 << 20);
    buf_append_string(&line, "{");
    for (int i = 0; i < 2 * NAMES; i++) {
        buf_append_format(&line, "%s\"name%d\":%d", i > 0 ? "," : "", i % NAMES, i);
    }
    buf_append_string(&line, "}");
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    assert_int_equal(parse_case_run(&c, buf_slice(&line)), PARSE_OK);
    assert_int_equal(c.record.fields.count, 3 * NAMES);
    for (uint32_t i = 0; i < NAMES; i++) {
        const struct field *field = &c.record.fields.items[3 * i];
        assert_int_equal(field->flags, FIELD_REPEATED);
        assert_int_equal(field[1].value.i, i);
        assert_int_equal(field[2].value.i, i + NAMES);
    }
    parse_case_fini(&c);
    buf_fini(&line);
}

static void a_line_cut_anywhere_is_refused_within_its_bounds(void **state)
{
    (void)state;
    static const struct slice line = SLICE(
        "{\"time\":\"2026-05-11T02:14:33Z\",\"n\":-12.5e-3,\"big\":18446744073709551616,"
        "\"caf\xc3\xa9\":\"\\u00e9 \\ud83e\\uddf6 \xf0\x9f\xa7\xb6 and a long tail of forty "
        "characters\",\"o\":{\"a\":[true,false,null,{}],\"b\":{\"c\":{}}},\"ok\":true}");
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    assert_int_equal(parse_case_run(&c, driver_guarded(line)), PARSE_OK);
    for (size_t len = 0; len < line.len; len++) {
        struct slice cut = driver_guarded(slice_make(line.data, len));
        assert_int_equal(parse_case_run(&c, cut), PARSE_NO);
    }
    for (size_t begin = 1; begin < line.len; begin++) {
        struct slice cut = driver_guarded(slice_skip(line, begin));
        assert_int_equal(parse_case_run(&c, cut), PARSE_NO);
    }
    /* … and with an end that looks right */
    for (size_t len = 1; len < line.len; len++) {
        char text[512];
        memcpy(text, line.data, len);
        text[len] = '}';
        parse_case_run(&c, driver_guarded(slice_make(text, len + 1)));
    }
    parse_case_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_keep_their_type_and_every_digit),
        cmocka_unit_test(strings_are_unescaped_and_nothing_is_lost),
        cmocka_unit_test(almost_json_is_refused),
        cmocka_unit_test(repeated_names_become_an_array_at_every_level),
        cmocka_unit_test(raw_text_of_every_value_is_kept),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(full_tables_and_arenas_are_limits),
        cmocka_unit_test(a_large_object_is_merged_whole),
        cmocka_unit_test(a_line_cut_anywhere_is_refused_within_its_bounds),
    };
    return driver_run("json", tests, ARRAY_LEN(tests));
}

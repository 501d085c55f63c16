/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "otlp/nesting.h"
#include "parse_case.h"
#include "parsers/parsers.h"

enum { TEXT_MAX = 1 << 16 };

/* The text of the first member's value, whatever the room. */
static void assert_text(struct parse_case *c, struct slice line, struct slice expected)
{
    assert_int_equal(parse_case_run(c, line), PARSE_OK);
    for (size_t room = 0; room <= expected.len; room++) {
        struct buf out;
        buf_init(&out, room);
        bool fits = nesting_write_text(c->record.fields.items, 0, &out);
        assert_int_equal(fits, room == expected.len);
        if (fits) {
            assert_slice_equal(buf_slice(&out), expected);
        }
        buf_fini(&out);
    }
}

static void the_text_is_that_of_the_line(void **state)
{
    (void)state;
    static const struct {
        struct slice value;
        struct slice text; /* no data: the same */
    } cases[] = {
        {SLICE("{}"), {NULL, 0}},
        {SLICE("[]"), {NULL, 0}},
        {SLICE("{\"b\":[1,{\"c\":null},true,false,\"x\"],\"d\":{}}"), {NULL, 0}},
        {SLICE("[9223372036854775807,-9223372036854775808,18446744073709551616]"), {NULL, 0}},
        {SLICE("[1.50,1e3,-0.0,-0,1E+05,123e-10000000,1e400,0.30000000000000004]"), {NULL, 0}},
        {SLICE("[0.1234567890123456789012345678901234567890]"), {NULL, 0}},
        {SLICE("[\"\\\"\\\\\\n\\u0000\",\"\xc3\xa9\"]"), {NULL, 0}},
        {SLICE("{\"a\\\"\\n\":1}"), {NULL, 0}},
        {SLICE("[\"\\ud800\",\"a\\udfff\\n\\\"b\\udbffc\"]"), {NULL, 0}},
        {SLICE("[\"\xff\\n\"]"), {NULL, 0}},
        {SLICE("[ 1 , { \"a\" : 2 } ]"), SLICE("[1,{\"a\":2}]")},
        {SLICE("{\"a\":1,\"a\":{\"a\":2}}"), SLICE("{\"a\":[1,{\"a\":2}]}")},
        {SLICE("{\"\":1}"), SLICE("{\"_\":1}")},
    };
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf line;
        buf_init(&line, TEXT_MAX);
        assert_true(buf_append_string(&line, "{\"a\":") && buf_append_slice(&line, cases[i].value) &&
                    buf_append_string(&line, "}"));
        assert_text(&c, buf_slice(&line), cases[i].text.data != NULL ? cases[i].text
                                                                     : cases[i].value);
        buf_fini(&line);
    }
    parse_case_fini(&c);
}

/* What a filter has taken away, or made a number of some other text. */
static void it_has_what_is_left(void **state)
{
    (void)state;
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    assert_int_equal(parse_case_run(&c, SLICE("{\"a\":{\"b\":1,\"c\":2.5,\"d\":3.5,\"e\":4}}")),
                     PARSE_OK);
    struct field *items = c.record.fields.items;
    items[1].flags |= FIELD_REMOVED;
    items[2].text = ".5"; /* as a filter's `convert` may leave it */
    items[2].text_len = 2;
    items[2].value.d = 0.5;
    items[3].kind = FIELD_NUMBER;
    items[3].text = "1 000";
    items[3].text_len = 5;
    items[4].flags |= FIELD_MOVED;
    struct buf out;
    buf_init(&out, TEXT_MAX);
    assert_true(nesting_write_text(items, 0, &out));
    assert_slice_equal(buf_slice(&out), SLICE("{\"c\":0.5,\"d\":\"1 000\"}"));
    buf_fini(&out);
    parse_case_fini(&c);
}

static void the_option_lowers_the_levels_but_never_lifts_them(void **state)
{
    (void)state;
    static const struct {
        uint64_t depth_max;
        uint32_t levels; /* below the line */
    } cases[] = {{0, 31}, {1, 0}, {2, 1}, {31, 30}, {32, 31}, {33, 31}, {1024, 31}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(nesting_levels(cases[i].depth_max), cases[i].levels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_that_of_the_line),
        cmocka_unit_test(it_has_what_is_left),
        cmocka_unit_test(the_option_lowers_the_levels_but_never_lifts_them),
    };
    return driver_run("nesting", tests, ARRAY_LEN(tests));
}

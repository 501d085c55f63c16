/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include "input/journal_entry.h"
#include "parse_case.h"
#include "parsers/journal_message.h"
#include "parsers/parsers.h"

enum { FIELDS_MAX = 4 };

/* ---- entries as lines ---- */

static const struct {
    const char *message; /* NULL: none */
    const char *fields[FIELDS_MAX];
    const char *line; /* behind the time */
} entries[] = {
    {NULL, {NULL}, "}"},
    {"", {NULL}, ",\"MESSAGE\":\"\"}"},
    {"a \"b\" \\ \n\x01 \xc3\xa4", {NULL}, ",\"MESSAGE\":\"a \\\"b\\\" \\\\ \\n\\u0001 \xc3\xa4\"}"},
    {"\xc2" "9 \xc2 \xff\xc2\x85", {NULL}, ",\"MESSAGE\":\"\xc2" "9 \xc2 \xff\\u0085\"}"},
    {"m", {"PRIORITY=6", "X_Y=a=b"}, ",\"MESSAGE\":\"m\",\"PRIORITY\":\"6\",\"X_Y\":\"a=b\"}"},
    {NULL, {"X=1", "X=2", "X="}, ",\"X\":\"1\",\"X\":\"2\",\"X\":\"\"}"},
    {NULL, {"no field", "A=1"}, ",\"A\":\"1\"}"},
    {NULL,
     {"_PID=4711", "_EXE=/bin/a", "_CMDLINE=a -b", "_HOSTNAME=h"},
     ",\"process.pid\":4711,\"process.executable.path\":\"/bin/a\","
     "\"process.command_line\":\"a -b\",\"host.name\":\"h\"}"},
    {NULL,
     {"SYSLOG_FACILITY=3", "CODE_FILE=a.c", "CODE_LINE=12", "CODE_FUNC=f"},
     ",\"syslog.facility.code\":3,\"code.file.path\":\"a.c\",\"code.line.number\":12,"
     "\"code.function.name\":\"f\"}"},
    {NULL,
     {"_PID=", "_PID=012", "_PID=-1", "_PID=12x"},
     ",\"process.pid\":\"\",\"process.pid\":\"012\",\"process.pid\":\"-1\","
     "\"process.pid\":\"12x\"}"},
    {NULL,
     {"_PID=0", "_PID=999999999999999999", "_PID=9999999999999999999"},
     ",\"process.pid\":0,\"process.pid\":999999999999999999,"
     "\"process.pid\":\"9999999999999999999\"}"},
};

static bool write_entry(struct buf *line, const char *message, const char *const *fields)
{
    bool is_whole = journal_entry_begin(line, 1778465673000000, slice_from_string(message));
    for (size_t i = 0; i < FIELDS_MAX && fields[i] != NULL; i++) {
        is_whole &= journal_entry_add(line, slice_from_string(fields[i]));
    }
    journal_entry_end(line);
    return is_whole;
}

static void an_entry_becomes_one_json_object(void **state)
{
    (void)state;
    struct buf line;
    buf_init(&line, 1 << 16);
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        assert_true(write_entry(&line, entries[i].message, entries[i].fields));
        char *expected =
            mem_format("{\"__REALTIME_TIMESTAMP\":\"1778465673000000\"%s", entries[i].line);
        assert_slice_equal(buf_slice(&line), slice_from_string(expected));
        free(expected);
    }
    buf_fini(&line);
}

/* At every limit it is one object, and says whether it is all of it. */
static void what_does_not_fit_is_left_out_and_said(void **state)
{
    (void)state;
    static const char *const fields[FIELDS_MAX] = {"LONG=0123456789abcdef", "B=\"\"", "C=1"};
    const char *message = "\xc3\xa4\xc3\xb6\xc3\xbc and \"more\" of it";
    struct buf whole;
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    buf_init(&whole, 1 << 16);
    assert_true(write_entry(&whole, message, fields));
    for (size_t limit = 45; limit <= whole.len; limit++) {
        struct buf line;
        buf_init(&line, limit);
        assert_int_equal(write_entry(&line, message, fields), limit >= whole.len);
        assert_true(line.len <= limit);
        assert_int_equal(parse_case_run(&c, buf_slice(&line)), PARSE_OK);
        const struct field *text = fields_find(&c.record.fields, SLICE("MESSAGE"));
        assert_true(text == NULL || (text->kind == FIELD_STRING &&
                                     slice_has_prefix(slice_from_string(message), field_text(text))));
        buf_fini(&line);
    }
    parse_case_fini(&c);
    buf_fini(&whole);
}

/* ---- what the message says ---- */

#define ENTRY(message) "{\"MESSAGE\":" message ",\"PRIORITY\":\"6\",\"A\":[1,{\"b\":2}]}"
#define REST           "\"PRIORITY\":\"6\",\"A\":[i1,{\"b\":i2}]}"

static const struct {
    const char *line;
    enum parse_format format;
    enum record_format expected_format;
    const char *expected;
} messages[] = {
    {ENTRY("\"hi\""), PARSE_FORMAT_AUTO, FORMAT_JSON, "{\"MESSAGE\":\"hi\"," REST},
    {ENTRY("\"{\\\"msg\\\":\\\"a\\\\n\\\",\\\"n\\\":{\\\"x\\\":1}}\""), PARSE_FORMAT_AUTO, FORMAT_JSON,
     "{\"msg\":\"a\\x0a\",\"n\":{\"x\":i1}," REST},
    {ENTRY("\" {\\\"n\\\":1} \""), PARSE_FORMAT_JSON, FORMAT_JSON, "{\"n\":i1," REST},
    {ENTRY("\"{}\""), PARSE_FORMAT_AUTO, FORMAT_JSON, "{" REST},
    {ENTRY("\"{\\\"n\\\":1\""), PARSE_FORMAT_AUTO, FORMAT_JSON,
     "{\"MESSAGE\":\"{\\x22n\\x22:1\"," REST},
    {ENTRY("\"[1]\""), PARSE_FORMAT_AUTO, FORMAT_JSON, "{\"MESSAGE\":\"[1]\"," REST},
    {ENTRY("\"level=info msg=\\\"a b\\\"\""), PARSE_FORMAT_AUTO, FORMAT_LOGFMT,
     "{\"level\":\"info\",\"msg\":\"a b\"," REST},
    {ENTRY("\"level=info msg=b\""), PARSE_FORMAT_LOGFMT, FORMAT_LOGFMT,
     "{\"level\":\"info\",\"msg\":\"b\"," REST},
    {ENTRY("\"level=info msg=b\""), PARSE_FORMAT_JSON, FORMAT_JSON,
     "{\"MESSAGE\":\"level=info msg=b\"," REST},
    {ENTRY("\"{\\\"n\\\":1}\""), PARSE_FORMAT_LOGFMT, FORMAT_JSON,
     "{\"MESSAGE\":\"{\\x22n\\x22:1}\"," REST},
    {ENTRY("\"{\\\"n\\\":1}\""), PARSE_FORMAT_TEXT, FORMAT_JSON,
     "{\"MESSAGE\":\"{\\x22n\\x22:1}\"," REST},
    {ENTRY("\"{\\\"PRIORITY\\\":3,\\\"MESSAGE\\\":\\\"m\\\"}\""), PARSE_FORMAT_AUTO, FORMAT_JSON,
     "{\"PRIORITY\":*[i3,\"6\"],\"MESSAGE\":\"m\",\"A\":[i1,{\"b\":i2}]}"},
    {"{\"MESSAGE\":\"{}\",\"MESSAGE\":\"{}\"}", PARSE_FORMAT_AUTO, FORMAT_JSON,
     "{\"MESSAGE\":*[\"{}\",\"{}\"]}"},
    {"{\"A\":1}", PARSE_FORMAT_AUTO, FORMAT_JSON, "{\"A\":i1}"},
};

static void a_message_that_is_a_line_of_fields_gives_its_fields(void **state)
{
    (void)state;
    struct parse_case c;
    struct fields entry;
    parse_case_init(&c, &parser_json);
    fields_init(&entry, CASE_FIELDS_MAX);
    for (size_t i = 0; i < 3 * ARRAY_LEN(messages); i++) {
        size_t at = i % ARRAY_LEN(messages);
        struct slice line = driver_guarded(slice_from_string(messages[at].line));
        record_begin(&c.record);
        assert_int_equal(journal_message_parse(line, messages[at].format, &c.limits, &entry,
                                               &c.record),
                         PARSE_OK);
        assert_slice_equal(parse_case_dump(&c), slice_from_string(messages[at].expected));
        assert_int_equal(c.record.format, messages[at].expected_format);
        assert_null(c.record.fields.shape);
    }
    fields_fini(&entry);
    parse_case_fini(&c);
}

/* Six fields of an entry, four of its message: with less room the message is a text. */
static void an_empty_message_that_does_not_fit_is_said_to_be_missing(void **state)
{
    (void)state;
    struct buf line;
    buf_init(&line, 50);
    assert_false(journal_entry_begin(&line, 1778465673000000, SLICE("")));
    journal_entry_end(&line);
    buf_fini(&line);
}

static void a_message_without_room_for_its_fields_stays_a_text(void **state)
{
    (void)state;
    struct slice line =
        SLICE("{\"MESSAGE\":\"{\\\"a\\\":1,\\\"b\\\":2,\\\"c\\\":3}\",\"A\":1,\"B\":2,\"C\":3}");
    for (uint32_t max = 1; max < 8; max++) {
        struct arena arena;
        struct fields entry;
        struct record record = {.arena = &arena};
        const struct parse_limits limits = {.depth_max = 8};
        arena_init(&arena, 1 << 16);
        fields_init(&entry, max);
        fields_init(&record.fields, max);
        enum parse_result result =
            journal_message_parse(line, PARSE_FORMAT_AUTO, &limits, &entry, &record);
        assert_int_equal(result, max < 4 ? PARSE_LIMIT : PARSE_OK);
        assert_int_equal(record.fields.count, max < 4 ? 0 : max < 6 ? 4 : 6);
        fields_fini(&entry);
        fields_fini(&record.fields);
        arena_fini(&arena);
    }
}

static void a_unit_of_a_service_has_a_name(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"shop.service", "shop"}, {"shop@eu.service", "shop"}, {"a.b.service", "a.b"},
        {"init.scope", ""},       {".service", ""},           {"shop", ""},
        {"@x.service", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fields fields;
        fields_init(&fields, 2);
        assert_int_equal(journal_message_unit(&fields).len, 0);
        assert_true(fields_add_string(&fields, SLICE("_SYSTEMD_UNIT"),
                                      slice_from_string(rows[i][0])));
        assert_slice_equal(journal_message_unit(&fields), slice_from_string(rows[i][1]));
        fields_fini(&fields);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_becomes_one_json_object),
        cmocka_unit_test(what_does_not_fit_is_left_out_and_said),
        cmocka_unit_test(an_empty_message_that_does_not_fit_is_said_to_be_missing),
        cmocka_unit_test(a_message_that_is_a_line_of_fields_gives_its_fields),
        cmocka_unit_test(a_message_without_room_for_its_fields_stays_a_text),
        cmocka_unit_test(a_unit_of_a_service_has_a_name),
    };
    return driver_run("journal", tests, ARRAY_LEN(tests));
}

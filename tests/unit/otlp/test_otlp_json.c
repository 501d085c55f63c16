/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/json_write.h"
#include "otlp/record_json.h"

enum {
    ROOM = 1 << 20
};

static char *text(const char *constant)
{
    return (char *)(uintptr_t)constant;
}

static void a_string_is_escaped_where_json_demands_it(void **state)
{
    (void)state;
    static const struct {
        struct slice in;
        const char *expected;
    } cases[] = {
        {{"", 0}, "\"\""},
        {{"plain", 5}, "\"plain\""},
        {{"\"\\/", 3}, "\"\\\"\\\\/\""},
        {{"\b\f\n\r\t", 5}, "\"\\b\\f\\n\\r\\t\""},
        {{"a\0b", 3}, "\"a\\u0000b\""},
        {{"\x01\x1f\x7f", 3}, "\"\\u0001\\u001f\\u007f\""},
        {{"\xc2\x9b" "31m\xc2\xa0\xc2", 8}, "\"\\u009b31m\xc2\xa0\xc2\""},
        {{"gr\xc3\xbc\xf0\x9f\xa7\xb6", 8}, "\"gr\xc3\xbc\xf0\x9f\xa7\xb6\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;
        buf_init(&out, ROOM);
        assert_true(json_write_string(&out, driver_guarded(cases[i].in)));
        assert_slice_equal(buf_slice(&out), slice_from_string(cases[i].expected));
        buf_fini(&out);
    }
}

static void a_double_is_as_short_as_it_reads_back(void **state)
{
    (void)state;
    static const struct {
        double in;
        const char *expected;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "-0.0"},
        {1.0, "1"},
        {0.1, "0.1"},
        {-1.5, "-1.5"},
        {1e21, "1e+21"},
        {1626175065.5934923, "1626175065.5934923"},
        {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {1.0 / 3.0, "0.3333333333333333"},
        {123456789012345678.0, "1.2345678901234568e+17"},
        {(double)NAN, "\"NaN\""},
        {(double)INFINITY, "\"Infinity\""},
        {(double)-INFINITY, "\"-Infinity\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;
        buf_init(&out, ROOM);
        assert_true(json_write_double(&out, cases[i].in));
        assert_slice_equal(buf_slice(&out), slice_from_string(cases[i].expected));
        buf_fini(&out);
    }
}

static void integers_bytes_and_ids_have_their_form(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, ROOM);
    assert_true(json_write_int64(&out, INT64_MIN));
    assert_true(json_write_int64(&out, INT64_MAX));
    assert_true(json_write_uint64(&out, UINT64_MAX));
    assert_true(json_write_base64(&out, SLICE("")));
    assert_true(json_write_base64(&out, SLICE("f")));
    assert_true(json_write_base64(&out, SLICE("fo")));
    assert_true(json_write_base64(&out, SLICE("foo")));
    assert_true(json_write_base64(&out, SLICE("\xff\xfe\xfd\xfc")));
    assert_true(json_write_hex(&out, SLICE("\x00\xaf\x10")));
    assert_slice_equal(buf_slice(&out),
                       SLICE("\"-9223372036854775808\"\"9223372036854775807\""
                             "\"18446744073709551615\"\"\"\"Zg==\"\"Zm8=\"\"Zm9v\"\"//79/A==\""
                             "\"00af10\""));
    buf_fini(&out);
}

/* A field with everything that one test needs. */
static struct field field_of(const char *key, enum field_kind kind, const char *value)
{
    return (struct field){.key = key,
                          .key_len = key != NULL ? (uint32_t)strlen(key) : 0,
                          .kind = (uint8_t)kind,
                          .text = value,
                          .text_len = value != NULL ? (uint32_t)strlen(value) : 0};
}

/* Fill in `next` for a table of scalars. */
static void number_fields(struct field *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        items[i].next = i + 1;
    }
}

static void assert_written(const struct record *record, const struct settings *settings,
                           const char *expected)
{
    struct buf out;
    buf_init(&out, ROOM);
    assert_true(otlp_json_write_record(record, settings, &out));
    assert_slice_equal(buf_slice(&out), slice_from_string(expected));
    size_t whole = out.len;
    buf_fini(&out);
    for (size_t limit = 0; limit < whole; limit++) {
        buf_init(&out, limit);
        assert_false(otlp_json_write_record(record, settings, &out));
        buf_fini(&out);
    }
}

static void a_record_without_anything_is_short(void **state)
{
    (void)state;
    struct source source = {0};
    struct settings settings = {0};
    struct record record = {.source = &source, .body_field = NO_FIELD, .trace_class = TRACE_ABSENT};
    assert_written(&record, &settings,
                   "{\"attributes\":[],\"resource\":{\"attributes\":[{\"key\":\"service.name\","
                   "\"value\":{\"stringValue\":\"unknown_service\"}}]},"
                   "\"clew\":{\"format\":\"text\",\"trace_class\":\"absent\",\"also\":[]}}");
}

static void every_part_of_a_record_is_written(void **state)
{
    (void)state;
    struct attribute of_source[] = {
        {.key = text("n"), .number = -3, .is_int = true},
        {.key = text("tags"), .value = text("v2"), .is_list = true},
    };
    struct source source = {.attributes = of_source, .attribute_count = ARRAY_LEN(of_source)};
    struct settings settings = {0};
    struct record record = {
        .source = &source,
        .iostream = IOSTREAM_STDOUT,
        .service = SLICE("checkout"),
        .format = FORMAT_JSON,
        .time_ns = 1746929673221000000U,
        .observed_time_ns = UINT64_MAX,
        .severity_number = 17,
        .severity_text = SLICE("ERROR"),
        .has_body_text = true,
        .body_text = SLICE("caf\xc3\xa9 \"x\""),
        .body_field = NO_FIELD,
        .dropped_attributes = 2,
        .has_flags = true,
        .flags = 1,
        .has_trace_id = true,
        .trace_id = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e,
                     0x0e, 0x47, 0x36},
        .has_span_id = true,
        .span_id = {0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7},
        .trace_class = TRACE_UNSAMPLED,
        .also = UINT64_C(1) << TRACE_VENDOR_FORMAT | UINT64_C(1) << NOTE_UUID,
    };
    assert_written(
        &record, &settings,
        "{\"timeUnixNano\":\"1746929673221000000\","
        "\"observedTimeUnixNano\":\"18446744073709551615\",\"severityNumber\":17,"
        "\"severityText\":\"ERROR\",\"body\":{\"stringValue\":\"caf\xc3\xa9 \\\"x\\\"\"},"
        "\"attributes\":[{\"key\":\"log.iostream\",\"value\":{\"stringValue\":\"stdout\"}}],"
        "\"droppedAttributesCount\":2,\"flags\":1,"
        "\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"00f067aa0ba902b7\","
        "\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":"
        "\"checkout\"}},{\"key\":\"n\",\"value\":{\"intValue\":\"-3\"}},{\"key\":\"tags\",\"value\":"
        "{\"arrayValue\":{\"values\":[{\"stringValue\":\"v2\"}]}}}]},"
        "\"clew\":{\"format\":\"json\",\"trace_class\":\"unsampled\","
        "\"also\":[\"vendor_format\",\"uuid\"]}}");
}

/* Only the members that tell, of a record with these fields. */
static void assert_attributes(struct field *items, uint32_t count, const char *expected)
{
    struct source source = {0};
    struct settings settings = {0};
    struct record record = {.source = &source,
                            .body_field = NO_FIELD,
                            .trace_class = TRACE_ABSENT,
                            .fields = {.items = items, .count = count}};
    struct buf out;
    buf_init(&out, ROOM);
    assert_true(otlp_json_write_record(&record, &settings, &out));
    char *whole = buf_take(&out);
    char *end = strstr(whole, ",\"resource\":");
    assert_non_null(end);
    *end = '\0';
    assert_string_equal(whole, expected);
    free(whole);
}

static void every_kind_of_field_keeps_its_type(void **state)
{
    (void)state;
    struct field items[] = {
        field_of("null", FIELD_NULL, "null"),
        field_of("true", FIELD_BOOL, "true"),
        field_of("int", FIELD_INT, "-9223372036854775808"),
        field_of("double", FIELD_DOUBLE, "0.10"),
        field_of("number", FIELD_NUMBER, "18446744073709551616"),
        field_of("string", FIELD_STRING, "a\nb"),
        field_of("", FIELD_BYTES, "\xff\x01"),
        field_of("moved", FIELD_STRING, "x"),
        field_of("removed", FIELD_STRING, "x"),
    };
    items[1].value.b = true;
    items[2].value.i = INT64_MIN;
    items[3].value.d = 0.1;
    items[7].flags = FIELD_MOVED;
    items[8].flags = FIELD_REMOVED;
    number_fields(items, ARRAY_LEN(items));
    assert_attributes(items, ARRAY_LEN(items),
                      "{\"attributes\":[{\"key\":\"null\",\"value\":{}},"
                      "{\"key\":\"true\",\"value\":{\"boolValue\":true}},"
                      "{\"key\":\"int\",\"value\":{\"intValue\":\"-9223372036854775808\"}},"
                      "{\"key\":\"double\",\"value\":{\"doubleValue\":0.1}},"
                      "{\"key\":\"number\",\"value\":{\"stringValue\":\"18446744073709551616\"}},"
                      "{\"key\":\"string\",\"value\":{\"stringValue\":\"a\\nb\"}},"
                      "{\"key\":\"\",\"value\":{\"bytesValue\":\"/wE=\"}}]");
}

static void containers_nest(void **state)
{
    (void)state;
    struct field items[] = {
        field_of("o", FIELD_OBJECT, NULL), /* {"a":[1,{},"x"],"gone":…,"e":[]} */
        field_of("a", FIELD_ARRAY, NULL),    field_of(NULL, FIELD_INT, "1"),
        field_of(NULL, FIELD_OBJECT, NULL),  field_of(NULL, FIELD_STRING, "x"),
        field_of("gone", FIELD_STRING, "y"), field_of("e", FIELD_ARRAY, NULL),
        field_of("z", FIELD_BOOL, "false"),
    };
    number_fields(items, ARRAY_LEN(items));
    items[0].next = 7;
    items[1].next = 5;
    items[2].value.i = 1;
    items[5].flags = FIELD_MOVED;
    assert_attributes(items, ARRAY_LEN(items),
                      "{\"attributes\":[{\"key\":\"o\",\"value\":{\"kvlistValue\":{\"values\":["
                      "{\"key\":\"a\",\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},"
                      "{\"kvlistValue\":{\"values\":[]}},{\"stringValue\":\"x\"}]}}},"
                      "{\"key\":\"e\",\"value\":{\"arrayValue\":{\"values\":[]}}}]}}},"
                      "{\"key\":\"z\",\"value\":{\"boolValue\":false}}]");
}

static void a_body_is_text_bytes_or_a_field(void **state)
{
    (void)state;
    struct source source = {0};
    struct settings settings = {0};
    struct field items[] = {field_of("message", FIELD_OBJECT, NULL), field_of("a", FIELD_NULL, "")};
    items[0].next = 2;
    items[0].flags = FIELD_MOVED;
    items[1].next = 2;
    static const struct {
        bool is_text;
        struct slice text;
        const char *expected;
    } cases[] = {
        {true, {"", 0}, "{\"body\":{\"stringValue\":\"\"},\"attributes\":[]"},
        {true, {"\xff", 1}, "{\"body\":{\"bytesValue\":\"/w==\"},\"attributes\":[]"},
        {false,
         {"", 0},
         "{\"body\":{\"kvlistValue\":{\"values\":[{\"key\":\"a\",\"value\":{}}]}},"
         "\"attributes\":[]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct record record = {.source = &source,
                                .trace_class = TRACE_ABSENT,
                                .has_body_text = cases[i].is_text,
                                .body_text = cases[i].text,
                                .body_field = cases[i].is_text ? NO_FIELD : 0,
                                .fields = {.items = items, .count = 2}};
        struct buf out;
        buf_init(&out, ROOM);
        assert_true(otlp_json_write_record(&record, &settings, &out));
        assert_true(slice_has_prefix(buf_slice(&out), slice_from_string(cases[i].expected)));
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_is_escaped_where_json_demands_it),
        cmocka_unit_test(a_double_is_as_short_as_it_reads_back),
        cmocka_unit_test(integers_bytes_and_ids_have_their_form),
        cmocka_unit_test(a_record_without_anything_is_short),
        cmocka_unit_test(every_part_of_a_record_is_written),
        cmocka_unit_test(every_kind_of_field_keeps_its_type),
        cmocka_unit_test(containers_nest),
        cmocka_unit_test(a_body_is_text_bytes_or_a_field),
    };
    return driver_run("otlp_json", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "record/extra_attributes.h"

static struct source plain_source(void)
{
    return (struct source){.path = (char *)(uintptr_t) "/var/log/app.log"};
}

static char *text(const char *constant)
{
    return (char *)(uintptr_t)constant;
}

static const struct field *find(const struct extra_attributes *extra, struct slice key)
{
    for (size_t i = 0; i < extra->count; i++) {
        if (slice_is_equal(field_key(&extra->items[i]), key)) {
            return &extra->items[i];
        }
    }
    return NULL;
}

static void a_line_is_named_by_its_file_and_its_offset(void **state)
{
    (void)state;
    struct source source = plain_source();
    struct record record = {.source = &source, .file_hash = 0x0123456789abcdefU, .offset = 255};
    struct extra_attributes extra;
    extra_attributes_fill(&record, &extra);
    assert_int_equal(extra.count, 2);
    assert_slice_equal(field_text(find(&extra, SLICE("log.file.path"))), SLICE("/var/log/app.log"));
    assert_slice_equal(field_text(find(&extra, SLICE("log.record.uid"))),
                       SLICE("0123456789abcdef00000000000000ff"));
}

static void each_marker_is_told_when_it_holds(void **state)
{
    (void)state;
    struct source source = {0};
    struct record record = {.source = &source};
    struct extra_attributes extra;
    extra_attributes_fill(&record, &extra);
    assert_int_equal(extra.count, 0);

    record.iostream = IOSTREAM_STDERR;
    record.malformed = true;
    record.truncated = true;
    record.time_zone_assumed = true;
    record.has_trace_id = true;
    record.also = UINT64_C(1) << NOTE_LOW64;
    extra_attributes_fill(&record, &extra);
    assert_int_equal(extra.count, 5);
    assert_slice_equal(field_text(find(&extra, SLICE("log.iostream"))), SLICE("stderr"));
    static const char *const markers[] = {"clew.frame.malformed", "clew.record.truncated",
                                          "clew.trace.low64", "clew.time.zone_assumed"};
    for (size_t i = 0; i < ARRAY_LEN(markers); i++) {
        const struct field *field = find(&extra, slice_from_string(markers[i]));
        assert_non_null(field);
        assert_int_equal(field->kind, FIELD_BOOL);
        assert_true(field->value.b);
    }
}

static void the_lines_own_attribute_wins(void **state)
{
    (void)state;
    struct source source = plain_source();
    struct field own[] = {
        {.key = "a", .key_len = 1, .kind = FIELD_OBJECT, .next = 2},
        {.key = "log.iostream", .key_len = 12, .kind = FIELD_STRING, .next = 2}, /* nested */
        {.key = "log.file.path", .key_len = 13, .kind = FIELD_STRING, .next = 3},
    };
    struct record record = {
        .source = &source, .iostream = IOSTREAM_STDOUT, .fields = {.items = own, .count = 3}};
    struct extra_attributes extra;
    extra_attributes_fill(&record, &extra);
    assert_null(find(&extra, SLICE("log.file.path")));
    assert_non_null(find(&extra, SLICE("log.iostream")));
    own[2].flags = FIELD_REMOVED;
    extra_attributes_fill(&record, &extra);
    assert_non_null(find(&extra, SLICE("log.file.path")));
}

static void a_path_that_is_not_utf8_is_bytes(void **state)
{
    (void)state;
    struct source source = {.path = text("/var/log/\xff.log")};
    struct record record = {.source = &source};
    struct extra_attributes extra;
    extra_attributes_fill(&record, &extra);
    assert_int_equal(find(&extra, SLICE("log.file.path"))->kind, FIELD_BYTES);
}

static void the_nearest_service_name_is_taken(void **state)
{
    (void)state;
    struct key_value in_resource = {text("service.name"), text("of resource")};
    static const struct {
        const char *line, *source, *settings, *resource, *expected;
    } cases[] = {
        {"of line", "of source", "of settings", "of resource", "of line"},
        {"", "of source", "of settings", "of resource", "of source"},
        {"", NULL, "of settings", "of resource", "of settings"},
        {"", "", NULL, "of resource", "of resource"},
        {"", NULL, "", NULL, "unknown_service"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source source = {.default_service = text(cases[i].source)};
        struct settings settings = {.service = text(cases[i].settings)};
        settings.resource = (struct key_value_list){&in_resource, cases[i].resource != NULL};
        struct record record = {.source = &source, .service = slice_from_string(cases[i].line)};
        assert_slice_equal(resource_service_name(&record, &settings),
                           slice_from_string(cases[i].expected));
    }
}

static void a_resource_has_every_key_once(void **state)
{
    (void)state;
    struct attribute of_source[] = {
        {.key = text("k8s.pod.name"), .value = text("checkout-7d9f")},
        {.key = text("k8s.container.restart_count"), .number = 3, .is_int = true},
        {.key = text("service.namespace"), .value = text("of source")},
        {.key = text("container.image.tags"), .value = text("v2"), .is_list = true},
    };
    struct key_value of_settings[] = {
        {text("k8s.pod.name"), text("clew-x1")},
        {text("service.name"), text("clew")},
        {text("deployment.environment.name"), text("prod")},
        {text("deployment.environment.name"), text("again")},
    };
    struct source source = {.attributes = of_source, .attribute_count = ARRAY_LEN(of_source)};
    struct settings settings = {.resource = {of_settings, ARRAY_LEN(of_settings)}};
    struct record record = {.source = &source,
                            .service = SLICE("checkout"),
                            .service_namespace = SLICE("shop")};
    static const struct {
        struct slice key, text;
    } expected[] = {
        {SLICE("service.name"), SLICE("checkout")},
        {SLICE("service.namespace"), SLICE("shop")},
        {SLICE("k8s.pod.name"), SLICE("checkout-7d9f")},
        {SLICE("k8s.container.restart_count"), SLICE("")},
        {SLICE("container.image.tags"), SLICE("")},
        {SLICE("deployment.environment.name"), SLICE("prod")},
    };
    struct resource_walk walk = resource_walk_begin(&record, &settings);
    struct field fields[RESOURCE_FIELDS];
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_true(resource_walk_next(&walk, fields));
        assert_slice_equal(field_key(fields), expected[i].key);
        assert_slice_equal(field_text(fields), expected[i].text);
        assert_int_equal(fields[0].next, fields[0].kind == FIELD_ARRAY ? 2 : 1);
        if (fields[0].kind == FIELD_INT) {
            assert_int_equal(fields[0].value.i, 3);
        } else if (fields[0].kind == FIELD_ARRAY) {
            assert_slice_equal(field_text(&fields[1]), SLICE("v2"));
        }
    }
    assert_false(resource_walk_next(&walk, fields));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_named_by_its_file_and_its_offset),
        cmocka_unit_test(each_marker_is_told_when_it_holds),
        cmocka_unit_test(the_lines_own_attribute_wins),
        cmocka_unit_test(a_path_that_is_not_utf8_is_bytes),
        cmocka_unit_test(the_nearest_service_name_is_taken),
        cmocka_unit_test(a_resource_has_every_key_once),
    };
    return driver_run("extra_attributes", tests, ARRAY_LEN(tests));
}

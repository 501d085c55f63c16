/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include "audit_case.h"
#include "record/mask.h"

#define BIT(note) (UINT64_C(1) << (note))

/* A group of lines that shows each rule at work, and beside it how many records it explains. */
static const struct {
    const char *rule;
    uint64_t records;
    struct {
        struct audit_line line;
        size_t times;
    } lines[3];
} cases[] = {
    {"lost_hop",
     12,
     {{{.trace_class = TRACE_OK, .trace = 1, .logger = "web"}, 30},
      {{.trace_class = TRACE_PLACEHOLDER, .logger = "worker"}, 12}}},
    {"request_id",
     4,
     {{{.trace_class = TRACE_ABSENT, .also = BIT(NOTE_REQUEST_ID)}, 4},
      {{.trace_class = TRACE_ABSENT}, 5}}},
    {"vendor_format",
     6,
     {{{.trace_class = TRACE_VENDOR_FORMAT, .trace = 1}, 6},
      {{.trace_class = TRACE_VENDOR_FORMAT, .trace = 2, .also = BIT(NOTE_LOW64)}, 1}}},
    {"no_active_span",
     10,
     {{{.trace_class = TRACE_OK, .trace = 1}, 90}, {{.trace_class = TRACE_PLACEHOLDER}, 10}}},
    {"outside_span",
     10,
     {{{.trace_class = TRACE_OK, .trace = 1}, 90}, {{.trace_class = TRACE_ABSENT}, 10}}},
    {"not_instrumented", 9, {{{.trace_class = TRACE_ABSENT}, 9}}},
    {"message_only", 9, {{{.trace_class = TRACE_MESSAGE_ONLY, .trace = 1}, 9}}},
    {"all_zero", 3, {{{.trace_class = TRACE_ALL_ZERO}, 3}}},
    {"malformed_length", 3, {{{.trace_class = TRACE_MALFORMED_LENGTH}, 3}}},
    {"repaired",
     3,
     {{{.trace_class = TRACE_MALFORMED_LENGTH, .trace = 1, .also = BIT(NOTE_REPAIRED)}, 3}}},
    {"non_hex", 3, {{{.trace_class = TRACE_NON_HEX}, 3}}},
    {"malformed_other", 3, {{{.trace_class = TRACE_MALFORMED_OTHER}, 3}}},
    {"numeric_precision",
     3,
     {{{.trace_class = TRACE_MALFORMED_OTHER, .also = BIT(NOTE_NUMERIC_PRECISION)}, 3}}},
    {"vendor_opaque", 3, {{{.trace_class = TRACE_VENDOR_OPAQUE}, 3}}},
    {"span_without_trace", 3, {{{.trace_class = TRACE_SPAN_WITHOUT_TRACE}, 3}}},
    {"trace_without_span", 3, {{{.trace_class = TRACE_TRACE_WITHOUT_SPAN, .trace = 1}, 3}}},
    {"conflict", 3, {{{.trace_class = TRACE_CONFLICT, .trace = 1}, 3}}},
    {"constant_id",
     120,
     {{{.trace_class = TRACE_OK, .trace = 7}, 120}, {{.trace_class = TRACE_OK, .trace = 8}, 20}}},
    {"unsampled",
     6,
     {{{.trace_class = TRACE_UNSAMPLED, .trace = 1}, 6},
      {{.trace_class = TRACE_OK, .trace = 2}, 4}}},
    {"sampling_unknown",
     5,
     {{{.trace_class = TRACE_OK, .trace = 1, .also = BIT(NOTE_SAMPLING_UNKNOWN)}, 5}}},
    {"low64", 5, {{{.trace_class = TRACE_VENDOR_FORMAT, .trace = 1, .also = BIT(NOTE_LOW64)}, 5}}},
    {"uuid", 5, {{{.trace_class = TRACE_VENDOR_FORMAT, .trace = 1, .also = BIT(NOTE_UUID)}, 5}}},
};

static const struct audit_hint *find_hint(const struct audit_entry *entry, const char *rule)
{
    for (size_t i = 0; i < entry->hint_count; i++) {
        if (strcmp(entry->hints[i].rule, rule) == 0) {
            return &entry->hints[i];
        }
    }
    return NULL;
}

static struct audit_report *report_of(struct audit_settings *settings, struct audit *audit,
                                      size_t index)
{
    struct source *source = source_new("a.log", "files", 1);
    const enum audit_dimension by[] = {AUDIT_BY_SEVERITY, AUDIT_BY_LOGGER};
    settings->groups_max = 100;
    audit_break_down(audit, by, 2);
    audit_keep_samples(audit, 10000, true);
    for (size_t i = 0; i < ARRAY_LEN(cases[index].lines); i++) {
        struct audit_line line = cases[index].lines[i].line;
        line.source = source;
        line.service = "shop";
        line.text = "a line";
        audit_lines(audit, &line, cases[index].lines[i].times);
    }
    source_free(source);
    return audit_report_new(audit, &(struct audit_policy){0});
}

static void every_rule_speaks_where_its_gap_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct audit_settings settings = {.groups_max = 100};
        struct audit *audit = audit_new(&settings);
        struct audit_report *report = report_of(&settings, audit, i);
        const struct audit_hint *hint = find_hint(&report->entries[0], cases[i].rule);
        print_message("%s\n", cases[i].rule);
        assert_non_null(hint);
        assert_int_equal(hint->records, cases[i].records);
        assert_non_null(hint->cause);
        assert_non_null(hint->fix);
        if (hint->about < TRACE_CLASSES) {
            assert_string_equal(hint->sample, "a line");
        }
        audit_report_free(report);
        audit_free(audit);
    }
}

static void every_rule_has_its_test_and_its_section_in_the_documentation(void **state)
{
    (void)state;
    size_t len;
    char *text = driver_read_file("docs/coverage.md", &len);
    size_t count = 0;
    struct audit_hint hint;
    for (; audit_hint_describe(count, &hint); count++) {
        bool has_case = false;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            has_case = has_case || strcmp(cases[i].rule, hint.rule) == 0;
        }
        print_message("%s\n", hint.rule);
        assert_true(has_case);
        assert_true(strlen(hint.cause) > 0 && strlen(hint.fix) > 0);
        char *heading = mem_format("\n### %s\n", hint.rule);
        assert_non_null(strstr(text, heading));
        free(heading);
    }
    assert_int_equal(count, ARRAY_LEN(cases));
    free(text);
}

static void a_good_group_needs_no_hint(void **state)
{
    (void)state;
    struct audit_settings settings = {.groups_max = 100};
    struct audit *audit = audit_new(&settings);
    struct source *source = source_new("a.log", "files", 1);
    for (uint64_t i = 1; i <= 1000; i++) {
        audit_lines(audit, &(struct audit_line){source, "a", TRACE_OK, i, 0, "x", 0}, 1);
    }
    audit_lines(audit, &(struct audit_line){source, "a", TRACE_ABSENT, 0, 0, "x", 0}, 20);
    struct audit_report *report = audit_report_new(audit, &(struct audit_policy){0});
    assert_int_equal(report->entries[0].hint_count, 0);
    audit_report_free(report);
    audit_free(audit);
    source_free(source);
}

static void a_lost_hop_names_its_logger_and_the_fix_of_the_ecosystem(void **state)
{
    (void)state;
    struct audit_settings settings = {.groups_max = 100};
    struct audit *audit = audit_new(&settings);
    struct source *source = source_new("a.log", "files", 1);
    const enum audit_dimension by[] = {AUDIT_BY_LOGGER};
    audit_break_down(audit, by, 1);
    audit_keep_samples(audit, 10000, true);
    const char *line = "{\"levelname\": \"INFO\", \"otelTraceID\": \"0\"}";
    audit_lines(audit, &(struct audit_line){source, "a", TRACE_OK, 1, "web", line, 0}, 50);
    audit_lines(audit,
                &(struct audit_line){source, "a", TRACE_PLACEHOLDER, 0, "celery.worker", line, 0},
                20);
    struct audit_report *report = audit_report_new(audit, &(struct audit_policy){0});
    const struct audit_hint *hint = find_hint(&report->entries[0], "lost_hop");
    assert_int_equal(report->entries[0].ecosystem, ECOSYSTEM_PYTHON);
    assert_string_equal(hint->part->values[0], "celery.worker");
    assert_non_null(strstr(hint->fix, "CeleryInstrumentor"));
    audit_report_free(report);
    audit_free(audit);
    source_free(source);
}

static void a_lost_hop_shows_however_much_it_logs(void **state)
{
    (void)state;
    struct audit_settings settings = {.groups_max = 100};
    struct audit *audit = audit_new(&settings);
    struct source *source = source_new("a.log", "files", 1);
    const enum audit_dimension by[] = {AUDIT_BY_LOGGER};
    audit_break_down(audit, by, 1);
    audit_lines(audit, &(struct audit_line){source, "a", TRACE_OK, 1, "web", "x", 0}, 48);
    audit_lines(audit, &(struct audit_line){source, "a", TRACE_ABSENT, 0, "web", "x", 0}, 2);
    audit_lines(audit, &(struct audit_line){source, "a", TRACE_PLACEHOLDER, 0, "job", "x", 0}, 72);
    struct audit_report *report = audit_report_new(audit, &(struct audit_policy){0});
    const struct audit_hint *hint = find_hint(&report->entries[0], "lost_hop");
    assert_non_null(hint);
    assert_string_equal(hint->part->values[0], "job");
    assert_int_equal(hint->records, 72);
    audit_report_free(report);
    audit_free(audit);
    source_free(source);
}

static void an_ecosystem_is_told_by_its_lines(void **state)
{
    (void)state;
    static const struct {
        enum ecosystem ecosystem;
        const char *line;
    } lines[] = {
        {ECOSYSTEM_PYTHON, "{\"asctime\": \"2026-11-22 14:48:03,866\", \"levelname\": \"INFO\"}"},
        {ECOSYSTEM_PYTHON, "2026-11-22 14:48:04,690 INFO     shop.ledger: charging o-0"},
        {ECOSYSTEM_NODE, "{\"level\":30,\"time\":1795358884431,\"service\":\"payment\"}"},
        {ECOSYSTEM_NODE, "    at Object.<anonymous> (/app/server.js:12:5)"},
        {ECOSYSTEM_GO, "{\"time\":\"2026-11-22T14:48:04Z\",\"level\":\"INFO\",\"msg\":\"x\"}"},
        {ECOSYSTEM_GO, "time=2026-11-22T14:48:04.472Z level=INFO msg=started"},
        {ECOSYSTEM_JAVA, "2026-05-11 INFO 1 --- [nio-8080-exec-1] c.e.Shop : paid"},
        {ECOSYSTEM_JAVA, "\tat com.example.Shop.pay(Shop.java:12)"},
        {ECOSYSTEM_DOTNET, "{\"@t\":\"2026-05-11T02:14:33Z\",\"@mt\":\"paid {Amount}\"}"},
        {ECOSYSTEM_RUBY, "I, [2026-05-11T02:14:33.221456 #1]  INFO -- : paid"},
        {ECOSYSTEM_PHP, "{\"message\":\"paid\",\"level\":200,\"level_name\":\"INFO\"}"},
        {ECOSYSTEM_RUST, "{\"level\":\"INFO\",\"fields\":{\"message\":\"paid\"},"
                         "\"target\":\"shop::pay\"}"},
        {ECOSYSTEM_UNKNOWN, "paid"},
        {ECOSYSTEM_UNKNOWN, "std::exception"},
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        const char *one[] = {NULL, lines[i].line};
        print_message("%s\n", lines[i].line);
        assert_int_equal(ecosystem_of_lines(one, 2), lines[i].ecosystem);
    }
}

static void secrets_are_taken_out_and_the_rest_is_left(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *redacted;
    } lines[] = {
        {"paid 12 by visa", "paid 12 by visa"},
        {"trace_id=4bf92f3577b34da6a3ce929d0e0e4736 ok",
         "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 ok"},
        {"password=hunter2 user=x", "password=[redacted] user=x"},
        {"{\"user\":\"x\",\"Password\": \"a\\\"b\",\"n\":1}",
         "{\"user\":\"x\",\"Password\": \"[redacted]\",\"n\":1}"},
        {"{\"req\":\"{\\\"api_key\\\":\\\"abc\\\",\\\"n\\\":1}\"}",
         "{\"req\":\"{\\\"api_key\\\":\\\"[redacted]\\\",\\\"n\\\":1}\"}"},
        {"db_secret: xyz, next", "db_secret: [redacted], next"},
        {"Authorization: Bearer abcdef.123 next", "Authorization: [redacted] next"},
        {"sent Bearer abcdefghijk next", "sent Bearer [redacted] next"},
        {"GET /?access_token=abc&x=1", "GET /?access_token=[redacted]&x=1"},
        {"postgres://shop:pw@db/shop", "postgres://[redacted]@db/shop"},
        {"https://example.com/a@b", "https://example.com/a@b"},
        {"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc end", "jwt [redacted] end"},
        {"card 4111111111111111 paid", "card [redacted] paid"},
        {"number 4111111111111112 paid", "number 4111111111111112 paid"},
        {"token", "token"},
        {"a\x1b[31mb\tc\xff", "a [31mb c\xef\xbf\xbd"},
        {"password=", "password="},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        char out[200];
        struct slice line = driver_guarded(slice_from_string(lines[i].line));
        size_t len = mask_secrets(line, out, sizeof(out));
        assert_slice_equal(slice_make(out, len), slice_from_string(lines[i].redacted));
    }
}

static void a_long_line_is_cut_with_a_sign(void **state)
{
    (void)state;
    for (size_t max = 3; max < 40; max++) {
        char out[40];
        size_t len =
            mask_secrets(SLICE("gr\xc3\xbc\xc3\x9f euch alle, password=geheim und so weiter"), out, max);
        assert_in_range(len, 3, max);
        assert_memory_equal(out + len - 3, "\xe2\x80\xa6", 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_speaks_where_its_gap_is),
        cmocka_unit_test(every_rule_has_its_test_and_its_section_in_the_documentation),
        cmocka_unit_test(a_good_group_needs_no_hint),
        cmocka_unit_test(a_lost_hop_names_its_logger_and_the_fix_of_the_ecosystem),
        cmocka_unit_test(a_lost_hop_shows_however_much_it_logs),
        cmocka_unit_test(an_ecosystem_is_told_by_its_lines),
        cmocka_unit_test(secrets_are_taken_out_and_the_rest_is_left),
        cmocka_unit_test(a_long_line_is_cut_with_a_sign),
    };
    return driver_run("audit_hints", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include <unistd.h>
#include "audit/coverage.h"
#include "audit_case.h"

#define MINUTE UINT64_C(60000000000)

/* An audit, its coverage, and what was logged. */
struct rig {
    struct audit_settings settings;
    struct audit *audit;
    struct source *source;
    struct coverage *coverage;
    struct log log;
    int pipe[2];
};

static void rig_init(struct rig *rig)
{
    rig->settings = (struct audit_settings){
        .min_coverage = 0.5, .min_records = 10, .groups_max = 500, .metrics_services_max = 10,
        .check_interval_ms = 30000, .forget_after_ms = 3600 * 1000};
    assert_int_equal(pipe(rig->pipe), 0);
    rig->log = (struct log){rig->pipe[1], LOG_INFO};
    rig->audit = audit_new(&rig->settings);
    rig->source = source_new("a.log", "files", 1);
    rig->coverage = coverage_new(&rig->settings, 64 << 20, rig->audit, &rig->log);
}

static void rig_fini(struct rig *rig)
{
    coverage_free(rig->coverage);
    audit_free(rig->audit);
    source_free(rig->source);
    close(rig->pipe[0]);
}

/* Everything logged so far; it can be asked for once. */
static const char *logged(struct rig *rig)
{
    static char text[65536];
    close(rig->pipe[1]);
    size_t len = 0;
    ssize_t n;
    while ((n = read(rig->pipe[0], text + len, sizeof(text) - 1 - len)) > 0) {
        len += (size_t)n;
    }
    text[len] = '\0';
    return text;
}

static size_t occurrences(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)) != NULL; text++) {
        n++;
    }
    return n;
}

static void count(struct rig *rig, const char *service, bool has_id, bool keeps_it, size_t times)
{
    struct record record =
        audit_record(&(struct audit_line){rig->source, service, has_id ? TRACE_OK : TRACE_ABSENT,
                                          has_id, 0, 0, 0});
    record.fields.count = 3;
    for (size_t i = 0; i < times; i++) {
        record.has_trace_id = has_id;
        audit_count(rig->audit, &record);
        record.has_trace_id = has_id && keeps_it;
        audit_count_out(rig->audit, &record);
    }
}

static void check(struct rig *rig, uint64_t now_ns)
{
    coverage_begin_check(rig->coverage);
    while (!coverage_check_step(rig->coverage, now_ns, 7)) {
    }
}

static void one_warning_when_a_service_falls_and_one_line_when_it_recovers(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    count(&rig, "shop", true, true, 100);
    check(&rig, 100 * MINUTE);
    count(&rig, "shop", false, false, 1000);
    for (unsigned i = 0; i < 5; i++) {
        check(&rig, 101 * MINUTE + i);
    }
    count(&rig, "shop", true, true, 9000);
    for (unsigned i = 0; i < 5; i++) {
        check(&rig, 102 * MINUTE + i);
    }
    const char *text = logged(&rig);
    assert_int_equal(occurrences(text, "\n"), 2);
    assert_int_equal(occurrences(text, "level=warn"), 1);
    assert_non_null(strstr(text, "coverage of service shop dropped to 9.1 % of 1100 records"));
    assert_non_null(strstr(text, "coverage of service shop is above its minimum again: 90.1 % of 10100"));
    rig_fini(&rig);
}

static void what_is_stripped_on_the_way_is_told_once(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    count(&rig, "shop", true, true, 50);
    check(&rig, 100 * MINUTE);
    count(&rig, "shop", true, false, 7);
    check(&rig, 101 * MINUTE);
    count(&rig, "shop", true, false, 7);
    check(&rig, 102 * MINUTE);
    const char *text = logged(&rig);
    assert_int_equal(occurrences(text, "\n"), 1);
    assert_non_null(strstr(text, "level=error"));
    assert_non_null(strstr(text, "57 records had a trace id when they were read and 50 when they were sent"));
    rig_fini(&rig);
}

static void a_field_that_is_gone_is_told_too(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    struct record record =
        audit_record(&(struct audit_line){rig.source, "shop", TRACE_ABSENT, 0, 0, 0, 0});
    record.fields.count = 5;
    audit_count(rig.audit, &record);
    record.dropped_attributes = 2;
    audit_count_out(rig.audit, &record);
    check(&rig, 100 * MINUTE);
    assert_non_null(strstr(logged(&rig), "fields: 5 and 3"));
    rig_fini(&rig);
}

static void take(void *context, struct slice line)
{
    size_t *lines = context;
    assert_true(line.len > 2 && line.data[0] == '{');
    (*lines)++;
}

static void sum_up(struct rig *rig, uint64_t now_ns, size_t *lines)
{
    struct coverage_look *look = coverage_look_summary(rig->coverage);
    while (!coverage_summary_step(look, now_ns, 100, take, lines)) {
    }
    coverage_look_free(look);
}

/* The number of turns; the whole text to *out_text. */
static size_t look_at(struct rig *rig, struct coverage_look *look, size_t piece_max, char **out_text)
{
    struct buf out;
    size_t steps = 0;
    enum coverage_step step = COVERAGE_GOES_ON;
    buf_init(&out, 8 << 20);
    for (size_t len = 0; step == COVERAGE_GOES_ON; steps++) {
        step = coverage_look_step(look, 100 * MINUTE, COVERAGE_STEP_UNITS, &out);
        assert_true(out.len - len <= piece_max);
        len = out.len;
    }
    assert_int_equal(step, COVERAGE_DONE);
    coverage_look_free(look);
    *out_text = buf_take(&out);
    (void)rig;
    return steps;
}

/* What a turn of the loop has to do does not depend on how many services there are. */
static void ten_thousand_services_are_looked_at_in_bounded_pieces(void **state)
{
    (void)state;
    enum { SERVICES = 10000, PIECE = 128 * 1024 };
    struct rig rig;
    char *text;
    rig_init(&rig);
    rig.settings.groups_max = SERVICES;
    for (unsigned i = 0; i < SERVICES; i++) {
        char *name = mem_format("s%u", i);
        count(&rig, name, i % 3 == 0, true, 1);
        free(name);
    }
    size_t steps = look_at(&rig, coverage_look_json(rig.coverage, 0, UINT64_MAX), PIECE, &text);
    assert_true(steps >= (2 * SERVICES) / COVERAGE_STEP_UNITS + COVERAGE_PAGE_MAX / 10);
    assert_int_equal(occurrences(text, "\"service\": "), COVERAGE_PAGE_MAX + 1);
    assert_non_null(strstr(text, "\"service\": \"(others)\""));
    assert_non_null(strstr(text, "\"records\": 10000,"));
    assert_true(strlen(text) < 2 << 20);
    free(text);
    steps = look_at(&rig, coverage_look_json(rig.coverage, 20, 30), PIECE, &text);
    assert_int_equal(occurrences(text, "\"service\": "), 31);
    free(text);
    steps = look_at(&rig, coverage_look_metrics(rig.coverage), PIECE, &text);
    assert_true(steps >= (2 * SERVICES) / COVERAGE_STEP_UNITS);
    assert_int_equal(occurrences(text, "clew_audit_below{"), 10);
    free(text);
    coverage_begin_check(rig.coverage);
    for (steps = 0; !coverage_check_step(rig.coverage, 101 * MINUTE, COVERAGE_STEP_UNITS); steps++) {
    }
    assert_true(steps >= (2 * SERVICES) / COVERAGE_STEP_UNITS);
    logged(&rig);
    rig_fini(&rig);
}

/* The total has them all the same. */
static void a_look_takes_the_memory_that_it_is_given(void **state)
{
    (void)state;
    struct rig rig;
    char *text;
    rig_init(&rig);
    for (unsigned i = 0; i < 400; i++) {
        char *name = mem_format("s%u", i);
        count(&rig, name, true, true, 1);
        free(name);
    }
    coverage_use(rig.coverage, &rig.settings, 100 * 1024);
    look_at(&rig, coverage_look_json(rig.coverage, 0, 500), 1 << 20, &text);
    assert_int_equal(occurrences(text, "\"service\": "), 101);
    assert_non_null(strstr(text, "\"records\": 400,"));
    assert_non_null(strstr(text, "\"records\": 300,"));
    free(text);
    logged(&rig);
    rig_fini(&rig);
}

static void looks_are_made_one_after_the_other_and_may_be_given_up(void **state)
{
    (void)state;
    struct rig rig;
    char *text;
    struct buf out;
    rig_init(&rig);
    buf_init(&out, 1 << 20);
    for (unsigned i = 0; i < 300; i++) {
        char *name = mem_format("s%u", i);
        count(&rig, name, true, true, 1);
        free(name);
    }
    struct coverage_look *given_up = coverage_look_json(rig.coverage, 0, 10);
    struct coverage_look *waiting = coverage_look_metrics(rig.coverage);
    struct coverage_look *last = coverage_look_json(rig.coverage, 0, 10);
    coverage_begin_check(rig.coverage);
    assert_int_equal(coverage_look_step(given_up, 100 * MINUTE, 20, &out), COVERAGE_GOES_ON);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(coverage_look_step(waiting, 100 * MINUTE, 1000, &out), COVERAGE_GOES_ON);
        assert_false(coverage_check_step(rig.coverage, 100 * MINUTE, 1000));
    }
    assert_int_equal(out.len, 0);
    coverage_look_free(given_up);
    look_at(&rig, waiting, 1 << 20, &text);
    assert_int_equal(occurrences(text, "clew_audit_below{"), 10);
    free(text);
    coverage_look_free(last);
    check(&rig, 100 * MINUTE);
    buf_fini(&out);
    logged(&rig);
    rig_fini(&rig);
}

static void each_limit_is_told_once_when_it_is_hit(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    for (unsigned i = 0; i < 500; i++) {
        char *name = mem_format("s%u", i);
        count(&rig, name, true, true, 1);
        free(name);
    }
    check(&rig, 100 * MINUTE);
    for (unsigned i = 1; i < 4; i++) {
        count(&rig, "one too many", true, true, 1);
        check(&rig, (100 + i) * MINUTE);
    }
    const char *text = logged(&rig);
    assert_int_equal(occurrences(text, "\n"), 2);
    assert_int_equal(occurrences(text, "more than 10 services write at once"), 1);
    assert_int_equal(occurrences(text, "the audit has 500 services, the limit of audit.groups_max"), 1);
    rig_fini(&rig);
}

static void a_summary_has_a_line_for_all_and_at_most_a_hundred_services(void **state)
{
    (void)state;
    struct rig rig;
    size_t lines = 0;
    rig_init(&rig);
    sum_up(&rig, 100 * MINUTE, &lines);
    assert_int_equal(lines, 1);
    for (unsigned i = 0; i < 300; i++) {
        char *name = mem_format("s%u", i);
        count(&rig, name, true, true, 1);
        free(name);
    }
    lines = 0;
    sum_up(&rig, 100 * MINUTE, &lines);
    assert_int_equal(lines, 101);
    logged(&rig);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_warning_when_a_service_falls_and_one_line_when_it_recovers),
        cmocka_unit_test(what_is_stripped_on_the_way_is_told_once),
        cmocka_unit_test(a_field_that_is_gone_is_told_too),
        cmocka_unit_test(ten_thousand_services_are_looked_at_in_bounded_pieces),
        cmocka_unit_test(a_look_takes_the_memory_that_it_is_given),
        cmocka_unit_test(looks_are_made_one_after_the_other_and_may_be_given_up),
        cmocka_unit_test(each_limit_is_told_once_when_it_is_hit),
        cmocka_unit_test(a_summary_has_a_line_for_all_and_at_most_a_hundred_services),
    };
    return driver_run("coverage", tests, ARRAY_LEN(tests));
}

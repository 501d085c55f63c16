/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include <unistd.h>
#include "audit_case.h"
#include "coverage.h"

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
        .min_coverage = 0.5, .min_records = 10, .groups_max = 500, .metrics_services_max = 10};
    assert_int_equal(pipe(rig->pipe), 0);
    rig->log = (struct log){rig->pipe[1], LOG_INFO};
    rig->audit = audit_new(&rig->settings);
    rig->source = source_new("a.log", "files", 1);
    rig->coverage = coverage_new(&rig->settings, rig->audit, &rig->log);
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

static void one_warning_when_a_service_falls_and_one_line_when_it_recovers(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    count(&rig, "shop", true, true, 100);
    coverage_check(rig.coverage, 100 * MINUTE);
    count(&rig, "shop", false, false, 1000);
    for (unsigned i = 0; i < 5; i++) {
        coverage_check(rig.coverage, 101 * MINUTE + i);
    }
    count(&rig, "shop", true, true, 9000);
    for (unsigned i = 0; i < 5; i++) {
        coverage_check(rig.coverage, 102 * MINUTE + i);
    }
    const char *text = logged(&rig);
    assert_int_equal(occurrences(text, "\n"), 2);
    assert_int_equal(occurrences(text, "level=warn"), 1);
    assert_non_null(strstr(text, "coverage of service shop fell to 9.1 % of 1100 records"));
    assert_non_null(strstr(text, "coverage of service shop is good again: 90.1 % of 10100"));
    rig_fini(&rig);
}

static void what_is_stripped_on_the_way_is_told_once(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    count(&rig, "shop", true, true, 50);
    coverage_check(rig.coverage, 100 * MINUTE);
    count(&rig, "shop", true, false, 7);
    coverage_check(rig.coverage, 101 * MINUTE);
    count(&rig, "shop", true, false, 7);
    coverage_check(rig.coverage, 102 * MINUTE);
    const char *text = logged(&rig);
    assert_int_equal(occurrences(text, "\n"), 1);
    assert_non_null(strstr(text, "level=error"));
    assert_non_null(strstr(text, "57 had a trace id when they were read and 50 when they left"));
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
    coverage_check(rig.coverage, 100 * MINUTE);
    assert_non_null(strstr(logged(&rig), "fields were 5 and 3"));
    rig_fini(&rig);
}

static void take(void *context, struct slice line)
{
    size_t *lines = context;
    assert_true(line.len > 2 && line.data[0] == '{');
    (*lines)++;
}

static void a_summary_has_a_line_for_all_and_at_most_a_hundred_services(void **state)
{
    (void)state;
    struct rig rig;
    size_t lines = 0;
    rig_init(&rig);
    coverage_summary(rig.coverage, 100 * MINUTE, take, &lines);
    assert_int_equal(lines, 1);
    for (unsigned i = 0; i < 300; i++) {
        char *name = mem_format("s%u", i);
        count(&rig, name, true, true, 1);
        free(name);
    }
    lines = 0;
    coverage_summary(rig.coverage, 100 * MINUTE, take, &lines);
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
        cmocka_unit_test(a_summary_has_a_line_for_all_and_at_most_a_hundred_services),
    };
    return driver_run("coverage", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include "audit/coverage_metrics.h"
#include "audit/history.h"
#include "audit_case.h"

#define MINUTE UINT64_C(60000000000)

static const struct audit_policy no_policy;

/* One service, some records, and a report now and then. */
struct rig {
    struct audit_settings settings;
    struct audit *audit;
    struct audit_history *history;
    struct source *source;
    struct audit_report *report;
};

static void rig_init(struct rig *rig, double min_coverage, uint64_t groups_max)
{
    rig->settings = (struct audit_settings){
        .min_coverage = min_coverage, .min_records = 10, .groups_max = groups_max,
        .metrics_services_max = 10, .forget_after_ms = 24 * 3600 * 1000};
    rig->audit = audit_new(&rig->settings);
    rig->history = audit_history_new(&rig->settings);
    rig->source = source_new("a.log", "files", 1);
    rig->report = NULL;
}

static void rig_fini(struct rig *rig)
{
    audit_report_free(rig->report);
    audit_history_free(rig->history);
    audit_free(rig->audit);
    source_free(rig->source);
}

static void log_lines(struct rig *rig, const char *service, size_t valid, size_t bare)
{
    audit_lines(rig->audit, &(struct audit_line){rig->source, service, TRACE_OK, 1, 0, 0, 0},
                valid);
    audit_lines(rig->audit, &(struct audit_line){rig->source, service, TRACE_ABSENT, 0, 0, 0, 0},
                bare);
}

static void report_at(struct rig *rig, uint64_t now_ns)
{
    audit_report_free(rig->report);
    rig->report = audit_report_new(rig->audit, &no_policy);
    audit_history_update(rig->history, rig->report, now_ns);
}

static uint64_t records_in(const struct rig *rig, const char *service, enum audit_window window)
{
    struct audit_span span = {0, 0};
    const struct audit_group *group =
        service != NULL ? audit_entry_of(rig->report, service)->group : NULL;
    return audit_history_find(rig->history, group, window, &span) ? span.records : UINT64_MAX;
}

static void windows_hold_their_minutes_and_the_running_one(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0.5, 10);
    for (unsigned minute = 100; minute < 200; minute++) {
        log_lines(&rig, "shop", 2, 1);
        report_at(&rig, minute * MINUTE + MINUTE / 2);
        report_at(&rig, minute * MINUTE + MINUTE / 2 + 1); /* a second look changes nothing */
    }
    assert_int_equal(records_in(&rig, "shop", AUDIT_WINDOW_1M), 2 * 3);
    assert_int_equal(records_in(&rig, "shop", AUDIT_WINDOW_5M), 6 * 3);
    assert_int_equal(records_in(&rig, "shop", AUDIT_WINDOW_1H), 61 * 3);
    assert_int_equal(records_in(&rig, NULL, AUDIT_WINDOW_1H), 61 * 3);
    report_at(&rig, 203 * MINUTE);
    assert_int_equal(records_in(&rig, "shop", AUDIT_WINDOW_1M), 0);
    assert_int_equal(records_in(&rig, "shop", AUDIT_WINDOW_5M), 2 * 3);
    report_at(&rig, 1000 * MINUTE);
    assert_int_equal(records_in(&rig, "shop", AUDIT_WINDOW_1H), 0);
    rig_fini(&rig);
}

static enum audit_change judge(struct rig *rig, const char *service)
{
    struct audit_span span;
    return audit_history_judge(rig->history, audit_entry_of(rig->report, service),
                               rig->settings.min_records, &span);
}

static void a_fall_is_told_once_and_a_recovery_only_when_it_is_clear(void **state)
{
    (void)state;
    static const struct {
        size_t valid;
        size_t bare;
        enum audit_change change;
    } steps[] = {
        {90, 10, AUDIT_UNCHANGED}, {49, 51, AUDIT_FELL},      {49, 51, AUDIT_UNCHANGED},
        {51, 49, AUDIT_UNCHANGED}, /* met, but on the edge */
        {52, 48, AUDIT_RECOVERED}, {50, 50, AUDIT_UNCHANGED}, {0, 100, AUDIT_FELL},
        {0, 5, AUDIT_UNCHANGED},   {0, 0, AUDIT_UNCHANGED},   {100, 0, AUDIT_RECOVERED},
    };
    struct rig rig;
    rig_init(&rig, 0.5, 10);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        log_lines(&rig, "shop", steps[i].valid, steps[i].bare);
        report_at(&rig, (i + 1) * 100 * MINUTE); /* so that every window holds one step */
        assert_int_equal(judge(&rig, "shop"), steps[i].change);
    }
    rig_fini(&rig);
}

static void all_there_is_can_be_asked_for_and_recovered_to(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 1, 10);
    log_lines(&rig, "shop", 99, 1);
    report_at(&rig, 100 * MINUTE);
    assert_int_equal(judge(&rig, "shop"), AUDIT_FELL);
    log_lines(&rig, "shop", 100, 0);
    report_at(&rig, 200 * MINUTE);
    assert_int_equal(judge(&rig, "shop"), AUDIT_RECOVERED);
    assert_false(audit_history_is_below(rig.history, audit_entry_of(rig.report, "shop")->group));
    rig_fini(&rig);
}

static void what_is_untraced_or_too_little_is_not_judged(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0.5, 10);
    log_lines(&rig, "never", 0, 1000);
    log_lines(&rig, "few", 1, 8);
    report_at(&rig, 100 * MINUTE);
    assert_int_equal(judge(&rig, "never"), AUDIT_UNCHANGED);
    assert_int_equal(judge(&rig, "few"), AUDIT_UNCHANGED);
    for (unsigned i = 1; i <= 3; i++) { /* little in five minutes, enough in an hour */
        log_lines(&rig, "few", 0, 1);
        report_at(&rig, (100 + 10 * i) * MINUTE);
    }
    assert_int_equal(judge(&rig, "few"), AUDIT_FELL);
    rig_fini(&rig);
}

static void services_beyond_the_limit_have_no_windows(void **state)
{
    (void)state;
    struct rig rig;
    char name[16];
    rig_init(&rig, 0.5, 3);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "s%u", i);
        log_lines(&rig, name, 1, 0);
    }
    report_at(&rig, 100 * MINUTE);
    assert_int_equal(rig.report->count, 4);
    assert_int_equal(records_in(&rig, "s2", AUDIT_WINDOW_1M), 1);
    assert_int_equal(records_in(&rig, "(others)", AUDIT_WINDOW_1M), UINT64_MAX);
    rig_fini(&rig);
}

static char *metrics_of(const struct rig *rig)
{
    struct coverage_metrics at = {0};
    struct buf out;
    buf_init(&out, 1 << 20);
    while (!at.is_done) {
        assert_true(coverage_metrics_write(&at, rig->history, 1, &out));
    }
    return buf_take(&out);
}

static void metrics_are_by_service_in_windows(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0.5, 10);
    log_lines(&rig, "shop", 3, 1);
    report_at(&rig, 100 * MINUTE);
    char *text = metrics_of(&rig);
    assert_non_null(strstr(text, "clew_audit_records_total{service=\"shop\"} 4\n"));
    assert_non_null(strstr(text, "clew_audit_valid_records_total{service=\"shop\"} 3\n"));
    assert_non_null(
        strstr(text, "clew_audit_coverage_ratio{service=\"shop\",window=\"5m\"} 0.750000\n"));
    assert_non_null(
        strstr(text, "clew_audit_coverage_ratio{service=\"shop\",window=\"start\"} 0.750000\n"));
    assert_non_null(strstr(text, "clew_audit_below{service=\"shop\"} 0\n"));
    assert_non_null(strstr(text, "clew_audit_groups 1\n"));
    free(text);
    rig_fini(&rig);
}

static void no_name_can_forge_a_sample_and_no_id_is_a_label(void **state)
{
    (void)state;
    static const char *const ids[] = {"4bf92f3577b34da6a3ce929d0e0e4736", "00F067AA0BA902B7",
                                      "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"};
    struct rig rig;
    rig_init(&rig, 0.5, 100);
    rig.settings.metrics_services_max = 100;
    log_lines(&rig, "a\"} 1\nforged{x=\"\\\xff", 1, 0);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        log_lines(&rig, ids[i], 1, 0);
    }
    report_at(&rig, 100 * MINUTE);
    char *text = metrics_of(&rig);
    assert_non_null(strstr(
        text, "clew_audit_records_total{service=\"a\\\"} 1\\nforged{x=\\\"\\\\\xef\xbf\xbd\"} 1\n"));
    assert_null(strstr(text, "\nforged"));
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        assert_null(strstr(text, ids[i]));
    }
    assert_non_null(strstr(text, "clew_audit_records_total{service=\"(others)\"} 3\n"));
    free(text);
    rig_fini(&rig);
}

static void labels_are_bounded_and_stay_with_who_goes_on(void **state)
{
    (void)state;
    struct rig rig;
    char name[16];
    rig_init(&rig, 0.5, 1000);
    rig.settings.metrics_services_max = 1;
    log_lines(&rig, "first", 1, 0);
    report_at(&rig, 100 * MINUTE);
    log_lines(&rig, "first", 1, 0);
    for (unsigned i = 0; i < 500; i++) {
        snprintf(name, sizeof(name), "later%u", i);
        log_lines(&rig, name, 1, 5);
    }
    report_at(&rig, 101 * MINUTE);
    report_at(&rig, 101 * MINUTE + 1);
    char *text = metrics_of(&rig);
    assert_non_null(strstr(text, "clew_audit_records_total{service=\"first\"} 2\n"));
    assert_null(strstr(text, "later"));
    assert_non_null(strstr(text, "clew_audit_records_total{service=\"(others)\"} 3000\n"));
    assert_non_null(strstr(text, "clew_audit_groups 501\n"));
    free(text);
    rig_fini(&rig);
}

static uint64_t others_in(const char *metrics)
{
    const char *at = strstr(metrics, "clew_audit_records_total{service=\"(others)\"} ");
    return at != NULL ? strtoull(strchr(at, ' '), NULL, 10) : 0;
}

/* Sixty-five services are there at any time, each for a minute, one more every second. */
static void labels_go_to_who_writes_now_and_the_others_only_grow(void **state)
{
    (void)state;
    enum { LIVING = 65, SECONDS = 1200 };
    struct rig rig;
    char name[16];
    uint64_t others = 0;
    rig_init(&rig, 0.5, 10000);
    rig.settings.metrics_services_max = 100;
    for (unsigned second = 0; second < SECONDS; second++) {
        for (unsigned i = 0; i < LIVING; i++) {
            snprintf(name, sizeof(name), "job%u", second + i);
            log_lines(&rig, name, 1, 0);
        }
        if (second % 15 == 0) {
            report_at(&rig, second * (MINUTE / 60));
            char *text = metrics_of(&rig);
            assert_true(others_in(text) >= others);
            others = others_in(text);
            for (unsigned i = 0; i < LIVING; i++) {
                snprintf(name, sizeof(name), "\"job%u\"", second + i);
                assert_non_null(strstr(text, name));
            }
            free(text);
        }
    }
    rig_fini(&rig);
}

static void a_service_that_is_gone_leaves_metrics_windows_and_below(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0.5, 100);
    rig.settings.forget_after_ms = 3600 * 1000;
    log_lines(&rig, "gone", 1, 99);
    log_lines(&rig, "here", 1, 99);
    report_at(&rig, 100 * MINUTE);
    assert_int_equal(judge(&rig, "gone"), AUDIT_FELL);
    assert_int_equal(judge(&rig, "here"), AUDIT_FELL);
    for (unsigned minute = 101; minute <= 162; minute++) {
        log_lines(&rig, "here", 1, 1);
        report_at(&rig, minute * MINUTE);
        assert_int_equal(judge(&rig, "gone"), AUDIT_UNCHANGED);
    }
    char *text = metrics_of(&rig);
    assert_null(strstr(text, "gone"));
    assert_non_null(strstr(text, "clew_audit_below{service=\"here\"} 1\n"));
    free(text);
    assert_int_equal(records_in(&rig, "gone", AUDIT_WINDOW_1H), UINT64_MAX);
    assert_non_null(audit_entry_of(rig.report, "gone")); /* since the start it was there */
    log_lines(&rig, "gone", 5, 0);
    report_at(&rig, 163 * MINUTE);
    assert_int_equal(records_in(&rig, "gone", AUDIT_WINDOW_1H), 5);
    text = metrics_of(&rig);
    assert_non_null(strstr(text, "clew_audit_below{service=\"gone\"} 0\n"));
    free(text);
    rig_fini(&rig);
}

/* Whatever lines say: so many lines of metrics, and so many of a document. */
static void a_hundred_thousand_names_leave_a_bounded_page(void **state)
{
    (void)state;
    struct rig rig;
    char name[300];
    rig_init(&rig, 0.5, 10000);
    rig.settings.metrics_services_max = 100;
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "%0*u", 255, i);
        log_lines(&rig, name, 1, 0);
        if (i % 20000 == 0) {
            report_at(&rig, 100 * MINUTE + i * (MINUTE / 1000));
        }
    }
    report_at(&rig, 300 * MINUTE);
    char *text = metrics_of(&rig);
    size_t lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++) {
        lines++;
    }
    assert_true(lines <= 100 * (4 + 4) + 3 * 6 + 6);
    assert_true(strlen(text) < 400000);
    assert_int_equal(rig.report->count, 10001);
    free(text);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_hold_their_minutes_and_the_running_one),
        cmocka_unit_test(a_fall_is_told_once_and_a_recovery_only_when_it_is_clear),
        cmocka_unit_test(all_there_is_can_be_asked_for_and_recovered_to),
        cmocka_unit_test(what_is_untraced_or_too_little_is_not_judged),
        cmocka_unit_test(services_beyond_the_limit_have_no_windows),
        cmocka_unit_test(metrics_are_by_service_in_windows),
        cmocka_unit_test(no_name_can_forge_a_sample_and_no_id_is_a_label),
        cmocka_unit_test(labels_are_bounded_and_stay_with_who_goes_on),
        cmocka_unit_test(labels_go_to_who_writes_now_and_the_others_only_grow),
        cmocka_unit_test(a_service_that_is_gone_leaves_metrics_windows_and_below),
        cmocka_unit_test(a_hundred_thousand_names_leave_a_bounded_page),
    };
    return driver_run("audit_history", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "input/tail/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/glob.h"
#include "input/tail/log_name.h"

/* ---- patterns ---- */

static void a_pattern_matches_what_one_expects(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *path;
        bool matches;
    } cases[] = {
        {"/var/log/*.log", "/var/log/a.log", true},
        {"/var/log/*.log", "/var/log/b/a.log", false},
        {"/var/log/*.log", "/var/log/.a.log", false},
        {"/var/log/?.log", "/var/log/a.log", true},
        {"/var/log/[ab].log", "/var/log/b.log", true},
        {"/var/log/[!ab].log", "/var/log/b.log", false},
        {"/var/log/a.log", "/var/log/a.log", true},
        {"/var/log/a.log", "/var/log/a.log.1", false},
        {"/var/log/{a,b}.log", "/var/log/b.log", true},
        {"/var/log/{a,b}.log", "/var/log/c.log", false},
        {"/var/{log,lib/{x,y}}/*.log", "/var/lib/y/c.log", true},
        {"/var/log/a{}.log", "/var/log/a{}.log", true},
        {"/var/log/{a", "/var/log/{a", true},
        {"/var/log/\\*.log", "/var/log/*.log", true},
        {"/var/log/\\*.log", "/var/log/a.log", false},
        {"/var/**/*.log", "/var/a.log", true},
        {"/var/**/*.log", "/var/x/y/z/a.log", true},
        {"/var/**/*.log", "/vax/a.log", false},
        {"/var/**", "/var/x/y", true},
        {"/var/**/y/*.log", "/var/x/y/a.log", true},
        {"/var/**/y/*.log", "/var/x/z/a.log", false},
        {"*.gz", "/var/log/x/a.gz", true},
        {"*.gz", "/var/log/x/a.log", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct glob_list list = {0};
        assert_true(glob_list_add(&list, cases[i].pattern));
        if (glob_list_matches(&list, cases[i].path) != cases[i].matches) {
            print_error("%s and %s\n", cases[i].pattern, cases[i].path);
            fail();
        }
        glob_list_fini(&list);
    }
}

static void braces_do_not_explode(void **state)
{
    (void)state;
    struct glob_list list = {0};
    assert_false(glob_list_add(&list, "/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"));
    glob_list_fini(&list);
}

/* ---- names ---- */

static void a_name_tells_its_base_and_age(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *base;
        enum log_age age;
        bool is_compressed;
    } cases[] = {
        {"app.log", "app.log", LOG_LIVE, false},
        {"messages", "messages", LOG_LIVE, false},
        {"app.log.1", "app.log", LOG_NUMBERED, false},
        {"app.log.12.gz", "app.log", LOG_NUMBERED, true},
        {"app.log.8080", "app.log.8080", LOG_LIVE, false},
        {"app.log-20260302", "app.log", LOG_DATED, false},
        {"app.log-20260302.gz", "app.log", LOG_DATED, true},
        {"app.log.2026-03-02", "app.log", LOG_DATED, false},
        {"app.log.2026-03-02_10-00-00", "app.log", LOG_DATED, false},
        {"app-2026-03-02.log", "app.log", LOG_DATED, false},
        {"app.2026-03-02.0.log", "app.log", LOG_DATED, false},
        {"app-99999999.log", "app-99999999.log", LOG_LIVE, false},
        {"20260302.log", "20260302.log", LOG_LIVE, false},
        {".1", ".1", LOG_LIVE, false},
        {"app.log.gz", "app.log", LOG_LIVE, true},
        {"app.1.log", "app.log", LOG_NUMBERED, false},
        {"app.12.log.gz", "app.log", LOG_NUMBERED, true},
        {"app.8080.log", "app.8080.log", LOG_LIVE, false},
        {"worker-1.log", "worker-1.log", LOG_LIVE, false},
        {".1.log", ".1.log", LOG_LIVE, false},
        {"1.log", "1.log", LOG_LIVE, false},
        {"app.2026-03-02.3.log.gz", "app.log", LOG_DATED, true},
        /* a month, a week, a day of the year */
        {"app.2026-03.log", "app.log", LOG_DATED, false},
        {"app-2026-03.2.log.gz", "app.log", LOG_DATED, true},
        {"app.log-202603", "app.log", LOG_DATED, false},
        {"app.log-2026-W09", "app.log", LOG_DATED, false},
        {"app.log.2026W53", "app.log", LOG_DATED, false},
        {"app.2026-335.log", "app.log", LOG_DATED, false},
        {"app.log-209999", "app.log-209999", LOG_LIVE, false},
        {"app-2026-99.log", "app-2026-99.log", LOG_LIVE, false},
        /* the year last */
        {"app.log-02032026", "app.log", LOG_NUMBERED, false},
        {"app.log-03312026.gz", "app.log", LOG_NUMBERED, true},
        {"app-11-30-2026.log", "app.log", LOG_NUMBERED, false},
        {"app-30.11.2026-2.log.gz", "app.log", LOG_NUMBERED, true},
        {"app-30-31-2026.log", "app-30-31-2026.log", LOG_LIVE, false},
        {"app-99119999.log", "app-99119999.log", LOG_LIVE, false},
        /* since 1970 */
        {"app.log-1796032800", "app.log", LOG_DATED, false},
        {"access_log.1796032800", "access_log", LOG_DATED, false},
        {"app-1796032800123.log.gz", "app.log", LOG_DATED, true},
        {"app-5551234567.log", "app-5551234567.log", LOG_LIVE, false},
        /* a time behind the date */
        {"app.log-2026030214", "app.log", LOG_DATED, false},
        {"app.log.20260302143015", "app.log", LOG_DATED, false},
        {"app.log.20260302.143015", "app.log", LOG_DATED, false},
        {"messages.20260302T143015.gz", "messages", LOG_DATED, true},
        {"foo-2026-03-02T14-30-15.000.log", "foo.log", LOG_DATED, false},
        {"foo.2026-03-02T14:30:15Z.log", "foo.log", LOG_DATED, false},
        {"20260302-1430-01-file.log.gz", "file.log", LOG_DATED, true},
        /* numbers */
        {"app.0001.log", "app.log", LOG_NUMBERED, false},
        {"app.log.0", "app.log", LOG_NUMBERED, false},
        {"app.log.old", "app.log", LOG_NUMBERED, false},
        /* while it is compressed */
        {"app.2026-03-02.1.log7266123456789.tmp", "app.log", LOG_DATED, false},
        {"app.3.log7266123456789.tmp", "app.log", LOG_NUMBERED, false},
        {"app.log7266123456789.tmp", "app.log7266123456789.tmp", LOG_LIVE, false},
        {"app.2026-03-02.log.tmp", "app.2026-03-02.log.tmp", LOG_LIVE, false},
        /* TAI64N */
        {"@40000000683c9a2b1f5d3c44.s", "current", LOG_DATED, false},
        {"@40000000683c9a2b1f5d3c44.u", "current", LOG_DATED, false},
        {"@40000000683c9a2b1f5d3c44", "current", LOG_DATED, false},
        {"@40000000683c9a2b1f5d3c44.t", "@40000000683c9a2b1f5d3c44.t", LOG_LIVE, false},
        {"@home.log", "@home.log", LOG_LIVE, false},
        /* of processes, places and versions that live beside each other */
        {"app-eu-1.log", "app-eu-1.log", LOG_LIVE, false},
        {"app_2.log", "app_2.log", LOG_LIVE, false},
        {"app2.log", "app2.log", LOG_LIVE, false},
        {"app-8080.log", "app-8080.log", LOG_LIVE, false},
        {"app-2048.log", "app-2048.log", LOG_LIVE, false},
        {"app-123456.log", "app-123456.log", LOG_LIVE, false},
        {"app.20480.log", "app.20480.log", LOG_LIVE, false},
        {"app-7d9c5b8f4-x2kqp.log", "app-7d9c5b8f4-x2kqp.log", LOG_LIVE, false},
        {"app-1.2.3.log", "app-1.2.log", LOG_NUMBERED, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct log_name name;
        log_name_parse_plain(cases[i].name, &name);
        if (strcmp(name.base, cases[i].base) != 0 || name.age != cases[i].age) {
            print_error("%s: %s, %d\n", cases[i].name, name.base, (int)name.age);
        }
        assert_string_equal(name.base, cases[i].base);
        assert_int_equal(name.age, cases[i].age);
        assert_int_equal(name.is_compressed, cases[i].is_compressed);
    }
}

static void dates_are_ordered_as_they_were_written(void **state)
{
    (void)state;
    static const char *const oldest_first[] = {
        "app.2026-03-01.log",   "app.2026-03-02.0.log",  "app.2026-03-02.2.log",
        "app.2026-03-02.10.log", "app.2026-03-02.100.log", "app.2026-03-03.log",
        "app.log-20260304-1772600000", "app.log-20260304-1772600001",
        "app.2026-03-05_14.9.log", "app.2026-03-05_14.10.log.gz", "app.2026-03-05_15.0.log",
        "app-2026-03-06-14-30-2.log", "app-2026-03-06-14-30-10.log", "app-2026-03-06-14-31-1.log",
        "app.log",
    };
    struct log_name last = {0};
    for (size_t i = 0; i < ARRAY_LEN(oldest_first); i++) {
        struct log_name name;
        log_name_parse_plain(oldest_first[i], &name);
        assert_true(i == 0 || log_name_compare(&last, &name) < 0);
        last = name;
    }
}

/* By logrotate (dateformat), logback, log4j2, savelog, cronolog, newsyslog, python's handlers, winston, pino
 * and others. */
static const char *const stamps[] = {
    "%Y%m%d", "%Y-%m-%d", "%Y_%m_%d", "%Y.%m.%d", "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S",
    "%Y-%m-%d_%H", "%Y-%m-%d-%H", "%Y-%m-%dT%H", "%Y-%m-%dT%H-%M-%S", "%Y-%m-%d_%H-%M-%S",
    "%Y-%m-%d-%H-%M", "%Y%m%d-%H%M%S", "%Y%m%dT%H%M%S", "%Y%m%d.%H%M", "%Y%m%d_%H", "%s", "%Y%m%d-%s",
    "%Y%m", "%Y-%m", "%Y-%V", "%Y-W%V", "%YW%V", "%Y%V", "%Y-%j", "%d%m%Y", "%m%d%Y", "%d-%m-%Y",
    "%m-%d-%Y", "%d.%m.%Y", "%d%m%Y%H", "%d%m%Y-%H%M",
};

/* Where the stamp is in the name, and where a count is. */
static const char *const forms[] = {
    "app.log-%s", "app.log.%s", "app.log_%s", "app-%s.log", "app.%s.log", "app_%s.log", "app.log-%s.gz",
    "app.%s.log.gz", "app-%s.log7266123456789.tmp", "%s-app.log", "%s_app.log.gz",
};
static const char *const counted_forms[] = {
    "app.log-%s-%d", "app.log.%s.%d", "app-%s-%d.log", "app.%s.%d.log", "app-%s.%d.log.gz",
    "app_%s_%d.log", "app.%s.%d.log7266123456789.tmp",
};

static char *replace_first(const char *text, const char *what, const char *with)
{
    const char *at = strstr(text, what);
    assert_non_null(at);
    return mem_format("%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
}

static void assert_follows(const char *text, struct log_name *last, bool is_first)
{
    struct log_name name;
    log_name_parse_plain(text, &name);
    bool is_right = strcmp(name.base, "app.log") == 0 && name.age != LOG_LIVE &&
                    (is_first || log_name_compare(last, &name) < 0);
    if (!is_right) {
        print_error("%s: %s, age %d, %llu behind %llu\n", text, name.base, (int)name.age,
                    (unsigned long long)name.number, (unsigned long long)last->number);
    }
    assert_true(is_right);
    *last = name;
}

static char *field_at(char letter, const struct tm *time, time_t since)
{
    switch (letter) {
    case 'Y':
        return mem_format("%04d", time->tm_year + 1900);
    case 'm':
        return mem_format("%02d", time->tm_mon + 1);
    case 'd':
        return mem_format("%02d", time->tm_mday);
    case 'H':
        return mem_format("%02d", time->tm_hour);
    case 'M':
        return mem_format("%02d", time->tm_min);
    case 'S':
        return mem_format("%02d", time->tm_sec);
    case 'j':
        return mem_format("%03d", time->tm_yday + 1);
    case 'V':
        return mem_format("%02d", time->tm_yday / 7 + 1);
    default:
        return mem_format("%lld", (long long)since);
    }
}

static char *stamp_at(const char *format, int month)
{
    struct tm time = {.tm_year = 125, .tm_mon = 10 + month, .tm_mday = 13 + month, .tm_hour = 14,
                      .tm_min = 30, .tm_sec = 15};
    time_t since = timegm(&time);
    char *stamp = mem_string(format);
    for (char *percent; (percent = strchr(stamp, '%')) != NULL;) {
        char *field = field_at(percent[1], &time, since);
        char *next = mem_format("%.*s%s%s", (int)(percent - stamp), stamp, field, percent + 2);
        free(field);
        free(stamp);
        stamp = next;
    }
    return stamp;
}

static void assert_ordered(const char *stamp_format, const char *form)
{
    struct log_name last;
    for (int month = 0; month < 5; month++) {
        char *stamp = stamp_at(stamp_format, month);
        char *name = replace_first(form, "%s", stamp);
        assert_follows(name, &last, month == 0);
        free(name);
        free(stamp);
    }
}

static void assert_counts_ordered(const char *stamp_format, const char *form)
{
    static const char *const counts[] = {"1", "2", "9", "10", "123"};
    char *stamp = stamp_at(stamp_format, 0);
    char *stamped = replace_first(form, "%s", stamp);
    struct log_name last;
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        char *name = replace_first(stamped, "%d", counts[i]);
        assert_follows(name, &last, i == 0);
        free(name);
    }
    free(stamped);
    free(stamp);
}

static void any_stamp_is_a_generations_and_tells_its_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(stamps); i++) {
        for (size_t form = 0; form < ARRAY_LEN(forms); form++) {
            assert_ordered(stamps[i], forms[form]);
        }
        for (size_t form = 0; form < ARRAY_LEN(counted_forms); form++) {
            assert_counts_ordered(stamps[i], counted_forms[form]);
        }
    }
}

/* Each rotation renames them all: taken for logs of their own they would be sent again and again. */
static void a_number_before_the_extension_is_a_generation_where_its_log_is(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "app.1.log", 1, 10);
    rig_append_numbers(rig, "app.log", 11, 20);
    rig_open(rig, "*.log");
    rig_run_until(rig, 20);
    rig_rename(rig, "app.1.log", "app.2.log");
    rig_rename(rig, "app.log", "app.1.log");
    rig_append_numbers(rig, "app.log", 21, 30);
    rig_run_until(rig, 30);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, 30);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void a_number_before_the_extension_is_a_log_of_its_own_where_there_is_none(void **state)
{
    struct rig *rig = *state;
    rig_append(rig, "worker.1.log", "1\n");
    rig_append(rig, "worker.2.log", "2\n");
    rig_open(rig, "*.log");
    rig_run_until(rig, 2);
    for (int i = 0; i < 2; i++) {
        const char *name = strrchr(rig->lines[i].path, '/') + 1;
        assert_string_equal(name, rig->lines[i].text[0] == '1' ? "worker.1.log" : "worker.2.log");
    }
}

static void the_kubelets_names_are_ordered_as_they_were_written(void **state)
{
    (void)state;
    static const char *const oldest_first[] = {
        "0.log.20260301-235959", "0.log.20260302-000000", "0.log", "1.log.20260302-000001.gz",
        "1.log", "10.log",
    };
    struct log_name last = {0};
    for (size_t i = 0; i < ARRAY_LEN(oldest_first); i++) {
        struct log_name name;
        assert_true(log_name_parse_kubelet(oldest_first[i], &name));
        assert_true(i == 0 || log_name_compare(&last, &name) < 0);
        last = name;
    }
    static const char *const others[] = {"0.log.20260301-235959.tmp", "a.log", "0.logs", "0.log.1",
                                         ".log", "0.log.20260301-2359590", ""};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_false(log_name_parse_kubelet(others[i], &last));
    }
}

/* ---- what is found ---- */

static void a_directory_stands_for_all_that_looks_like_a_log(void **state)
{
    struct rig *rig = *state;
    rig_append(rig, "logs/a.log", "1\n");
    rig_append(rig, "logs/messages", "2\n");
    rig_append(rig, "logs/deep/er/b.txt", "3\n");
    rig_append(rig, "logs/.hidden.log", "no\n");
    rig_append(rig, "logs/.hidden/a.log", "no\n");
    rig_append(rig, "logs/a.log.1.gz", "no\n");
    rig_append(rig, "logs/core.tmp", "no\n");
    rig_open(rig, "logs");
    rig_run_until(rig, 3);
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 3);
    rig_append(rig, "logs/new/c.log", "4\n");
    rig_run_until(rig, 4);
}

static void what_is_excluded_is_not_read(void **state)
{
    struct rig *rig = *state;
    rig->exclude[0] = mem_string("*debug*");
    rig->exclude[1] = rig_path(rig, "logs/private");
    rig->settings.exclude.count = 2;
    rig_append(rig, "logs/a.log", "1\n");
    rig_append(rig, "logs/debug.log", "no\n");
    rig_append(rig, "logs/private/a.log", "no\n");
    rig_open(rig, "logs/**/*.log");
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 1);
}

static void what_is_excluded_is_not_read_by_another_name_either(void **state)
{
    struct rig *rig = *state;
    rig->exclude[0] = rig_path(rig, "logs/private");
    rig->exclude[1] = rig_path(rig, "logs/secret.log");
    rig->settings.exclude.count = 2;
    rig_append(rig, "logs/a.log", "1\n");
    rig_append(rig, "logs/secret.log", "no\n");
    rig_append(rig, "logs/private/a.log", "no\n");
    rig_link(rig, "secret.log", "logs/open.log");
    rig_link(rig, "private", "logs/public");
    rig_open(rig, "logs/**/*.log");
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 1);
    rig_assert_line(rig, 0, "1");
}

static void links_in_a_circle_are_walked_once(void **state)
{
    struct rig *rig = *state;
    rig_append(rig, "logs/one/a.log", "1\n");
    rig_append(rig, "logs/two/b.log", "2\n");
    rig_link(rig, "../two", "logs/one/next");
    rig_link(rig, "../one", "logs/two/next");
    rig_link(rig, "..", "logs/one/up");
    rig_link(rig, "itself", "logs/itself");
    rig_open(rig, "logs/**/*.log");
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 2);
}

static void clews_own_state_is_never_read_whatever_leads_there(void **state)
{
    struct rig *rig = *state;
    struct output_settings output = {.spool_dir = rig_path(rig, "logs/spool")};
    rig->config.outputs = &output;
    rig->config.output_count = 1;
    rig->include[1] = rig_path(rig, ".state/own.log");
    rig->include[2] = rig_path(rig, ".state");
    rig->settings.include.count = 3;
    rig_append(rig, "logs/a.log", "1\n");
    rig_append(rig, ".state/own.log", "no\n");
    rig_append(rig, "logs/spool/main/1.json", "no\n");
    rig_append(rig, "logs/spooled/a.log", "2\n");
    rig_link(rig, "../.state/own.log", "logs/link.log");
    rig_open(rig, "logs");
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 2);
    rig_run_ms(rig, 250);
    assert_int_equal(rig->count, 2);
    free(output.spool_dir);
}

static void only_what_was_asked_for_is_read_of_older_generations(void **state)
{
    struct rig *rig = *state;
    rig_append(rig, "a.log.1", "old\n");
    rig_append(rig, "a.log", "new\n");
    rig_open(rig, "a.log");
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 1);
    rig_assert_line(rig, 0, "new");
    rig_append(rig, "a.log.1", "old still\n");
    rig_run_ms(rig, 250);
    assert_int_equal(rig->count, 1);
}

static void rotated_names_without_their_base_are_logs_of_their_own(void **state)
{
    struct rig *rig = *state;
    rig_append(rig, "app-2026-03-01.log", "a1\n");
    rig_append(rig, "app-2026-03-02.log", "b1\n");
    rig_open(rig, "*.log");
    rig_run_until(rig, 2);
    rig_append(rig, "app-2026-03-01.log", "a2\n");
    rig_run_until(rig, 3);
    rig_append(rig, "app-2026-03-02.log", "b2\n");
    rig_run_until(rig, 4);
    rig_append(rig, "app.log", "c1\n"); /* they stay what they are */
    rig_run_until(rig, 5);
    rig_run_ms(rig, 300);
    assert_int_equal(rig->count, 5);
}

/* ---- links ---- */

#define POD "pods/shop_checkout-1_0b1c2d3e-0000-4000-8000-000000000001/app"
#define LINK "containers/checkout-1_shop_app-0123456789abcdef.log"

static void a_file_is_read_once_however_many_ways_lead_to_it(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, POD "/0.log", 1, 5);
    rig_link(rig, "../" POD "/0.log", LINK);
    rig->include[1] = rig_path(rig, POD "/*.log");
    rig->settings.include.count = 2;
    rig_open(rig, "containers/*.log");
    char *hard = rig_path(rig, "containers/hard.log");
    char *file = rig_path(rig, POD "/0.log");
    assert_int_equal(link(file, hard), 0);
    free(hard);
    free(file);
    rig_run_to_end(rig);
    rig_assert_numbers(rig, 1, 5);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100000");
    rig_append_numbers(rig, POD "/0.log", 6, 8);
    rig_run_until(rig, 8);
    rig_run_ms(rig, 250);
    rig_assert_numbers(rig, 1, 8);
}

static void a_link_to_a_container_reads_its_directory(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, POD "/0.log.20260302-100000", 1, 5);
    rig_append_numbers(rig, POD "/0.log", 6, 9);
    rig_link(rig, "../" POD "/0.log", LINK);
    rig->include[1] = rig_path(rig, "pods/nothing");
    rig->settings.include.count = 2;
    rig_open(rig, "{containers,pods}/*.log");
    rig_run_to_end(rig);
    rig_assert_numbers(rig, 1, 9);
    char *path = rig_path(rig, POD "/0.log");
    assert_string_equal(rig->lines[0].path, path); /* under which it was written */
    assert_string_equal(rig->lines[8].path, path);
    free(path);
}

static void a_link_out_of_the_roots_is_not_followed(void **state)
{
    struct rig *rig = *state;
    rig_append(rig, "secret/shadow", "secret\n");
    rig_append(rig, POD "/0.log", "fine\n");
    char *secret = rig_path(rig, "secret/shadow");
    char *directory = rig_path(rig, "secret");
    rig_link(rig, secret, POD "/1.log");
    rig_link(rig, "../../../secret/shadow", POD "/2.log");
    rig_link(rig, directory, "pods/shop_evil_0b1c2d3e/app");
    rig_link(rig, "/etc/shadow", POD "/3.log");
    rig_open(rig, "pods/*/*/*.log");
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 1);
    rig_assert_line(rig, 0, "fine");
    assert_in_range(rig->counters.values[C_FILE_ERRORS], 1, 2);
    /* Put in the place of a file that is read: neither. */
    rig_remove(rig, POD "/0.log");
    rig_link(rig, secret, POD "/0.log");
    rig_run_ms(rig, 300);
    assert_int_equal(rig->count, 1);
    free(secret);
    free(directory);
}

static void a_link_leads_to_logs_and_to_nothing_beside_them(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        bool may;
    } cases[] = {
        {"/var/log/pods/shop_a_1/app/0.log", true},
        {"/var/log/containers/a.log", true},
        {"/var/log/podsecrets/x", false},
        {"/var/log/auth.log", false},
        {"/etc/shadow", false},
        {"/var/lib/docker/containers/0a1b/0a1b-json.log", true},
        {"/var/lib/docker/containers/0a1b/0a1b-json.log.1", true},
        {"/var/lib/docker/containers/0a1b/config.v2.json", false},
        {"/var/lib/docker/containers/0a1b/0a1c-json.log", false},
        {"/var/lib/docker/containers/0a1b/0a1b-json.log.d/x", false},
        {"/var/lib/docker/containers/0a1b/0a1b-json.logs", false},
        {"/var/lib/docker/containers/0a1b", false},
        {"/var/lib/docker/containers//-json.log", false},
        {"/var/lib/docker/volumes/db/_data/key", false},
        {"/var/lib/kubelet/pods/1/volumes/kubernetes.io~secret/db/password", false},
        {"/var/lib/containers/storage/overlay/1/merged/etc/shadow", false},
    };
    char pattern[] = "/nonexistent/logs/*.log";
    char *include[] = {pattern};
    struct input_settings settings = {.include = {include, 1}};
    const struct discover_env env = {.world = &world_system};
    char *error = NULL;
    struct discover *discover = discover_new(&settings, &env, &error);
    assert_non_null(discover);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool may = discover_may_follow(discover, cases[i].target);
        if (may != cases[i].may) {
            print_error("%s\n", cases[i].target);
        }
        assert_int_equal(may, cases[i].may);
    }
    discover_free(discover);
}

static void a_link_that_was_configured_itself_leads_where_it_leads(void **state)
{
    struct rig *rig = *state;
    rig_append(rig, "elsewhere/app.log", "1\n");
    rig_link(rig, "../elsewhere/app.log", "etc/current");
    rig_open(rig, "etc/current");
    rig_run_until(rig, 1);
    rig_append(rig, "elsewhere/app.log", "2\n");
    rig_run_until(rig, 2);
}

static void a_link_may_be_switched_and_may_lead_nowhere_at_first(void **state)
{
    struct rig *rig = *state;
    rig_link(rig, "one.txt", "logs/current.log");
    rig_open(rig, "logs/*.log");
    rig_run_ms(rig, 150);
    rig_append(rig, "logs/one.txt", "1\n");
    rig_run_until(rig, 1);
    rig_append(rig, "logs/two.txt", "2\n");
    rig_remove(rig, "logs/current.log");
    rig_link(rig, "two.txt", "logs/current.log");
    rig_run_until(rig, 2);
    rig_append(rig, "logs/one.txt", "3\n"); /* what was begun is finished */
    rig_run_until(rig, 3);
}

/* With Docker the pods directory holds links, and their target's name tells nothing. */
/* As cronolog and rotatelogs keep it: the dated files beside it are one log. */
static void a_link_that_is_switched_twice_while_down_leaves_no_file_out(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "logs/app-2026-11-28.log", 101, 110); /* older: nobody asked for it */
    rig_append_numbers(rig, "logs/app-2026-11-29.log", 1, 10);
    rig_link(rig, "app-2026-11-29.log", "logs/app.log");
    rig_open(rig, "logs/app.log");
    rig_run_until(rig, 10);
    rig_close(rig);
    rig_append_numbers(rig, "logs/app-2026-11-29.log", 11, 15);
    rig_append_numbers(rig, "logs/app-2026-11-30.log", 16, 20);
    rig_append_numbers(rig, "logs/app-2026-12-01.log", 21, 25);
    rig_remove(rig, "logs/app.log");
    rig_link(rig, "app-2026-12-01.log", "logs/app.log");
    rig_open(rig, "logs/app.log");
    rig_run_until(rig, 25);
    rig_append_numbers(rig, "logs/app-2026-12-02.log", 26, 30);
    rig_remove(rig, "logs/app.log");
    rig_link(rig, "app-2026-12-02.log", "logs/app.log");
    rig_run_until(rig, 30);
    rig_assert_numbers(rig, 1, 30);
}

/* winston and others: what is live has a date, and is compressed under its own name. */
static void what_a_dated_log_of_its_own_is_compressed_to_is_the_same_log(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "app-2026-11-29.log", 1, 10);
    rig_append_numbers(rig, "app-2026-11-30.log", 11, 20);
    rig_open(rig, "*.log");
    rig_run_until(rig, 20);
    rig_close(rig);
    rig_append_numbers(rig, "app-2026-11-29.log", 21, 25);
    char *path = rig_path(rig, "app-2026-11-29.log");
    char *command = mem_format("gzip -n %s", path);
    assert_int_equal(system(command), 0);
    free(command);
    free(path);
    rig_open(rig, "*.log");
    rig_run_until(rig, 25);
    rig_run_ms(rig, 200);
    assert_int_equal(rig->count, 25);
    assert_int_equal(rig->counters.values[C_BYTES_LOST] + rig->counters.values[C_FILES_LOST], 0);
}

static void dockers_file_keeps_the_name_of_its_pod(void **state)
{
    struct rig *rig = *state;
    rig_append(rig, "docker/abc/abc-json.log", "1\n");
    rig_link(rig, "../../../docker/abc/abc-json.log", POD "/0.log");
    rig->include[1] = rig_path(rig, "docker/*/none");
    rig->settings.include.count = 2;
    rig_open(rig, "pods/*/*/*.log");
    rig_run_until(rig, 1);
    rig_rename(rig, "docker/abc/abc-json.log", "docker/abc/abc-json.log.1");
    rig_append(rig, "docker/abc/abc-json.log", "2\n");
    rig_run_until(rig, 2);
    char *path = rig_path(rig, POD "/0.log");
    assert_string_equal(rig->lines[0].path, path);
    assert_string_equal(rig->lines[1].path, path);
    free(path);
}

/* ---- directories that come and go ---- */

static void a_directory_may_vanish_and_return(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "logs/sub/a.log", 1, 3);
    rig_open(rig, "logs/**/*.log");
    rig_run_until(rig, 3);
    rig_rename(rig, "logs", "away");
    rig_run_ms(rig, 300);
    rig_append_numbers(rig, "away/sub/a.log", 4, 5);
    rig_rename(rig, "away", "logs");
    rig_run_until(rig, 5);
    rig_append_numbers(rig, "logs/sub/a.log", 6, 7);
    rig_run_until(rig, 7);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, 7);
}

static void a_file_moved_to_another_directory_is_read_on(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "one/a.log", 1, 3);
    rig_open(rig, "*/*.log");
    rig_run_until(rig, 3);
    rig_append(rig, "two/other.log", "line 4\n");
    rig_run_until(rig, 4);
    rig_rename(rig, "one/a.log", "two/a.log");
    rig_run_ms(rig, 200);
    rig_append_numbers(rig, "two/a.log", 5, 6);
    rig_run_until(rig, 6);
    rig_run_ms(rig, 200);
    rig_assert_numbers(rig, 1, 6);
}

static void things_that_are_no_files_are_left_alone(void **state)
{
    struct rig *rig = *state;
    char *fifo = rig_path(rig, "pipe.log");
    assert_int_equal(mkfifo(fifo, 0644), 0);
    free(fifo);
    rig_append(rig, "directory.log/a.log", "1\n");
    rig_append(rig, "empty.log", "");
    rig_open(rig, "*.log");
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 1); /* a directory that a pattern names is read whole */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_matches_what_one_expects),
        cmocka_unit_test(braces_do_not_explode),
        cmocka_unit_test(a_name_tells_its_base_and_age),
        cmocka_unit_test(dates_are_ordered_as_they_were_written),
        cmocka_unit_test(any_stamp_is_a_generations_and_tells_its_order),
        TEST(a_number_before_the_extension_is_a_generation_where_its_log_is),
        TEST(a_number_before_the_extension_is_a_log_of_its_own_where_there_is_none),
        cmocka_unit_test(the_kubelets_names_are_ordered_as_they_were_written),
        TEST(a_directory_stands_for_all_that_looks_like_a_log),
        TEST(what_is_excluded_is_not_read),
        TEST(what_is_excluded_is_not_read_by_another_name_either),
        TEST(links_in_a_circle_are_walked_once),
        TEST(clews_own_state_is_never_read_whatever_leads_there),
        TEST(only_what_was_asked_for_is_read_of_older_generations),
        TEST(rotated_names_without_their_base_are_logs_of_their_own),
        TEST(a_file_is_read_once_however_many_ways_lead_to_it),
        TEST(a_link_to_a_container_reads_its_directory),
        TEST(a_link_out_of_the_roots_is_not_followed),
        TEST(a_link_leads_to_logs_and_to_nothing_beside_them),
        TEST(a_link_that_was_configured_itself_leads_where_it_leads),
        TEST(a_link_may_be_switched_and_may_lead_nowhere_at_first),
        TEST(a_link_that_is_switched_twice_while_down_leaves_no_file_out),
        TEST(what_a_dated_log_of_its_own_is_compressed_to_is_the_same_log),
        TEST(dockers_file_keeps_the_name_of_its_pod),
        TEST(a_directory_may_vanish_and_return),
        TEST(a_file_moved_to_another_directory_is_read_on),
        TEST(things_that_are_no_files_are_left_alone),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return driver_run("discover", tests, ARRAY_LEN(tests));
}

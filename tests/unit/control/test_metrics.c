/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "control/loss_metrics.h"
#include "control/metrics.h"

enum {
    ROOM = 1 << 20
};

static bool is_name(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && text[len] == '\0' && islower((unsigned char)text[0]);
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text);
    size_t suffix_len = strlen(suffix);
    return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

static void every_counter_is_declared_as_openmetrics_demands(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTERS; i++) {
        const struct counter_info *info = &counter_table[i];
        assert_non_null(info->name);
        assert_true(is_name(info->name));
        assert_false(has_suffix(info->name, "_total"));
        assert_true(strncmp(info->name, "clew_", 5) == 0);
        if (info->unit != NULL) {
            assert_true(has_suffix(info->name, info->unit));
        }
        assert_true(strpbrk(info->help, "\n\\\"|") == NULL);
        assert_true(has_suffix(info->help, "."));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(info->name, counter_table[k].name);
        }
    }
}

static void counters_are_written_with_their_values(void **state)
{
    (void)state;
    struct counters counters = {0};
    counters_add(&counters, C_BYTES_READ, UINT64_MAX);
    counters_set(&counters, C_FILES_OPEN, 7);
    struct buf out;
    buf_init(&out, ROOM);
    assert_true(metrics_write_counters(&counters, &out));
    char *text = buf_take(&out);
    assert_non_null(strstr(text, "# TYPE clew_received_bytes counter\n"
                                 "# UNIT clew_received_bytes bytes\n"
                                 "# HELP clew_received_bytes Bytes read from files.\n"
                                 "clew_received_bytes_total 18446744073709551615\n"));
    assert_non_null(strstr(text, "# TYPE clew_open_files gauge\n"));
    assert_non_null(strstr(text, "\nclew_open_files 7\n"));
    free(text);
}

static void what_does_not_fit_is_told(void **state)
{
    (void)state;
    struct counters counters = {0};
    struct buf out;
    buf_init(&out, 1000);
    assert_false(metrics_write_counters(&counters, &out));
    buf_fini(&out);
}

static void the_kernel_is_asked_about_this_process(void **state)
{
    (void)state;
    struct process_usage usage;
    assert_true(process_usage_read(&usage));
    assert_in_range(usage.resident_bytes, 100000, usage.virtual_bytes);
    assert_in_range(usage.open_files, 3, 1000);
    assert_true(usage.cpu_seconds >= 0.0 && usage.cpu_seconds < 1000.0);
    double now = (double)time(NULL);
    assert_true(usage.start_time > now - 1000.0 && usage.start_time < now + 5.0);
    int fd = dup(1);
    struct process_usage again;
    assert_true(process_usage_read(&again));
    assert_int_equal(again.open_files, usage.open_files + 1);
    close(fd);
}

static void losses_are_told_by_log_and_names_forge_nothing(void **state)
{
    (void)state;
    static const char pod[] = "/var/log/pods/shop_checkout-1_0b1c2d3e-0000-4000-8000-000000000001/app/0.log";
    struct losses losses = {.count = 0};
    struct buf out;
    buf_init(&out, ROOM);
    losses_add(&losses, pod, 40);
    losses_add(&losses, "/logs/a\"} 1\nforged 2\\\x1b\xc2\x9b\xff.log", 7);
    losses_add(&losses, pod, 2);
    losses_add(&losses, "/logs/nothing.log", 0);
    for (unsigned i = 0; i < 2 * LOSSES_MAX; i++) {
        char *path = mem_format("/logs/%u.log", i);
        losses_add(&losses, path, 1);
        free(path);
    }
    assert_true(loss_metrics_write(&losses, &out));
    assert_true(buf_append(&out, "", 1));
    assert_non_null(strstr(out.data, "clew_log_lost_bytes_total{namespace=\"shop\",pod=\"checkout-1\","
                                     "container=\"app\"} 42\n"));
    assert_non_null(strstr(out.data, "{log=\"/logs/a\\\"} 1\xef\xbf\xbd" "forged 2\\\\\xef\xbf\xbd"
                                     "\xef\xbf\xbd\xef\xbf\xbd.log\"} 7\n"));
    assert_non_null(strstr(out.data, "{log=\"/logs/97.log\"} 1\n"));
    assert_null(strstr(out.data, "{log=\"/logs/98.log\"}"));
    assert_null(strstr(out.data, "nothing"));
    assert_non_null(strstr(out.data, "{log=\"(others)\"} 102\n"));
    losses_fini(&losses);
    buf_fini(&out);
}

/* With CLEW_WRITE_DOCS set it writes the page instead; the comparison is then no test. */
static void docs_metrics_md_is_what_the_table_says(void **state)
{
    (void)state;
    struct buf expected;
    buf_init(&expected, ROOM);
    assert_true(metrics_write_reference(&expected));
    if (getenv("CLEW_WRITE_DOCS") != NULL) {
        char *path = mem_format("%s/docs/metrics.md", getenv("CLEW_SOURCE_ROOT"));
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(expected.data, 1, expected.len, file);
        fclose(file);
        free(path);
    }
    size_t len = 0;
    char *page = driver_read_file("docs/metrics.md", &len);
    if (!slice_is_equal(slice_make(page, len), buf_slice(&expected))) {
        print_error("docs/metrics.md is old: run this test with CLEW_WRITE_DOCS=1 to write it\n");
    }
    assert_slice_equal(slice_make(page, len), buf_slice(&expected));
    free(page);
    buf_fini(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_counter_is_declared_as_openmetrics_demands),
        cmocka_unit_test(counters_are_written_with_their_values),
        cmocka_unit_test(what_does_not_fit_is_told),
        cmocka_unit_test(the_kernel_is_asked_about_this_process),
        cmocka_unit_test(losses_are_told_by_log_and_names_forge_nothing),
        cmocka_unit_test(docs_metrics_md_is_what_the_table_says),
    };
    return driver_run("metrics", tests, ARRAY_LEN(tests));
}

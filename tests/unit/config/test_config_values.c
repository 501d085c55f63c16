/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include "base/buf.h"
#include "config/expand.h"
#include "config/units.h"
#include "config/url.h"

static void sizes_durations_and_shares_are_read_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } sizes[] =
        {
            {"0", true, 0},
            {"4096", true, 4096},
            {"64KiB", true, 65536},
            {"10MB", true, 10000000},
            {"1.5 KiB", true, 1536},
            {"2GiB", true, 2147483648},
            {"1kB", true, 1000},
            {"7B", true, 7},
            {"18446744073709551615", true, UINT64_MAX},
            {"", false, 0},
            {"KiB", false, 0},
            {"1.5B", false, 0},
            {"-1", false, 0},
            {"1e3", false, 0},
            {"0x10", false, 0},
            {"1 kib", false, 0},
            {"1KiBs", false, 0},
            {"18446744073709551616", false, 0},
            {"inf", false, 0},
            {"1.KiB", false, 0},
            {"99999999999GiB", false, 0},
        },
      durations[] = {
          {"0", true, 0},        {"200ms", true, 200},   {"5s", true, 5000},   {"1m", true, 60000},
          {"2h", true, 7200000}, {"1m30s", true, 90000}, {"1.5s", true, 1500}, {"5", false, 0},
          {"5 days", false, 0},  {"", false, 0},         {"0.5ms", false, 0},  {"1m30", false, 0},
          {"s", false, 0},
      };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        uint64_t value = 0;
        assert_int_equal(units_parse_size(sizes[i].text, &value), sizes[i].good);
        assert_true(value == sizes[i].value);
    }
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        uint64_t value = 0;
        assert_int_equal(units_parse_duration(durations[i].text, &value), durations[i].good);
        assert_true(value == durations[i].value);
    }
    double ratio = 0;
    assert_true(units_parse_ratio("50%", &ratio) && ratio == 0.5);
    assert_true(units_parse_ratio("0.25", &ratio) && ratio == 0.25);
    assert_false(units_parse_ratio("50 percent", &ratio));
    assert_false(units_parse_ratio("-1%", &ratio));
}

static void numbers_with_units_read_back_as_they_were_printed(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0,     1,     999,     1000,       1024,      1536,
                                       65536, 90000, 3600000, 1000000007, 2147483648};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        char text[UNITS_TEXT_MAX];
        uint64_t value = 1;
        units_print_size(numbers[i], text);
        assert_true(units_parse_size(text, &value) && value == numbers[i]);
        units_print_duration(numbers[i], text);
        assert_true(units_parse_duration(text, &value) && value == numbers[i]);
    }
}

static void variables_are_expanded_as_a_shell_would(void **state)
{
    (void)state;
    static char a[] = "A=1";
    static char empty[] = "EMPTY=";
    static char nested[] = "NESTED=${A}";
    char *environ[] = {a, empty, nested, NULL};
    static const struct {
        const char *text;
        const char *expected; /* NULL: refused */
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"${A}", "1"},
        {"x${A}y${A}", "x1y1"},
        {"${B:-two}", "two"},
        {"${B:-}", ""},
        {"${EMPTY}", ""},
        {"${EMPTY:-e}", "e"},
        {"${A:-two}", "1"},
        {"${A:?why}", "1"},
        {"$$", "$"},
        {"$${A}", "${A}"},
        {"^a$", "^a$"},
        {"$A $", "$A $"},
        {"${NESTED}", "${A}"},
        {"${B}", NULL},
        {"${B:?set B}", NULL},
        {"${EMPTY:?set it}", NULL},
        {"${A", NULL},
        {"${}", NULL},
        {"${1}", NULL},
        {"${A:+x}", NULL},
        {"${A B}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;
        char *error = NULL;
        buf_init(&out, 1000);
        struct slice text = driver_guarded(slice_from_string(cases[i].text));
        bool good = expand(text, environ, &out, &error);
        assert_int_equal(good, cases[i].expected != NULL);
        if (good) {
            assert_slice_equal(buf_slice(&out), slice_from_string(cases[i].expected));
        } else {
            assert_non_null(error);
        }
        free(error);
        buf_fini(&out);
    }
}

static void urls_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *parts; /* scheme|user|host|port|path|query, NULL: none */
    } cases[] = {
        {"http://h", "http||h|||"},
        {"https://u:p@h:1/a/b?c=d#e", "https|u:p|h|1|/a/b|c=d"},
        {"http://[::1]:4318/", "http||[::1]|4318|/|"},
        {"http://u@x@h", "http|u@x|h|||"},
        {"http://h?x", "http||h|||x"},
        {"h:80", NULL},
        {"http://", NULL},
        {"http://:80", NULL},
        {"http://h:8a", NULL},
        {"http://[::1", NULL},
        {"://h", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct url url;
        bool good = url_parse(cases[i].text, &url);
        assert_int_equal(good, cases[i].parts != NULL);
        if (!good) {
            continue;
        }
        char *parts = mem_format(
            "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s", (int)url.scheme.len, url.scheme.data,
            (int)url.user.len, url.user.data, (int)url.host.len, url.host.data, (int)url.port.len,
            url.port.data, (int)url.path.len, url.path.data, (int)url.query.len, url.query.data);
        assert_string_equal(parts, cases[i].parts);
        free(parts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_durations_and_shares_are_read_exactly),
        cmocka_unit_test(numbers_with_units_read_back_as_they_were_printed),
        cmocka_unit_test(variables_are_expanded_as_a_shell_would),
        cmocka_unit_test(urls_are_taken_apart),
    };
    return driver_run("config_values", tests, ARRAY_LEN(tests));
}

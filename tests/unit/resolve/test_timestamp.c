/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include "resolve/time/civil.h"
#include "resolve/time/timestamp.h"
#include "resolve/time/zone.h"

/* 2026-03-02T10:11:12Z, and a reading half a minute later. */
#define MOMENT_S   1772446272ULL
#define S(seconds) ((seconds)*1000000000ULL)
#define MOMENT     S(MOMENT_S)
#define READ       (MOMENT + S(30))

static bool parse_at(struct slice text, const struct zone *zone, uint64_t reference_ns,
                     struct timestamp *out)
{
    struct timestamp_cache cache = {.days = 0};
    struct timestamp_env env = {zone, reference_ns, &cache};
    return timestamp_from_text(driver_guarded(text), &env, out);
}

static void assert_time(struct slice text, uint64_t ns, bool assumed)
{
    struct timestamp found = {0};
    if (!parse_at(text, NULL, READ, &found) || found.ns != ns || found.zone_assumed != assumed) {
        print_error("%.*s\n  gave %llu %d\n  not  %llu %d\n", (int)text.len, text.data,
                    (unsigned long long)found.ns, found.zone_assumed, (unsigned long long)ns,
                    assumed);
        fail();
    }
}

static void every_text_form_is_read_to_the_nanosecond(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        uint64_t ns;
        bool assumed;
    } cases[] = {
        {SLICE("2026-03-02T10:11:12Z"), MOMENT, false},
        {SLICE("2026-03-02T10:11:12z"), MOMENT, false},
        {SLICE("2026-03-02t10:11:12.5Z"), MOMENT + 500000000, false},
        {SLICE("2026-03-02T10:11:12.34Z"), MOMENT + 340000000, false},
        {SLICE("2026-03-02T10:11:12.345Z"), MOMENT + 345000000, false},
        {SLICE("2026-03-02T10:11:12.3456Z"), MOMENT + 345600000, false},
        {SLICE("2026-03-02T10:11:12.345678Z"), MOMENT + 345678000, false},
        {SLICE("2026-03-02T10:11:12.3456789Z"), MOMENT + 345678900, false},
        {SLICE("2026-03-02T10:11:12.345678901Z"), MOMENT + 345678901, false},
        {SLICE("2026-03-02T10:11:12.000000001Z"), MOMENT + 1, false},
        {SLICE("2026-03-02T10:11:12.345678901999Z"), MOMENT + 345678901, false},
        {SLICE("2026-03-02T11:11:12.345+01:00"), MOMENT + 345000000, false},
        {SLICE("2026-03-02T05:11:12.345678-05:00"), MOMENT + 345678000, false},
        {SLICE("2026-03-02T15:41:12+0530"), MOMENT, false},
        {SLICE("2026-03-02T11:11:12+01"), MOMENT, false},
        {SLICE("2026-03-02T10:11:12-00:00"), MOMENT, false},
        {SLICE("2026-03-02 10:11:12.345678+00:00"), MOMENT + 345678000, false},
        {SLICE("2026-03-02 10:11:12,345"), MOMENT + 345000000, true},
        {SLICE("2026-03-02 10:11:12,345+0000"), MOMENT + 345000000, false},
        {SLICE("2026-03-02T10:11:12"), MOMENT, true},
        {SLICE("2026-03-02_10:11:12"), MOMENT, true},
        {SLICE("2026-03-02 10:11:12.345 UTC"), MOMENT + 345000000, false},
        {SLICE("2026-03-02 02:11:12.345 PST"), MOMENT + 345000000, false},
        {SLICE("2026-03-02 12:11:12.345 CEST"), MOMENT + 345000000, false},
        {SLICE("2026-03-02 10:11:12 +0000 UTC"), MOMENT, false},
        {SLICE("2026-03-02 10:11:12.562264131 +0000 UTC"), MOMENT + 562264131, false},
        {SLICE("2026-03-02 06:11:12.562264131 -0400 EDT"), MOMENT + 562264131, false},
        {SLICE("2026-03-02 10:11:12.5 +0000 UTC m=+0.012"), MOMENT + 500000000, false},
        {SLICE("2026-03-02T11:11:12+01:00[Europe/Berlin]"), MOMENT, false},
        {SLICE("2026/03/02 10:11:12"), MOMENT, true},
        {SLICE("2026/03/02 10:11:12.345678"), MOMENT + 345678000, true},
        {SLICE("20260302T101112Z"), MOMENT, false},
        {SLICE("20260302T101112.345Z"), MOMENT + 345000000, false},
        {SLICE("02/Mar/2026:10:11:12 +0000"), MOMENT, false},
        {SLICE("[02/Mar/2026:11:11:12 +0100]"), MOMENT, false},
        {SLICE("[02/Mar/2026:10:11:12.633]"), MOMENT + 633000000, true},
        {SLICE("02-Mar-2026 10:11:12.345"), MOMENT + 345000000, true},
        {SLICE("02 Mar 2026 10:11:12.345"), MOMENT + 345000000, true},
        {SLICE("Mar  2 10:11:12"), MOMENT, true},
        {SLICE("Mar 02 10:11:12"), MOMENT, true},
        {SLICE("mar 2 10:11:12.5"), MOMENT + 500000000, true},
        {SLICE("Mar  2 2026 10:11:12"), MOMENT, true},
        {SLICE("Mar 02, 2026 10:11:12 AM"), MOMENT, true},
        {SLICE("Mar 02, 2026 10:11:12 PM"), MOMENT + S(43200ULL), true},
        {SLICE("Mon, 02 Mar 2026 10:11:12 GMT"), MOMENT, false},
        {SLICE("Mon Mar  2 10:11:12 2026"), MOMENT, true},
        {SLICE("Mon Mar 02 10:11:12.345678 2026"), MOMENT + 345678000, true},
        {SLICE("Mon Mar  2 10:11:12 UTC 2026"), MOMENT, false},
        {SLICE("10:11:12"), MOMENT, true},
        {SLICE("10:11:12.345"), MOMENT + 345000000, true},
        {SLICE("10:11:12,345Z"), MOMENT + 345000000, false},
        {SLICE(" 2026-03-02T10:11:12Z "), MOMENT, false},
        {SLICE("1772446272345678"), MOMENT + 345678000, false},
        {SLICE("2016-12-31T23:59:60Z"), S(1483228800ULL), false},
        {SLICE("2024-02-29T00:00:00Z"), S(1709164800ULL), false},
        {SLICE("2554-07-21T23:34:32Z"), S(18446744072ULL), false},
        {SLICE("1970-01-01T00:00:00.000000001Z"), 1, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_time(cases[i].text, cases[i].ns, cases[i].assumed);
    }
}

static void what_is_no_time_gives_none(void **state)
{
    (void)state;
    static const struct slice cases[] = {
        SLICE(""),
        SLICE(" "),
        SLICE("x"),
        SLICE("yesterday"),
        SLICE("2026-03-02"),
        SLICE("2026-13-02T10:11:12Z"),
        SLICE("2026-00-02T10:11:12Z"),
        SLICE("2026-02-29T10:11:12Z"),
        SLICE("2026-04-31T10:11:12Z"),
        SLICE("2026-03-00T10:11:12Z"),
        SLICE("2026-03-02T24:00:00Z"),
        SLICE("2026-03-02T10:60:12Z"),
        SLICE("2026-03-02T10:11:61Z"),
        SLICE("2026-03-02T10:11:12Zulu"),
        SLICE("2026-03-02T10:11:12+99:00"),
        SLICE("2026-03-02T10:11:12 and more"),
        SLICE("2026-03/02T10:11:12"),
        SLICE("2026-03-02T10:11:"),
        SLICE("2026-03-02T10.11.12"),
        SLICE("1969-12-31T23:59:59Z"),
        SLICE("1970-01-01T00:00:00Z"),
        SLICE("2554-07-21T23:34:34Z"),
        SLICE("9999-12-31T23:59:59Z"),
        SLICE("Foo  2 10:11:12"),
        SLICE("Mar 32 10:11:12"),
        SLICE("Mar  2"),
        SLICE("02/Mrz/2026:10:11:12 +0000"),
        SLICE("31/Feb/2026:10:11:12 +0000"),
        SLICE("13:00:00 PM"),
        SLICE("25:00:00"),
        SLICE("10:11:12.345.678"),
        SLICE("123"),
        SLICE("-1772446272"),
        SLICE("1772446272x"),
        SLICE("1e400"),
        SLICE("{}"),
        SLICE("[]"),
        SLICE("[2026-03-02T10:11:12Z"),
        SLICE("99999999999999999999999"),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct timestamp found;
        if (parse_at(cases[i], NULL, READ, &found)) {
            print_error("took %s as %llu\n", cases[i].data, (unsigned long long)found.ns);
            fail();
        }
    }
}

static void a_time_cut_off_anywhere_is_read_within_its_bytes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "2026-03-02T10:11:12.345678901+01:00",
        "2026-03-02 10:11:12,345 +0000 UTC",
        "20260302T101112.345Z",
        "02/Mar/2026:10:11:12 +0000",
        "Mar 02, 2026 10:11:12 AM",
        "Mon Mar 02 10:11:12.345678 UTC 2026",
        "Mon, 02 Mar 2026 10:11:12 GMT",
        "Mar  2 10:11:12",
        "10:11:12.345Z",
        "1772446272.345678e0",
        "[2026-03-02T10:11:12Z]",
        "0302 10:11:12.345678",
        "20260302 10:11:12.345678",
    };
    struct timestamp_cache cache = {.days = 0};
    struct timestamp_env env = {NULL, READ, &cache};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct slice whole = slice_from_string(texts[i]);
        for (size_t len = 0; len <= whole.len; len++) {
            struct slice cut = driver_guarded(slice_make(whole.data, len));
            struct timestamp found;
            assert_true(timestamp_scan(cut, &env, &found) <= len);
            assert_true(timestamp_scan_klog(cut, &env, &found) <= len);
            timestamp_from_text(cut, &env, &found);
        }
    }
}

static void a_scan_tells_where_the_time_ends(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        {"2026-03-02T10:11:12.345Z INFO x", 24},
        {"2026-03-02 10:11:12,345 - orders - INFO", 23},
        {"2026-03-02 10:11:12 INFO x", 19},
        {"2026-03-02 10:11:12 UTC [64087] LOG:", 23},
        {"2026-03-02 10:11:12|ERROR|x", 19},
        {"2026-03-02 10:11:12 -5 items", 19},
        {"2026-03-02 10:11:12 DEBUG x", 19},
        {"2026-03-02 10:11:12 EST x", 23},
        {"10:11:12.345 [main] INFO", 12},
        {"Mar  2 10:11:12 host app: x", 15},
        {"02/Mar/2026:10:11:12 +0000] \"GET", 26},
        {"2026-03-02T10:11:12.345Zulu", 0},
        {"2026-03-02 10:11:12abc", 0},
        {"12:34:56:78", 8},
        {"1.2.3.4 - -", 0},
    };
    struct timestamp_cache cache = {.days = 0};
    struct timestamp_env env = {NULL, READ, &cache};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct timestamp found;
        assert_int_equal(
            timestamp_scan(driver_guarded(slice_from_string(cases[i].text)), &env, &found),
            cases[i].len);
    }
}

static void numbers_tell_their_unit_by_magnitude(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        uint64_t ns;
    } cases[] = {
        {SLICE("1772446272"), MOMENT},
        {SLICE("1772446272.0"), MOMENT},
        {SLICE("1772446272.3456788"), MOMENT + 345678800},
        {SLICE("1772446272.345678901"), MOMENT + 345678901},
        {SLICE("1772446272.345678901999"), MOMENT + 345678901},
        {SLICE("1.772446272345E9"), MOMENT + 345000000},
        {SLICE("1.772446272345e+12"), MOMENT + 345000000},
        {SLICE("17724462723456789e-7"), MOMENT + 345678900},
        {SLICE("1772446272345"), MOMENT + 345000000},
        {SLICE("1772446272345.6789"), MOMENT + 345678900},
        {SLICE("1772446272345678"), MOMENT + 345678000},
        {SLICE("1772446272345678901"), MOMENT + 345678901},
        {SLICE("1772446272345678901.0"), MOMENT + 345678901},
        {SLICE("18446744073709551615"), 18446744073709551610ULL}, /* 19 digits are kept */
        {SLICE("100000000"), S(100000000ULL)},
        {SLICE("99999999"), 0},
        {SLICE("0"), 0},
        {SLICE("0.0"), 0},
        {SLICE("12.5"), 0},
        {SLICE(""), 0},
        {SLICE("."), 0},
        {SLICE("1772446272e"), 0},
        {SLICE("1772446272e99"), 0},
        {SLICE("1772446272.3.4"), 0},
        {SLICE("-1772446272"), 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t ns = 0;
        bool good = timestamp_from_number(driver_guarded(cases[i].text), &ns);
        if (good != (cases[i].ns != 0) || ns != cases[i].ns) {
            print_error("%s gave %llu\n", cases[i].text.data, (unsigned long long)ns);
            fail();
        }
    }
}

static void an_integer_means_the_same_as_its_text(void **state)
{
    (void)state;
    for (int64_t value = 1; value < INT64_MAX / 10; value *= 10) {
        for (int64_t step = -1; step <= 1; step++) {
            char text[32];
            uint64_t from_text = 0;
            uint64_t from_integer = 0;
            snprintf(text, sizeof(text), "%lld", (long long)(value + step));
            bool good = timestamp_from_number(slice_from_string(text), &from_text);
            assert_int_equal(timestamp_from_integer(value + step, &from_integer), good);
            assert_int_equal(good ? from_integer : 0, from_text);
        }
    }
    uint64_t ns;
    assert_false(timestamp_from_integer(INT64_MIN, &ns));
    assert_true(timestamp_from_integer(INT64_MAX, &ns));
}

static void units_and_parts_that_a_key_names_are_taken_as_named(void **state)
{
    (void)state;
    uint64_t ns;
    assert_true(timestamp_from_units(SLICE("1772446272345678901"), 1000000000, &ns));
    assert_int_equal(ns, MOMENT + 345678901);
    assert_true(timestamp_from_units(SLICE("1772446272345678"), 1000000, &ns));
    assert_int_equal(ns, MOMENT + 345678000);
    assert_true(timestamp_from_units(SLICE("5"), 1000, &ns));
    assert_int_equal(ns, 5000000);
    assert_false(timestamp_from_units(SLICE("0"), 1000000000, &ns));
    assert_true(timestamp_from_parts(SLICE("1772446272"), SLICE("345678901"), &ns));
    assert_int_equal(ns, MOMENT + 345678901);
    assert_true(timestamp_from_parts(SLICE("1772446272"), SLICE(""), &ns));
    assert_int_equal(ns, MOMENT);
    assert_false(timestamp_from_parts(SLICE("1772446272"), SLICE("1000000000"), &ns));
    assert_false(timestamp_from_parts(SLICE("x"), SLICE("1"), &ns));
    assert_false(timestamp_from_parts(SLICE("99999999999"), SLICE("1"), &ns));
}

static void a_year_that_is_left_out_is_the_last_one_that_is_not_ahead(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        uint64_t reference_s;
        uint64_t expected_s;
    } cases[] = {
        {SLICE("Dec 31 23:59:59"), 1767225605, 1767225599}, /* read on 2026-01-01 */
        {SLICE("Jan  1 00:00:01"), 1767225598, 1767225601}, /* read on 2025-12-31 */
        {SLICE("Feb 29 12:00:00"), 1709208030, 1709208000}, /* 2024 */
        {SLICE("Mar  2 10:11:12"), MOMENT_S + 86400 * 100, MOMENT_S},
        {SLICE("Mar  2 10:11:12"), MOMENT_S + 86400 * 300, MOMENT_S},
        {SLICE("Mar  2 10:11:12"), MOMENT_S - 3600, MOMENT_S}, /* a clock that is ahead */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct timestamp found = {0};
        assert_true(parse_at(cases[i].text, NULL, S(cases[i].reference_s), &found));
        assert_int_equal(found.ns, S(cases[i].expected_s));
    }
    struct timestamp found;
    assert_false(parse_at(SLICE("Feb 29 12:00:00"), NULL, S(1656590400ULL), &found)); /* 2022 */
    assert_false(parse_at(SLICE("Mar  2 10:11:12"), NULL, 0, &found));
}

static void a_date_that_is_left_out_is_the_readers_or_the_day_before(void **state)
{
    (void)state;
    struct timestamp found = {0};
    assert_true(parse_at(SLICE("23:59:59"), NULL, S(1767225601ULL), &found));
    assert_int_equal(found.ns, S(1767225599ULL));
    assert_true(parse_at(SLICE("00:00:01"), NULL, S(1767225602ULL), &found));
    assert_int_equal(found.ns, S(1767225601ULL));
    assert_false(parse_at(SLICE("10:11:12"), NULL, 0, &found));
    struct zone *zone = zone_new_fixed(2 * 3600); /* there it is 00:10 of the next day */
    assert_true(parse_at(SLICE("00:09:00"), zone, S(1767132600ULL), &found));
    assert_int_equal(found.ns, S(1767132540ULL));
    zone_free(zone);
}

static void klog_and_glog_headers_are_read(void **state)
{
    (void)state;
    struct timestamp_cache cache = {.days = 0};
    struct timestamp_env env = {NULL, READ, &cache};
    struct timestamp found = {0};
    assert_int_equal(timestamp_scan_klog(SLICE("0302 10:11:12.345678       1 a"), &env, &found),
                     20);
    assert_int_equal(found.ns, MOMENT + 345678000);
    assert_true(found.zone_assumed);
    assert_int_equal(timestamp_scan_klog(SLICE("20260302 10:11:12.345678 1 a"), &env, &found), 24);
    assert_int_equal(found.ns, MOMENT + 345678000);
    assert_int_equal(timestamp_scan_klog(SLICE("1302 10:11:12.345678"), &env, &found), 0);
    assert_int_equal(timestamp_scan_klog(SLICE("0302 101112"), &env, &found), 0);
}

static void the_cache_never_changes_the_answer(void **state)
{
    (void)state;
    struct timestamp_cache cache = {.days = 0};
    struct timestamp_env env = {NULL, READ, &cache};
    struct timestamp found;
    for (int i = 0; i < 3; i++) {
        assert_true(timestamp_from_text(SLICE("2026-03-02T10:11:12Z"), &env, &found));
        assert_int_equal(found.ns, MOMENT);
        assert_true(timestamp_from_text(SLICE("2026-03-03T10:11:12Z"), &env, &found));
        assert_int_equal(found.ns, MOMENT + S(86400ULL));
        assert_false(timestamp_from_text(SLICE("2026-02-30T10:11:12Z"), &env, &found));
    }
}

static void zone_less_times_are_read_in_the_configured_zone(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        struct slice text;
        uint64_t expected_s;
    } cases[] = {
        {"UTC", SLICE("2026-03-02 10:11:12"), MOMENT_S},
        {"+02:00", SLICE("2026-03-02 12:11:12"), MOMENT_S},
        {"-0730", SLICE("2026-03-02 02:41:12"), MOMENT_S},
        {"Europe/Berlin", SLICE("2026-03-02 11:11:12"), MOMENT_S},
        {"Europe/Berlin", SLICE("2026-07-02 12:00:00"), 1782986400},
        {"Europe/Berlin", SLICE("2026-10-25 02:30:00"), 1792888200}, /* twice: the first */
        {"Europe/Berlin", SLICE("2026-10-25 03:30:00"), 1792895400},
        {"Europe/Berlin", SLICE("2026-03-29 02:30:00"), 1774747800}, /* skipped */
        {"Europe/Berlin", SLICE("2045-07-02 12:00:00"), 2382602400}, /* by the rule */
        {"Europe/Berlin", SLICE("2045-01-02 12:00:00"), 2366967600},
        {"America/New_York", SLICE("2026-03-02 05:11:12"), MOMENT_S},
        {"America/New_York", SLICE("2050-07-01 12:00:00"), 2540304000},
        {"Australia/Sydney", SLICE("2050-01-01 12:00:00"), 2524611600},
        {"Asia/Kolkata", SLICE("2026-03-02 15:41:12"), MOMENT_S},
        {"Europe/Berlin", SLICE("2026-03-02 10:11:12Z"), MOMENT_S}, /* it names its own */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *error = NULL;
        struct zone *zone = zone_open(cases[i].zone, &error);
        assert_non_null(zone);
        struct timestamp found = {0};
        assert_true(parse_at(cases[i].text, zone, READ, &found));
        if (found.ns != S(cases[i].expected_s)) {
            print_error("%s %s: %llu\n", cases[i].zone, cases[i].text.data,
                        (unsigned long long)(found.ns / 1000000000));
            fail();
        }
        zone_free(zone);
    }
}

static void a_zone_that_does_not_exist_is_an_error_with_a_sentence(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",   "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "+25:00",
        "+1", "+01:0",        "Europe",           "Europe/Berlin\n"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *error = NULL;
        assert_null(zone_open(names[i], &error));
        assert_non_null(error);
        assert_non_null(strstr(error, "time zone"));
        free(error);
    }
}

/* Read the system's file and damage it: any answer is good, a read past the end is not. */
static void a_damaged_zone_file_is_refused_or_read_within_its_bytes(void **state)
{
    (void)state;
    char bytes[8192];
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    struct zone *whole = zone_new_tzif(slice_make(bytes, len));
    assert_non_null(whole);
    assert_int_equal(zone_offset_at(whole, (int64_t)MOMENT_S), 3600);
    zone_free(whole);
    for (size_t cut = 0; cut < len; cut += 7) {
        zone_free(zone_new_tzif(driver_guarded(slice_make(bytes, cut))));
    }
    for (size_t i = 0; i < len; i += 3) {
        char kept = bytes[i];
        bytes[i] = (char)0xff;
        zone_free(zone_new_tzif(slice_make(bytes, len)));
        bytes[i] = kept;
    }
}

static void the_calendar_agrees_with_itself_over_six_centuries(void **state)
{
    (void)state;
    struct civil date = {1900, 1, 1};
    for (int64_t days = civil_to_days(date); date.year < 2555; days++) {
        assert_int_equal(civil_to_days(date), days);
        struct civil back = civil_from_days(days);
        assert_true(back.year == date.year && back.month == date.month && back.day == date.day);
        date.day++;
        if (!civil_is_valid(date)) {
            date.day = 1;
            date.month++;
        }
        if (date.month > 12) {
            date.month = 1;
            date.year++;
        }
    }
    assert_int_equal(civil_to_days((struct civil){1970, 1, 1}), 0);
    assert_int_equal(civil_to_days((struct civil){2026, 3, 2}), 20514);
    assert_int_equal(civil_weekday(20514), 1);
    assert_int_equal(civil_weekday(-1), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_form_is_read_to_the_nanosecond),
        cmocka_unit_test(what_is_no_time_gives_none),
        cmocka_unit_test(a_time_cut_off_anywhere_is_read_within_its_bytes),
        cmocka_unit_test(a_scan_tells_where_the_time_ends),
        cmocka_unit_test(numbers_tell_their_unit_by_magnitude),
        cmocka_unit_test(an_integer_means_the_same_as_its_text),
        cmocka_unit_test(units_and_parts_that_a_key_names_are_taken_as_named),
        cmocka_unit_test(a_year_that_is_left_out_is_the_last_one_that_is_not_ahead),
        cmocka_unit_test(a_date_that_is_left_out_is_the_readers_or_the_day_before),
        cmocka_unit_test(klog_and_glog_headers_are_read),
        cmocka_unit_test(the_cache_never_changes_the_answer),
        cmocka_unit_test(zone_less_times_are_read_in_the_configured_zone),
        cmocka_unit_test(a_zone_that_does_not_exist_is_an_error_with_a_sentence),
        cmocka_unit_test(a_damaged_zone_file_is_refused_or_read_within_its_bytes),
        cmocka_unit_test(the_calendar_agrees_with_itself_over_six_centuries),
    };
    return driver_run("timestamp", tests, ARRAY_LEN(tests));
}

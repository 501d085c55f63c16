/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "resolve/severity.h"

static void level_words_have_the_numbers_of_the_log_data_model(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        uint8_t number;
    } rows[] = {
        {"trace TRACE Trace trce trc finest Verbose VERBOSE silly t", 1},
        {"debug DEBUG dbug dbg finer d DEBU", 5},
        {"fine FINE verbose", 6},
        {"config http", 7},
        {"info INFO information Information informational inf i LOG n", 9},
        {"notice NOTICE success SUCCESS", 10},
        {"warn WARN warning WARNING wrn w", 13},
        {"error ERROR err eror ERRO fail severe SEVERE e", 17},
        {"critical CRITICAL crit dpanic", 18},
        {"alert panic PANI", 19},
        {"fatal FATAL ftl f emerg emergency EMERGENCY FATA", 21},
        {"OK none off warnings in informationale er errors INFOO debugging x 30 - +", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice rest = slice_from_string(rows[i].words);
        while (rest.len > 0) {
            const char *blank = memchr(rest.data, ' ', rest.len);
            size_t len = blank != NULL ? (size_t)(blank - rest.data) : rest.len;
            struct slice word = driver_guarded(slice_make(rest.data, len));
            if (severity_from_text(word, SEVERITY_SYSLOG) != rows[i].number) {
                print_error("%.*s is not %u\n", (int)len, rest.data, rows[i].number);
                fail();
            }
            rest = slice_skip(rest, len + 1);
        }
    }
}

static void critical_is_fatal_for_python_and_dotnet_only(void **state)
{
    (void)state;
    assert_int_equal(severity_from_text(SLICE("CRITICAL"), SEVERITY_CRITICAL_IS_FATAL), 21);
    assert_int_equal(severity_from_text(SLICE("crit"), SEVERITY_CRITICAL_IS_FATAL), 21);
    assert_int_equal(severity_from_text(SLICE("dpanic"), SEVERITY_CRITICAL_IS_FATAL), 18);
    assert_int_equal(severity_from_text(SLICE("Critical"), SEVERITY_SYSLOG), 18);
}

static void offsets_of_slog_are_added_and_kept_in_range(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        uint8_t number;
    } rows[] = {
        {SLICE("INFO+2"), 11},    {SLICE("WARN+1"), 14},  {SLICE("DEBUG-4"), 1},
        {SLICE("DEBUG-9"), 1},    {SLICE("ERROR+4"), 21}, {SLICE("ERROR+90"), 24},
        {SLICE("INFO-1"), 8},     {SLICE("INFO2"), 10},   {SLICE("DEBUG5"), 5},
        {SLICE("INFO+"), 0},      {SLICE("INFO+x"), 0},   {SLICE("INFO7"), 0},
        {SLICE("INFO+12345"), 0}, {SLICE("INFO=2"), 0},   {SLICE("NOTICE+1"), 0},
        {SLICE("i+1"), 0},        {SLICE("INFO 2"), 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(severity_from_text(driver_guarded(rows[i].text), SEVERITY_SYSLOG),
                         rows[i].number);
    }
}

static void blanks_and_colours_around_a_level_are_taken_off(void **state)
{
    (void)state;
    assert_slice_equal(severity_clean(SLICE("  WARN ")), SLICE("WARN"));
    assert_slice_equal(severity_clean(SLICE("\x1b[32minfo\x1b[39m")), SLICE("info"));
    assert_slice_equal(severity_clean(SLICE("\x1b[1m\x1b[31mERROR\x1b[0m\x1b[0m ")),
                       SLICE("ERROR"));
    assert_slice_equal(severity_clean(SLICE("\x1b[")), SLICE("\x1b["));
    assert_slice_equal(severity_clean(SLICE("alarm")), SLICE("alarm"));
    assert_slice_equal(severity_clean(SLICE("")), SLICE(""));
    struct slice whole = SLICE("\x1b[1m\x1b[31mERROR\x1b[0m\x1b[0m ");
    for (size_t len = 0; len <= whole.len; len++) {
        severity_clean(driver_guarded(slice_make(whole.data, len)));
    }
}

static void each_scale_of_numbers_has_its_own_table(void **state)
{
    (void)state;
    static const struct {
        enum severity_scale scale;
        int64_t level;
        uint8_t number;
    } rows[] = {
        {SCALE_OTLP, 1, 1},
        {SCALE_OTLP, 24, 24},
        {SCALE_OTLP, 25, 0},
        {SCALE_OTLP, 0, 0},
        {SCALE_PINO, 10, 1},
        {SCALE_PINO, 30, 9},
        {SCALE_PINO, 35, 10},
        {SCALE_PINO, 39, 11},
        {SCALE_PINO, 60, 21},
        {SCALE_PINO, 70, 21},
        {SCALE_PINO, 5, 1},
        {SCALE_PINO, 0, 0},
        {SCALE_PYTHON, 30, 13},
        {SCALE_PYTHON, 25, 10},
        {SCALE_PYTHON, 50, 21},
        {SCALE_PYTHON, 0, 0},
        {SCALE_PYTHON, 5, 1},
        {SCALE_SYSLOG, 0, 21},
        {SCALE_SYSLOG, 1, 19},
        {SCALE_SYSLOG, 2, 18},
        {SCALE_SYSLOG, 3, 17},
        {SCALE_SYSLOG, 4, 13},
        {SCALE_SYSLOG, 5, 10},
        {SCALE_SYSLOG, 6, 9},
        {SCALE_SYSLOG, 7, 5},
        {SCALE_SYSLOG, 8, 0},
        {SCALE_SYSLOG, -1, 0},
        {SCALE_MONOLOG, 100, 5},
        {SCALE_MONOLOG, 250, 10},
        {SCALE_MONOLOG, 400, 17},
        {SCALE_MONOLOG, 500, 18},
        {SCALE_MONOLOG, 550, 19},
        {SCALE_MONOLOG, 600, 21},
        {SCALE_LOGBACK, 5000, 1},
        {SCALE_LOGBACK, 40000, 17},
        {SCALE_GOOGLE, 0, 0},
        {SCALE_GOOGLE, 300, 10},
        {SCALE_GOOGLE, 600, 18},
        {SCALE_GOOGLE, 800, 21},
        {SCALE_SEMANTIC_LOGGER, 0, 1},
        {SCALE_SEMANTIC_LOGGER, 5, 21},
        {SCALE_AZURE, 0, 5},
        {SCALE_AZURE, 4, 21},
        {SCALE_AZURE, 5, 0},
        {SCALE_LOG4J, 100, 21},
        {SCALE_LOG4J, 400, 9},
        {SCALE_LOG4J, 600, 1},
        {SCALE_LOG4J, 0, 0},
        {SCALE_PINO, INT64_MAX, 21},
        {SCALE_PINO, INT64_MIN, 0},
        {SCALE_LOG4J, INT64_MIN, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (severity_from_number(rows[i].level, rows[i].scale) != rows[i].number) {
            print_error("scale %d: %lld is not %u\n", rows[i].scale, (long long)rows[i].level,
                        rows[i].number);
            fail();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_words_have_the_numbers_of_the_log_data_model),
        cmocka_unit_test(critical_is_fatal_for_python_and_dotnet_only),
        cmocka_unit_test(offsets_of_slog_are_added_and_kept_in_range),
        cmocka_unit_test(blanks_and_colours_around_a_level_are_taken_off),
        cmocka_unit_test(each_scale_of_numbers_has_its_own_table),
    };
    return driver_run("severity", tests, ARRAY_LEN(tests));
}

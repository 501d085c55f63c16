/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "outputs/outage.h"

#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

static struct outage make(void)
{
    return (struct outage){.initial_ms = 1000, .max_ms = 30000, .asked_max_ms = 3600000, .seed = 1};
}

static void waits_double_up_to_the_longest_and_differ(void **state)
{
    (void)state;
    struct outage outage = make();
    static const uint64_t longest_ms[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    for (unsigned tries = 1; tries <= ARRAY_LEN(longest_ms); tries++) {
        uint64_t most = longest_ms[tries - 1] * MS;
        uint64_t low = UINT64_MAX;
        uint64_t high = 0;
        for (int i = 0; i < 200; i++) {
            uint64_t wait = outage_backoff_ns(&outage, tries);
            low = wait < low ? wait : low;
            high = wait > high ? wait : high;
        }
        assert_true(low >= most / 2 && high <= most);
        assert_true(high - low > most / 4);
    }
    assert_true(outage_backoff_ns(&outage, UINT32_MAX) <= 30000 * MS);
}

static void waits_are_never_zero(void **state)
{
    (void)state;
    struct outage outage = {0};
    assert_true(outage_backoff_ns(&outage, 1) >= MS / 2);
    assert_true(outage_backoff_ns(&outage, 50) >= MS / 2);
}

static void the_first_failure_and_the_end_are_told_once(void **state)
{
    (void)state;
    struct outage outage = make();
    struct failure failure = {.reason = 503};
    uint64_t now = 100 * S;
    assert_true(outage_fail(&outage, &failure, now));
    for (int i = 0; i < 20; i++) {
        now = outage.until_ns;
        assert_false(outage_fail(&outage, &failure, now));
    }
    assert_true(outage_end(&outage, now + S));
    assert_false(outage_end(&outage, now + S));
}

static void a_far_end_that_fails_every_other_request_does_not_fill_the_log(void **state)
{
    (void)state;
    struct outage outage = make();
    struct failure failure = {.reason = 503};
    int lines = 0;
    for (uint64_t now = S; now < 300 * S; now += S) {
        lines += outage_fail(&outage, &failure, now);
        lines += outage_end(&outage, now + S / 2);
    }
    assert_in_range(lines, 2, 12);
}

static void an_outage_that_lasts_is_told_however_soon_it_came(void **state)
{
    (void)state;
    struct outage outage = make();
    struct failure failure = {.reason = 503};
    outage_fail(&outage, &failure, 100 * S);
    outage_end(&outage, 101 * S);
    assert_false(outage_fail(&outage, &failure, 102 * S));
    assert_false(outage_fail(&outage, &failure, 105 * S));
    assert_true(outage_fail(&outage, &failure, 115 * S));
    assert_true(outage_end(&outage, 116 * S));
}

static void a_mistake_is_named_when_it_comes_up_and_waits_long(void **state)
{
    (void)state;
    struct outage outage = make();
    struct failure down = {.reason = 1007};
    struct failure denied = {.reason = 401, .is_mistake = true};
    assert_true(outage_fail(&outage, &down, 100 * S));
    assert_true(outage_fail(&outage, &denied, 101 * S));
    assert_true(outage.until_ns >= 131 * S);
    assert_false(outage_fail(&outage, &denied, 140 * S));
}

static void retry_after_is_not_undercut_and_is_bounded(void **state)
{
    (void)state;
    struct outage outage = make();
    struct failure failure = {.reason = 429, .retry_after_ms = 120000};
    outage_fail(&outage, &failure, 100 * S);
    assert_int_equal(outage.until_ns, 220 * S);
    outage = make();
    failure.retry_after_ms = UINT64_MAX / 2;
    outage_fail(&outage, &failure, 100 * S);
    assert_int_equal(outage.until_ns, 3700 * S);
    outage = make();
    failure.retry_after_ms = 1;
    outage_fail(&outage, &failure, 100 * S);
    assert_true(outage.until_ns >= 100 * S + 500 * MS);
}

static void requests_that_fail_together_are_one_try(void **state)
{
    (void)state;
    struct outage outage = make();
    struct failure failure = {.reason = 503};
    for (uint64_t i = 0; i < 8; i++) {
        outage_fail(&outage, &failure, 100 * S + i);
    }
    assert_int_equal(outage.tries, 1);
    assert_true(outage.until_ns <= 101 * S + 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_the_longest_and_differ),
        cmocka_unit_test(waits_are_never_zero),
        cmocka_unit_test(the_first_failure_and_the_end_are_told_once),
        cmocka_unit_test(a_far_end_that_fails_every_other_request_does_not_fill_the_log),
        cmocka_unit_test(an_outage_that_lasts_is_told_however_soon_it_came),
        cmocka_unit_test(a_mistake_is_named_when_it_comes_up_and_waits_long),
        cmocka_unit_test(retry_after_is_not_undercut_and_is_bounded),
        cmocka_unit_test(requests_that_fail_together_are_one_try),
    };
    return driver_run("outages", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "audit/trend.h"

static uint64_t total(const struct audit_trend *trend)
{
    uint64_t records = 0;
    for (uint32_t i = 0; i < trend->count; i++) {
        records += trend->buckets[i].records;
    }
    return records;
}

static uint64_t records_at(const struct audit_trend *trend, uint64_t time_s)
{
    return trend->buckets[time_s / trend->width_s - trend->first].records;
}

static void a_minute_fits_second_by_second(void **state)
{
    (void)state;
    struct audit_trend trend = {0};
    for (uint64_t t = 1000; t < 1060; t++) {
        audit_trend_add(&trend, t, 2, 1);
    }
    assert_int_equal(trend.width_s, 1);
    assert_int_equal(trend.count, 60);
    assert_int_equal(total(&trend), 120);
    assert_int_equal(records_at(&trend, 1059), 2);
}

static void whatever_the_order_and_the_span_nothing_is_lost(void **state)
{
    (void)state;
    static const uint64_t orders[][5] = {
        {1000, 1001, 5000, 900, 1u << 30}, {1u << 30, 5000, 1001, 1000, 900},
        {5000, 900, 1000, 1001, 1u << 30}, {0, 1, 2, 3, UINT64_MAX / 2},
        {59, 60, 0, 119, 120},
    };
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct audit_trend trend = {0};
        for (size_t k = 0; k < ARRAY_LEN(orders[i]); k++) {
            audit_trend_add(&trend, orders[i][k], 1, 0);
            assert_int_equal(total(&trend), k + 1);
            assert_true(trend.count <= AUDIT_TREND_BUCKETS);
            assert_true(records_at(&trend, orders[i][k]) >= 1);
        }
    }
}

static void random_times_are_all_in_their_buckets(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned round = 0; round < 200; round++) {
        struct audit_trend a = {0};
        struct audit_trend b = {0};
        uint64_t span = UINT64_C(1) << (round % 40);
        for (unsigned i = 0; i < 500; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            uint64_t time_s = 1000000000 + (seed >> 20) % span;
            audit_trend_add(i % 2 ? &a : &b, time_s, 1, 1);
        }
        audit_trend_merge(&a, &b);
        assert_int_equal(total(&a), 500);
        assert_true(a.buckets[a.count - 1].records > 0);
        assert_true(a.width_s < 2 * span);
    }
}

static void a_bucket_stays_at_its_top(void **state)
{
    (void)state;
    struct audit_trend trend = {0};
    audit_trend_add(&trend, 5, UINT32_MAX, UINT32_MAX);
    audit_trend_add(&trend, 5, 5, 5);
    assert_int_equal(trend.buckets[0].records, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_fits_second_by_second),
        cmocka_unit_test(whatever_the_order_and_the_span_nothing_is_lost),
        cmocka_unit_test(random_times_are_all_in_their_buckets),
        cmocka_unit_test(a_bucket_stays_at_its_top),
    };
    return driver_run("audit_trend", tests, ARRAY_LEN(tests));
}

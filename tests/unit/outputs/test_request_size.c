/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "outputs/request_size.h"

#define MS UINT64_C(1000000)

enum { TIMEOUT_MS = 1000, RECORDS = 4000, BYTES = 400000 };

/* A backend that takes so many ns a byte, and so long for each request: what is sent to it of an endless
 * backlog, in how many requests, and how many bytes of them were not answered in time. */
struct played {
    uint64_t taken;
    uint64_t late;
    unsigned requests;
    uint64_t last;
};

static struct played play(struct request_size *size, uint64_t byte_ns, uint64_t request_ns,
                          unsigned requests)
{
    struct played played = {0};
    for (; played.requests < requests; played.requests++) {
        uint64_t bytes = (uint64_t)request_size_records(size, RECORDS, BYTES) * BYTES / RECORDS;
        uint64_t took_ns = request_ns + bytes * byte_ns;
        played.last = bytes;
        if (took_ns > TIMEOUT_MS * MS) {
            request_size_late(size, bytes, false);
            played.late += bytes;
        } else {
            request_size_taken(size, bytes, took_ns);
            played.taken += bytes;
        }
    }
    return played;
}

static void a_request_may_be_of_any_size_at_first(void **state)
{
    (void)state;
    struct request_size size = request_size_any(TIMEOUT_MS);
    assert_int_equal(request_size_records(&size, RECORDS, BYTES), RECORDS);
    request_size_taken(&size, BYTES, 999 * MS);
    assert_int_equal(request_size_records(&size, RECORDS, BYTES), RECORDS);
}

static void a_slow_backend_gets_what_it_answers_in_time_and_little_twice(void **state)
{
    (void)state;
    static const uint64_t byte_ns[] = {2600, 5000, 10000, 100000, 900000};
    for (size_t i = 0; i < ARRAY_LEN(byte_ns); i++) {
        struct request_size size = request_size_any(TIMEOUT_MS);
        struct played played = play(&size, byte_ns[i], 0, 400);
        uint64_t in_time = TIMEOUT_MS * MS / byte_ns[i];
        assert_true(played.late < 2 * BYTES); /* a full one, its half, its quarter, … */
        assert_true(played.last > in_time / 2 - BYTES / RECORDS);
        assert_true(played.last <= in_time);
    }
}

static void one_that_is_fast_again_gets_full_requests_again(void **state)
{
    (void)state;
    struct request_size size = request_size_any(TIMEOUT_MS);
    play(&size, 100000, 0, 50);
    assert_true(request_size_records(&size, RECORDS, BYTES) < RECORDS / 10);
    assert_int_equal(play(&size, 1, 0, 50).late, 0);
    assert_int_equal(request_size_records(&size, RECORDS, BYTES), RECORDS);
}

static void one_that_is_far_away_too_grows_again(void **state)
{
    (void)state;
    struct request_size size = request_size_any(TIMEOUT_MS);
    for (int i = 0; i < 30; i++) {
        request_size_late(&size, 100 >> i, true); /* an outage that took the requests and did not answer */
    }
    assert_int_equal(request_size_records(&size, RECORDS, BYTES), 1);
    assert_int_equal(play(&size, 1, 500 * MS, 200).late, 0);
    assert_int_equal(request_size_records(&size, RECORDS, BYTES), RECORDS);
}

static void a_small_request_that_is_late_once_says_nothing_of_large_ones(void **state)
{
    (void)state;
    struct request_size size = request_size_any(TIMEOUT_MS);
    request_size_late(&size, BYTES, false);
    uint32_t half = request_size_records(&size, RECORDS, BYTES);
    for (int i = 0; i < 100; i++) {
        request_size_late(&size, 100, false);
        request_size_taken(&size, BYTES / 2, 600 * MS);
    }
    assert_true(request_size_records(&size, RECORDS, BYTES) >= half);
    request_size_late(&size, 100, true);
    assert_int_equal(request_size_records(&size, RECORDS, BYTES), 1);
}

static void what_was_too_large_is_tried_again_seldom(void **state)
{
    (void)state;
    struct request_size size = request_size_any(TIMEOUT_MS);
    unsigned refused = 0;
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t bytes = (uint64_t)request_size_records(&size, RECORDS, BYTES) * BYTES / RECORDS;
        if (bytes > 150000) {
            request_size_too_large(&size, bytes);
            refused++;
        } else {
            request_size_taken(&size, bytes, MS);
        }
    }
    assert_true(refused >= 4 && refused <= 20);
    assert_true(request_size_records(&size, RECORDS, BYTES) >= RECORDS / 5);
}

static void one_record_always_goes(void **state)
{
    (void)state;
    struct request_size size = request_size_any(TIMEOUT_MS);
    request_size_too_large(&size, 1);
    request_size_late(&size, 0, true);
    assert_int_equal(request_size_records(&size, 1, 1000000), 1);
    assert_int_equal(request_size_records(&size, 7, 3), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_may_be_of_any_size_at_first),
        cmocka_unit_test(a_slow_backend_gets_what_it_answers_in_time_and_little_twice),
        cmocka_unit_test(one_that_is_fast_again_gets_full_requests_again),
        cmocka_unit_test(one_that_is_far_away_too_grows_again),
        cmocka_unit_test(a_small_request_that_is_late_once_says_nothing_of_large_ones),
        cmocka_unit_test(what_was_too_large_is_tried_again_seldom),
        cmocka_unit_test(one_record_always_goes),
    };
    return driver_run("request_size", tests, ARRAY_LEN(tests));
}

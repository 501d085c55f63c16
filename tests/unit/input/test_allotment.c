/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include "input/tail/assignment.h"

static unsigned give(struct allotment *allotment, const char *lot)
{
    return allotment_give(allotment, lot, NULL, 0);
}

static void lots_are_given_to_those_with_the_fewest_and_stay(void **state)
{
    (void)state;
    struct allotment *allotment = allotment_new(3);
    unsigned counts[3] = {0};
    char name[32];
    for (unsigned i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "/log/%u", i);
        unsigned worker = give(allotment, name);
        assert_int_equal(give(allotment, name), worker);
        counts[worker]++;
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(counts[i], 100);
    }
    unsigned found = 9;
    assert_true(allotment_find(allotment, "/log/7", &found));
    assert_int_equal(found, give(allotment, "/log/7"));
    assert_false(allotment_find(allotment, "/log/none", &found));
    allotment_free(allotment);
}

static void a_file_that_is_read_draws_its_new_log_to_its_reader(void **state)
{
    (void)state;
    struct allotment *allotment = allotment_new(2);
    const struct file_id id = {.device = 1, .inode = 42};
    const struct file_stat files[] = {{.device = 1, .inode = 41}, {.device = 1, .inode = 42}};
    unsigned first = give(allotment, "/log/a");
    allotment_add_file(allotment, first, &id);
    give(allotment, "/log/b"); /* the other one's turn … */
    give(allotment, "/log/c");
    assert_int_equal(allotment_give(allotment, "/log/moved", files, 2), first);
    assert_int_equal(allotment_give(allotment, "/log/moved again", files, 2), first);
    allotment_remove_file(allotment, first, &id);
    assert_int_not_equal(allotment_give(allotment, "/log/d", files, 2), first); /* … again */
    allotment_free(allotment);
}

static void a_lot_stays_with_its_worker_and_counts_while_it_has_it(void **state)
{
    (void)state;
    struct allotment *allotment = allotment_new(2);
    unsigned found;
    unsigned worker = give(allotment, "/log/a");
    assert_true(allotment_hold(allotment, worker, "/log/a"));
    assert_true(allotment_hold(allotment, worker, "/log/a"));
    assert_false(allotment_hold(allotment, 1 - worker, "/log/a"));
    allotment_release(allotment, "/log/a", true);
    assert_true(allotment_find(allotment, "/log/a", &found));
    allotment_release(allotment, "/log/a", false);
    assert_true(allotment_find(allotment, "/log/a", &found));
    assert_int_equal(found, worker);
    assert_true(allotment_hold(allotment, worker, "/log/a"));
    allotment_release(allotment, "/log/a", true);
    assert_int_equal(give(allotment, "/log/a"), worker); /* it is over, and may come again … */
    assert_int_equal(give(allotment, "/log/b"), worker); /* … but is none that it has */
    assert_int_equal(give(allotment, "/log/c"), 1 - worker);
    assert_true(allotment_hold(allotment, worker, "/log/a"));
    assert_int_equal(give(allotment, "/log/d"), 1 - worker);
    allotment_free(allotment);
}

static void lots_that_nobody_came_for_are_swept(void **state)
{
    (void)state;
    struct allotment *allotment = allotment_new(2);
    unsigned found;
    char name[32];
    unsigned holder = give(allotment, "/log/held");
    assert_true(allotment_hold(allotment, holder, "/log/held"));
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "/log/%u", i);
        give(allotment, name);
    }
    unsigned left = 0;
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "/log/%u", i);
        left += allotment_find(allotment, name, &found);
    }
    assert_true(left <= 2048);
    assert_true(allotment_find(allotment, "/log/held", &found));
    /* It came after all: the lot is its own, unless another has it meanwhile. */
    assert_true(allotment_hold(allotment, 1, "/log/0"));
    assert_false(allotment_hold(allotment, 0, "/log/0"));
    allotment_free(allotment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lots_are_given_to_those_with_the_fewest_and_stay),
        cmocka_unit_test(a_file_that_is_read_draws_its_new_log_to_its_reader),
        cmocka_unit_test(a_lot_stays_with_its_worker_and_counts_while_it_has_it),
        cmocka_unit_test(lots_that_nobody_came_for_are_swept),
    };
    return driver_run("allotment", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include "input/tail/assignment.h"

static unsigned give(struct assignment *assignment, const char *lot)
{
    return assignment_give(assignment, lot, NULL, 0);
}

static void lots_are_given_to_those_with_the_fewest_and_stay(void **state)
{
    (void)state;
    struct assignment *assignment = assignment_new(3);
    unsigned counts[3] = {0};
    char name[32];
    for (unsigned i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "/log/%u", i);
        unsigned worker = give(assignment, name);
        assert_int_equal(give(assignment, name), worker);
        counts[worker]++;
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(counts[i], 100);
    }
    unsigned found = 9;
    assert_true(assignment_find(assignment, "/log/7", &found));
    assert_int_equal(found, give(assignment, "/log/7"));
    assert_false(assignment_find(assignment, "/log/none", &found));
    assignment_free(assignment);
}

static void a_file_that_is_read_draws_its_new_log_to_its_reader(void **state)
{
    (void)state;
    struct assignment *assignment = assignment_new(2);
    const struct file_id id = {.device = 1, .inode = 42};
    const struct file_stat files[] = {{.device = 1, .inode = 41}, {.device = 1, .inode = 42}};
    unsigned first = give(assignment, "/log/a");
    assignment_add_file(assignment, first, &id);
    give(assignment, "/log/b"); /* the other one's turn … */
    give(assignment, "/log/c");
    assert_int_equal(assignment_give(assignment, "/log/moved", files, 2), first);
    assert_int_equal(assignment_give(assignment, "/log/moved again", files, 2), first);
    assignment_remove_file(assignment, first, &id);
    assert_int_not_equal(assignment_give(assignment, "/log/d", files, 2), first); /* … again */
    assignment_free(assignment);
}

static void a_lot_stays_with_its_worker_and_counts_while_it_has_it(void **state)
{
    (void)state;
    struct assignment *assignment = assignment_new(2);
    unsigned found;
    unsigned worker = give(assignment, "/log/a");
    assert_true(assignment_hold(assignment, worker, "/log/a"));
    assert_true(assignment_hold(assignment, worker, "/log/a"));
    assert_false(assignment_hold(assignment, 1 - worker, "/log/a"));
    assignment_release(assignment, "/log/a", true);
    assert_true(assignment_find(assignment, "/log/a", &found));
    assignment_release(assignment, "/log/a", false);
    assert_true(assignment_find(assignment, "/log/a", &found));
    assert_int_equal(found, worker);
    assert_true(assignment_hold(assignment, worker, "/log/a"));
    assignment_release(assignment, "/log/a", true);
    assert_int_equal(give(assignment, "/log/a"), worker); /* it is over, and may come again … */
    assert_int_equal(give(assignment, "/log/b"), worker); /* … but is none that it has */
    assert_int_equal(give(assignment, "/log/c"), 1 - worker);
    assert_true(assignment_hold(assignment, worker, "/log/a"));
    assert_int_equal(give(assignment, "/log/d"), 1 - worker);
    assignment_free(assignment);
}

static void lots_that_nobody_came_for_are_swept(void **state)
{
    (void)state;
    struct assignment *assignment = assignment_new(2);
    unsigned found;
    char name[32];
    unsigned holder = give(assignment, "/log/held");
    assert_true(assignment_hold(assignment, holder, "/log/held"));
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "/log/%u", i);
        give(assignment, name);
    }
    unsigned left = 0;
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "/log/%u", i);
        left += assignment_find(assignment, name, &found);
    }
    assert_true(left <= 2048);
    assert_true(assignment_find(assignment, "/log/held", &found));
    /* It came after all: the lot is its own, unless another has it meanwhile. */
    assert_true(assignment_hold(assignment, 1, "/log/0"));
    assert_false(assignment_hold(assignment, 0, "/log/0"));
    assignment_free(assignment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lots_are_given_to_those_with_the_fewest_and_stay),
        cmocka_unit_test(a_file_that_is_read_draws_its_new_log_to_its_reader),
        cmocka_unit_test(a_lot_stays_with_its_worker_and_counts_while_it_has_it),
        cmocka_unit_test(lots_that_nobody_came_for_are_swept),
    };
    return driver_run("assignment", tests, ARRAY_LEN(tests));
}

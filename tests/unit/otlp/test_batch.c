/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "otlp/batch.h"

/* A double of the store: an entry is a number of holds. The linker takes these, as batch.c asks for
 * nothing else of checkpoint.c. */
struct checkpoint {
    int holds;
    uint64_t hash;
};

void checkpoint_hold(struct checkpoint *checkpoint)
{
    checkpoint->holds++;
}

void checkpoint_release(struct checkpoint *checkpoint)
{
    assert_true(checkpoint->holds > 0);
    checkpoint->holds--;
}

void checkpoint_join_track(struct checkpoint *checkpoint, unsigned track)
{
    (void)checkpoint;
    (void)track;
}

void checkpoint_leave_track(struct checkpoint *checkpoint)
{
    (void)checkpoint;
}

uint64_t checkpoint_hash(const struct checkpoint *checkpoint)
{
    return checkpoint->hash;
}

static struct position at(uint64_t generation, uint64_t offset)
{
    return (struct position){.generation = generation, .offset = offset};
}

static void a_batch_keeps_the_newest_place_of_each_stream(void **state)
{
    (void)state;
    struct checkpoint a = {0};
    struct checkpoint b = {0};
    struct batch *batch = batch_new(1000);
    batch_add_position(batch, &a, at(1, 10));
    batch_add_position(batch, &a, at(1, 20));
    batch_add_position(batch, &b, at(7, 5));
    batch_add_position(batch, &a, at(2, 3));
    batch_add_position(batch, &a, at(1, 99)); /* older: a generation further back */
    assert_int_equal(batch->position_count, 2);
    assert_ptr_equal(batch->positions[0].checkpoint, &a);
    assert_int_equal(batch->positions[0].position.generation, 2);
    assert_int_equal(batch->positions[0].position.offset, 3);
    assert_int_equal(batch->positions[1].position.offset, 5);
    assert_int_equal(a.holds, 1);
    assert_int_equal(b.holds, 1);
    batch_free(batch);
    assert_int_equal(a.holds, 0);
    assert_int_equal(b.holds, 0);
}

static void a_cleared_batch_holds_nothing_and_can_be_used_again(void **state)
{
    (void)state;
    struct checkpoint a = {0};
    struct batch *batch = batch_new(1000);
    batch_add_position(batch, &a, at(1, 10));
    assert_true(buf_append_string(&batch->bytes, "request"));
    batch->records = 3;
    batch_clear(batch);
    assert_int_equal(a.holds, 0);
    assert_int_equal(batch->position_count, 0);
    assert_int_equal(batch->records, 0);
    assert_int_equal(batch->bytes.len, 0);
    assert_int_equal(batch->bytes.limit, 1000);
    batch_add_position(batch, &a, at(1, 4));
    assert_int_equal(batch->positions[0].position.offset, 4);
    batch_free(batch);
    assert_int_equal(a.holds, 0);
}

static void many_streams_that_take_turns_have_one_place_each(void **state)
{
    (void)state;
    enum { STREAMS = 3000 };
    static struct checkpoint streams[STREAMS];
    struct batch *batch = batch_new(1000);
    for (uint64_t round = 1; round <= 3; round++) {
        for (size_t i = 0; i < STREAMS; i++) {
            batch_add_position(batch, &streams[i], at(round, i));
        }
    }
    assert_int_equal(batch->position_count, STREAMS);
    for (size_t i = 0; i < STREAMS; i++) {
        assert_ptr_equal(batch->positions[i].checkpoint, &streams[i]);
        assert_int_equal(batch->positions[i].position.generation, 3);
        assert_int_equal(batch->positions[i].position.offset, i);
        assert_int_equal(streams[i].holds, 1);
    }
    batch_free(batch);
}

static void the_streams_of_a_batch_are_a_set_that_meets_those_with_one_in_common(void **state)
{
    (void)state;
    struct checkpoint streams[] = {{0, 7}, {0, 70000}, {0, UINT64_MAX}, {0, 8}};
    struct stream_set sets[4] = {0};
    char digits[STREAM_SET_DIGITS + 1];
    struct stream_set read;
    for (size_t i = 0; i < 3; i++) { /* streams 0 and 1, 1 and 2, 2 and 3 */
        struct batch *batch = batch_new(1000);
        batch_add_position(batch, &streams[i], at(1, 1));
        batch_add_position(batch, &streams[i + 1], at(1, 1));
        batch_add_streams(batch, &sets[i]);
        batch_free(batch);
    }
    assert_true(stream_sets_meet(&sets[0], &sets[1]));
    assert_true(stream_sets_meet(&sets[2], &sets[1]));
    assert_false(stream_sets_meet(&sets[0], &sets[2]));
    assert_false(stream_sets_meet(&sets[3], &sets[3])); /* nobody's */
    stream_set_write(&sets[1], digits);
    assert_int_equal(strlen(digits), STREAM_SET_DIGITS);
    assert_true(stream_set_read(slice_from_string(digits), &read));
    assert_memory_equal(&read, &sets[1], sizeof(read));
    digits[17] = 'g';
    assert_false(stream_set_read(slice_from_string(digits), &read));
    assert_false(stream_set_read(slice_make(digits, 16), &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_keeps_the_newest_place_of_each_stream),
        cmocka_unit_test(a_cleared_batch_holds_nothing_and_can_be_used_again),
        cmocka_unit_test(the_streams_of_a_batch_are_a_set_that_meets_those_with_one_in_common),
        cmocka_unit_test(many_streams_that_take_turns_have_one_place_each),
    };
    return driver_run("batch", tests, ARRAY_LEN(tests));
}

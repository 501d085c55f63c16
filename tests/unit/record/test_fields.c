/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include "field_dump.h"
#include "record/fields.h"

static struct field *add(struct fields *fields, const char *key, enum field_kind kind, int64_t i)
{
    struct field *field = fields_add(fields);
    assert_non_null(field);
    field->key = key;
    field->key_len = key != NULL ? (uint32_t)strlen(key) : 0;
    field->kind = (uint8_t)kind;
    field->value.i = i;
    return field;
}

static void assert_dump(const struct fields *fields, const char *expected)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_slice_equal(dump_fields(&out, fields), slice_from_string(expected));
    buf_fini(&out);
}

static void a_table_ends_at_its_limit(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 100);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 100; i++) {
            assert_int_equal(add(&fields, "k", FIELD_INT, i)->next, i + 1);
        }
        assert_null(fields_add(&fields));
        assert_false(fields_add_string(&fields, SLICE("a"), SLICE("b")));
        fields_clear(&fields);
    }
    fields_fini(&fields);
}

static void an_added_string_is_found_and_its_bytes_are_judged(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 10);
    assert_true(fields_add_string(&fields, SLICE("a"), SLICE("x")));
    assert_true(fields_add_string(&fields, SLICE("ab"), SLICE("\xff")));
    assert_int_equal(fields_find(&fields, SLICE("a"))->kind, FIELD_STRING);
    assert_int_equal(fields_find(&fields, SLICE("ab"))->kind, FIELD_BYTES);
    assert_null(fields_find(&fields, SLICE("b")));
    fields_fini(&fields);
}

static void only_the_top_level_is_searched(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 10);
    uint32_t object = 0;
    add(&fields, "o", FIELD_OBJECT, 0);
    add(&fields, "a", FIELD_INT, 1);
    fields.items[object].next = 2;
    add(&fields, "b", FIELD_INT, 2);
    assert_null(fields_find(&fields, SLICE("a")));
    assert_int_equal(fields_find(&fields, SLICE("b"))->value.i, 2);
    fields_fini(&fields);
}

static void repeated_members_become_one_array_at_the_first_place(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 100);
    add(&fields, "a", FIELD_INT, 1);
    add(&fields, "o", FIELD_OBJECT, 0); /* 1 */
    add(&fields, "x", FIELD_INT, 10);
    add(&fields, "l", FIELD_ARRAY, 0); /* 3 */
    add(&fields, NULL, FIELD_INT, 11);
    add(&fields, NULL, FIELD_INT, 12);
    fields.items[3].next = 6;
    add(&fields, "x", FIELD_INT, 13);
    fields.items[1].next = 7;
    add(&fields, "a", FIELD_OBJECT, 0); /* 7 */
    add(&fields, "a", FIELD_INT, 2);
    add(&fields, "a", FIELD_INT, 3);
    fields.items[7].next = 10;
    add(&fields, "b", FIELD_INT, 4);
    add(&fields, "a", FIELD_INT, 5);
    assert_true(fields_merge_repeated(&fields));
    assert_dump(&fields, "{\"a\":*[i1,{\"a\":*[i2,i3]},i5],"
                         "\"o\":{\"x\":*[i10,i13],\"l\":[i11,i12]},\"b\":i4}");
    fields_fini(&fields);
}

static void merging_without_repetition_changes_nothing(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 3);
    assert_true(fields_merge_repeated(&fields));
    add(&fields, "a", FIELD_INT, 1);
    add(&fields, "b", FIELD_OBJECT, 0);
    add(&fields, "a", FIELD_INT, 2);
    fields.items[1].next = 3;
    assert_true(fields_merge_repeated(&fields));
    assert_dump(&fields, "{\"a\":i1,\"b\":{\"a\":i2}}");
    fields_fini(&fields);
}

static void merging_respects_the_limit(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 3);
    add(&fields, "a", FIELD_INT, 1);
    add(&fields, "a", FIELD_INT, 2);
    add(&fields, "b", FIELD_INT, 3);
    assert_false(fields_merge_repeated(&fields));
    assert_int_equal(fields.count, 3);
    fields_fini(&fields);
}

/* "Not seen" must be certain: every repetition is noticed, in a small and in a grown set. */
static void a_name_seen_twice_is_always_noticed(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 5000);
    static char names[5000][24];
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(names[i], sizeof(names[i]), "%.*s%u", (int)(i % 16), "abcdefghijklmnop", i);
        wrong += fields_note_name(&fields, NO_OBJECT, slice_from_string(names[i]));
        assert_true(fields_note_name(&fields, NO_OBJECT, slice_from_string(names[i])));
    }
    for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_true(fields_note_name(&fields, NO_OBJECT, slice_from_string(names[i])));
    }
    assert_in_range(wrong, 0, 0); /* with these names no place of the table is crowded */
    fields_clear(&fields);
    assert_false(fields_note_name(&fields, NO_OBJECT, slice_from_string(names[0])));
    fields_fini(&fields);
}

/* 64 bits of hash that all want one place: the set gives up instead of searching for long. */
static void a_crowd_of_names_makes_the_set_say_seen(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 5000);
    uint64_t name = 0;
    while (!key_set_add(&fields.names, ++name << 44)) {
    }
    assert_int_equal(name, KEY_SET_PROBES_MAX + 1);
    assert_true(key_set_add(&fields.names, UINT64_C(5) << 32));
    fields_clear(&fields);
    assert_false(key_set_add(&fields.names, UINT64_C(5) << 32));
    fields_fini(&fields);
}

static void the_same_name_in_two_objects_is_no_repetition(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 100);
    assert_false(fields_note_name(&fields, NO_OBJECT, SLICE("id")));
    assert_false(fields_note_name(&fields, 0, SLICE("id")));
    assert_false(fields_note_name(&fields, 1, SLICE("id")));
    assert_true(fields_note_name(&fields, 1, SLICE("id")));
    fields_fini(&fields);
}

static void a_generation_that_wraps_forgets_the_old_names(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 100);
    assert_false(fields_note_name(&fields, NO_OBJECT, SLICE("id")));
    fields.names.generation = UINT32_MAX;
    fields_clear(&fields);
    assert_int_equal(fields.names.generation, 1);
    assert_false(fields_note_name(&fields, NO_OBJECT, SLICE("id")));
    fields_fini(&fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_ends_at_its_limit),
        cmocka_unit_test(an_added_string_is_found_and_its_bytes_are_judged),
        cmocka_unit_test(only_the_top_level_is_searched),
        cmocka_unit_test(repeated_members_become_one_array_at_the_first_place),
        cmocka_unit_test(merging_without_repetition_changes_nothing),
        cmocka_unit_test(merging_respects_the_limit),
        cmocka_unit_test(a_name_seen_twice_is_always_noticed),
        cmocka_unit_test(a_crowd_of_names_makes_the_set_say_seen),
        cmocka_unit_test(the_same_name_in_two_objects_is_no_repetition),
        cmocka_unit_test(a_generation_that_wraps_forgets_the_old_names),
    };
    return driver_run("fields", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "input/tail/world.h"

#define POD "pods/shop_checkout-1_0b1c2d3e-0000-4000-8000-000000000001/app"

/* ---- growth ---- */

static void lines_are_read_as_they_are_written(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 3);
    rig_open(rig, "a.log");
    rig_run_until(rig, 3);
    rig_append_numbers(rig, "a.log", 4, 5);
    rig_run_until(rig, 5);
    rig_append(rig, "a.log", "line");
    rig_append(rig, "a.log", " 6\nli");
    rig_append(rig, "a.log", "ne 7\n");
    rig_run_until(rig, 7);
    rig_assert_numbers(rig, 1, 7);
    assert_int_equal(rig->counters.values[C_LINES_READ], 7);
    assert_int_equal(rig->counters.values[C_BYTES_READ], 7 * 7);
    assert_int_equal(rig->counters.values[C_FILES_FOUND], 1);
    assert_int_equal(rig->counters.values[C_FILES_OPEN], 1);
}

static void without_inotify_the_scan_finds_everything(void **state)
{
    struct rig *rig = *state;
    rig->settings.inotify = false;
    rig_append_numbers(rig, "a.log", 1, 3);
    rig_open(rig, "*.log");
    rig_run_until(rig, 3);
    rig_append_numbers(rig, "a.log", 4, 5);
    rig_run_until(rig, 5);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 6, 8);
    rig_run_until(rig, 8);
    rig_assert_numbers(rig, 1, 8);
}

static void a_path_that_does_not_exist_yet_is_read_when_it_appears(void **state)
{
    struct rig *rig = *state;
    rig_open(rig, "deep/er/*.log");
    rig_run_ms(rig, 50);
    rig_append_numbers(rig, "deep/er/a.log", 1, 3);
    rig_run_until(rig, 3);
    rig_assert_numbers(rig, 1, 3);
}

static void a_carriage_return_before_the_newline_is_not_part_of_the_line(void **state)
{
    struct rig *rig = *state;
    rig_write(rig, "a.log", "one\r\n\r\nt\rwo\nthree\r\r\n\n");
    rig_open(rig, "a.log");
    rig_run_until(rig, 5);
    rig_assert_line(rig, 0, "one");
    rig_assert_line(rig, 1, "");
    rig_assert_line(rig, 2, "t\rwo");
    rig_assert_line(rig, 3, "three\r");
    rig_assert_line(rig, 4, "");
}

static void a_last_line_without_newline_is_given_after_its_time_and_not_doubled(void **state)
{
    struct rig *rig = *state;
    rig_write(rig, "a.log", "one\ntwo");
    rig_open(rig, "a.log");
    rig_run_until(rig, 2);
    rig_assert_line(rig, 1, "two");
    assert_true(rig->lines[1].is_unterminated);
    assert_int_equal(rig->counters.values[C_LINES_UNTERMINATED], 1);
    rig_append(rig, "a.log", "\nthree");
    rig_append(rig, "a.log", "\n");
    rig_run_until(rig, 3);
    rig_assert_line(rig, 2, "three");
    assert_false(rig->lines[2].is_piece);
    rig_append(rig, "a.log", "fo");
    rig_run_until(rig, 4);
    rig_append(rig, "a.log", "ur\nfive\n");
    rig_run_until(rig, 6);
    rig_assert_line(rig, 4, "ur");
    assert_true(rig->lines[4].is_piece);
    rig_assert_line(rig, 5, "five");
    assert_false(rig->lines[5].is_piece);
}

static void a_long_line_is_split_and_nothing_of_it_dropped(void **state)
{
    struct rig *rig = *state;
    rig->settings.line_bytes_max = 10;
    rig_write(rig, "a.log", "short\n0123456789abcdefghijKLM\n0123456789\n12345678\xc3\xbc\xc3\xbc\nend\n");
    rig_open(rig, "a.log");
    rig_run_until(rig, 8);
    static const struct {
        const char *text;
        bool is_piece;
        bool is_cut;
    } expected[] = {
        {"short", false, false},      {"0123456789", false, true}, {"abcdefghij", true, true},
        {"KLM", true, false},         {"0123456789", false, false}, {"12345678\xc3\xbc", false, true},
        {"\xc3\xbc", true, false},    {"end", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        rig_assert_line(rig, i, expected[i].text);
        assert_int_equal(rig->lines[i].is_piece, expected[i].is_piece);
        assert_int_equal(rig->lines[i].is_cut, expected[i].is_cut);
    }
    assert_int_equal(rig->counters.values[C_LINES_SPLIT], 2);
}

static void a_long_line_is_truncated_if_so_chosen_and_counted(void **state)
{
    struct rig *rig = *state;
    rig->settings.line_bytes_max = 10;
    rig->settings.long_line = LONG_LINE_TRUNCATE;
    rig_write(rig, "a.log", "0123456789abcdefghijKLM\nnext\n");
    rig_open(rig, "a.log");
    rig_run_until(rig, 2);
    rig_assert_line(rig, 0, "0123456789");
    assert_true(rig->lines[0].is_cut);
    rig_assert_line(rig, 1, "next");
    assert_false(rig->lines[1].is_piece);
    assert_int_equal(rig->counters.values[C_LINES_TRUNCATED], 1);
}

static void lines_longer_than_a_turn_come_whole(void **state)
{
    struct rig *rig = *state;
    enum { LONG = 700000 };
    rig->settings.read_bytes = 4096;
    char *text = mem_alloc(LONG + 2);
    memset(text, 'x', LONG);
    rig_append(rig, "a.log", "first\n");
    rig_open(rig, "a.log");
    rig_run_until(rig, 1);
    for (size_t i = 0; i < LONG; i += 100000) { /* written piece by piece */
        char piece[100001];
        memcpy(piece, text + i, 100000);
        piece[100000] = '\0';
        rig_append(rig, "a.log", piece);
        rig_run_ms(rig, 20);
    }
    rig_append(rig, "a.log", "\nlast\n");
    rig_run_until(rig, 3);
    rig_assert_line(rig, 1, text);
    rig_assert_line(rig, 2, "last");
    free(text);
}

/* ---- rotation ---- */

static void renamed_and_made_anew_nothing_is_lost_and_order_is_kept(void **state)
{
    struct rig *rig = *state;
    rig_open(rig, POD "/*.log");
    for (int i = 0; i < 8; i++) {
        char rotated[128];
        snprintf(rotated, sizeof(rotated), POD "/0.log.20260302-10000%d", i);
        rig_append_numbers(rig, POD "/0.log", i * 1000 + 1, i * 1000 + 700);
        rig_run_ms(rig, i % 3 == 0 ? 0 : 15);
        rig_append_numbers(rig, POD "/0.log", i * 1000 + 701, i * 1000 + 1000);
        rig_rename(rig, POD "/0.log", rotated);
    }
    rig_append_numbers(rig, POD "/0.log", 8001, 8005);
    rig_run_until(rig, 8005);
    rig_assert_numbers(rig, 1, 8005);
    assert_int_equal(rig->counters.values[C_ROTATIONS], 8);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void numbered_names_move_up_and_stay_the_same_files(void **state)
{
    struct rig *rig = *state;
    rig_open(rig, "*.log");
    for (int i = 0; i < 5; i++) {
        rig_append_numbers(rig, "a.log", i * 10 + 1, i * 10 + 10);
        rig_run_until(rig, (size_t)i * 10 + 10);
        for (int n = i; n > 0; n--) {
            char from[32];
            char to[32];
            snprintf(from, sizeof(from), "a.log.%d", n);
            snprintf(to, sizeof(to), "a.log.%d", n + 1);
            rig_rename(rig, from, to);
        }
        rig_rename(rig, "a.log", "a.log.1");
    }
    rig_append_numbers(rig, "a.log", 51, 60);
    rig_run_until(rig, 60);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, 60);
}

static void the_writer_may_go_on_in_the_renamed_file(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_rename(rig, "a.log", "a.log.1");
    rig_write(rig, "a.log", "");
    rig_run_ms(rig, 500); /* longer than a renamed file must rest */
    rig_append_numbers(rig, "a.log.1", 11, 15);
    rig_run_until(rig, 15);
    rig_append_numbers(rig, "a.log", 16, 20);
    rig_append_numbers(rig, "a.log.1", 21, 22); /* a second process, late */
    rig_run_until(rig, 22);
    rig_run_ms(rig, 400);
    assert_int_equal(rig->count, 22);
}

static void a_finished_file_that_grows_is_read_on(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 11, 20);
    rig_run_until(rig, 20);
    rig_append_numbers(rig, "a.log.1", 21, 25);
    rig_run_until(rig, 25);
    rig_append_numbers(rig, "a.log", 26, 30);
    rig_run_until(rig, 30);
    rig_assert_numbers(rig, 1, 30);
}

static void a_file_deleted_while_open_is_read_to_its_end(void **state)
{
    struct rig *rig = *state;
    rig->room = 5;
    rig_append_numbers(rig, "a.log", 1, 2000);
    rig_open(rig, "a.log");
    rig_run_until(rig, 5);
    rig_remove(rig, "a.log");
    rig_run_ms(rig, 250);
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 2000);
    rig_assert_numbers(rig, 1, 2000);
    while (rig->gones == 0) {
        rig_run_ms(rig, 20);
    }
    assert_int_equal(rig->counters.values[C_FILES_OPEN], 0);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
    assert_false(checkpoint_has(rig->store, rig->include[0]));
}

/* ---- deleted, and held open ---- */

static uint64_t clock_ahead_ns;

static uint64_t ahead_monotonic_ns(void *context)
{
    return world_system.monotonic_ns(context) + clock_ahead_ns;
}

static const struct world *world_ahead(void)
{
    static struct world world;
    world = world_system;
    world.monotonic_ns = ahead_monotonic_ns;
    clock_ahead_ns = 0;
    return &world;
}

/* 675 bytes each; the sink has taken five lines of one of them. */
static void hold_deleted(struct rig *rig, const char *const *names, int count)
{
    rig->room = 5;
    for (int i = 0; i < count; i++) {
        rig_append_numbers(rig, names[i], 101, 175); /* 9 bytes a line */
    }
    rig_open(rig, "*.log");
    rig_run_until(rig, 5);
    for (int i = 0; i < count; i++) {
        rig_remove(rig, names[i]);
        struct backlog backlog = {0};
        while (backlog.deleted_bytes < (uint64_t)(i + 1) * 675) { /* found deleted in this order */
            rig_run_ms(rig, 10);
            input_backlog(rig->input, &backlog);
        }
    }
}

static void deleted_files_that_hold_too_much_are_given_up_the_oldest_first(void **state)
{
    struct rig *rig = *state;
    static const char *const names[] = {"a.log", "b.log", "c.log"};
    rig->world = world_ahead();
    rig->settings.deleted_bytes_max = 2 * 675;
    hold_deleted(rig, names, 3);
    clock_ahead_ns += 2000 * UINT64_C(1000000);
    while (rig->counters.values[C_BYTES_LOST] == 0) {
        rig_run_ms(rig, 20);
    }
    bool is_first_read = strstr(rig->lines[0].path, names[0]) != NULL;
    uint64_t lost = is_first_read ? 675 - 5 * 9 : 675;
    assert_int_equal(rig->counters.values[C_BYTES_LOST], lost);
    assert_int_equal(rig->counters.values[C_FILES_OPEN], 2);
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 3 * 75 - lost / 9);
    while (rig->gones < 3) {
        rig_run_ms(rig, 20);
    }
    assert_int_equal(rig->counters.values[C_BYTES_LOST], lost);
    assert_int_equal(rig->counters.values[C_FILES_OPEN], 0);
}

static void deleted_files_are_held_for_so_long_and_no_longer(void **state)
{
    struct rig *rig = *state;
    static const char *const names[] = {"a.log", "b.log"};
    rig->world = world_ahead();
    rig->settings.deleted_time_max_ms = 3600000;
    hold_deleted(rig, names, 2);
    clock_ahead_ns += 3500000 * UINT64_C(1000000);
    rig_run_ms(rig, 200);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
    clock_ahead_ns += 101000 * UINT64_C(1000000);
    while (rig->counters.values[C_FILES_OPEN] > 0) {
        rig_run_ms(rig, 20);
    }
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 2 * 675 - 5 * 9);
}

/* The writer, not clew, holds its bytes. */
static void a_deleted_file_that_is_read_as_it_grows_is_not_given_up(void **state)
{
    struct rig *rig = *state;
    rig->world = world_ahead();
    rig->settings.deleted_bytes_max = 100;
    rig->settings.deleted_time_max_ms = 1000;
    rig_append_numbers(rig, "a.log", 1, 100);
    rig_open(rig, "a.log");
    rig_run_until(rig, 100);
    char *path = rig_path(rig, "a.log");
    FILE *writer = fopen(path, "a");
    rig_remove(rig, "a.log");
    for (int i = 0; i < 6; i++) {
        fprintf(writer, "line %d\n", 101 + i);
        fflush(writer);
        rig_run_until(rig, 101 + (size_t)i);
        clock_ahead_ns += 400 * UINT64_C(1000000); /* less than a deleted file must rest */
        rig_run_ms(rig, 60);
    }
    fclose(writer);
    free(path);
    rig_assert_numbers(rig, 1, 106);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

/* ---- reloads ---- */

static void another_config_goes_on_with_open_files_that_were_deleted(void **state)
{
    struct rig *rig = *state;
    struct input_settings other = rig->settings;
    rig->room = 5;
    rig_append_numbers(rig, "a.log", 1, 1000);
    rig_open(rig, "*.log");
    rig_run_until(rig, 5);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 1001, 1500);
    rig_run_ms(rig, 150);
    rig_remove(rig, "a.log.1");
    rig_remove(rig, "a.log");
    rig_append_numbers(rig, "a.log", 1501, 2000);
    other.include = rig->settings.include;
    other.read_bytes *= 2;
    for (int i = 0; i < 3; i++) {
        rig_reload(rig, i % 2 == 0 ? &other : &rig->settings);
        rig_run_ms(rig, 150);
    }
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 2000);
    rig_assert_numbers(rig, 1, 2000);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
    assert_int_equal(rig->counters.values[C_FILES_LOST], 0);
}

static void another_config_gives_files_with_lines_in_flight_no_second_number(void **state)
{
    struct rig *rig = *state;
    struct input_settings other = rig->settings;
    rig->acked_max = 0;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "*.log");
    rig_run_until(rig, 10);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 11, 20);
    rig_run_until(rig, 20);
    uint64_t number = rig->lines[19].end.generation;
    other.include = rig->settings.include;
    other.read_bytes *= 2;
    rig_reload(rig, &other);
    rig_append_numbers(rig, "a.log", 21, 30);
    rig_run_until(rig, 30);
    rig_assert_numbers(rig, 1, 30);
    assert_int_equal(rig->lines[29].end.generation, number);
    assert_true(position_is_before(rig->lines[19].end, rig->lines[20].end));
}

static void another_config_holds_for_the_files_that_were_open_before(void **state)
{
    struct rig *rig = *state;
    struct input_settings other = rig->settings;
    rig_append_numbers(rig, "a.log", 1, 3);
    rig_append_numbers(rig, "b.log", 4, 5);
    rig_append_numbers(rig, "c.log", 6, 7);
    rig_open(rig, "*.log");
    rig_run_until(rig, 7);
    other.include = rig->settings.include;
    other.name = (char *)(uintptr_t) "other";
    other.line_bytes_max = 16;
    other.open_files_max = 1;
    rig_reload(rig, &other);
    rig_run_to_end(rig);
    assert_true(rig->counters.values[C_FILES_OPEN] <= 2); /* one more for the file whose turn it is */
    rig_append(rig, "a.log", "four and twenty blackbirds\n");
    rig_run_until(rig, 9);
    assert_true(rig->lines[7].is_cut);
    rig_assert_line(rig, 7, "four and twenty ");
    input_check(rig->input);
}

static void what_another_config_leaves_out_is_left_and_deleted_files_of_it_counted(void **state)
{
    struct rig *rig = *state;
    struct input_settings other = rig->settings;
    char *path = rig_path(rig, "b.log");
    rig->room = 4;
    rig_append_numbers(rig, "a.log", 1, 9);
    rig_open(rig, "*.log");
    rig_run_until(rig, 4);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 11, 19);
    rig_run_ms(rig, 150);
    rig_remove(rig, "a.log.1");
    rig_append_numbers(rig, "b.log", 5, 9);
    other.include = (struct string_list){&path, 1};
    rig_reload(rig, &other);
    rig->room = SIZE_MAX;
    rig_run_until(rig, 9);
    rig_assert_numbers(rig, 1, 9);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 5 * strlen("line 5\n"));
    assert_int_equal(rig->counters.values[C_FILES_OPEN], 1);
    rig_reload(rig, &rig->settings);
    rig_run_until(rig, 18);
    rig_assert_line(rig, 9, "line 11");
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 5 * strlen("line 5\n"));
    free(path);
}

static void deleted_and_made_anew_at_once_both_are_read(void **state)
{
    struct rig *rig = *state;
    rig_open(rig, "a.log");
    for (int i = 0; i < 20; i++) {
        rig_append_numbers(rig, "a.log", i * 10 + 1, i * 10 + 10);
        rig_run_until(rig, (size_t)i * 10 + 10);
        rig_remove(rig, "a.log"); /* its inode is given to the next one, where nobody holds it */
    }
    rig_assert_numbers(rig, 1, 200);
}

static void what_was_deleted_comes_before_what_was_made_since(void **state)
{
    struct rig *rig = *state;
    rig->room = 10;
    rig_append_numbers(rig, "a.log", 1, 500);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_remove(rig, "a.log");
    rig_append_numbers(rig, "a.log", 501, 600);
    rig_run_ms(rig, 150);
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 600);
    rig_assert_numbers(rig, 1, 600);
}

static void an_inode_that_is_used_again_while_closed_is_told_apart(void **state)
{
    struct rig *rig = *state;
    rig->settings.open_files_max = 1;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_append_numbers(rig, "b.log", 11, 20);
    rig_open(rig, "[ab].log");
    rig_run_until(rig, 20);
    rig_remove(rig, "a.log");
    rig_remove(rig, "b.log");
    rig_append(rig, "a.log", "other content that is longer than what there was before, so that it "
                             "cannot be taken for it\n");
    rig_append(rig, "b.log", "x\n");
    rig_run_until(rig, 22);
}

static void a_truncated_file_is_read_from_its_beginning(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_write(rig, "a.log", "line 11\n");
    rig_run_until(rig, 11);
    rig_append_numbers(rig, "a.log", 12, 13);
    rig_run_until(rig, 13);
    rig_assert_numbers(rig, 1, 13);
    assert_int_equal(rig->counters.values[C_TRUNCATIONS], 1);
    assert_true(rig->lines[10].begin.generation > rig->lines[9].begin.generation);
}

static void a_file_written_anew_and_longer_is_noticed(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_write(rig, "a.log", "");
    rig_append_numbers(rig, "a.log", 11, 60);
    rig_run_until(rig, 60);
    rig_assert_numbers(rig, 1, 60);
    assert_int_equal(rig->counters.values[C_TRUNCATIONS], 1);
}

static void copy_file(struct rig *rig, const char *from, const char *to)
{
    char *path = rig_path(rig, from);
    char *command = mem_format("cp %s %s/%s", path, rig->root, to);
    assert_int_equal(system(command), 0);
    free(command);
    free(path);
}

static void with_copytruncate_the_copy_gives_what_was_not_read(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 400);
    rig->room = 100;
    rig_open(rig, "a.log*");
    rig_run_until(rig, 100);
    copy_file(rig, "a.log", "a.log.1");
    rig_run_ms(rig, 60);
    rig_write(rig, "a.log", "");
    rig_append_numbers(rig, "a.log", 401, 450);
    rig_run_ms(rig, 300);
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 450);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, 450);
    assert_int_equal(rig->counters.values[C_TRUNCATIONS], 1);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

/* ---- restart ---- */

static void a_restart_goes_on_where_it_was_acknowledged(void **state)
{
    struct rig *rig = *state;
    rig->acked_max = 6;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    uint64_t hash = rig->lines[0].hash;
    rig_close(rig);
    rig_forget_lines(rig);
    rig_append_numbers(rig, "a.log", 11, 12);
    rig_open(rig, "a.log");
    rig_run_until(rig, 6);
    rig_assert_numbers(rig, 7, 12);
    assert_true(rig->lines[0].hash == hash);
}

static void two_rotations_while_down_lose_nothing(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, POD "/0.log.20260302-100000", 1, 10);
    rig_append_numbers(rig, POD "/0.log", 11, 20);
    rig_open(rig, POD "/*.log");
    rig->acked_max = 15;
    rig_run_until(rig, 20);
    rig_assert_numbers(rig, 1, 20);
    rig_close(rig);
    rig_forget_lines(rig);
    rig->acked_max = SIZE_MAX;
    rig_append_numbers(rig, POD "/0.log", 21, 25);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100001");
    rig_append_numbers(rig, POD "/0.log", 26, 30);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100002");
    rig_append_numbers(rig, POD "/0.log", 31, 35);
    rig_append_numbers(rig, POD "/1.log", 36, 40);
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 25);
    rig_assert_numbers(rig, 16, 40);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
    rig_close(rig);
    rig_forget_lines(rig);
    rig_open(rig, POD "/*.log");
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 0);
}

static void a_generation_compressed_while_down_is_read_on_in_the_gz(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, POD "/0.log", 1, 50000);
    rig->acked_max = 30000;
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 50000);
    uint64_t hash = rig->lines[0].hash;
    rig_close(rig);
    rig_forget_lines(rig);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100001");
    char *command = mem_format("gzip %s/%s", rig->root, POD "/0.log.20260302-100001");
    assert_int_equal(system(command), 0);
    free(command);
    rig_append_numbers(rig, POD "/0.log.20260302-100002", 50001, 50100);
    rig_append_numbers(rig, POD "/0.log", 50101, 50200);
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 20200);
    rig_assert_numbers(rig, 30001, 50200);
    assert_true(rig->lines[0].hash == hash);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void what_is_gone_after_a_restart_is_counted(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, POD "/0.log", 1, 10);
    rig->acked_max = 4;
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 10);
    rig_close(rig);
    rig_forget_lines(rig);
    rig_append_numbers(rig, POD "/0.log.20260302-100002", 50, 55);
    rig_remove(rig, POD "/0.log");
    rig_append_numbers(rig, POD "/0.log", 56, 60);
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 11);
    rig_assert_numbers(rig, 50, 60);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 5 * 7 + 8);
}

static void read_from_end_skips_what_was_there_and_reads_what_comes(void **state)
{
    struct rig *rig = *state;
    rig->settings.read_from = READ_FROM_END;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "*.log");
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 0);
    rig_append_numbers(rig, "a.log", 11, 12);
    rig_run_until(rig, 2);
    rig_append_numbers(rig, "b.log", 13, 14);
    rig_run_until(rig, 4);
    rig_assert_numbers(rig, 11, 14);
}

static void read_from_end_is_promised_before_the_first_line(void **state)
{
    struct rig *rig = *state;
    rig->settings.read_from = READ_FROM_END;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "*.log");
    rig_run_to_end(rig);
    rig_close(rig);
    rig_append_numbers(rig, "a.log", 11, 12);
    rig_open(rig, "*.log");
    rig_run_until(rig, 2);
    rig_assert_numbers(rig, 11, 12);
}

/* ---- many, and none ---- */

static void many_files_get_a_fair_share(void **state)
{
    struct rig *rig = *state;
    rig->settings.read_bytes = 4096;
    rig->settings.open_files_max = 16;
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%d.txt", i);
        rig_append_numbers(rig, name, 1, i == 0 ? 20000 : 50);
    }
    rig_open(rig, "*.txt");
    rig_run_until(rig, 39 * 50 + 20000);
    /* Before the second turn of the large one every small one had its own. */
    size_t small = 0;
    for (size_t i = 0; i < 3000; i++) {
        small += strcmp(rig->lines[i].text, "line 50") == 0;
    }
    assert_in_range(small, 39, 41);
    assert_in_range(rig->counters.values[C_FILES_OPEN], 1, 16);
}

static void equal_first_lines_are_different_files(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 30; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%d.txt", i);
        rig_append(rig, name, "the same banner in all of them\n");
    }
    rig_open(rig, "*.txt");
    rig_run_until(rig, 30);
    for (int i = 0; i < 30; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%d.txt", i);
        rig_append(rig, name, "the same again\n");
    }
    rig_run_until(rig, 60);
}

static void a_stream_without_room_waits_and_the_others_go_on(void **state)
{
    struct rig *rig = *state;
    rig->full = "hot.log";
    rig_append_numbers(rig, "hot.log", 1, 1000);
    rig_append_numbers(rig, "quiet.log", 1, 10);
    rig_open(rig, "*.log");
    rig_run_until(rig, 10);
    rig_append_numbers(rig, "quiet.log", 11, 20);
    rig_append_numbers(rig, "hot.log", 1001, 1010);
    rig_run_until(rig, 20);
    rig_assert_numbers(rig, 1, 20);
    assert_int_equal(rig->fulls, 1); /* it is not asked again before there is room */
    assert_false(input_is_at_end(rig->input));
    rig_forget_lines(rig);
    rig->full = NULL;
    input_resume(rig->input);
    rig_run_until(rig, 1010);
    rig_assert_numbers(rig, 1, 1010);
}

static void a_sink_without_room_stops_the_reading_until_it_has(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 1000);
    rig->room = 10;
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    size_t refusals = rig->refusals;
    rig_run_ms(rig, 300);
    assert_int_equal(rig->refusals, refusals);
    assert_false(input_is_at_end(rig->input));
    for (size_t room = 20; room <= 1000; room += 10) {
        rig->room = room;
        input_resume(rig->input);
        rig_run_until(rig, room);
    }
    rig_run_to_end(rig);
    rig_assert_numbers(rig, 1, 1000);
}

static void a_stream_that_is_held_waits_alone_and_is_read_whole(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "held.log", 101, 200);
    rig->held = "held";
    rig_open(rig, "*.log");
    rig_append_numbers(rig, "free.log", 1, 50);
    rig_run_until(rig, 50);
    rig_run_ms(rig, 250);
    rig_append_numbers(rig, "free.log", 51, 100); /* … and what is written wakes nobody */
    rig_append_numbers(rig, "held.log", 201, 300);
    rig_run_until(rig, 100);
    rig_rename(rig, "held.log", "held.log.1");
    rig_append_numbers(rig, "held.log", 301, 310);
    rig_run_ms(rig, 500);
    assert_int_equal(rig->count, 100);
    assert_false(input_is_at_end(rig->input));
    assert_true(rig->holds >= 3 && rig->holds <= 20);
    rig->held = NULL;
    rig_run_to_end(rig);
    rig_assert_numbers(rig, 1, 310);
}

static void at_the_end_means_read_and_taken(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log.2", 1, 10);
    rig_append_numbers(rig, "a.log.1", 11, 20);
    rig_append_numbers(rig, "a.log", 21, 30);
    rig_append(rig, "a.log", "line 31");
    rig_open(rig, "a.log*");
    assert_false(input_is_at_end(rig->input));
    rig_run_to_end(rig);
    rig_assert_numbers(rig, 1, 31);
}

static void nothing_at_all_is_at_the_end(void **state)
{
    struct rig *rig = *state;
    rig_open(rig, "nothing/*.log");
    rig_run_to_end(rig);
    assert_int_equal(rig->count, 0);
}

static void an_unreadable_file_is_counted_and_read_once_it_can_be(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 3);
    char *path = rig_path(rig, "a.log");
    uid_t user = geteuid();
    uid_t nobody = user == 0 ? 65534 : user; /* root may read everything */
    chmod(path, 0);
    chmod(rig->root, 0755);
    rig_open(rig, "a.log");
    assert_int_equal(seteuid(nobody), 0);
    rig_run_to_end(rig);
    assert_int_equal(rig->counters.values[C_FILE_ERRORS], 1);
    rig_run_ms(rig, 300);
    assert_int_equal(rig->counters.values[C_FILE_ERRORS], 1);
    assert_int_equal(seteuid(user), 0);
    chmod(path, 0644);
    free(path);
    rig_run_until(rig, 3);
}

/* No scan comes to help: what is not read at the hint of the kernel is not read before the deadline
 * of rig_run_until(). */
static void files_that_live_a_moment_are_read_at_the_hint_of_the_kernel(void **state)
{
    struct rig *rig = *state;
    rig->settings.scan_interval_ms = 3600 * 1000;
    rig_open(rig, "*.log");
    rig_run_to_end(rig);
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof(name), "job%d.log", i);
        rig_append_numbers(rig, name, i + 1, i + 1);
        rig_run_until(rig, (size_t)i + 1);
        rig_remove(rig, name);
    }
    rig_assert_numbers(rig, 1, 20);
}

static void the_sink_is_told_of_time_and_of_ends(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 3);
    rig_open(rig, "a.log");
    rig_run_until(rig, 3);
    size_t idles = rig->idles;
    while (rig->idles < idles + 2) {
        rig_run_ms(rig, 20);
    }
    rig_close(rig);
    assert_int_equal(rig->gones, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

/* An argument is a pattern of names: only those tests are run. */
int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        TEST(lines_are_read_as_they_are_written),
        TEST(without_inotify_the_scan_finds_everything),
        TEST(a_path_that_does_not_exist_yet_is_read_when_it_appears),
        TEST(a_carriage_return_before_the_newline_is_not_part_of_the_line),
        TEST(a_last_line_without_newline_is_given_after_its_time_and_not_doubled),
        TEST(a_long_line_is_split_and_nothing_of_it_dropped),
        TEST(a_long_line_is_truncated_if_so_chosen_and_counted),
        TEST(lines_longer_than_a_turn_come_whole),
        TEST(renamed_and_made_anew_nothing_is_lost_and_order_is_kept),
        TEST(numbered_names_move_up_and_stay_the_same_files),
        TEST(the_writer_may_go_on_in_the_renamed_file),
        TEST(a_finished_file_that_grows_is_read_on),
        TEST(a_file_deleted_while_open_is_read_to_its_end),
        TEST(deleted_files_that_hold_too_much_are_given_up_the_oldest_first),
        TEST(deleted_files_are_held_for_so_long_and_no_longer),
        TEST(a_deleted_file_that_is_read_as_it_grows_is_not_given_up),
        TEST(another_config_goes_on_with_open_files_that_were_deleted),
        TEST(another_config_gives_files_with_lines_in_flight_no_second_number),
        TEST(another_config_holds_for_the_files_that_were_open_before),
        TEST(what_another_config_leaves_out_is_left_and_deleted_files_of_it_counted),
        TEST(deleted_and_made_anew_at_once_both_are_read),
        TEST(what_was_deleted_comes_before_what_was_made_since),
        TEST(an_inode_that_is_used_again_while_closed_is_told_apart),
        TEST(a_truncated_file_is_read_from_its_beginning),
        TEST(a_file_written_anew_and_longer_is_noticed),
        TEST(with_copytruncate_the_copy_gives_what_was_not_read),
        TEST(a_restart_goes_on_where_it_was_acknowledged),
        TEST(two_rotations_while_down_lose_nothing),
        TEST(a_generation_compressed_while_down_is_read_on_in_the_gz),
        TEST(what_is_gone_after_a_restart_is_counted),
        TEST(read_from_end_skips_what_was_there_and_reads_what_comes),
        TEST(read_from_end_is_promised_before_the_first_line),
        TEST(many_files_get_a_fair_share),
        TEST(equal_first_lines_are_different_files),
        TEST(a_stream_without_room_waits_and_the_others_go_on),
        TEST(a_sink_without_room_stops_the_reading_until_it_has),
        TEST(a_stream_that_is_held_waits_alone_and_is_read_whole),
        TEST(at_the_end_means_read_and_taken),
        TEST(nothing_at_all_is_at_the_end),
        TEST(an_unreadable_file_is_counted_and_read_once_it_can_be),
        TEST(files_that_live_a_moment_are_read_at_the_hint_of_the_kernel),
        TEST(the_sink_is_told_of_time_and_of_ends),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return driver_run("tail", tests, ARRAY_LEN(tests));
}

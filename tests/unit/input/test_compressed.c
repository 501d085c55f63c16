/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Generations that are compressed: while clew is down, while it runs, and under its hands. */

#define POD "pods/shop_checkout-1_0b1c2d3e-0000-4000-8000-000000000001/app"

/* The shell's `$1` is the name. */
static void run_command(struct rig *rig, const char *script, const char *name)
{
    char *path = rig_path(rig, name);
    char *command = mem_format("set -- %s; %s", path, script);
    assert_int_equal(system(command), 0);
    free(command);
    free(path);
}

static void compress(struct rig *rig, const char *name)
{
    run_command(rig, "gzip -n $1", name);
}

/* `suffix` is what follows the number: a.log.N.gz. Nothing if it is not there. */
static void move(struct rig *rig, const char *suffix, int from, int to)
{
    char *old = mem_format("a.log.%d%s", from, suffix);
    char *new = mem_format("a.log.%d%s", to, suffix);
    char *path = rig_path(rig, old);
    if (access(path, F_OK) == 0) {
        rig_rename(rig, old, new);
    }
    free(path);
    free(new);
    free(old);
}

/* As logrotate with `compress` does: the chain moves up, the live file becomes the first of it, the
 * application goes on in a new one, and the first is compressed. */
static void rotate(struct rig *rig)
{
    for (int i = 20; i > 0; i--) {
        move(rig, ".gz", i, i + 1);
    }
    rig_rename(rig, "a.log", "a.log.1");
    rig_write(rig, "a.log", "");
    compress(rig, "a.log.1");
}

/* ---- down, then running on ---- */

static void rotated_while_down_and_then_again_and_again_nothing_is_lost(void **state)
{
    struct rig *rig = *state;
    int line = 10;
    rig_append_numbers(rig, "a.log", 1, line);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_close(rig);
    for (int i = 0; i < 3; i++, line += 10) {
        rig_append_numbers(rig, "a.log", line + 1, line + 10);
        rotate(rig);
    }
    rig_open(rig, "a.log");
    rig_run_until(rig, (size_t)line);
    for (int i = 0; i < 8; i++, line += 10) {
        rig_append_numbers(rig, "a.log", line + 1, line + 10);
        if (i % 3 == 2) {
            rig_run_ms(rig, 30);
        }
        rotate(rig);
        if (i % 3 == 1) {
            rig_run_until(rig, (size_t)line + 10);
        }
    }
    rig_append_numbers(rig, "a.log", line + 1, line + 5);
    rig_run_until(rig, (size_t)line + 5);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, line + 5);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void killed_between_rotations_it_reads_each_generation_once_and_in_order(void **state)
{
    struct rig *rig = *state;
    int line = 0;
    rig_write(rig, "a.log", "");
    for (int run = 0; run < 4; run++) {
        rig_open(rig, "a.log");
        for (int i = 0; i < 3; i++, line += 10) {
            rig_append_numbers(rig, "a.log", line + 1, line + 10);
            rig_run_until(rig, (size_t)line + 10);
            rotate(rig);
        }
        rig_close(rig);
        rig_append_numbers(rig, "a.log", line + 1, line + 10);
        rotate(rig);
        line += 10;
    }
    rig_open(rig, "a.log");
    rig_run_until(rig, (size_t)line);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, line);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

/* The writer still had the last but one, and its rest is in what it was compressed to. */
static void what_was_left_and_has_grown_is_read_on_in_its_gz_after_a_restart(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 11, 20);
    rig_run_until(rig, 20);
    rig_rename(rig, "a.log.1", "a.log.2");
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 21, 30);
    rig_run_until(rig, 30);
    rig_close(rig);
    rig_append_numbers(rig, "a.log.2", 31, 35);
    compress(rig, "a.log.2");
    compress(rig, "a.log.1");
    rig_append_numbers(rig, "a.log", 36, 40);
    rig_open(rig, "a.log");
    rig_run_until(rig, 40);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, 40);
}

static void a_first_start_leaves_what_was_compressed_before(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 10);
    rotate(rig);
    move(rig, ".gz", 1, 2);
    rig_append_numbers(rig, "a.log", 11, 20);
    rig_rename(rig, "a.log", "a.log.1"); /* delaycompress: compressed at the next rotation */
    rig_append_numbers(rig, "a.log", 101, 110);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    move(rig, ".gz", 2, 3);
    move(rig, "", 1, 2);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 111, 120);
    compress(rig, "a.log.2");
    rig_run_until(rig, 20);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 101, 120);
    rig_close(rig);
    rig_open(rig, "a.log");
    rig_run_to_end(rig);
    rig_assert_numbers(rig, 101, 120);
}

/* So the times of their last write tell nothing. */
static void rotated_twice_while_down_after_the_clock_was_set_back_nothing_is_lost(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_close(rig);
    rig_append_numbers(rig, "a.log", 11, 20);
    rig_rename(rig, "a.log", "a.log.2");
    run_command(rig, "touch -d 2023-11-14 $1 && gzip -n $1", "a.log.2");
    rig_append_numbers(rig, "a.log.1", 21, 30);
    run_command(rig, "touch -d 2023-11-13 $1 && gzip -n $1", "a.log.1");
    rig_append_numbers(rig, "a.log", 31, 35);
    rig_open(rig, "a.log");
    rig_run_until(rig, 35);
    rig_run_ms(rig, 100);
    rig_assert_numbers(rig, 1, 35);
}

/* ---- under a temporary name, or none ---- */

/* As logback does it where its pattern ends with `.gz`. */
static void under_logbacks_temporary_name_it_is_the_same_generation(void **state)
{
    struct rig *rig = *state;
    rig->exclude[0] = mem_string("*.tmp");
    rig->settings.exclude.count = 1;
    rig_append_numbers(rig, "app.log", 1, 10);
    rig_open(rig, "*.log");
    rig_run_until(rig, 10);
    rig_append_numbers(rig, "app.log", 11, 20);
    rig_rename(rig, "app.log", "app.2026-11-30.1.log7266123456789.tmp");
    rig_append_numbers(rig, "app.log", 31, 40);
    rig_run_until(rig, 30);
    run_command(rig, "gzip -nc $1.log7*.tmp >$1.log.gz", "app.2026-11-30.1");
    rig_run_ms(rig, 100);
    run_command(rig, "rm $1.log7*.tmp", "app.2026-11-30.1");
    rig_run_ms(rig, 300);
    assert_int_equal(rig->count, 30);
    /* And once more, with a restart in between. */
    rig_rename(rig, "app.log", "app.2026-11-30.2.log7266123456789.tmp");
    rig_close(rig);
    rig_open(rig, "*.log");
    rig_run_ms(rig, 200);
    rig_append_numbers(rig, "app.log", 41, 50);
    run_command(rig, "gzip -nc $1.log7*.tmp >$1.log.gz && rm $1.log7*.tmp", "app.2026-11-30.2");
    rig_run_until(rig, 40);
    rig_run_ms(rig, 300);
    assert_int_equal(rig->count, 40);
    assert_int_equal(rig->counters.values[C_BYTES_LOST] + rig->counters.values[C_FILES_LOST], 0);
}

static void what_was_read_and_lost_its_name_is_known_when_it_is_compressed_later(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log*");
    rig_run_until(rig, 10);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 21, 30);
    rig_run_until(rig, 20);
    rig_rename(rig, "a.log.1", ".being-packed");
    rig_run_ms(rig, 400);
    run_command(rig, "gzip -nc <$1 >$1.gz && rm $1", ".being-packed");
    rig_rename(rig, ".being-packed.gz", "a.log.1.gz");
    rig_run_ms(rig, 400);
    assert_int_equal(rig->count, 20);
    rig_append_numbers(rig, "a.log", 31, 40);
    rig_run_until(rig, 30);
    assert_int_equal(rig->counters.values[C_BYTES_LOST] + rig->counters.values[C_FILES_LOST], 0);
}

/* Of two with the same beginning and size only one was read. */
static void what_begins_alike_and_is_as_long_is_another_file(void **state)
{
    struct rig *rig = *state;
    char banner[2002];
    memset(banner, '=', sizeof(banner) - 2);
    strcpy(banner + sizeof(banner) - 2, "\n");
    rig_write(rig, "a.log", banner);
    rig_append_numbers(rig, "a.log", 11, 20);
    rig->settings.open_files_max = 1;
    rig_open(rig, "a.log");
    rig_run_until(rig, 11);
    rig_rename(rig, "a.log", "a.log.1");
    compress(rig, "a.log.1");
    move(rig, ".gz", 1, 2);
    rig_write(rig, "a.log", banner);
    rig_append_numbers(rig, "a.log", 21, 30);
    rig_rename(rig, "a.log", "a.log.1");
    compress(rig, "a.log.1");
    rig_append_numbers(rig, "a.log", 31, 40);
    rig_run_until(rig, 32);
    rig_run_ms(rig, 300);
    assert_int_equal(rig->count, 32);
    rig_assert_line(rig, 12, "line 21");
}

/* ---- while it runs ---- */

static void compressed_while_it_waits_it_is_read_on_in_the_gz(void **state)
{
    struct rig *rig = *state;
    rig->settings.open_files_max = 1;
    rig->room = 700;
    rig_append_numbers(rig, "a.log", 1, 1000);
    rig_open(rig, "a.log");
    rig_run_until(rig, 700);
    for (int i = 1; i <= 4; i++) {
        rotate(rig);
        rig_append_numbers(rig, "a.log", i * 1000 + 1, i * 1000 + 1000);
        rig_run_ms(rig, 100);
    }
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 5000);
    rig_assert_numbers(rig, 1, 5000);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void compressed_while_waiting_behind_another_it_is_read_from_the_gz(void **state)
{
    struct rig *rig = *state;
    rig->settings.open_files_max = 1;
    rig->room = 100;
    rig_append_numbers(rig, "a.log", 1, 1000);
    rig_open(rig, "a.log");
    rig_run_until(rig, 100);
    for (int i = 1; i <= 4; i++) { /* delaycompress: each has a look while it is plain */
        move(rig, ".gz", 4, 5);
        move(rig, ".gz", 3, 4);
        move(rig, ".gz", 2, 3);
        move(rig, "", 1, 2);
        rig_rename(rig, "a.log", "a.log.1");
        rig_append_numbers(rig, "a.log", i * 1000 + 1, i * 1000 + 1000);
        rig_run_ms(rig, 60);
        if (i > 1) {
            compress(rig, "a.log.2");
        }
        rig_run_ms(rig, 60);
    }
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 5000);
    rig_assert_numbers(rig, 1, 5000);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void what_was_written_since_the_last_look_is_read_from_the_gz(void **state)
{
    struct rig *rig = *state;
    rig->settings.open_files_max = 1;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_append_numbers(rig, "b.log", 1001, 1010);
    rig_open(rig, "[ab].log");
    rig_run_until(rig, 20);
    rig_append_numbers(rig, "b.log", 1011, 1011); /* takes the one descriptor */
    rig_run_until(rig, 21);
    rig_forget_lines(rig);
    rig_append_numbers(rig, "a.log", 11, 20);
    rotate(rig);
    rig_append_numbers(rig, "a.log", 21, 30);
    rotate(rig);
    rig_append_numbers(rig, "a.log", 31, 40);
    rig_run_until(rig, 30);
    rig_assert_numbers(rig, 11, 40);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void the_kubelets_gz_is_read_once_it_is_whole(void **state)
{
    struct rig *rig = *state;
    rig->settings.open_files_max = 1;
    rig->room = 50;
    rig_append_numbers(rig, POD "/0.log", 1, 1000);
    rig_open(rig, POD "/*.log*");
    rig_run_until(rig, 50);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100001");
    rig_append_numbers(rig, POD "/0.log", 1001, 2000);
    rig_run_ms(rig, 50);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100002");
    rig_append_numbers(rig, POD "/0.log", 2001, 3000);
    run_command(rig, "gzip -c $1 >$1.tmp", POD "/0.log.20260302-100001");
    rig_run_ms(rig, 50);
    rig_rename(rig, POD "/0.log.20260302-100001.tmp", POD "/0.log.20260302-100001.gz");
    rig_run_ms(rig, 50);
    rig_remove(rig, POD "/0.log.20260302-100001");
    rig_run_ms(rig, 50);
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 3000);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, 3000);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

/* ---- not whole ---- */

/* The first `len` bytes of a file, as somebody has written them so far. */
static void write_part(struct rig *rig, const char *from, const char *to, size_t begin, size_t end)
{
    char *source = rig_path(rig, from);
    char *target = rig_path(rig, to);
    char *command =
        mem_format("tail -c +%zu %s | head -c %zu >>%s", begin + 1, source, end - begin, target);
    assert_int_equal(system(command), 0);
    free(command);
    free(target);
    free(source);
}

static size_t size_of(struct rig *rig, const char *name)
{
    char *path = rig_path(rig, name);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    free(path);
    return (size_t)info.st_size;
}

static void a_gz_that_is_still_being_written_is_read_as_it_grows(void **state)
{
    struct rig *rig = *state;
    rig->acked_max = 100;
    rig_append_numbers(rig, "a.log", 1, 20000);
    rig_open(rig, "a.log");
    rig_run_until(rig, 20000);
    rig_close(rig);
    rig_forget_lines(rig);
    rig->acked_max = SIZE_MAX;
    rig_rename(rig, "a.log", "whole");
    rig_append_numbers(rig, "a.log", 20001, 20010);
    run_command(rig, "gzip -c $1 >$1.packed", "whole");
    size_t size = size_of(rig, "whole.packed");
    write_part(rig, "whole.packed", "a.log.1.gz", 0, size / 2);
    rig_open(rig, "a.log");
    rig_run_ms(rig, 700);
    assert_in_range(rig->count, 1, 19900);
    write_part(rig, "whole.packed", "a.log.1.gz", size / 2, size);
    rig_run_until(rig, 19910);
    rig_assert_numbers(rig, 101, 20010);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void a_gz_beside_its_original_is_left_alone(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 1000);
    rig_open(rig, "a.log");
    rig_run_until(rig, 1000);
    rig_close(rig);
    rig_append_numbers(rig, "a.log", 1001, 2000);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 2001, 2100);
    run_command(rig, "gzip -c $1 | head -c 100 >$1.gz", "a.log.1");
    rig_open(rig, "a.log");
    rig_run_until(rig, 2100);
    char *whole = rig_path(rig, "a.log.1.gz");
    assert_int_equal(unlink(whole), 0);
    free(whole);
    compress(rig, "a.log.1");
    rig_run_ms(rig, 400);
    rig_assert_numbers(rig, 1, 2100);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void a_damaged_gz_costs_its_rest_and_what_follows_is_read(void **state)
{
    struct rig *rig = *state;
    rig->acked_max = 100;
    rig_append_numbers(rig, "a.log", 1, 20000);
    rig_open(rig, "a.log");
    rig_run_until(rig, 20000);
    rig_close(rig);
    rig_forget_lines(rig);
    rig->acked_max = SIZE_MAX;
    rotate(rig);
    rig_append_numbers(rig, "a.log", 20001, 20010);
    char *path = rig_path(rig, "a.log.1.gz");
    size_t size = size_of(rig, "a.log.1.gz");
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    char damage[12];
    memset(damage, 0xff, sizeof(damage));
    assert_int_equal(pwrite(fd, damage, sizeof(damage), (off_t)size / 2), sizeof(damage));
    close(fd);
    free(path);
    rig_open(rig, "a.log");
    while (rig->count == 0 || strcmp(rig->lines[rig->count - 1].text, "line 20010") != 0) {
        rig_run_ms(rig, 20);
    }
    assert_true(rig->counters.values[C_BYTES_LOST] > 0);
}

/* ---- nothing acknowledged, and what cannot be read ---- */

static void compressed_before_its_first_line_is_acknowledged_it_is_read_from_the_gz(void **state)
{
    struct rig *rig = *state;
    rig->acked_max = 0;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_close(rig);
    rig_forget_lines(rig);
    rig->acked_max = SIZE_MAX;
    rotate(rig);
    rig_append_numbers(rig, "a.log", 11, 20);
    rotate(rig);
    rig_append_numbers(rig, "a.log", 21, 30);
    rig_open(rig, "a.log");
    rig_run_until(rig, 30);
    rig_assert_numbers(rig, 1, 30);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void compressed_otherwise_what_was_not_read_is_counted(void **state)
{
    struct rig *rig = *state;
    rig->settings.open_files_max = 1;
    rig->room = 5;
    rig_append_numbers(rig, "a.log", 1, 9);
    rig_append_numbers(rig, "b.log", 1, 9);
    rig_open(rig, "[ab].log");
    rig_run_until(rig, 5); /* of a.log, which is open; b.log waits */
    rig_run_ms(rig, 100);
    rig_rename(rig, "b.log", "b.log.1");
    rig_append_numbers(rig, "b.log", 10, 12);
    rig_run_ms(rig, 100);
    rig_rename(rig, "b.log.1", "b.log.1.zst"); /* as good as compressed: clew does not look into it */
    rig_run_ms(rig, 300);
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 9 + 3);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 9 * 7);
}

/* ---- files that begin alike, names that mislead ---- */

static void begin_with_banner(struct rig *rig)
{
    char banner[700];
    memset(banner, '=', sizeof(banner) - 2);
    strcpy(banner + sizeof(banner) - 2, "\n");
    rig_write(rig, "a.log", banner);
}

/* The live file, begun anew, is as good a copy of what was read as its .gz is. */
static void of_files_with_the_same_banner_the_gz_is_the_one_that_was_read(void **state)
{
    struct rig *rig = *state;
    begin_with_banner(rig);
    rig_open(rig, "a.log");
    rig_run_until(rig, 1);
    rig_close(rig);
    rig_append_numbers(rig, "a.log", 1, 10);
    rotate(rig);
    begin_with_banner(rig);
    rig_append_numbers(rig, "a.log", 11, 15);
    rig_open(rig, "a.log");
    rig_run_until(rig, 1 + 10 + 1 + 5);
    rig_assert_line(rig, 1, "line 1");
    rig_assert_line(rig, 10, "line 10");
    rig_assert_line(rig, 12, "line 11");
}

static void of_gz_with_the_same_banner_the_oldest_is_the_one_that_was_read(void **state)
{
    struct rig *rig = *state;
    begin_with_banner(rig);
    rig_open(rig, "a.log");
    rig_run_until(rig, 1);
    rig_close(rig);
    for (int i = 0; i < 3; i++) {
        rig_append_numbers(rig, "a.log", 10 * i + 1, 10 * i + 10);
        rotate(rig);
        begin_with_banner(rig);
    }
    rig_open(rig, "a.log");
    rig_run_until(rig, 1 + 10 + 1 + 10 + 1 + 10 + 1);
    rig_assert_line(rig, 1, "line 1");
    rig_assert_line(rig, 12, "line 11");
    rig_assert_line(rig, 32, "line 30");
}

/* Docker, log4j2: the application writes to its next file, and leaves it, before this one is compressed. */
static void compressed_after_its_successor_was_written_it_is_still_the_older(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_close(rig);
    rig_append_numbers(rig, "a.log", 11, 20);
    rig_rename(rig, "a.log", "a.log.2");
    rig_append_numbers(rig, "a.log", 21, 30);
    run_command(rig, "touch -d '1 second ago' $1", "a.log");
    run_command(rig, "gzip -n $1; touch $1.gz", "a.log.2");
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 31, 40);
    rig_open(rig, "a.log");
    rig_run_until(rig, 40);
    rig_assert_numbers(rig, 1, 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

/* An argument is a pattern of names: only those tests are run. */
int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        TEST(rotated_while_down_and_then_again_and_again_nothing_is_lost),
        TEST(killed_between_rotations_it_reads_each_generation_once_and_in_order),
        TEST(rotated_twice_while_down_after_the_clock_was_set_back_nothing_is_lost),
        TEST(under_logbacks_temporary_name_it_is_the_same_generation),
        TEST(what_was_read_and_lost_its_name_is_known_when_it_is_compressed_later),
        TEST(what_begins_alike_and_is_as_long_is_another_file),
        TEST(what_was_left_and_has_grown_is_read_on_in_its_gz_after_a_restart),
        TEST(a_first_start_leaves_what_was_compressed_before),
        TEST(compressed_while_it_waits_it_is_read_on_in_the_gz),
        TEST(compressed_while_waiting_behind_another_it_is_read_from_the_gz),
        TEST(what_was_written_since_the_last_look_is_read_from_the_gz),
        TEST(the_kubelets_gz_is_read_once_it_is_whole),
        TEST(a_gz_that_is_still_being_written_is_read_as_it_grows),
        TEST(a_gz_beside_its_original_is_left_alone),
        TEST(compressed_before_its_first_line_is_acknowledged_it_is_read_from_the_gz),
        TEST(compressed_otherwise_what_was_not_read_is_counted),
        TEST(of_files_with_the_same_banner_the_gz_is_the_one_that_was_read),
        TEST(of_gz_with_the_same_banner_the_oldest_is_the_one_that_was_read),
        TEST(compressed_after_its_successor_was_written_it_is_still_the_older),
        TEST(a_damaged_gz_costs_its_rest_and_what_follows_is_read),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return driver_run("compressed", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "input/tail/world.h"

/* Rotation where it is hardest: faster than a directory can be listed, and across a restart. */

#define POD "pods/shop_checkout-1_0b1c2d3e-0000-4000-8000-000000000001/app"

/* ---- faster than a look ---- */

enum { STORM_ROTATIONS = 1500 };

/* In a process of its own: a line, a rename, a line, a rename, without a pause. */
static void storm(const char *live)
{
    for (int i = 1; i <= STORM_ROTATIONS; i++) {
        char line[16];
        char rotated[200];
        int len = snprintf(line, sizeof(line), "line %d\n", i);
        int fd = open(live, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (fd < 0 || write(fd, line, (size_t)len) != len) {
            _exit(1);
        }
        close(fd);
        snprintf(rotated, sizeof(rotated), "%s.20260302-1%05d", live, i);
        if (rename(live, rotated) < 0) {
            _exit(1);
        }
    }
    execl("/bin/true", "true", (char *)NULL); /* ends without what a checker of memory says at an end */
    _exit(1);
}

static void no_generation_is_seen_before_its_predecessor(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, POD "/0.log", 0, 0);
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 1);
    rig_forget_lines(rig);
    char *live = rig_path(rig, POD "/0.log");
    pid_t child = fork();
    if (child == 0) {
        storm(live);
    }
    rig_run_until(rig, STORM_ROTATIONS);
    rig_assert_numbers(rig, 1, STORM_ROTATIONS);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    free(live);
}

/* ---- across a restart ---- */

static void fill(struct rig *rig, const char *name, const char *banner, int from, int to)
{
    rig_write(rig, name, banner);
    rig_append_numbers(rig, name, from, to);
}

static void written_anew_while_down_it_is_noticed_though_it_begins_alike_and_is_longer(void **state)
{
    struct rig *rig = *state;
    char banner[3002];
    memset(banner, '=', sizeof(banner) - 2);
    strcpy(banner + sizeof(banner) - 2, "\n");
    fill(rig, "a.log", banner, 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 11);
    rig_close(rig);
    rig_forget_lines(rig);
    fill(rig, "a.log", banner, 101, 150); /* the same inode */
    rig_open(rig, "a.log");
    rig_run_until(rig, 51);
    rig_assert_line(rig, 1, "line 101");
    rig_assert_line(rig, 50, "line 150");
}

static void what_was_written_to_a_finished_generation_while_down_is_read(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, POD "/0.log", 1, 10);
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 10);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100001");
    rig_append_numbers(rig, POD "/0.log", 11, 20);
    rig_run_until(rig, 20);
    rig_close(rig);
    rig_append_numbers(rig, POD "/0.log.20260302-100001", 21, 25);
    rig_append_numbers(rig, POD "/0.log", 26, 30);
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 30);
    rig_assert_numbers(rig, 1, 30);
}

static void a_generation_that_was_interrupted_is_not_read_twice_after_a_restart(void **state)
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
    rig_close(rig); /* the place that was promised is in a.log.1 */
    rig_append_numbers(rig, "a.log", 26, 30);
    rig_open(rig, "a.log");
    rig_run_until(rig, 30);
    rig_assert_numbers(rig, 1, 30);
    rig_close(rig);
    rig_append_numbers(rig, "a.log", 31, 32);
    rig_open(rig, "a.log");
    rig_run_until(rig, 32);
    rig_assert_numbers(rig, 1, 32);
}

/* ---- copytruncate ---- */

/* By the shell: a copy, and then nothing is left of the original. */
static void copy_and_cut(struct rig *rig, const char *name, const char *copy)
{
    char *command = mem_format("cd %s && cp %s %s && : >%s", rig->root, name, copy, name);
    assert_int_equal(system(command), 0);
    free(command);
}

static void a_short_log_that_is_copied_and_cut_while_down_is_not_sent_again(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 5);
    rig_open(rig, "a.log*");
    rig_run_until(rig, 5);
    rig_close(rig);
    rig_append_numbers(rig, "a.log", 6, 8);
    copy_and_cut(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 9, 10);
    rig_open(rig, "a.log*");
    rig_run_until(rig, 10);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, 10);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

static void a_log_that_is_copied_and_cut_before_any_of_it_was_read_loses_nothing(void **state)
{
    struct rig *rig = *state;
    rig->room = 0;
    rig_write(rig, "a.log", "");
    rig_open(rig, "a.log*");
    rig_run_ms(rig, 50);
    rig_append_numbers(rig, "a.log", 1, 100);
    rig_run_ms(rig, 200);
    copy_and_cut(rig, "a.log", "a.log.1");
    rig_run_ms(rig, 200);
    rig_append_numbers(rig, "a.log", 101, 200);
    rig_run_ms(rig, 200);
    rig_rename(rig, "a.log.1", "a.log.2");
    copy_and_cut(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 201, 210);
    rig_run_ms(rig, 200);
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 210);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, 210);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
}

/* ---- between a look and what it leads to ---- */

/* Before a name is opened for the first time somebody does something in its directory. */
struct race {
    struct world world;
    const char *name;
    char *command;
};

static int open_after_race(void *context, const char *path)
{
    struct race *race = context;
    size_t len = strlen(path);
    size_t name_len = strlen(race->name);
    if (race->command != NULL && len > name_len && strcmp(path + len - name_len, race->name) == 0) {
        assert_int_equal(system(race->command), 0);
        free(race->command);
        race->command = NULL;
    }
    return world_open(&world_system, path);
}

static void run_race(struct rig *rig, struct race *race, const char *name, const char *command)
{
    *race = (struct race){.world = world_system, .name = name};
    race->command = mem_format("cd %s && %s", rig->root, command);
    race->world.open = open_after_race;
    race->world.context = race;
    rig->world = &race->world;
}

static void a_copy_that_is_compressed_before_it_is_opened_is_no_loss(void **state)
{
    struct rig *rig = *state;
    struct race race;
    rig->room = 0;
    rig_append_numbers(rig, "a.log", 1, 100);
    run_race(rig, &race, "/a.log.1", "gzip -n a.log.1");
    rig_open(rig, "a.log");
    rig_run_ms(rig, 100);
    copy_and_cut(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 101, 110);
    rig_run_ms(rig, 200);
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 110);
    rig_run_ms(rig, 100);
    rig_assert_numbers(rig, 1, 110);
    assert_null(race.command);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
    rig_close(rig);
}

static void a_file_whose_name_is_given_on_before_it_is_opened_was_not_cut(void **state)
{
    struct rig *rig = *state;
    struct race race;
    rig->room = 0;
    rig->settings.open_files_max = 1;
    rig_append_numbers(rig, "a.log.1", 1, 10);
    rig_append_numbers(rig, "a.log", 11, 20);
    rig_open(rig, "a.log*");
    rig_run_ms(rig, 100);
    rig_close(rig);
    run_race(rig, &race, "/a.log.1",
             "mv a.log.1 a.log.2 && mv a.log a.log.1 && echo line 21 >a.log");
    rig_open(rig, "a.log*");
    rig_run_ms(rig, 100);
    assert_null(race.command);
    rig->room = SIZE_MAX;
    input_resume(rig->input);
    rig_run_until(rig, 21);
    rig_run_ms(rig, 100);
    rig_assert_numbers(rig, 1, 21);
    assert_int_equal(rig->counters.values[C_TRUNCATIONS], 0);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
    rig_close(rig);
}

static void what_is_promised_is_found_though_its_name_is_given_on_at_the_start(void **state)
{
    struct rig *rig = *state;
    struct race race;
    rig->acked_max = 10;
    rig_append_numbers(rig, "a.log", 1, 20);
    rig_open(rig, "a.log");
    rig_run_until(rig, 20);
    rig_close(rig);
    rig_forget_lines(rig);
    char *path = rig_path(rig, "a.log");
    char *command = mem_format("mv %s %s.1 && gzip -n %s.1", path, path, path);
    assert_int_equal(system(command), 0);
    free(command);
    free(path);
    rig_append_numbers(rig, "a.log", 21, 30);
    run_race(rig, &race, "/a.log.1.gz", "mv a.log.1.gz a.log.2.gz");
    rig_open(rig, "a.log");
    rig_run_until(rig, 20);
    rig_run_ms(rig, 100);
    rig_assert_numbers(rig, 11, 30);
    assert_null(race.command);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
    rig_close(rig);
}

static void what_is_listed_and_compressed_before_it_is_opened_is_no_loss(void **state)
{
    struct rig *rig = *state;
    struct race race;
    rig_append_numbers(rig, POD "/0.log", 1, 10);
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 10);
    rig_close(rig);
    rig_forget_lines(rig);
    rig_append_numbers(rig, POD "/0.log", 11, 12);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100001");
    rig_append_numbers(rig, POD "/0.log", 13, 60);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100002");
    rig_append_numbers(rig, POD "/0.log", 61, 70);
    run_race(rig, &race, "/0.log.20260302-100002",
             "cd " POD " && gzip -n 0.log.20260302-100002 && mv 0.log 0.log.20260302-100003 && "
             "gzip -n 0.log.20260302-100003 && echo line 71 >0.log");
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 61);
    rig_run_ms(rig, 100);
    rig_assert_numbers(rig, 11, 71);
    assert_null(race.command);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
    rig_close(rig);
}

static void what_is_listed_and_deleted_before_it_is_opened_is_a_loss(void **state)
{
    struct rig *rig = *state;
    struct race race;
    rig_append_numbers(rig, POD "/0.log", 1, 10);
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 10);
    rig_close(rig);
    rig_forget_lines(rig);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100001");
    rig_append_numbers(rig, POD "/0.log", 11, 60);
    rig_rename(rig, POD "/0.log", POD "/0.log.20260302-100002");
    rig_append_numbers(rig, POD "/0.log", 61, 70);
    run_race(rig, &race, "/0.log.20260302-100002",
             "cd " POD " && rm 0.log.20260302-100002 && mv 0.log 0.log.20260302-100003 && "
             "gzip -n 0.log.20260302-100003 && echo line 71 >0.log");
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 11);
    rig_run_ms(rig, 100);
    rig_assert_numbers(rig, 61, 71);
    assert_null(race.command);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 50 * strlen("line 11\n"));
    rig_close(rig);
}

static void what_was_read_and_is_compressed_before_it_is_opened_is_not_sent_again(void **state)
{
    struct rig *rig = *state;
    struct race race;
    rig_append_numbers(rig, POD "/0.log", 1, 10);
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 10);
    for (int i = 1; i <= 6; i++) { /* more than the checkpoint knows beginnings of */
        char *rotated = mem_format(POD "/0.log.20260302-10000%d", i);
        rig_rename(rig, POD "/0.log", rotated);
        free(rotated);
        rig_append_numbers(rig, POD "/0.log", 1 + 10 * i, 10 + 10 * i);
        rig_run_until(rig, 10 + 10 * (size_t)i);
    }
    rig_close(rig);
    rig_forget_lines(rig);
    run_race(rig, &race, "/0.log.20260302-100001", "cd " POD " && gzip -n 0.log.20260302-10000[1-6]");
    rig_append_numbers(rig, POD "/0.log", 71, 80);
    rig_open(rig, POD "/*.log");
    rig_run_until(rig, 10);
    rig_run_ms(rig, 100);
    rig_assert_numbers(rig, 71, 80);
    assert_null(race.command);
    rig_close(rig);
}

/* ---- into another directory ---- */

static void what_was_moved_and_read_to_its_end_is_not_sent_again_after_a_restart(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "logs/app.log", 1, 10);
    rig_append(rig, "logs/archive/other.log", "other\n");
    rig_open(rig, "logs");
    rig_run_until(rig, 11);
    rig_rename(rig, "logs/app.log", "logs/archive/app.2026-11-30.1.log");
    rig_append_numbers(rig, "logs/app.log", 11, 20);
    rig_run_until(rig, 21);
    rig_run_ms(rig, 1500);
    rig_close(rig);
    rig_append_numbers(rig, "logs/app.log", 21, 30);
    rig_open(rig, "logs");
    rig_run_until(rig, 31);
    rig_run_ms(rig, 300);
    assert_int_equal(rig->count, 31);
}

static void a_directory_that_was_renamed_is_not_sent_again_after_a_restart(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "logs/a/app.log", 1, 10);
    rig_open(rig, "logs");
    rig_run_until(rig, 10);
    rig_rename(rig, "logs/a/app.log", "logs/a/app.log.1");
    rig_append_numbers(rig, "logs/a/app.log", 11, 20);
    rig_run_until(rig, 20);
    rig_run_ms(rig, 500);
    rig_rename(rig, "logs/a", "logs/b");
    rig_run_ms(rig, 1500);
    rig_close(rig);
    rig_append_numbers(rig, "logs/b/app.log", 21, 30);
    rig_open(rig, "logs");
    rig_run_until(rig, 30);
    rig_run_ms(rig, 300);
    rig_assert_numbers(rig, 1, 30);
}

/* ---- what cannot be read, or is none ---- */

/* Who may not open what ends so. */
struct denial {
    struct world world;
    const char *name;
};

static int open_unless_denied(void *context, const char *path)
{
    const struct denial *denial = context;
    size_t len = strlen(path);
    size_t name_len = strlen(denial->name);
    bool is_denied = len > name_len && strcmp(path + len - name_len, denial->name) == 0;
    return is_denied ? -EACCES : world_open(&world_system, path);
}

static void a_rotated_file_that_may_not_be_read_any_more_keeps_no_newer_one_waiting(void **state)
{
    struct rig *rig = *state;
    struct denial denial = {world_system, "/a.log.1"};
    denial.world.open = open_unless_denied;
    denial.world.context = &denial;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_close(rig);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 11, 20);
    rig->world = &denial.world;
    rig_open(rig, "a.log");
    rig_run_until(rig, 20);
    rig_assert_numbers(rig, 1, 20);
    assert_int_equal(rig->counters.values[C_FILE_ERRORS], 1);
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 0);
    rig_close(rig);
}

enum { FAST = 500 };

/* A minute is over soon. */
static uint64_t fast_ns(void *context)
{
    (void)context;
    return world_monotonic_ns(&world_system) * FAST;
}

static void what_cannot_be_read_for_a_minute_is_given_up_for_what_is_newer(void **state)
{
    struct rig *rig = *state;
    struct denial denial = {world_system, "/a.log.1"};
    denial.world.open = open_unless_denied;
    denial.world.monotonic_ns = fast_ns;
    denial.world.context = &denial;
    rig_append_numbers(rig, "a.log", 1, 10);
    rig_open(rig, "a.log");
    rig_run_until(rig, 10);
    rig_close(rig);
    rig_append_numbers(rig, "a.log", 11, 20);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 21, 30);
    rig->world = &denial.world;
    rig_open(rig, "a.log");
    rig_run_until(rig, 20);
    rig_assert_line(rig, 10, "line 21");
    rig_assert_line(rig, 19, "line 30");
    assert_int_equal(rig->counters.values[C_BYTES_LOST], 10 * strlen("line 11\n"));
    rig_close(rig);
}

/* What ends so cannot be looked at by its name, some times. */
struct blur {
    struct world world;
    const char *name;
    int error;
    int times;
};

static int stat_unless_blurred(void *context, const char *path, struct file_stat *out)
{
    struct blur *blur = context;
    size_t len = strlen(path);
    size_t name_len = strlen(blur->name);
    if (blur->times > 0 && len > name_len && strcmp(path + len - name_len, blur->name) == 0) {
        blur->times--;
        return -blur->error;
    }
    return world_stat(&world_system, path, out);
}

static void a_read_file_that_cannot_be_looked_at_for_some_looks_is_not_read_again(void **state)
{
    static const int errors[] = {ENOENT, ENOMEM, EIO, EACCES};
    struct rig *rig = *state;
    for (int i = 0; i < 4 * (int)ARRAY_LEN(errors); i++) {
        char name[32];
        char rotated[40];
        snprintf(name, sizeof(name), "%d/a.log", i);
        snprintf(rotated, sizeof(rotated), "%s.1", name);
        struct blur blur = {world_system, "/a.log.1", errors[i / 4], 0};
        blur.world.stat = stat_unless_blurred;
        blur.world.context = &blur;
        rig->world = &blur.world;
        rig_append_numbers(rig, name, 1, 10);
        rig_open(rig, name);
        rig_run_until(rig, 10);
        blur.times = 1 + i % 4;
        rig_rename(rig, name, rotated);
        rig_append_numbers(rig, name, 11, 20);
        rig_run_until(rig, 20);
        rig_run_ms(rig, 100);
        rig_append_numbers(rig, name, 21, 30);
        rig_run_until(rig, 30);
        rig_run_ms(rig, 50);
        rig_assert_numbers(rig, 1, 30);
        rig_close(rig);
        rig_forget_lines(rig);
    }
}

/* As logrotate's `shred` does it: written over in its place, and again, and removed. */
static void noise_that_is_written_over_a_rotated_file_is_neither_read_nor_missed(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 100);
    rig_open(rig, "a.log*");
    rig_run_until(rig, 100);
    rig_rename(rig, "a.log", "a.log.1");
    rig_append_numbers(rig, "a.log", 101, 110);
    rig_run_until(rig, 110);
    rig_run_ms(rig, 400);
    for (int i = 0; i < 3; i++) {
        char *path = rig_path(rig, "a.log.1");
        char *command = mem_format("head -c 4096 /dev/urandom | dd of=%s conv=notrunc status=none", path);
        assert_int_equal(system(command), 0);
        free(command);
        free(path);
        rig_run_ms(rig, 250);
    }
    rig_remove(rig, "a.log.1");
    rig_append_numbers(rig, "a.log", 111, 120);
    rig_run_until(rig, 120);
    rig_run_ms(rig, 200);
    rig_assert_numbers(rig, 1, 120);
    assert_int_equal(rig->counters.values[C_BYTES_LOST] + rig->counters.values[C_FILES_LOST], 0);
}

/* ---- by link(2) ---- */

static void give_second_name(struct rig *rig, const char *name, const char *second)
{
    char *from = rig_path(rig, name);
    char *to = rig_path(rig, second);
    assert_int_equal(link(from, to), 0);
    free(to);
    free(from);
}

/* As savelog does it: the rotated name is the live file's second one for a while. */
static void a_live_file_that_has_its_rotated_name_already_is_read(void **state)
{
    struct rig *rig = *state;
    rig_append_numbers(rig, "a.log", 1, 10);
    give_second_name(rig, "a.log", "a.log.1");
    rig_open(rig, "*.log");
    rig_run_until(rig, 10);
    rig_append_numbers(rig, "a.log", 11, 20);
    rig_run_until(rig, 20);
    rig_append_numbers(rig, "a.log.new", 21, 25);
    rig_rename(rig, "a.log.new", "a.log");
    rig_run_until(rig, 25);
    rig_assert_numbers(rig, 1, 25);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

/* An argument is a pattern of names: only those tests are run. */
int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        TEST(no_generation_is_seen_before_its_predecessor),
        TEST(written_anew_while_down_it_is_noticed_though_it_begins_alike_and_is_longer),
        TEST(what_was_written_to_a_finished_generation_while_down_is_read),
        TEST(a_generation_that_was_interrupted_is_not_read_twice_after_a_restart),
        TEST(a_short_log_that_is_copied_and_cut_while_down_is_not_sent_again),
        TEST(a_log_that_is_copied_and_cut_before_any_of_it_was_read_loses_nothing),
        TEST(a_copy_that_is_compressed_before_it_is_opened_is_no_loss),
        TEST(a_file_whose_name_is_given_on_before_it_is_opened_was_not_cut),
        TEST(what_is_promised_is_found_though_its_name_is_given_on_at_the_start),
        TEST(what_is_listed_and_compressed_before_it_is_opened_is_no_loss),
        TEST(what_is_listed_and_deleted_before_it_is_opened_is_a_loss),
        TEST(what_was_read_and_is_compressed_before_it_is_opened_is_not_sent_again),
        TEST(a_rotated_file_that_may_not_be_read_any_more_keeps_no_newer_one_waiting),
        TEST(what_cannot_be_read_for_a_minute_is_given_up_for_what_is_newer),
        TEST(a_read_file_that_cannot_be_looked_at_for_some_looks_is_not_read_again),
        TEST(noise_that_is_written_over_a_rotated_file_is_neither_read_nor_missed),
        TEST(what_was_moved_and_read_to_its_end_is_not_sent_again_after_a_restart),
        TEST(a_directory_that_was_renamed_is_not_sent_again_after_a_restart),
        TEST(a_live_file_that_has_its_rotated_name_already_is_read),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return driver_run("rotation", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "delivery/spool.h"

enum { ROOM = 1 << 20 };

/* ---- a directory of its own for every test ---- */

struct place {
    char root[64];
    char directory[80]; /* made by the spool */
};

static int set_up(void **state)
{
    struct place *place = mem_alloc(sizeof(*place));
    strcpy(place->root, "/tmp/clew-spool-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    snprintf(place->directory, sizeof(place->directory), "%s/far", place->root);
    *state = place;
    return 0;
}

static void each_file(const char *directory, void (*visit)(int fd, const char *name, void *context),
                      void *context)
{
    DIR *opened = opendir(directory);
    if (opened == NULL) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(opened)) != NULL;) {
        if (entry->d_name[0] != '.') {
            visit(dirfd(opened), entry->d_name, context);
        }
    }
    closedir(opened);
}

static void unlink_file(int fd, const char *name, void *context)
{
    (void)context;
    unlinkat(fd, name, 0);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    each_file(place->directory, unlink_file, NULL);
    rmdir(place->directory);
    rmdir(place->root);
    free(place);
    return 0;
}

static struct spool *open_spool(const struct place *place, uint64_t bytes_max)
{
    struct spool *spool = NULL;
    assert_int_equal(spool_open(place->directory, bytes_max, &spool), 0);
    return spool;
}

static struct parcel parcel_of(const char *body)
{
    struct parcel parcel = {.records = (uint32_t)strlen(body),
                            .compression = COMPRESSION_GZIP,
                            .unpacked_bytes = 1000,
                            .time_ns = 1770000000123456789,
                            .output = "otlp_http",
                            .body = slice_from_string(body)};
    return parcel;
}

static uint64_t write_one(struct spool *spool, const char *body, uint64_t now_ns)
{
    struct parcel parcel = parcel_of(body);
    uint64_t number = 0;
    assert_int_equal(spool_write(spool, &parcel, now_ns, &number), 0);
    return number;
}

static void assert_holds(const struct spool *spool, size_t index, const char *body)
{
    struct buf file = {0};
    struct parcel parcel;
    assert_true(index < spool_count(spool));
    assert_int_equal(spool_read(spool, spool_number(spool, index), &file, &parcel), SPOOL_OK);
    assert_int_equal(parcel.records, strlen(body));
    assert_true(slice_is_equal(parcel.body, slice_from_string(body)));
    buf_fini(&file);
}

/* ---- order, bounds, names ---- */

static void what_was_written_is_there_in_order_after_a_restart(void **state)
{
    struct spool *spool = open_spool(*state, ROOM);
    write_one(spool, "one", 1000);
    write_one(spool, "two", 1000);   /* the clock stands still */
    write_one(spool, "three", 500); /* … or jumps back */
    spool_close(spool);
    spool = open_spool(*state, ROOM);
    write_one(spool, "four", 10);
    static const char *const bodies[] = {"one", "two", "three", "four"};
    assert_int_equal(spool_count(spool), ARRAY_LEN(bodies));
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        assert_holds(spool, i, bodies[i]);
    }
    spool_close(spool);
}

/* A number that a request has already would put the next one in its place. */
static void requests_of_one_instant_have_names_of_their_own(void **state)
{
    static const uint64_t instants[] = {0, 1, SPOOL_WRITERS - 1, SPOOL_WRITERS, 2 * SPOOL_WRITERS + 1};
    for (size_t i = 0; i < ARRAY_LEN(instants); i++) {
        struct spool *spool = open_spool(*state, ROOM);
        uint64_t first = write_one(spool, "one", instants[i]);
        uint64_t second = write_one(spool, "two", first);
        assert_true(second > first);
        assert_holds(spool, 0, "one");
        assert_holds(spool, 1, "two");
        spool_remove(spool, first);
        spool_remove(spool, second);
        spool_close(spool);
    }
}

static void many_requests_keep_their_order(void **state)
{
    enum { MANY = 70 };
    struct spool *spool = open_spool(*state, ROOM);
    char body[16];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(body, sizeof(body), "%u", i);
        write_one(spool, body, 1);
    }
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(spool_count(spool), MANY);
        for (unsigned i = 0; i < MANY; i++) {
            snprintf(body, sizeof(body), "%u", i);
            assert_holds(spool, i, body);
        }
        spool_close(spool);
        spool = open_spool(*state, ROOM);
    }
    spool_close(spool);
}

/* The same while it is written and when it is found again. */
static void a_request_takes_the_blocks_that_head_and_body_need(void **state)
{
    enum { BLOCK = 4096, BODY = 3 * BLOCK };
    char body[BODY + 1];
    memset(body, 'x', BODY);
    body[BODY] = '\0';
    struct spool *spool = open_spool(*state, ROOM);
    write_one(spool, body, 1);
    write_one(spool, "small", 2);
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(spool_bytes(spool), (BODY / BLOCK + 1 + 1) * BLOCK);
        spool_close(spool);
        spool = open_spool(*state, ROOM);
    }
    spool_close(spool);
}

static void a_parcel_tells_its_streams_if_they_are_known(void **state)
{
    struct spool *spool = open_spool(*state, ROOM);
    struct buf file = {0};
    struct parcel parcel = parcel_of("with");
    struct parcel read;
    uint64_t number = 0;
    write_one(spool, "without", 1);
    stream_set_add(&parcel.streams, 12345);
    parcel.has_streams = true;
    assert_int_equal(spool_write(spool, &parcel, 2, &number), 0);
    assert_int_equal(spool_read(spool, spool_number(spool, 0), &file, &read), SPOOL_OK);
    assert_false(read.has_streams);
    assert_int_equal(spool_read(spool, number, &file, &read), SPOOL_OK);
    assert_true(read.has_streams);
    assert_memory_equal(&read.streams, &parcel.streams, sizeof(read.streams));
    buf_fini(&file);
    spool_close(spool);
}

static void what_was_removed_is_gone_and_its_room_is_free(void **state)
{
    struct spool *spool = open_spool(*state, ROOM);
    uint64_t first = write_one(spool, "one", 1);
    write_one(spool, "two", 2);
    uint64_t before = spool_bytes(spool);
    spool_remove(spool, first);
    assert_int_equal(spool_bytes(spool), before / 2);
    spool_close(spool);
    spool = open_spool(*state, ROOM);
    assert_int_equal(spool_count(spool), 1);
    assert_holds(spool, 0, "two");
    spool_close(spool);
}

static int unlink_failures;

static int unlink_that_fails(const char *path)
{
    if (unlink_failures > 0) {
        unlink_failures--;
        errno = EBUSY;
        return -1;
    }
    return unlink(path);
}

static void what_could_not_be_removed_is_removed_later(void **state)
{
    struct file_calls calls = file_calls_system;
    calls.unlink = unlink_that_fails;
    struct spool *spool = open_spool(*state, ROOM);
    spool_use_calls(spool, &calls);
    uint64_t first = write_one(spool, "one", 1);
    uint64_t second = write_one(spool, "two", 2);
    unlink_failures = 1;
    assert_int_equal(spool_remove(spool, first), -EBUSY);
    assert_int_equal(spool_count(spool), 1);
    unlink_failures = 2;
    assert_int_equal(spool_remove(spool, second), -EBUSY);
    assert_int_equal(spool_leftovers(spool), 0);
    unlink_failures = 1;
    uint64_t third = write_one(spool, "three", 3);
    assert_int_equal(spool_remove(spool, third), -EBUSY);
    assert_int_equal(spool_share(spool, 0, 1, true), 0); /* it looks again: no request is found twice */
    assert_int_equal(spool_count(spool), 0);
    spool_close(spool);
    spool = open_spool(*state, ROOM);
    assert_int_equal(spool_count(spool), 0);
    spool_close(spool);
}

static void a_full_spool_takes_no_more_until_there_is_room(void **state)
{
    struct spool *spool = open_spool(*state, 2 * 4096);
    struct parcel parcel = parcel_of("x");
    uint64_t number = 0;
    uint64_t first = write_one(spool, "one", 1);
    write_one(spool, "two", 2);
    assert_int_equal(spool_write(spool, &parcel, 3, &number), SPOOL_FULL);
    assert_int_equal(number, 0);
    assert_int_equal(spool_count(spool), 2);
    spool_remove(spool, first);
    assert_int_equal(spool_write(spool, &parcel, 3, &number), 0);
    spool_close(spool);
}

static void room_that_another_process_made_is_found(void **state)
{
    struct spool *spool = open_spool(*state, 4096);
    struct spool *other;
    uint64_t number = write_one(spool, "one", 1);
    other = open_spool(*state, 4096);
    spool_remove(other, number);
    spool_close(other);
    write_one(spool, "two", 2);
    assert_int_equal(spool_count(spool), 1);
    assert_holds(spool, 0, "two");
    spool_close(spool);
}

static void nothing_is_made_before_the_first_write(void **state)
{
    struct place *place = *state;
    struct spool *spool = open_spool(place, ROOM);
    assert_int_equal(spool_count(spool), 0);
    assert_int_equal(access(place->directory, F_OK), -1);
    spool_close(spool);
}

static void assert_private(int fd, const char *name, void *context)
{
    (void)context;
    struct stat info;
    assert_int_equal(fstatat(fd, name, &info, 0), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void files_are_private_and_so_is_their_directory(void **state)
{
    struct place *place = *state;
    struct spool *spool = open_spool(place, ROOM);
    struct stat info;
    write_one(spool, "secret", 1);
    assert_int_equal(stat(place->directory, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    each_file(place->directory, assert_private, NULL);
    spool_close(spool);
}

static void foreign_files_are_left_alone(void **state)
{
    static const char *const names[] = {"README", "00000000000000000001.corrupt-1",
                                        "0000000000000000000x"};
    struct place *place = *state;
    struct spool *spool = open_spool(place, ROOM);
    write_one(spool, "one", 5);
    spool_close(spool);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[160];
        snprintf(path, sizeof(path), "%s/%s", place->directory, names[i]);
        close(open(path, O_CREAT | O_WRONLY, 0600));
    }
    spool = open_spool(place, ROOM);
    assert_int_equal(spool_count(spool), 1);
    spool_close(spool);
}

static void why_it_was_refused_is_read_again(void **state)
{
    static const struct {
        const char *message;
        const char *expected;
    } cases[] = {
        {"field \"a\" is too long\n\x1b[31m", "field \"a\" is too long\n\x1b[31m"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"not utf-8 \xff\xfe", "not utf-8 ??"},
    };
    struct spool *spool = open_spool(*state, ROOM);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct parcel parcel = parcel_of("body");
        struct parcel read;
        struct buf file = {0};
        uint64_t number;
        parcel.status = 400;
        parcel_set_text(parcel.message, slice_from_string(cases[i].message));
        assert_int_equal(spool_write(spool, &parcel, 1, &number), 0);
        assert_int_equal(spool_read(spool, number, &file, &read), 0);
        assert_int_equal(read.status, 400);
        assert_string_equal(read.message, cases[i].expected);
        assert_string_equal(read.output, "otlp_http");
        assert_int_equal(read.time_ns, 1770000000123456789);
        assert_int_equal(read.compression, COMPRESSION_GZIP);
        buf_fini(&file);
    }
    spool_close(spool);
}

/* ---- damage ---- */

static void make_file(struct buf *out)
{
    struct parcel parcel = parcel_of("a body of some bytes\n\1\2\3");
    struct buf head = {0};
    parcel.status = 422;
    parcel_set_text(parcel.message, SLICE("no"));
    parcel_write_head(&parcel, &head);
    buf_append_slice(out, buf_slice(&head));
    buf_append_slice(out, parcel.body);
    buf_fini(&head);
}

static void no_torn_or_changed_file_is_read(void **state)
{
    (void)state;
    struct buf file = {.limit = 8192};
    struct parcel parcel;
    make_file(&file);
    assert_true(parcel_read(buf_slice(&file), &parcel));
    for (size_t i = 0; i < file.len; i++) {
        assert_false(parcel_read(slice_make(file.data, i), &parcel));
        for (int bit = 0; bit < 8; bit++) {
            file.data[i] = (char)(file.data[i] ^ 1 << bit);
            assert_false(parcel_read(buf_slice(&file), &parcel));
            file.data[i] = (char)(file.data[i] ^ 1 << bit);
        }
    }
    assert_true(buf_append(&file, "x", 1));
    assert_false(parcel_read(buf_slice(&file), &parcel));
    buf_fini(&file);
}

/* As each of `count` workers sees the directory. */
static struct spool *open_share(const struct place *place, unsigned index, unsigned count)
{
    struct spool *spool = open_spool(place, ROOM);
    assert_int_equal(spool_share(spool, index, count, false), 0);
    return spool;
}

static void writers_of_one_directory_see_their_own_files(void **state)
{
    struct place *place = *state;
    struct spool *spools[3];
    for (unsigned i = 0; i < 3; i++) {
        spools[i] = open_share(place, i, 3);
    }
    for (unsigned round = 0; round < 2; round++) {
        write_one(spools[0], "one", 1000); /* all at the same time */
        write_one(spools[1], "two", 1000);
        write_one(spools[2], "three", 1000);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(spool_count(spools[i]), 2);
        spool_close(spools[i]);
    }
    struct spool *second = open_share(place, 1, 3);
    assert_int_equal(spool_count(second), 2);
    assert_holds(second, 0, "two");
    assert_holds(second, 1, "two");
    spool_close(second);
}

static void another_number_of_writers_takes_up_every_file_once(void **state)
{
    struct place *place = *state;
    for (unsigned i = 0; i < 5; i++) {
        struct spool *spool = open_share(place, i, 5);
        write_one(spool, "x", 1000);
        write_one(spool, "x", 2000);
        spool_close(spool);
    }
    for (unsigned count = 1; count <= 8; count++) {
        size_t sum = 0;
        for (unsigned i = 0; i < count; i++) {
            struct spool *spool = open_share(place, i, count);
            sum += spool_count(spool);
            spool_close(spool);
        }
        assert_int_equal(sum, 10);
    }
}

static void writers_that_see_all_keep_one_limit(void **state)
{
    struct place *place = *state;
    struct spool *spools[2];
    struct parcel parcel = parcel_of("x");
    uint64_t number;
    for (unsigned i = 0; i < 2; i++) {
        spools[i] = open_spool(place, 3 * 4096);
        assert_int_equal(spool_share(spools[i], i, 2, true), 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(spool_write(spools[i % 2], &parcel, 1000, &number), 0);
    }
    assert_int_equal(spool_write(spools[0], &parcel, 1000, &number), SPOOL_FULL);
    assert_int_equal(spool_write(spools[1], &parcel, 1000, &number), SPOOL_FULL);
    spool_close(spools[0]);
    spool_close(spools[1]);
}

static void a_damaged_file_is_told_apart_and_set_aside(void **state)
{
    struct place *place = *state;
    struct spool *spool = open_spool(place, ROOM);
    struct buf file = {0};
    struct parcel parcel;
    char path[160];
    uint64_t number = write_one(spool, "one", 1);
    write_one(spool, "two", 2);
    snprintf(path, sizeof(path), "%s/%020llu", place->directory, (unsigned long long)number);
    assert_int_equal(truncate(path, 60), 0);
    assert_int_equal(spool_read(spool, number, &file, &parcel), SPOOL_CORRUPT);
    spool_set_aside(spool, number);
    assert_int_equal(access(path, F_OK), -1);
    strcat(path, ".corrupt-1");
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(spool_count(spool), 1);
    assert_holds(spool, 0, "two");
    assert_int_equal(spool_read(spool, number, &file, &parcel), SPOOL_GONE);
    buf_fini(&file);
    spool_close(spool);
}

static int make_large_file(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    int result = ftruncate(fd, 2 * (off_t)PARCEL_UNPACKED_BYTES_MAX);
    close(fd);
    return result;
}

static int make_fifo(const char *path)
{
    return mkfifo(path, 0600);
}

static int make_link(const char *path)
{
    return symlink("/etc/hostname", path);
}

/* Neither waited for, nor read: whoever writes to the directory does not choose what clew sends. */
static void what_no_spool_writes_is_gone(void **state)
{
    static int (*const makers[])(const char *) = {make_large_file, make_fifo, make_link};
    struct place *place = *state;
    struct spool *spool = open_spool(place, ROOM);
    for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
        struct buf file = {0};
        struct parcel parcel;
        char path[160];
        uint64_t number = write_one(spool, "one", 1);
        snprintf(path, sizeof(path), "%s/%020llu", place->directory, (unsigned long long)number);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(makers[i](path), 0);
        assert_int_equal(spool_read(spool, number, &file, &parcel), SPOOL_GONE);
        spool_remove(spool, number);
        buf_fini(&file);
    }
    spool_close(spool);
}

/* ---- failing and dying system calls ---- */

static struct {
    int countdown; /* the call at which it happens */
    bool dies;
} fault;

static bool strikes(void)
{
    if (fault.countdown-- != 0) {
        return false;
    }
    if (fault.dies) {
        _exit(0);
    }
    errno = ENOSPC;
    return true;
}

static int faulty_open(const char *path, int flags, mode_t mode)
{
    return strikes() ? -1 : open(path, flags, mode);
}

static ssize_t faulty_write(int fd, const void *bytes, size_t len)
{
    size_t part = len > 50 ? 50 : len; /* short writes, so that there are many */
    return strikes() ? -1 : write(fd, bytes, part);
}

static int faulty_fsync(int fd)
{
    return strikes() ? -1 : fsync(fd);
}

static int faulty_close(int fd)
{
    bool failed = strikes();
    int result = close(fd);
    return failed ? -1 : result;
}

static int faulty_rename(const char *from, const char *to)
{
    return strikes() ? -1 : rename(from, to);
}

static int faulty_unlink(const char *path)
{
    return unlink(path);
}

static const struct file_calls faulty = {faulty_open,  faulty_write,  faulty_fsync,
                                         faulty_close, faulty_rename, faulty_unlink};

static void count_file(int fd, const char *name, void *context)
{
    (void)fd;
    (void)name;
    ++*(size_t *)context;
}

static void a_failed_write_leaves_nothing_and_is_tried_again(void **state)
{
    struct place *place = *state;
    int failures = 0;
    for (int call = 0; call < 20; call++) {
        struct spool *spool = open_spool(place, ROOM);
        struct parcel parcel = parcel_of("a body");
        uint64_t number = 0;
        size_t files = 0;
        fault.countdown = call;
        fault.dies = false;
        spool_use_calls(spool, &faulty);
        int result = spool_write(spool, &parcel, 1, &number);
        each_file(place->directory, count_file, &files);
        assert_int_equal(files, result == 0 ? 1 : 0);
        assert_int_equal(spool_count(spool), files);
        if (result != 0) {
            failures++;
            assert_int_equal(result, -ENOSPC);
            assert_int_equal(spool_write(spool, &parcel, 1, &number), 0);
        }
        assert_holds(spool, 0, "a body");
        spool_remove(spool, number);
        spool_close(spool);
    }
    assert_true(failures > 8);
}

static void death_at_any_call_leaves_a_whole_file_or_none(void **state)
{
    struct place *place = *state;
    int survivals = 0;
    for (int call = 0; call < 20; call++) {
        pid_t child = fork();
        if (child == 0) {
            struct spool *spool = open_spool(place, ROOM);
            fault.countdown = call;
            fault.dies = true;
            spool_use_calls(spool, &faulty);
            struct parcel parcel = parcel_of("a body");
            uint64_t number;
            spool_write(spool, &parcel, 1, &number);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        struct spool *spool = open_spool(place, ROOM);
        size_t files = 0;
        spool_clean(spool);
        each_file(place->directory, count_file, &files);
        assert_int_equal(files, spool_count(spool)); /* no .tmp is left */
        if (spool_count(spool) > 0) {
            survivals++;
            assert_holds(spool, 0, "a body");
            spool_remove(spool, spool_number(spool, 0));
        }
        spool_close(spool);
    }
    assert_in_range(survivals, 3, 17);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_there_in_order_after_a_restart),
        TEST(requests_of_one_instant_have_names_of_their_own),
        TEST(many_requests_keep_their_order),
        TEST(a_request_takes_the_blocks_that_head_and_body_need),
        TEST(what_was_removed_is_gone_and_its_room_is_free),
        TEST(what_could_not_be_removed_is_removed_later),
        TEST(a_parcel_tells_its_streams_if_they_are_known),
        TEST(a_full_spool_takes_no_more_until_there_is_room),
        TEST(room_that_another_process_made_is_found),
        TEST(nothing_is_made_before_the_first_write),
        TEST(files_are_private_and_so_is_their_directory),
        TEST(foreign_files_are_left_alone),
        TEST(why_it_was_refused_is_read_again),
        TEST(no_torn_or_changed_file_is_read),
        TEST(writers_of_one_directory_see_their_own_files),
        TEST(another_number_of_writers_takes_up_every_file_once),
        TEST(writers_that_see_all_keep_one_limit),
        TEST(a_damaged_file_is_told_apart_and_set_aside),
        TEST(what_no_spool_writes_is_gone),
        TEST(a_failed_write_leaves_nothing_and_is_tried_again),
        TEST(death_at_any_call_leaves_a_whole_file_or_none),
    };
    return driver_run("spool", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"

static int make_folder(void **state)
{
    char *folder = mem_string("/tmp/clew-file-XXXXXX");
    *state = folder;
    return mkdtemp(folder) == NULL ? -1 : chdir(folder);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)ftw;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

static int remove_folder(void **state)
{
    int result = chdir("/");
    nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return result;
}

static void put(const char *directory, const char *name, const char *text)
{
    mkdir(directory, 0700);
    assert_int_equal(
        file_replace(&file_calls_system, directory, name, slice_from_string(text)), 0);
}

typedef int reader(const char *path, struct buf *out);

static int read_with(reader *read_it, const char *path, const char *expected)
{
    struct buf buf;
    buf_init(&buf, 4096);
    int result = read_it(path, &buf);
    if (result == 0) {
        assert_slice_equal(buf_slice(&buf), slice_from_string(expected));
    }
    buf_fini(&buf);
    return result;
}

static void both_read_a_file_whole_and_never_more_than_the_limit(void **state)
{
    (void)state;
    put(".", "plain", "0123456789");
    reader *const readers[] = {file_read_own, file_read_given};
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        struct buf small;
        assert_int_equal(read_with(readers[i], "plain", "0123456789"), 0);
        assert_int_equal(read_with(readers[i], "none", ""), -ENOENT);
        buf_init(&small, 8);
        assert_int_equal(readers[i]("plain", &small), -EFBIG);
        buf_fini(&small);
    }
}

/* token -> ..data/token, ..data -> ..1, then ..2: the kubelet's way to renew a token. */
static void what_was_given_is_read_through_links_that_turn_elsewhere(void **state)
{
    (void)state;
    put("..1", "token", "first");
    put("..2", "token", "second");
    assert_int_equal(symlink("..1", "..data"), 0);
    assert_int_equal(symlink("..data/token", "token"), 0);
    assert_int_equal(read_with(file_read_given, "token", "first"), 0);
    assert_int_equal(symlink("..2", "..data_tmp"), 0);
    assert_int_equal(rename("..data_tmp", "..data"), 0);
    assert_int_equal(read_with(file_read_given, "token", "second"), 0);
}

static void in_the_place_of_its_own_file_nothing_but_a_file_is_read(void **state)
{
    (void)state;
    put(".", "elsewhere", "secret");
    assert_int_equal(symlink("elsewhere", "link"), 0);
    assert_int_equal(read_with(file_read_own, "link", ""), -ELOOP);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(read_with(file_read_own, "pipe", ""), -EINVAL); /* … and not waited for */
    assert_int_equal(mkdir("directory", 0700), 0);
    assert_int_equal(read_with(file_read_own, "directory", ""), -EINVAL);
    assert_int_equal(read_with(file_read_given, "pipe", ""), -EINVAL); /* nor here */
    assert_int_equal(read_with(file_read_given, "directory", ""), -EISDIR);
    assert_int_equal(read_with(file_read_given, "/dev/null", ""), 0); /* as the shell hands it on */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_read_a_file_whole_and_never_more_than_the_limit),
        TEST(what_was_given_is_read_through_links_that_turn_elsewhere),
        TEST(in_the_place_of_its_own_file_nothing_but_a_file_is_read),
    };
    return driver_run("file", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int driver_run(const char *name, const struct CMUnitTest *tests, size_t count)
{
    int failed = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
    printf("%zu passed, %d failed\n", count - (size_t)failed, failed);
    return failed == 0 ? 0 : 1;
}

char *driver_read_file(const char *path, size_t *out_len)
{
    const char *root = getenv("CLEW_SOURCE_ROOT");
    char *full = mem_format("%s/%s", root != NULL ? root : ".", path);
    FILE *file = fopen(full, "rb");
    if (file == NULL) {
        print_error("cannot open %s\n", full);
    }
    free(full);
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    char *bytes = mem_alloc((size_t)len + 1);
    assert_int_equal(fread(bytes, 1, (size_t)len, file), len);
    fclose(file);
    *out_len = (size_t)len;
    return bytes;
}

struct slice driver_guarded(struct slice s)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (s.len + page - 1) / page * page;
    char *map = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map + size, page, PROT_NONE), 0);
    char *start = map + size - s.len;
    if (s.len > 0) {
        memcpy(start, s.data, s.len);
    }
    return slice_make(start, s.len);
}

void driver_assert_slice(struct slice actual, struct slice expected, const char *file, int line)
{
    if (!slice_is_equal(actual, expected)) {
        print_error("expected \"%.*s\" (%zu bytes)\n but got \"%.*s\" (%zu bytes)\n",
                    (int)expected.len, expected.data, expected.len, (int)actual.len, actual.data,
                    actual.len);
        _fail(file, line);
    }
}

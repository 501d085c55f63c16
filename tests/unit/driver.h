/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_DRIVER_H
#define CLEW_TESTS_DRIVER_H

/* What every unit test file begins with: cmocka, and the driver that ends a run with one line. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/slice.h"

/* Run the tests; the last line printed is `N passed, N failed`. Returns main()'s status. */
int driver_run(const char *name, const struct CMUnitTest *tests, size_t count);

/* The file at `path` below the source tree, NUL-terminated; the caller frees it. */
char *driver_read_file(const char *path, size_t *out_len);

/* A copy of `s` whose last byte is followed by an unreadable page, and whose first byte is not
 * aligned to anything: a read past the end ends the test. Lives until the process ends. */
struct slice driver_guarded(struct slice s);

#define assert_slice_equal(actual, expected)                                                       \
    driver_assert_slice((actual), (expected), __FILE__, __LINE__)

void driver_assert_slice(struct slice actual, struct slice expected, const char *file, int line);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_CHECK_TESTS_H
#define CLEW_CLI_CHECK_TESTS_H

/* `clew check --test`: the tests of a config, run. */

#include <stdbool.h>
#include <stdio.h>
#include "record/settings.h"

struct tests_result {
    size_t passed;
    size_t failed;
};

/* Run `settings->tests`, and print a line for each and what was got where another thing was expected.
 * There is at least one input. */
struct tests_result check_tests(const struct settings *settings, bool quiet, FILE *out);

#endif

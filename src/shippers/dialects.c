/* SPDX-License-Identifier: Apache-2.0 */

/*
 * To add a dialect:
 *   1. make a folder beside this file, whose lint.c defines `const struct dialect dialect_NAME`;
 *   2. declare it in dialects.h, and add it below: before those that would take its texts too;
 *   3. add the folder's files to src/meson.build, and cases to tests/e2e/test_lint.py.
 */

#include "shippers/dialects.h"

const struct dialect *const dialects[] = {
    &dialect_logstash,
    &dialect_vector,
    &dialect_fluentbit,
    NULL,
};

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_TEST_OPTIONS_H
#define CLEW_CONFIG_TEST_OPTIONS_H

#include "base/diag.h"
#include "config/option.h"
#include "record/settings.h"

/* What one item of `tests` may hold: struct test_settings, with check_test() as its check_section and
 * has_place set. */
extern const struct option test_options[];

char *check_test(const void *section);

/* Names for tests without one, and inputs and routes that there are. */
void settle_tests(struct settings *settings, struct diag *diag);

#endif

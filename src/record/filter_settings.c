/* SPDX-License-Identifier: Apache-2.0 */
#include "record/filter_settings.h"

#include <stdlib.h>

const char *const condition_test_names[] = {
    [TEST_EXISTS] = "exists",           [TEST_EQUALS] = "equals",
    [TEST_IN] = "in",                   [TEST_MATCHES] = "matches",
    [TEST_CONTAINS] = "contains",       [TEST_STARTS_WITH] = "starts_with",
    [TEST_ENDS_WITH] = "ends_with",     [TEST_LESS] = "less",
    [TEST_AT_MOST] = "at_most",         [TEST_AT_LEAST] = "at_least",
    [TEST_GREATER] = "greater",         [CONDITION_TESTS] = NULL,
};

const char *const scalar_type_names[] = {
    [SCALAR_STRING] = "string", [SCALAR_INT] = "int",   [SCALAR_DOUBLE] = "double",
    [SCALAR_BOOL] = "bool",     [SCALAR_TYPES] = NULL,
};

void constant_fini(struct constant *constant)
{
    free(constant->text);
    *constant = (struct constant){0};
}

void condition_settings_fini(struct condition_settings *condition)
{
    for (size_t i = 0; i < condition->count; i++) {
        condition_settings_fini(&condition->items[i]);
    }
    for (size_t i = 0; i < condition->value_count; i++) {
        constant_fini(&condition->values[i]);
    }
    free(condition->items);
    free(condition->values);
    free(condition->field);
    *condition = (struct condition_settings){0};
}

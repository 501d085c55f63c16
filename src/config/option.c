/* SPDX-License-Identifier: Apache-2.0 */
#include "config/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"
#include "config/units.h"

const char *option_expects(enum option_kind kind)
{
    static const char *const texts[] = {
        [OPTION_TEXT] = "a string",
        [OPTION_BOOL] = "true or false",
        [OPTION_COUNT] = "a whole number",
        [OPTION_SIZE] = "a size such as 64KiB or 10MB",
        [OPTION_DURATION] = "a duration such as 200ms, 5s or 1m",
        [OPTION_RATIO] = "a share from 0% to 100%",
        [OPTION_CHOICE] = "one of the names",
        [OPTION_SWITCH] = "one of the names",
        [OPTION_TEXTS] = "a list of strings",
        [OPTION_MAP] = "a map of strings",
        [OPTION_RATIO_MAP] = "a map of shares from 0% to 100%",
        [OPTION_SECTION] = "a map of options",
        [OPTION_SECTIONS] = "a list of maps of options",
        [OPTION_OPTIONAL] = "a map of options",
        [OPTION_CONDITION] = "a condition",
        [OPTION_CONSTANTS] = "a map of values",
    };
    return texts[kind];
}

static char *join_names(const char *const *names, const char *between, const char *last)
{
    char *list = mem_string(names[0]);
    for (size_t i = 1; names[i] != NULL; i++) {
        char *longer = mem_format("%s%s%s", list, names[i + 1] != NULL ? between : last, names[i]);
        free(list);
        list = longer;
    }
    return list;
}

char *option_join_names(const char *const *names)
{
    return join_names(names, ", ", " or ");
}

char *option_type(const struct option *option)
{
    static const char *const types[] = {
        [OPTION_TEXT] = "string",
        [OPTION_BOOL] = "true | false",
        [OPTION_COUNT] = "number",
        [OPTION_SIZE] = "size",
        [OPTION_DURATION] = "duration",
        [OPTION_RATIO] = "share from 0% to 100%",
        [OPTION_TEXTS] = "list of strings",
        [OPTION_MAP] = "map of strings",
        [OPTION_RATIO_MAP] = "map of shares",
        [OPTION_SECTIONS] = "list",
        [OPTION_CONDITION] = "condition",
        [OPTION_CONSTANTS] = "map of values",
    };
    if (option->names != NULL) {
        return join_names(option->names, " | ", " | ");
    }
    bool is_known = option->kind < ARRAY_LEN(types) && types[option->kind] != NULL;
    return is_known ? mem_string(types[option->kind]) : NULL;
}

void option_print_number(enum option_kind kind, uint64_t number, char text[OPTION_NUMBER_MAX])
{
    _Static_assert((int)OPTION_NUMBER_MAX == (int)UNITS_TEXT_MAX, "one size of text");
    if (kind == OPTION_SIZE) {
        units_print_size(number, text);
    } else if (kind == OPTION_DURATION) {
        units_print_duration(number, text);
    } else {
        snprintf(text, OPTION_NUMBER_MAX, "%" PRIu64, number);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

/* The user's own proof that a later change of the config does not lose what the tests ask for. */

#include "config/test_options.h"

#include <string.h>
#include "base/mem.h"
#include "config/check.h"
#include "config/filter_check.h"

#define AT(member) offsetof(struct test_settings, member)
const struct option test_options[] = {
    {.name = "name", .kind = OPTION_TEXT, .offset = AT(name), .example = "ids survive",
     .check = check_not_empty, .help = "Name of the test in reports."},
    {.name = "lines", .kind = OPTION_TEXTS, .offset = AT(lines), .is_required = true,
     .example = "['{\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"msg\":\"hi\"}']",
     .help = "Lines as in a file, in order. `expect` and `absent` refer to the last resulting "
             "record."},
    {.name = "input", .kind = OPTION_TEXT, .offset = AT(input), .example = "tail",
     .help = "Input whose options are used to read the lines. By default the first one."},
    {.name = "route", .kind = OPTION_TEXT, .offset = AT(route), .example = "audit",
     .help = "Route whose filters are applied after those of the config."},
    {.name = "expect", .kind = OPTION_CONSTANTS, .offset = AT(expect), .check = check_expected,
     .example = "{$trace_id: 4bf92f3577b34da6a3ce929d0e0e4736, $body: hi}",
     .help = "Values that the record must have: attributes with their types, and built-in values "
             "with a $."},
    {.name = "absent", .kind = OPTION_TEXTS, .offset = AT(absent), .check = check_field,
     .example = "[password]", .help = "Attributes that must be absent."},
    {.name = "dropped", .kind = OPTION_BOOL, .offset = AT(dropped), .fallback = "false",
     .help = "Expect that no record comes out."},
    {0},
};
#undef AT

char *check_test(const void *section)
{
    const struct test_settings *test = section;
    bool asks = test->expect.count + test->absent.count > 0;
    if (test->lines.count == 0) {
        return mem_string("has no `lines`");
    }
    if (test->dropped) {
        return asks ? mem_string("has `dropped` together with `expect` or `absent`; a dropped "
                                 "record has no fields")
                    : NULL;
    }
    return asks ? NULL : mem_string("expects nothing: set `expect`, `absent` or `dropped: true`");
}

static void complain(const struct test_settings *test, const char *kind, const char *name,
                     struct diag *diag)
{
    const struct settings_place *at = &test->place;
    diag_add(diag, DIAG_ERROR, (struct diag_place){at->file, at->line, at->column},
             "test \"%s\": unknown %s \"%s\"", test->name, kind, name);
}

static bool has_input(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->input_count; i++) {
        if (settings->inputs[i].name != NULL && strcmp(settings->inputs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_route(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->route_count; i++) {
        if (settings->routes[i].name != NULL && strcmp(settings->routes[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

void settle_tests(struct settings *settings, struct diag *diag)
{
    for (size_t i = 0; i < settings->test_count; i++) {
        struct test_settings *test = &settings->tests[i];
        if (test->name == NULL) {
            test->name = mem_format("test %zu", i + 1);
        }
        if (test->input != NULL && !has_input(settings, test->input)) {
            complain(test, "input", test->input, diag);
        }
        if (test->route != NULL && !has_route(settings, test->route)) {
            complain(test, "route", test->route, diag);
        }
    }
}

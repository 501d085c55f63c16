/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_PARSE_ROWS_H
#define CLEW_TESTS_PARSE_ROWS_H

/* Tables of lines and what a parser makes of them. */

#include "driver.h"
#include "parse_case.h"

/* A line and the dump of its fields; NULL: the parser does not take it. */
struct line_row {
    struct slice line;
    const char *fields;
};

static inline void assert_rows(const struct parser *parser, const struct line_row *rows,
                               size_t count)
{
    struct parse_case c;
    parse_case_init(&c, parser);
    for (size_t n = 0; n < 2 * count; n++) { /* the second time their shapes are known */
        size_t i = n % count;
        enum parse_result result = parse_case_run(&c, driver_guarded(rows[i].line));
        if (result != (rows[i].fields != NULL ? PARSE_OK : PARSE_NO)) {
            print_error("result %d for: %.*s\n", result, (int)rows[i].line.len, rows[i].line.data);
            fail();
        }
        if (result == PARSE_OK) {
            assert_slice_equal(parse_case_dump(&c), slice_from_string(rows[i].fields));
        }
    }
    parse_case_fini(&c);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_PARSER_H
#define CLEW_RECORD_PARSER_H

/*
 * A parser turns one line into the field table. It knows no clock, no file and no other line.
 *
 *     pipeline                       parser
 *        |---- parse(line, record) ---->|   fills record->fields (and record->text)
 *        |<--- PARSE_OK ----------------|   slices point into the line or record->arena
 *
 * A line that a parser does not take is not an error: the next parser is asked, and text takes
 * every line. On any result but PARSE_OK what is in the table is rubbish and is cleared.
 */

#include "record/record.h"

enum parse_result {
    PARSE_OK = 0,
    PARSE_NO,    /* not this format */
    PARSE_LIMIT, /* it is, but deeper or larger than the limits: ship it as text, count it */
};

struct parse_limits {
    uint32_t depth_max; /* nesting of JSON containers */
};

/* Deeper than any log nests. What of it goes on nested is another matter: otlp/nesting.h. */
enum { PARSE_DEPTH_MAX = 1024 };

struct parser {
    const char *name; /* as written in the config: [a-z0-9_]+ */
    enum record_format format;
    enum parse_result (*parse)(struct slice line, const struct parse_limits *limits,
                               struct record *record);
};

#endif

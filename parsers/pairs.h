/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_PAIRS_H
#define CLEW_PARSERS_PAIRS_H

/*
 * key=value tokens, as logfmt and the end of a mixed line have them.
 *
 *     key             anything printable but = " ' ` \ , ; | ? and brackets; valid UTF-8
 *     key=value       up to the next blank or tab; no quote, no control character
 *     key="a \"b\""   up to the closing quote, which a blank or the end of the line follows
 *     key=            empty
 *     key             bare: the value is empty as well (as go-logfmt has it)
 *
 * A value is a string, always: what was written. Single quotes mean nothing.
 */

#include "record/parser.h"

struct pair {
    struct slice key;
    struct slice value; /* as written, without its quotes */
    bool is_bare;
    bool has_escape;
};

static inline bool pair_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The token at `p`, which is no blank; the result is behind it, where a blank or the end is.
 * NULL if what stands there is no such token; *out_pair is then of no use. */
const char *pair_scan(const char *p, const char *end, struct pair *out_pair);

/* The value at `p`, which is behind an '=': sets `value` and `has_escape` of the pair. The result is
 * behind it, where a blank or the end is; NULL if there is no such value. */
const char *pair_scan_value(const char *p, const char *end, struct pair *out_pair);

/* Set the value of a field that has its key. PARSE_LIMIT: no room in the arena. `is_utf8` as below.
 */
enum parse_result pair_set_value(struct field *field, const struct pair *pair, bool is_utf8,
                                 struct arena *arena);

/* Add the pair to the table. PARSE_LIMIT: no room there or in the arena. `is_utf8`: the caller
 * knows that all of the line is, which spares a look at each value. *io_repeated becomes true if its
 * key may have been there before. */
enum parse_result pair_add(const struct pair *pair, bool is_utf8, struct record *record,
                           bool *io_repeated);

#endif

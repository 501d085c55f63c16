/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_ESCAPE_H
#define CLEW_PARSERS_ESCAPE_H

/*
 * Backslash escapes inside quotes.
 *
 *     both      \" \\ \/ \b \f \n \r \t, \uXXXX with surrogate pairs
 *     logfmt    also \a \v \' \xNN (a byte) \UXXXXXXXX, as Go's strconv.Quote writes them; a
 *               backslash before anything else stands for itself (Windows paths)
 *
 * A surrogate that has no partner becomes the three bytes that UTF-8 would have for its number.
 * They are not UTF-8, so such a string is FIELD_BYTES, and nothing of it is lost.
 */

#include "base/arena.h"
#include "record/parser.h"

enum escape_dialect {
    ESCAPE_JSON,
    ESCAPE_LOGFMT,
};

/* Decode what stands between the quotes into the arena. PARSE_NO: an escape that JSON does not
 * know, or a control character (JSON only). PARSE_LIMIT: the arena is full. */
enum parse_result escape_decode(struct slice raw, enum escape_dialect dialect, struct arena *arena,
                                struct slice *out_text);

#endif

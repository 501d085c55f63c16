/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_PARSERS_H
#define CLEW_PARSERS_PARSERS_H

/*
 * The formats of lines.
 *
 * To add one: write parsers/<name>.c with a `const struct parser parser_<name>`, declare it here, and add
 * it to the table in parsers.c, in the order in which they are tried.
 */

#include "record/parser.h"

/* Those that are tried one after the other; NULL at the end. The last one takes every line. */
extern const struct parser *const parsers_tried[];

/* RFC 8259, one object a line. PARSE_NO for anything that is not exactly one whole object. */
extern const struct parser parser_json;

/* key=value from the first to the last byte. */
extern const struct parser parser_logfmt;

/* Takes every line: free text, with the key=value pairs at its end, if any, as fields. */
extern const struct parser parser_text;

/* Takes every line as one of syslog; only where the input says so. */
extern const struct parser parser_syslog;

#endif

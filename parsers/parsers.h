/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_PARSERS_H
#define CLEW_PARSERS_PARSERS_H

#include "record/parser.h"

/* RFC 8259, one object a line. PARSE_NO for anything that is not exactly one whole object. */
extern const struct parser parser_json;

/* key=value from the first to the last byte. */
extern const struct parser parser_logfmt;

/* Takes every line: free text, with the key=value pairs at its end, if any, as fields. */
extern const struct parser parser_text;

/* Takes every line as one of syslog; only where the input says so. */
extern const struct parser parser_syslog;

#endif

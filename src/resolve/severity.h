/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_SEVERITY_H
#define CLEW_RESOLVE_SEVERITY_H

/*
 * Level words and level numbers to OpenTelemetry's SeverityNumber: 1 to 4 TRACE, 5 DEBUG, 9 INFO,
 * 13 WARN, 17 ERROR, 21 FATAL; 0 is "not known". docs/fields.md has the table, its source is
 * appendix B of the OpenTelemetry log data model.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"

/* "critical" is 18 for syslog and PSR-3, and the highest level, 21, for Python and .NET. */
enum severity_dialect {
    SEVERITY_SYSLOG,
    SEVERITY_CRITICAL_IS_FATAL,
};

/* Without blanks and terminal colours at both ends; quotes are left. */
struct slice severity_clean(struct slice text);

/*
 * A level in words, any case, as severity_clean() leaves it: `warn`, Go's `INFO+2` (slog level + 9,
 * within 1 to 24), OpenTelemetry's `INFO2`. Lower-case `verbose` is winston's (6), any other
 * spelling of it Serilog's (1).
 */
uint8_t severity_from_text(struct slice text, enum severity_dialect dialect);

/* The four words of nearly every line, any case: info, warn, error, debug; 0 for any other. */
uint8_t severity_from_usual_word(struct slice text);

enum severity_scale {
    SCALE_OTLP,            /* 1 to 24 */
    SCALE_PINO,            /* pino, bunyan: 10 trace to 60 fatal */
    SCALE_PYTHON,          /* Python, loguru: 10 debug to 50 critical */
    SCALE_SYSLOG,          /* 0 emergency to 7 debug; GELF, journald */
    SCALE_MONOLOG,         /* 100 debug to 600 emergency */
    SCALE_LOGBACK,         /* 5000 trace to 40000 error */
    SCALE_GOOGLE,          /* LogSeverity: 100 debug to 800 emergency */
    SCALE_SEMANTIC_LOGGER, /* 0 trace to 5 fatal */
    SCALE_AZURE,           /* 0 verbose to 4 critical */
    SCALE_LOG4J,           /* 600 trace to 100 fatal */
    SEVERITY_SCALES,
};

/* A value between two of the scale's own lies between their numbers; one outside of it is as good
 * as its nearest end, but for 0 and less, which is "not set" where the scale has no 0. */
uint8_t severity_from_number(int64_t level, enum severity_scale scale);

#endif

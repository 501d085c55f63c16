/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_COUNTERS_H
#define CLEW_RECORD_COUNTERS_H

/*
 * Every number clew keeps about itself, declared once as data, with a sentence for the operator.
 *
 * /metrics, the reports and docs/metrics.md are made from this table. A counter only grows; a gauge
 * is set. One struct per loop, no locks; counters_merge() makes one of several.
 *
 * To add one: a line in the enum, a row in the table of counters.c at the same place.
 */

#include <stdint.h>

enum counter_type {
    COUNTER_TOTAL, /* OpenMetrics counter: printed with _total */
    COUNTER_GAUGE,
};

enum counter {
    /* input */
    C_FILES_OPEN,
    C_FILES_FOUND,
    C_FILES_GONE,
    C_FILE_ERRORS,
    C_POD_PAUSES,
    C_ROTATIONS,
    C_TRUNCATIONS,
    C_BYTES_READ,
    C_BYTES_LOST,
    C_FILES_LOST,
    C_LINES_READ,
    C_ENCODING_ERRORS,
    C_LINES_SPLIT,
    C_LINES_TRUNCATED,
    C_LINES_UNTERMINATED,
    C_SCANS,
    C_WATCH_FAILURES,
    C_SYSLOG_CONNECTIONS,
    C_SYSLOG_REFUSED,
    C_SYSLOG_DROPPED,
    /* frame */
    C_FRAME_MALFORMED,
    C_FRAME_ATTRS_IGNORED,
    C_PARTIALS_JOINED,
    C_PARTIALS_TIMED_OUT,
    C_RECORDS_CUT,
    C_MULTILINE_RECORDS,
    C_MULTILINE_LINES,
    C_MULTILINE_TIMED_OUT,
    C_MULTILINE_CUT,
    /* parse */
    C_RECORDS,
    C_RECORDS_JSON,
    C_RECORDS_LOGFMT,
    C_RECORDS_TEXT,
    C_RECORDS_OTLP,
    C_PARSE_LIMITS,
    C_SHAPES_FORGOTTEN,
    C_VALUES_CUT,
    /* filter */
    C_RECORDS_FILTERED,
    /* batch and output */
    C_BATCHES,
    C_RECORDS_SENT,
    C_RECORDS_REJECTED,
    C_RECORDS_REFUSED,
    C_RECORDS_IN_FLIGHT,
    C_REQUESTS,
    C_REQUESTS_RETRIED,
    C_REQUESTS_SHRUNK,
    C_PROBES,
    C_REQUESTS_FAILED,
    C_BYTES_ENCODED,
    C_BYTES_SENT,
    C_RECORDS_TOO_LARGE,
    C_RECORDS_DROPPED,
    C_RECORDS_DEAD,
    C_DEAD_LETTER_FAILURES,
    /* spool */
    C_RECORDS_SPOOLED,
    C_RECORDS_RESTORED,
    C_SPOOL_REQUESTS,
    C_SPOOL_BYTES,
    C_SPOOL_FAILURES,
    C_SPOOL_DAMAGED,
    C_RECORDS_DAMAGED,
    /* checkpoints */
    C_CHECKPOINT_COMMITS,
    C_CHECKPOINT_FAILURES,
    /* config */
    C_RELOADS,
    C_RELOADS_REFUSED,
    C_RELOAD_IS_GOOD,
    C_RELOAD_TIME,
    C_SANDBOX_HIDDEN,
    /* audit */
    C_AUDIT_RECORDS_OVER,
    C_AUDIT_LOGS_OVER,
    /* HTTP endpoint */
    C_CONTROL_CONNECTIONS,
    C_CONTROL_LATE,
    C_CONTROL_DISPLACED,
    C_CONTROL_ANSWERS,
    C_CONTROL_HOSTS,
    /* kubernetes */
    C_KUBERNETES_PODS,
    C_KUBERNETES_LISTS,
    C_KUBERNETES_WATCHES,
    C_KUBERNETES_EVENTS,
    C_KUBERNETES_EXPIRED,
    C_KUBERNETES_FAILURES,
    C_KUBERNETES_PODS_REFUSED,
    C_KUBERNETES_POD_LIMITS,
    C_KUBERNETES_OBJECTS_TOO_LARGE,
    C_KUBERNETES_STREAMS_HELD,
    C_KUBERNETES_STREAMS_UNKNOWN,
    C_KUBERNETES_ANNOTATIONS_IGNORED,
    C_KUBERNETES_RECORDS_EXCLUDED,
    COUNTERS,
};

struct counter_info {
    const char *name; /* OpenMetrics name without `_total` */
    enum counter_type type;
    const char *unit; /* "bytes", or NULL */
    const char *help; /* one sentence for the operator */
};

extern const struct counter_info counter_table[COUNTERS];

struct counters {
    uint64_t values[COUNTERS];
};

static inline void counters_add(struct counters *counters, enum counter c, uint64_t n)
{
    counters->values[c] += n;
}

/* Of a gauge that several parts keep together. */
static inline void counters_subtract(struct counters *counters, enum counter c, uint64_t n)
{
    counters->values[c] -= n;
}

/* What the loops of one process count, as one. What each of them knows of the same things, the pods,
 * is `from`'s only where `counters` has none. */
void counters_merge(struct counters *counters, const struct counters *from);

static inline void counters_set(struct counters *counters, enum counter c, uint64_t value)
{
    counters->values[c] = value;
}

#endif

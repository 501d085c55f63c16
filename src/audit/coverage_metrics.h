/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_COVERAGE_METRICS_H
#define CLEW_AUDIT_COVERAGE_METRICS_H

/*
 * Coverage by service as OpenMetrics text.
 *
 * Labels are bounded: those of audit/history.h, by name and namespace; what services had while
 * they had none is `service="(others)"`, which has no share of a window, no minimum and is never below.
 */

#include <stdbool.h>
#include "audit/history.h"
#include "base/buf.h"

/* How far it is written; zeroed: nothing is. */
struct coverage_metrics {
    unsigned family;
    bool has_head;
    const struct past *row;
    bool is_done;
};

/* Appends whole families, without `# EOF`, so many lines or a few more; false at out->limit. `at` says
 * whether that was all. Between two calls for one text there may be no report. */
bool coverage_metrics_write(struct coverage_metrics *at, const struct audit_history *history,
                            size_t lines, struct buf *out);

/* Their rows of docs/metrics.md; false at out->limit. */
bool coverage_metrics_write_reference(struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONTROL_METRICS_H
#define CLEW_CONTROL_METRICS_H

/*
 * Numbers as OpenMetrics text (the OpenMetrics 1.0.0 text format): a family is `# TYPE`, `# UNIT`
 * where it has one, `# HELP`, and its samples; the text ends with `# EOF`.
 */

#include <stdbool.h>
#include "base/buf.h"
#include "record/counters.h"

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* What the kernel says about this process. */
struct process_usage {
    double cpu_seconds; /* user and system */
    double start_time;  /* seconds since 1970 */
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t open_files;
};

/* False where /proc cannot be read: there are then no such metrics. */
bool process_usage_read(struct process_usage *out_usage);

/* Appends; all false at out->limit. */
bool metrics_write_counters(const struct counters *counters, struct buf *out);
bool metrics_write_build(struct buf *out); /* the version, as an info */
bool metrics_write_process(const struct process_usage *usage, struct buf *out);
bool metrics_write_end(struct buf *out);

/* docs/metrics.md: every name with its type and its sentence. */
bool metrics_write_reference(struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONTROL_FILTER_METRICS_H
#define CLEW_CONTROL_FILTER_METRICS_H

/*
 * What filters did, as OpenMetrics text: one sample a filter, by its name. Names come from the
 * config, so there are only so many.
 */

#include <stdbool.h>
#include "base/buf.h"
#include "record/filter_count.h"

/* Appends whole families, without `# EOF`; nothing where there is no filter. False at out->limit. */
bool filter_metrics_write(const struct filter_count *counts, size_t count, struct buf *out);

/* Their rows of docs/metrics.md; false at out->limit. */
bool filter_metrics_write_reference(struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONTROL_BACKLOG_METRICS_H
#define CLEW_CONTROL_BACKLOG_METRICS_H

/* How far inputs are behind, as OpenMetrics text. The label is a name of the config: letters, digits and
 * `._-`. */

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "record/backlog.h"

/* Appends whole families, without `# EOF`; false at out->limit. */
bool backlog_metrics_write(const struct backlog *backlogs, size_t count, struct buf *out);

/* Their rows of docs/metrics.md; false at out->limit. */
bool backlog_metrics_write_reference(struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONTROL_COVERAGE_METRICS_H
#define CLEW_CONTROL_COVERAGE_METRICS_H

/*
 * Coverage by service as OpenMetrics text.
 *
 * Labels are bounded: the first `services_max` services that were seen, by name and namespace; all
 * others together are `service="(others)"`. No id ever becomes a label: a service whose name is 16
 * or 32 hexadecimal digits or a UUID is among the others.
 */

#include <stdbool.h>
#include "base/buf.h"
#include "core/audit_history.h"

/* Appends whole families, without `# EOF`; false at out->limit. */
bool coverage_metrics_write(const struct audit_report *report, const struct audit_history *history,
                            size_t services_max, struct buf *out);

/* Their rows of docs/metrics.md; false at out->limit. */
bool coverage_metrics_write_reference(struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONTROL_LOSS_METRICS_H
#define CLEW_CONTROL_LOSS_METRICS_H

/* Which log bytes were lost from: by namespace, pod and container where its path tells them, else by
 * its path. */

#include <stdbool.h>
#include "base/buf.h"
#include "record/losses.h"

/* Appends a whole family, without `# EOF`; false at out->limit. */
bool loss_metrics_write(const struct losses *losses, struct buf *out);

/* Its row of docs/metrics.md; false at out->limit. */
bool loss_metrics_write_reference(struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONTROL_OUTPUT_METRICS_H
#define CLEW_CONTROL_OUTPUT_METRICS_H

/* The books of each output as OpenMetrics text. Its label is a name of the config: letters, digits and
 * `._-`. */

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "record/output_books.h"

/* Appends whole families, without `# EOF`; false at out->limit. */
bool output_metrics_write(const struct output_books *books, size_t count, struct buf *out);

/* Their rows of docs/metrics.md; false at out->limit. */
bool output_metrics_write_reference(struct buf *out);

#endif

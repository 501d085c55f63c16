/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_SPLIT_H
#define CLEW_OTLP_SPLIT_H

/*
 * A piece of a request: some of its records, each with the resource and scope it had. For a far end
 * that finds a request too large, or one record of it bad.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

/* Records `first` to `first + count - 1` of `request` (counted from 0, in its order), as a request,
 * instead of what was in `out`. False if `request` is not one, or the piece does not fit under
 * out->limit: `out` is then rubbish. A piece of a request that clew has encoded is never larger than
 * that request. */
bool otlp_split_copy(struct slice request, uint32_t first, uint32_t count, struct buf *out);

/* How many records `request` has. False if it is not one; *out_count is then untouched. */
bool otlp_split_count(struct slice request, uint32_t *out_count);

#endif

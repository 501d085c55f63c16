/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_STAGES_H
#define CLEW_CLI_STAGES_H

/* A line through each stage, for people: what `clew parse --trace` prints. */

#include <stdio.h>
#include "base/buf.h"
#include "filters/filters.h"

/*
 * Print the record as it was resolved, and what each filter makes of it; `items` are those that the chain
 * was made of. `scratch` is a buf of any content. What comes out is in the record; FILTER_DROP: nothing
 * does.
 */
enum filter_verdict stages_print(struct filters *filters, const struct filter_settings *items,
                                 struct record *record, uint64_t now_ns, struct buf *scratch,
                                 FILE *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_STAGES_H
#define CLEW_CLI_STAGES_H

/* A line through each stage, for people: what `clew parse --trace` prints. */

#include <stdio.h>
#include "base/buf.h"
#include "filters/filters.h"

/* The line, and the record that was made of it. Here and below `scratch` is a buf of any content. */
void stages_print_line(const struct record *record, struct buf *scratch, FILE *out);

/* What each filter makes of the record; `items` are those that the chain was made of, which may be NULL.
 * What comes out is in the record; FILTER_DROP: nothing does. */
enum filter_verdict stages_print_filters(struct filters *filters,
                                         const struct filter_settings *items,
                                         struct record *record, uint64_t now_ns,
                                         struct buf *scratch, FILE *out);

/* What is sent. */
void stages_print_shipped(const struct record *record, const struct settings *settings,
                          struct buf *scratch, FILE *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DAEMON_PIPELINE_H
#define CLEW_DAEMON_PIPELINE_H

/*
 * The way of one line from the frame stage to a resolved record: parse, resolve, count.
 *
 * The same for `clew run`, `clew parse` and `clew audit`. Knows no clock, descriptor or loop.
 */

#include <stdbool.h>
#include "parsers/frame.h"
#include "record/counters.h"
#include "record/record.h"
#include "record/settings.h"

struct pipeline;
struct filter_tools;

/* NULL when a setting cannot be used: *out_error is a sentence that the caller frees. Settings and
 * counters must outlive the pipeline. */
struct pipeline *pipeline_new(const struct settings *settings, struct counters *counters,
                              char **out_error);
void pipeline_free(struct pipeline *pipeline); /* NULL is fine */

/* What chains of filters work with on the pipeline's records; it lives as long as the pipeline. */
const struct filter_tools *pipeline_filter_tools(const struct pipeline *pipeline);

/*
 * Parse and resolve one framed line. The record is the pipeline's and good until the next call, as
 * long as what `framed` points to is. Never fails: a line that no format takes is text. `format` is
 * what the input was told to expect.
 */
struct record *pipeline_parse(struct pipeline *pipeline, const struct framed *framed,
                              enum parse_format format);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_PARSE_ROUTES_H
#define CLEW_CLI_PARSE_ROUTES_H

/* What `clew parse` shows of routes: those that take a record, and what each one's filters make of it. */

#include <stdio.h>
#include "base/buf.h"
#include "filters/filters.h"

struct parse_routes;

/* False: *out_error is a sentence that the caller frees. Without routes *out_routes is NULL. What
 * `tools` points to must outlive it, with the settings. */
bool parse_routes_new(const struct settings *settings, const struct filter_tools *tools,
                      struct parse_routes **out_routes, char **out_error);
void parse_routes_free(struct parse_routes *routes); /* NULL is fine */

/*
 * Append the value of the member `routes`: a list, in which each route that takes the record has its
 * `name`, its `outputs`, and if it has filters either `"dropped": true` or the `record` that they
 * make of it. False, and may have written a part, at out->limit. The record is as it was afterwards.
 */
bool parse_routes_write(struct parse_routes *routes, struct record *record, uint64_t now_ns,
                        struct buf *out);

/* The same for people, step by step; ends with what is shipped. `scratch` is a buf of any content. */
void parse_routes_show(struct parse_routes *routes, struct record *record, uint64_t now_ns,
                       struct buf *scratch, FILE *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_ROUTE_MATCH_H
#define CLEW_DELIVERY_ROUTE_MATCH_H

/*
 * Which routes of the config a source takes. docs/routes.md says it for the user.
 *
 * Asked per record, answered per source: a source's answer is worked out once and kept in a cache of
 * bounded size, by the source's id. A source whose attributes change gets another id.
 */

#include <stdbool.h>
#include <stdint.h>
#include "record/settings.h"
#include "record/source.h"

struct route_match;

struct way {
    uint64_t routes;   /* bit n: route number n of the config; 0: none takes it */
    uint64_t filtered; /* … those of them that have filters */
    uint64_t outputs;  /* bits of those that get it from one of the others */
};

/* `places` has the bit of each output of the config; NULL: bit n is number n. NULL on failure, with
 * *out_error a sentence that the caller frees. `settings` must outlive it. */
struct route_match *route_match_new(const struct settings *settings, const uint8_t *places,
                                    char **out_error);
void route_match_free(struct route_match *matcher); /* NULL is fine */

/* The outputs of one route. */
uint64_t route_match_outputs(const struct route_match *matcher, size_t route);

struct way route_match_find(struct route_match *matcher, const struct source *source);

#endif

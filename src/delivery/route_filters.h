/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_ROUTE_FILTERS_H
#define CLEW_DELIVERY_ROUTE_FILTERS_H

/*
 * A record on its routes: to each that takes it, through that route's own filters, into the shipment.
 *
 * Each chain of filters sees the record as it was before any route. Nothing is allocated per record.
 */

#include <stdbool.h>
#include "base/log.h"
#include "delivery/shipment.h"
#include "filters/filters.h"
#include "record/counters.h"
#include "record/filter_count.h"
#include "record/line.h"
#include "record/record.h"
#include "record/settings.h"

struct route_filters;

struct route_filters_env {
    const struct settings *settings;
    const struct filter_tools *tools;
    struct shipment *shipment;
    const struct log *log;
    struct counters *counters;
};

/* False with *out_error, which the caller frees. *out_routing is NULL where the config has no routes:
 * then there is nothing to call but shipment_add(). All in `env` must outlive it. */
bool route_filters_new(const struct route_filters_env *env, struct route_filters **out_routing,
                       char **out_error);
void route_filters_free(struct route_filters *route_filters); /* NULL is fine */

/* Only while the shipment has room. `safe` is promised for the stream when all that get the record have
 * it; if nobody does, it was filtered out. The record is rubbish afterwards. */
void route_filters_ship(struct route_filters *route_filters, struct record *record,
                        struct stream *stream, struct position safe, uint64_t now_ns);

/* Go on counting where the other one has ended; both may be NULL. */
void route_filters_take_counts(struct route_filters *route_filters,
                               const struct route_filters *from);

/* Say once which filter of a route has taken ids away; NULL is fine. */
void route_filters_check(struct route_filters *route_filters);

/* The counts of the filters of all routes behind those of the config's own chain, in the order of the
 * config; the caller frees them. `routing` may be NULL. */
struct filter_count *route_filters_counts(const struct route_filters *route_filters,
                                          const struct filter_count *own, size_t own_count,
                                          size_t *out_count);

#endif

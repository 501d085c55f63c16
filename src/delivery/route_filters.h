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

struct routing;

struct routing_env {
    const struct settings *settings;
    const struct filter_tools *tools;
    struct shipment *shipment;
    const struct log *log;
    struct counters *counters;
};

/* False with *out_error, which the caller frees. *out_routing is NULL where the config has no routes:
 * then there is nothing to call but shipment_add(). All in `env` must outlive it. */
bool routing_new(const struct routing_env *env, struct routing **out_routing, char **out_error);
void routing_free(struct routing *routing); /* NULL is fine */

/* Only while the shipment has room. `safe` is promised for the stream when all that get the record have
 * it; if nobody does, it was filtered out. The record is rubbish afterwards. */
void routing_ship(struct routing *routing, struct record *record, struct stream *stream,
                  struct position safe, uint64_t now_ns);

/* Go on counting where the other one has ended; both may be NULL. */
void routing_take_counts(struct routing *routing, const struct routing *from);

/* Say once which filter of a route has taken ids away; NULL is fine. */
void routing_check(struct routing *routing);

/* The counts of the filters of all routes behind those of the config's own chain, in the order of the
 * config; the caller frees them. `routing` may be NULL. */
struct filter_count *routing_counts(const struct routing *routing, const struct filter_count *own,
                                    size_t own_count, size_t *out_count);

#endif

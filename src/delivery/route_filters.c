/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/route_filters.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "delivery/route_match.h"
#include "filters/filters.h"
#include "record/record_save.h"

/* What one route adds to the way of a record. */
struct leg {
    struct filters *chain; /* NULL: the route has no filters */
    uint64_t outputs;
    bool has_told; /* that ids were taken away */
};

struct route_filters {
    struct route_filters_env env;
    struct route_match *matcher;
    struct leg *legs;
    size_t count;
    struct record_save copy;
    struct filter_count no_route;
};

/* ---- making ---- */

static bool open_legs(struct route_filters *route_filters, char **out_error)
{
    const struct settings *settings = route_filters->env.settings;
    route_filters->legs = mem_array(settings->route_count, sizeof(*route_filters->legs));
    for (; route_filters->count < settings->route_count; route_filters->count++) {
        const struct route_settings *route = &settings->routes[route_filters->count];
        struct leg *leg = &route_filters->legs[route_filters->count];
        char *error = NULL;
        leg->outputs = route_match_outputs(route_filters->matcher, route_filters->count);
        leg->chain = filters_new(route->filters, route->filter_count, route->name,
                                 route_filters->env.tools, &error);
        if (error != NULL) {
            *out_error = error;
            return false;
        }
    }
    return true;
}

bool route_filters_new(const struct route_filters_env *env, struct route_filters **out_routing,
                       char **out_error)
{
    if (env->settings->route_count == 0) {
        *out_routing = NULL;
        return true;
    }
    struct route_filters *route_filters = mem_alloc(sizeof(*route_filters));
    route_filters->env = *env;
    route_filters->no_route.name = "(no route)";
    route_filters->matcher =
        route_match_new(env->settings, shipment_next_places(env->shipment), out_error);
    if (route_filters->matcher == NULL || !open_legs(route_filters, out_error)) {
        route_filters_free(route_filters);
        return false;
    }
    *out_routing = route_filters;
    return true;
}

void route_filters_free(struct route_filters *route_filters)
{
    if (route_filters == NULL) {
        return;
    }
    for (size_t i = 0; i < route_filters->count; i++) {
        filters_free(route_filters->legs[i].chain);
    }
    route_match_free(route_filters->matcher);
    free(route_filters->legs);
    record_save_fini(&route_filters->copy);
    free(route_filters);
}

/* ---- shipping ---- */

static void put(struct route_filters *route_filters, const struct record *record, uint64_t outputs,
                const struct stream *stream, struct position safe, uint64_t now_ns)
{
    shipment_put(route_filters->env.shipment, record, outputs, stream->checkpoint, safe, now_ns);
}

/* Through the chains of these routes, each from the record as it is now. True if one kept it. */
static bool put_filtered(struct route_filters *route_filters, uint64_t routes,
                         struct record *record, const struct stream *stream, struct position safe,
                         uint64_t now_ns)
{
    bool is_kept = false;
    bool has_more = (routes & (routes - 1)) != 0;
    if (has_more) {
        record_save_make(&route_filters->copy, record);
    }
    for (bool is_first = true; routes != 0; routes &= routes - 1, is_first = false) {
        const struct leg *leg = &route_filters->legs[__builtin_ctzll(routes)];
        if (!is_first) {
            record_save_restore(&route_filters->copy, record);
        }
        if (filters_apply(leg->chain, record, now_ns) == FILTER_KEEP) {
            put(route_filters, record, leg->outputs, stream, safe, now_ns);
            is_kept = true;
        }
    }
    return is_kept;
}

void route_filters_ship(struct route_filters *route_filters, struct record *record,
                        struct stream *stream, struct position safe, uint64_t now_ns)
{
    struct shipment *shipment = route_filters->env.shipment;
    struct way way = route_match_find(route_filters->matcher, record->source);
    if (stream->routes != way.routes && stream->routes != 0) {
        shipment_part(shipment); /* else its lines would overtake each other */
    }
    stream->routes = way.routes;
    bool is_kept = way.outputs != 0;
    if (way.outputs != 0) {
        put(route_filters, record, way.outputs, stream, safe, now_ns);
    }
    if (way.filtered != 0) {
        is_kept |= put_filtered(route_filters, way.filtered, record, stream, safe, now_ns);
    }
    if (is_kept) {
        shipment_put_end(shipment);
        return;
    }
    route_filters->no_route.dropped += way.routes == 0;
    counters_add(route_filters->env.counters, C_RECORDS_FILTERED, 1);
    shipment_skip(shipment, stream->checkpoint, safe, now_ns);
}

/* ---- what is told ---- */

static void tell_limits(const struct route_filters *route_filters, const struct leg *leg)
{
    const struct filter_count *limit;
    while ((limit = filters_take_limit(leg->chain)) != NULL) {
        log_event(
            route_filters->env.log, LOG_WARN,
            "filter \"%s\": pattern \"%s\" reached its limit on a text: %s; simplify the pattern "
            "(no nested repetition) (logged once; see clew_filter_pattern_limits_total)",
            limit->name, limit->limits.pattern, limit->limits.answer);
    }
}

void route_filters_check(struct route_filters *route_filters)
{
    for (size_t i = 0; route_filters != NULL && i < route_filters->count; i++) {
        struct leg *leg = &route_filters->legs[i];
        tell_limits(route_filters, leg);
        size_t count = 0;
        const struct filter_count *counts = filters_counts(leg->chain, &count);
        for (size_t j = 0; j < count && !leg->has_told; j++) {
            if (counts[j].ids_removed > 0) {
                leg->has_told = true;
                log_event(route_filters->env.log, LOG_ERROR,
                          "filter \"%s\" removed the trace id from %" PRIu64 " records so far (logged "
                          "once per route; see clew_filter_ids_removed_total)",
                          counts[j].name, counts[j].ids_removed);
            }
        }
    }
}

static size_t count_filters(const struct route_filters *route_filters)
{
    size_t sum = 1; /* what no route takes */
    for (size_t i = 0; route_filters != NULL && i < route_filters->count; i++) {
        sum += route_filters->env.settings->routes[i].filter_count;
    }
    return sum;
}

struct filter_count *route_filters_counts(const struct route_filters *route_filters,
                                          const struct filter_count *own, size_t own_count,
                                          size_t *out_count)
{
    struct filter_count *all = mem_array(own_count + count_filters(route_filters), sizeof(*all));
    size_t count = 0;
    while (count < own_count) {
        all[count] = own[count];
        count++;
    }
    for (size_t i = 0; route_filters != NULL && i < route_filters->count; i++) {
        size_t more = 0;
        const struct filter_count *counts = filters_counts(route_filters->legs[i].chain, &more);
        for (size_t j = 0; j < more; j++) {
            all[count++] = counts[j];
        }
    }
    if (route_filters != NULL) {
        all[count++] = route_filters->no_route;
    }
    *out_count = count;
    return all;
}

/* Names of filters begin with that of their route. */
void route_filters_take_counts(struct route_filters *route_filters,
                               const struct route_filters *from)
{
    if (route_filters == NULL || from == NULL) {
        return;
    }
    route_filters->no_route.dropped = from->no_route.dropped;
    for (size_t i = 0; i < route_filters->count; i++) {
        for (size_t j = 0; j < from->count; j++) {
            filters_take_counts(route_filters->legs[i].chain, from->legs[j].chain);
        }
    }
}

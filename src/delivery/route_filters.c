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

struct routing {
    struct routing_env env;
    struct router *router;
    struct leg *legs;
    size_t count;
    struct record_copy copy;
    struct filter_count no_route;
};

/* ---- making ---- */

static bool open_legs(struct routing *routing, char **out_error)
{
    const struct settings *settings = routing->env.settings;
    routing->legs = mem_array(settings->route_count, sizeof(*routing->legs));
    for (; routing->count < settings->route_count; routing->count++) {
        const struct route_settings *route = &settings->routes[routing->count];
        struct leg *leg = &routing->legs[routing->count];
        char *error = NULL;
        leg->outputs = router_outputs(routing->router, routing->count);
        leg->chain = filters_new(route->filters, route->filter_count, route->name,
                                 routing->env.tools, &error);
        if (error != NULL) {
            *out_error = error;
            return false;
        }
    }
    return true;
}

bool routing_new(const struct routing_env *env, struct routing **out_routing, char **out_error)
{
    if (env->settings->route_count == 0) {
        *out_routing = NULL;
        return true;
    }
    struct routing *routing = mem_alloc(sizeof(*routing));
    routing->env = *env;
    routing->no_route.name = "(no route)";
    routing->router = router_new(env->settings, shipment_next_places(env->shipment), out_error);
    if (routing->router == NULL || !open_legs(routing, out_error)) {
        routing_free(routing);
        return false;
    }
    *out_routing = routing;
    return true;
}

void routing_free(struct routing *routing)
{
    if (routing == NULL) {
        return;
    }
    for (size_t i = 0; i < routing->count; i++) {
        filters_free(routing->legs[i].chain);
    }
    router_free(routing->router);
    free(routing->legs);
    record_copy_fini(&routing->copy);
    free(routing);
}

/* ---- shipping ---- */

static void put(struct routing *routing, const struct record *record, uint64_t outputs,
                const struct stream *stream, struct position safe, uint64_t now_ns)
{
    shipment_put(routing->env.shipment, record, outputs, stream->checkpoint, safe, now_ns);
}

/* Through the chains of these routes, each from the record as it is now. True if one kept it. */
static bool put_filtered(struct routing *routing, uint64_t routes, struct record *record,
                         const struct stream *stream, struct position safe, uint64_t now_ns)
{
    bool is_kept = false;
    bool has_more = (routes & (routes - 1)) != 0;
    if (has_more) {
        record_copy_save(&routing->copy, record);
    }
    for (bool is_first = true; routes != 0; routes &= routes - 1, is_first = false) {
        const struct leg *leg = &routing->legs[__builtin_ctzll(routes)];
        if (!is_first) {
            record_copy_restore(&routing->copy, record);
        }
        if (filters_apply(leg->chain, record, now_ns) == FILTER_KEEP) {
            put(routing, record, leg->outputs, stream, safe, now_ns);
            is_kept = true;
        }
    }
    return is_kept;
}

void routing_ship(struct routing *routing, struct record *record, struct stream *stream,
                  struct position safe, uint64_t now_ns)
{
    struct shipment *shipment = routing->env.shipment;
    struct way way = router_find(routing->router, record->source);
    if (stream->routes != way.routes && stream->routes != 0) {
        shipment_part(shipment); /* else its lines would overtake each other */
    }
    stream->routes = way.routes;
    bool is_kept = way.outputs != 0;
    if (way.outputs != 0) {
        put(routing, record, way.outputs, stream, safe, now_ns);
    }
    if (way.filtered != 0) {
        is_kept |= put_filtered(routing, way.filtered, record, stream, safe, now_ns);
    }
    if (is_kept) {
        shipment_put_end(shipment);
        return;
    }
    routing->no_route.dropped += way.routes == 0;
    counters_add(routing->env.counters, C_RECORDS_FILTERED, 1);
    shipment_skip(shipment, stream->checkpoint, safe, now_ns);
}

/* ---- what is told ---- */

static void tell_limits(const struct routing *routing, const struct leg *leg)
{
    const struct filter_count *limit;
    while ((limit = filters_take_limit(leg->chain)) != NULL) {
        log_event(routing->env.log, LOG_WARN,
                  "filter \"%s\": its pattern \"%s\" gives up on a text: %s; make the pattern simpler "
                  "(no repetition within a repetition); this is told once, "
                  "clew_filter_pattern_limits goes on counting",
                  limit->name, limit->limits.pattern, limit->limits.answer);
    }
}

void routing_check(struct routing *routing)
{
    for (size_t i = 0; routing != NULL && i < routing->count; i++) {
        struct leg *leg = &routing->legs[i];
        tell_limits(routing, leg);
        size_t count = 0;
        const struct filter_count *counts = filters_counts(leg->chain, &count);
        for (size_t j = 0; j < count && !leg->has_told; j++) {
            if (counts[j].ids_removed > 0) {
                leg->has_told = true;
                log_event(routing->env.log, LOG_ERROR,
                          "filter \"%s\" has taken the trace id from %" PRIu64
                          " records so far; this is told once for each route, "
                          "clew_filter_ids_removed goes on counting",
                          counts[j].name, counts[j].ids_removed);
            }
        }
    }
}

static size_t count_filters(const struct routing *routing)
{
    size_t sum = 1; /* what no route takes */
    for (size_t i = 0; routing != NULL && i < routing->count; i++) {
        sum += routing->env.settings->routes[i].filter_count;
    }
    return sum;
}

struct filter_count *routing_counts(const struct routing *routing, const struct filter_count *own,
                                    size_t own_count, size_t *out_count)
{
    struct filter_count *all = mem_array(own_count + count_filters(routing), sizeof(*all));
    size_t count = 0;
    while (count < own_count) {
        all[count] = own[count];
        count++;
    }
    for (size_t i = 0; routing != NULL && i < routing->count; i++) {
        size_t more = 0;
        const struct filter_count *counts = filters_counts(routing->legs[i].chain, &more);
        for (size_t j = 0; j < more; j++) {
            all[count++] = counts[j];
        }
    }
    if (routing != NULL) {
        all[count++] = routing->no_route;
    }
    *out_count = count;
    return all;
}

/* Names of filters begin with that of their route. */
void routing_take_counts(struct routing *routing, const struct routing *from)
{
    if (routing == NULL || from == NULL) {
        return;
    }
    routing->no_route.dropped = from->no_route.dropped;
    for (size_t i = 0; i < routing->count; i++) {
        for (size_t j = 0; j < from->count; j++) {
            filters_take_counts(routing->legs[i].chain, from->legs[j].chain);
        }
    }
}

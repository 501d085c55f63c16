/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/parse/routes.h"

#include <stdlib.h>
#include "base/json_write.h"
#include "base/mem.h"
#include "base/shown.h"
#include "cli/stages.h"
#include "delivery/route_match.h"
#include "otlp/record_json.h"
#include "record/record_save.h"

struct parse_routes {
    const struct settings *settings;
    struct route_match *matcher;
    struct filters **chains; /* of each route; NULL: it has no filters */
    struct record_save copy;
};

bool parse_routes_new(const struct settings *settings, const struct filter_tools *tools,
                      struct parse_routes **out_routes, char **out_error)
{
    *out_routes = NULL;
    if (settings->route_count == 0) {
        return true;
    }
    struct parse_routes *routes = mem_alloc(sizeof(*routes));
    char *error = NULL;
    routes->settings = settings;
    routes->chains = mem_array(settings->route_count, sizeof(struct filters *));
    routes->matcher = route_match_new(settings, NULL, &error);
    for (size_t i = 0; i < settings->route_count && error == NULL; i++) {
        const struct route_settings *route = &settings->routes[i];
        routes->chains[i] =
            filters_new(route->filters, route->filter_count, route->name, tools, &error);
    }
    if (error != NULL) {
        *out_error = error;
        parse_routes_free(routes);
        return false;
    }
    *out_routes = routes;
    return true;
}

void parse_routes_free(struct parse_routes *routes)
{
    if (routes == NULL) {
        return;
    }
    for (size_t i = 0; i < routes->settings->route_count; i++) {
        filters_free(routes->chains[i]);
    }
    record_save_fini(&routes->copy);
    route_match_free(routes->matcher);
    free(routes->chains);
    free(routes);
}

static bool has_output(const struct parse_routes *routes, size_t route, size_t output)
{
    return (route_match_outputs(routes->matcher, route) >> output & 1) != 0;
}

/* ---- for machines ---- */

static bool write_outputs(const struct parse_routes *routes, size_t route, struct buf *out)
{
    const char *separator = "";
    bool fits = buf_append_string(out, ",\"outputs\":[");
    for (size_t i = 0; i < routes->settings->output_count; i++) {
        if (has_output(routes, route, i)) {
            fits = fits && buf_append_string(out, separator) &&
                   json_write_string(out, slice_from_string(routes->settings->outputs[i].name));
            separator = ",";
        }
    }
    return fits && buf_append_string(out, "]");
}

static bool write_filtered(const struct parse_routes *routes, size_t route, struct record *record,
                           uint64_t now_ns, struct buf *out)
{
    if (filters_apply(routes->chains[route], record, now_ns) == FILTER_DROP) {
        return buf_append_string(out, ",\"dropped\":true");
    }
    return buf_append_string(out, ",\"record\":") &&
           otlp_json_write_record(record, routes->settings, out);
}

static bool write_route(const struct parse_routes *routes, size_t route, struct record *record,
                        uint64_t now_ns, struct buf *out)
{
    const char *name = routes->settings->routes[route].name;
    return buf_append_string(out, "{\"name\":") &&
           json_write_string(out, slice_from_string(name)) && write_outputs(routes, route, out) &&
           (routes->chains[route] == NULL ||
            write_filtered(routes, route, record, now_ns, out)) &&
           buf_append_string(out, "}");
}

bool parse_routes_write(struct parse_routes *routes, struct record *record, uint64_t now_ns,
                        struct buf *out)
{
    uint64_t left = route_match_find(routes->matcher, record->source).routes;
    const char *separator = "";
    bool fits = buf_append_string(out, "[");
    record_save_make(&routes->copy, record);
    for (; left != 0 && fits; left &= left - 1) {
        fits = buf_append_string(out, separator) &&
               write_route(routes, (size_t)__builtin_ctzll(left), record, now_ns, out);
        record_save_restore(&routes->copy, record);
        separator = ",";
    }
    return fits && buf_append_string(out, "]");
}

/* ---- for people ---- */

static void show_head(const struct parse_routes *routes, size_t route, FILE *out)
{
    const char *separator = " ";
    shown_print(out, "%-9s%s: to", "route", routes->settings->routes[route].name);
    for (size_t i = 0; i < routes->settings->output_count; i++) {
        if (has_output(routes, route, i)) {
            shown_print(out, "%s%s", separator, routes->settings->outputs[i].name);
            separator = ", ";
        }
    }
    fputc('\n', out);
}

static void show_route(const struct parse_routes *routes, size_t route, struct record *record,
                       uint64_t now_ns, struct buf *scratch, FILE *out)
{
    show_head(routes, route, out);
    if (stages_print_filters(routes->chains[route], routes->settings->routes[route].filters,
                             record, now_ns, scratch, out) == FILTER_KEEP) {
        stages_print_shipped(record, routes->settings, scratch, out);
    }
}

void parse_routes_show(struct parse_routes *routes, struct record *record, uint64_t now_ns,
                       struct buf *scratch, FILE *out)
{
    uint64_t left = route_match_find(routes->matcher, record->source).routes;
    if (left == 0) {
        shown_print(out, "%-9snone takes it\n", "route");
    }
    record_save_make(&routes->copy, record);
    for (; left != 0; left &= left - 1) {
        show_route(routes, (size_t)__builtin_ctzll(left), record, now_ns, scratch, out);
        record_save_restore(&routes->copy, record);
    }
}

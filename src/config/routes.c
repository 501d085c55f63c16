/* SPDX-License-Identifier: Apache-2.0 */
#include "config/routes.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "config/filter_options.h"
#include "config/options.h"

/* Names of one kind that routes may refer to, NULL at the end. */
struct names {
    const char *kind;
    const char **items;
};

static bool has_name(const struct names *names, const char *name)
{
    for (const char **item = names->items; *item != NULL; item++) {
        if (strcmp(*item, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The node of this text, in a list or alone; else what there is. */
static const struct node *find_text(const struct node *node, const char *text)
{
    for (const struct node_entry *e = node != NULL ? node->first : NULL; e != NULL; e = e->next) {
        if (e->value->kind == NODE_TEXT && strcmp(e->value->text, text) == 0) {
            return e->value;
        }
    }
    return node;
}

static struct diag_place place_of(const struct node *node)
{
    return node != NULL ? node->place : (struct diag_place){0};
}

static void check_names(const struct string_list *list, const struct names *names, size_t index,
                        const struct node *node, struct diag *diag)
{
    for (size_t i = 0; i < list->count; i++) {
        if (has_name(names, list->items[i])) {
            continue;
        }
        const char *nearest = diag_nearest(list->items[i], names->items);
        char *all = names->items[0] != NULL ? option_join_names(names->items) : mem_string("none");
        diag_add(diag, DIAG_ERROR, place_of(find_text(node, list->items[i])),
                 "`routes[%zu]` names the %s \"%s\", which does not exist; %s%s%s", index,
                 names->kind, list->items[i], nearest != NULL ? "did you mean \"" : "there is ",
                 nearest != NULL ? nearest : all, nearest != NULL ? "\"?" : "");
        free(all);
    }
}

static void check_outputs(const struct route_settings *route, const struct names *outputs,
                          size_t index, const struct node *section, struct diag *diag)
{
    const struct node *node = node_get(section, "outputs");
    if (node != NULL && node->kind == NODE_LIST && node->count == 0) {
        diag_add(diag, DIAG_ERROR, node->place,
                 "`routes[%zu].outputs` is empty; remove it to send to all outputs", index);
    }
    check_names(&route->outputs, outputs, index, node, diag);
}

static void settle_name(struct settings *settings, size_t index, const struct node *section,
                        struct diag *diag)
{
    struct route_settings *route = &settings->routes[index];
    if (route->name == NULL) {
        route->name = index == 0 ? mem_string("route") : mem_format("route_%zu", index + 1);
    }
    for (size_t i = 0; i < index; i++) {
        if (settings->routes[i].name != NULL && strcmp(settings->routes[i].name, route->name) == 0) {
            diag_add(diag, DIAG_ERROR, place_of(section),
                     "`routes[%zu]` and `routes[%zu]` have the same name \"%s\"", i, index,
                     route->name);
        }
    }
}

/* An output that no route names is a mistake more often than not. */
static void check_reached(const struct settings *settings, const struct node *routes,
                          struct diag *diag)
{
    for (size_t i = 0; i < settings->output_count; i++) {
        bool is_reached = settings->route_count == 0;
        for (size_t j = 0; j < settings->route_count && !is_reached; j++) {
            const struct string_list *outputs = &settings->routes[j].outputs;
            is_reached = outputs->count == 0;
            for (size_t k = 0; k < outputs->count && !is_reached; k++) {
                is_reached = strcmp(outputs->items[k], settings->outputs[i].name) == 0;
            }
        }
        if (!is_reached) {
            diag_add(diag, DIAG_WARNING, place_of(routes),
                     "no route sends records to the output \"%s\"",
                     settings->outputs[i].name);
        }
    }
}

/* `inputs` is NULL when the command line has replaced those that routes may name. */
static void check_all(struct settings *settings, const struct names *inputs,
                      const struct names *outputs, const struct node *routes, struct diag *diag)
{
    const struct node_entry *entry = routes != NULL ? routes->first : NULL;
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct node *section = entry != NULL ? entry->value : NULL;
        settle_name(settings, i, section, diag);
        if (inputs != NULL) {
            check_names(&settings->routes[i].inputs, inputs, i,
                        node_get(node_get(section, "match"), "input"), diag);
        }
        check_outputs(&settings->routes[i], outputs, i, section, diag);
        char *path = mem_format("routes[%zu].filters", i);
        settle_filters(settings->routes[i].filters, settings->routes[i].filter_count, path, diag);
        free(path);
        entry = entry != NULL ? entry->next : NULL;
    }
}

void routes_settle(struct settings *settings, const struct node *root, bool has_own_inputs,
                   struct diag *diag)
{
    const struct node *routes = node_get(root, "routes");
    struct names inputs = {"input", mem_array(settings->input_count + 1, sizeof(char *))};
    struct names outputs = {"output", mem_array(settings->output_count + 1, sizeof(char *))};
    for (size_t i = 0; i < settings->input_count; i++) {
        inputs.items[i] = settings->inputs[i].name;
    }
    for (size_t i = 0; i < settings->output_count; i++) {
        outputs.items[i] = settings->outputs[i].name;
    }
    if (settings->route_count > ROUTES_MAX) {
        diag_add(diag, DIAG_ERROR, place_of(routes), "there are %zu routes, more than %d",
                 settings->route_count, ROUTES_MAX);
    }
    check_all(settings, has_own_inputs ? &inputs : NULL, &outputs, routes, diag);
    if (diag->errors == 0) {
        check_reached(settings, routes, diag);
    }
    free(inputs.items);
    free(outputs.items);
}

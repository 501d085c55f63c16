/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Matching is a few globs per route, so it must not happen per record. The cache has one place for
 * every source id (ids are hashes): two sources that share a place cost a match each time the reader
 * turns from one to the other, which is once in read_bytes, and nothing has to be told when a source
 * goes away.
 */

#include "delivery/route_match.h"

#include <stdlib.h>
#include <string.h>
#include "base/glob.h"
#include "base/mem.h"

enum { PLACES = 1024 }; /* a power of two; 24 KiB */

struct label {
    char *attribute; /* its name in the source */
    struct glob_list values;
};

struct route {
    const struct route_settings *settings;
    struct glob_list namespaces;
    struct glob_list pods;
    struct glob_list containers;
    struct glob_list paths;
    struct label *labels;
    uint64_t outputs;
};

struct place {
    uint64_t source_id;
    bool is_taken;
    struct way way;
};

struct route_match {
    struct route *routes;
    size_t count;
    struct place places[PLACES];
};

/* ---- making ---- */

static bool add_globs(struct glob_list *globs, const struct string_list *patterns, char **out_error)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (!glob_list_add(globs, patterns->items[i])) {
            *out_error = mem_format("the pattern \"%s\" of a route expands to more than %d patterns",
                                    patterns->items[i], GLOBS_MAX);
            return false;
        }
    }
    return true;
}

static bool add_labels(struct route *route, char **out_error)
{
    const struct key_value_list *labels = &route->settings->labels;
    route->labels = mem_array(labels->count, sizeof(*route->labels));
    for (size_t i = 0; i < labels->count; i++) {
        const struct string_list value = {&labels->items[i].value, 1};
        route->labels[i].attribute = mem_format("k8s.pod.label.%s", labels->items[i].key);
        if (!add_globs(&route->labels[i].values, &value, out_error)) {
            return false;
        }
    }
    return true;
}

static uint64_t outputs_of(const struct route_settings *route, const struct settings *settings,
                           const uint8_t *places)
{
    uint64_t outputs = 0;
    for (size_t i = 0; i < settings->output_count; i++) {
        bool is_one = route->outputs.count == 0;
        for (size_t j = 0; j < route->outputs.count && !is_one; j++) {
            is_one = strcmp(route->outputs.items[j], settings->outputs[i].name) == 0;
        }
        outputs |= (uint64_t)is_one << (places != NULL ? places[i] : i);
    }
    return outputs;
}

static bool make(struct route *route, const struct route_settings *settings, char **out_error)
{
    route->settings = settings;
    return add_globs(&route->namespaces, &settings->namespaces, out_error) &&
           add_globs(&route->pods, &settings->pods, out_error) &&
           add_globs(&route->containers, &settings->containers, out_error) &&
           add_globs(&route->paths, &settings->paths, out_error) && add_labels(route, out_error);
}

struct route_match *route_match_new(const struct settings *settings, const uint8_t *places,
                                    char **out_error)
{
    struct route_match *matcher = mem_alloc(sizeof(*matcher));
    matcher->routes = mem_array(settings->route_count, sizeof(*matcher->routes));
    for (; matcher->count < settings->route_count; matcher->count++) {
        struct route *route = &matcher->routes[matcher->count];
        route->outputs = outputs_of(&settings->routes[matcher->count], settings, places);
        if (!make(route, &settings->routes[matcher->count], out_error)) {
            matcher->count++; /* what was made of it is freed too */
            route_match_free(matcher);
            return NULL;
        }
    }
    return matcher;
}

static void fini(struct route *route)
{
    glob_list_fini(&route->namespaces);
    glob_list_fini(&route->pods);
    glob_list_fini(&route->containers);
    glob_list_fini(&route->paths);
    for (size_t i = 0; route->labels != NULL && i < route->settings->labels.count; i++) {
        free(route->labels[i].attribute);
        glob_list_fini(&route->labels[i].values);
    }
    free(route->labels);
}

void route_match_free(struct route_match *matcher)
{
    if (matcher == NULL) {
        return;
    }
    for (size_t i = 0; i < matcher->count; i++) {
        fini(&matcher->routes[i]);
    }
    free(matcher->routes);
    free(matcher);
}

/* ---- matching ---- */

/* No pattern at all asks for nothing. */
static bool matches(const struct glob_list *globs, const char *text)
{
    return globs->count == 0 || (text != NULL && glob_list_matches(globs, text));
}

static bool attribute_matches(const struct glob_list *globs, const struct source *source,
                              const char *key)
{
    const struct attribute *attribute = globs->count > 0 ? source_get(source, key) : NULL;
    return matches(globs, attribute != NULL && !attribute->is_int ? attribute->value : NULL);
}

static bool input_matches(const struct string_list *inputs, const char *input)
{
    for (size_t i = 0; i < inputs->count; i++) {
        if (input != NULL && strcmp(inputs->items[i], input) == 0) {
            return true;
        }
    }
    return inputs->count == 0;
}

static bool labels_match(const struct route *route, const struct source *source)
{
    for (size_t i = 0; i < route->settings->labels.count; i++) {
        if (!attribute_matches(&route->labels[i].values, source, route->labels[i].attribute)) {
            return false;
        }
    }
    return true;
}

static bool takes(const struct route *route, const struct source *source)
{
    return input_matches(&route->settings->inputs, source->input) &&
           matches(&route->paths, source->path) &&
           attribute_matches(&route->namespaces, source, "k8s.namespace.name") &&
           attribute_matches(&route->pods, source, "k8s.pod.name") &&
           attribute_matches(&route->containers, source, "k8s.container.name") &&
           labels_match(route, source);
}

/* The routes that match; if there are none, those that take what is left. */
static struct way work_out(const struct route_match *matcher, const struct source *source)
{
    struct way match = {0};
    struct way rest = {0};
    for (size_t i = 0; i < matcher->count; i++) {
        const struct route *route = &matcher->routes[i];
        struct way *way = route->settings->otherwise ? &rest : &match;
        if (takes(route, source)) {
            bool has_filters = route->settings->filter_count > 0;
            way->routes |= UINT64_C(1) << i;
            way->filtered |= (uint64_t)has_filters << i;
            way->outputs |= has_filters ? 0 : route->outputs;
        }
    }
    return match.routes != 0 ? match : rest;
}

uint64_t route_match_outputs(const struct route_match *matcher, size_t route)
{
    return matcher->routes[route].outputs;
}

struct way route_match_find(struct route_match *matcher, const struct source *source)
{
    struct place *place = &matcher->places[source->id % PLACES];
    if (!place->is_taken || place->source_id != source->id) {
        *place = (struct place){source->id, true, work_out(matcher, source)};
    }
    return place->way;
}

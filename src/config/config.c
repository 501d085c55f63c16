/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loading, in the order of precedence from the bottom up: what depends on the machine and OTEL_*
 * make a tree of fallbacks; the file makes the tree that is read; the command line changes that
 * tree; then one reader goes over both by the table of options.
 *
 * A mistake is noted and the reading goes on, so that one run shows every mistake.
 */

#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "config/env.h"
#include "config/expand.h"
#include "config/filter_options.h"
#include "config/input_types.h"
#include "config/multiline_options.h"
#include "config/options.h"
#include "config/read.h"
#include "config/routes.h"
#include "config/sets.h"
#include "config/test_options.h"
#include "config/tree.h"
#include "config/url.h"

#define PODS_DIR "/var/log/pods"

static const char *variable(const struct config_sources *sources, const char *name)
{
    const char *value = expand_variable(sources->environ, slice_from_string(name));
    return value != NULL && *value != '\0' ? value : NULL;
}

/* Where programs keep their state: the system's place for root, else as XDG says. */
static char *default_data_dir(const struct config_sources *sources)
{
    const char *state = variable(sources, "XDG_STATE_HOME");
    const char *home = variable(sources, "HOME");
    if (geteuid() == 0 || (state == NULL && home == NULL)) {
        return mem_string("/var/lib/clew");
    }
    return state != NULL && *state == '/' ? mem_format("%s/clew", state)
                                          : mem_format("%s/.local/state/clew", home);
}

static void add_data_dir(struct tree *tree, struct node *fallbacks,
                         const struct config_sources *sources)
{
    char *dir = default_data_dir(sources);
    struct diag_place place = {0};
    node_put(tree, fallbacks, "data_dir", place, tree_text(tree, slice_from_string(dir), place));
    free(dir);
}

/* No config is a config: on a Kubernetes node it is the logs of all pods. */
static void add_default_inputs(struct tree *tree)
{
    static const char *const pods[] = {PODS_DIR "/*/*/*.log", NULL};
    struct stat status;
    if (node_get(tree->root, "inputs") == NULL && stat(PODS_DIR, &status) == 0 &&
        S_ISDIR(status.st_mode)) {
        sets_use_paths(tree, pods);
    }
}

/* `tail`, `tail_2`, … for those without a name. */
static void name_section(char **name, const char *type, size_t index)
{
    if (*name == NULL && type != NULL) {
        *name = index == 0 ? mem_string(type) : mem_format("%s_%zu", type, index + 1);
    }
}

static void check_name(const char *kind, size_t i, const char *name, size_t j, const char *other,
                       struct diag *diag)
{
    if (name != NULL && other != NULL && strcmp(name, other) == 0) {
        diag_add(diag, DIAG_ERROR, (struct diag_place){0},
                 "`%s[%zu]` and `%s[%zu]` have the same name \"%s\"", kind, j, kind, i, name);
    }
}

static void settle_inputs(struct settings *settings, struct diag *diag)
{
    for (size_t i = 0; i < settings->input_count; i++) {
        struct input_settings *input = &settings->inputs[i];
        name_section(&input->name, input->type, i);
        for (size_t j = 0; j < i; j++) {
            check_name("inputs", i, input->name, j, settings->inputs[j].name, diag);
        }
    }
}

/* Of a base that ends in a slash, with /v1/logs behind it: `http://host/api//v1/logs`. */
static void drop_double_slash(char *endpoint)
{
    static const char end[] = "//v1/logs";
    size_t len = strlen(endpoint);
    size_t end_len = sizeof(end) - 1;
    if (len > end_len && strcmp(endpoint + len - end_len, end) == 0) {
        memmove(endpoint + len - end_len, endpoint + len - end_len + 1, end_len);
    }
}

/* The tree's word, or the environment's. */
static bool is_endpoint_set(const struct node *root, const struct node *fallbacks, size_t index)
{
    const struct node *list = node_get(root, "outputs");
    const struct node_entry *entry =
        list != NULL && list->kind == NODE_LIST ? list->first : NULL;
    for (size_t i = 0; i < index && entry != NULL; i++) {
        entry = entry->next;
    }
    const struct node *output = entry != NULL && entry->value->kind == NODE_MAP ? entry->value : NULL;
    return node_get(output, "endpoint") != NULL ||
           node_get(node_get(fallbacks, "outputs"), "endpoint") != NULL;
}

/* A URL without a path is a base, as OTEL_EXPORTER_OTLP_ENDPOINT is. */
static void complete_endpoint(struct output_settings *output, struct diag *diag)
{
    struct url url;
    if (output->endpoint == NULL || !url_parse(output->endpoint, &url)) {
        return;
    }
    if (url.path.len == 0 && url.query.len == 0) {
        char *whole = mem_format("%s/v1/logs", output->endpoint);
        free(output->endpoint);
        output->endpoint = whole;
    }
    drop_double_slash(output->endpoint);
    if (slice_is_equal(url.port, SLICE("4317"))) {
        diag_add(diag, DIAG_WARNING, (struct diag_place){0},
                 "output \"%s\": port 4317 is normally OTLP/gRPC; clew sends OTLP/HTTP, normally on "
                 "port 4318",
                 output->name);
    }
}

static void check_spools(const struct output_settings *output, const struct output_settings *other,
                         struct diag *diag)
{
    if (output->spool_dir != NULL && other->spool_dir != NULL &&
        strcmp(output->spool_dir, other->spool_dir) == 0) {
        diag_add(diag, DIAG_ERROR, (struct diag_place){0},
                 "outputs \"%s\" and \"%s\" have the same `spool.dir`", other->name, output->name);
    }
}

static void settle_outputs(struct settings *settings, struct diag *diag)
{
    bool is_one_required = settings->output_count == 0;
    for (size_t i = 0; i < settings->output_count; i++) {
        struct output_settings *output = &settings->outputs[i];
        name_section(&output->name, output->type, i);
        complete_endpoint(output, diag);
        for (size_t j = 0; j < i; j++) {
            check_name("outputs", i, output->name, j, settings->outputs[j].name, diag);
            check_spools(output, &settings->outputs[j], diag);
        }
        is_one_required = is_one_required || output->required;
    }
    if (!is_one_required && diag->errors == 0) {
        diag_add(diag, DIAG_ERROR, (struct diag_place){0},
                 "no output is `required`: checkpoints follow the required outputs, so at least one "
                 "is needed");
    }
    if (settings->output_count == 0 && diag->errors == 0) {
        diag_add(diag, DIAG_ERROR, (struct diag_place){0},
                 "`outputs` is empty, so nothing would be shipped; remove it to use the default");
    }
}

/* What routes go by has to be known, and is then shipped too. */
static void settle_labels(struct settings *settings)
{
    struct string_list *labels = &settings->kubernetes.labels;
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct key_value_list *wanted = &settings->routes[i].labels;
        for (size_t j = 0; j < wanted->count; j++) {
            labels->items = mem_resize(labels->items, labels->count + 1, sizeof(*labels->items));
            labels->items[labels->count++] = mem_string(wanted->items[j].key);
        }
    }
}

static struct settings *load(struct tree *tree, const struct config_sources *sources,
                             struct diag *diag)
{
    struct node *fallbacks = tree_new(tree, NODE_MAP, (struct diag_place){0});
    add_data_dir(tree, fallbacks, sources);
    env_read(tree, fallbacks, sources->environ, diag);
    bool has_paths = sources->paths != NULL && sources->paths[0] != NULL;
    if (has_paths) {
        sets_use_paths(tree, sources->paths);
    }
    add_default_inputs(tree);
    for (size_t i = 0; sources->sets != NULL && sources->sets[i] != NULL; i++) {
        sets_apply(tree, sources->sets[i], diag);
    }
    struct settings *settings = mem_alloc(sizeof(*settings));
    read_section(options_root, tree->root, fallbacks, "", diag, settings);
    settle_inputs(settings, diag);
    settle_outputs(settings, diag);
    for (size_t i = 0; i < settings->output_count; i++) {
        settings->outputs[i].is_default = !is_endpoint_set(tree->root, fallbacks, i);
    }
    settle_filters(settings->filters, settings->filter_count, "filters", diag);
    routes_settle(settings, tree->root, !has_paths, diag);
    settle_labels(settings);
    input_types_settle(settings, options_find("inputs")->children, tree->root, diag);
    multiline_settle(settings, tree->root, diag);
    settle_tests(settings, diag);
    diag_sort(diag);
    if (diag->errors > 0) {
        settings_free(settings);
        return NULL;
    }
    return settings;
}

struct settings *config_load_text(const char *text, const char *name,
                                  const struct config_sources *sources, struct diag *diag)
{
    struct tree tree;
    tree_init(&tree);
    struct node *root =
        tree_read_yaml(&tree, slice_from_string(text), name, sources->environ, diag);
    if (root != NULL && root->kind == NODE_MAP) {
        tree.root = root;
    } else if (root != NULL && node_is_set(root)) {
        diag_add(diag, DIAG_ERROR, root->place, "a config must be a map of options");
    }
    struct settings *settings = load(&tree, sources, diag);
    tree_fini(&tree);
    return settings;
}

static struct settings *load_file(const struct config_sources *sources, struct diag *diag)
{
    struct diag_place place = {sources->file, 0, 0};
    struct settings *settings = NULL;
    struct buf buf;
    buf_init(&buf, TREE_TEXT_BYTES_MAX + 2 * BUFSIZ);
    int result = file_read_given(sources->file, &buf);
    if (result < 0) {
        diag_add(diag, DIAG_ERROR, place, "cannot read the config: %s", file_error(result));
    } else if (buf.len > 0 && memchr(buf.data, '\0', buf.len) != NULL) {
        diag_add(diag, DIAG_ERROR, place, "not valid YAML: it contains a NUL byte");
    } else {
        char *text = buf_take(&buf);
        settings = config_load_text(text != NULL ? text : "", sources->file, sources, diag);
        free(text);
    }
    buf_fini(&buf);
    return settings;
}

struct settings *config_load(const struct config_sources *sources, struct diag *diag)
{
    if (sources->file != NULL) {
        return load_file(sources, diag);
    }
    struct tree tree;
    tree_init(&tree);
    struct settings *settings = load(&tree, sources, diag);
    tree_fini(&tree);
    return settings;
}

void settings_free(struct settings *settings)
{
    if (settings != NULL) {
        free_section(options_root, settings);
        free(settings);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sets.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "config/options.h"
#include "config/units.h"

/* On the way down to the option that is named. */
struct walk {
    struct tree *tree;
    struct diag *diag;
    struct diag_place place;
    const char *rest;             /* of the name */
    struct node *at;              /* the map of the section */
    const struct option *options; /* of the section */
};

static const struct option *find_option(const struct option *options, const char *name)
{
    while (options->name != NULL && strcmp(options->name, name) != 0) {
        options++;
    }
    return options->name != NULL ? options : NULL;
}

/* The child to go into, of the kind that the option asks for; made where there is none. */
static struct node *enter(struct walk *w, struct node *parent, const char *key, size_t index,
                          enum node_kind kind)
{
    struct node *child = node_own(w->tree, parent, key, index);
    if (child == NULL || child->kind != kind) {
        child = tree_new(w->tree, kind, w->place);
        node_put(w->tree, parent, key, w->place, child);
    }
    return child;
}

/* Into one section of a list. False: it was not said which, or there is none of that number. */
static bool enter_list(struct walk *w, struct node *list)
{
    uint64_t index = 0;
    size_t digits = strspn(w->rest, "0123456789");
    if (digits > 0 && w->rest[digits] == '.') {
        char *number = mem_string_from(slice_make(w->rest, digits));
        bool good = units_parse_count(number, &index) && index <= list->count;
        free(number);
        if (!good) {
            diag_add(w->diag, DIAG_ERROR, w->place, "there are only %zu; places count from 0",
                     list->count);
            return false;
        }
        w->rest += digits + 1;
    } else if (list->count > 1) {
        diag_add(w->diag, DIAG_ERROR, w->place, "which of the %zu? Write its place, from 0",
                 list->count);
        return false;
    }
    w->at = enter(w, list, NULL, index, NODE_MAP);
    return true;
}

/* Where a text is wanted, [::1]:9464 is one. */
static struct node *read_value(struct walk *w, const struct option *option, const char *value)
{
    bool is_text = option != NULL && option->kind == OPTION_TEXT;
    if (!is_text && (*value == '[' || *value == '{')) {
        return tree_read_yaml(w->tree, slice_from_string(value), w->place.file, NULL, w->diag);
    }
    struct node *node = tree_text(w->tree, slice_from_string(value), w->place);
    node->is_plain = true;
    return node;
}

/* One step of the name. True: go on. */
static bool step(struct walk *w, const char *value)
{
    size_t len = strcspn(w->rest, ".");
    char *name = mem_string_from(slice_make(w->rest, len));
    const struct option *option = find_option(w->options, name);
    struct node *parent = w->at;
    bool is_last = w->rest[len] == '\0';
    w->rest += len + (is_last ? 0 : 1);
    bool goes_on = false;
    if (!is_last && option != NULL && option->kind == OPTION_SECTION) {
        w->at = enter(w, parent, name, 0, NODE_MAP);
        w->options = option->children;
        goes_on = true;
    } else if (!is_last && option != NULL && option->kind == OPTION_SECTIONS) {
        w->options = option->children;
        goes_on = enter_list(w, enter(w, parent, name, 0, NODE_LIST));
    } else {
        if (!is_last && option != NULL &&
            (option->kind == OPTION_MAP || option->kind == OPTION_RATIO_MAP)) {
            parent = enter(w, parent, name, 0, NODE_MAP);
            free(name);
            name = mem_string(w->rest);
        } else if (!is_last && option != NULL) {
            diag_add(w->diag, DIAG_ERROR, w->place, "`%s` has no options of its own", name);
        }
        struct node *node = read_value(w, option, value);
        if (node != NULL) {
            node_put(w->tree, parent, name, w->place, node);
        }
    }
    free(name);
    return goes_on;
}

void sets_apply(struct tree *tree, const char *assignment, struct diag *diag)
{
    const char *equals = strchr(assignment, '=');
    size_t len = equals != NULL ? (size_t)(equals - assignment) : 0;
    if (len == 0) {
        diag_add(diag, DIAG_ERROR, (struct diag_place){"--set", 0, 0},
                 "\"%s\" is not name=value, such as outputs.timeout=5s", assignment);
        return;
    }
    char *name = mem_string_from(slice_make(assignment, len));
    char *file = mem_format("--set %s", name);
    struct walk w = {tree, diag,       {tree_copy(tree, slice_from_string(file)), 0, 0},
                     name, tree->root, options_root};
    while (step(&w, equals + 1)) {
    }
    free(file);
    free(name);
}

/* How lines are written does not depend on where they are read from. */
static void keep_manner(struct tree *tree, struct node *input)
{
    static const char *const kept[] = {"envelope", "format", "multiline"};
    const struct node *inputs = node_get(tree->root, "inputs");
    bool is_list = inputs != NULL && inputs->kind == NODE_LIST && inputs->first != NULL;
    const struct node *first = is_list ? inputs->first->value : NULL;
    const struct node_entry *entry =
        first != NULL && first->kind == NODE_MAP ? first->first : NULL;
    for (; entry != NULL; entry = entry->next) {
        for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
            if (strcmp(entry->key, kept[i]) == 0) {
                node_put(tree, input, kept[i], entry->place, entry->value);
            }
        }
    }
}

static void add_input(struct tree *tree, struct node *inputs, struct node *input)
{
    struct diag_place place = {0};
    keep_manner(tree, input);
    node_put(tree, inputs, NULL, place, input);
}

void sets_use_paths(struct tree *tree, const char *const *paths)
{
    struct diag_place place = {0};
    struct node *include = tree_new(tree, NODE_LIST, place);
    struct node *inputs = tree_new(tree, NODE_LIST, place);
    bool has_stdin = false;
    for (size_t i = 0; paths[i] != NULL; i++) {
        if (strcmp(paths[i], "-") == 0) {
            has_stdin = true;
        } else {
            node_put(tree, include, NULL, place, tree_text(tree, slice_from_string(paths[i]), place));
        }
    }
    if (include->count > 0) {
        struct node *input = tree_new(tree, NODE_MAP, place);
        node_put(tree, input, "include", place, include);
        add_input(tree, inputs, input);
    }
    if (has_stdin) {
        struct node *input = tree_new(tree, NODE_MAP, place);
        node_put(tree, input, "type", place, tree_text(tree, SLICE("stdin"), place));
        add_input(tree, inputs, input);
    }
    node_put(tree, tree->root, "inputs", place, inputs);
}

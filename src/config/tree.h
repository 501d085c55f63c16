/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_TREE_H
#define CLEW_CONFIG_TREE_H

/*
 * What was written, as a tree of maps, lists and texts, each with its place, before anything is
 * known about what it means. YAML gives one; OTEL_* variables and `--set` add to it or make small
 * ones of their own, so that there is one reader for all of them.
 *
 * A tree is bounded: in bytes of text, in depth, in nodes. Nodes live as long as the tree. An
 * alias (`*name`) is the very node of its anchor, so a tree may have shared branches, but no loops.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/diag.h"

enum {
    TREE_TEXT_BYTES_MAX = 1 << 20,
    TREE_VALUE_BYTES_MAX = 1 << 16, /* one value, its variables expanded */
    TREE_DEPTH_MAX = 32,
    TREE_NODES_MAX = 1 << 16,
    TREE_SUM_BYTES_MAX = 8 << 20, /* all values together, their variables expanded */
};

enum node_kind {
    NODE_TEXT,
    NODE_LIST,
    NODE_MAP,
};

struct node {
    enum node_kind kind;
    struct diag_place place;
    const char *text; /* of NODE_TEXT; NUL-terminated, holds no other NUL */
    bool is_plain;    /* not quoted: an empty one, `~` and `null` mean "not set" */
    bool is_broken; /* its variables could not be expanded: that has been said, say no more of it */
    struct node_entry *first; /* of a list or map, in the order written */
    struct node_entry *last;
    size_t count;
};

struct node_entry {
    struct node_entry *next;
    const char *key; /* of a map; NULL in a list */
    struct diag_place place;
    struct node *value;
};

struct tree {
    struct arena arena;
    struct node *root; /* a map, never NULL after tree_init() */
    size_t nodes;
    size_t text_bytes; /* of all values */
};

void tree_init(struct tree *tree);
void tree_fini(struct tree *tree);

/* Read YAML: the node of its one document, which may hold less than was written if something was
 * wrong (then it is in `diag`); NULL if there is none. `name` stands for the text in messages;
 * `environ` may be NULL. Does not touch the root. */
struct node *tree_read_yaml(struct tree *tree, struct slice text, const char *name,
                            char *const *environ, struct diag *diag);

/* New nodes; the text is copied, `place.file` must live as long as the tree (tree_copy()). */
struct node *tree_new(struct tree *tree, enum node_kind kind, struct diag_place place);
struct node *tree_text(struct tree *tree, struct slice text, struct diag_place place);

/* A copy of `text` that lives as long as the tree. */
const char *tree_copy(struct tree *tree, struct slice text);

/* Put `value` under `key` of a map, in the place of what was there; or, with a NULL key, at the
 * end of a list. */
void node_put(struct tree *tree, struct node *parent, const char *key, struct diag_place place,
              struct node *value);

/* The entry of a map, NULL if there is none, or if it is not set (see is_plain), or if `map` is
 * NULL or no map. */
const struct node *node_get(const struct node *map, const char *key);
bool node_is_set(const struct node *node);

/* The value under `key` of a map, or at place `index` of a list, for changing: a copy one deep that
 * has taken the place of the old one, since that may be shared. NULL if there is none. */
struct node *node_own(struct tree *tree, struct node *parent, const char *key, size_t index);

#endif

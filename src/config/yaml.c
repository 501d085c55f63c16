/* SPDX-License-Identifier: Apache-2.0 */

/*
 * YAML to a tree, from libyaml's events.
 *
 * Events rather than libyaml's document: they let aliases be checked (an alias within its own
 * anchor would be a loop) and every limit hold before memory is taken. Tags are ignored: what a
 * value is, the option table knows.
 */

#include "config/tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "base/buf.h"
#include "base/mem.h"
#include "config/expand.h"

enum {
    ANCHORS_MAX = 256,
    KEY_BYTES_MAX = 128,
};

struct anchor {
    char *name;
    struct node *node;
    bool is_open; /* its node is being read */
};

struct reading {
    struct tree *tree;
    const char *name;
    char *const *environ;
    struct diag *diag;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;
    bool is_broken; /* no further event can be had */
};

static struct diag_place place_of(const struct reading *r, yaml_mark_t mark)
{
    return (struct diag_place){r->name, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static struct diag_place here(const struct reading *r)
{
    return place_of(r, r->event.start_mark);
}

static void stop(struct reading *r, struct diag_place place, const char *sentence)
{
    if (!r->is_broken) {
        diag_add(r->diag, DIAG_ERROR, place, "%s", sentence);
    }
    r->is_broken = true;
}

/* libyaml's own sentence, which is in two halves and sometimes without a place. */
static void stop_at_syntax(struct reading *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem != NULL ? p->problem : "cannot be read";
    struct diag_place place = place_of(r, p->problem_mark);
    if (p->error == YAML_READER_ERROR) {
        place = (struct diag_place){r->name, 0, 0};
    }
    const char *context = p->context != NULL ? p->context : "";
    /* `[${A}]` reads well but is a map in a list to YAML. */
    const char *hint = strstr(context, "flow") != NULL
                           ? "; inside [ ] and { } a value with ${…} needs quotes"
                           : "";
    char *sentence = mem_format("not valid YAML: %s%s%s%s", context, *context != '\0' ? ", " : "",
                                problem, hint);
    stop(r, place, sentence);
    free(sentence);
}

static bool next(struct reading *r)
{
    if (r->is_broken) {
        return false;
    }
    yaml_event_delete(&r->event);
    memset(&r->event, 0, sizeof(r->event));
    if (!yaml_parser_parse(&r->parser, &r->event)) {
        stop_at_syntax(r);
        return false;
    }
    return true;
}

static struct anchor *remember(struct reading *r, const yaml_char_t *name, struct node *node,
                               bool is_open)
{
    if (name == NULL) {
        return NULL;
    }
    if (r->anchor_count == ANCHORS_MAX) {
        stop(r, here(r), "too many anchors");
        return NULL;
    }
    struct anchor *anchor = &r->anchors[r->anchor_count++];
    *anchor = (struct anchor){mem_string((const char *)name), node, is_open};
    return anchor;
}

static struct node *follow_alias(struct reading *r)
{
    const char *name = (const char *)r->event.data.alias.anchor;
    for (size_t i = r->anchor_count; i-- > 0;) {
        struct anchor *anchor = &r->anchors[i];
        if (strcmp(anchor->name, name) == 0) {
            if (anchor->is_open) {
                stop(r, here(r), "an alias is inside its own anchor");
                return NULL;
            }
            return anchor->node;
        }
    }
    stop(r, here(r), "an alias without its anchor");
    return NULL;
}

static struct node *read_text(struct reading *r)
{
    struct slice raw =
        slice_make((const char *)r->event.data.scalar.value, r->event.data.scalar.length);
    struct diag_place place = here(r);
    struct buf value;
    char *error = NULL;
    bool is_broken = false;
    buf_init(&value, TREE_VALUE_BYTES_MAX);
    if (memchr(raw.data, '\0', raw.len) != NULL) {
        error = mem_string("a value cannot contain a NUL");
    } else {
        expand(raw, r->environ, &value, &error);
    }
    if (error != NULL) {
        diag_add(r->diag, DIAG_ERROR, place, "%s", error);
        free(error);
        is_broken = true;
    }
    struct node *node = tree_text(r->tree, buf_slice(&value), place);
    node->is_broken = is_broken;
    node->is_plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    remember(r, r->event.data.scalar.anchor, node, false);
    buf_fini(&value);
    return node;
}

static struct node *read_node(struct reading *r, unsigned depth);

static void read_items(struct reading *r, struct node *list, unsigned depth)
{
    while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
        struct diag_place place = here(r);
        struct node *value = read_node(r, depth);
        if (value != NULL) {
            node_put(r->tree, list, NULL, place, value);
        }
    }
}

static bool has_key(const struct node *map, const char *key)
{
    for (const struct node_entry *e = map->first; e != NULL; e = e->next) {
        if (strcmp(e->key, key) == 0) {
            return true;
        }
    }
    return false;
}

static void read_pairs(struct reading *r, struct node *map, unsigned depth)
{
    while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        struct diag_place place = here(r);
        if (r->event.type != YAML_SCALAR_EVENT) {
            stop(r, place, "a key must be a string");
            return;
        }
        if (r->event.data.scalar.length > KEY_BYTES_MAX) {
            stop(r, place, "too long a name");
            return;
        }
        char *key = mem_string((const char *)r->event.data.scalar.value);
        if (has_key(map, key)) {
            diag_add(r->diag, DIAG_ERROR, place, "`%s` is given twice", key);
        }
        struct node *value = next(r) ? read_node(r, depth) : NULL;
        if (value != NULL) {
            node_put(r->tree, map, key, place, value);
        }
        free(key);
    }
}

static struct node *read_collection(struct reading *r, unsigned depth)
{
    bool is_map = r->event.type == YAML_MAPPING_START_EVENT;
    struct node *node = tree_new(r->tree, is_map ? NODE_MAP : NODE_LIST, here(r));
    size_t mine = r->anchor_count;
    bool has_anchor =
        remember(r,
                 is_map ? r->event.data.mapping_start.anchor : r->event.data.sequence_start.anchor,
                 node, true) != NULL;
    if (is_map) {
        read_pairs(r, node, depth + 1);
    } else {
        read_items(r, node, depth + 1);
    }
    if (has_anchor) {
        r->anchors[mine].is_open = false;
    }
    return node;
}

/* The node that the current event begins; NULL if there is none to be had. */
static struct node *read_node(struct reading *r, unsigned depth)
{
    if (depth > TREE_DEPTH_MAX) {
        stop(r, here(r), "too deeply nested");
        return NULL;
    }
    if (r->tree->nodes >= TREE_NODES_MAX || r->tree->text_bytes >= TREE_SUM_BYTES_MAX) {
        stop(r, here(r), "too many values");
        return NULL;
    }
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        return read_text(r);
    case YAML_ALIAS_EVENT:
        return follow_alias(r);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return read_collection(r, depth);
    default:
        stop(r, here(r), "a value is missing");
        return NULL;
    }
}

static struct node *read_document(struct reading *r)
{
    struct node *root = NULL;
    while (next(r) && r->event.type != YAML_STREAM_END_EVENT) {
        if (r->event.type == YAML_STREAM_START_EVENT ||
            r->event.type == YAML_DOCUMENT_START_EVENT ||
            r->event.type == YAML_DOCUMENT_END_EVENT) {
            continue;
        }
        if (root != NULL) {
            stop(r, here(r), "a second YAML document; a config must be one document");
            break;
        }
        root = read_node(r, 0);
    }
    return root;
}

struct node *tree_read_yaml(struct tree *tree, struct slice text, const char *name,
                            char *const *environ, struct diag *diag)
{
    struct node *root = NULL;
    struct reading *r = mem_alloc(sizeof(*r));
    r->tree = tree;
    r->name = tree_copy(tree, slice_from_string(name));
    r->environ = environ;
    r->diag = diag;
    if (text.len > TREE_TEXT_BYTES_MAX) {
        diag_add(diag, DIAG_ERROR, (struct diag_place){name, 0, 0},
                 "a config of more than %d bytes", TREE_TEXT_BYTES_MAX);
    } else if (yaml_parser_initialize(&r->parser)) {
        yaml_parser_set_input_string(&r->parser, (const unsigned char *)text.data, text.len);
        root = read_document(r);
        yaml_event_delete(&r->event);
        yaml_parser_delete(&r->parser);
    }
    for (size_t i = 0; i < r->anchor_count; i++) {
        free(r->anchors[i].name);
    }
    free(r);
    return root;
}

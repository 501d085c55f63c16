/* SPDX-License-Identifier: Apache-2.0 */
#include "config/tree.h"

#include <string.h>
#include "base/mem.h"

/* More than every limit of tree.h together can need: reaching it is a mistake of the house. */
enum { ARENA_BYTES_MAX = 256 << 20 };

static void *take(struct tree *tree, size_t size)
{
    void *memory = arena_alloc(&tree->arena, size);
    ENSURE(memory != NULL);
    memset(memory, 0, size);
    return memory;
}

void tree_init(struct tree *tree)
{
    arena_init(&tree->arena, ARENA_BYTES_MAX);
    tree->nodes = 0;
    tree->text_bytes = 0;
    tree->root = tree_new(tree, NODE_MAP, (struct diag_place){0});
}

void tree_fini(struct tree *tree)
{
    arena_fini(&tree->arena);
    tree->root = NULL;
}

const char *tree_copy(struct tree *tree, struct slice text)
{
    char *memory = take(tree, text.len + 1);
    if (text.len > 0) {
        memcpy(memory, text.data, text.len);
    }
    return memory;
}

struct node *tree_new(struct tree *tree, enum node_kind kind, struct diag_place place)
{
    struct node *node = take(tree, sizeof(*node));
    node->kind = kind;
    node->place = place;
    tree->nodes++;
    return node;
}

struct node *tree_text(struct tree *tree, struct slice text, struct diag_place place)
{
    struct node *node = tree_new(tree, NODE_TEXT, place);
    node->text = tree_copy(tree, text);
    tree->text_bytes += text.len;
    return node;
}

static struct node_entry *find(const struct node *parent, const char *key)
{
    for (struct node_entry *e = parent->first; e != NULL; e = e->next) {
        if (strcmp(e->key, key) == 0) {
            return e;
        }
    }
    return NULL;
}

static struct node_entry *append(struct tree *tree, struct node *parent)
{
    struct node_entry *entry = take(tree, sizeof(*entry));
    if (parent->last != NULL) {
        parent->last->next = entry;
    } else {
        parent->first = entry;
    }
    parent->last = entry;
    parent->count++;
    return entry;
}

void node_put(struct tree *tree, struct node *parent, const char *key, struct diag_place place,
              struct node *value)
{
    ENSURE(parent->kind == (key != NULL ? NODE_MAP : NODE_LIST));
    struct node_entry *entry = key != NULL ? find(parent, key) : NULL;
    if (entry == NULL) {
        entry = append(tree, parent);
        entry->key = key != NULL ? tree_copy(tree, slice_from_string(key)) : NULL;
    }
    entry->place = place;
    entry->value = value;
}

bool node_is_set(const struct node *node)
{
    return node->kind != NODE_TEXT || !node->is_plain || node->is_broken ||
           (node->text[0] != '\0' && strcmp(node->text, "~") != 0 &&
            strcmp(node->text, "null") != 0);
}

const struct node *node_get(const struct node *map, const char *key)
{
    if (map == NULL || map->kind != NODE_MAP) {
        return NULL;
    }
    const struct node_entry *entry = find(map, key);
    return entry != NULL && node_is_set(entry->value) ? entry->value : NULL;
}

struct node *node_own(struct tree *tree, struct node *parent, const char *key, size_t index)
{
    struct node_entry *entry = key != NULL ? find(parent, key) : parent->first;
    for (; key == NULL && entry != NULL && index > 0; index--) {
        entry = entry->next;
    }
    if (entry == NULL) {
        return NULL;
    }
    const struct node *old = entry->value;
    struct node *own = tree_new(tree, old->kind, old->place);
    own->text = old->text;
    own->is_plain = old->is_plain;
    own->is_broken = old->is_broken;
    for (const struct node_entry *e = old->first; e != NULL; e = e->next) {
        struct node_entry *copied = append(tree, own);
        copied->key = e->key;
        copied->place = e->place;
        copied->value = e->value;
    }
    entry->value = own;
    return own;
}

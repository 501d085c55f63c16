/* SPDX-License-Identifier: Apache-2.0 */
#include "record/shapes.h"

#include <stdlib.h>
#include "base/mem.h"
#include "record/counters.h"
#include "record/shape_answers.h"

/*
 * The nodes are one array and know each other by index; a list of siblings is in the order in which
 * they were learnt. Nothing is ever taken out alone: lines that find no path are only read more
 * slowly, and when they are many everything goes at once.
 */

enum {
    NODES_FIRST = 64,
    NODES_MAX = 2048,
    SHAPES_MAX = 192,
    SIBLINGS_MAX = 12, /* a list is looked through one by one */
    EPOCH_LINES = 4096,
};

static void forget(struct shapes *shapes)
{
    memset(shapes->nodes, 0, SHAPE_ROOTS_END * sizeof(*shapes->nodes));
    shapes->node_count = SHAPE_ROOTS_END;
    shapes->shape_count = 0;
    shapes->is_full = false;
}

struct shapes *shapes_new(void)
{
    struct shapes *shapes = mem_alloc(sizeof(*shapes));
    shapes->nodes = mem_array(NODES_FIRST, sizeof(*shapes->nodes));
    shapes->items = mem_array(SHAPES_MAX, sizeof(*shapes->items));
    forget(shapes);
    return shapes;
}

void shapes_free(struct shapes *shapes)
{
    if (shapes == NULL) {
        return;
    }
    for (size_t i = 0; i < SHAPES_MAX && shapes->items[i] != NULL; i++) {
        free(shapes->items[i]->encoded);
        free(shapes->items[i]);
    }
    free(shapes->items);
    free(shapes->nodes);
    free(shapes);
}

static void end_epoch(struct shapes *shapes)
{
    if (shapes->is_full && shapes->misses > EPOCH_LINES / 4) {
        forget(shapes);
        if (shapes->counters != NULL) {
            counters_add(shapes->counters, C_SHAPES_FORGOTTEN, 1);
        }
    }
    shapes->lines = 0;
    shapes->misses = 0;
}

void shapes_begin(struct shapes *shapes)
{
    if (++shapes->lines >= EPOCH_LINES) {
        end_epoch(shapes);
    }
}

bool shape_is_near_end(const struct shape_node *node, const char *p, size_t left)
{
    return node->run_len <= left && memcmp(p, node->run, node->run_len) == 0;
}

/* A zeroed node's index, 0 when there is no more room. The array may move. */
static uint32_t add_node(struct shapes *shapes)
{
    uint32_t count = shapes->node_count;
    if (count == NODES_MAX) {
        return 0;
    }
    if (count >= NODES_FIRST && (count & (count - 1)) == 0) { /* a power of two: full */
        shapes->nodes = mem_resize(shapes->nodes, (size_t)count * 2, sizeof(*shapes->nodes));
    }
    shapes->nodes[count] = (struct shape_node){0};
    return shapes->node_count++;
}

/* Behind the last child. False when there are too many. */
static bool append_child(struct shapes *shapes, uint32_t at, enum shape_class class, uint32_t made)
{
    uint16_t *link = &shapes->nodes[at].child[class];
    for (int i = 0; *link != 0; i++) {
        if (i == SIBLINGS_MAX - 1) {
            return false;
        }
        link = &shapes->nodes[*link].sibling;
    }
    *link = (uint16_t)made;
    return true;
}

static uint32_t give_up(struct shapes *shapes)
{
    shapes->is_full = true;
    return 0;
}

uint32_t shapes_learn(struct shapes *shapes, uint32_t at, enum shape_class class,
                      const struct shape_step *step)
{
    if (step->run.len > SHAPE_RUN_BYTES || step->run.len == 0) {
        return 0;
    }
    uint32_t made = add_node(shapes);
    if (made == 0) {
        return give_up(shapes);
    }
    if (!append_child(shapes, at, class, made)) {
        shapes->node_count--;
        return give_up(shapes);
    }
    struct shape_node *node = &shapes->nodes[made];
    memcpy(node->run, step->run.data, step->run.len);
    node->run_len = (uint8_t)step->run.len;
    node->key_at = (uint8_t)step->key_at;
    node->key_len = (uint8_t)step->key_len;
    node->key_id = step->key_id;
    node->kind = FIELD_STRING;
    node->flags = step->flags;
    node->closes = step->closes;
    node->unused_bits = (uint8_t)(step->run.len < 8 ? 8 * (8 - step->run.len) : 0);
    node->room = (uint8_t)(step->run.len < 8 ? 8 : step->run.len);
    return made;
}

static uint16_t add_shape(struct shapes *shapes)
{
    if (shapes->shape_count == SHAPES_MAX) {
        shapes->is_full = true;
        return 0;
    }
    struct shape **item = &shapes->items[shapes->shape_count];
    if (*item == NULL) {
        *item = mem_alloc(sizeof(**item));
    }
    (*item)->is_known = false;
    free((*item)->encoded);
    (*item)->encoded = NULL;
    (*item)->serial = ++shapes->serial;
    return (uint16_t)++shapes->shape_count;
}

struct shape *shapes_end(struct shapes *shapes, uint32_t at, enum shape_class class, uint32_t count)
{
    uint16_t *index = &shapes->nodes[at].shape[class];
    if (*index == 0 && (*index = add_shape(shapes)) == 0) {
        return NULL;
    }
    struct shape *shape = shapes->items[*index - 1];
    if (!shape->is_known) {
        shape->count = count;
    }
    return shape->count == count ? shape : NULL;
}

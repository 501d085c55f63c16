/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_SHAPES_H
#define CLEW_RECORD_SHAPES_H

/*
 * Shapes: what the lines of one logger have in common, kept from line to line.
 *
 * A logger writes the same names in the same order again and again; only the values differ. So the
 * bytes between one scalar value and the next (`,"trace_id":`) are remembered as a path of nodes. A
 * parser that stands behind a value asks shapes_find() whether one of the known runs of bytes is
 * what follows; if so, one compare has told punctuation, name, what the name means, and that it has
 * not been there before, for a path is only ever made of names that were found to be new.
 *
 *     parser                           shapes
 *        |---- shapes_begin() ----------->|   once a line
 *        |---- shapes_find() ------------>|   a node, or 0: the parser reads on by itself …
 *        |---- shapes_learn() ----------->|   … and says what it has read; 0: not kept
 *        |---- shapes_end() ------------->|   what is remembered of lines that took this path
 *
 * Where a path comes to depends on every name, on every container and on their order, never on a
 * scalar value or on what an array holds. Whatever follows from those alone need only be worked out
 * once: see struct shape in record/shape_answers.h.
 *
 * Everything is bounded: nodes, shapes, the children that are looked through, the bytes of a run.
 * What finds no place is read as if there were no shapes. Once it is full and more than a quarter
 * of the lines find no path, all is forgotten and learnt anew.
 */

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/slice.h"

/* What a value is to the path. What an array holds is no part of it. */
enum shape_class {
    SHAPE_SCALAR,
    SHAPE_OBJECT,
    SHAPE_ARRAY,
    SHAPE_CLASSES,
};

enum {
    SHAPE_RUN_BYTES = 40,
    /* Where paths begin. 0 is no node. */
    SHAPE_ROOT_JSON = 1,
    SHAPE_ROOT_LOGFMT,
    SHAPE_ROOTS_END,
};

/* One name: the bytes from the value before it to its own value. One cache line. */
struct shape_node {
    char run[SHAPE_RUN_BYTES];
    uint16_t key_id; /* this and the next two stand in a field as they do here */
    uint8_t kind;    /* FIELD_STRING, as most values are */
    uint8_t flags;
    uint16_t sibling; /* the next one to try */
    uint16_t child[SHAPE_CLASSES]; /* behind a value of this class: the first one to try */
    uint16_t shape[SHAPE_CLASSES]; /* of lines that end behind it, + 1 */
    uint8_t run_len;
    uint8_t key_at;
    uint8_t key_len;
    uint8_t closes; /* the first bytes of the run, this many, close a container each */
    uint8_t unused_bits; /* of the run's first word, where it is shorter than that */
    uint8_t room; /* bytes that are read to compare it: its length, at least eight */
};

struct counters;
struct shape;
struct shapes {
    struct counters *counters; /* of how often all was forgotten; NULL: nobody wants to know */
    struct shape_node *nodes;
    uint32_t node_count;
    uint32_t shape_count;
    uint64_t serial; /* of the last shape that was made; 0: there was none */
    struct shape **items;
    uint32_t lines;  /* since it was last looked at … */
    uint32_t misses; /* … and how many of them found no path */
    bool is_full;
};

struct shapes *shapes_new(void);
void shapes_free(struct shapes *shapes); /* NULL is fine */

/* A line begins: nodes and shapes of the lines before may be gone. */
void shapes_begin(struct shapes *shapes);

static inline uint64_t shape_load(const char *s)
{
    uint64_t word;
    memcpy(&word, s, sizeof(word));
    return word;
}

/* shape_is_here() where the node's room is not there: only `left` bytes are, fewer than eight. */
bool shape_is_near_end(const struct shape_node *node, const char *p, size_t left);

/* Whether the node's run stands at `p`, of which the node's room may be read. Two words that overlap
 * tell it of most; of a longer run all words are looked at, without a loop. */
static inline bool shape_is_here(const struct shape_node *node, const char *p)
{
    size_t n = node->run_len;
    uint64_t differs = shape_load(p) ^ shape_load(node->run);
    if (n <= 8) {
        return (le64toh(differs) << node->unused_bits) == 0;
    }
    differs |= shape_load(p + n - 8) ^ shape_load(node->run + n - 8);
    if (n > 16) {
        differs |= shape_load(p + 8) ^ shape_load(node->run + 8);
        if (n > 24) {
            differs |= shape_load(p + 16) ^ shape_load(node->run + 16);
            differs |= n > 32 ? shape_load(p + 24) ^ shape_load(node->run + 24) : 0;
        }
    }
    return differs == 0;
}

/* The node whose run stands at `p`, behind a value of class `class` at node `at`; NULL: none. The
 * pointer is good until the next shapes_learn(). */
static inline const struct shape_node *shapes_find(const struct shape_node *nodes,
                                                   const struct shape_node *at,
                                                   enum shape_class class, const char *p,
                                                   const char *end)
{
    size_t left = (size_t)(end - p);
    for (uint32_t i = at->child[class]; i != 0; i = nodes[i].sibling) {
        const struct shape_node *node = &nodes[i];
        if (__builtin_expect(left < node->room, 0)) {
            if (left >= node->run_len && shape_is_near_end(node, p, left)) {
                return node;
            }
        } else if (__builtin_expect(shape_is_here(node, p), 1)) {
            return node;
        }
    }
    return NULL;
}

/* What a parser has read by itself. */
struct shape_step {
    struct slice run; /* from behind the value before to the value */
    size_t key_at;
    size_t key_len;
    uint16_t key_id;
    uint8_t flags;
    uint8_t closes;
};

/* Keep a step behind `at`; its node, 0 when it is not kept. The name must be new in its object. */
uint32_t shapes_learn(struct shapes *shapes, uint32_t at, enum shape_class class,
                      const struct shape_step *step);

/*
 * What lines share that have `count` fields and end behind a value of `class` at node `at`; NULL:
 * nothing is kept for them. Good until the next shapes_begin(). For lines with one array at most (and
 * what that holds): then the count tells that every field has its place.
 */
struct shape *shapes_end(struct shapes *shapes, uint32_t at, enum shape_class class,
                         uint32_t count);

#endif

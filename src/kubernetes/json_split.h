/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_JSON_SPLIT_H
#define CLEW_KUBERNETES_JSON_SPLIT_H

/*
 * A stream of JSON objects, cut into pieces that are worth parsing one at a time.
 *
 * A list of pods is one object with a large array in it, a watch is one small object after the other.
 * Both come in bytes of any portion. Each element of the top-level array `items` is a piece of its
 * own, so a list of 250 pods never stands in memory whole; what is left of the object, with `items`
 * empty, is the piece that ends it. An object without `items` is one piece.
 *
 * Only strings and brackets are understood here; whether a piece is JSON is for the parser to say.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

enum json_piece {
    JSON_ITEM, /* an object that was an element of `items` */
    JSON_WHOLE, /* a top-level object, at its end; its `items` are empty */
};

struct json_split {
    struct buf item;
    struct buf whole;
    uint32_t depth;
    bool is_in_string;
    bool is_escaped;
    bool is_key;      /* the string at hand is a name of the top level … */
    bool expects_key; /* … and this one would be */
    bool is_items;    /* the last name of the top level was "items" */
    bool is_in_items;
    bool is_in_item;
    bool is_item_cut; /* larger than the limit: dropped to its end */
    bool is_whole_cut;
    bool is_broken;
    uint8_t key_len;
    char key[8];
};

/* `piece` is good during the call; empty with is_cut: it was larger than piece_bytes_max. */
typedef void json_piece_fn(void *context, enum json_piece kind, struct slice piece, bool is_cut);

void json_split_init(struct json_split *split, size_t piece_bytes_max);
void json_split_fini(struct json_split *split);

/* Begin again with a new stream; keeps the memory. */
void json_split_reset(struct json_split *split);

/* False: what comes is no stream of objects; nothing more is taken until the next reset. */
bool json_split_feed(struct json_split *split, struct slice bytes, json_piece_fn *take,
                     void *context);

/* No object is begun and not ended. */
bool json_split_is_between(const struct json_split *split);

#endif

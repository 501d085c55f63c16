/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_PROBE_ITEM_H
#define CLEW_SHIPPERS_PROBE_ITEM_H

/*
 * Records as a shipper has them in hand: maps, lists and texts, in the order written. A map may
 * hold a key twice, as Fluent Bit's may; item_get() gives the last one, as its accessors do.
 *
 * Values live in an arena, are never freed one by one, and have bounds: ITEM_NODES_MAX nodes in a
 * copy, ITEM_DEPTH_MAX deep. What is past them is cut off.
 *
 * The probes carry ids that occur nowhere else, so that what has become of them can be read off a
 * record: enum place is the answer.
 */

#include <stdbool.h>
#include "base/arena.h"
#include "base/slice.h"
#include "shippers/common/foreign.h"

enum {
    ITEM_NODES_MAX = 4096,
    ITEM_DEPTH_MAX = 16,
    ITEM_TEXT_BYTES_MAX = 1 << 16,
};

/* The ids of every probe. */
#define PROBE_TRACE_ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define PROBE_SPAN_ID "00f067aa0ba902b7"

enum item_kind {
    ITEM_TEXT,
    ITEM_MAP,
    ITEM_LIST,
    ITEM_OTHER, /* a number, true, false: no id is in it */
};

struct member {
    struct member *next;
    const char *key; /* "" in a list */
    struct item *value;
};

struct item {
    enum item_kind kind;
    const char *text; /* of ITEM_TEXT and ITEM_OTHER; NUL-terminated */
    struct member *first;
    struct member *last;
};

/* Where an id is in a record. */
enum place {
    PLACE_TRACE_FIELD = 1, /* it is the whole of a value */
    PLACE_TRACE_TOP = 2,   /* … at the top of the record */
    PLACE_TRACE_TEXT = 4,  /* it is within a longer text */
    PLACE_SPAN_FIELD = 8,
    PLACE_SPAN_TEXT = 16,
};

struct item *item_text(struct arena *arena, struct slice text); /* cut at ITEM_TEXT_BYTES_MAX */
struct item *item_string(struct arena *arena, const char *text);
struct item *item_map(struct arena *arena);

/* At the end, whatever is there under the same key. */
void item_add(struct arena *arena, struct item *map, const char *key, struct item *value);

/* In the place of the last one of that key, or at the end. */
void item_put(struct arena *arena, struct item *map, const char *key, struct item *value);

/* The last value of that key; NULL if `map` is NULL, no map, or has none. */
struct item *item_get(const struct item *map, const char *key);

/* Takes out every member of that key and gives the last of them, or NULL. */
struct item *item_remove(struct item *map, const char *key);

/* `path` is `a.b` or `a."b.c"`: takes out what is there, or puts a copy of it under the same path
 * of `to`. */
void item_remove_path(struct arena *arena, struct item *record, const char *path);
void item_copy_path(struct arena *arena, struct item *to, const struct item *from, const char *path);

/* Each one deep. */
struct item *item_copy(struct arena *arena, const struct item *value);

/* NULL if `text` is not one JSON object. What stands behind it is not looked at
 * when `may_trail`. */
struct item *item_from_json(struct arena *arena, struct slice text, bool may_trail);

/* The JSON text of a value. */
const char *item_to_json(struct arena *arena, const struct item *value);

/* The set of enum place of the ids. */
unsigned item_places(const struct item *value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/json_split.h"

/*
 * One byte at a time decides where a piece begins and ends; bytes are copied in runs. The run at hand
 * goes to `item` between the brackets of an element of `items`, to `whole` elsewhere; between two
 * elements there is nothing worth keeping.
 */

enum { DEPTH_MAX = 256 };

static const char items_key[] = "items";

void json_split_init(struct json_split *split, size_t piece_bytes_max)
{
    *split = (struct json_split){0};
    buf_init(&split->item, piece_bytes_max);
    buf_init(&split->whole, piece_bytes_max);
}

void json_split_fini(struct json_split *split)
{
    buf_fini(&split->item);
    buf_fini(&split->whole);
}

void json_split_reset(struct json_split *split)
{
    struct buf item = split->item;
    struct buf whole = split->whole;
    *split = (struct json_split){.item = item, .whole = whole};
    buf_clear(&split->item);
    buf_clear(&split->whole);
}

bool json_split_is_between(const struct json_split *split)
{
    return split->depth == 0 && !split->is_broken;
}

static void keep(struct json_split *split, const char *begin, const char *end)
{
    size_t len = (size_t)(end - begin);
    if (split->is_in_item) {
        split->is_item_cut = split->is_item_cut || !buf_append(&split->item, begin, len);
    } else if (split->depth > 0) {
        split->is_whole_cut = split->is_whole_cut || !buf_append(&split->whole, begin, len);
    }
}

static void note_key_byte(struct json_split *split, char c)
{
    if (split->key_len < sizeof(split->key)) {
        split->key[split->key_len++] = c;
    }
}

static void in_string(struct json_split *split, char c)
{
    if (split->is_escaped) {
        split->is_escaped = false;
        note_key_byte(split, '\\'); /* never part of a name that is looked for */
    } else if (c == '\\') {
        split->is_escaped = true;
    } else if (c == '"') {
        split->is_in_string = false;
        if (split->is_key) {
            split->is_items = slice_is_equal(slice_make(split->key, split->key_len),
                                             slice_make(items_key, sizeof(items_key) - 1));
        }
    } else if (split->is_key) {
        note_key_byte(split, c);
    }
}

static void open_string(struct json_split *split)
{
    split->is_in_string = true;
    split->is_key = split->depth == 1 && split->expects_key;
    split->expects_key = false;
    split->key_len = 0;
}

/* What `c` begins; `split->depth` counts it already. */
static void opened(struct json_split *split, char c)
{
    if (split->depth == 1) {
        split->expects_key = true;
    } else if (split->depth == 2) {
        split->is_in_items = c == '[' && split->is_items;
    }
}

static void give(struct json_split *split, enum json_piece kind, json_piece_fn *take, void *context)
{
    struct buf *buf = kind == JSON_ITEM ? &split->item : &split->whole;
    bool *is_cut = kind == JSON_ITEM ? &split->is_item_cut : &split->is_whole_cut;
    take(context, kind, *is_cut ? (struct slice){NULL, 0} : buf_slice(buf), *is_cut);
    buf_clear(buf);
    *is_cut = false;
}

static bool open_bracket(struct json_split *split, const char **run, const char *p)
{
    if ((split->depth == 0 && *p != '{') || split->depth >= DEPTH_MAX) {
        return false;
    }
    if (split->depth == 0 || (split->depth == 2 && split->is_in_items && *p == '{')) {
        keep(split, *run, p); /* the comma before an element: see close_bracket() */
        *run = p;
        split->is_in_item = split->depth == 2;
    }
    split->depth++;
    opened(split, *p);
    return true;
}

static bool close_bracket(struct json_split *split, const char **run, const char *p,
                          json_piece_fn *take, void *context)
{
    if (split->depth == 0) {
        return false;
    }
    bool ends_item = split->is_in_item && split->depth == 3;
    bool ends_whole = split->depth == 1;
    if (ends_item || ends_whole) {
        keep(split, *run, p + 1);
        *run = p + 1;
        give(split, ends_item ? JSON_ITEM : JSON_WHOLE, take, context);
        split->is_in_item = false;
    }
    split->depth--;
    if (split->depth == 1) {
        split->is_in_items = false;
    }
    return true;
}

/* Commas between elements that were given away are left out of the rest. */
static void comma(struct json_split *split, const char **run, const char *p)
{
    if (split->depth == 1) {
        split->expects_key = true;
    } else if (split->depth == 2 && split->is_in_items) {
        keep(split, *run, p);
        *run = p + 1;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool take_byte(struct json_split *split, const char **run, const char *p,
                      json_piece_fn *take, void *context)
{
    switch (*p) {
    case '"':
        open_string(split);
        return split->depth > 0;
    case '{':
    case '[':
        return open_bracket(split, run, p);
    case '}':
    case ']':
        return close_bracket(split, run, p, take, context);
    case ',':
        comma(split, run, p);
        return split->depth > 0;
    default:
        return split->depth > 0 || is_blank(*p);
    }
}

bool json_split_feed(struct json_split *split, struct slice bytes, json_piece_fn *take,
                     void *context)
{
    const char *run = bytes.data;
    const char *end = bytes.data + bytes.len;
    for (const char *p = bytes.data; p < end && !split->is_broken; p++) {
        if (split->is_in_string) {
            in_string(split, *p);
        } else if (!take_byte(split, &run, p, take, context)) {
            split->is_broken = true;
        }
    }
    if (!split->is_broken) {
        keep(split, run, end);
    }
    return !split->is_broken;
}

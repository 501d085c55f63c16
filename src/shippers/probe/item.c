/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/probe/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json_write.h"
#include "base/mem.h"

struct item *item_text(struct arena *arena, struct slice text)
{
    struct item *value = foreign_alloc(arena, sizeof(*value));
    if (text.len > ITEM_TEXT_BYTES_MAX) {
        text.len = ITEM_TEXT_BYTES_MAX;
    }
    value->text = foreign_copy(arena, text);
    return value;
}

struct item *item_string(struct arena *arena, const char *text)
{
    return item_text(arena, slice_from_string(text));
}

struct item *item_map(struct arena *arena)
{
    struct item *value = foreign_alloc(arena, sizeof(*value));
    value->kind = ITEM_MAP;
    return value;
}

void item_add(struct arena *arena, struct item *map, const char *key, struct item *value)
{
    struct member *member = foreign_alloc(arena, sizeof(*member));
    member->key = foreign_copy(arena, slice_from_string(key));
    member->value = value;
    if (map->last == NULL) {
        map->first = member;
    } else {
        map->last->next = member;
    }
    map->last = member;
}

static struct member *find(const struct item *map, const char *key)
{
    struct member *found = NULL;
    if (map == NULL || map->kind != ITEM_MAP) {
        return NULL;
    }
    for (struct member *m = map->first; m != NULL; m = m->next) {
        if (strcmp(m->key, key) == 0) {
            found = m;
        }
    }
    return found;
}

void item_put(struct arena *arena, struct item *map, const char *key, struct item *value)
{
    struct member *member = find(map, key);
    if (member != NULL) {
        member->value = value;
    } else {
        item_add(arena, map, key, value);
    }
}

struct item *item_get(const struct item *map, const char *key)
{
    struct member *member = find(map, key);
    return member != NULL ? member->value : NULL;
}

struct item *item_remove(struct item *map, const char *key)
{
    struct item *removed = NULL;
    if (map == NULL || map->kind != ITEM_MAP) {
        return NULL;
    }
    struct member **link = &map->first;
    map->last = NULL;
    while (*link != NULL) {
        if (strcmp((*link)->key, key) == 0) {
            removed = (*link)->value;
            *link = (*link)->next;
        } else {
            map->last = *link;
            link = &(*link)->next;
        }
    }
    return removed;
}

static struct item *copy(struct arena *arena, const struct item *value, unsigned depth,
                          unsigned *nodes)
{
    struct item *result = foreign_alloc(arena, sizeof(*result));
    result->kind = value->kind;
    result->text = value->text;
    if (depth >= ITEM_DEPTH_MAX) {
        return result;
    }
    for (const struct member *m = value->first; m != NULL; m = m->next) {
        if (++*nodes > ITEM_NODES_MAX) {
            break;
        }
        item_add(arena, result, m->key, copy(arena, m->value, depth + 1, nodes));
    }
    return result;
}

struct item *item_copy(struct arena *arena, const struct item *value)
{
    unsigned nodes = 0;
    return copy(arena, value, 0, &nodes);
}

/* ---- JSON out ---- */

static void write_json(struct buf *out, const struct item *value, unsigned depth)
{
    bool is_map = value->kind == ITEM_MAP;
    if (value->kind == ITEM_TEXT) {
        json_write_string(out, slice_from_string(value->text));
        return;
    }
    if (value->kind == ITEM_OTHER || depth >= ITEM_DEPTH_MAX) {
        buf_append_string(out, value->text != NULL ? value->text : "null");
        return;
    }
    buf_append_string(out, is_map ? "{" : "[");
    for (const struct member *m = value->first; m != NULL; m = m->next) {
        if (is_map) {
            json_write_string(out, slice_from_string(m->key));
            buf_append_string(out, ":");
        }
        write_json(out, m->value, depth + 1);
        if (m->next != NULL) {
            buf_append_string(out, ",");
        }
    }
    buf_append_string(out, is_map ? "}" : "]");
}

const char *item_to_json(struct arena *arena, const struct item *value)
{
    struct buf out;
    buf_init(&out, ITEM_TEXT_BYTES_MAX);
    write_json(&out, value, 0);
    const char *text = foreign_copy(arena, buf_slice(&out));
    buf_fini(&out);
    return text;
}

/* ---- where the ids are ---- */

static unsigned places_in_text(const char *text, unsigned depth)
{
    unsigned places = 0;
    if (strcmp(text, PROBE_TRACE_ID) == 0) {
        places |= PLACE_TRACE_FIELD | (depth <= 1 ? PLACE_TRACE_TOP : 0);
    } else if (strstr(text, PROBE_TRACE_ID) != NULL) {
        places |= PLACE_TRACE_TEXT;
    }
    if (strcmp(text, PROBE_SPAN_ID) == 0) {
        places |= PLACE_SPAN_FIELD;
    } else if (strstr(text, PROBE_SPAN_ID) != NULL) {
        places |= PLACE_SPAN_TEXT;
    }
    return places;
}

static unsigned places(const struct item *value, unsigned depth)
{
    unsigned set = 0;
    if (value == NULL || depth > ITEM_DEPTH_MAX) {
        return 0;
    }
    if (value->kind == ITEM_TEXT) {
        return places_in_text(value->text, depth);
    }
    for (const struct member *m = value->first; m != NULL; m = m->next) {
        set |= places(m->value, depth + 1);
    }
    return set;
}

unsigned item_places(const struct item *value)
{
    return places(value, 0);
}

/* ---- paths ---- */

/* The next key of a path such as `a.b` or `a."b.c"`; *path moves behind it. */
static const char *next_key(struct arena *arena, const char **path)
{
    const char *at = *path + (**path == '.' ? 1 : 0);
    bool is_quoted = *at == '"';
    at += is_quoted ? 1 : 0;
    size_t len = strcspn(at, is_quoted ? "\"" : ".");
    *path = at + len + (is_quoted && at[len] == '"' ? 1 : 0);
    return foreign_copy(arena, slice_make(at, len));
}

void item_remove_path(struct arena *arena, struct item *record, const char *path)
{
    while (record != NULL && *path != '\0') {
        const char *key = next_key(arena, &path);
        if (*path == '\0') {
            item_remove(record, key);
        }
        record = item_get(record, key);
    }
}

void item_copy_path(struct arena *arena, struct item *to, const struct item *from, const char *path)
{
    while (from != NULL && to->kind == ITEM_MAP && *path != '\0') {
        const char *key = next_key(arena, &path);
        struct item *next = item_get(to, key);
        from = item_get(from, key);
        if (from != NULL && *path == '\0') {
            item_put(arena, to, key, item_copy(arena, from));
        } else if (from != NULL && next == NULL) {
            next = item_map(arena);
            item_put(arena, to, key, next);
        }
        to = next != NULL ? next : to;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hits.h"

#define DEPTH_MAX 3

static struct field *search(const struct hits *hits, const struct key_hits *list, uint16_t after,
                            uint16_t *best)
{
    struct field *found = NULL;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct key_hit *hit = &list->items[i];
        if (hit->id > after && hit->id < *best) {
            *best = hit->id;
            found = &hits->fields->items[hit->field];
        }
    }
    return found;
}

struct field *hits_next(const struct hits *hits, uint16_t after, uint16_t last, uint16_t *out_id)
{
    uint16_t best = (uint16_t)(last + 1);
    struct field *found = search(hits, hits->top, after, &best);
    if (hits->nested != NULL) {
        struct field *nested = search(hits, hits->nested, after, &best);
        found = nested != NULL ? nested : found;
    }
    if (found != NULL) {
        *out_id = best;
    }
    return found;
}

struct field *hits_find(const struct hits *hits, uint16_t id)
{
    uint16_t found;
    return hits_next(hits, (uint16_t)(id - 1), id, &found);
}

/* Names that mean the same in any container of context; `app` or `name` may be anything there. */
static bool is_unmistakable(uint16_t id)
{
    return id == KEY_SERVICE_DOT_NAME || id == KEY_RESOURCE_SERVICE_NAME ||
           id == KEY_OTEL_SERVICE_NAME || id == KEY_SERVICE_NAME || id == KEY_DD_SERVICE ||
           id == KEY_SERVICE_NAMESPACE || id == KEY_LOG_LOGGER || id == KEY_SOURCE_CONTEXT;
}

struct walk {
    struct key_cache *cache;
    const struct fields *fields;
    struct key_hits *out;
};

static void add(struct walk *walk, uint16_t id, uint32_t field)
{
    if (walk->out->count < KEY_HITS_MAX) {
        walk->out->items[walk->out->count++] = (struct key_hit){id, field};
    }
}

static uint16_t look_up(struct walk *walk, const struct field *container, uint16_t container_id,
                        const struct field *member)
{
    uint16_t id = key_lookup_joined(walk->cache, field_key(container), field_key(member));
    if (id != KEY_UNKNOWN) {
        return id;
    }
    id = key_lookup(walk->cache, field_key(member));
    return container_id == KEY_RECORD || is_unmistakable(id) || key_holds(id) != 0 ? id
                                                                                   : KEY_UNKNOWN;
}

static void collect(struct walk *walk, uint32_t container, uint16_t container_id, int depth)
{
    const struct field *items = walk->fields->items;
    uint32_t end = items[container].next;
    for (uint32_t i = container + 1; i < end; i = items[i].next) {
        uint16_t id = look_up(walk, &items[container], container_id, &items[i]);
        if (id == KEY_UNKNOWN) {
            continue;
        }
        if (items[i].kind != FIELD_OBJECT) {
            add(walk, id, i);
        } else if (depth < DEPTH_MAX && (key_holds(id) & KEY_HOLDS_VALUES) != 0) {
            collect(walk, i, id, depth + 1);
        }
    }
}

void hits_collect_nested(struct key_cache *cache, struct fields *fields, const struct key_hits *top,
                         struct key_hits *out)
{
    struct walk walk = {cache, fields, out};
    out->count = 0;
    out->roles = 0;
    out->holds = 0;
    for (uint32_t i = 0; i < top->count; i++) {
        uint32_t field = top->items[i].field;
        if (fields->items[field].kind == FIELD_OBJECT &&
            (key_holds(top->items[i].id) & KEY_HOLDS_VALUES) != 0) {
            collect(&walk, field, top->items[i].id, 1);
        }
    }
}

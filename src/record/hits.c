/* SPDX-License-Identifier: Apache-2.0 */
#include "record/hits.h"

#define DEPTH_MAX 3

static void add(struct hits *hits, uint16_t id, uint32_t field)
{
    hits->present[id / 64] |= (uint64_t)1 << (id % 64);
    hits->slots[id] = field;
}

void hits_set(struct hits *hits, struct fields *fields, const struct key_hits *top)
{
    hits->fields = fields;
    memset(hits->present, 0, sizeof(hits->present));
    for (uint32_t i = top->count; i-- > 0;) {
        add(hits, top->items[i].id, top->items[i].field);
    }
}

/* A container is no value: what a deeper member says takes its place. */
static void add_nested(struct hits *hits, uint16_t id, uint32_t field)
{
    const struct field *known = hits_find(hits, id);
    if (known == NULL || known->kind == FIELD_OBJECT) {
        add(hits, id, field);
    }
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
    struct hits *hits;
};

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

/* Containers of code, errors and threads hold nothing that is looked for here. */
static bool may_hold(uint16_t id)
{
    return (key_holds(id) & KEY_HOLDS_VALUES) != 0 && id != KEY_SOURCE &&
           id != KEY_SOURCE_LOCATION && id != KEY_LOG_ORIGIN &&
           (id < KEY_THREAD_NAME || id > KEY_THROWN);
}

static void collect(struct walk *walk, uint32_t container, uint16_t container_id, int depth)
{
    const struct field *items = walk->hits->fields->items;
    uint32_t end = items[container].next;
    for (uint32_t i = container + 1; i < end; i = items[i].next) {
        uint16_t id = look_up(walk, &items[container], container_id, &items[i]);
        if (id == KEY_UNKNOWN) {
            continue;
        }
        if (items[i].kind != FIELD_OBJECT) {
            add_nested(walk->hits, id, i);
        } else if (depth < DEPTH_MAX && may_hold(id)) {
            collect(walk, i, id, depth + 1);
        }
    }
}

void hits_add_nested(struct hits *hits, struct key_cache *cache, const struct key_hits *top)
{
    struct walk walk = {cache, hits};
    for (uint32_t i = 0; i < top->count; i++) {
        uint32_t field = top->items[i].field;
        if (hits->fields->items[field].kind == FIELD_OBJECT && may_hold(top->items[i].id)) {
            collect(&walk, field, top->items[i].id, 1);
        }
    }
}

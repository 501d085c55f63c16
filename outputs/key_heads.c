/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/key_heads.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "core/extra_attributes.h"
#include "core/hits.h"
#include "outputs/otlp_wire.h"

enum {
    /* More than shapes are remembered at a time, whose serial numbers follow each other, so no two
     * that are in use meet in one slot. */
    SLOTS = 256,
    HEADS_MAX = 64, /* of a line; one with more is written the other way */
};

struct key_heads_cache {
    struct key_heads slots[SLOTS];
};

struct key_heads_cache *key_heads_cache_new(void)
{
    return mem_alloc(sizeof(struct key_heads_cache));
}

void key_heads_cache_free(struct key_heads_cache *cache)
{
    for (size_t i = 0; cache != NULL && i < SLOTS; i++) {
        free(cache->slots[i].items);
    }
    free(cache);
}

static void make(struct key_head *head, const struct field *field, uint32_t index)
{
    *head = (struct key_head){.field = index};
    if (field->key_len > KEY_HEAD_KEY_MAX) {
        return;
    }
    char *p = head->bytes;
    head->key_len = (uint8_t)field->key_len;
    head->len = (uint8_t)(KEY_HEAD_BEFORE + field->key_len + KEY_HEAD_BEHIND);
    head->text_below = (uint8_t)(0x80 - 6 - field->key_len); /* see is_short_key_value() */
    p[0] = TAG_RECORD_ATTRIBUTE;
    p[2] = TAG_KEY;
    p[3] = (char)field->key_len;
    memcpy(p + KEY_HEAD_BEFORE, field->key, field->key_len);
    p += KEY_HEAD_BEFORE + field->key_len;
    p[0] = TAG_VALUE;
    p[2] = TAG_ANY_STRING;
}

static void fill(struct key_heads *heads, const struct fields *fields)
{
    const struct field *items = fields->items;
    uint32_t count = 0;
    for (uint32_t i = 0; i < fields->count; i = items[i].next) {
        count++;
    }
    free(heads->items);
    *heads = (struct key_heads){.shape = fields->shape->serial};
    if (count > HEADS_MAX) {
        return;
    }
    heads->items = mem_array(count > 0 ? count : 1, sizeof(*heads->items));
    for (uint32_t i = 0; i < fields->count; i = items[i].next) {
        heads->may_be_extra |= extra_may_be(&items[i]);
        make(&heads->items[heads->count++], &items[i], i);
    }
}

const struct key_heads *key_heads_get(struct key_heads_cache *cache, const struct fields *fields)
{
    if (fields->shape == NULL) {
        return NULL;
    }
    struct key_heads *heads = &cache->slots[fields->shape->serial % SLOTS];
    if (heads->shape != fields->shape->serial) {
        fill(heads, fields);
    }
    return heads->items != NULL ? heads : NULL;
}

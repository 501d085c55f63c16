/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/key_heads.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "otlp/wire.h"
#include "record/extra_attributes.h"
#include "record/shape_answers.h"

enum {
    HEADS_MAX = 64, /* of a line; one with more is written the other way */
};

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

static struct key_heads *make_all(const struct fields *fields)
{
    const struct field *items = fields->items;
    size_t count = 0;
    for (uint32_t i = 0; i < fields->count; i = items[i].next) {
        count++;
    }
    count = count <= HEADS_MAX ? count : 0;
    struct key_heads *heads = mem_alloc(sizeof(*heads) + count * sizeof(heads->items[0]));
    for (uint32_t i = 0; heads->count < count; i = items[i].next) {
        heads->may_be_extra |= extra_may_be(&items[i]);
        make(&heads->items[heads->count++], &items[i], i);
    }
    return heads;
}

const struct key_heads *key_heads_get(const struct fields *fields)
{
    struct shape *shape = fields->shape;
    if (shape == NULL) {
        return NULL;
    }
    if (shape->encoded == NULL) {
        shape->encoded = make_all(fields);
    }
    const struct key_heads *heads = shape->encoded;
    return heads->count > 0 ? heads : NULL;
}

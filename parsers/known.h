/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_KNOWN_H
#define CLEW_PARSERS_KNOWN_H

/* The field that a known path (record/shapes.h) tells all about but its value. */

#include "record/fields.h"
#include "record/shapes.h"

/* Read first, then written: that is one word each time. */
static inline void known_describe(const struct shape_node *node, struct field *field)
{
    uint16_t key_id = node->key_id;
    uint8_t kind = node->kind;
    uint8_t flags = node->flags;
    field->key_id = key_id;
    field->kind = kind;
    field->flags = flags;
}

/* At the end of the table, for the run at `p`: a string, of which the caller sets the text, or
 * whatever else he makes of it. NULL at count_max. */
static inline struct field *known_add(struct fields *fields, const struct shape_node *node,
                                      const char *p)
{
    uint32_t count = fields->count;
    if (__builtin_expect(count == fields->cap, 0) && !fields_grow(fields)) {
        return NULL;
    }
    struct field *field = &fields->items[count++];
    fields->count = count;
    field->key = p + node->key_at;
    field->key_len = node->key_len;
    field->next = count;
    field->value.i = 0;
    known_describe(node, field);
    return field;
}

#endif

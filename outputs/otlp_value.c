/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/otlp_value.h"

#include <stdlib.h>
#include "base/mem.h"

enum { SIZES_FIRST = 64 };

/* The two things that `sizes` holds of a field. */
#define SIZE_MASK  UINT32_C(0x7FFFFFFF)
#define IS_ELEMENT UINT32_C(0x80000000) /* of an array: has no key on the wire */

void value_sizes_reserve(struct value_sizes *sizes, uint32_t count)
{
    if (count <= sizes->cap) {
        return;
    }
    uint32_t cap = sizes->cap < SIZES_FIRST ? SIZES_FIRST : sizes->cap;
    while (cap < count) {
        cap *= 2;
    }
    sizes->items = mem_resize(sizes->items, cap, sizeof(*sizes->items));
    sizes->cap = cap;
}

void value_sizes_fini(struct value_sizes *sizes)
{
    free(sizes->items);
    *sizes = (struct value_sizes){0};
}

static bool is_left_out(const struct field *field)
{
    return (field->flags & (FIELD_MOVED | FIELD_REMOVED)) != 0;
}

static bool is_container(const struct field *field)
{
    return field->kind == FIELD_OBJECT || field->kind == FIELD_ARRAY;
}

/* Too much stays too much on the way up: sums are of 64 bits, what is stored saturates. */
static uint32_t saturate(uint64_t size)
{
    return size > SIZE_MASK ? SIZE_MASK : (uint32_t)size;
}

static uint32_t scalar_size(const struct field *field)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_NULL:
        return 0;
    case FIELD_BOOL:
        return 2;
    case FIELD_INT:
        return 1 + (uint32_t)size_varint((uint64_t)field->value.i);
    case FIELD_DOUBLE:
        return 9;
    case FIELD_NUMBER:
    case FIELD_STRING:
    case FIELD_BYTES:
        return saturate(size_delimited(field->text_len));
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        break;
    }
    return 0;
}

/* From what is in `sizes` to the bytes of the whole AnyValue. */
static size_t any_size(const struct field *field, uint32_t size)
{
    size &= SIZE_MASK;
    return is_container(field) ? size_delimited(size) : size;
}

static uint64_t held_size(const struct fields *fields, uint32_t container,
                          struct value_sizes *sizes)
{
    const struct field *items = fields->items;
    bool is_array = items[container].kind == FIELD_ARRAY;
    uint64_t sum = 0;
    for (uint32_t i = container + 1; i < items[container].next; i = items[i].next) {
        if (is_left_out(&items[i])) {
            continue;
        }
        size_t any = any_size(&items[i], sizes->items[i]);
        sum += size_delimited(is_array ? any : size_key_value(items[i].key_len, any));
        sizes->items[i] |= is_array ? IS_ELEMENT : 0;
    }
    return sum;
}

static uint64_t size_container(const struct fields *fields, uint32_t index,
                               struct value_sizes *sizes)
{
    const struct field *items = fields->items;
    for (uint32_t i = items[index].next; i-- > index;) {
        sizes->items[i] = is_container(&items[i]) ? saturate(held_size(fields, i, sizes))
                                                  : scalar_size(&items[i]);
    }
    return size_delimited(sizes->items[index]);
}

uint64_t value_size(const struct fields *fields, uint32_t index, struct value_sizes *sizes)
{
    if (is_container(&fields->items[index])) {
        return size_container(fields, index, sizes);
    }
    sizes->items[index] = scalar_size(&fields->items[index]);
    return sizes->items[index];
}

uint64_t value_attributes_size(const struct fields *fields, struct value_sizes *sizes)
{
    const struct field *items = fields->items;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < fields->count; i = items[i].next) {
        if (!is_left_out(&items[i])) {
            sum += size_delimited(size_key_value(items[i].key_len, value_size(fields, i, sizes)));
        }
    }
    return sum;
}

/* What a container holds follows it in the table, and so on the wire. */
static inline char *put_own(char *p, const struct field *field, uint32_t size)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_NULL:
        return p;
    case FIELD_BOOL:
        p[0] = TAG_ANY_BOOL;
        p[1] = field->value.b ? 1 : 0;
        return p + 2;
    case FIELD_INT:
        *p = TAG_ANY_INT;
        return put_varint(p + 1, (uint64_t)field->value.i);
    case FIELD_DOUBLE: {
        uint64_t bits;
        memcpy(&bits, &field->value.d, sizeof(bits));
        *p = TAG_ANY_DOUBLE;
        return put_fixed64(p + 1, bits);
    }
    case FIELD_NUMBER:
    case FIELD_STRING:
        return put_delimited(p, TAG_ANY_STRING, field_text(field));
    case FIELD_BYTES:
        return put_delimited(p, TAG_ANY_BYTES, field_text(field));
    case FIELD_OBJECT:
        return put_head(p, TAG_ANY_KVLIST, size & SIZE_MASK);
    case FIELD_ARRAY:
        return put_head(p, TAG_ANY_ARRAY, size & SIZE_MASK);
    }
    return p;
}

/* The fields from `begin` to `end`, whatever their depth; `outer` are those at its top. */
static inline char *put_range(char *p, const struct fields *fields, uint32_t begin, uint32_t end,
                              enum otlp_tag outer, const struct value_sizes *sizes)
{
    const struct field *items = fields->items;
    uint32_t next_outer = begin;
    for (uint32_t i = begin; i < end;) {
        enum otlp_tag tag = i == next_outer ? outer : TAG_LIST_ITEM;
        next_outer = i == next_outer ? items[i].next : next_outer;
        if (is_left_out(&items[i])) {
            i = items[i].next;
            continue;
        }
        uint32_t size = sizes->items[i];
        size_t any = any_size(&items[i], size);
        p = (size & IS_ELEMENT) != 0 ? put_head(p, tag, any)
                                     : put_key_value_head(p, tag, field_key(&items[i]), any);
        p = put_own(p, &items[i], size);
        i++;
    }
    return p;
}

char *value_put(char *p, const struct fields *fields, uint32_t index,
                const struct value_sizes *sizes)
{
    const struct field *field = &fields->items[index];
    p = put_own(p, field, sizes->items[index]);
    return is_container(field) ? put_range(p, fields, index + 1, field->next, TAG_LIST_ITEM, sizes)
                               : p;
}

char *value_put_attributes(char *p, enum otlp_tag tag, const struct fields *fields,
                           const struct value_sizes *sizes)
{
    return put_range(p, fields, 0, fields->count, tag, sizes);
}

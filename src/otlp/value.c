/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/value.h"

#include <stdlib.h>
#include "base/mem.h"
#include "base/utf8.h"
#include "otlp/nesting.h"
#include "record/extra_attributes.h"

enum {
    SIZES_FIRST = 64,
    TEXTS_FIRST = 8,
    TEXT_BYTES_MAX = 1 << 30, /* more than any request takes */
};

/* The two things that `sizes` holds of a field. */
#define SIZE_MASK  UINT32_C(0x7FFFFFFF)
#define IS_ELEMENT UINT32_C(0x80000000) /* of an array: has no key on the wire */

void value_sizes_init(struct value_sizes *sizes, uint32_t levels)
{
    *sizes = (struct value_sizes){.levels = levels};
    buf_init(&sizes->text_bytes, TEXT_BYTES_MAX);
}

void value_sizes_reserve(struct value_sizes *sizes, uint32_t count)
{
    sizes->text_count = 0;
    sizes->text_next = 0;
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
    free(sizes->texts);
    buf_fini(&sizes->text_bytes);
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

/* Texts are most of what a log holds, and short: they come first. */
static inline uint32_t scalar_size(const struct field *field)
{
    enum field_kind kind = (enum field_kind)field->kind;
    if (kind == FIELD_STRING || kind == FIELD_BYTES || kind == FIELD_NUMBER) {
        return field->text_len < 0x80 ? field->text_len + 2
                                      : saturate(size_delimited(field->text_len));
    }
    if (kind == FIELD_INT) {
        return 1 + (uint32_t)size_varint((uint64_t)field->value.i);
    }
    return kind == FIELD_BOOL ? 2 : kind == FIELD_DOUBLE ? 9 : 0;
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

/* ---- what is nested too deep ---- */

static void add_text(const struct fields *fields, uint32_t index, struct value_sizes *sizes)
{
    if (sizes->text_count == sizes->text_cap) {
        sizes->text_cap = sizes->text_cap == 0 ? TEXTS_FIRST : sizes->text_cap * 2;
        sizes->texts = mem_resize(sizes->texts, sizes->text_cap, sizeof(*sizes->texts));
    }
    struct buf *out = &sizes->text_bytes;
    if (sizes->text_count == 0) {
        buf_clear(out);
        sizes->text_at = 0;
    }
    size_t begin = out->len;
    bool fits = nesting_write_text(fields->items, index, out);
    size_t len = out->len - begin;
    sizes->texts[sizes->text_count++] = (struct value_text){
        .field = index,
        .len = fits ? (uint32_t)len : SIZE_MASK, /* it is not put then */
        .is_utf8 = utf8_is_valid(out->data + begin, len),
    };
    sizes->cut++;
}

/* `levels`: how many of them may be here, the container at `index` included. A subtree is never deeper
 * than it has fields. */
static void cut(const struct fields *fields, uint32_t index, uint32_t levels,
                struct value_sizes *sizes)
{
    const struct field *items = fields->items;
    if (levels == 0) {
        add_text(fields, index, sizes);
        return;
    }
    for (uint32_t i = index + 1; i < items[index].next; i = items[i].next) {
        if (is_container(&items[i]) && !is_left_out(&items[i]) && items[i].next - i >= levels) {
            cut(fields, i, levels - 1, sizes);
        }
    }
}

/* As size_container(), with the texts from `first_text` on. */
static void size_with_texts(const struct fields *fields, uint32_t index, uint32_t first_text,
                            struct value_sizes *sizes)
{
    const struct field *items = fields->items;
    uint32_t text = sizes->text_count;
    for (uint32_t i = items[index].next; i-- > index;) {
        if (text > first_text && sizes->texts[text - 1].field == i) {
            sizes->items[i] = sizes->texts[--text].len;
        } else {
            sizes->items[i] = is_container(&items[i]) ? saturate(held_size(fields, i, sizes))
                                                      : scalar_size(&items[i]);
        }
    }
}

static bool is_cut(const struct value_sizes *sizes, uint32_t index)
{
    return sizes->text_next < sizes->text_count &&
           sizes->texts[sizes->text_next].field == index;
}

/* The AnyValue that stands for the container. */
static char *put_text(char *p, struct value_sizes *sizes)
{
    const struct value_text *text = &sizes->texts[sizes->text_next++];
    struct slice bytes = slice_make(sizes->text_bytes.data + sizes->text_at, text->len);
    sizes->text_at += text->len;
    return put_any_text(p, bytes, text->is_utf8);
}

/* ---- */

static __attribute__((noinline)) uint64_t size_container(const struct fields *fields, uint32_t index,
                               struct value_sizes *sizes)
{
    const struct field *items = fields->items;
    uint32_t first_text = sizes->text_count;
    if (items[index].next - index > sizes->levels) {
        cut(fields, index, sizes->levels, sizes);
    }
    if (sizes->text_count > first_text) {
        size_with_texts(fields, index, first_text, sizes);
        return size_delimited(sizes->items[index]);
    }
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

/* Of a whole attribute: tag and length, key, value. */
static inline uint64_t attribute_size(uint32_t key_len, uint64_t any)
{
    return is_short_key_value(key_len, any) ? key_len + any + 6
                                            : size_delimited(size_key_value(key_len, any));
}

uint64_t value_attributes_size(const struct fields *fields, struct value_sizes *sizes)
{
    const struct field *items = fields->items;
    uint32_t count = fields->count;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i = items[i].next) {
        if (is_left_out(&items[i])) {
            continue;
        }
        uint64_t any;
        if (is_container(&items[i])) {
            any = size_container(fields, i, sizes);
        } else {
            any = sizes->items[i] = scalar_size(&items[i]);
        }
        sum += attribute_size(items[i].key_len, any);
    }
    return sum;
}

static inline char *put_scalar(char *p, const struct field *field)
{
    enum field_kind kind = (enum field_kind)field->kind;
    if (kind == FIELD_STRING || kind == FIELD_BYTES || kind == FIELD_NUMBER) {
        return put_delimited(p, kind == FIELD_BYTES ? TAG_ANY_BYTES : TAG_ANY_STRING,
                             field_text(field));
    }
    if (kind == FIELD_INT) {
        *p = TAG_ANY_INT;
        return put_varint(p + 1, (uint64_t)field->value.i);
    }
    if (kind == FIELD_DOUBLE) {
        uint64_t bits;
        memcpy(&bits, &field->value.d, sizeof(bits));
        *p = TAG_ANY_DOUBLE;
        return put_fixed64(p + 1, bits);
    }
    if (kind == FIELD_BOOL) {
        p[0] = TAG_ANY_BOOL;
        p[1] = field->value.b ? 1 : 0;
        return p + 2;
    }
    return p;
}

/* What a container holds follows it in the table, and so on the wire. */
static inline char *put_own(char *p, const struct field *field, uint32_t size)
{
    if (is_container(field)) {
        enum otlp_tag tag = field->kind == FIELD_OBJECT ? TAG_ANY_KVLIST : TAG_ANY_ARRAY;
        return put_head(p, tag, size & SIZE_MASK);
    }
    return put_scalar(p, field);
}

/* The fields from `begin` to `end`, which a container holds, whatever their depth. */
static char *put_held(char *p, const struct fields *fields, uint32_t begin, uint32_t end,
                      struct value_sizes *sizes)
{
    const struct field *items = fields->items;
    for (uint32_t i = begin; i < end;) {
        if (is_left_out(&items[i])) {
            i = items[i].next;
            continue;
        }
        uint32_t size = sizes->items[i];
        size_t any = any_size(&items[i], size);
        p = (size & IS_ELEMENT) != 0
                ? put_head(p, TAG_LIST_ITEM, any)
                : put_key_value_head(p, TAG_LIST_ITEM, field_key(&items[i]), any);
        if (is_container(&items[i]) && is_cut(sizes, i)) {
            p = put_text(p, sizes);
            i = items[i].next;
            continue;
        }
        p = put_own(p, &items[i], size);
        i++;
    }
    return p;
}

static char *put_container(char *p, const struct fields *fields, uint32_t index,
                           struct value_sizes *sizes)
{
    const struct field *field = &fields->items[index];
    if (is_cut(sizes, index)) {
        return put_text(p, sizes);
    }
    p = put_own(p, field, sizes->items[index]);
    return put_held(p, fields, index + 1, field->next, sizes);
}

char *value_put(char *p, const struct fields *fields, uint32_t index, struct value_sizes *sizes)
{
    const struct field *field = &fields->items[index];
    return is_container(field) ? put_container(p, fields, index, sizes) : put_scalar(p, field);
}

char *value_put_attributes(char *p, enum otlp_tag tag, const struct fields *fields,
                           struct value_sizes *sizes)
{
    const struct field *items = fields->items;
    uint32_t count = fields->count;
    for (uint32_t i = 0; i < count; i = items[i].next) {
        if (is_left_out(&items[i])) {
            continue;
        }
        uint32_t size = sizes->items[i];
        p = put_key_value_head(p, tag, field_key(&items[i]), any_size(&items[i], size));
        p = is_container(&items[i]) ? put_container(p, fields, i, sizes)
                                    : put_scalar(p, &items[i]);
    }
    return p;
}

/* ------------------------------------------------------------------------------------------------
 * In one walk
 */

enum {
    COPY_BYTES = 32, /* what a short copy always moves, however short */
    SHORT_KEY_BYTES = 100, /* with any number behind it, each length takes one byte */
    SLACK_BYTES = 4 * COPY_BYTES, /* over key and text: heads, numbers, what a short copy overruns */
};

/* Where COPY_BYTES may be read from, wherever in it a text begins. */
struct roam {
    const char *begin;
    size_t len;
};

static inline char *put_near(char *p, const char *s, size_t n, const struct roam *roam)
{
    if (n <= COPY_BYTES && (size_t)((uintptr_t)s - (uintptr_t)roam->begin) < roam->len) {
        memcpy(p, s, COPY_BYTES);
        return p + n;
    }
    return put_bytes(p, s, n);
}

static inline char *put_four(char *p, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return put_fixed32(p, a | b << 8 | c << 16 | d << 24);
}

static inline bool is_text(const struct field *field)
{
    return field->kind == FIELD_STRING || field->kind == FIELD_BYTES || field->kind == FIELD_NUMBER;
}

/* Numbers and the like, whose key is short. */
static inline char *put_short_scalar(char *p, enum otlp_tag tag, const struct field *field,
                                     const struct roam *roam)
{
    uint32_t any = scalar_size(field);
    p = put_four(p, tag, field->key_len + any + 4, TAG_KEY, field->key_len);
    p = put_near(p, field->key, field->key_len, roam);
    p[0] = TAG_VALUE;
    p[1] = (char)any;
    return put_scalar(p + 2, field);
}

/* Of which each length takes one byte. */
static inline char *put_short_text(char *p, enum otlp_tag tag, const struct field *field,
                                   const struct roam *roam)
{
    uint32_t any = field->text_len + 2;
    uint32_t text = field->kind == FIELD_BYTES ? TAG_ANY_BYTES : TAG_ANY_STRING;
    p = put_four(p, tag, field->key_len + any + 4, TAG_KEY, field->key_len);
    p = put_near(p, field->key, field->key_len, roam);
    p = put_four(p, TAG_VALUE, any, text, field->text_len);
    return put_near(p, field->text, field->text_len, roam);
}

/* One of the two, with `tag` before it; NULL: it is neither. */
static inline char *put_short(char *p, enum otlp_tag tag, const struct field *field,
                              const struct roam *roam)
{
    if (is_text(field) && is_short_key_value(field->key_len, (size_t)field->text_len + 2)) {
        return put_short_text(p, tag, field, roam);
    }
    return field->kind < FIELD_NUMBER && field->key_len < SHORT_KEY_BYTES
               ? put_short_scalar(p, tag, field, roam)
               : NULL;
}

/* An object of such members, short enough itself that its lengths take one byte each; they are set
 * at its end. NULL: it is not. */
static char *put_short_object(char *p, const char *limit, const struct fields *fields,
                              uint32_t index, const struct roam *roam)
{
    const struct field *items = fields->items;
    const struct field *object = &items[index];
    if (object->kind != FIELD_OBJECT || object->key_len >= SHORT_KEY_BYTES ||
        limit - p < 4 * SLACK_BYTES) {
        return NULL;
    }
    char *begin = p;
    p = put_near(p + 4, object->key, object->key_len, roam);
    char *held = p + 4;
    p = held;
    for (uint32_t i = index + 1; i < object->next; i = items[i].next) {
        if (is_left_out(&items[i])) {
            continue;
        }
        p = p - held < 0x80 ? put_short(p, TAG_LIST_ITEM, &items[i], roam) : NULL;
        if (p == NULL) {
            return NULL;
        }
    }
    size_t len = (size_t)(p - held);
    if (!is_short_key_value(object->key_len, len + 2)) {
        return NULL;
    }
    put_four(held - 4, TAG_VALUE, (uint32_t)len + 2, TAG_ANY_KVLIST, (uint32_t)len);
    put_four(begin, TAG_RECORD_ATTRIBUTE, object->key_len + (uint32_t)len + 6, TAG_KEY,
             object->key_len);
    return p;
}

/* The same two, with the key as it stands ready. */
static inline char *put_headed_scalar(char *p, const struct field *field,
                                      const struct key_head *head)
{
    uint32_t any = scalar_size(field);
    memcpy(p, head->bytes, sizeof(head->bytes));
    p[1] = (char)(head->key_len + any + 4);
    p += head->len - KEY_HEAD_BEHIND;
    p[1] = (char)any;
    return put_scalar(p + 2, field);
}

static inline char *put_headed_text(char *p, const struct field *field,
                                    const struct key_head *head, const struct roam *roam)
{
    memcpy(p, head->bytes, sizeof(head->bytes));
    p[1] = (char)(head->key_len + field->text_len + 6);
    p += head->len;
    p[-3] = (char)(field->text_len + 2);
    p[-1] = (char)field->text_len;
    return put_near(p, field->text, field->text_len, roam);
}

static char *put_long(char *p, const char *limit, const struct fields *fields, uint32_t index,
                      struct value_sizes *sizes)
{
    const struct field *field = &fields->items[index];
    value_sizes_reserve(sizes, fields->count);
    uint64_t size = value_size(fields, index, sizes);
    if ((size_t)(limit - p) < size + field->key_len + SLACK_BYTES) {
        return NULL;
    }
    p = put_key_value_head(p, TAG_RECORD_ATTRIBUTE, field_key(field), size);
    return value_put(p, fields, index, sizes);
}

/* Any attribute. */
static inline char *put_attribute(char *p, const char *limit, const struct fields *fields,
                                  uint32_t index, const struct roam *roam,
                                  struct value_sizes *sizes)
{
    const struct field *field = &fields->items[index];
    if (limit - p < 2 * SLACK_BYTES) {
        return NULL;
    }
    char *end = put_short(p, TAG_RECORD_ATTRIBUTE, field, roam);
    end = end != NULL || sizes->levels == 0 ? end
                                            : put_short_object(p, limit, fields, index, roam);
    return end != NULL ? end : put_long(p, limit, fields, index, sizes);
}

static inline struct roam roam_in(struct slice line)
{
    return (struct roam){line.data, line.len >= COPY_BYTES ? line.len - COPY_BYTES + 1 : 0};
}

char *value_put_direct(char *p, const char *limit, const struct fields *fields, struct slice line,
                       struct value_sizes *sizes, bool *out_extra)
{
    const struct field *items = fields->items;
    const uint32_t count = fields->count;
    const struct roam roam = roam_in(line);
    bool has_extra = false;
    for (uint32_t i = 0; i < count; i = items[i].next) {
        if (is_left_out(&items[i])) {
            continue;
        }
        has_extra |= extra_may_be(&items[i]);
        if ((p = put_attribute(p, limit, fields, i, &roam, sizes)) == NULL) {
            return NULL;
        }
    }
    *out_extra = has_extra;
    return p;
}

char *value_put_headed(char *p, const char *limit, const struct fields *fields,
                       const struct key_heads *heads, struct slice line, struct value_sizes *sizes)
{
    const struct key_head *end = heads->items + heads->count;
    const struct roam roam = roam_in(line);
    for (const struct key_head *head = heads->items; head < end; head++) {
        const struct field *field = &fields->items[head->field];
        if (is_left_out(field)) {
            continue;
        }
        if (field->kind == FIELD_STRING && field->text_len < head->text_below &&
            limit - p >= 2 * SLACK_BYTES) {
            p = put_headed_text(p, field, head, &roam);
        } else if (field->kind < FIELD_NUMBER && head->len != 0 && limit - p >= 2 * SLACK_BYTES) {
            p = put_headed_scalar(p, field, head);
        } else if ((p = put_attribute(p, limit, fields, head->field, &roam, sizes)) == NULL) {
            return NULL;
        }
    }
    return p;
}

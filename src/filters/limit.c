/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `limit`: texts are cut where a character ends; attributes beyond the number are removed, which the
 * record says in its dropped_attributes_count.
 */

#include <stdlib.h>
#include "base/mem.h"
#include "filters/filter.h"

static void *make(const struct filter_settings *item, const struct filter_env *env,
                  char **out_error)
{
    (void)env;
    (void)out_error;
    if (item->limit == NULL) {
        return NULL;
    }
    struct limit_settings *limit = mem_alloc(sizeof(*limit));
    *limit = *item->limit;
    return limit;
}

/* The longest beginning of at most `max` bytes that does not cut a character in two. */
static size_t cut(const char *text, size_t len, size_t max, bool is_utf8)
{
    if (len <= max) {
        return len;
    }
    size_t at = max;
    while (is_utf8 && at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80) {
        at--;
    }
    return at;
}

static void cut_values(struct fields *fields, uint64_t max)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        struct field *field = &fields->items[i];
        if ((field->kind == FIELD_STRING || field->kind == FIELD_BYTES) && field->text_len > max &&
            (field->flags & FIELD_MOVED) == 0) {
            field->text_len =
                (uint32_t)cut(field->text, field->text_len, max, field->kind == FIELD_STRING);
        }
    }
}

static void cut_number(struct record *record, uint64_t max)
{
    struct fields *fields = &record->fields;
    uint64_t count = 0;
    for (uint32_t i = 0; i < fields->count; i = fields->items[i].next) {
        bool is_attribute = (fields->items[i].flags & (FIELD_REMOVED | FIELD_MOVED)) == 0;
        if (is_attribute && ++count > max) {
            fields->items[i].flags |= FIELD_REMOVED;
            record->dropped_attributes++;
        }
    }
}

static enum filter_result apply(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct limit_settings *limit = data;
    if (limit->value_bytes > 0) {
        cut_values(&record->fields, limit->value_bytes);
    }
    if (limit->body_bytes > 0 && record->has_body_text) {
        record->body_text.len =
            cut(record->body_text.data, record->body_text.len, limit->body_bytes, true);
    }
    if (limit->attributes > 0) {
        cut_number(record, limit->attributes);
    }
    return FILTER_DONE;
}

static void free_limit(void *data)
{
    free(data);
}

const struct filter_kind filter_limit = {"limit", make, apply, free_limit};

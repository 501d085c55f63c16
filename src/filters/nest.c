/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `nest` and `lift`: top-level fields into an object, and the members of an object out of it. Either is
 * a copy to the new place and a mark at the old one.
 */

#include <stdlib.h>
#include "base/mem.h"
#include "filters/edit.h"
#include "filters/filter.h"
#include "filters/name.h"

struct nest {
    const struct nest_settings *settings;
    struct slice under;
};

static void *make_nest(const struct filter_settings *item, const struct filter_env *env,
                       char **out_error)
{
    (void)env;
    (void)out_error;
    if (item->nest == NULL) {
        return NULL;
    }
    struct nest *nest = mem_alloc(sizeof(*nest));
    nest->settings = item->nest;
    nest->under = slice_from_string(item->nest->under);
    return nest;
}

/* How much of its name a chosen field loses. */
static bool is_chosen(const struct nest *nest, const struct field *field, size_t *out_strip)
{
    const struct nest_settings *settings = nest->settings;
    struct slice key = field_key(field);
    *out_strip = 0;
    if ((field->flags & (FIELD_REMOVED | FIELD_MOVED)) != 0 || slice_is_equal(key, nest->under)) {
        return false;
    }
    for (size_t i = 0; i < settings->names.count; i++) {
        if (slice_is_equal(key, slice_from_string(settings->names.items[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < settings->prefixes.count; i++) {
        struct slice prefix = slice_from_string(settings->prefixes.items[i]);
        if (slice_has_prefix(key, prefix)) {
            *out_strip = settings->strip_prefix && key.len > prefix.len ? prefix.len : 0;
            return true;
        }
    }
    return false;
}

/* The object is behind all that goes into it, or they move apart: places are looked at anew. */
static enum filter_result apply_nest(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct nest *nest = data;
    struct fields *fields = &record->fields;
    for (uint32_t i = 0; i < fields->count; i = fields->items[i].next) {
        size_t strip;
        if (!is_chosen(nest, &fields->items[i], &strip)) {
            continue;
        }
        uint32_t object = edit_object(record, nest->under);
        struct slice key = slice_skip(field_key(&fields->items[i]), strip);
        uint32_t len = fields->items[i].next - i;
        if (object == NO_FIELD || !edit_add_copy(record, object, key, NULL, i)) {
            return FILTER_FAILED;
        }
        i += object < i ? len : 0; /* it made room in front of this one */
        fields->items[i].flags |= FIELD_REMOVED;
    }
    return FILTER_DONE;
}

/* ---- lift ---- */

struct lift {
    struct name from;
    struct slice prefix;
};

static void *make_lift(const struct filter_settings *item, const struct filter_env *env,
                       char **out_error)
{
    (void)env;
    (void)out_error;
    if (item->lift == NULL) {
        return NULL;
    }
    struct lift *lift = mem_alloc(sizeof(*lift));
    lift->from = name_make(item->lift->from, env->index);
    lift->prefix = slice_from_string(item->lift->prefix);
    return lift;
}

/* The key with the prefix in front of it; no data: the arena is full. */
static struct slice prefixed(struct record *record, struct slice prefix, struct slice key)
{
    if (prefix.len == 0) {
        return key;
    }
    char *text = arena_alloc(record->arena, prefix.len + key.len);
    if (text != NULL) {
        memcpy(text, prefix.data, prefix.len);
        memcpy(text + prefix.len, key.data, key.len);
    }
    return slice_make(text, prefix.len + key.len);
}

/* The object goes first, so that a member of its name takes its place. */
static enum filter_result apply_lift(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct lift *lift = data;
    struct fields *fields = &record->fields;
    uint32_t object = name_find(&lift->from, fields);
    if (object == NO_FIELD || fields->items[object].kind != FIELD_OBJECT) {
        return FILTER_DONE;
    }
    uint32_t home = edit_parent(fields, object);
    uint8_t flags = fields->items[object].flags;
    fields->items[object].flags |= FIELD_REMOVED;
    for (uint32_t i = object + 1; i < fields->items[object].next; i = fields->items[i].next) {
        if ((fields->items[i].flags & FIELD_REMOVED) != 0) {
            continue;
        }
        struct slice key = prefixed(record, lift->prefix, field_key(&fields->items[i]));
        if (key.data == NULL || !edit_add_copy(record, home, key, NULL, i)) {
            fields->items[object].flags = flags;
            return FILTER_FAILED;
        }
    }
    return FILTER_DONE;
}

static uint64_t lift_needs(const void *data)
{
    return name_bit(&((const struct lift *)data)->from);
}

static void free_plain(void *data)
{
    free(data);
}

const struct filter_kind filter_nest = {"nest", make_nest, apply_nest, free_plain};
const struct filter_kind filter_lift = {"lift", make_lift, apply_lift, free_plain, lift_needs};

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `nest` and `lift`: top-level fields into an object, and the members of an object out of it.
 *
 * Either moves fields about within the table, all of them at once: it costs one walk, whatever their
 * number, and needs no room but for an object that was not there. So there is none that went while
 * another had to stay.
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

static bool has_chosen(const struct nest *nest, const struct fields *fields)
{
    size_t strip;
    for (uint32_t i = 0; i < fields->count; i = fields->items[i].next) {
        if (is_chosen(nest, &fields->items[i], &strip)) {
            return true;
        }
    }
    return false;
}

/* Fields that have been put one behind the other. */
struct run {
    struct field *items;
    uint32_t count;
};

/* The subtree goes to the end of the run; `next` counts from the run's beginning. */
static void append(struct run *run, const struct field *subtree, uint32_t index)
{
    uint32_t len = subtree->next - index;
    struct field *place = run->items + run->count;
    memmove(place, subtree, len * sizeof(*place));
    for (uint32_t i = 0; i < len; i++) {
        place[i].next += run->count - index;
    }
    run->count += len;
}

/* All that is chosen goes behind the rest, under its new names: the index of the first. */
static uint32_t bring_to_end(const struct nest *nest, struct record *record)
{
    struct fields *fields = &record->fields;
    struct run kept = {fields->items, 0};
    struct run chosen = {fields_spare(fields), 0};
    uint32_t body = record->body_field;
    bool body_is_chosen = false;
    size_t strip;
    uint32_t next;
    for (uint32_t i = 0; i < fields->count; i = next) {
        struct field *field = &fields->items[i];
        bool goes = is_chosen(nest, field, &strip);
        struct run *run = goes ? &chosen : &kept;
        next = field->next;
        if (record->body_field >= i && record->body_field < next) {
            body = record->body_field - i + run->count;
            body_is_chosen = goes;
        }
        if (goes) {
            edit_name_field(fields, i, slice_skip(field_key(field), strip));
        }
        append(run, field, i);
    }
    memcpy(fields->items + kept.count, chosen.items, chosen.count * sizeof(*chosen.items));
    for (uint32_t i = kept.count; i < fields->count; i++) {
        fields->items[i].next += kept.count;
    }
    record->body_field = body + (body_is_chosen ? kept.count : 0);
    return kept.count;
}

static enum filter_result apply_nest(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct nest *nest = data;
    struct fields *fields = &record->fields;
    if (!has_chosen(nest, fields)) {
        return FILTER_DONE;
    }
    if (edit_object(record, nest->under) == NO_FIELD) {
        return FILTER_FAILED;
    }
    name_index_move(fields->index);
    uint32_t chosen = bring_to_end(nest, record);
    uint32_t object = edit_object(record, nest->under); /* which has moved */
    edit_rotate(record, fields->items[object].next, chosen, fields->count);
    fields->items[object].next += fields->count - chosen;
    fields_keep_last(fields, object);
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

/* The members' names, where they do not stay as they are, one behind the other. NULL: no room. */
static char *make_names(const struct lift *lift, struct record *record, uint32_t object)
{
    const struct field *items = record->fields.items;
    size_t len = 1;
    for (uint32_t i = object + 1; i < items[object].next; i = items[i].next) {
        len += lift->prefix.len + items[i].key_len;
    }
    return arena_alloc(record->arena, lift->prefix.len > 0 ? len : 1);
}

static void name_members(const struct lift *lift, struct record *record, uint32_t object,
                         char *names)
{
    struct fields *fields = &record->fields;
    for (uint32_t i = object + 1; i < fields->items[object].next; i = fields->items[i].next) {
        struct slice key = field_key(&fields->items[i]);
        if ((fields->items[i].flags & FIELD_REMOVED) != 0) {
            continue;
        }
        if (lift->prefix.len > 0) {
            memcpy(names, lift->prefix.data, lift->prefix.len);
            memcpy(names + lift->prefix.len, key.data, key.len);
            key = slice_make(names, lift->prefix.len + key.len);
            names += key.len;
        }
        edit_name_field(fields, i, key);
    }
}

/* The object is removed first, so that a member of its name takes its place. */
static enum filter_result apply_lift(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct lift *lift = data;
    struct fields *fields = &record->fields;
    uint32_t object = name_find(&lift->from, fields);
    if (object == NO_FIELD || fields->items[object].kind != FIELD_OBJECT) {
        return FILTER_DONE;
    }
    char *names = make_names(lift, record, object);
    if (names == NULL) {
        return FILTER_FAILED;
    }
    name_members(lift, record, object, names);
    uint32_t home = edit_parent(fields, object);
    uint32_t home_end = home == NO_FIELD ? fields->count : fields->items[home].next;
    uint32_t members_end = fields->items[object].next;
    fields->items[object].flags |= FIELD_REMOVED;
    fields->items[object].next = object + 1;
    edit_rotate(record, object + 1, members_end, home_end);
    fields_keep_last(fields, home);
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

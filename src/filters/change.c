/* SPDX-License-Identifier: Apache-2.0 */

/* `rename`, `copy` and `move`: pairs of names, one after the other. */

#include <stdlib.h>
#include "base/mem.h"
#include "filters/edit.h"
#include "filters/filter.h"
#include "filters/name.h"

struct pair {
    struct name from;
    struct name to;
    uint32_t key; /* of a rename: `to` as a key of the top level, in the chain's index */
};

struct change {
    const struct settings *settings;
    struct pair *pairs;
    size_t count;
};

static void *make_change(const struct key_value_list *list, const struct filter_env *env)
{
    if (list->count == 0) {
        return NULL;
    }
    struct change *change = mem_alloc(sizeof(*change));
    change->settings = env->tools->settings;
    change->pairs = mem_array(list->count, sizeof(*change->pairs));
    for (; change->count < list->count; change->count++) {
        change->pairs[change->count].from =
            name_make(list->items[change->count].key, env->index);
        change->pairs[change->count].to =
            name_make(list->items[change->count].value, env->index);
    }
    return change;
}

/* Without any of the first names nothing is done. */
static uint64_t change_needs(const void *data)
{
    const struct change *change = data;
    uint64_t bits = 0;
    for (size_t i = 0; i < change->count; i++) {
        bits |= name_bit(&change->pairs[i].from);
    }
    return bits;
}

static void free_change(void *data)
{
    struct change *change = data;
    free(change->pairs);
    free(change);
}

/* ---- rename ---- */

static void *make_rename(const struct filter_settings *item, const struct filter_env *env,
                         char **out_error)
{
    (void)out_error;
    struct change *change = make_change(&item->rename, env);
    for (size_t i = 0; change != NULL && i < change->count; i++) {
        struct pair *pair = &change->pairs[i];
        pair->key = name_index_add_key(env->index, slice_make(pair->to.text, pair->to.len));
    }
    return change;
}

/* In its place, and in the object where it is: the new name is taken as it is written. */
static void rename_one(struct record *record, const struct pair *pair)
{
    uint32_t index = name_find(&pair->from, &record->fields);
    if (index == NO_FIELD) {
        return;
    }
    struct slice key = slice_make(pair->to.text, pair->to.len);
    uint32_t parent = pair->from.has_dot ? edit_parent(&record->fields, index) : NO_FIELD;
    if (parent != NO_FIELD || name_index_has(record->fields.index, pair->key)) {
        edit_remove_others(record, parent, key, index);
    }
    struct field *field = &record->fields.items[index];
    name_index_forget(record->fields.index, pair->from.number);
    name_index_note(record->fields.index, key);
    field->key = key.data;
    field->key_len = (uint32_t)key.len;
    field->key_id = 0;
    field->flags &= (uint8_t)~FIELD_NAMED;
}

static enum filter_result rename_all(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct change *change = data;
    for (size_t i = 0; i < change->count; i++) {
        rename_one(record, &change->pairs[i]);
    }
    return FILTER_DONE;
}

/* ---- copy and move ---- */

static void *make_copy(const struct filter_settings *item, const struct filter_env *env,
                       char **out_error)
{
    (void)out_error;
    return make_change(&item->copy, env);
}

static enum filter_result copy_all(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct change *change = data;
    bool is_good = true;
    for (size_t i = 0; i < change->count; i++) {
        struct value value;
        if (value_read(&change->pairs[i].from, record, change->settings, &value)) {
            is_good = edit_set(record, &change->pairs[i].to, &value) && is_good;
        }
    }
    return is_good ? FILTER_DONE : FILTER_FAILED;
}

static void *make_move(const struct filter_settings *item, const struct filter_env *env,
                       char **out_error)
{
    (void)out_error;
    return make_change(&item->move, env);
}

/* The old place is taken away first, so that the new one may lie in it or around it. */
static bool move_field(struct record *record, const struct pair *pair, const struct value *value)
{
    uint8_t flags = record->fields.items[value->field].flags;
    record->fields.items[value->field].flags |= FIELD_REMOVED;
    bool is_good = edit_set(record, &pair->to, value);
    if (!is_good) {
        record->fields.items[value->field].flags = flags;
    }
    return is_good;
}

static bool move_own(struct record *record, const struct pair *pair, const struct value *value)
{
    bool is_good = pair->to.own == pair->from.own || edit_set(record, &pair->to, value);
    if (is_good && pair->to.own != pair->from.own) {
        edit_remove_own(record, pair->from.own);
    }
    return is_good;
}

static enum filter_result move_all(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct change *change = data;
    bool is_good = true;
    for (size_t i = 0; i < change->count; i++) {
        const struct pair *pair = &change->pairs[i];
        struct value value;
        if (value_read(&pair->from, record, change->settings, &value)) {
            is_good = (pair->from.own == OWN_NONE ? move_field : move_own)(record, pair, &value) &&
                      is_good;
        }
    }
    return is_good ? FILTER_DONE : FILTER_FAILED;
}

const struct filter_kind filter_rename = {"rename", make_rename, rename_all, free_change, change_needs};
const struct filter_kind filter_copy = {"copy", make_copy, copy_all, free_change, change_needs};
const struct filter_kind filter_move = {"move", make_move, move_all, free_change, change_needs};

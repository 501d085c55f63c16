/* SPDX-License-Identifier: Apache-2.0 */

/* `convert`: other types for fields. One that does not convert stays as it is. */

#include <stdlib.h>
#include "base/mem.h"
#include "filters/edit.h"
#include "filters/filter.h"
#include "filters/scalar.h"

struct conversion {
    struct name name;
    enum scalar_type type;
};

struct convert {
    const struct settings *settings;
    struct conversion *items;
    size_t count;
};

static void *make(const struct filter_settings *item, const struct filter_env *env,
                  char **out_error)
{
    (void)out_error;
    const struct key_value_list *list = &item->convert;
    if (list->count == 0) {
        return NULL;
    }
    struct convert *convert = mem_alloc(sizeof(*convert));
    convert->settings = env->tools->settings;
    convert->items = mem_array(list->count, sizeof(*convert->items));
    for (; convert->count < list->count; convert->count++) {
        struct conversion *conversion = &convert->items[convert->count];
        conversion->name = name_make(list->items[convert->count].key, env->index);
        conversion->type = scalar_type_find(list->items[convert->count].value);
        ENSURE(conversion->type != SCALAR_TYPES); /* the config's reader knows them too */
    }
    return convert;
}

/* A field that has become the body or an id is no attribute: there is nothing to convert. */
static bool convert_one(const struct convert *convert, const struct conversion *conversion,
                        struct record *record)
{
    struct value value;
    if (!value_read(&conversion->name, record, convert->settings, &value) ||
        (record->fields.items[value.field].flags & FIELD_MOVED) != 0) {
        return true;
    }
    return scalar_convert(&value, conversion->type) &&
           edit_set(record, &conversion->name, &value);
}

static enum filter_result apply(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct convert *convert = data;
    bool is_good = true;
    for (size_t i = 0; i < convert->count; i++) {
        is_good = convert_one(convert, &convert->items[i], record) && is_good;
    }
    return is_good ? FILTER_DONE : FILTER_FAILED;
}

static uint64_t needs(const void *data)
{
    const struct convert *convert = data;
    uint64_t bits = 0;
    for (size_t i = 0; i < convert->count; i++) {
        bits |= name_bit(&convert->items[i].name);
    }
    return bits;
}

static void free_convert(void *data)
{
    struct convert *convert = data;
    free(convert->items);
    free(convert);
}

const struct filter_kind filter_convert = {"convert", make, apply, free_convert, needs};

/* SPDX-License-Identifier: Apache-2.0 */

/* `set` and `add`: values for names, one after the other. */

#include <stdlib.h>
#include "base/mem.h"
#include "filters/edit.h"
#include "filters/filter.h"
#include "filters/template.h"

struct assignment {
    struct name name;
    struct template *value;
};

struct set {
    const struct settings *settings;
    struct assignment *items;
    size_t count;
    bool only_missing;
};

static void free_set(void *data)
{
    struct set *set = data;
    for (size_t i = 0; i < set->count; i++) {
        template_free(set->items[i].value);
    }
    free(set->items);
    free(set);
}

static void *make(const struct named_constant_list *list, const struct filter_env *env,
                  bool only_missing, char **out_error)
{
    if (list->count == 0) {
        return NULL;
    }
    struct set *set = mem_alloc(sizeof(*set));
    set->settings = env->tools->settings;
    set->only_missing = only_missing;
    set->items = mem_array(list->count, sizeof(*set->items));
    for (; set->count < list->count; set->count++) {
        struct assignment *item = &set->items[set->count];
        const struct named_constant *from = &list->items[set->count];
        item->name = name_make(from->name, env->index);
        item->value = template_new(&from->value, env->index, out_error);
        if (item->value == NULL) {
            free_set(set);
            return NULL;
        }
    }
    return set;
}

static void *make_set(const struct filter_settings *item, const struct filter_env *env,
                      char **out_error)
{
    return make(&item->set, env, false, out_error);
}

static void *make_add(const struct filter_settings *item, const struct filter_env *env,
                      char **out_error)
{
    return make(&item->add, env, true, out_error);
}

/* What names something that is not there sets nothing. */
static bool assign(const struct set *set, const struct assignment *item, struct record *record)
{
    struct value value;
    if (set->only_missing && value_read(&item->name, record, set->settings, &value)) {
        return true;
    }
    enum template_result result = template_make(item->value, record, set->settings, &value);
    return result == TEMPLATE_MISSING ||
           (result == TEMPLATE_OK && edit_set(record, &item->name, &value));
}

static enum filter_result apply(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct set *set = data;
    bool is_good = true;
    for (size_t i = 0; i < set->count; i++) {
        is_good = assign(set, &set->items[i], record) && is_good;
    }
    return is_good ? FILTER_DONE : FILTER_FAILED;
}

const struct filter_kind filter_set = {"set", make_set, apply, free_set};
const struct filter_kind filter_add = {"add", make_add, apply, free_set};

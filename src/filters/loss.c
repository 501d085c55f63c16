/* SPDX-License-Identifier: Apache-2.0 */

/* What a config says that would cost every record its ids, or everything: told before it runs. */

#include <string.h>
#include "base/mem.h"
#include "filters/filters.h"
#include "record/own_value.h"

static bool is_id(const char *name)
{
    enum own_value own = own_value_find(slice_from_string(name));
    return own == OWN_TRACE_ID || own == OWN_SPAN_ID;
}

static bool is_always(const struct condition_settings *condition)
{
    return condition != NULL && condition->kind == CONDITION_ALL && condition->count == 0;
}

static char *find_removed_id(const struct filter_settings *item)
{
    const struct remove_settings *remove = item->remove;
    for (size_t i = 0; remove != NULL && i < remove->names.count; i++) {
        if (is_id(remove->names.items[i])) {
            return mem_format("removes %s from every record", remove->names.items[i]);
        }
    }
    for (size_t i = 0; i < item->move.count; i++) {
        if (is_id(item->move.items[i].key)) {
            return mem_format("moves %s away from every record", item->move.items[i].key);
        }
    }
    return NULL;
}

/* The same id for every record is none. */
static char *find_constant_id(const struct named_constant_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_id(list->items[i].name) && strstr(list->items[i].value.text, "%{") == NULL) {
            return mem_format("gives every record the same %s", list->items[i].name);
        }
    }
    return NULL;
}

char *filter_find_loss(const struct filter_settings *item)
{
    if (is_always(item->drop)) {
        return item->when == NULL ? mem_string("drops every record") : NULL;
    }
    if (item->sample != NULL && item->sample->ratio == 0.0 && item->when == NULL) {
        return mem_string("drops every record that has a trace id");
    }
    char *loss = find_removed_id(item);
    loss = loss != NULL ? loss : find_constant_id(&item->set);
    return loss != NULL ? loss : find_constant_id(&item->add);
}

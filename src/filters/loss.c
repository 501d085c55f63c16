/* SPDX-License-Identifier: Apache-2.0 */

/* What a config says that would cost every record its ids, or everything: told before it runs. */

#include <stdlib.h>
#include "base/mem.h"
#include "core/own_value.h"
#include "filters/filters.h"

/* The first of the names that is an id of the record's own; NULL if there is none. */
static const char *find_id(const struct string_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        enum own_value own = own_value_find(slice_from_string(names->items[i]));
        if (own == OWN_TRACE_ID || own == OWN_SPAN_ID) {
            return names->items[i];
        }
    }
    return NULL;
}

static bool is_always(const struct condition_settings *condition)
{
    return condition != NULL && condition->kind == CONDITION_ALL && condition->count == 0;
}

static char *find(const struct filter_settings *item)
{
    if (is_always(item->drop)) {
        return mem_string("drops every record");
    }
    const char *id = item->remove != NULL ? find_id(&item->remove->names) : NULL;
    return id != NULL ? mem_format("removes %s from every record", id) : NULL;
}

char *filter_find_loss(const struct filter_settings *item)
{
    char *loss = find(item);
    if (loss != NULL && item->drop != NULL && item->when != NULL) {
        free(loss);
        return NULL; /* a drop with a condition is what filters are for */
    }
    return loss;
}

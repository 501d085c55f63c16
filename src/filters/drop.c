/* SPDX-License-Identifier: Apache-2.0 */

/* `drop` and `keep`: a condition that decides about the whole record. An unknown one loses none. */

#include <stddef.h>
#include "filters/condition.h"
#include "filters/filter.h"

static void *make_drop(const struct filter_settings *item, const struct filter_env *env,
                       char **out_error)
{
    (void)out_error;
    return item->drop != NULL ? condition_new(item->drop, env, "the record stays") : NULL;
}

static enum filter_result drop(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    return condition_ask(data, record) == TRUTH_YES ? FILTER_DROPPED : FILTER_DONE;
}

static uint64_t drop_needs(const void *data)
{
    return condition_needs(data);
}

static void *make_keep(const struct filter_settings *item, const struct filter_env *env,
                       char **out_error)
{
    (void)out_error;
    return item->keep != NULL ? condition_new(item->keep, env, "the record stays") : NULL;
}

static enum filter_result keep(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    return condition_ask(data, record) == TRUTH_NO ? FILTER_DROPPED : FILTER_DONE;
}

static void free_condition(void *data)
{
    condition_free(data);
}

const struct filter_kind filter_drop = {"drop", make_drop, drop, free_condition, drop_needs, true};
const struct filter_kind filter_keep = {"keep", make_keep, keep, free_condition, NULL, true};

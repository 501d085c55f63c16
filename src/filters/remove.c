/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `remove`: fields are marked, not moved, so that it costs a walk over the top level and nothing
 * else. What resolve has read from a field stays: it is the record's, and a slice of the line.
 */

#include <stdlib.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "filters/edit.h"
#include "filters/filter.h"
#include "filters/name.h"

struct remove {
    struct name *names;
    size_t name_count;
    const struct string_list *prefixes;
    struct pattern **patterns;
    size_t pattern_count;
};

static void *make(const struct filter_settings *item, const struct filter_env *env,
                  char **out_error)
{
    (void)out_error;
    const struct remove_settings *settings = item->remove;
    if (settings == NULL) {
        return NULL;
    }
    struct remove *filter = mem_alloc(sizeof(*filter));
    filter->prefixes = &settings->prefixes;
    filter->names = mem_array(settings->names.count + 1, sizeof(*filter->names));
    for (; filter->name_count < settings->names.count; filter->name_count++) {
        filter->names[filter->name_count] =
            name_make(settings->names.items[filter->name_count], env->index);
    }
    filter->patterns = mem_array(settings->patterns.count + 1, sizeof(struct pattern *));
    for (; filter->pattern_count < settings->patterns.count; filter->pattern_count++) {
        char *error = NULL;
        struct pattern *pattern =
            pattern_new(settings->patterns.items[filter->pattern_count], &error);
        ENSURE(pattern != NULL); /* the config's reader has compiled it before */
        pattern_watch(pattern, env->limits, "the field is removed");
        filter->patterns[filter->pattern_count] = pattern;
    }
    return filter;
}

/* A pattern that gives up may have meant the field, which goes, and the failure is told. */
static bool is_chosen(const struct remove *filter, struct slice key, bool *failed)
{
    for (size_t i = 0; i < filter->prefixes->count; i++) {
        if (slice_has_prefix(key, slice_from_string(filter->prefixes->items[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < filter->pattern_count; i++) {
        enum pattern_result result = pattern_search(filter->patterns[i], key, 0);
        *failed = *failed || result == PATTERN_FAILED;
        if (result != PATTERN_NO) {
            return true;
        }
    }
    return false;
}

static enum filter_result apply(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct remove *filter = data;
    bool failed = false;
    for (size_t i = 0; i < filter->name_count; i++) {
        edit_remove(record, &filter->names[i]);
    }
    if (filter->prefixes->count + filter->pattern_count > 0) {
        struct fields *fields = &record->fields;
        for (uint32_t i = 0; i < fields->count; i = fields->items[i].next) {
            if (is_chosen(filter, field_key(&fields->items[i]), &failed)) {
                fields->items[i].flags |= FIELD_REMOVED;
            }
        }
    }
    return failed ? FILTER_FAILED : FILTER_DONE;
}

static uint64_t needs(const void *data)
{
    const struct remove *filter = data;
    uint64_t bits = filter->prefixes->count + filter->pattern_count > 0 ? NAME_BIT_ALWAYS : 0;
    for (size_t i = 0; i < filter->name_count; i++) {
        bits |= name_bit(&filter->names[i]);
    }
    return bits;
}

static void free_remove(void *data)
{
    struct remove *filter = data;
    for (size_t i = 0; i < filter->pattern_count; i++) {
        pattern_free(filter->patterns[i]);
    }
    free(filter->patterns);
    free(filter->names);
    free(filter);
}

const struct filter_kind filter_remove = {"remove", make, apply, free_remove, needs, false, true};

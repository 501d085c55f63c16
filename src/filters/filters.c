/* SPDX-License-Identifier: Apache-2.0 */
#include "filters/filters.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "filters/condition.h"
#include "filters/filter.h"
#include "filters/name_index.h"

/* An item of the config is of the first kind that makes something of it. */
static const struct filter_kind *const kinds[] = {
    &filter_keep,
    &filter_drop,
    &filter_rename,
    &filter_copy,
    &filter_move,
    &filter_remove,
    &filter_set,
    &filter_add,
    &filter_nest,
    &filter_lift,
    &filter_parse,
    &filter_convert,
    &filter_redact,
    &filter_limit,
    &filter_throttle,
    &filter_sample,
};

struct step {
    enum filter_result (*apply)(void *data, struct record *record, uint64_t now_ns);
    const struct filter_kind *kind;
    void *data;
    struct condition *when; /* NULL: always */
    bool drops_errors;
    uint64_t needs; /* bits of name_index.present: without one of them it need not be called */
    char *name;
};

struct filters {
    struct name_index index;
    struct step *steps;
    struct filter_count *counts;
    size_t count;
    uint64_t needs; /* of any step */
};

static char *place_error(const struct filter_settings *item, char *error)
{
    char *whole = item->place.file != NULL
                      ? mem_format("%s:%u:%u: filter \"%s\": %s", item->place.file, item->place.line,
                                   item->place.column, item->name, error)
                      : mem_format("filter \"%s\": %s", item->name, error);
    free(error);
    return whole;
}

static bool make_step(struct step *step, const struct filter_settings *item,
                      const struct filter_env *env, char **out_error)
{
    char *error = NULL;
    for (size_t i = 0; i < ARRAY_LEN(kinds) && step->data == NULL && error == NULL; i++) {
        step->kind = kinds[i];
        step->data = kinds[i]->make(item, env, &error);
    }
    if (step->data == NULL) {
        *out_error = place_error(item, error != NULL ? error : mem_string("does nothing"));
        return false;
    }
    step->apply = step->kind->apply;
    step->drops_errors = item->drops_errors;
    step->needs = step->kind->needs != NULL ? step->kind->needs(step->data) : NAME_BIT_ALWAYS;
    const char *answer = step->kind->drops_records ? "the filter is passed by" : "the filter is applied";
    step->when = item->when != NULL ? condition_new(item->when, env, answer) : NULL;
    if ((step->needs & NAME_BIT_ALWAYS) != 0 && step->when != NULL) {
        step->needs = condition_needs(step->when);
    }
    return true;
}

struct filters *filters_new(const struct filter_settings *items, size_t count, const char *label,
                            const struct filter_tools *tools, char **out_error)
{
    if (count == 0) {
        return NULL;
    }
    struct filters *filters = mem_alloc(sizeof(*filters));
    name_index_init(&filters->index);
    filters->steps = mem_array(count, sizeof(*filters->steps));
    filters->counts = mem_array(count, sizeof(*filters->counts));
    for (; filters->count < count; filters->count++) {
        struct step *step = &filters->steps[filters->count];
        const char *name = items[filters->count].name;
        const struct filter_env env = {tools, &filters->index,
                                       &filters->counts[filters->count].limits};
        if (!make_step(step, &items[filters->count], &env, out_error)) {
            filters_free(filters);
            return NULL;
        }
        step->name = mem_format("%s%s%s", label, *label != '\0' ? "/" : "", name);
        filters->counts[filters->count].name = step->name;
        filters->needs |= step->needs;
    }
    return filters;
}

void filters_free(struct filters *filters)
{
    if (filters == NULL) {
        return;
    }
    for (size_t i = 0; i < filters->count; i++) {
        filters->steps[i].kind->free(filters->steps[i].data);
        condition_free(filters->steps[i].when);
        free(filters->steps[i].name);
    }
    name_index_fini(&filters->index);
    free(filters->steps);
    free(filters->counts);
    free(filters);
}

/* What is out of the ordinary is counted; the result as the chain takes it. */
static __attribute__((noinline)) enum filter_result account(const struct step *step,
                                                            struct filter_count *count,
                                                            enum filter_result result,
                                                            bool has_lost_id)
{
    count->ids_removed += has_lost_id;
    if (result == FILTER_FAILED) {
        count->errors++;
        result = step->drops_errors ? FILTER_DROPPED : FILTER_FAILED;
    }
    count->dropped += result == FILTER_DROPPED;
    return result;
}

/* Where `when` is unknown. A mistake that on_error would drop the record for is no reason for that: the
 * filter may not have been meant for it. */
static __attribute__((noinline)) enum filter_result apply_unsure(const struct step *step,
                                                                 struct filter_count *count,
                                                                 struct record *record,
                                                                 uint64_t now_ns)
{
    struct step gentle = *step;
    gentle.drops_errors = step->drops_errors && step->kind->hides;
    bool had_id = record->has_trace_id;
    enum filter_result result = step->apply(step->data, record, now_ns);
    return account(&gentle, count, result, had_id && !record->has_trace_id);
}

static inline enum filter_result apply_step(const struct step *step, struct filter_count *count,
                                            struct record *record, uint64_t now_ns)
{
    if (step->when != NULL) {
        enum truth truth = condition_ask(step->when, record);
        if (truth != TRUTH_YES) {
            return truth == TRUTH_NO || step->kind->drops_records
                       ? FILTER_SKIPPED
                       : apply_unsure(step, count, record, now_ns);
        }
    }
    bool had_id = record->has_trace_id;
    enum filter_result result = step->apply(step->data, record, now_ns);
    bool has_lost_id = had_id && !record->has_trace_id;
    return result == FILTER_DONE && !has_lost_id ? FILTER_DONE
                                                 : account(step, count, result, has_lost_id);
}

enum filter_result filters_apply_one(struct filters *filters, size_t index, struct record *record,
                                     uint64_t now_ns)
{
    record->fields.shape = NULL; /* what filters make of a line, no other line is known to have */
    return apply_step(&filters->steps[index], &filters->counts[index], record, now_ns);
}

/* Those that find something to do, by the names that are there or have come meanwhile. */
static enum filter_verdict apply_steps(struct filters *filters, struct record *record,
                                       uint64_t now_ns)
{
    const struct name_index *index = &filters->index;
    const struct step *end = filters->steps + filters->count;
    struct filter_count *count = filters->counts;
    for (const struct step *step = filters->steps; step < end; step++, count++) {
        if ((index->present & step->needs) != 0 &&
            apply_step(step, count, record, now_ns) == FILTER_DROPPED) {
            return FILTER_DROP;
        }
    }
    return FILTER_KEEP;
}

enum filter_verdict filters_apply_all(struct filters *filters, struct record *record,
                                      uint64_t now_ns)
{
    enum filter_verdict verdict = FILTER_KEEP;
    name_index_read(&filters->index, &record->fields);
    if ((filters->index.present & filters->needs) != 0) {
        record->fields.shape = NULL; /* as above */
        verdict = apply_steps(filters, record, now_ns);
    }
    name_index_leave(&record->fields);
    return verdict;
}

const struct filter_count *filters_counts(const struct filters *filters, size_t *out_count)
{
    *out_count = filters != NULL ? filters->count : 0;
    return filters != NULL ? filters->counts : NULL;
}

const struct filter_count *filters_take_limit(struct filters *filters)
{
    for (size_t i = 0; filters != NULL && i < filters->count; i++) {
        struct pattern_limits *limits = &filters->counts[i].limits;
        if (limits->pattern != NULL && !limits->is_told) {
            limits->is_told = true;
            return &filters->counts[i];
        }
    }
    return NULL;
}

void filters_take_counts(struct filters *filters, const struct filters *from)
{
    for (size_t i = 0; filters != NULL && from != NULL && i < filters->count; i++) {
        for (size_t j = 0; j < from->count; j++) {
            if (strcmp(filters->counts[i].name, from->counts[j].name) == 0) {
                struct filter_count *count = &filters->counts[i];
                const struct filter_count own = *count;
                *count = from->counts[j];
                count->name = own.name;
                count->limits.pattern = own.limits.pattern; /* the other chain's goes away */
                count->limits.answer = own.limits.answer;
                count->limits.is_told = own.limits.is_told;
            }
        }
    }
}

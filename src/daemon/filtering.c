/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filtering.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/mem.h"
#include "filters/filters.h"

struct filtering {
    struct filtering_env env;
    struct filters *chain;
    bool *has_told; /* of ids that a filter has removed; one a filter */
};

static void warn_of_losses(const struct filtering *filtering)
{
    const struct settings *settings = filtering->env.tools->settings;
    for (size_t i = 0; i < settings->filter_count; i++) {
        const struct filter_settings *item = &settings->filters[i];
        char *loss = filter_find_loss(item);
        if (loss != NULL) {
            log_event(filtering->env.log, LOG_WARN, "filter \"%s\" (%s:%u) %s", item->name,
                      item->place.file != NULL ? item->place.file : "config", item->place.line,
                      loss);
            free(loss);
        }
    }
}

bool filtering_new(const struct filtering_env *env, struct filtering **out_filtering,
                   char **out_error)
{
    const struct settings *settings = env->tools->settings;
    if (settings->filter_count == 0) {
        *out_filtering = NULL;
        return true;
    }
    struct filters *chain =
        filters_new(settings->filters, settings->filter_count, "", env->tools, out_error);
    if (chain == NULL) {
        return false;
    }
    struct filtering *filtering = mem_alloc(sizeof(*filtering));
    filtering->env = *env;
    filtering->chain = chain;
    filtering->has_told = mem_array(settings->filter_count, sizeof(*filtering->has_told));
    warn_of_losses(filtering);
    *out_filtering = filtering;
    return true;
}

void filtering_free(struct filtering *filtering)
{
    if (filtering != NULL) {
        filters_free(filtering->chain);
        free(filtering->has_told);
        free(filtering);
    }
}

bool filtering_pass(struct filtering *filtering, struct record *record, uint64_t now_ns)
{
    struct audit_before before = {record->has_trace_id, record->fields.count};
    bool is_dropped = filters_apply(filtering->chain, record, now_ns) == FILTER_DROP;
    audit_count_filtered(filtering->env.audit, record, before, is_dropped);
    counters_add(filtering->env.counters, C_RECORDS_FILTERED, is_dropped);
    return !is_dropped;
}

static void tell_limits(struct filtering *filtering)
{
    const struct filter_count *limit;
    while ((limit = filters_take_limit(filtering->chain)) != NULL) {
        log_event(filtering->env.log, LOG_WARN,
                  "filter \"%s\": pattern \"%s\" reached its limit on a text: %s; simplify the "
                  "pattern (no nested repetition) (logged once; see "
                  "clew_filter_pattern_limits_total)",
                  limit->name, limit->limits.pattern, limit->limits.answer);
    }
}

void filtering_check(struct filtering *filtering)
{
    if (filtering != NULL) {
        tell_limits(filtering);
    }
    size_t count = 0;
    const struct filter_count *counts =
        filters_counts(filtering != NULL ? filtering->chain : NULL, &count);
    for (size_t i = 0; i < count; i++) {
        const struct settings_place *place = &filtering->env.tools->settings->filters[i].place;
        if (counts[i].ids_removed > 0 && !filtering->has_told[i]) {
            filtering->has_told[i] = true;
            log_event(filtering->env.log, LOG_ERROR,
                      "filter \"%s\" (%s:%u) removed the trace id from %" PRIu64 " records so far "
                      "(logged once; see clew_filter_ids_removed_total)",
                      counts[i].name, place->file != NULL ? place->file : "config", place->line,
                      counts[i].ids_removed);
        }
    }
}

const struct filter_count *filtering_counts(const struct filtering *filtering, size_t *out_count)
{
    return filters_counts(filtering != NULL ? filtering->chain : NULL, out_count);
}

void filtering_take_counts(struct filtering *filtering, const struct filtering *from)
{
    if (filtering != NULL && from != NULL) {
        filters_take_counts(filtering->chain, from->chain);
    }
}

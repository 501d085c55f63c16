/* SPDX-License-Identifier: Apache-2.0 */
#include "core/audit_history.h"

#include <stdlib.h>
#include "base/mem.h"

/*
 * A ring of minutes per service. `last` is what the report before said; the difference to it goes
 * into the running minute. A service's number can go down from one report to the next, when lines
 * that name no service are given to another one (audit.h): that is a difference of zero.
 */

enum { MINUTES = 61 }; /* an hour of whole ones and the running one */

static const uint64_t minute_ns = UINT64_C(60000000000);
static const double recovery_margin = 0.02;

const char *const audit_window_names[AUDIT_WINDOWS] = {"1m", "5m", "1h"};
static const unsigned window_minutes[AUDIT_WINDOWS] = {1, 5, 60};

struct minute {
    uint32_t records;
    uint32_t valid;
};

struct past {
    char *service; /* NULL for all together */
    char *name_space;
    size_t number;
    struct audit_span last;
    bool is_below;
    struct minute minutes[MINUTES];
};

struct audit_history {
    size_t services_max;
    uint64_t minute; /* the running one, since the clock began */
    struct map services;
    struct past all;
};

struct audit_history *audit_history_new(const struct audit_settings *settings)
{
    struct audit_history *history = mem_alloc(sizeof(*history));
    history->services_max = settings->groups_max;
    return history;
}

void audit_history_free(struct audit_history *history)
{
    if (history == NULL) {
        return;
    }
    for (size_t i = 0; i < history->services.cap; i++) {
        struct past *past = history->services.slots[i].value;
        if (past != NULL) {
            free(past->service);
            free(past->name_space);
            free(past);
        }
    }
    map_fini(&history->services);
    free(history);
}

static bool past_is(const void *value, const void *key)
{
    const struct past *past = value;
    const struct audit_group *group = key;
    return strcmp(past->service, group->service) == 0 &&
           slice_is_equal(slice_from_string(past->name_space),
                          slice_from_string(group->name_space));
}

static uint64_t hash_of(const struct audit_group *group)
{
    return audit_group_hash(slice_from_string(group->service),
                            slice_from_string(group->name_space));
}

static struct past *find(const struct audit_history *history, const struct audit_group *group)
{
    return map_find(&history->services, hash_of(group), past_is, group);
}

static struct past *find_or_make(struct audit_history *history, const struct audit_group *group)
{
    struct past *past = find(history, group);
    if (past == NULL && !group->is_overflow && history->services.count < history->services_max) {
        past = mem_alloc(sizeof(*past));
        past->service = mem_string(group->service);
        past->name_space = mem_string(group->name_space);
        past->number = history->services.count;
        map_add(&history->services, hash_of(group), past);
    }
    return past;
}

static void forget_minutes(struct past *past, uint64_t from, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        past->minutes[(from + i) % MINUTES] = (struct minute){0, 0};
    }
}

static void begin_minute(struct audit_history *history, uint64_t minute)
{
    uint64_t passed = minute - history->minute;
    uint64_t count = passed < MINUTES ? passed : MINUTES;
    if (passed == 0) {
        return;
    }
    forget_minutes(&history->all, history->minute + 1, count);
    for (size_t i = 0; i < history->services.cap; i++) {
        if (history->services.slots[i].value != NULL) {
            forget_minutes(history->services.slots[i].value, history->minute + 1, count);
        }
    }
    history->minute = minute;
}

/* Stays at the top: a minute of four thousand million records is none that was counted right. */
static void add(uint32_t *to, uint64_t now, uint64_t before)
{
    uint64_t sum = *to + (now > before ? now - before : 0);
    *to = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

static void take(struct past *past, const struct book *book, uint64_t minute)
{
    struct minute *bucket = &past->minutes[minute % MINUTES];
    add(&bucket->records, book->records, past->last.records);
    add(&bucket->valid, book->valid, past->last.valid);
    past->last = (struct audit_span){book->records, book->valid};
}

void audit_history_update(struct audit_history *history, const struct audit_report *report,
                          uint64_t now_ns)
{
    begin_minute(history, now_ns / minute_ns);
    take(&history->all, &report->total, history->minute);
    for (size_t i = 0; i < report->count; i++) {
        const struct audit_group *group = report->entries[i].group;
        struct past *past = find_or_make(history, group);
        if (past != NULL) {
            take(past, &group->book, history->minute);
        }
    }
}

static struct audit_span sum(const struct past *past, uint64_t running, enum audit_window window)
{
    struct audit_span span = {0, 0};
    for (unsigned i = 0; i <= window_minutes[window]; i++) {
        const struct minute *bucket = &past->minutes[(running + MINUTES - i) % MINUTES];
        span.records += bucket->records;
        span.valid += bucket->valid;
    }
    return span;
}

bool audit_history_find(const struct audit_history *history, const struct audit_group *group,
                        enum audit_window window, struct audit_span *out_span)
{
    const struct past *past = group != NULL ? find(history, group) : &history->all;
    if (past == NULL) {
        return false;
    }
    *out_span = sum(past, history->minute, window);
    return true;
}

double audit_span_coverage(const struct audit_span *span)
{
    return span->records > 0 ? (double)span->valid / (double)span->records : 0;
}

static enum audit_change judge(struct past *past, double coverage, double min_coverage)
{
    double enough = min_coverage + recovery_margin < 1 ? min_coverage + recovery_margin : 1;
    if (!past->is_below && audit_coverage_is_under(coverage, min_coverage)) {
        past->is_below = true;
        return AUDIT_FELL;
    }
    if (past->is_below && !audit_coverage_is_under(coverage, enough)) {
        past->is_below = false;
        return AUDIT_RECOVERED;
    }
    return AUDIT_UNCHANGED;
}

enum audit_change audit_history_judge(struct audit_history *history,
                                      const struct audit_entry *entry, uint64_t min_records,
                                      struct audit_span *out_span)
{
    struct past *past = find(history, entry->group);
    if (past == NULL || !entry->is_traced) {
        return AUDIT_UNCHANGED;
    }
    struct audit_span span = sum(past, history->minute, AUDIT_WINDOW_5M);
    if (span.records < min_records) {
        span = sum(past, history->minute, AUDIT_WINDOW_1H);
    }
    *out_span = span;
    return span.records == 0 || span.records < min_records
               ? AUDIT_UNCHANGED
               : judge(past, audit_span_coverage(&span), entry->min_coverage);
}

bool audit_history_is_below(const struct audit_history *history, const struct audit_group *group)
{
    const struct past *past = find(history, group);
    return past != NULL && past->is_below;
}

size_t audit_history_number(const struct audit_history *history, const struct audit_group *group)
{
    const struct past *past = find(history, group);
    return past != NULL ? past->number : SIZE_MAX;
}

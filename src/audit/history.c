/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/history.h"

#include <stdlib.h>
#include "base/list.h"
#include "base/mem.h"

/*
 * A ring of minutes per service. `last` is what the report before said; the difference to it goes
 * into the running minute. A service's number can go down from one report to the next, when lines
 * that name no service are given to another one (audit.h): that is a difference of zero.
 *
 * All services are in one ring by when they had a record last, so those to forget are its first. The
 * ones with labels are in a second ring, likewise: its first is the one whose label a newcomer gets, at
 * the end of a report, when it is known who was in it.
 * Of one that is forgotten its last number stays, in a third ring by the last report that had it, or it
 * would seem to be new in the next one: until there is a report without it.
 */

enum {
    MINUTES = 61,      /* an hour of whole ones and the running one */
    FORGET_MAX = 1000, /* services a report */
};

static const uint64_t minute_ns = UINT64_C(60000000000);
static const uint64_t quiet_ns = UINT64_C(30000000000); /* who is, may lose its label to another */
static const double recovery_margin = 0.02;

const char *const audit_window_names[AUDIT_WINDOWS] = {"1m", "5m", "1h"};
static const unsigned window_minutes[AUDIT_WINDOWS] = {1, 5, 60};

struct minute {
    uint32_t records;
    uint32_t valid;
};

struct past {
    struct list seen;     /* of all services that are not forgotten; else of those that are */
    struct list labelled; /* of those with labels, or of those that wait for one; or on its own */
    bool has_label;
    char *service;        /* NULL for all together */
    char *name_space;
    uint64_t hash;
    uint64_t seen_ns;
    uint64_t report; /* of one that is forgotten: the last that had it */
    struct audit_span last;
    struct audit_span more; /* of one that waits: what it had in this report */
    double min_coverage;
    bool may_be_labelled;
    bool is_below;
    uint64_t minute; /* the running one as of the last look, since the clock began */
    struct minute *minutes; /* NULL: it is forgotten */
};

struct audit_history {
    const struct audit_settings *settings;
    uint64_t now_ns;
    struct map services;
    size_t known; /* of the services, those that are not forgotten */
    struct list seen;
    struct list labelled;
    struct list waiting; /* those that had records in this report and have no label */
    struct list forgotten;
    uint64_t report;
    size_t labels;
    struct audit_span others; /* what services had while they had no label */
    struct audit_span last_overflow;
    size_t report_services;
    bool has_refused_label;
    struct past all;
};

struct audit_history *audit_history_new(const struct audit_settings *settings)
{
    struct audit_history *history = mem_alloc(sizeof(*history));
    history->settings = settings;
    list_init(&history->seen);
    list_init(&history->labelled);
    list_init(&history->waiting);
    list_init(&history->forgotten);
    history->all.minutes = mem_array(MINUTES, sizeof(struct minute));
    return history;
}

static void free_past(struct past *past)
{
    free(past->service);
    free(past->name_space);
    free(past->minutes);
    free(past);
}

void audit_history_free(struct audit_history *history)
{
    if (history == NULL) {
        return;
    }
    for (size_t i = 0; i < history->services.cap; i++) {
        if (history->services.slots[i].value != NULL) {
            free_past(history->services.slots[i].value);
        }
    }
    map_fini(&history->services);
    free(history->all.minutes);
    free(history);
}

/* ---- services ---- */

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

/* NULL: forgotten, too. */
static struct past *find_known(const struct audit_history *history, const struct audit_group *group)
{
    struct past *past = find(history, group);
    return past != NULL && past->minutes != NULL ? past : NULL;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool looks_like_an_id(const char *name)
{
    size_t len = strlen(name);
    size_t digits = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_hex(name[i]) && name[i] != '-') {
            return false;
        }
        digits += is_hex(name[i]);
    }
    return (len == digits && (digits == 16 || digits == 32)) || (len == 36 && digits == 32);
}

static struct past *make(struct audit_history *history, const struct audit_group *group)
{
    if (history->known >= history->settings->groups_max) {
        return NULL;
    }
    struct past *past = mem_alloc(sizeof(*past));
    past->minutes = mem_array(MINUTES, sizeof(struct minute));
    history->known++;
    past->service = mem_string(group->service);
    past->name_space = mem_string(group->name_space);
    past->hash = hash_of(group);
    past->may_be_labelled =
        !looks_like_an_id(past->service) &&
        (past->name_space == NULL || !looks_like_an_id(past->name_space));
    list_init(&past->seen);
    list_init(&past->labelled);
    map_add(&history->services, past->hash, past);
    return past;
}

/* ---- labels ---- */

static void take_label(struct audit_history *history, struct past *past)
{
    list_remove(&past->labelled);
    history->labels -= past->has_label;
    past->has_label = false;
}

static struct past *first_labelled(const struct audit_history *history)
{
    return container_of(history->labelled.next, struct past, labelled);
}

/* The one that was quiet for longest makes room, if it was for long enough. */
static bool has_room(struct audit_history *history)
{
    uint64_t max = history->settings->metrics_services_max;
    if (history->labels < max) {
        return true;
    }
    uint64_t seen_ns = max > 0 ? first_labelled(history)->seen_ns : 0;
    if (max == 0 || seen_ns == history->now_ns || history->now_ns - seen_ns < quiet_ns) {
        history->has_refused_label = true;
        return false;
    }
    take_label(history, first_labelled(history));
    return true;
}

/* It has had a record. */
static void see(struct audit_history *history, struct past *past)
{
    past->seen_ns = history->now_ns;
    list_remove(&past->seen);
    list_append(&history->seen, &past->seen);
    if (past->has_label || past->may_be_labelled) {
        list_remove(&past->labelled);
        list_append(past->has_label ? &history->labelled : &history->waiting, &past->labelled);
    }
}

/* ---- minutes ---- */

static void move_on(struct past *past, uint64_t minute)
{
    uint64_t passed = minute - past->minute;
    uint64_t count = passed < MINUTES ? passed : MINUTES;
    for (uint64_t i = 1; i <= count; i++) {
        past->minutes[(past->minute + i) % MINUTES] = (struct minute){0, 0};
    }
    past->minute = minute;
}

/* Stays at the top: a minute of four thousand million records is none that was counted right. */
static void add(uint32_t *to, uint64_t more)
{
    uint64_t sum = *to + more;
    *to = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

static struct audit_span more_than(struct audit_span now, struct audit_span before)
{
    return (struct audit_span){now.records > before.records ? now.records - before.records : 0,
                               now.valid > before.valid ? now.valid - before.valid : 0};
}

static struct audit_span take(struct past *past, struct audit_span now, uint64_t minute)
{
    struct audit_span more = more_than(now, past->last);
    struct minute *bucket = &past->minutes[minute % MINUTES];
    move_on(past, minute);
    add(&bucket->records, more.records);
    add(&bucket->valid, more.valid);
    past->last = now;
    return more;
}

/* ---- a report ---- */

static void add_others(struct audit_history *history, struct audit_span more)
{
    history->others.records += more.records;
    history->others.valid += more.valid;
}

void audit_history_use(struct audit_history *history, const struct audit_settings *settings)
{
    history->settings = settings;
    while (history->labels > settings->metrics_services_max) {
        take_label(history, first_labelled(history));
    }
}

static void give_up_labels(struct audit_history *history)
{
    while (!list_is_empty(&history->waiting)) {
        struct past *past = container_of(history->waiting.next, struct past, labelled);
        list_remove(&past->labelled);
        add_others(history, past->more);
    }
}

void audit_history_begin(struct audit_history *history, uint64_t now_ns)
{
    give_up_labels(history); /* of a report that was not made to its end */
    history->now_ns = now_ns;
    history->report_services = 0;
    history->report++;
}

/* Those that it has adopted were counted when they came. */
static void take_overflow(struct audit_history *history, const struct audit_group *group)
{
    const struct audit_span now = {group->book.records - group->adopted_records,
                                   group->book.valid - group->adopted_valid};
    add_others(history, more_than(now, history->last_overflow));
    history->last_overflow = now;
}

/* Whether one that is forgotten has records again; then it is known. */
static bool is_back(struct audit_history *history, struct past *past, struct audit_span now)
{
    if (now.records > past->last.records && history->known < history->settings->groups_max) {
        past->minutes = mem_array(MINUTES, sizeof(struct minute));
        history->known++;
        return true;
    }
    add_others(history, more_than(now, past->last));
    past->last = now;
    past->report = history->report;
    list_remove(&past->seen);
    list_append(&history->forgotten, &past->seen);
    return false;
}

void audit_history_take(struct audit_history *history, const struct audit_entry *entry)
{
    const struct audit_group *group = entry->group;
    const struct audit_span now = {group->book.records, group->book.valid};
    if (group->is_overflow) {
        take_overflow(history, group);
        return;
    }
    history->report_services++;
    struct past *past = find(history, group);
    if (past == NULL) {
        past = make(history, group);
    } else if (past->minutes == NULL && !is_back(history, past, now)) {
        return;
    }
    if (past == NULL) {
        return;
    }
    struct audit_span more = take(past, now, history->now_ns / minute_ns);
    past->min_coverage = entry->min_coverage;
    past->more = more;
    if (more.records > 0) {
        see(history, past);
    }
    if (!past->has_label && list_is_empty(&past->labelled)) {
        add_others(history, more);
    }
}

/* Now that it is known who of those with labels had records. */
static void hand_out_labels(struct audit_history *history)
{
    while (!list_is_empty(&history->waiting)) {
        struct past *past = container_of(history->waiting.next, struct past, labelled);
        list_remove(&past->labelled);
        if (has_room(history)) {
            past->has_label = true;
            list_append(&history->labelled, &past->labelled);
            history->labels++;
        } else {
            add_others(history, past->more);
        }
    }
}

static void forget(struct audit_history *history, struct past *past)
{
    take_label(history, past);
    list_remove(&past->seen);
    list_append(&history->forgotten, &past->seen);
    free(past->minutes);
    past->minutes = NULL;
    past->is_below = false;
    past->report = history->report;
    history->known--;
}

/* Forgotten ones that are in no report any more. */
static void drop_gone(struct audit_history *history)
{
    for (size_t i = 0; i < FORGET_MAX && !list_is_empty(&history->forgotten); i++) {
        struct past *first = container_of(history->forgotten.next, struct past, seen);
        if (first->report == history->report) {
            break;
        }
        list_remove(&first->seen);
        map_remove(&history->services, first->hash, first);
        free_past(first);
    }
}

void audit_history_end(struct audit_history *history, const struct book *total)
{
    const struct audit_span now = {total->records, total->valid};
    uint64_t forget_ns = history->settings->forget_after_ms * UINT64_C(1000000);
    take(&history->all, now, history->now_ns / minute_ns);
    hand_out_labels(history);
    for (size_t i = 0; i < FORGET_MAX && !list_is_empty(&history->seen); i++) {
        struct past *first = container_of(history->seen.next, struct past, seen);
        if (history->now_ns - first->seen_ns <= forget_ns) {
            break;
        }
        forget(history, first);
    }
    drop_gone(history);
}

void audit_history_update(struct audit_history *history, const struct audit_report *report,
                          uint64_t now_ns)
{
    audit_history_begin(history, now_ns);
    for (size_t i = 0; i < report->count; i++) {
        audit_history_take(history, &report->entries[i]);
    }
    audit_history_end(history, &report->total);
}

/* ---- what is known ---- */

static struct audit_span sum(const struct past *past, uint64_t running, enum audit_window window)
{
    struct audit_span span = {0, 0};
    uint64_t behind = running - past->minute; /* minutes in which nobody looked at it */
    for (uint64_t i = behind; i <= window_minutes[window]; i++) {
        const struct minute *bucket = &past->minutes[(running + MINUTES - i) % MINUTES];
        span.records += bucket->records;
        span.valid += bucket->valid;
    }
    return span;
}

bool audit_history_find(const struct audit_history *history, const struct audit_group *group,
                        enum audit_window window, struct audit_span *out_span)
{
    const struct past *past = group != NULL ? find_known(history, group) : &history->all;
    if (past == NULL) {
        return false;
    }
    *out_span = sum(past, history->now_ns / minute_ns, window);
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
    struct past *past = find_known(history, entry->group);
    if (past == NULL || !entry->is_traced) {
        return AUDIT_UNCHANGED;
    }
    struct audit_span span = sum(past, history->now_ns / minute_ns, AUDIT_WINDOW_5M);
    if (span.records < min_records) {
        span = sum(past, history->now_ns / minute_ns, AUDIT_WINDOW_1H);
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

bool audit_history_next_labelled(const struct audit_history *history, const struct past **at,
                                 struct audit_labelled *out)
{
    struct list *link = *at != NULL ? (*at)->labelled.next : history->labelled.next;
    if (link == &history->labelled) {
        return false;
    }
    const struct past *past = container_of(link, struct past, labelled);
    *at = past;
    *out = (struct audit_labelled){.service = past->service,
                                   .name_space = past->name_space,
                                   .start = past->last,
                                   .min_coverage = past->min_coverage,
                                   .is_below = past->is_below};
    for (unsigned w = 0; w < AUDIT_WINDOWS; w++) {
        out->windows[w] = sum(past, history->now_ns / minute_ns, (enum audit_window)w);
    }
    return true;
}

struct audit_span audit_history_others(const struct audit_history *history)
{
    return history->others;
}

size_t audit_history_services(const struct audit_history *history)
{
    return history->report_services;
}

bool audit_history_has_refused_label(const struct audit_history *history)
{
    return history->has_refused_label;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/audit_report.h"

#include <stdlib.h>
#include "base/mem.h"

/*
 * Groups of the audit are copied into a map of the report's own, then what named no service is
 * added to the group it belongs to: only now is known on what the other lines from there agree.
 */

static const char unknown_service[] = "unknown_service";

const char *audit_verdict_name(enum audit_verdict verdict)
{
    static const char *const names[] = {
        [AUDIT_BELOW] = "below",
        [AUDIT_NOT_TRACED] = "not_traced",
        [AUDIT_SMALL_SAMPLE] = "small_sample",
        [AUDIT_MET] = "met",
    };
    return names[verdict];
}

double audit_book_coverage(const struct book *book)
{
    return book->records > 0 ? (double)book->valid / (double)book->records : 0;
}

struct gathering {
    const struct audit *audit;
    struct map groups;
};

struct group_name {
    const char *service;
    const char *name_space;
};

static bool group_is(const void *value, const void *key)
{
    const struct audit_group *group = value;
    const struct group_name *name = key;
    return strcmp(group->service, name->service) == 0 &&
           slice_is_equal(slice_from_string(group->name_space),
                          slice_from_string(name->name_space));
}

static void gather(struct gathering *all, const struct audit_group *group,
                   const struct group_name *name)
{
    struct slice service = slice_from_string(name->service);
    struct slice name_space = slice_from_string(name->name_space);
    uint64_t hash = audit_group_hash(service, name_space);
    struct audit_group *into = map_find(&all->groups, hash, group_is, name);
    if (into == NULL) {
        into = audit_group_new(service, name_space);
        into->is_overflow = group->is_overflow;
        map_add(&all->groups, hash, into);
    }
    audit_group_merge(into, group, all->audit->dimension_count);
}

static void gather_as_it_is(struct gathering *all, const struct audit_group *group)
{
    if (group != NULL && group->book.records > 0) {
        gather(all, group, &(struct group_name){group->service, group->name_space});
    }
}

static void gather_unnamed(struct gathering *all, const struct audit_origin *origin)
{
    if (origin == NULL || origin->unnamed == NULL) {
        return;
    }
    struct group_name name = {origin->default_service, origin->names[AUDIT_BY_NAMESPACE]};
    if (origin->only != NULL && !origin->is_mixed) {
        name = (struct group_name){origin->only->service, origin->only->name_space};
    } else if (name.service == NULL) {
        name.service = unknown_service;
    }
    gather(all, origin->unnamed, &name);
}

static void gather_audit(struct gathering *all, const struct audit *audit)
{
    for (size_t i = 0; i < audit->groups.cap; i++) {
        gather_as_it_is(all, audit->groups.slots[i].value);
    }
    gather_as_it_is(all, audit->overflow);
    for (size_t i = 0; i < audit->origins.cap; i++) {
        gather_unnamed(all, audit->origins.slots[i].value);
    }
    gather_unnamed(all, audit->strangers);
}

static void gather_all(struct gathering *all)
{
    for (const struct audit *audit = all->audit; audit != NULL; audit = audit->next) {
        gather_audit(all, audit);
    }
}

/* ---- judging ---- */

static const struct service_policy *own_policy(const struct audit_settings *settings,
                                               const char *service)
{
    for (size_t i = 0; i < settings->service_count; i++) {
        if (strcmp(settings->services[i].service, service) == 0) {
            return &settings->services[i];
        }
    }
    return NULL;
}

static bool is_listed(const struct audit_settings *settings, const char *service)
{
    for (size_t i = 0; i < settings->traced.count; i++) {
        if (strcmp(settings->traced.items[i], service) == 0) {
            return true;
        }
    }
    return own_policy(settings, service) != NULL;
}

bool audit_coverage_is_under(double coverage, double min_coverage)
{
    return coverage + 1e-12 < min_coverage;
}

static void judge(struct audit_entry *entry, const struct audit_settings *settings)
{
    const struct book *book = &entry->group->book;
    const struct service_policy *own = own_policy(settings, entry->group->service);
    entry->coverage = audit_book_coverage(book);
    double floor = audit_floor_get(&entry->group->floor);
    entry->min_coverage = own != NULL  ? own->min_coverage
                          : floor >= 0 ? floor
                                       : settings->min_coverage;
    entry->is_traced = book->valid > 0 || is_listed(settings, entry->group->service);
    entry->is_instrumented =
        book->records > book->classes[TRACE_ABSENT] + book->classes[TRACE_MESSAGE_ONLY];
    if (!entry->is_traced) {
        entry->verdict = AUDIT_NOT_TRACED;
    } else if (book->records < settings->min_records) {
        entry->verdict = AUDIT_SMALL_SAMPLE;
    } else {
        entry->verdict = audit_coverage_is_under(entry->coverage, entry->min_coverage) ? AUDIT_BELOW
                                                                                : AUDIT_MET;
    }
}

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

/* What failed first, then the worst; among equals the one with more records, then by name. */
static int compare_entries(const void *left, const void *right)
{
    const struct audit_entry *a = left;
    const struct audit_entry *b = right;
    const struct audit_group *x = a->group;
    const struct audit_group *y = b->group;
    int order = (b->verdict == AUDIT_BELOW) - (a->verdict == AUDIT_BELOW);
    order = order != 0 ? order : compare_numbers(a->coverage, b->coverage);
    order = order != 0 ? order : compare_numbers((double)y->book.records, (double)x->book.records);
    order = order != 0 ? order : strcmp(x->service, y->service);
    return order != 0 ? order
                      : strcmp(x->name_space != NULL ? x->name_space : "",
                               y->name_space != NULL ? y->name_space : "");
}

static int compare_parts(const void *left, const void *right)
{
    const struct book *a = &(*(struct audit_part *const *)left)->book;
    const struct book *b = &(*(struct audit_part *const *)right)->book;
    int order = compare_numbers(audit_book_coverage(a), audit_book_coverage(b));
    return order != 0 ? order : compare_numbers((double)b->records, (double)a->records);
}

static void list_parts(struct audit_entry *entry)
{
    const struct map *parts = &entry->group->parts;
    entry->parts = mem_array(parts->count + 1, sizeof(struct audit_part *));
    for (size_t i = 0; i < parts->cap; i++) {
        if (parts->slots[i].value != NULL) {
            entry->parts[entry->part_count++] = parts->slots[i].value;
        }
    }
    qsort(entry->parts, entry->part_count, sizeof(struct audit_part *), compare_parts);
    if (entry->group->overflow_part != NULL) {
        entry->parts[entry->part_count++] = entry->group->overflow_part;
    }
}

static int find_dimension(const struct audit *audit, enum audit_dimension wanted)
{
    for (size_t i = 0; i < audit->dimension_count; i++) {
        if (audit->dimensions[i] == wanted) {
            return (int)i;
        }
    }
    return -1;
}

static void explain(struct audit_entry *entry, const struct audit *audit)
{
    const char *const *samples = (const char *const *)entry->group->samples;
    entry->ecosystem = ecosystem_of_lines(samples, TRACE_CLASSES);
    entry->hints = audit_hints_find(entry->group, entry->ecosystem,
                                    find_dimension(audit, AUDIT_BY_LOGGER), &entry->hint_count);
}

static void fill(struct audit_report *report, struct gathering *all)
{
    const struct audit *audit = all->audit;
    report->entries = mem_array(all->groups.count, sizeof(*report->entries));
    for (size_t i = 0; i < all->groups.cap; i++) {
        struct audit_group *group = all->groups.slots[i].value;
        if (group != NULL) {
            struct audit_entry *entry = &report->entries[report->count++];
            entry->group = group;
            judge(entry, audit->settings);
            list_parts(entry);
            explain(entry, audit);
            book_merge(&report->total, &group->book);
            if (group->trend != NULL) {
                audit_trend_merge(&report->trend, group->trend);
            }
        }
    }
    qsort(report->entries, report->count, sizeof(*report->entries), compare_entries);
}

static void judge_whole(struct audit_report *report, const struct audit_policy *policy)
{
    bool is_any_below = false;
    bool is_any_traced = false;
    for (size_t i = 0; i < report->count; i++) {
        is_any_below = is_any_below || report->entries[i].verdict == AUDIT_BELOW;
        is_any_traced = is_any_traced || report->entries[i].is_traced;
    }
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        report->failed_on |= report->total.classes[c] > 0 ? policy->fail_on & (1u << c) : 0;
    }
    report->is_nothing_traced =
        policy->must_be_traced && report->total.records > 0 && !is_any_traced;
    report->is_met = !is_any_below && report->failed_on == 0 && !report->is_nothing_traced;
}

struct audit_report *audit_report_new(const struct audit *audit, const struct audit_policy *policy)
{
    struct audit_report *report = mem_alloc(sizeof(*report));
    struct gathering all = {.audit = audit};
    gather_all(&all);
    fill(report, &all);
    map_fini(&all.groups);
    memcpy(report->dimensions, audit->dimensions, sizeof(report->dimensions));
    report->dimension_count = audit->dimension_count;
    report->coverage = audit_book_coverage(&report->total);
    report->preservation = audit_get_preservation(audit);
    judge_whole(report, policy);
    return report;
}

void audit_report_free(struct audit_report *report)
{
    if (report == NULL) {
        return;
    }
    for (size_t i = 0; i < report->count; i++) {
        audit_group_free(report->entries[i].group, report->dimension_count);
        free(report->entries[i].parts);
        free(report->entries[i].hints);
    }
    free(report->entries);
    free(report);
}

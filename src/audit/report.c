/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report.h"

#include <stdlib.h>
#include "audit/audit.h"
#include "base/mem.h"

/*
 * Groups of the audit are copied into a map of the report's own, then what named no service is
 * added to the group it belongs to: only now is known on what the other lines from there agree.
 *
 *     state      one unit of work                                      left when
 *     GROUPS     a group of an audit is copied                         there is no audit more
 *     ORIGINS    what named no service in an origin is added           (each audit goes through both)
 *     JUDGED     a group is judged, and put on the heap or on the pile the map is walked
 *     RANKED     the best of the heap is put in its place              the heap is empty
 *     DONE
 *
 * The heap holds the worst entries that fit, the best of them on top, which gives way to a worse one.
 * What does not fit is on the pile, one group of all of them. The audit is pinned meanwhile.
 */

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

struct group_name {
    const char *service;
    const char *name_space;
};

enum state {
    REPORT_GROUPS,
    REPORT_ORIGINS,
    REPORT_JUDGED,
    REPORT_RANKED,
    REPORT_DONE,
};

struct audit_draft {
    struct audit *audit;
    struct audit_policy policy;
    struct audit_page page;
    audit_visit_fn *visit;
    void *context;
    enum state state;
    struct audit *at;  /* in GROUPS and ORIGINS: the audit … */
    struct list *link; /* … and the last group or origin of it that was looked at */
    size_t slot;             /* in JUDGED: of the map */
    struct map groups;
    struct audit_report *report;
    size_t groups_max;
    struct audit_entry *heap;
    size_t heap_count;
    size_t heap_cap;
    size_t heap_max;
    size_t place; /* in RANKED: of the best that is left on the heap */
    struct audit_group *pile; /* of entries that are not in the report; NULL: none */
    bool is_any_below;
    bool is_any_traced;
};

static bool group_is(const void *value, const void *key)
{
    const struct audit_group *group = value;
    const struct group_name *name = key;
    return strcmp(group->service, name->service) == 0 &&
           slice_is_equal(slice_from_string(group->name_space),
                          slice_from_string(name->name_space));
}

/* One of all that are not in the report. */
static struct audit_group *pile_of(struct audit_draft *draft)
{
    if (draft->pile == NULL) {
        draft->pile = audit_group_new(SLICE("(others)"), (struct slice){NULL, 0});
        draft->pile->is_overflow = true;
        draft->pile->distinct = mem_alloc(sizeof(*draft->pile->distinct));
    }
    return draft->pile;
}

static void gather(struct audit_draft *draft, const struct audit_group *group,
                   const struct group_name *name)
{
    struct slice service = slice_from_string(name->service);
    struct slice name_space = slice_from_string(name->name_space);
    uint64_t hash = audit_group_hash(service, name_space);
    struct audit_group *into = map_find(&draft->groups, hash, group_is, name);
    if (into == NULL && draft->groups.count >= draft->groups_max) {
        into = pile_of(draft);
        distinct_add(into->distinct, hash);
        book_merge(&draft->report->total, &group->book);
    } else if (into == NULL) {
        into = audit_group_new(service, name_space);
        into->is_overflow = group->is_overflow;
        map_add(&draft->groups, hash, into);
    }
    double floor = audit_floor_get(&group->floor, draft->at->round);
    into->floor.now = floor > into->floor.now ? floor : into->floor.now;
    audit_group_merge(into, group, draft->audit->dimension_count);
}

static void gather_as_it_is(struct audit_draft *draft, const struct audit_group *group)
{
    if (group != NULL && group->book.records > 0) {
        gather(draft, group, &(struct group_name){group->service, group->name_space});
    }
}

static void gather_unnamed(struct audit_draft *draft, const struct audit_origin *origin)
{
    if (origin != NULL && origin->unnamed != NULL) {
        struct audit_name name = audit_origin_name(origin);
        gather(draft, origin->unnamed, &(struct group_name){name.service, name.name_space});
    }
}

static void gather_next_group(struct audit_draft *draft)
{
    struct list *ring = &draft->at->group_ring;
    draft->link = draft->link != NULL ? draft->link->next : ring->next;
    if (draft->link != ring) {
        gather_as_it_is(draft, container_of(draft->link, struct audit_group, link));
        return;
    }
    gather_as_it_is(draft, draft->at->overflow);
    draft->link = NULL;
    draft->state = REPORT_ORIGINS;
}

static void gather_next_origin(struct audit_draft *draft)
{
    struct list *ring = &draft->at->origin_ring;
    draft->link = draft->link != NULL ? draft->link->next : ring->next;
    if (draft->link != ring) {
        gather_unnamed(draft, container_of(draft->link, struct audit_origin, link));
        return;
    }
    gather_unnamed(draft, draft->at->strangers);
    draft->link = NULL;
    draft->at = draft->at->next;
    draft->state = draft->at != NULL ? REPORT_GROUPS : REPORT_JUDGED;
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
    double floor = entry->group->floor.now; /* gathered, whatever the round */
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

void audit_entry_explain(struct audit_entry *entry, const struct audit *audit)
{
    const char *const *samples = (const char *const *)entry->group->samples;
    if (entry->hints != NULL) {
        return;
    }
    entry->ecosystem = ecosystem_of_lines(samples, TRACE_CLASSES);
    entry->hints = audit_hints_find(entry->group, entry->ecosystem,
                                    find_dimension(audit, AUDIT_BY_LOGGER), &entry->hint_count);
}

/* ---- the worst of all ---- */

static void free_entry(struct audit_entry *entry, size_t dimension_count)
{
    audit_group_free(entry->group, dimension_count);
    free(entry->parts);
    free(entry->hints);
}

/* `entry` goes up from the free place `at` until what is above it is better. */
static void sift_up(struct audit_draft *draft, size_t at, const struct audit_entry *entry)
{
    while (at > 0 && compare_entries(&draft->heap[(at - 1) / 2], entry) < 0) {
        draft->heap[at] = draft->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    draft->heap[at] = *entry;
}

/* … down from the top, of the first `count`. */
static void sift_down(struct audit_draft *draft, size_t count, const struct audit_entry *entry)
{
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        bool is_right = child + 1 < count &&
                        compare_entries(&draft->heap[child], &draft->heap[child + 1]) < 0;
        child += is_right;
        if (compare_entries(&draft->heap[child], entry) <= 0) {
            break;
        }
        draft->heap[at] = draft->heap[child];
    }
    draft->heap[at] = *entry;
}

static void put_on_pile(struct audit_draft *draft, struct audit_entry *entry)
{
    struct audit_group *group = entry->group;
    struct audit_group *pile = pile_of(draft);
    if (!group->is_overflow) {
        distinct_add(pile->distinct, audit_group_hash(slice_from_string(group->service),
                                                      slice_from_string(group->name_space)));
    }
    audit_group_merge(pile, group, draft->audit->dimension_count);
    free_entry(entry, draft->audit->dimension_count);
}

static void keep(struct audit_draft *draft, struct audit_entry *entry)
{
    if (draft->heap_count < draft->heap_max) {
        if (draft->heap_count == draft->heap_cap) {
            draft->heap_cap = draft->heap_cap > 0 ? 2 * draft->heap_cap : 16;
            draft->heap = mem_resize(draft->heap, draft->heap_cap, sizeof(*draft->heap));
        }
        sift_up(draft, draft->heap_count++, entry);
    } else if (draft->heap_count > 0 && compare_entries(entry, &draft->heap[0]) < 0) {
        struct audit_entry best = draft->heap[0];
        sift_down(draft, draft->heap_count, entry);
        put_on_pile(draft, &best);
    } else {
        put_on_pile(draft, entry);
    }
}

static void judge_next(struct audit_draft *draft)
{
    struct audit_report *report = draft->report;
    if (draft->slot == draft->groups.cap) {
        map_fini(&draft->groups);
        draft->place = draft->heap_count;
        draft->state = REPORT_RANKED;
        return;
    }
    struct audit_group *group = draft->groups.slots[draft->slot++].value;
    if (group == NULL) {
        return;
    }
    struct audit_entry entry = {.group = group};
    judge(&entry, draft->audit->settings);
    report->services += !group->is_overflow;
    draft->is_any_below = draft->is_any_below || entry.verdict == AUDIT_BELOW;
    draft->is_any_traced = draft->is_any_traced || entry.is_traced;
    book_merge(&report->total, &group->book);
    if (group->trend != NULL) {
        audit_trend_merge(&report->trend, group->trend);
    }
    if (draft->visit != NULL) {
        draft->visit(draft->context, &entry);
    }
    if (group->is_overflow && draft->page.count != SIZE_MAX) {
        put_on_pile(draft, &entry);
    } else {
        keep(draft, &entry);
    }
}

/* ---- the report ---- */

static void add_entry(struct audit_draft *draft, size_t at, const struct audit_entry *entry)
{
    struct audit_entry *into = &draft->report->entries[at];
    *into = *entry;
    list_parts(into);
    audit_entry_explain(into, draft->audit);
}

static void judge_whole(struct audit_draft *draft)
{
    struct audit_report *report = draft->report;
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        report->failed_on |= report->total.classes[c] > 0 ? draft->policy.fail_on & (1u << c) : 0;
    }
    report->is_nothing_traced =
        draft->policy.must_be_traced && report->total.records > 0 && !draft->is_any_traced;
    report->is_met = !draft->is_any_below && report->failed_on == 0 && !report->is_nothing_traced;
}

static void finish(struct audit_draft *draft)
{
    struct audit_report *report = draft->report;
    if (draft->pile != NULL) {
        struct audit_entry others = {.group = draft->pile};
        draft->pile = NULL;
        judge(&others, draft->audit->settings);
        add_entry(draft, report->count++, &others);
    }
    memcpy(report->dimensions, draft->audit->dimensions, sizeof(report->dimensions));
    report->coverage = audit_book_coverage(&report->total);
    report->preservation = audit_get_preservation(draft->audit);
    judge_whole(draft);
    audit_unpin(draft->audit);
    draft->state = REPORT_DONE;
}

/* The best of the heap, which is the last of those that are left. */
static void rank_next(struct audit_draft *draft)
{
    struct audit_report *report = draft->report;
    size_t first = draft->page.first < draft->heap_count ? draft->page.first : draft->heap_count;
    if (report->entries == NULL) {
        report->count = draft->heap_count - first;
        report->entries = mem_array(report->count + 1, sizeof(*report->entries));
    }
    if (draft->place == 0) {
        finish(draft);
        return;
    }
    struct audit_entry best = draft->heap[0];
    struct audit_entry last = draft->heap[--draft->place];
    if (draft->place > 0) {
        sift_down(draft, draft->place, &last);
    }
    if (draft->place >= first) {
        add_entry(draft, draft->place - first, &best);
    } else {
        put_on_pile(draft, &best);
    }
}

struct audit_draft *audit_draft_new(struct audit *audit, const struct audit_policy *policy,
                                    const struct audit_page *page)
{
    struct audit_draft *draft = mem_alloc(sizeof(*draft));
    draft->audit = audit;
    draft->policy = *policy;
    draft->page = *page;
    draft->at = audit;
    draft->groups_max = SIZE_MAX;
    draft->heap_max = page->first + page->count >= page->first ? page->first + page->count : SIZE_MAX;
    draft->report = mem_alloc(sizeof(*draft->report));
    draft->report->dimension_count = audit->dimension_count;
    audit_pin(audit);
    return draft;
}

void audit_draft_visit(struct audit_draft *draft, audit_visit_fn *visit, void *context)
{
    draft->visit = visit;
    draft->context = context;
}

void audit_draft_limit(struct audit_draft *draft, size_t groups_max)
{
    draft->groups_max = groups_max;
}

bool audit_draft_step(struct audit_draft *draft, size_t units)
{
    static void (*const steps[])(struct audit_draft *draft) = {
        [REPORT_GROUPS] = gather_next_group,
        [REPORT_ORIGINS] = gather_next_origin,
        [REPORT_JUDGED] = judge_next,
        [REPORT_RANKED] = rank_next,
    };
    for (; units > 0 && draft->state != REPORT_DONE; units--) {
        steps[draft->state](draft);
    }
    return draft->state == REPORT_DONE;
}

struct audit_report *audit_draft_take(struct audit_draft *draft)
{
    ENSURE(draft->state == REPORT_DONE && draft->report != NULL);
    struct audit_report *report = draft->report;
    draft->report = NULL;
    return report;
}

static void free_unfinished(struct audit_draft *draft)
{
    size_t dimension_count = draft->audit->dimension_count;
    for (size_t i = 0; i < draft->groups.cap; i++) {
        if (draft->state < REPORT_JUDGED || i >= draft->slot) {
            audit_group_free(draft->groups.slots[i].value, dimension_count);
        }
    }
    size_t left = draft->state == REPORT_RANKED ? draft->place : draft->heap_count;
    for (size_t i = 0; i < left; i++) {
        free_entry(&draft->heap[i], dimension_count);
    }
    audit_group_free(draft->pile, dimension_count);
    map_fini(&draft->groups);
    audit_unpin(draft->audit);
}

void audit_draft_free(struct audit_draft *draft)
{
    if (draft == NULL) {
        return;
    }
    if (draft->state != REPORT_DONE) {
        free_unfinished(draft);
    }
    audit_report_free(draft->report);
    free(draft->heap);
    free(draft);
}

struct audit_report *audit_report_new(struct audit *audit, const struct audit_policy *policy)
{
    static const struct audit_page all = {0, SIZE_MAX};
    struct audit_draft *draft = audit_draft_new(audit, policy, &all);
    while (!audit_draft_step(draft, SIZE_MAX)) {
    }
    struct audit_report *report = audit_draft_take(draft);
    audit_draft_free(draft);
    return report;
}

void audit_report_free(struct audit_report *report)
{
    if (report == NULL) {
        return;
    }
    for (size_t i = 0; report->entries != NULL && i < report->count; i++) {
        free_entry(&report->entries[i], report->dimension_count);
    }
    free(report->entries);
    free(report);
}

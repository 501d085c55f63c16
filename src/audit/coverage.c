/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/coverage.h"

#include <inttypes.h>
#include <stdlib.h>
#include "audit/coverage_metrics.h"
#include "audit/history.h"
#include "audit/json.h"
#include "audit/report.h"
#include "base/list.h"
#include "base/mem.h"

/*
 * A look is a report in pieces. They share the history, which takes in one report at a time: so one
 * look is made at a time, in the order in which they have come, and those behind it wait.
 *
 *     state       one unit of work                              left when
 *     WAITING                                                   no look is before it
 *     DRAFTED     a group or an origin, see audit/report.h  the report is done
 *     BEGUN … WRITTEN   a group of the document, a line of the metrics, a line of the summary
 */

enum {
    SUMMARY_SERVICES_MAX = 100,
    GROUP_UNITS = 50, /* writing a group takes as long as gathering so many */
    LINE_UNITS = 2,
    SWEEPS_MIN = 16, /* looks within audit.forget_after, at least, so that a round comes through */
};

enum kind {
    LOOK_CHECK,
    LOOK_JSON,
    LOOK_METRICS,
    LOOK_SUMMARY,
};

struct coverage_look {
    struct list link;
    struct coverage *coverage;
    enum kind kind;
    struct audit_page page;
    struct audit_draft *draft;   /* NULL: not yet, or not any more */
    struct audit_report *report; /* NULL: not yet */
    bool is_begun;
    size_t next; /* group or line to write */
    struct coverage_metrics metrics;
};

struct coverage {
    const struct audit_settings *settings;
    uint64_t bytes_max;
    struct audit *audit;
    const struct log *log;
    struct audit_history *history;
    struct list looks; /* the first one is being made */
    struct coverage_look *check; /* NULL: none */
    bool has_told_of_loss;
    bool has_told_of_services;
    bool has_told_of_logs;
    bool has_told_of_labels;
};

struct coverage *coverage_new(const struct audit_settings *settings, uint64_t bytes_max,
                              struct audit *audit, const struct log *log)
{
    struct coverage *coverage = mem_alloc(sizeof(*coverage));
    coverage->settings = settings;
    coverage->bytes_max = bytes_max;
    coverage->audit = audit;
    coverage->log = log;
    coverage->history = audit_history_new(settings);
    list_init(&coverage->looks);
    return coverage;
}

void coverage_use(struct coverage *coverage, const struct audit_settings *settings,
                  uint64_t bytes_max)
{
    coverage->settings = settings;
    coverage->bytes_max = bytes_max;
    audit_history_use(coverage->history, settings);
}

void coverage_free(struct coverage *coverage)
{
    if (coverage != NULL) {
        coverage_look_free(coverage->check);
        ENSURE(list_is_empty(&coverage->looks));
        audit_history_free(coverage->history);
        free(coverage);
    }
}

/* ---- what is said ---- */

static void judge(struct coverage *coverage, struct audit_entry *entry)
{
    struct audit_span span = {0, 0};
    enum audit_change change = audit_history_judge(coverage->history, entry,
                                                   coverage->settings->min_records, &span);
    const char *of = entry->group->name_space != NULL ? " of " : "";
    const char *name_space = entry->group->name_space != NULL ? entry->group->name_space : "";
    if (change == AUDIT_FELL) {
        audit_entry_explain(entry, coverage->audit);
        const struct audit_hint *hint = entry->hint_count > 0 ? &entry->hints[0] : NULL;
        log_event(coverage->log, LOG_WARN,
                  "coverage of service %s%s%s dropped to %.1f %% of %" PRIu64 " records, below its "
                  "minimum of %.1f %%: %s; shipping continues, see /coverage",
                  entry->group->service, of, name_space, 100 * audit_span_coverage(&span),
                  span.records, 100 * entry->min_coverage,
                  hint != NULL ? hint->cause : "fewer records carry a trace id");
    } else if (change == AUDIT_RECOVERED) {
        log_event(coverage->log, LOG_INFO,
                  "coverage of service %s%s%s is above its minimum again: %.1f %% of %" PRIu64 " "
                  "records",
                  entry->group->service, of, name_space, 100 * audit_span_coverage(&span),
                  span.records);
    }
}

static void check_preservation(struct coverage *coverage)
{
    struct audit_preservation p = audit_get_preservation(coverage->audit);
    if (coverage->has_told_of_loss || audit_is_preserved(&p)) {
        return;
    }
    coverage->has_told_of_loss = true;
    log_event(coverage->log, LOG_ERROR,
              "filters removed trace ids or fields: %" PRIu64 " records had a trace id when they were "
              "read and %" PRIu64 " when they were sent, with %" PRIu64 " dropped by filters; fields: "
              "%" PRIu64 " and %" PRIu64 " (logged once; see /coverage)",
              p.ids_in, p.ids_out, p.ids_filtered, p.fields_in, p.fields_out);
}

/* Each limit once, when it is hit; counters go on. */
static void tell_limits(struct coverage *coverage)
{
    struct audit_over over = audit_get_over(coverage->audit);
    if (over.records > 0 && !coverage->has_told_of_services) {
        coverage->has_told_of_services = true;
        log_event(coverage->log, LOG_WARN,
                  "the audit has %" PRIu64 " services, the limit of audit.groups_max: further ones "
                  "are counted as (others) until some have no records for audit.forget_after; check "
                  "whether the field that names the service contains an id or a path (logged once; "
                  "see clew_audit_over_records_total)",
                  coverage->settings->groups_max);
    }
    if (over.origins > 0 && !coverage->has_told_of_logs) {
        coverage->has_told_of_logs = true;
        log_event(coverage->log, LOG_WARN,
                  "more than %" PRIu64 " logs are read at once: lines without a service of further "
                  "ones count as unknown_service; raise audit.groups_max (logged once; see "
                  "clew_audit_over_logs_total)",
                  coverage->settings->groups_max);
    }
    if (audit_history_has_refused_label(coverage->history) && !coverage->has_told_of_labels) {
        coverage->has_told_of_labels = true;
        log_event(coverage->log, LOG_INFO,
                  "more than %" PRIu64 " services write at once: further ones are "
                  "service=\"(others)\" in /metrics; raise audit.metrics_services_max to see them "
                  "(logged once)",
                  coverage->settings->metrics_services_max);
    }
}

/* ---- looks ---- */

static struct coverage_look *look_new(struct coverage *coverage, enum kind kind,
                                      struct audit_page page)
{
    struct coverage_look *look = mem_alloc(sizeof(*look));
    look->coverage = coverage;
    look->kind = kind;
    look->page = page;
    list_init(&look->link);
    list_append(&coverage->looks, &look->link);
    return look;
}

struct coverage_look *coverage_look_json(struct coverage *coverage, uint64_t first, uint64_t count)
{
    struct audit_page page = {first < SIZE_MAX / 2 ? (size_t)first : SIZE_MAX / 2,
                              count < COVERAGE_PAGE_MAX ? (size_t)count : COVERAGE_PAGE_MAX};
    return look_new(coverage, LOOK_JSON, page);
}

struct coverage_look *coverage_look_metrics(struct coverage *coverage)
{
    return look_new(coverage, LOOK_METRICS, (struct audit_page){0, 0});
}

struct coverage_look *coverage_look_summary(struct coverage *coverage)
{
    return look_new(coverage, LOOK_SUMMARY, (struct audit_page){0, SUMMARY_SERVICES_MAX});
}

void coverage_look_free(struct coverage_look *look)
{
    if (look == NULL) {
        return;
    }
    if (look->coverage->check == look) {
        look->coverage->check = NULL;
    }
    list_remove(&look->link);
    audit_draft_free(look->draft);
    audit_report_free(look->report);
    free(look);
}

static void take_entry(void *context, struct audit_entry *entry)
{
    struct coverage_look *look = context;
    audit_history_take(look->coverage->history, entry);
    if (look->kind == LOOK_CHECK) {
        judge(look->coverage, entry);
    }
}

/* True: there is a report. */
static bool draft(struct coverage_look *look, uint64_t now_ns, size_t units)
{
    static const struct audit_policy policy = {0};
    struct coverage *coverage = look->coverage;
    if (look->draft == NULL) {
        look->draft = audit_draft_new(coverage->audit, &policy, &look->page);
        audit_draft_visit(look->draft, take_entry, look);
        audit_draft_limit(look->draft, coverage->bytes_max / AUDIT_DRAFT_GROUP_BYTES);
        audit_history_begin(coverage->history, now_ns);
    }
    if (!audit_draft_step(look->draft, units)) {
        return false;
    }
    look->report = audit_draft_take(look->draft);
    audit_draft_free(look->draft);
    look->draft = NULL;
    audit_history_end(coverage->history, &look->report->total);
    return true;
}

static size_t at_least_one(size_t n)
{
    return n > 0 ? n : 1;
}

/* As much as so many units allow; true: all of it. */
static bool write_json(struct coverage_look *look, size_t units, struct buf *out, bool *out_fits)
{
    const struct coverage *coverage = look->coverage;
    const struct audit_report *report = look->report;
    bool fits = look->is_begun || audit_json_begin(report, coverage->settings, coverage->history,
                                                   &look->page, out);
    look->is_begun = true;
    for (size_t i = 0; fits && i < at_least_one(units / GROUP_UNITS) && look->next < report->count;
         i++) {
        fits = audit_json_group(report, look->next++, coverage->history, out);
    }
    bool is_done = !fits || look->next == report->count;
    *out_fits = fits && (!is_done || audit_json_end(report, out));
    return is_done;
}

static bool write_metrics(struct coverage_look *look, size_t units, struct buf *out, bool *out_fits)
{
    *out_fits = coverage_metrics_write(&look->metrics, look->coverage->history,
                                       at_least_one(units / LINE_UNITS), out);
    return !*out_fits || look->metrics.is_done;
}

enum coverage_step coverage_look_step(struct coverage_look *look, uint64_t now_ns, size_t units,
                                      struct buf *out)
{
    struct coverage *coverage = look->coverage;
    bool fits = true;
    if (coverage->looks.next != &look->link) {
        coverage_check_step(coverage, now_ns, units); /* if it is that which is in the way */
        return COVERAGE_GOES_ON;
    }
    if (look->report == NULL && !draft(look, now_ns, units)) {
        return COVERAGE_GOES_ON;
    }
    bool is_done = look->kind == LOOK_JSON ? write_json(look, units, out, &fits)
                                           : write_metrics(look, units, out, &fits);
    return !fits ? COVERAGE_TOO_LARGE : is_done ? COVERAGE_DONE : COVERAGE_GOES_ON;
}

bool coverage_summary_step(struct coverage_look *look, uint64_t now_ns, size_t units,
                           void (*take)(void *context, struct slice line), void *context)
{
    if (look->coverage->looks.next != &look->link ||
        (look->report == NULL && !draft(look, now_ns, units))) {
        return false;
    }
    const struct audit_report *report = look->report;
    size_t count = report->count < SUMMARY_SERVICES_MAX ? report->count : SUMMARY_SERVICES_MAX;
    for (size_t i = 0; i < at_least_one(units / GROUP_UNITS) && look->next <= count; i++) {
        size_t n = look->next++;
        char *line = audit_json_summary(report, n > 0 ? &report->entries[n - 1] : NULL,
                                        look->coverage->history);
        take(context, slice_from_string(line));
        free(line);
    }
    return look->next > count;
}

/* ---- the check ---- */

/* So much of every audit that each group is seen many times within audit.forget_after. */
static void sweep(struct coverage *coverage, uint64_t now_ns)
{
    const struct audit_settings *settings = coverage->settings;
    uint64_t checks = settings->forget_after_ms / settings->check_interval_ms / SWEEPS_MIN;
    size_t count = settings->groups_max / (checks > 0 ? checks : 1) + 1;
    audit_sweep(coverage->audit, now_ns, settings->forget_after_ms * UINT64_C(1000000), count);
}

void coverage_begin_check(struct coverage *coverage)
{
    if (coverage->check == NULL) {
        coverage->check = look_new(coverage, LOOK_CHECK, (struct audit_page){0, 0});
    }
}

bool coverage_check_step(struct coverage *coverage, uint64_t now_ns, size_t units)
{
    struct coverage_look *look = coverage->check;
    if (look == NULL) {
        return true;
    }
    if (coverage->looks.next != &look->link || !draft(look, now_ns, units)) {
        return false;
    }
    coverage_look_free(look);
    sweep(coverage, now_ns);
    check_preservation(coverage);
    tell_limits(coverage);
    return true;
}

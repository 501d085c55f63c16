/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/mem.h"
#include "control/coverage_metrics.h"
#include "core/audit_history.h"
#include "core/audit_json.h"

enum { SUMMARY_SERVICES_MAX = 100 };

struct coverage {
    const struct audit_settings *settings;
    const struct audit *audit;
    const struct log *log;
    struct audit_history *history;
    bool has_told_of_loss;
};

struct coverage *coverage_new(const struct audit_settings *settings, const struct audit *audit,
                              const struct log *log)
{
    struct coverage *coverage = mem_alloc(sizeof(*coverage));
    coverage->settings = settings;
    coverage->audit = audit;
    coverage->log = log;
    coverage->history = audit_history_new(settings);
    return coverage;
}

void coverage_use(struct coverage *coverage, const struct audit_settings *settings)
{
    coverage->settings = settings;
}

void coverage_free(struct coverage *coverage)
{
    if (coverage != NULL) {
        audit_history_free(coverage->history);
        free(coverage);
    }
}

/* The caller frees it. */
static struct audit_report *report_now(struct coverage *coverage, uint64_t now_ns)
{
    static const struct audit_policy policy = {0};
    struct audit_report *report = audit_report_new(coverage->audit, &policy);
    audit_history_update(coverage->history, report, now_ns);
    return report;
}

static void judge(struct coverage *coverage, const struct audit_entry *entry)
{
    struct audit_span span = {0, 0};
    enum audit_change change = audit_history_judge(coverage->history, entry,
                                                   coverage->settings->min_records, &span);
    const char *of = entry->group->name_space != NULL ? " of " : "";
    const char *name_space = entry->group->name_space != NULL ? entry->group->name_space : "";
    if (change == AUDIT_FELL) {
        const struct audit_hint *hint = entry->hint_count > 0 ? &entry->hints[0] : NULL;
        log_event(coverage->log, LOG_WARN,
                  "coverage of service %s%s%s fell to %.1f %% of %" PRIu64
                  " records, it should be %.1f %%: %s; shipping goes on, /coverage has the details",
                  entry->group->service, of, name_space, 100 * audit_span_coverage(&span),
                  span.records, 100 * entry->min_coverage,
                  hint != NULL ? hint->cause : "fewer of its records carry a trace id");
    } else if (change == AUDIT_RECOVERED) {
        log_event(coverage->log, LOG_INFO,
                  "coverage of service %s%s%s is good again: %.1f %% of %" PRIu64 " records",
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
              "the config strips records on their way through: %" PRIu64
              " had a trace id when they were read and %" PRIu64
              " when they left, with %" PRIu64 " dropped by filters; fields were %" PRIu64
              " and %" PRIu64 "; this is told once, /coverage goes on counting",
              p.ids_in, p.ids_out, p.ids_filtered, p.fields_in, p.fields_out);
}

void coverage_check(struct coverage *coverage, uint64_t now_ns)
{
    struct audit_report *report = report_now(coverage, now_ns);
    for (size_t i = 0; i < report->count; i++) {
        judge(coverage, &report->entries[i]);
    }
    audit_report_free(report);
    check_preservation(coverage);
}

void coverage_summary(struct coverage *coverage, uint64_t now_ns,
                      void (*take)(void *context, struct slice line), void *context)
{
    struct audit_report *report = report_now(coverage, now_ns);
    for (size_t i = 0; i <= report->count && i <= SUMMARY_SERVICES_MAX; i++) {
        char *line = audit_json_summary(report, i > 0 ? &report->entries[i - 1] : NULL,
                                        coverage->history);
        take(context, slice_from_string(line));
        free(line);
    }
    audit_report_free(report);
}

bool coverage_append_json(struct coverage *coverage, uint64_t now_ns, struct buf *out)
{
    struct audit_report *report = report_now(coverage, now_ns);
    char *text = audit_json(report, coverage->settings, coverage->history);
    bool fits = buf_append_string(out, text);
    free(text);
    audit_report_free(report);
    return fits;
}

bool coverage_append_metrics(struct coverage *coverage, uint64_t now_ns, struct buf *out)
{
    struct audit_report *report = report_now(coverage, now_ns);
    bool fits = coverage_metrics_write(report, coverage->history,
                                       coverage->settings->metrics_services_max, out);
    audit_report_free(report);
    return fits;
}

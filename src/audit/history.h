/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_HISTORY_H
#define CLEW_AUDIT_HISTORY_H

/*
 * Coverage over the last minute, five minutes and hour, for `clew run`.
 *
 * Made from reports, not from records: counting a record costs nothing more. What a report has more
 * than the one before goes into the bucket of the running minute, so a window is exact to the time
 * between two reports. A window is its whole minutes and the running one.
 *
 * Bounded: 61 buckets of eight bytes for each of at most audit.groups_max services. The services
 * beyond have no windows and are never warned about; the overflow group of the audit is one of them.
 * A service that had no record for audit.forget_after is forgotten, and begins anew should it come back.
 *
 * Some services have labels in /metrics, at most audit.metrics_services_max: those with a record last.
 * Who has one keeps it while it has records every half minute; a newcomer gets that of the one that had
 * none for longest. No id ever becomes a label: a service whose name is 16 or 32 hexadecimal digits or a
 * UUID has none.
 */

#include "audit/report.h"

enum audit_window {
    AUDIT_WINDOW_1M,
    AUDIT_WINDOW_5M,
    AUDIT_WINDOW_1H,
    AUDIT_WINDOWS,
};

extern const char *const audit_window_names[AUDIT_WINDOWS]; /* "1m", "5m", "1h" */

struct audit_span {
    uint64_t records;
    uint64_t valid;
};

/* How a service stands against its minimum, and whether that is news. */
enum audit_change {
    AUDIT_UNCHANGED,
    AUDIT_FELL,      /* under its minimum, and was not before */
    AUDIT_RECOVERED, /* was under its minimum, and is clearly above it again */
};

struct audit_history;

/* `settings` must outlive it, or the next audit_history_use(). */
struct audit_history *audit_history_new(const struct audit_settings *settings);
void audit_history_use(struct audit_history *history, const struct audit_settings *settings);
void audit_history_free(struct audit_history *history);                        /* NULL is fine */

/* Take in a report made at `now_ns` (of a clock that never goes back). Reports are to come at least
 * every minute; records of a longer time are all counted as of its end. */
void audit_history_update(struct audit_history *history, const struct audit_report *report,
                          uint64_t now_ns);

/* The same entry by entry: every one of a report is taken between the two others. */
void audit_history_begin(struct audit_history *history, uint64_t now_ns);
void audit_history_take(struct audit_history *history, const struct audit_entry *entry);
void audit_history_end(struct audit_history *history, const struct book *total);

/* What the last update knew of the service in the window; false: nothing is kept of it. NULL as
 * group: all services together. */
bool audit_history_find(const struct audit_history *history, const struct audit_group *group,
                        enum audit_window window, struct audit_span *out_span);

/*
 * Judge a service by the last five minutes, or by the hour if they have fewer than
 * `min_records`; with fewer in both, or when it is not known to be traced, nothing changes. It
 * recovers two percentage points above its minimum (or at all there is), so that one on the edge is
 * not told of all the time. Remembers what it said. *out_span is what was looked at.
 */
enum audit_change audit_history_judge(struct audit_history *history,
                                      const struct audit_entry *entry, uint64_t min_records,
                                      struct audit_span *out_span);

/* The service is under its minimum, as far as audit_history_judge() has said. */
bool audit_history_is_below(const struct audit_history *history, const struct audit_group *group);

/* A service with labels, as of the last report. Names are borrowed. */
struct audit_labelled {
    const char *service;
    const char *name_space;  /* NULL: not known */
    struct audit_span start; /* since it was first seen, or seen again */
    struct audit_span windows[AUDIT_WINDOWS];
    double min_coverage;
    bool is_below;
};

/* One after the other, in an order that says nothing: *at is NULL at first; false: there is none more.
 * Between two calls there may be no report. */
struct past;
bool audit_history_next_labelled(const struct audit_history *history, const struct past **at,
                                 struct audit_labelled *out);

/* What services had, each while it had no label: it only grows. */
struct audit_span audit_history_others(const struct audit_history *history);

size_t audit_history_services(const struct audit_history *history); /* of the last report */

/* Some service has ever found all labels taken. */
bool audit_history_has_refused_label(const struct audit_history *history);

double audit_span_coverage(const struct audit_span *span); /* 0 of none */

#endif

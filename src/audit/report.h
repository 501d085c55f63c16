/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_REPORT_H
#define CLEW_AUDIT_REPORT_H

/*
 * What the audit has counted, given to services, judged and explained. A report is a copy: the
 * audit may go on counting. docs/coverage.md defines the numbers and the policy.
 *
 * It is made at once (audit_report_new()), or as a draft, a bounded piece of it at a time, while lines
 * are counted on between the pieces: each record that was there at the beginning is in it, of later
 * ones some.
 */

#include <stdbool.h>
#include "audit/book.h"
#include "audit/hints.h"

enum audit_verdict {
    AUDIT_BELOW,        /* known to be traced, and under its minimum */
    AUDIT_NOT_TRACED,   /* no valid id anywhere, and not listed as traced */
    AUDIT_SMALL_SAMPLE, /* fewer records than min_records */
    AUDIT_MET,
};

const char *audit_verdict_name(enum audit_verdict verdict); /* "below", "not_traced", … */

/* What counts against the whole beside the services' minimum. */
struct audit_policy {
    uint32_t fail_on;    /* bits 1 << enum trace_class: not one record may have it */
    bool must_be_traced; /* at least one service has to be known to be traced */
};

struct audit_entry {
    struct audit_group *group;
    struct audit_part **parts; /* of the group, worst first */
    size_t part_count;
    double coverage;     /* valid ÷ records */
    double min_coverage; /* what is asked of it */
    enum audit_verdict verdict;
    bool is_traced;
    bool is_instrumented; /* some record shows that a logger adds ids: its absents mean no span */
    enum ecosystem ecosystem;
    bool has_before; /* the baseline had enough records of it … */
    double before;   /* … and this coverage; see audit/baseline.h */
    bool is_worse;
    struct audit_hint *hints; /* the one that explains most records first */
    size_t hint_count;
};

struct audit_report {
    struct book total;
    double coverage;
    struct audit_trend trend;    /* of all; empty unless trends are kept */
    struct audit_entry *entries; /* of the page, worst first; then, if there are more, the others */
    size_t count;
    size_t services; /* how many are told apart, on whatever page */
    enum audit_dimension dimensions[AUDIT_DIMENSIONS];
    size_t dimension_count;
    struct audit_preservation preservation;
    uint32_t failed_on;     /* of policy.fail_on, what occurred */
    bool is_nothing_traced; /* must_be_traced, and none is */
    bool is_compared;       /* with a baseline: … */
    size_t worse_count;     /* … services that got worse */
    size_t gone_count;      /* … services that were there, and no record is of them now */
    bool is_met;            /* the whole policy, the baseline included */
};

struct audit_report *audit_report_new(struct audit *audit, const struct audit_policy *policy);

/* Which of all entries, the worst being number 0, a report has; all others are one, "(others)". */
struct audit_page {
    size_t first;
    size_t count;
};

struct audit_draft;

/* The audit must outlive it, and so must what is joined to it. */
struct audit_draft *audit_draft_new(struct audit *audit, const struct audit_policy *policy,
                                    const struct audit_page *page);

/* Called with each entry, of whatever page, in no order and without parts and hints. Before the first
 * step. */
typedef void audit_visit_fn(void *context, struct audit_entry *entry);
void audit_draft_visit(struct audit_draft *draft, audit_visit_fn *visit, void *context);

/* At most so many services told apart, or nearly: of the others the total has their numbers, and nobody is
 * called. Before the first step. */
void audit_draft_limit(struct audit_draft *draft, size_t groups_max);

enum { AUDIT_DRAFT_GROUP_BYTES = 1024 }; /* that one of them takes, about */

/* At most so many units of work, each of them a group or an origin of logs; true: it is done. */
bool audit_draft_step(struct audit_draft *draft, size_t units);

struct audit_report *audit_draft_take(struct audit_draft *draft); /* once, when it is done */
void audit_draft_free(struct audit_draft *draft);                 /* done or not; NULL is fine */

/* Find the hints of an entry that was visited; once. */
void audit_entry_explain(struct audit_entry *entry, const struct audit *audit);

void audit_report_free(struct audit_report *report); /* NULL is fine */

/* Valid ÷ records; 0 of none. */
double audit_book_coverage(const struct book *book);

/* Compared as it is meant, 50 of 100 being 50 %, whatever the rounding of doubles. */
bool audit_coverage_is_under(double coverage, double min_coverage);

#endif

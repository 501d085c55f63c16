/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_AUDIT_REPORT_H
#define CLEW_CORE_AUDIT_REPORT_H

/*
 * What the audit has counted, given to services, judged and explained. A report is a copy: the
 * audit may go on counting. docs/coverage.md defines the numbers and the policy.
 */

#include <stdbool.h>
#include "core/audit_book.h"
#include "core/audit_hints.h"

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
    double before;   /* … and this coverage; see core/audit_baseline.h */
    bool is_worse;
    struct audit_hint *hints; /* the one that explains most records first */
    size_t hint_count;
};

struct audit_report {
    struct book total;
    double coverage;
    struct audit_trend trend;    /* of all; empty unless trends are kept */
    struct audit_entry *entries; /* worst first */
    size_t count;
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

struct audit_report *audit_report_new(const struct audit *audit, const struct audit_policy *policy);
void audit_report_free(struct audit_report *report); /* NULL is fine */

/* Valid ÷ records; 0 of none. */
double audit_book_coverage(const struct book *book);

/* Compared as it is meant, 50 of 100 being 50 %, whatever the rounding of doubles. */
bool audit_coverage_is_under(double coverage, double min_coverage);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_AUDIT_VIEWS_H
#define CLEW_CLI_AUDIT_VIEWS_H

/* Reports of the audit for people. The one for machines is audit/json.h. */

#include <stdio.h>
#include "audit/report.h"

struct audit_view {
    const struct audit_report *report;
    const struct audit_settings *settings;
    bool has_colour;
    bool has_hints;
    bool has_parts;      /* services broken down by the report's dimensions */
    bool has_namespaces; /* the table has a column for them: set by itself */
    bool has_ids;        /* what the valid ids are worth; the page always tells */
};

/* At most 100 columns; worst first, the total last, then why and what to do. */
void audit_table_print(const struct audit_view *view, FILE *out);

/* The same for the description of a merge request. */
void audit_markdown_print(const struct audit_view *view, FILE *out);

/* The same as one page for a browser: no script, nothing fetched, nothing of the log is markup.
 * With a trend where the audit kept one. */
void audit_html_print(const struct audit_view *view, FILE *out);

/* The style sheet of that page. */
extern const char audit_html_style[];

/* What the policy says of the whole, one sentence without newline. The caller frees it. */
char *audit_verdict_text(const struct audit_view *view);

/*
 * Classes that are no valid id, the most frequent first: `absent 12, placeholder 3`. Written to
 * `out` with a NUL, as many as fit; `absent` of a service that is instrumented is
 * `absent (instrumented)`, where there is room.
 */
void audit_gaps_text(const struct book *book, bool is_instrumented, char *out, size_t out_max);

/* `88.0 % unsampled, most frequent id 2.1 %, flags always sampled`: of the valid ones. Written to
 * `out` with a NUL; empty if there are none. */
void audit_ids_text(const struct book *book, char *out, size_t out_max);

/* `about 1,234 services beyond audit.groups_max`, of the overflow group. */
void audit_others_text(const struct audit_group *group, char *out, size_t out_max);

/* Text out of a log in so many columns, a code point each, `…` where it was cut, and a question
 * mark for what could speak to the terminal. Blanks behind it if `is_padded`. */
void audit_print_cell(const char *text, size_t columns, bool is_padded, FILE *out);

/* 1204 as "1,204". */
const char *audit_number_text(uint64_t n, char out[32]);

/* "1 record", "1,204 records". */
const char *audit_records_text(uint64_t n, char out[48]);

/* A share as "96.3 %", never rounded up to 100 or down to 0. */
const char *audit_share_text(double share, char out[16]);

/* `logger=celery.worker container=pay`; the caller frees it. */
char *audit_part_text(const struct audit_report *report, const struct audit_part *part);

#endif

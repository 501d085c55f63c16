/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_BASELINE_H
#define CLEW_AUDIT_BASELINE_H

/*
 * An earlier report to hold a new one against: did an upgrade take the ids off? Only the coverage
 * of each service is compared, as numbers of records depend on how long one looked.
 */

#include "audit/report.h"

struct audit_baseline;

/* From the text of a JSON report. NULL if it is none: *out_error is the rest of a sentence ("is not
 * …"), which the caller frees. */
struct audit_baseline *audit_baseline_new(const char *text, size_t len, char **out_error);
void audit_baseline_free(struct audit_baseline *baseline); /* NULL is fine */

/*
 * Mark in each entry what it was and whether it is worse: its coverage fell by more than `margin`
 * (0.05: five percentage points). A service with fewer than `min_records` now or then is not
 * compared. One that is worse fails the report. Services that are gone are counted, and fail
 * nothing: nobody can tell a lost name from one that was not running.
 */
void audit_baseline_compare(const struct audit_baseline *baseline, double margin,
                            uint64_t min_records, struct audit_report *report);

#endif

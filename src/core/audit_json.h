/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_AUDIT_JSON_H
#define CLEW_CORE_AUDIT_JSON_H

/* A report as the JSON document that docs/coverage.md describes. Its `version` is 1; members may be
 * added, none is taken away or changes its meaning without a new version. */

#include "core/audit_history.h"
#include "core/audit_report.h"

enum { AUDIT_JSON_VERSION = 1 };

/* One object, indented, with a newline at its end. `history` adds the windows of `clew run`; NULL:
 * there are none. The caller frees it. */
char *audit_json(const struct audit_report *report, const struct audit_settings *settings,
                 const struct audit_history *history);

/* A name as the report writes it: what is not UTF-8 in it is U+FFFD. The caller frees it; NULL stays
 * NULL. */
char *audit_json_name(const char *name);

/* One line of a summary, without newline: a service's, or that of all together (entry NULL). The
 * caller frees it. */
char *audit_json_summary(const struct audit_report *report, const struct audit_entry *entry,
                         const struct audit_history *history);

#endif

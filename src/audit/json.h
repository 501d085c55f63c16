/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_JSON_H
#define CLEW_AUDIT_JSON_H

/* A report as the JSON document that docs/coverage.md describes. Its `version` is 1; members may be
 * added, none is taken away or changes its meaning without a new version. */

#include "audit/history.h"
#include "audit/report.h"
#include "base/buf.h"

enum { AUDIT_JSON_VERSION = 1 };

/* One object, indented, with a newline at its end. `history` adds the windows of `clew run`; NULL:
 * there are none. The caller frees it. */
char *audit_json(const struct audit_report *report, const struct audit_settings *settings,
                 const struct audit_history *history);

/* The same in pieces: what is before the groups, one group after the other, what is behind them. All
 * append, and are false at out->limit. `page` is that of the report, and adds a member; NULL: it has
 * all. */
bool audit_json_begin(const struct audit_report *report, const struct audit_settings *settings,
                      const struct audit_history *history, const struct audit_page *page,
                      struct buf *out);
bool audit_json_group(const struct audit_report *report, size_t index,
                      const struct audit_history *history, struct buf *out);
bool audit_json_end(const struct audit_report *report, struct buf *out);

/* A name as the report writes it: what is not UTF-8 in it is U+FFFD. The caller frees it; NULL stays
 * NULL. */
char *audit_json_name(const char *name);

/* One line of a summary, without newline: a service's, or that of all together (entry NULL). The
 * caller frees it. */
char *audit_json_summary(const struct audit_report *report, const struct audit_entry *entry,
                         const struct audit_history *history);

#endif

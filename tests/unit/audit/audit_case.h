/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_AUDIT_CASE_H
#define CLEW_TESTS_AUDIT_CASE_H

/* Records as the resolve stage leaves them, for the tests of the audit. */

#include "audit/audit.h"
#include "audit/report.h"

struct audit_line {
    const struct source *source;
    const char *service; /* NULL: the line names none */
    enum trace_class trace_class;
    uint64_t trace; /* the trace id, as a number; 0: none */
    const char *logger;
    const char *text;
    uint64_t also;
};

static inline struct record audit_record(const struct audit_line *line)
{
    struct record record = {.source = line->source,
                            .line = slice_from_string(line->text),
                            .service = slice_from_string(line->service),
                            .logger = slice_from_string(line->logger),
                            .trace_class = line->trace_class,
                            .also = line->also,
                            .has_trace_id = line->trace != 0};
    memcpy(record.trace_id, &line->trace, sizeof(line->trace));
    return record;
}

static inline void audit_lines(struct audit *audit, const struct audit_line *line, size_t times)
{
    struct record record = audit_record(line);
    for (size_t i = 0; i < times; i++) {
        audit_count(audit, &record);
    }
}

/* The entry of that service; NULL if there is none. */
static inline const struct audit_entry *audit_entry_of(const struct audit_report *report,
                                                       const char *service)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->entries[i].group->service, service) == 0) {
            return &report->entries[i];
        }
    }
    return NULL;
}

#endif

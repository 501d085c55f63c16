/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TRACE_TRACE_H
#define CLEW_RESOLVE_TRACE_TRACE_H

/*
 * The trace half of the resolve stage: which trace and span a record belongs to, and how well the
 * line says so. docs/coverage.md has the conventions, the classes and the rules between several
 * ids.
 *
 * Costs follow need: members at the top level are read from the hits; nested containers are looked
 * into only when the top level did not give both ids; the text is scanned only when no member was a
 * candidate (for text lines: when an id is missing).
 */

#include "record/record.h"
#include "record/settings.h"
#include "record/shape_answers.h"

struct trace_resolver;

/* NULL when a user's pattern is wrong: *out_error is a sentence that the caller frees. `settings`
 * is not needed any more afterwards. */
struct trace_resolver *trace_resolver_new(const struct trace_settings *settings, char **out_error);
void trace_resolver_free(struct trace_resolver *resolver); /* NULL is fine */

/*
 * Set the record's trace_id, span_id, flags, has_…, trace_class and also.
 *
 * `line` says what the names of record->fields mean; `message` is the text to scan: the free text of a
 * text line, the message of a structured one, empty if there is none. A top-level member whose text
 * is exactly what is now in the record's own field is marked FIELD_MOVED; anything that was
 * converted, nested or not used stays an attribute.
 */
void trace_resolve(struct trace_resolver *resolver, struct record *record,
                   const struct shape *line, struct slice message);

#endif

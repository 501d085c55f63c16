/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_RESOLVE_H
#define CLEW_RESOLVE_RESOLVE_H

/*
 * The resolve stage: what the fields of a line mean.
 *
 * Sets the record's ids and class (resolve/trace/trace.h), severity (resolve/severity.h), time
 * (resolve/time/timestamp.h), body, service and logger, by the rules of docs/coverage.md, from one walk
 * over the top level of the field table; nested containers are only looked into where the top level
 * had no answer. A field that moved unchanged into a field of the record's own is marked
 * FIELD_MOVED.
 */

#include "record/record.h"
#include "record/settings.h"

struct resolver;

/* NULL when a user's pattern or time zone is wrong: *out_error is a sentence that the caller frees.
 * `settings` must outlive the resolver. */
struct resolver *resolver_new(const struct trace_settings *settings, char **out_error);
void resolver_free(struct resolver *resolver);

/* The names it knows, for `keys` of the one field table whose records it resolves. */
struct key_cache *resolver_keys(struct resolver *resolver);

/* What lines have in common: for the field table of the records that it is given. */
struct shapes *resolver_shapes(struct resolver *resolver);

/* Never fails. Allocates nothing but from record->arena; what does not fit there stays unset. */
void resolver_resolve(struct resolver *resolver, struct record *record);

#endif

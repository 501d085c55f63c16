/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_AUDIT_H
#define CLEW_AUDIT_AUDIT_H

/*
 * The audit: how many records of each service carry trace context, and why the others do not.
 *
 * Counted before the filters and before shipping, so that clew can prove that it stripped nothing
 * itself. docs/coverage.md defines each number. Bounded: at most audit.groups_max groups, the rest
 * in one overflow group; names and samples are cut, and hostile names cannot make it grow. Nothing is
 * kept for what is gone: an origin leaves with its files, and what it had is its service's; a service
 * that has long not been seen makes room for others, and is part of the overflow group then.
 *
 * Whose record is it? The service that the line names. Lines that name none are kept apart by where
 * they come from, and given away when a report is made: to the one service that all other lines
 * from there agree on, else to the source's default service, else to `unknown_service`. So the
 * order of the lines does not matter.
 */

#include <stdbool.h>
#include "audit/kinds.h"
#include "record/record.h"
#include "record/settings.h"

struct audit;
struct audit_origin; /* where lines come from: one container, one file, standard input */
struct counters;

/* `settings` is read by audit_new() only for its limits, by reports for the policy: it must outlive
 * the audit. */
struct audit *audit_new(const struct audit_settings *settings);
void audit_use(struct audit *audit, const struct audit_settings *settings); /* from now on, for policy */
void audit_count_in(struct audit *audit, struct counters *counters); /* what its limits leave out */
void audit_free(struct audit *audit); /* NULL is fine */

/* From now on reports of `audit` are about the records that `other` has counted, too: that of another
 * worker, where other lines come from. Both have the same settings. Nobody may count while a report is
 * made. `other` must outlive it. */
void audit_join(struct audit *audit, struct audit *other);

/* Also count every combination of these within each group. Before the first audit_count(). */
void audit_break_down(struct audit *audit, const enum audit_dimension *dimensions, size_t count);

/* Keep one sample line of each class in each group, `bytes_max` in all; 0, the default: none. With
 * its secrets, unless it is to be redacted: see core/redact.h. */
void audit_keep_samples(struct audit *audit, size_t bytes_max, bool is_redacted);

/* Keep coverage over time of each group, by the records' own times. */
void audit_keep_trend(struct audit *audit);

/* Count one record, right after the resolve stage. */
void audit_count(struct audit *audit, const struct record *record);

/*
 * Of a log that may end while the audit goes on: `*held`, NULL at first, holds the origin of the record
 * that was counted last. An origin leaves with the last log that holds it; what names no service is
 * then counted for the service that a report would have given it to. One that nobody has ever held
 * stays until its place is needed.
 */
void audit_hold(struct audit *audit, struct audit_origin **held);
void audit_let_go(struct audit *audit, struct audit_origin **held); /* *held NULL is fine */

struct audit_over audit_get_over(const struct audit *audit);

/*
 * Minimum coverage that the metadata of a source asks for (struct source_policy) counts for the groups
 * that its records are of. Where several sources differ the highest holds, and one that asks for
 * nothing asks for the config's: so none can lower what is asked of another. It holds as long as
 * records come in: those of the round before this one count, and of this one.
 */
void audit_begin_round(struct audit *audit);

/*
 * Look at `count` more groups of each audit that is joined, one after the other and from the first again,
 * and let those go that had no record for `forget_ns` while more than half of the places are taken: their
 * numbers are the overflow group's. One that an origin still leads to stays. Call it as often as it takes
 * to see each within a fraction of that time.
 */
void audit_sweep(struct audit *audit, uint64_t now_ns, uint64_t forget_ns, size_t count);

/* Count what a record still has where it leaves: behind the filters, at the encoder. */
void audit_count_out(struct audit *audit, const struct record *record);

/* The same of a record that has been through the config's filters, which may have taken from it what
 * the config says: before them it had this many fields, and an id or none. */
struct audit_before {
    bool had_id;
    uint32_t fields;
};

void audit_count_filtered(struct audit *audit, const struct record *record,
                          struct audit_before before, bool is_dropped);

/* Is it? */
bool audit_is_preserved(const struct audit_preservation *preservation);

struct audit_preservation audit_get_preservation(const struct audit *audit);

#endif

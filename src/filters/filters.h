/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_FILTERS_H
#define CLEW_FILTERS_FILTERS_H

/*
 * A chain of filters: what the config does to a record between resolve and encode. docs/filters.md
 * is its grammar; every rule that holds for all filters is kept here:
 *
 *   - A filter changes fields of the line only. Ids, severity, time, body and resource it changes
 *     where the config names them with their `$` (record/own_value.h), never otherwise.
 *   - A filter that cannot do its work leaves the record as it was, which is counted; it drops
 *     nothing unless the config says so.
 *   - What a filter drops, and which ids it took away, is counted under its name.
 *
 * Nothing is allocated per record: made texts are the record's arena's, and both that and the number
 * of fields have their limits. No clock: `now_ns` is an argument.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "filters/filter.h"
#include "record/filter_count.h"
#include "record/record.h"
#include "record/settings.h"

struct filters;

enum filter_verdict {
    FILTER_KEEP,
    FILTER_DROP,
};

/*
 * `label` stands before the names of the chain's filters in counts ("" for the config's own chain).
 * NULL with *out_error unset when there is no filter, i.e. `count` is 0; NULL when a filter cannot be
 * made: *out_error is a sentence with its place in the config, which the caller frees. `items`
 * must outlive the chain.
 */
struct filters *filters_new(const struct filter_settings *items, size_t count, const char *label,
                            const struct filter_tools *tools, char **out_error);
void filters_free(struct filters *filters); /* NULL is fine */

/* Apply all, in order, up to one that drops the record. `filters` may be NULL: keep. `now_ns` never
 * goes backwards by much; any clock will do. */
enum filter_verdict filters_apply_all(struct filters *filters, struct record *record,
                                      uint64_t now_ns);

static inline enum filter_verdict filters_apply(struct filters *filters, struct record *record,
                                                uint64_t now_ns)
{
    return filters != NULL ? filters_apply_all(filters, record, now_ns) : FILTER_KEEP;
}

/* One number a filter, in order; they live as long as the chain. */
const struct filter_count *filters_counts(const struct filters *filters, size_t *out_count);

/* Of the filters of which a pattern has given up, the next one that has not been asked for; NULL: none. */
const struct filter_count *filters_take_limit(struct filters *filters);

/* Go on counting where a chain that is going away has ended, filter by filter of the same name. Both
 * may be NULL. */
void filters_take_counts(struct filters *filters, const struct filters *from);

/* Apply the filter at `index` alone, for showing each step; searches the record for every name. One
 * after the other they do what filters_apply() does. */
enum filter_result filters_apply_one(struct filters *filters, size_t index, struct record *record,
                                     uint64_t now_ns);

/*
 * Does the item take ids from every record it sees, or every record away? A sentence, to be freed;
 * NULL: it does not.
 */
char *filter_find_loss(const struct filter_settings *item);

#endif

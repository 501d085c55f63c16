/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_CONDITION_H
#define CLEW_FILTERS_CONDITION_H

/*
 * A condition made ready: names are taken apart and patterns compiled. docs/filters.md says what
 * each test means. A field that is not there fails every test but `exists: false`; so does one that
 * cannot be compared. Where a pattern gives up on a text the answer is unknown, and the condition with it
 * unless the rest of it decides alone: Kleene's logic of three values.
 */

#include "filters/filter.h"
#include "record/record.h"
#include "record/settings.h"

struct condition;

enum truth { /* in this order: `all` is the least, `any` the greatest, `not` is 2 less it */
    TRUTH_NO,
    TRUTH_UNKNOWN,
    TRUTH_YES,
};

/* All must outlive it. `answer` is what is told of it where a pattern gives up (pattern_watch()).
 * What the config's reader has let through cannot fail here. */
struct condition *condition_new(const struct condition_settings *condition,
                                const struct filter_env *env, const char *answer);
void condition_free(struct condition *condition); /* NULL is fine */

/* Bits of name_index.present: without one of them it does not hold. */
uint64_t condition_needs(const struct condition *condition);

enum truth condition_ask(const struct condition *condition, const struct record *record);

#endif

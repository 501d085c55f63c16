/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_CONDITION_H
#define CLEW_FILTERS_CONDITION_H

/*
 * A condition made ready: names are taken apart and patterns compiled. docs/filters.md says what
 * each test means. A field that is not there fails every test but `exists: false`; so does one that
 * cannot be compared, or a pattern that gives up.
 */

#include "core/record.h"
#include "core/settings.h"
#include "filters/name_index.h"

struct condition;

/* All must outlive it; `index` may be NULL. What the config's reader has let through cannot fail here. */
struct condition *condition_new(const struct condition_settings *condition,
                                const struct settings *settings, struct name_index *index);
void condition_free(struct condition *condition); /* NULL is fine */

/* Bits of name_index.present: without one of them it does not hold. */
uint64_t condition_needs(const struct condition *condition);

bool condition_holds(const struct condition *condition, const struct record *record);

#endif

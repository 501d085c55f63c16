/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_VARY_H
#define CLEW_TESTS_VARY_H

/*
 * Schedules near those that once broke a promise.
 *
 * What fails is seldom alone: a seed that takes a case and changes something in it plays what a mend may
 * have left out.
 */

#include "schedule.h"

struct cases;

/* Those of a folder, NULL if it has none; the caller frees them. */
struct cases *cases_read(const char *folder);
void cases_free(struct cases *cases);

/* Of the schedules that are drawn, every fourth is such a one: with other durations of calls than its case,
 * and up to three changes. Which case a seed takes does not depend on how many others there are. */
bool vary_draws(uint64_t seed);
void vary_draw(const struct cases *cases, struct schedule *schedule, uint64_t seed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_LIFE_H
#define CLEW_TESTS_LIFE_H

/*
 * clew's lives: the real file input and the real checkpoint store between them, and in the place of
 * pipeline and delivery a queue that hands over what it is given after a while, or does not, and
 * acknowledges it in that order.
 */

#include "actors.h"
#include "disk.h"
#include "ledger.h"
#include "schedule.h"

struct life;

/* `state` is a directory for checkpoints, which is emptied. */
struct life *life_new(const struct schedule *schedule, struct disk *disk, struct ledger *ledger,
                      const struct actors *actors, const char *state);
void life_free(struct life *life); /* as a kill */

void life_begin(struct life *life, const struct step *step); /* a step that is not the actors' */
void life_end_well(struct life *life); /* the backend is well, clew is up: from now on nothing is */

void life_be_loud(struct life *life, bool is_loud); /* clew's log as well */

bool life_is_busy(const struct life *life); /* lines are on their way */

uint64_t life_due(const struct life *life); /* when something is to be done; UINT64_MAX */
void life_run(struct life *life);           /* do all that is due */

#endif

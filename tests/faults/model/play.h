/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_PLAY_H
#define CLEW_TESTS_PLAY_H

#include "schedule.h"

struct verdict {
    const char *invariant; /* ledger.h; "crashed", "stuck"; NULL: all held */
    char why[400];
};

/* Play it from its beginning to its end. `state` is a directory of its own for checkpoints. */
void play(const struct schedule *schedule, const char *state, struct verdict *out);

/* Take out of a schedule that fails whatever is not needed for that. */
void shrink(struct schedule *schedule, const char *state, struct verdict *verdict);

#endif

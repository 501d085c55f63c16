/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_PLAY_H
#define CLEW_TESTS_PLAY_H

#include "schedule.h"

struct verdict {
    const char *invariant; /* ledger.h; "crashed", "stuck"; NULL: all held */
    char why[400];
};

/* How it is played. */
struct play {
    const char *state; /* a directory of its own for checkpoints */
    bool is_loud;      /* what happens, and what clew says, on standard error */
};

/* Play it from its beginning to its end. */
void play(const struct schedule *schedule, const struct play *how, struct verdict *out);

/* Take out of a schedule that fails whatever is not needed for that. */
void shrink(struct schedule *schedule, const struct play *how, struct verdict *verdict);

#endif

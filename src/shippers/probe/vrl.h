/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_PROBE_VRL_H
#define CLEW_SHIPPERS_PROBE_VRL_H

/*
 * Vector's remap language, run on a probe: assignments, conditions, paths, and the functions that
 * move fields about. Functions that are not known give back what they were given: an id is not
 * lost by them, nor is it proved to be kept. A condition that cannot be decided runs both its
 * branches, and what only one of them loses is lost under a condition.
 */

#include "shippers/probe/trail.h"

struct vrl_result {
    struct item *event;
    unsigned lost_line;   /* of the statement behind which the ids were gone; 0: none */
    unsigned demoted_line; /* … were no longer a field */
    unsigned maybe_line;   /* … in a branch that is not always taken; `event` went another way */
    bool is_encoding;     /* the event became text as a whole */
    bool is_aborted;      /* the event is dropped */
    unsigned steps;       /* statements run */
};

/* `event` is changed. Lines count from 1. */
void vrl_run(struct arena *arena, const char *program, struct item *event,
             struct vrl_result *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DAEMON_WORKERS_H
#define CLEW_DAEMON_WORKERS_H

/*
 * Several daemons in one process, a thread each: docs/workers.md.
 *
 * Each has a loop, inputs, pipeline, audit, counters, outputs and connections of its own, and shares
 * nothing with the others but the checkpoints (checkpoints/checkpoint.h), the table of who reads what
 * (input/tail/assignment.h) and folders on disk (delivery/spool.h), which have locks. The first one runs in
 * the thread that made it; it has the signals, the control endpoint and whatever else there is once only.
 * When it needs something of the others, it makes them stand still between two events:
 *
 *     the first                        another
 *        |---- workers_pause() ----------->|   ends what it does, then waits
 *        |  … reads and changes it as if it were its own, its watchers too
 *        |---- workers_go_on() ----------->|
 *
 * That is how everything is asked and told: no message has a form of its own, and nothing that is
 * counted a record is ever locked. With one worker there is none of this.
 */

#include <stdbool.h>
#include <stddef.h>

struct assignment;
struct daemon;
struct workers;

/* For `count` daemons, more than one. */
struct workers *workers_new(size_t count);
void workers_free(struct workers *workers);

/* Run the loops of those behind `first`, each in a thread of its own. 0 or -errno; workers_join() in
 * any case. */
int workers_start(struct workers *workers, struct daemon *first);
void workers_join(struct workers *workers); /* blocks until they have ended; NULL is fine */

/* By the first; one pause may be within another. While they stand, they may be used. NULL is fine. */
void workers_pause(struct workers *workers);
void workers_go_on(struct workers *workers);

/* All loops but the first's have ended. daemon_others_may_have_ended() is called after each end. */
bool workers_have_ended(struct workers *workers);

struct assignment *workers_assignment(const struct workers *workers);

#endif

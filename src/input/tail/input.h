/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_INPUT_H
#define CLEW_INPUT_TAIL_INPUT_H

/*
 * The file input: finds files, keeps their identity through rotation, reads them fairly.
 * docs/tailing.md says what it promises.
 */

#include <stdbool.h>
#include "base/list.h"
#include "base/log.h"
#include "base/share.h"
#include "checkpoints/checkpoint.h"
#include "record/backlog.h"
#include "record/counters.h"
#include "record/line.h"
#include "record/losses.h"
#include "record/settings.h"

struct assignment;
struct ev_loop;
struct input;
struct world;

/* The inputs of one worker. */
struct input_family {
    struct list starting;  /* those that have not found everything yet, one after the other, so that a log
                            * which two of them name is the first one's */
    struct list inherited; /* streams that a closed one left, until somebody's scan finds them */
};

struct input_env {
    struct ev_loop *loop; /* NULL: the caller runs it by input_run() */
    const struct log *log;
    struct counters *counters;
    struct checkpoint_store *checkpoints;
    const struct line_sink *sink;
    struct losses *losses;   /* by log; NULL: only the sum is counted */
    uint64_t open_files_max; /* the process has descriptors for so many; 0: no such limit */
    struct input_family *family; /* NULL: it is the only one */
    struct assignment *assignment; /* of logs to workers; NULL: there is one only … */
    struct share share;          /* … else what this one may have of the limits */
    const struct world *world;   /* NULL: the system */
    const struct settings *config; /* whose directories of state are never read; NULL: there are none */
    bool is_sandboxed;           /* some paths may be out of reach: base/landlock.h */
};

void input_family_init(struct input_family *family);

/* Starts watching; reading begins when the loop runs. NULL on failure, with *out_error a sentence
 * that the caller frees. A path that does not exist yet is no failure. `settings` must outlive it. */
struct input *input_open(const struct input_settings *settings, const struct input_env *env,
                         char **out_error);

/* Do what is due by now. Without an event loop only: with one it happens by itself. */
void input_run(struct input *input);

/* When something is due next, by the world's monotonic clock; UINT64_MAX: only when something is told
 * of by inotify. May be sooner after any call. */
uint64_t input_due(const struct input *input);

/* The sink has room again. */
void input_resume(struct input *input);

/* Everything that the last full scan found has been read to its end and taken by the sink. A last
 * line without newline counts as read once its time-out has passed. */
bool input_is_at_end(const struct input *input);

/* A path that it was told to read did not exist when it looked first. */
bool input_is_lacking(const struct input *input);

/* The process is about to end, and what is read now can be kept: read on what only descriptors lead to, with
 * what comes before it in its stream, and nothing else. Ended: there is nothing more of it. */
void input_end(struct input *input);
bool input_has_ended(const struct input *input);

/* Read no more; open streams are still there for their checkpoints. */
void input_stop(struct input *input);

/* How far it is behind. Costs a walk through its files and no system call. */
void input_backlog(const struct input *input, struct backlog *out_backlog);

/* What must be so between two calls is asserted; for tests. */
void input_check(const struct input *input);

/*
 * Another one, of other settings, takes its place, and takes its streams as they are: open files, deleted
 * ones too, places and what is in flight. A stream that `to` does not find is the first one's of its family
 * that does; one that nobody finds is closed, or read to its end if all of its files are deleted. The sink
 * of `to` is told `moved` for each. `from` has nothing left, and is to be closed.
 */
void input_hand_over(struct input *from, struct input *to);

/* Tells the sink `gone` for every stream; NULL is fine. What only its descriptors still led to is counted as
 * lost, and said: once it was stopped all that is not acknowledged, else what was not read. */
void input_close(struct input *input);

#endif

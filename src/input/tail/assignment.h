/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_ASSIGNMENT_H
#define CLEW_INPUT_TAIL_ASSIGNMENT_H

/*
 * Which worker reads which log, where there are several: the one table that their inputs share.
 *
 * A lot is what stays together: a container's directory with all that is in it, or a file with its
 * rotated ones, named by path. It is given when the first worker finds it: to the worker who reads one
 * of its files already under another name (it was moved, and is read on where it was), else to the one
 * with the fewest. It stays that worker's as long as it is remembered: another one would not come to look
 * for it, having passed the name before.
 *
 *     lot       begins                              ends
 *     given     the first question                  held; forgotten, when there are many such
 *     held      the worker has something of it      released as often as it was held
 *     over      so, and it will not come back       as given
 *     kept      so, but it may come back            held again
 *
 * Any thread may call any of these at any time.
 */

#include <stdbool.h>
#include <stddef.h>
#include "input/tail/identity.h"

struct assignment;

struct assignment *assignment_new(unsigned workers);
void assignment_free(struct assignment *assignment); /* NULL is fine; when no input is open */

/* True with the lot's worker, if it has one. */
bool assignment_find(struct assignment *assignment, const char *lot, unsigned *out_worker);

/* The worker of the lot, which is given one if it has none; `files` are those that are in it. */
unsigned assignment_give(struct assignment *assignment, const char *lot,
                         const struct file_stat *files, size_t count);

/* The worker has a stream of the lot, or looks into the directory that it is; false: it may not, for the
 * lot is another's by now. */
bool assignment_hold(struct assignment *assignment, unsigned worker, const char *lot);

/* It has it no more; is_over: it will not come back. */
void assignment_release(struct assignment *assignment, const char *lot, bool is_over);

/* The worker reads this file, and does so no more. */
void assignment_add_file(struct assignment *assignment, unsigned worker,
                         const struct file_id *file);
void assignment_remove_file(struct assignment *assignment, unsigned worker,
                            const struct file_id *file);

#endif

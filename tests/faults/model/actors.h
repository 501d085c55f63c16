/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_ACTORS_H
#define CLEW_TESTS_ACTORS_H

/*
 * Those who write the logs and those who rotate them, each log with one of either. A step becomes
 * what the program in question does, one system call after the other with a little time between, as
 * logrotate(8), gzip(1) and the kubelet do it; the ledger is told of each.
 */

#include "disk.h"
#include "ledger.h"
#include "schedule.h"

struct actors;

/* Directories are made at once, each log's first line is written soon. */
struct actors *actors_new(const struct schedule *schedule, struct disk *disk, struct ledger *ledger);
void actors_free(struct actors *actors);

bool actors_is_theirs(enum what what);               /* this step is for them … */
void actors_begin(struct actors *actors, const struct step *step); /* … then do it from now on */

uint64_t actors_due(const struct actors *actors);    /* when something happens next; UINT64_MAX */
void actors_happen(struct actors *actors);           /* all that is due by the disk's clock */

/* The stream of a path of clew's; -1: none. */
int actors_stream_of(const struct actors *actors, const char *path);

const char *const *actors_patterns(const struct actors *actors, size_t *out_count); /* what clew is to read */

#endif

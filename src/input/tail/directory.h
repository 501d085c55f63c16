/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_DIRECTORY_H
#define CLEW_INPUT_TAIL_DIRECTORY_H

/* The inside of discovery: one directory, its rules, and how its names become logs. Only
 * discover.c and directory.c include this. */

#include "base/glob.h"
#include "base/map.h"
#include "input/tail/discover.h"

/* An index past every component: all that looks like a log, at any depth. */
#define RULE_EVERYTHING SIZE_MAX

struct rule {
    const struct glob *glob;
    size_t index; /* of the component that this directory's names are compared with */
};

/* A name that a symlink elsewhere leads to. */
struct alias {
    char *name;
    char *shown; /* the path that tells more than the target's own, or NULL */
};

struct directory {
    char *path; /* canonical */
    struct rule *rules;
    struct alias *aliases;
    struct found_log *logs;
    size_t log_count;
    uint64_t inode;
    uint64_t modified_ns;
    uint64_t names;     /* a hash of what was listed: each name with its inode */
    uint64_t listed_ns; /* real time, to be compared with modified_ns */
    uint32_t scan; /* number of the last one that came here */
    uint32_t rule_count;
    uint32_t alias_count;
    uint64_t doubted_ns; /* monotonic time of a growth that inotify had not told of; 0: it has since */
    int watch;
    bool is_marked;
    bool is_root;     /* of a pattern */
    bool is_local;    /* on a file system where inotify tells of every write */
    bool is_deaf;     /* it was found not to */
    bool is_restless; /* every scan looks at it: not all of it is settled */
    bool is_dropped;
    bool holds_lot;   /* it is one, of this worker */
    bool has_links;
    bool has_complained;
    bool has_refused; /* a symlink; said once */
};

struct discover {
    struct discover_env env;
    struct glob_list include;
    struct glob_list exclude;
    char **own; /* clew's directories of state, canonical */
    size_t own_count;
    struct directory **directories;
    size_t count;
    size_t marked;
    size_t cursor;      /* of the scan that goes on, … */
    size_t fresh_begin; /* … what it has found and comes to first, the last of it before the others, … */
    size_t fresh_end;
    size_t quiet_begin; /* … and which of the quiet ones it looks at */
    size_t quiet_end;
    uint32_t scan;      /* its number */
    uint64_t roots;     /* a hash of where the patterns' roots lead */
    uint64_t device;    /* the last one that was asked whether it is local … */
    bool is_local;      /* … and its answer */
    struct map by_path;
    bool has_dropped;
    bool is_scanning;
    bool is_whole;      /* the scan looks at everything */
};

/* Read the names and make `logs` anew (the old ones are the caller's again). 0 or -errno, then
 * nothing has changed. Children are entered on the way. */
int directory_list(struct discover *discover, struct directory *directory);

/* It holds the same names for the same inodes as when it was listed. */
bool directory_is_as_listed(const struct discover *discover, const struct directory *directory);

/* A fresh stat for every file. False if one is no longer there (it has been taken out), or if a name
 * leads to another file than at the last stat. */
bool directory_stat_files(const struct discover *discover, struct directory *directory);

/* Mark what is certain in view of the logs that an earlier listing gave. */
void directory_settle(struct directory *directory, const struct found_log *before, size_t count);

/* Names were changing while it was looked at: keep of each log the oldest generations, as far as it is
 * certain that none is missing among them, so that none is seen before its predecessor. */
void directory_keep_certain(struct directory *directory);

void directory_free_logs(struct found_log *logs, size_t count);

/* For directory_list(): a child directory, or a file elsewhere, is to be looked at too. */
void discover_enter(struct discover *discover, const char *path, const struct glob *glob,
                    size_t index);
void discover_add_alias(struct discover *discover, const char *path, const char *name,
                        const char *shown);
bool discover_may_follow(const struct discover *discover, const char *target);

#endif

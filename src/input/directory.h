/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_DIRECTORY_H
#define CLEW_INPUT_DIRECTORY_H

/* The inside of discovery: one directory, its rules, and how its names become logs. Only
 * discover.c and directory.c include this. */

#include "base/map.h"
#include "input/discover.h"
#include "input/glob.h"

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
    uint32_t rule_count;
    uint32_t alias_count;
    int watch;
    bool is_marked;
    bool is_dropped;
    bool has_links;
    bool has_complained;
    bool has_refused; /* a symlink; said once */
};

struct discover {
    struct discover_env env;
    struct glob_list include;
    struct glob_list exclude;
    struct directory **directories;
    size_t count;
    size_t marked;
    struct map by_path;
    bool has_dropped;
};

/* Read the names and make `logs` anew (the old ones are the caller's again). 0 or -errno, then
 * nothing has changed. Children are entered on the way. */
int directory_list(struct discover *discover, struct directory *directory);

/* It holds the same names for the same inodes as when it was listed. */
bool directory_is_as_listed(const struct directory *directory);

/* A fresh stat for every file. False if one is no longer there (it has been taken out), or if a name
 * leads to another file than at the last stat. */
bool directory_stat_files(struct directory *directory);

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

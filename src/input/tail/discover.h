/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_DISCOVER_H
#define CLEW_INPUT_TAIL_DISCOVER_H

/*
 * Discovery: which log files there are, looked at again and again.
 *
 * It knows directories, not contents. Each scan tells the truth about every log it knows: all files
 * of it, oldest first, with a fresh stat. A directory is listed again only if it may have changed;
 * otherwise a look at it costs one statx(2) a file and one for itself.
 *
 * A directory is quiet if inotify tells what is written in it and everything in it is settled. Of the
 * quiet ones a scan looks at a few only, in turn; of the others at all.
 *
 * Symlinks are resolved, so that a file is found once however many ways lead to it. One that was
 * found by a pattern is followed only to below the include patterns' own directories or the places
 * where container runtimes keep logs; a path that was configured literally leads where it leads.
 */

#include "base/log.h"
#include "input/tail/identity.h"
#include "input/tail/log_name.h"
#include "record/counters.h"
#include "record/settings.h"

struct discover;
struct assignment;
struct directory;
struct watch;

/* A file of a log. */
struct found {
    char *name; /* in its directory */
    struct file_stat info;
    uint64_t restart;
    uint64_t number;
    uint64_t listed_inode; /* as readdir(3) told it; may be another than info's on layered file systems */
    enum log_age age;
    bool is_compressed;
    bool is_included; /* by a pattern; the others are here because they may be its generations */
    bool is_settled;  /* had its name when the directory was listed before */
};

/* A log with all its generations. */
struct found_log {
    char *key;             /* canonical path of the live file; for the kubelet `directory` itself */
    char *lot;             /* by which it was allotted to this worker; NULL: there is one only */
    const char *directory; /* canonical */
    char *shown;           /* by which path the user knows the live file; NULL: the canonical one */
    bool is_kubelet;
    struct found *files;   /* oldest first */
    size_t count;          /* 0: all of it is gone */
    bool is_asked_for;     /* by a pattern; else it is told because it was read before */
    bool is_hidden;        /* may not be looked at now: this is what was known before */
    bool is_blurred;       /* a name could not be looked at, though it was there, and is missing here */
    bool is_partial;       /* only the oldest: renames hid the others from this look */
};

/* What the one who is told of a log makes of it. */
enum found_answer {
    FOUND_SETTLED,
    FOUND_UNSETTLED, /* wants to be told again by the next scan */
    FOUND_UNTOLD,    /* has grown, and inotify had not told of it */
};

struct discover_events {
    enum found_answer (*log)(void *context, const struct found_log *log); /* borrowed during the call */
    bool (*is_known)(void *context, const char *key); /* a log with this key was read before */
    void *context;
};

struct discover_env {
    const struct log *log;
    struct counters *counters;
    const struct world *world;
    struct watch *watch; /* NULL: nothing is watched */
    struct assignment *assignment; /* NULL: every log is told, else those of … */
    unsigned worker;
    const struct settings *config; /* clew's own directories are not entered; NULL: there are none */
    struct discover_events events;
    bool is_sandboxed; /* input.h */
};

/*
 * What clew writes itself is no log: reading the checkpoints would move them, and so on for ever. Its data
 * directory and the directories of its spools are not entered, whatever leads there.
 *
 * NULL if a pattern is wrong: *out_error is a sentence that the caller frees.
 */
struct discover *discover_new(const struct input_settings *settings,
                              const struct discover_env *env, char **out_error);
void discover_free(struct discover *discover); /* NULL is fine; no event */

/* Begin to look at everything, or at this part of the quiet directories and at all others (below 1).
 * Everything it is in any case if the roots of the patterns have moved; the answer tells. */
bool discover_begin_scan(struct discover *discover, double quiet_part);
bool discover_is_scanning(const struct discover *discover);

/* Files of its logs that the patterns mean; of this worker's. */
size_t discover_count_files(const struct discover *discover);

/*
 * Tell each path that does not exist, of a pattern the part before its first wildcard; and each that was
 * written whole and `is_there`, but is neither file nor directory (a pipe, say). Returns how many.
 */
size_t discover_tell_absent(const struct discover *discover,
                            void (*tell)(void *context, const char *path, bool is_there), void *context);

/* Go on with it until then (monotonic); at least one step. True: that was all of it. */
bool discover_scan_until(struct discover *discover, uint64_t until_ns);

/* Look at what was marked, and at what is found by it. */
void discover_scan_marked(struct discover *discover);

/* List it again at the next scan of either kind. */
void discover_mark(struct discover *discover, struct directory *directory);
void discover_mark_path(struct discover *discover, const char *path); /* no matter if not known */
bool discover_has_marked(const struct discover *discover);

/* Look at it in the next scan, quiet or not. */
void discover_want(struct discover *discover, const char *path);

/* inotify has told something of it. */
void discover_hear(struct directory *directory);

const char *directory_path(const struct directory *directory);

/* The watch on it has ended (it was removed, or watching has). */
void discover_lose_watch(struct directory *directory);

#endif

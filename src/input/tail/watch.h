/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_WATCH_H
#define CLEW_INPUT_TAIL_WATCH_H

/*
 * inotify, as a hint: it makes clew quick, the scan makes it right. Directories are watched, never
 * files, so that 5,000 containers take 5,000 watches and a rotation none.
 */

#include <stdbool.h>
#include "base/log.h"
#include "record/counters.h"

struct ev_loop;
struct directory;

struct watch_events {
    /* `name` in this directory was written to. */
    void (*written)(void *context, struct directory *directory, const char *name);
    /* Something was made, moved or removed in it. */
    void (*changed)(void *context, struct directory *directory);
    /* The watch on it has ended: it was removed, or another name of it is watched now. */
    void (*ended)(void *context, struct directory *directory);
    /* Events were lost: anything may have changed. */
    void (*overflowed)(void *context);
    void *context;
};

/* What tells. inotify does, made by watch_open(); a test may be another. The functions below call
 * these. */
struct watch {
    void (*close)(struct watch *watch);
    int (*add)(struct watch *watch, const char *path, struct directory *directory);
    void (*remove)(struct watch *watch, int descriptor);
    bool (*tells_all)(struct watch *watch, const char *path);
};

/* NULL if the system has no inotify for us (said once in the log, counted): then only scans find. */
struct watch *watch_open(struct ev_loop *loop, const struct log *log, struct counters *counters,
                         const struct watch_events *events);
void watch_close(struct watch *watch); /* NULL is fine */

/* The descriptor of the new watch, -1 if there are none left (counted, said once). */
int watch_add(struct watch *watch, const char *path, struct directory *directory);
void watch_remove(struct watch *watch, int descriptor);

/* The file system that holds `path` is one of this machine's own, where whoever writes does it under
 * the eyes of inotify. Not so where others may write too: over a network, or through FUSE. */
bool watch_tells_all(struct watch *watch, const char *path);

#endif

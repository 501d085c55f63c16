/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_DISK_H
#define CLEW_TESTS_DISK_H

/*
 * A file system in memory, with its clock and its inotify: the world that the input under test is
 * given (src/input/tail/world.h).
 *
 * Each call of clew's takes a little time, and what others do to the files happens in between: before
 * the call is carried out, `happen` is called, and a listing goes on while names are moved, as
 * readdir(3) does. A file lives as long as it has a name or is open; then its inode number may be
 * given out again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "draw.h"
#include "input/tail/world.h"

enum { NODES_MAX = 4096, ENTRIES_MAX = 64, HANDLES_MAX = 512, TOLD_MAX = 4096, NAME_MAX_BYTES = 80,
       WATCHES_MAX = 2 /* a reload opens the new one before it closes the old */ };

/* What the ledger knows of a file; the disk keeps it and does not look. */
struct contents {
    int stream;           /* -1: of none */
    unsigned first;       /* whole lines from this one … */
    unsigned end;         /* … to before this one are in it */
    uint64_t since_ns;    /* none of them was there before */
    uint64_t visible_ns;  /* it has had a name of the log since */
    unsigned format;      /* enum format */
    bool is_visible;
    bool is_denied;       /* clew may not read it */
    bool is_unknown;      /* … nor might it when it came up last */
    bool is_copy;         /* … or what another was compressed to */
    uint64_t moved_ns;    /* it has been another log since; 0: it is what it was */
};

struct node;

/* A name in a directory; node NULL: free. */
struct entry {
    struct node *node;
    char name[NAME_MAX_BYTES];
};

struct node {
    uint64_t number;
    uint64_t born_ns;     /* as the file system tells it */
    uint64_t modified_ns;
    struct node *parent;  /* where it was made or moved to, … */
    char name[NAME_MAX_BYTES]; /* … and as what: inotify tells of writes by this name, others or not */
    unsigned names;
    char *bytes;
    size_t len;
    size_t cap;
    unsigned handles;
    bool is_directory;
    bool is_upper;        /* in another layer than what was there first */
    bool is_gone;         /* neither name nor handle: its number is free */
    bool is_denied;       /* clew may not open it */
    struct entry *entries; /* of a directory, ENTRIES_MAX in the order of listing */
    struct directory *watchers[WATCHES_MAX]; /* clew's, which are told of changes */
    struct contents contents;
};

enum told_what {
    TOLD_WRITTEN,
    TOLD_CHANGED,
};

struct told {
    struct node *directory;
    char name[NAME_MAX_BYTES];
    enum told_what what;
};

struct disk {
    uint64_t now_ns;        /* monotonic */
    uint64_t tick_ns;       /* of the times of files */
    bool tells_births;
    bool reuses_numbers;
    bool makes_upper;       /* what is made is in another layer than what was there before */
    struct draw draw;
    struct node *nodes[NODES_MAX];
    size_t count;
    uint64_t last_number;
    uint64_t free_numbers[NODES_MAX];
    size_t free_count;
    struct node *handles[HANDLES_MAX];
    size_t handle_count;    /* open now */
    struct told told[TOLD_MAX]; /* not yet read by clew */
    size_t told_count;
    bool has_overflowed;
    const struct watch_events *events[WATCHES_MAX]; /* of those that are open; NULL: none */
    void (*happen)(void *context);     /* do what others do by now_ns */
    void *happen_context;
    uint64_t pause_calls;   /* until one that takes pause_ns; 0: none does … */
    bool is_pause_open;     /* … of those that open a file */
    uint64_t pause_ns;
    uint64_t paused_since_ns; /* the last one */
    uint64_t paused_until_ns;
    void (*pass)(void *context);       /* … while it does */
    void *pass_context;
    struct world world;
    bool is_loud;
};

struct disk *disk_new(uint64_t seed);
const struct world *disk_world(struct disk *disk); /* lives as long as the disk */
void disk_free(struct disk *disk);

uint64_t disk_realtime_ns(const struct disk *disk);

struct node *disk_make_directory(struct disk *disk, const char *path); /* with those above it */
struct node *disk_find(const struct disk *disk, const char *path);     /* NULL: nothing there */

/* What others do. Names are of `directory`. */
struct node *disk_create(struct disk *disk, struct node *directory, const char *name);
struct node *disk_entry(const struct node *directory, const char *name);
void disk_append(struct disk *disk, struct node *file, const char *bytes, size_t len);
void disk_truncate(struct disk *disk, struct node *file);
void disk_overwrite(struct disk *disk, struct node *file, char byte); /* all of it, line by line */
void disk_link(struct disk *disk, struct node *directory, const char *name, const char *second);
void disk_unlink(struct disk *disk, struct node *directory, const char *name);

/* Replaces what has that name there. */
void disk_rename(struct disk *disk, struct node *directory, const char *name, struct node *to,
                 const char *new_name);

/* Say what happens, where that is wanted. */
void disk_say(const struct disk *disk, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Give clew the words of inotify. */
void disk_tell(struct disk *disk);
void disk_lose_words(struct disk *disk); /* … or tell that there were too many */

#endif

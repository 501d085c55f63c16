/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_WORLD_H
#define CLEW_INPUT_TAIL_WORLD_H

/*
 * All that the file input asks of the system: the time, files and directories, and a word when
 * something changes. It is an argument, so that a test can be the system: with a clock that it turns
 * itself, and files that change between any two of these calls.
 *
 * Results below 0 are -errno.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct counters;
struct ev_loop;
struct log;
struct watch;
struct watch_events;

enum file_type {
    FILE_REGULAR,
    FILE_DIRECTORY,
    FILE_SYMLINK,
    FILE_OTHER,
};

struct file_stat {
    uint64_t device;
    uint64_t inode;
    uint64_t born_ns; /* 0: the file system does not tell */
    uint64_t modified_ns;
    uint64_t size;
    uint32_t links;
    enum file_type type;
};

/* One name of a directory; "." and ".." are among them. */
struct world_name {
    const char *name; /* good during the call */
    uint64_t inode;   /* as the directory has it; may be another than the file's on layered file systems */
    enum file_type type;
};

/* False: no more of them, please. */
typedef bool world_see(void *context, const struct world_name *name);

struct world {
    uint64_t (*realtime_ns)(void *context);  /* base/clock.h */
    uint64_t (*monotonic_ns)(void *context);

    /* A symlink at the end of `path` is not followed. */
    int (*stat)(void *context, const char *path, struct file_stat *out);

    /* Open for reading a path that was found free of symlinks: refused if one has come into it since
     * (somebody who may write in a log directory cannot lead us elsewhere). The file or -errno. */
    int (*open)(void *context, const char *path);
    void (*close)(void *context, int file);
    int (*stat_open)(void *context, int file, struct file_stat *out);

    /* As pread(2); what is fewer than `len` is all there is. */
    ssize_t (*read)(void *context, int file, void *bytes, size_t len, uint64_t offset);

    /* Tell the names of a directory, one after the other, in no order. An error comes before the
     * first of them. */
    int (*list)(void *context, const char *path, world_see *see, void *see_context);

    /* As realpath(3): the caller frees it; NULL: it leads nowhere. */
    char *(*canonical)(void *context, const char *path);
    ssize_t (*read_link)(void *context, const char *path, char *target, size_t len); /* readlink(2) */

    /* As watch_open() of watch.h. */
    struct watch *(*watch)(void *context, struct ev_loop *loop, const struct log *log,
                           struct counters *counters, const struct watch_events *events);
    void *context;
};

extern const struct world world_system;

static inline uint64_t world_realtime_ns(const struct world *world)
{
    return world->realtime_ns(world->context);
}

static inline uint64_t world_monotonic_ns(const struct world *world)
{
    return world->monotonic_ns(world->context);
}

static inline int world_stat(const struct world *world, const char *path, struct file_stat *out)
{
    return world->stat(world->context, path, out);
}

static inline int world_open(const struct world *world, const char *path)
{
    return world->open(world->context, path);
}

static inline void world_close(const struct world *world, int file)
{
    world->close(world->context, file);
}

static inline int world_stat_open(const struct world *world, int file, struct file_stat *out)
{
    return world->stat_open(world->context, file, out);
}

static inline ssize_t world_read(const struct world *world, int file, void *bytes, size_t len,
                                 uint64_t offset)
{
    return world->read(world->context, file, bytes, len, offset);
}

static inline int world_list(const struct world *world, const char *path, world_see *see,
                             void *see_context)
{
    return world->list(world->context, path, see, see_context);
}

static inline char *world_canonical(const struct world *world, const char *path)
{
    return world->canonical(world->context, path);
}

#endif

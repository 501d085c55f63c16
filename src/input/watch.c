/* SPDX-License-Identifier: Apache-2.0 */
#include "input/watch.h"

#include <errno.h>
#include <ev.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "input/discover.h"

enum {
    EVENTS_BYTES = 64 * 1024, /* read at once, and at most this much before the loop goes on */
    WATCH_MASK = IN_MODIFY | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF |
                 IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR | IN_EXCL_UNLINK,
};

/* The kernel gives a descriptor for a directory that is already watched a second time, under
 * another path, again: the last owner has it. */
struct watched {
    int descriptor;
    struct directory *directory;
};

struct watch {
    ev_io io;
    struct ev_loop *loop;
    const struct log *log;
    struct counters *counters;
    struct watch_events events;
    struct map watched; /* by descriptor */
    int fd;
    bool has_complained;
    alignas(struct inotify_event) char buffer[EVENTS_BYTES];
};

static uint64_t hash_of(int descriptor)
{
    return hash_bytes(&descriptor, sizeof(descriptor), 0);
}

static bool is_watched(const void *value, const void *key)
{
    return ((const struct watched *)value)->descriptor == *(const int *)key;
}

static struct watched *find(const struct watch *watch, int descriptor)
{
    return map_find(&watch->watched, hash_of(descriptor), is_watched, &descriptor);
}

static void forget(struct watch *watch, struct watched *watched)
{
    map_remove(&watch->watched, hash_of(watched->descriptor), watched);
    free(watched);
}

static void dispatch(struct watch *watch, const struct inotify_event *event)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        counters_add(watch->counters, C_WATCH_FAILURES, 1);
        watch->events.overflowed(watch->events.context);
        return;
    }
    struct watched *watched = find(watch, event->wd);
    if (watched == NULL) {
        return;
    }
    if ((event->mask & IN_IGNORED) != 0) {
        discover_lose_watch(watched->directory);
        forget(watch, watched);
    } else if (event->mask == IN_MODIFY && event->len > 0) {
        watch->events.written(watch->events.context, watched->directory, event->name);
    } else if ((event->mask & IN_ATTRIB) == 0 || event->len == 0) {
        /* A file's IN_ATTRIB comes with each unlink of a link to it, and tells nothing more. */
        watch->events.changed(watch->events.context, watched->directory);
    }
}

static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct watch *watch = container_of(io, struct watch, io);
    ssize_t n = read(watch->fd, watch->buffer, sizeof(watch->buffer));
    for (ssize_t i = 0; i < n;) {
        const struct inotify_event *event = (const void *)(watch->buffer + i);
        dispatch(watch, event);
        i += (ssize_t)(sizeof(*event) + event->len);
    }
}

static void complain(struct watch *watch, const char *path, int error)
{
    counters_add(watch->counters, C_WATCH_FAILURES, 1);
    if (watch->has_complained) {
        return;
    }
    watch->has_complained = true;
    log_event(watch->log, LOG_WARN,
              "cannot watch %s (%s%s): its changes, and those of other directories that cannot be "
              "watched, are found by the periodic scan",
              path, strerror(error),
              error == ENOSPC ? "; raise fs.inotify.max_user_watches" : "");
}

struct watch *watch_open(struct ev_loop *loop, const struct log *log, struct counters *counters,
                         const struct watch_events *events)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
        counters_add(counters, C_WATCH_FAILURES, 1);
        log_event(log, LOG_WARN, "no inotify (%s): changes are found by the periodic scan",
                  strerror(errno));
        return NULL;
    }
    struct watch *watch = mem_alloc(sizeof(*watch));
    watch->loop = loop;
    watch->log = log;
    watch->counters = counters;
    watch->events = *events;
    watch->fd = fd;
    ev_io_init(&watch->io, on_readable, fd, EV_READ);
    ev_io_start(loop, &watch->io);
    return watch;
}

void watch_close(struct watch *watch)
{
    if (watch == NULL) {
        return;
    }
    ev_io_stop(watch->loop, &watch->io);
    for (size_t i = 0; i < watch->watched.cap; i++) {
        free(watch->watched.slots[i].value);
    }
    map_fini(&watch->watched);
    close(watch->fd);
    free(watch);
}

int watch_add(struct watch *watch, const char *path, struct directory *directory)
{
    int descriptor = inotify_add_watch(watch->fd, path, WATCH_MASK);
    if (descriptor < 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            complain(watch, path, errno);
        }
        return -1;
    }
    struct watched *watched = find(watch, descriptor);
    if (watched == NULL) {
        watched = mem_alloc(sizeof(*watched));
        watched->descriptor = descriptor;
        map_add(&watch->watched, hash_of(descriptor), watched);
    } else {
        discover_lose_watch(watched->directory);
    }
    watched->directory = directory;
    return descriptor;
}

bool watch_tells_all(const char *path)
{
    enum { ZFS_MAGIC = 0x2fc12fc1, BCACHEFS_MAGIC = 0xca451a4e };
    static const uint32_t told[] = {
        EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,   TMPFS_MAGIC,
        RAMFS_MAGIC,      F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, ZFS_MAGIC, BCACHEFS_MAGIC,
    };
    struct statfs info;
    int result = statfs(path, &info);
    for (size_t i = 0; result == 0 && i < ARRAY_LEN(told); i++) {
        if ((uint32_t)info.f_type == told[i]) {
            return true;
        }
    }
    return false;
}

void watch_remove(struct watch *watch, int descriptor)
{
    struct watched *watched = find(watch, descriptor);
    if (watched != NULL) {
        forget(watch, watched);
        inotify_rm_watch(watch->fd, descriptor);
    }
}

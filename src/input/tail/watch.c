/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/watch.h"

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

struct inotify {
    struct watch watch;
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

static struct watched *find(const struct inotify *inotify, int descriptor)
{
    return map_find(&inotify->watched, hash_of(descriptor), is_watched, &descriptor);
}

static void forget(struct inotify *inotify, struct watched *watched)
{
    map_remove(&inotify->watched, hash_of(watched->descriptor), watched);
    free(watched);
}

static void dispatch(struct inotify *inotify, const struct inotify_event *event)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        counters_add(inotify->counters, C_WATCH_FAILURES, 1);
        inotify->events.overflowed(inotify->events.context);
        return;
    }
    struct watched *watched = find(inotify, event->wd);
    if (watched == NULL) {
        return;
    }
    if ((event->mask & IN_IGNORED) != 0) {
        inotify->events.ended(inotify->events.context, watched->directory);
        forget(inotify, watched);
    } else if (event->mask == IN_MODIFY && event->len > 0) {
        inotify->events.written(inotify->events.context, watched->directory, event->name);
    } else if ((event->mask & IN_ATTRIB) == 0 || event->len == 0) {
        /* A file's IN_ATTRIB comes with each unlink of a link to it, and tells nothing more. */
        inotify->events.changed(inotify->events.context, watched->directory);
    }
}

static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct inotify *inotify = container_of(io, struct inotify, io);
    ssize_t n = read(inotify->fd, inotify->buffer, sizeof(inotify->buffer));
    for (ssize_t i = 0; i < n;) {
        const struct inotify_event *event = (const void *)(inotify->buffer + i);
        dispatch(inotify, event);
        i += (ssize_t)(sizeof(*event) + event->len);
    }
}

static void complain(struct inotify *inotify, const char *path, int error)
{
    counters_add(inotify->counters, C_WATCH_FAILURES, 1);
    if (inotify->has_complained) {
        return;
    }
    inotify->has_complained = true;
    log_event(inotify->log, LOG_WARN,
              "cannot watch %s (%s%s): changes there, and in other directories that cannot be "
              "watched, are found by the periodic scan",
              path, strerror(error),
              error == ENOSPC ? "; raise fs.inotify.max_user_watches" : "");
}

static struct inotify *of(struct watch *watch)
{
    return container_of(watch, struct inotify, watch);
}

static void close_inotify(struct watch *watch)
{
    struct inotify *inotify = of(watch);
    ev_io_stop(inotify->loop, &inotify->io);
    for (size_t i = 0; i < inotify->watched.cap; i++) {
        free(inotify->watched.slots[i].value);
    }
    map_fini(&inotify->watched);
    close(inotify->fd);
    free(inotify);
}

static int add(struct watch *watch, const char *path, struct directory *directory)
{
    struct inotify *inotify = of(watch);
    int descriptor = inotify_add_watch(inotify->fd, path, WATCH_MASK);
    if (descriptor < 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            complain(inotify, path, errno);
        }
        return -1;
    }
    struct watched *watched = find(inotify, descriptor);
    if (watched == NULL) {
        watched = mem_alloc(sizeof(*watched));
        watched->descriptor = descriptor;
        map_add(&inotify->watched, hash_of(descriptor), watched);
    } else {
        inotify->events.ended(inotify->events.context, watched->directory);
    }
    watched->directory = directory;
    return descriptor;
}

static void remove_watch(struct watch *watch, int descriptor)
{
    struct inotify *inotify = of(watch);
    struct watched *watched = find(inotify, descriptor);
    if (watched != NULL) {
        forget(inotify, watched);
        inotify_rm_watch(inotify->fd, descriptor);
    }
}

static bool tells_all(struct watch *watch, const char *path)
{
    (void)watch;
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
    struct inotify *inotify = mem_alloc(sizeof(*inotify));
    inotify->watch = (struct watch){close_inotify, add, remove_watch, tells_all};
    inotify->loop = loop;
    inotify->log = log;
    inotify->counters = counters;
    inotify->events = *events;
    inotify->fd = fd;
    ev_io_init(&inotify->io, on_readable, fd, EV_READ);
    ev_io_start(loop, &inotify->io);
    return &inotify->watch;
}

/* ---- whatever tells ---- */

void watch_close(struct watch *watch)
{
    if (watch != NULL) {
        watch->close(watch);
    }
}

int watch_add(struct watch *watch, const char *path, struct directory *directory)
{
    return watch->add(watch, path, directory);
}

void watch_remove(struct watch *watch, int descriptor)
{
    watch->remove(watch, descriptor);
}

bool watch_tells_all(struct watch *watch, const char *path)
{
    return watch->tells_all(watch, path);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/clock.h"
#include "input/tail/watch.h"

/*
 * The system itself.
 */

static uint64_t realtime_ns(void *context)
{
    (void)context;
    return clock_realtime_ns();
}

static uint64_t monotonic_ns(void *context)
{
    (void)context;
    return clock_monotonic_ns();
}

static uint64_t to_ns(struct statx_timestamp time)
{
    return (uint64_t)time.tv_sec * 1000000000u + time.tv_nsec;
}

static enum file_type to_type(uint16_t mode)
{
    return S_ISREG(mode)   ? FILE_REGULAR
           : S_ISDIR(mode) ? FILE_DIRECTORY
           : S_ISLNK(mode) ? FILE_SYMLINK
                           : FILE_OTHER;
}

static int get_stat(int fd, const char *path, int flags, struct file_stat *out)
{
    struct statx info;
    if (statx(fd, path, flags, STATX_BASIC_STATS | STATX_BTIME, &info) < 0) {
        return -errno;
    }
    *out = (struct file_stat){
        .device = makedev(info.stx_dev_major, info.stx_dev_minor),
        .inode = info.stx_ino,
        .born_ns = (info.stx_mask & STATX_BTIME) != 0 ? to_ns(info.stx_btime) : 0,
        .modified_ns = to_ns(info.stx_mtime),
        .size = info.stx_size,
        .links = info.stx_nlink,
        .type = to_type(info.stx_mode),
    };
    return 0;
}

static int stat_path(void *context, const char *path, struct file_stat *out)
{
    (void)context;
    return get_stat(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, out);
}

static int stat_open(void *context, int file, struct file_stat *out)
{
    (void)context;
    return get_stat(file, "", AT_EMPTY_PATH, out);
}

static int open_found(void *context, const char *path)
{
    (void)context;
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_NO_SYMLINKS,
    };
    long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        /* A kernel before 5.6, or a sandbox that does not know the call: only the last component is
         * guarded then. */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    }
    return fd < 0 ? -errno : (int)fd;
}

static void close_file(void *context, int file)
{
    (void)context;
    close(file);
}

static ssize_t read_at(void *context, int file, void *bytes, size_t len, uint64_t offset)
{
    (void)context;
    ssize_t n;
    do {
        n = pread(file, bytes, len, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

static enum file_type type_of(const char *directory, const struct dirent *entry)
{
    char path[PATH_MAX];
    struct file_stat info;
    switch (entry->d_type) {
    case DT_REG:
        return FILE_REGULAR;
    case DT_DIR:
        return FILE_DIRECTORY;
    case DT_LNK:
        return FILE_SYMLINK;
    case DT_UNKNOWN:
        return snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) < PATH_MAX &&
                       get_stat(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &info) == 0
                   ? info.type
                   : FILE_OTHER;
    default:
        return FILE_OTHER;
    }
}

static int list(void *context, const char *path, world_see *see, void *see_context)
{
    (void)context;
    DIR *stream = opendir(path);
    if (stream == NULL) {
        return -errno;
    }
    bool wants_more = true;
    for (struct dirent *entry; wants_more && (entry = readdir(stream)) != NULL;) {
        const struct world_name name = {entry->d_name, entry->d_ino, type_of(path, entry)};
        wants_more = see(see_context, &name);
    }
    closedir(stream);
    return 0;
}

static char *canonical(void *context, const char *path)
{
    (void)context;
    return realpath(path, NULL);
}

static ssize_t read_link(void *context, const char *path, char *target, size_t len)
{
    (void)context;
    ssize_t n = readlink(path, target, len);
    return n < 0 ? -errno : n;
}

static struct watch *watch(void *context, struct ev_loop *loop, const struct log *log,
                           struct counters *counters, const struct watch_events *events)
{
    (void)context;
    return watch_open(loop, log, counters, events);
}

const struct world world_system = {
    .realtime_ns = realtime_ns,
    .monotonic_ns = monotonic_ns,
    .stat = stat_path,
    .open = open_found,
    .close = close_file,
    .stat_open = stat_open,
    .read = read_at,
    .list = list,
    .canonical = canonical,
    .read_link = read_link,
    .watch = watch,
};

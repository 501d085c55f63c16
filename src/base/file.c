/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"

enum {
    READ_STEP_BYTES = 65536,
    ASIDE_MAX = 1000,
};

static int system_open(const char *path, int flags, mode_t mode)
{
    return open(path, flags, mode);
}

const struct file_calls file_calls_system = {system_open, write, fsync, close, rename, unlink};

static int write_all(const struct file_calls *calls, int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = calls->write(fd, bytes.data, bytes.len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -errno : -EIO;
        }
        bytes = slice_skip(bytes, (size_t)n);
    }
    return 0;
}

/* 0 if it is a file; it was opened without waiting for the other end of a pipe. */
static int check_kind(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0) {
        return -errno;
    }
    return S_ISREG(status.st_mode) ? 0 : S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
}

/* Also close(2) may tell of a failed write (NFS, quota), so its answer counts. */
static int write_and_sync(const struct file_calls *calls, const char *path,
                          const struct slice *parts, size_t count)
{
    int fd = calls->open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                         0600);
    if (fd < 0) {
        return -errno;
    }
    int result = check_kind(fd);
    for (size_t i = 0; i < count && result == 0; i++) {
        result = write_all(calls, fd, parts[i]);
    }
    if (result == 0 && calls->fsync(fd) < 0) {
        result = -errno;
    }
    if (calls->close(fd) < 0 && result == 0) {
        result = -errno;
    }
    return result;
}

/* A rename is only sure to outlast a power failure once its directory is on the disk. */
static int sync_directory(const struct file_calls *calls, const char *path)
{
    int fd = calls->open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    int result = calls->fsync(fd) < 0 ? -errno : 0;
    calls->close(fd);
    return result;
}

int file_replace_parts(const struct file_calls *calls, const char *directory, const char *name,
                       const struct slice *parts, size_t count)
{
    char *path = mem_format("%s/%s", directory, name);
    char *temporary = mem_format("%s.tmp", path);
    int result = write_and_sync(calls, temporary, parts, count);
    if (result == 0 && calls->rename(temporary, path) < 0) {
        result = -errno;
    }
    if (result < 0) {
        calls->unlink(temporary);
    } else {
        result = sync_directory(calls, directory);
    }
    free(path);
    free(temporary);
    return result;
}

int file_replace(const struct file_calls *calls, const char *directory, const char *name,
                 struct slice bytes)
{
    return file_replace_parts(calls, directory, name, &bytes, 1);
}

/* Made, and its parent told the disk so. */
static int make_one(const char *path, mode_t mode)
{
    if (mkdir(path, mode) < 0) {
        return errno == EEXIST ? 0 : -errno;
    }
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash > path ? (size_t)(slash - path) : 1;
    char *parent = len > 0 ? mem_string_from(slice_make(path, len)) : mem_string(".");
    sync_directory(&file_calls_system, parent); /* if it cannot, the directory is there all the same */
    free(parent);
    return 0;
}

int file_make_directory(const char *path)
{
    char *partial = mem_string(path);
    for (char *slash = strchr(partial + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        make_one(partial, 0755); /* the last one tells what is wrong */
        *slash = '/';
    }
    free(partial);
    return make_one(path, 0700);
}

int file_set_aside(const char *path, const char *kind)
{
    for (int n = 1; n < ASIDE_MAX; n++) {
        char *aside = mem_format("%s.%s-%d", path, kind, n);
        int result = renameat2(AT_FDCWD, path, AT_FDCWD, aside, RENAME_NOREPLACE) < 0 ? -errno : 0;
        free(aside);
        if (result != -EEXIST) {
            return result;
        }
    }
    return -EEXIST;
}

static int read_all(int fd, struct buf *out)
{
    for (;;) {
        size_t room = out->limit - out->len < READ_STEP_BYTES ? out->limit - out->len
                                                             : READ_STEP_BYTES;
        if (room == 0) {
            return -EFBIG;
        }
        buf_reserve(out, room);
        ssize_t n = read(fd, out->data + out->len, room);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n == 0) {
            return 0;
        }
        out->len += n > 0 ? (size_t)n : 0;
    }
}

static int open_at_once(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    return fd < 0 ? (errno == ENXIO ? -EINVAL : -errno) : fd; /* ENXIO: a socket */
}

/* What the shell has opened is there to be read to its end, whatever it is. */
static bool is_handed_on(const char *path)
{
    return strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
}

int file_read_given(const char *path, struct buf *out)
{
    int fd = is_handed_on(path) ? open(path, O_RDONLY | O_CLOEXEC) : open_at_once(path, 0);
    if (fd < 0) {
        return is_handed_on(path) ? -errno : fd;
    }
    int result = is_handed_on(path) ? 0 : check_kind(fd);
    if (result == 0) {
        result = read_all(fd, out);
    }
    close(fd);
    return result;
}

int file_read_own(const char *path, struct buf *out)
{
    int fd = open_at_once(path, O_NOFOLLOW);
    if (fd < 0) {
        return fd;
    }
    int result = check_kind(fd);
    if (result == 0) {
        result = read_all(fd, out);
    }
    close(fd);
    return result == -EISDIR ? -EINVAL : result;
}

const char *file_error(int result)
{
    return result == -EINVAL ? "not a regular file" : strerror(-result);
}

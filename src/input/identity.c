/* SPDX-License-Identifier: Apache-2.0 */
#include "input/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/hash.h"

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

int file_stat_path(const char *path, struct file_stat *out)
{
    return get_stat(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, out);
}

int file_stat_fd(int fd, struct file_stat *out)
{
    return get_stat(fd, "", AT_EMPTY_PATH, out);
}

int file_open_found(const char *path)
{
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

int identity_fingerprint(int fd, uint32_t len, uint64_t *out_hash, uint32_t *out_len)
{
    char bytes[FINGERPRINT_BYTES];
    ssize_t n = pread(fd, bytes, len < sizeof(bytes) ? len : sizeof(bytes), 0);
    if (n < 0) {
        return -errno;
    }
    *out_hash = hash_bytes(bytes, (size_t)n, 0);
    *out_len = (uint32_t)n;
    return 0;
}

bool identity_matches_content(const struct file_id *id, int fd)
{
    uint64_t hash;
    uint32_t len;
    if (id->fingerprint_len == 0) {
        return true;
    }
    return identity_fingerprint(fd, id->fingerprint_len, &hash, &len) == 0 &&
           len == id->fingerprint_len && hash == id->fingerprint;
}

bool identity_is_same_inode(const struct file_id *id, const struct file_stat *info)
{
    return id->device == info->device && id->inode == info->inode &&
           (id->born_ns == 0 || info->born_ns == 0 || id->born_ns == info->born_ns);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_FILE_H
#define CLEW_BASE_FILE_H

/*
 * Small files that are read and written whole.
 *
 * The system calls of the writer are a table of functions, so that a test can let each of them fail
 * or end the process there.
 */

#include <sys/types.h>
#include "base/buf.h"

struct file_calls {
    int (*open)(const char *path, int flags, mode_t mode); /* each as its namesake in section 2 */
    ssize_t (*write)(int fd, const void *bytes, size_t len);
    int (*fsync)(int fd);
    int (*close)(int fd);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
};

extern const struct file_calls file_calls_system;

/*
 * Make `directory`/`name` hold exactly these bytes, mode 0600: written to `name`.tmp, fsync'ed,
 * renamed, the directory fsync'ed. 0, or -errno: then the file is the old or the new one, whole.
 */
int file_replace(const struct file_calls *calls, const char *directory, const char *name,
                 struct slice bytes);

/* The same with the bytes of several slices, one behind the other. */
int file_replace_parts(const struct file_calls *calls, const char *directory, const char *name,
                       const struct slice *parts, size_t count);

/* Make the directory, mode 0700, and those above it that are missing, mode 0755. 0 or -errno; one
 * that is there already is fine. */
int file_make_directory(const char *path);

/* Rename to the first of `path`.KIND-1, -2, … that is free, so that a person can look at it; a kind is a
 * word like "corrupt". 0 or -errno. */
int file_set_aside(const char *path, const char *kind);

/*
 * Append a whole file to `out`; 0 or -errno, -EFBIG if out's limit is too small for it.
 *
 * file_read_own() is for what clew wrote itself (checkpoints, the spool, dead letters). A symbolic
 * link in its place is -ELOOP and anything else that is no file -EINVAL, and neither is waited for:
 * whoever may write to that directory must not choose what clew reads there.
 *
 * file_read_given() is for what somebody else wrote and a config or a command line names: a token, a
 * config, a baseline. It follows links, for the kubelet mounts each of these as one (`token` ->
 * `..data/token`) and renews them by turning `..data` to another directory. What is no file is -EINVAL
 * or -EISDIR and not waited for, unless the path is below /dev or /proc: a shell writes `<(…)` as
 * /dev/fd/63, and that is waited for.
 *
 * file_error() says what a result means: strerror(3), but for -EINVAL.
 */
int file_read_own(const char *path, struct buf *out);
int file_read_given(const char *path, struct buf *out);
const char *file_error(int result);

#endif

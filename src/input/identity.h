/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_IDENTITY_H
#define CLEW_INPUT_IDENTITY_H

/*
 * Who a file is, whatever it is called: device, inode, time of birth and a hash of its first bytes.
 *
 * An inode number is given out again as soon as its file is gone; the birth time (where the file
 * system keeps one) and the fingerprint tell the two apart. The fingerprint covers at most
 * FINGERPRINT_BYTES and grows with the file until then.
 */

#include <stdbool.h>
#include <stdint.h>
#include "core/position.h"

enum { FINGERPRINT_BYTES = 1024 };

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

/* A symlink at the end of `path` is not followed. 0 or -errno. */
int file_stat_path(const char *path, struct file_stat *out);
int file_stat_fd(int fd, struct file_stat *out);

/* Open for reading a path that was found free of symlinks: refused if one has come into it since
 * (somebody who may write in a log directory cannot lead us elsewhere). The fd or -errno. */
int file_open_found(const char *path);

/* Hash the first `len` bytes, fewer if the file is shorter; *out_len is how many it were. */
int identity_fingerprint(int fd, uint32_t len, uint64_t *out_hash, uint32_t *out_len);

/* The file behind `fd` still begins with what `id` was made of. */
bool identity_matches_content(const struct file_id *id, int fd);

/* Device and inode are the same, and the birth is if both know it. */
bool identity_is_same_inode(const struct file_id *id, const struct file_stat *info);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_IDENTITY_H
#define CLEW_INPUT_TAIL_IDENTITY_H

/*
 * Who a file is, whatever it is called: device, inode, time of birth and a hash of its first bytes.
 *
 * An inode number is given out again as soon as its file is gone; the birth time (where the file
 * system keeps one) and the fingerprint tell the two apart. The fingerprint covers at most
 * FINGERPRINT_BYTES and grows with the file until then.
 */

#include <stdbool.h>
#include <stdint.h>
#include "input/tail/world.h"
#include "record/position.h"

enum { FINGERPRINT_BYTES = 1024 };

/* Hash the first `len` bytes, fewer if the file is shorter; *out_len is how many it were. */
int identity_fingerprint(const struct world *world, int file, uint32_t len, uint64_t *out_hash,
                         uint32_t *out_len);

/* The open file still begins with what `id` was made of. */
bool identity_matches_content(const struct world *world, const struct file_id *id, int file);

/* What a layered file system (overlayfs) makes of a file that is written to for the first time: it is
 * copied up, and has another device number; or the same numbers and another birth, where the number of
 * the device is no real one's. Whether it is a copy its content tells. */
bool identity_is_other_layer(const struct file_id *id, const struct file_id *before);

/* Device and inode are the same, and the birth is if both know it. */
bool identity_is_same_inode(const struct file_id *id, const struct file_stat *info);

#endif

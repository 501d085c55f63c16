/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_SPOOL_H
#define CLEW_DELIVERY_SPOOL_H

/*
 * A directory of parcels, oldest first: where requests wait when memory is full, and where those
 * are kept that nobody takes.
 *
 *     file           state                                        left by
 *     <number>.tmp   being written                                spool_write(): renamed
 *     <number>       whole, on the disk                           spool_remove()
 *     <number>.corrupt-<n>   damaged, for a person to look at     nobody
 *
 * A write has ended when file and directory are fsync'ed; only then may a promise rest on it. A
 * crash leaves whole files and perhaps one .tmp, which spool_clean() removes. Numbers are
 * times (ns since 1970), made to count up, so that the order is that of writing, also over a restart
 * and when two processes write to one directory. The directory is made with mode 0700, files 0600.
 *
 * Several writers of one process may share a directory. The remainder of a number by SPOOL_WRITERS
 * names its writer, so no two ever write the same one; and who takes a file up after a restart follows
 * from it too, whatever the number of writers was before.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/file.h"
#include "delivery/parcel.h"

struct spool;

/* Results the caller must handle. Negative results are -errno: pass them on unchanged. */
enum spool_result {
    SPOOL_OK = 0,
    SPOOL_FULL,    /* bytes_max would be passed */
    SPOOL_CORRUPT, /* the file is not one that was written whole */
    SPOOL_GONE,    /* there is no file, or one that no spool writes */
};

/*
 * The spool in `directory`; what is in there already is part of it. The directory is made by the
 * first write. `bytes_max` counts disk blocks of files, not their bytes. 0 or -errno; on 0 the caller
 * owns *out.
 */
int spool_open(const char *directory, uint64_t bytes_max, struct spool **out);
void spool_close(struct spool *spool); /* NULL is fine */

/* Writer `index` of `count`, each with a spool of its own on this directory. It sees the files whose
 * writer is `index`, and of those who are no more its share; or with `sees_all` every one, and then
 * looks again before each write. To be said right after the open. */
enum { SPOOL_WRITERS = 64 };

int spool_share(struct spool *spool, unsigned index, unsigned count, bool sees_all);

/* Remove what a crash has left of a write. For the owner of the directory: another process may be
 * writing. */
void spool_clean(struct spool *spool);

/* Another limit from now on; what is there stays. */
void spool_set_limit(struct spool *spool, uint64_t bytes_max);

/* Use these system calls from now on (tests let them fail). */
void spool_use_calls(struct spool *spool, const struct file_calls *calls);

const char *spool_directory(const struct spool *spool);

/* How many parcels there are, and the blocks they take. */
size_t spool_count(const struct spool *spool);
uint64_t spool_bytes(const struct spool *spool);

/* The number of parcel `index`, from 0, oldest first. */
uint64_t spool_number(const struct spool *spool, size_t index);

/* Write a parcel behind all others; blocks for two fsync(2). 0, SPOOL_FULL or -errno. On 0 it is safe
 * on the disk and *out_number its name; otherwise it is not there. */
int spool_write(struct spool *spool, const struct parcel *parcel, uint64_t now_ns,
                uint64_t *out_number);

/* Read a parcel; *out is part of `file`. 0, SPOOL_CORRUPT, SPOOL_GONE or -errno. The system may answer
 * that there is no file when there is one (a file system of the network, a mount that comes back): ask
 * again before SPOOL_GONE is believed. */
int spool_read(const struct spool *spool, uint64_t number, struct buf *file, struct parcel *out);

/* It is not needed any more, and in no list from here on. 0, or -errno: then its file is still there,
 * and every later write, removal and the close try again. What is left behind even so, spool_leftovers(),
 * is sent a second time after a restart. */
int spool_remove(struct spool *spool, uint64_t number);
size_t spool_leftovers(struct spool *spool); /* tries once more */

/* Out of the order, under another name. */
void spool_set_aside(struct spool *spool, uint64_t number);

#endif

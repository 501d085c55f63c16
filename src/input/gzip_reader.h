/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_GZIP_READER_H
#define CLEW_INPUT_GZIP_READER_H

/*
 * A gzip file read as if it lay there uncompressed: for a generation that was compressed before all
 * of it was read. Reading on is cheap; so is going back by less than was returned last. Going back
 * further begins at the start again.
 */

#include <stdint.h>
#include <sys/types.h>
#include "input/world.h"

struct gzip_reader;

/* The open file stays the caller's and must outlive it. */
struct gzip_reader *gzip_reader_new(const struct world *world, int file);
void gzip_reader_free(struct gzip_reader *reader); /* NULL is fine */

/* As pread(2) on the uncompressed bytes: fewer than `len` only at the end. -EBADMSG: not a gzip file,
 * or damaged before `offset`; what lies before the damage is returned. */
ssize_t gzip_reader_read(struct gzip_reader *reader, char *bytes, size_t len, uint64_t offset);

#endif

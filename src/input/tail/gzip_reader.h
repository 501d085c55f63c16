/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_GZIP_READER_H
#define CLEW_INPUT_TAIL_GZIP_READER_H

/*
 * A gzip file read as if it lay there uncompressed: for a generation that was compressed before all
 * of it was read. Reading on is cheap; so is going back by less than was returned last. Going back
 * further begins at the start again.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "input/tail/world.h"

struct gzip_reader;

/* The open file stays the caller's and must outlive it. */
struct gzip_reader *gzip_reader_new(const struct world *world, int file);
void gzip_reader_free(struct gzip_reader *reader); /* NULL is fine */

enum gzip_end {
    GZIP_GOES_ON, /* its end was not reached */
    GZIP_WHOLE,   /* it was, and nothing is missing; what follows a whole member and is none is nothing */
    GZIP_CUT,     /* the file ends in the middle: it may still be being written */
    GZIP_BROKEN,  /* is not a gzip file, or damaged: nothing can be read behind it */
};

/* As pread(2) on the uncompressed bytes: fewer than `len` only at the end. -EBADMSG: broken before
 * `offset`; what lies before the damage is returned. What a file that was cut grows by is read. */
ssize_t gzip_reader_read(struct gzip_reader *reader, char *bytes, size_t len, uint64_t offset);

enum gzip_end gzip_reader_end(const struct gzip_reader *reader); /* as the last read met it */

/* How many bytes it unpacks to, as the end of the file says: modulo 2^32, of the last member, and
 * meaningless as long as it is not whole (RFC 1952, ISIZE). False: there is no such end. */
bool gzip_size_hint(const struct world *world, int file, uint32_t *out_size);

#endif

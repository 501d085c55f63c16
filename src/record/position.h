/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_POSITION_H
#define CLEW_RECORD_POSITION_H

/*
 * Where in a logical stream.
 *
 * A stream is what an application sees as one log: a container's directory with all its
 * generations, or a plain file with its rotated ones. Its generations are read in the order they
 * were written, so a place in it is a generation and an offset, and a restart may begin at one
 * place: everything before has been acknowledged, everything behind is read again.
 */

#include <stdbool.h>
#include <stdint.h>

/* Names a file for as long as it exists, whatever it is renamed to. */
struct file_id {
    uint64_t device;
    uint64_t inode;
    uint64_t born_ns;          /* statx(2)'s time of birth, which no rename changes; 0: not known */
    uint64_t fingerprint;      /* hash of its first fingerprint_len bytes: tells a reused inode apart */
    uint32_t fingerprint_len;  /* bytes; grows with the file up to a fixed number */
};

/* What stood in front of an offset of a file when it was read: tells a file that was written anew. */
struct guard {
    uint64_t offset;
    uint64_t hash; /* of `len` bytes in front of it */
    uint32_t len;
};

struct position {
    uint64_t generation; /* counts up within the stream, in the order of writing; from 1 */
    uint64_t offset;     /* bytes from the start of that generation's file */
};

static inline bool position_is_before(struct position a, struct position b)
{
    return a.generation != b.generation ? a.generation < b.generation : a.offset < b.offset;
}

#endif

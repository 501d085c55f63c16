/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_BUF_H
#define CLEW_BASE_BUF_H

/*
 * A growing run of bytes with a limit. It doubles as it grows and never shrinks by itself; adding
 * past the limit adds nothing and returns false, so that a caller can count the case. Zeroed memory
 * with a limit set is an empty buf.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t limit; /* bytes; never more than this is held */
};

void buf_init(struct buf *buf, size_t limit);
void buf_fini(struct buf *buf);

/* Room for `n` more bytes behind `len`; false if that would pass the limit. */
bool buf_reserve(struct buf *buf, size_t n);

/* All or nothing. */
bool buf_append(struct buf *buf, const void *bytes, size_t n);
bool buf_append_slice(struct buf *buf, struct slice s);
bool buf_append_string(struct buf *buf, const char *string);
bool buf_append_format(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Keeps the memory. */
static inline void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

static inline struct slice buf_slice(const struct buf *buf)
{
    return slice_make(buf->data, buf->len);
}

/* Holds no more memory than it needs, but for a few bytes. */
void buf_trim(struct buf *buf);

/* The caller owns the bytes (free(3)), NUL-terminated behind `len`; the buf is empty again. */
char *buf_take(struct buf *buf);

#endif

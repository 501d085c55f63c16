/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"

enum { BUF_FIRST_BYTES = 256 };

void buf_init(struct buf *buf, size_t limit)
{
    *buf = (struct buf){.limit = limit};
}

void buf_fini(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){.limit = buf->limit};
}

bool buf_reserve(struct buf *buf, size_t n)
{
    if (n <= buf->cap - buf->len) {
        return true;
    }
    if (n > buf->limit - buf->len) {
        return false;
    }
    size_t want = buf->len + n;
    size_t cap = buf->cap < BUF_FIRST_BYTES ? BUF_FIRST_BYTES : buf->cap;
    while (cap < want) {
        cap *= 2;
    }
    cap = cap > buf->limit ? buf->limit : cap;
    buf->data = mem_resize(buf->data, cap, 1);
    buf->cap = cap;
    return true;
}

bool buf_append(struct buf *buf, const void *bytes, size_t n)
{
    if (!buf_reserve(buf, n)) {
        return false;
    }
    if (n > 0) {
        memcpy(buf->data + buf->len, bytes, n);
    }
    buf->len += n;
    return true;
}

bool buf_append_slice(struct buf *buf, struct slice s)
{
    return buf_append(buf, s.data, s.len);
}

bool buf_append_string(struct buf *buf, const char *string)
{
    return buf_append(buf, string, strlen(string));
}

bool buf_append_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* One byte more for the NUL that vsnprintf() insists on; it is not counted in `len`. */
    bool fits = n >= 0 && buf_reserve(buf, (size_t)n + 1);
    if (fits) {
        vsnprintf(buf->data + buf->len, (size_t)n + 1, format, again);
        buf->len += (size_t)n;
    }
    va_end(again);
    return fits;
}

void buf_trim(struct buf *buf)
{
    size_t cap = buf->len > BUF_FIRST_BYTES ? buf->len : BUF_FIRST_BYTES;
    if (cap < buf->cap) {
        buf->data = mem_resize(buf->data, cap, 1);
        buf->cap = cap;
    }
}

char *buf_take(struct buf *buf)
{
    char *bytes = mem_resize(buf->data, buf->len + 1, 1);
    bytes[buf->len] = '\0';
    *buf = (struct buf){.limit = buf->limit};
    return bytes;
}

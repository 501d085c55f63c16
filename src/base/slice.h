/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_SLICE_H
#define CLEW_BASE_SLICE_H

/*
 * A slice is bytes that belong to somebody else: never freed through it, not NUL-terminated, may
 * hold any byte. An empty slice may have a NULL `data`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *data;
    size_t len; /* bytes */
};

/* A slice of a string literal, its length known at compile time. */
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

static inline struct slice slice_make(const char *data, size_t len)
{
    return (struct slice){data, len};
}

/* The bytes of a NUL-terminated string; NULL is the empty slice. */
static inline struct slice slice_from_string(const char *string)
{
    return (struct slice){string, string != NULL ? strlen(string) : 0};
}

static inline bool slice_is_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool slice_has_prefix(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

/* The rest of `s` behind its first `n` bytes; `n` past the end gives the empty end of it. */
static inline struct slice slice_skip(struct slice s, size_t n)
{
    n = n < s.len ? n : s.len;
    return (struct slice){s.data != NULL ? s.data + n : NULL, s.len - n};
}

/* Equal but for the case of ASCII letters. */
bool slice_is_equal_nocase(struct slice a, struct slice b);

/* Slow path of the next one. */
struct slice slice_trim_blanks(struct slice s);

/* Without blanks and tabs at both ends. */
static inline struct slice slice_trim(struct slice s)
{
    bool is_bare = s.len > 0 && (unsigned char)s.data[0] > ' ' &&
                   (unsigned char)s.data[s.len - 1] > ' ';
    return is_bare ? s : slice_trim_blanks(s);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_COMMON_FOREIGN_H
#define CLEW_SHIPPERS_COMMON_FOREIGN_H

/*
 * The configs of other log shippers, as they are found: what `clew lint` and `clew import` share.
 *
 * Reading never fails for what is in a file: what cannot be understood is left out, or noted where
 * the reader of a format has a place for notes. Memory is an arena's, given back all at once.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/slice.h"

enum {
    FOREIGN_TEXT_BYTES_MAX = 2 << 20, /* of one file */
    FOREIGN_FILES_MAX = 256,          /* that one config includes or names */
};

/* Counted from 1. */
struct foreign_place {
    const char *file;
    unsigned line;
    unsigned column;
};

struct foreign_text {
    const char *path; /* as findings name it */
    struct slice text;
};

struct foreign {
    struct arena arena;    /* what has been read */
    char *const *environ;  /* NULL: no variable is known */
    unsigned files;        /* read for this config */
};

/* Memory that is never NULL: the arenas used with these are far larger than the limits of what is
 * read let anything be. Zeroed. */
void *foreign_alloc(struct arena *arena, size_t size);
const char *foreign_copy(struct arena *arena, struct slice s);
const char *foreign_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A text in hand into the arena; 0, or -EFBIG. */
int foreign_take(struct foreign *foreign, const char *name, struct slice text,
                 struct foreign_text *out);

/* Whole file into the arena; 0 or -errno. */
int foreign_read(struct foreign *foreign, const char *path, struct foreign_text *out);

/*
 * A file that the config at `path` names: as written relative to it, by its last part beside it,
 * or in the folder `<stem>.aux` there. False: there is none.
 */
bool foreign_find(struct foreign *foreign, const char *path, const char *wanted,
                  struct foreign_text *out);

/* The value of an environment variable, NULL if there is none. */
const char *foreign_getenv(const struct foreign *foreign, struct slice name);

#endif

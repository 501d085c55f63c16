/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_DIALECTS_H
#define CLEW_SHIPPERS_DIALECTS_H

/*
 * The shippers whose configs clew reads. A dialect is a folder and a row of dialects.c: the folder
 * holds its reader, its lint and its import, and defines the struct that the row names. A text is
 * shown to the dialects in the order of the table, and belongs to the first that takes it.
 */

#include "shippers/import.h"
#include "shippers/probe/trail.h"

/* A config on its way to clew's. A dialect puts it at the head of a struct of its own. */
struct import_work {
    const struct dialect *dialect;
    struct import_row *rows; /* allocated; what was read decides how many there are */
    size_t row_count;
};

struct dialect {
    const char *name; /* as its makers write it */

    /* Reads `text` and sends the probes through it; false if it is not of this dialect. */
    bool (*lint)(struct lint *lint, const struct foreign_text *text);

    /* Reads `text` as the beginning of a config; NULL if it is not of this dialect. `foreign`
     * outlives the work. NULL instead of the function: such configs are not converted. */
    struct import_work *(*import_begin)(struct foreign *foreign, const struct foreign_text *text);

    /* Reads a further file of the same config; false if nothing is in it. */
    bool (*import_more)(struct import_work *work, const struct foreign_text *text);

    /* Called once: clew's config; rows are filled in, by file and line. */
    struct slice (*import_convert)(struct import_work *work);
    void (*import_end)(struct import_work *work);
};

extern const struct dialect dialect_fluentbit;
extern const struct dialect dialect_logstash;
extern const struct dialect dialect_vector;

/* Ends with NULL. */
extern const struct dialect *const dialects[];

#endif

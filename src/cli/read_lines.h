/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_READ_LINES_H
#define CLEW_CLI_READ_LINES_H

/*
 * The lines of one file, from its first to its last byte: packed with gzip or not, standard input
 * too. For commands that look at logs once; the tailer has its own reader.
 */

#include "record/line.h"

struct read_lines_job {
    const char *path;            /* NULL: standard input */
    struct source *source; /* goes into each line */
    uint64_t generation;         /* … and so does this, as the file's place in its stream */
    size_t line_bytes_max;       /* a longer line comes in pieces */
    uint64_t now_ns;             /* as read_ns of each line */

    void (*line)(void *context, const struct line *line);

    /* Now and then: how much of the file on disk has been read. NULL: not wanted. False ends it. */
    bool (*progress)(void *context, uint64_t bytes);

    /* Of something that is still being written to: take what there is at once, and call progress()
     * at least so often while there is nothing. It is read as it is, not unpacked. 0: no. */
    int follow_ms;
    void *context;
};

/* True if all of it was read; else *out_error is a sentence that the caller frees, and the lines
 * before the trouble have been given. */
bool read_lines(const struct read_lines_job *job, char **out_error);

#endif

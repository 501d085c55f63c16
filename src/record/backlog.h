/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_BACKLOG_H
#define CLEW_RECORD_BACKLOG_H

#include <stdint.h>

/*
 * What an input has found and not read yet, as of the last look at each file: a file that inotify tells of
 * is looked at within 10 ms, others by the next scan.
 *
 * The age is that of the oldest line that is not read, and at most that: it counts from the moment at which
 * the first byte of what is unread now was found, or, once all that was there at an earlier look has been
 * read, from that look. So it stands still for nobody: a file that is read as fast as it is written has none.
 */
struct backlog {
    const char *input;      /* its name */
    uint64_t unread_bytes;
    uint64_t deleted_bytes; /* sizes of the deleted files that are open, as of the last second */
    uint64_t oldest_ns;     /* the age; 0: all is read */
};

#endif

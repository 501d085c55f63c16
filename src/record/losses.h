/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_LOSSES_H
#define CLEW_RECORD_LOSSES_H

/*
 * Bytes that are known to be lost, by the log they were lost from. Nothing is ever forgotten, so the
 * table has an end: what is lost from more logs than LOSSES_MAX is counted together.
 */

#include <stddef.h>
#include <stdint.h>

enum { LOSSES_MAX = 100 };

struct losses {
    struct loss {
        char *path; /* of the live file */
        uint64_t bytes;
    } items[LOSSES_MAX];
    size_t count;
    uint64_t others;
};

void losses_add(struct losses *losses, const char *path, uint64_t bytes); /* nothing for 0 bytes */
void losses_merge(struct losses *losses, const struct losses *from);
void losses_fini(struct losses *losses);

#endif

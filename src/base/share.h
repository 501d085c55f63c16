/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_SHARE_H
#define CLEW_BASE_SHARE_H

#include <stdint.h>

/* Which of the workers of a process something belongs to. All zero is the only one. */
struct share {
    unsigned worker; /* from 0 */
    unsigned workers;
};

/* Its part of what the config gives to all of them. */
static inline uint64_t share_of(const struct share *share, uint64_t whole)
{
    return share->workers > 1 ? whole / share->workers : whole;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_DIGITS_H
#define CLEW_BASE_DIGITS_H

/* Decimal digits, eight at a time: the fractions of times are most of the digits in a log. */

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The number of the eight bytes at `s`; false, with nothing written, if one of them is no digit. */
static inline bool digits_read_eight(const char *s, uint32_t *out_number)
{
    uint64_t v;
    memcpy(&v, s, sizeof(v));
    v = le64toh(v);
    const uint64_t high = 0xF0F0F0F0F0F0F0F0;
    const uint64_t threes = 0x3030303030303030;
    if ((v & high) != threes || ((v + 0x0606060606060606) & high) != threes) {
        return false;
    }
    v -= threes;
    v = v * 10 + (v >> 8); /* pairs of digits in every other byte */
    *out_number = (uint32_t)(((v & 0x000000FF000000FF) * 0x000F424000000064 +
                              ((v >> 16) & 0x000000FF000000FF) * 0x0000271000000001) >>
                             32);
    return true;
}

#endif

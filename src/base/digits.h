/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_DIGITS_H
#define CLEW_BASE_DIGITS_H

/* Decimal digits, eight at a time: the fractions of times are most of the digits in a log. */

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The number that eight digits are: bytes of 0 to 9, the first lowest. */
static inline uint32_t digits_value(uint64_t v)
{
    v = v * 10 + (v >> 8); /* pairs of digits in every other byte */
    return (uint32_t)(((v & 0x000000FF000000FF) * 0x000F424000000064 +
                       ((v >> 16) & 0x000000FF000000FF) * 0x0000271000000001) >>
                      32);
}

/* 0x80 for each byte of `v` that is more than 9. Exact up to the first that is more than 0x89. */
static inline uint64_t digits_others(uint64_t v)
{
    return ((v + 0x7676767676767676) | v) & 0x8080808080808080;
}

/* The number of the eight bytes at `s`; false, with nothing written, if one of them is no digit. */
static inline bool digits_read_eight(const char *s, uint32_t *out_number)
{
    uint64_t v;
    memcpy(&v, s, sizeof(v));
    v = le64toh(v) ^ 0x3030303030303030;
    if (digits_others(v) != 0) {
        return false;
    }
    *out_number = digits_value(v);
    return true;
}

#endif

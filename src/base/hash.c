/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <endian.h>
#include <string.h>

/* Odd constants with well spread bits (the fractions of sqrt(2), sqrt(3) and the golden ratio). */
#define K0 UINT64_C(0x6A09E667F3BCC909)
#define K1 UINT64_C(0xBB67AE8584CAA73B)
#define K2 UINT64_C(0x9E3779B97F4A7C15)

/* Multiply to 128 bits and fold the halves: every bit of both reaches every bit of the result. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const unsigned char *s, size_t n)
{
    uint64_t word = 0;
    if (n > 0) { /* nothing may be at NULL */
        memcpy(&word, s, n);
    }
    return le64toh(word);
}

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
    const unsigned char *s = data;
    uint64_t state = seed ^ K2;
    size_t left = len;
    while (left > 16) {
        state = fold(load(s, 8) ^ K0 ^ state, load(s + 8, 8) ^ K1);
        s += 16;
        left -= 16;
    }
    uint64_t a = load(s, left < 8 ? left : 8);
    uint64_t b = left > 8 ? load(s + 8, left - 8) : 0;
    state = fold(a ^ K0 ^ state, b ^ K1);
    return fold(state ^ K0, (uint64_t)len ^ K2);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_SCAN_H
#define CLEW_PARSERS_SCAN_H

/*
 * Where the special bytes of a text are: for JSON quotes, backslashes and control characters.
 *
 * A window of the text is looked at with wide instructions before it is parsed, and every special
 * byte becomes a bit. The parser then goes from bit to bit, which costs the same for strings of
 * every length and lets the processor look ahead, where a search from each opening quote would make
 * it wait for the last one to end. No kernel reads a byte outside [begin, end): a line may end at
 * the last byte of a page.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "parsers/scan_block.h"

enum {
    SCAN_WINDOW_WORDS = 32, /* longer lines take another window after this one */
    SCAN_WINDOW_BYTES = SCAN_WINDOW_WORDS * SCAN_BLOCK_BYTES,
};

struct scan_window {
    uint64_t words[SCAN_WINDOW_WORDS + 1]; /* bit n of word m: byte m * 64 + n is special; the last
                                              is always 0, so that two may be looked at at once */
    uint64_t high;                     /* not 0: a byte >= 0x80 has been seen, here or before */
};

/* Fill the words for [begin, end), as far as the window goes. Every bit from `end` on is set, up to
 * the end of the last word written, so that a search ends there; one word at least has such a bit
 * unless the text goes on behind the window. */
typedef void scan_kernel_fn(const char *begin, const char *end, struct scan_window *window);

struct scan_kernel {
    const char *name;
    scan_kernel_fn *fill;
    scan_kernel_fn *fill_pairs;
    bool (*is_supported)(void);
};

/* All that were built, the best last; NULL name at the end. */
extern const struct scan_kernel scan_kernels[];

/* With the best kernel for this machine. `high` is only ever added to: set it to 0 before. */
scan_kernel_fn scan_fill;

/* The same with what ends a value of logfmt that is not quoted: quotes, blanks, control characters,
 * 0x7F. */
scan_kernel_fn scan_fill_pairs;

/* Which of the bytes from number `at` of the window on are special, the first lowest: 57 at least.
 * Only the lowest bit may be relied on, since words behind the end may hold anything. */
static inline uint64_t scan_from(const struct scan_window *window, size_t at)
{
#if __BYTE_ORDER == __LITTLE_ENDIAN
    return scan_load((const char *)window->words + at / 8) >> at % 8;
#else
    const uint64_t *word = &window->words[at / SCAN_BLOCK_BYTES];
    size_t bit = at % SCAN_BLOCK_BYTES;
    return word[0] >> bit | word[1] << 1 << (SCAN_BLOCK_BYTES - 1 - bit);
#endif
}

/* The first special byte in [p, end), else `end`: for short texts that are searched once. */
static inline const char *scan_string(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t special = scan_word(scan_load(p));
        if (special != 0) {
            return p + __builtin_ctzll(special) / 8;
        }
    }
    while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\') {
        p++;
    }
    return p;
}

#endif

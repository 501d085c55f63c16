/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_SCAN_H
#define CLEW_PARSERS_SCAN_H

/*
 * Finding the end of a string: the first quote, backslash or control character, many bytes at a time.
 *
 * Nearly all strings of a log line are shorter than 16 bytes, so the first two blocks are looked at
 * in line, with what every machine of the architecture has. Longer ones (stack traces) go to a
 * kernel chosen by what this machine has. No kernel reads a byte outside [p, end): a line may end
 * at the last byte of a page.
 *
 * Every scan also tells whether it passed a byte >= 0x80, so that only then UTF-8 is checked.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "parsers/scan_block.h"

/* The first '"', '\\' or byte < 0x20 in [p, end), else `end`. *io_high becomes non-zero if a byte
 * >= 0x80 was passed, else stays. */
typedef const char *scan_kernel_fn(const char *p, const char *end, uint64_t *io_high);

struct scan_kernel {
    const char *name;
    scan_kernel_fn *scan;
    bool (*is_supported)(void);
};

/* All that were built, for the tests; NULL name at the end. */
extern const struct scan_kernel scan_kernels[];

/* The kernel for this machine. */
scan_kernel_fn scan_string_long;

/* Blocks looked at in line. */
static inline const char *scan_string(const char *p, const char *end, uint64_t *io_high)
{
    for (int block = 0; block < 2; block++) {
        if (__builtin_expect(end - p < SCAN_BLOCK_BYTES, 0)) {
            break;
        }
        struct scan_masks masks = scan_block(p);
        if (masks.special != 0) {
            *io_high |= scan_mask_before(masks.high, masks.special);
            return p + scan_mask_first(masks.special);
        }
        *io_high |= masks.high;
        p += SCAN_BLOCK_BYTES;
    }
    return scan_string_long(p, end, io_high);
}

#endif

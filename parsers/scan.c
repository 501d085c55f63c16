/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/scan.h"

/*
 * The kernels for long strings. Each takes whole blocks while they last and leaves the rest to the
 * next narrower one, down to single bytes.
 */

static bool is_special(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

static const char *scan_bytes(const char *p, const char *end, uint64_t *io_high)
{
    for (; p < end && !is_special((unsigned char)*p); p++) {
        *io_high |= (unsigned char)*p & 0x80u;
    }
    return p;
}

static const char *scan_words(const char *p, const char *end, uint64_t *io_high)
{
    while (end - p >= SCAN_WORD_BYTES) {
        struct scan_masks masks = scan_word(p);
        if (masks.special != 0) {
            *io_high |= scan_mask_before(masks.high, masks.special);
            return p + (size_t)__builtin_ctzll(masks.special) / SCAN_WORD_BITS;
        }
        *io_high |= masks.high;
        p += SCAN_WORD_BYTES;
    }
    return scan_bytes(p, end, io_high);
}

static const char *scan_blocks(const char *p, const char *end, uint64_t *io_high)
{
    while (end - p >= SCAN_BLOCK_BYTES) {
        struct scan_masks masks = scan_block(p);
        if (masks.special != 0) {
            *io_high |= scan_mask_before(masks.high, masks.special);
            return p + scan_mask_first(masks.special);
        }
        *io_high |= masks.high;
        p += SCAN_BLOCK_BYTES;
    }
    return scan_words(p, end, io_high);
}

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)

#include <immintrin.h>

enum { AVX2_BYTES = 32 };

__attribute__((target("avx2"))) static const char *scan_avx2(const char *p, const char *end,
                                                            uint64_t *io_high)
{
    const __m256i quotes = _mm256_set1_epi8('"');
    const __m256i slashes = _mm256_set1_epi8('\\');
    const __m256i controls = _mm256_set1_epi8(0x1F);
    for (; end - p >= AVX2_BYTES; p += AVX2_BYTES) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p);
        __m256i special = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, controls), bytes);
        special = _mm256_or_si256(special, _mm256_cmpeq_epi8(bytes, quotes));
        special = _mm256_or_si256(special, _mm256_cmpeq_epi8(bytes, slashes));
        uint32_t found = (uint32_t)_mm256_movemask_epi8(special);
        uint32_t high = (uint32_t)_mm256_movemask_epi8(bytes);
        if (found != 0) {
            *io_high |= scan_mask_before(high, found);
            return p + __builtin_ctz(found);
        }
        *io_high |= high;
    }
    return scan_blocks(p, end, io_high);
}

/* Asks a table that the C library filled before main(). */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

const struct scan_kernel scan_kernels[] = {
    {"byte", scan_bytes, always},  {"word", scan_words, always}, {"block", scan_blocks, always},
    {"avx2", scan_avx2, has_avx2}, {NULL, NULL, NULL},
};

const char *scan_string_long(const char *p, const char *end, uint64_t *io_high)
{
    if (end - p >= AVX2_BYTES && has_avx2()) {
        return scan_avx2(p, end, io_high);
    }
    return scan_blocks(p, end, io_high);
}

#else

const struct scan_kernel scan_kernels[] = {
    {"byte", scan_bytes, always},
    {"word", scan_words, always},
    {"block", scan_blocks, always},
    {NULL, NULL, NULL},
};

const char *scan_string_long(const char *p, const char *end, uint64_t *io_high)
{
    return scan_blocks(p, end, io_high);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/scan.h"

/*
 * Each kernel is the same loop around one block function, so that the block is compiled into it.
 * The last, partial block is copied to where there are 64 bytes, with quotes behind it: their bits
 * are the ones that end a search.
 */

typedef uint64_t block_fn(const char *p, uint64_t *io_high);

/* The last block of a text of `len` bytes, of which `left` are not yet looked at: its bits, and all
 * from the end on. Where the text is long enough, its last 64 bytes are looked at once more. */
static inline __attribute__((always_inline)) uint64_t last_block(const char *begin, size_t left,
                                                                size_t len, uint64_t *io_high,
                                                                block_fn *block)
{
    if (left == 0) {
        return UINT64_MAX;
    }
    if (len >= SCAN_BLOCK_BYTES) {
        size_t again = SCAN_BLOCK_BYTES - left;
        return block(begin - again, io_high) >> again | UINT64_MAX << 1 << (left - 1);
    }
    char rest[SCAN_BLOCK_BYTES];
    memset(rest, '"', sizeof(rest));
    memcpy(rest, begin, left);
    return block(rest, io_high);
}

static inline __attribute__((always_inline)) void fill(const char *begin, const char *end,
                                                       struct scan_window *window, block_fn *block)
{
    uint64_t high = window->high;
    size_t len = (size_t)(end - begin);
    size_t whole = len / SCAN_BLOCK_BYTES;
    whole = whole < SCAN_WINDOW_WORDS ? whole : SCAN_WINDOW_WORDS;
    for (size_t i = 0; i < whole; i++) {
        window->words[i] = block(begin, &high);
        begin += SCAN_BLOCK_BYTES;
    }
    if (whole < SCAN_WINDOW_WORDS) {
        window->words[whole] = last_block(begin, (size_t)(end - begin), len, &high, block);
    }
    window->words[SCAN_WINDOW_WORDS] = 0;
    window->high = high;
}

static bool always(void)
{
    return true;
}

static void fill_words(const char *begin, const char *end, struct scan_window *window)
{
    fill(begin, end, window, scan_block_words);
}

static void pairs_words(const char *begin, const char *end, struct scan_window *window)
{
    fill(begin, end, window, scan_pair_block_words);
}

#if defined(__x86_64__)

static void fill_sse2(const char *begin, const char *end, struct scan_window *window)
{
    fill(begin, end, window, scan_block_sse2);
}

static void pairs_sse2(const char *begin, const char *end, struct scan_window *window)
{
    fill(begin, end, window, scan_pair_block_sse2);
}

__attribute__((target("avx2"))) static void fill_avx2(const char *begin, const char *end,
                                                     struct scan_window *window)
{
    fill(begin, end, window, scan_block_avx2);
}

__attribute__((target("avx2"))) static void pairs_avx2(const char *begin, const char *end,
                                                      struct scan_window *window)
{
    fill(begin, end, window, scan_pair_block_avx2);
}

/* Asks a table that the C library filled before main(). */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

const struct scan_kernel scan_kernels[] = {
    {"words", fill_words, pairs_words, always},
    {"sse2", fill_sse2, pairs_sse2, always},
    {"avx2", fill_avx2, pairs_avx2, has_avx2},
    {NULL, NULL, NULL, NULL},
};

void scan_fill(const char *begin, const char *end, struct scan_window *window)
{
    if (has_avx2()) {
        fill_avx2(begin, end, window);
    } else {
        fill_sse2(begin, end, window);
    }
}

void scan_fill_pairs(const char *begin, const char *end, struct scan_window *window)
{
    if (has_avx2()) {
        pairs_avx2(begin, end, window);
    } else {
        pairs_sse2(begin, end, window);
    }
}

#elif defined(__aarch64__)

static void fill_neon(const char *begin, const char *end, struct scan_window *window)
{
    fill(begin, end, window, scan_block_neon);
}

static void pairs_neon(const char *begin, const char *end, struct scan_window *window)
{
    fill(begin, end, window, scan_pair_block_neon);
}

const struct scan_kernel scan_kernels[] = {
    {"words", fill_words, pairs_words, always},
    {"neon", fill_neon, pairs_neon, always},
    {NULL, NULL, NULL, NULL},
};

void scan_fill(const char *begin, const char *end, struct scan_window *window)
{
    fill_neon(begin, end, window);
}

void scan_fill_pairs(const char *begin, const char *end, struct scan_window *window)
{
    pairs_neon(begin, end, window);
}

#else

const struct scan_kernel scan_kernels[] = {
    {"words", fill_words, pairs_words, always},
    {NULL, NULL, NULL, NULL},
};

void scan_fill(const char *begin, const char *end, struct scan_window *window)
{
    fill_words(begin, end, window);
}

void scan_fill_pairs(const char *begin, const char *end, struct scan_window *window)
{
    pairs_words(begin, end, window);
}

#endif

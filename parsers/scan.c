/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/scan.h"

/*
 * Each kernel is the same loop around one block function, so that the block is compiled into it.
 * The last, partial block is copied to where there are 64 bytes, with quotes behind it: their bits
 * are the ones that end a search.
 */

typedef uint64_t block_fn(const char *p, uint64_t *io_high);

static inline __attribute__((always_inline)) void fill(const char *begin, const char *end,
                                                       struct scan_window *window, block_fn *block)
{
    uint64_t high = window->high;
    for (size_t i = 0; i < SCAN_WINDOW_WORDS; i++) {
        size_t left = (size_t)(end - begin);
        if (left < SCAN_BLOCK_BYTES) {
            char rest[SCAN_BLOCK_BYTES];
            memset(rest, '"', sizeof(rest));
            memcpy(rest, begin, left);
            window->words[i] = block(rest, &high);
            break;
        }
        window->words[i] = block(begin, &high);
        begin += SCAN_BLOCK_BYTES;
    }
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

#if defined(__x86_64__)

static void fill_sse2(const char *begin, const char *end, struct scan_window *window)
{
    fill(begin, end, window, scan_block_sse2);
}

/* Not by fill(): a function for any processor cannot have one for AVX2 compiled into it. */
__attribute__((target("avx2"))) static void fill_avx2(const char *begin, const char *end,
                                                     struct scan_window *window)
{
    uint64_t high = window->high;
    size_t i = 0;
    for (; i < SCAN_WINDOW_WORDS && end - begin >= SCAN_BLOCK_BYTES; i++) {
        window->words[i] = scan_block_avx2(begin, &high);
        begin += SCAN_BLOCK_BYTES;
    }
    if (i < SCAN_WINDOW_WORDS) {
        char rest[SCAN_BLOCK_BYTES];
        memset(rest, '"', sizeof(rest));
        memcpy(rest, begin, (size_t)(end - begin));
        window->words[i] = scan_block_avx2(rest, &high);
    }
    window->high = high;
}

/* Asks a table that the C library filled before main(). */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

const struct scan_kernel scan_kernels[] = {
    {"words", fill_words, always},
    {"sse2", fill_sse2, always},
    {"avx2", fill_avx2, has_avx2},
    {NULL, NULL, NULL},
};

void scan_fill(const char *begin, const char *end, struct scan_window *window)
{
    if (has_avx2()) {
        fill_avx2(begin, end, window);
    } else {
        fill_sse2(begin, end, window);
    }
}

#elif defined(__aarch64__)

static void fill_neon(const char *begin, const char *end, struct scan_window *window)
{
    fill(begin, end, window, scan_block_neon);
}

const struct scan_kernel scan_kernels[] = {
    {"words", fill_words, always},
    {"neon", fill_neon, always},
    {NULL, NULL, NULL},
};

void scan_fill(const char *begin, const char *end, struct scan_window *window)
{
    fill_neon(begin, end, window);
}

#else

const struct scan_kernel scan_kernels[] = {
    {"words", fill_words, always},
    {NULL, NULL, NULL},
};

void scan_fill(const char *begin, const char *end, struct scan_window *window)
{
    fill_words(begin, end, window);
}

#endif

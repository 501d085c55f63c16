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

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * 64 bytes looked at at once: a bit for each that is special, the first byte lowest. Inside a JSON
 * string that is a quote, a backslash, a control character; in a value of logfmt that is not quoted
 * (the functions with `pair` in their names) a quote, a blank, a control character, 0x7F. The only
 * place that knows an architecture's instructions: each variant is one function of this form, and
 * io_high becomes non-zero if a byte >= 0x80 was among them.
 */

enum { SCAN_BLOCK_BYTES = 64 };

#define SCAN_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The portable one, eight bytes in a word: 0x80 for each special byte, exactly. Sums stay below
 * 0x100, so no byte disturbs its neighbour. */
static inline uint64_t scan_word(uint64_t word)
{
    uint64_t low = word & SCAN_EACH(0x7F);
    uint64_t quote = (low ^ SCAN_EACH('"')) + SCAN_EACH(0x7F);
    uint64_t slash = (low ^ SCAN_EACH('\\')) + SCAN_EACH(0x7F);
    uint64_t control = low + SCAN_EACH(0x60);
    return ~((quote & slash & control) | word) & SCAN_EACH(0x80);
}

static inline uint64_t scan_pair_word(uint64_t word)
{
    uint64_t low = word & SCAN_EACH(0x7F);
    uint64_t quote = (low ^ SCAN_EACH('"')) + SCAN_EACH(0x7F);
    uint64_t delete = (low ^ SCAN_EACH(0x7F)) + SCAN_EACH(0x7F);
    uint64_t blank = low + SCAN_EACH(0x5F);
    return ~((quote & delete & blank) | word) & SCAN_EACH(0x80);
}

static inline uint64_t scan_load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return le64toh(word);
}

/* The multiplication moves the eight bits side by side to the top. */
static inline uint64_t scan_pack(uint64_t marks)
{
    return (marks >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static inline uint64_t scan_block_words(const char *p, uint64_t *io_high)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < SCAN_BLOCK_BYTES; i += 8) {
        uint64_t word = scan_load(p + i);
        *io_high |= word & SCAN_EACH(0x80);
        bits |= scan_pack(scan_word(word)) << i;
    }
    return bits;
}

static inline uint64_t scan_pair_block_words(const char *p, uint64_t *io_high)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < SCAN_BLOCK_BYTES; i += 8) {
        uint64_t word = scan_load(p + i);
        *io_high |= word & SCAN_EACH(0x80);
        bits |= scan_pack(scan_pair_word(word)) << i;
    }
    return bits;
}

#if defined(__x86_64__)

#include <immintrin.h>

static inline uint64_t scan_16(__m128i bytes)
{
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, slash)));
}

static inline uint64_t scan_pair_16(__m128i bytes)
{
    __m128i blank = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x20)), bytes);
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i delete = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(blank, _mm_or_si128(quote, delete)));
}

static inline uint64_t scan_pair_block_sse2(const char *p, uint64_t *io_high)
{
    uint64_t bits = 0;
    __m128i high = _mm_setzero_si128();
    for (unsigned i = 0; i < SCAN_BLOCK_BYTES; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        high = _mm_or_si128(high, bytes);
        bits |= scan_pair_16(bytes) << i;
    }
    *io_high |= (uint32_t)_mm_movemask_epi8(high);
    return bits;
}

static inline uint64_t scan_block_sse2(const char *p, uint64_t *io_high)
{
    uint64_t bits = 0;
    __m128i high = _mm_setzero_si128();
    for (unsigned i = 0; i < SCAN_BLOCK_BYTES; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        high = _mm_or_si128(high, bytes);
        bits |= scan_16(bytes) << i;
    }
    *io_high |= (uint32_t)_mm_movemask_epi8(high);
    return bits;
}

__attribute__((target("avx2"))) static inline uint64_t scan_32(__m256i bytes)
{
    __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
    __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    __m256i slash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    __m256i special = _mm256_or_si256(control, _mm256_or_si256(quote, slash));
    return (uint32_t)_mm256_movemask_epi8(special);
}

__attribute__((target("avx2"))) static inline uint64_t scan_block_avx2(const char *p,
                                                                      uint64_t *io_high)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i top = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    *io_high |= (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(low, top));
    return scan_32(low) | scan_32(top) << 32;
}

__attribute__((target("avx2"))) static inline uint64_t scan_pair_32(__m256i bytes)
{
    __m256i blank = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x20)), bytes);
    __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    __m256i delete = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7F));
    __m256i special = _mm256_or_si256(blank, _mm256_or_si256(quote, delete));
    return (uint32_t)_mm256_movemask_epi8(special);
}

__attribute__((target("avx2"))) static inline uint64_t scan_pair_block_avx2(const char *p,
                                                                           uint64_t *io_high)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i top = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    *io_high |= (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(low, top));
    return scan_pair_32(low) | scan_pair_32(top) << 32;
}

#elif defined(__aarch64__)

#include <arm_neon.h>

static inline uint8x16_t scan_16(uint8x16_t bytes)
{
    uint8x16_t quote = vceqq_u8(bytes, vdupq_n_u8('"'));
    uint8x16_t slash = vceqq_u8(bytes, vdupq_n_u8('\\'));
    return vorrq_u8(vcltq_u8(bytes, vdupq_n_u8(0x20)), vorrq_u8(quote, slash));
}

static inline uint8x16_t scan_pair_16(uint8x16_t bytes)
{
    uint8x16_t quote = vceqq_u8(bytes, vdupq_n_u8('"'));
    uint8x16_t delete = vceqq_u8(bytes, vdupq_n_u8(0x7F));
    return vorrq_u8(vcleq_u8(bytes, vdupq_n_u8(0x20)), vorrq_u8(quote, delete));
}

/* NEON has no movemask: each byte keeps one bit, and adding neighbours packs them. */
static inline uint64_t scan_pack_neon(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t ab = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));
    uint8x16_t cd = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
    uint8x16_t abcd = vpaddq_u8(ab, cd);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(abcd, abcd)), 0);
}

static inline uint64_t scan_block_neon(const char *p, uint64_t *io_high)
{
    const uint8_t *s = (const uint8_t *)p;
    uint8x16_t a = vld1q_u8(s);
    uint8x16_t b = vld1q_u8(s + 16);
    uint8x16_t c = vld1q_u8(s + 32);
    uint8x16_t d = vld1q_u8(s + 48);
    *io_high |= vmaxvq_u8(vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d))) & 0x80u;
    return scan_pack_neon(scan_16(a), scan_16(b), scan_16(c), scan_16(d));
}

static inline uint64_t scan_pair_block_neon(const char *p, uint64_t *io_high)
{
    const uint8_t *s = (const uint8_t *)p;
    uint8x16_t a = vld1q_u8(s);
    uint8x16_t b = vld1q_u8(s + 16);
    uint8x16_t c = vld1q_u8(s + 32);
    uint8x16_t d = vld1q_u8(s + 48);
    *io_high |= vmaxvq_u8(vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d))) & 0x80u;
    return scan_pack_neon(scan_pair_16(a), scan_pair_16(b), scan_pair_16(c), scan_pair_16(d));
}

#endif

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

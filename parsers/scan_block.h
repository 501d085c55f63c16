/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_SCAN_BLOCK_H
#define CLEW_PARSERS_SCAN_BLOCK_H

/*
 * One block of bytes, looked at at once: the only place that knows the architecture's instructions.
 *
 * A mask has SCAN_MASK_BITS bits a byte, the first byte lowest; of `special` only the lowest set bit
 * is exact (the portable variant lets a borrow run upwards), which is all that is ever asked for.
 */

#include <endian.h>
#include <stdint.h>
#include <string.h>

struct scan_masks {
    uint64_t special; /* '"', '\\' and control characters */
    uint64_t high;    /* bytes >= 0x80 */
};

enum { SCAN_WORD_BYTES = 8, SCAN_WORD_BITS = 8 };

#define SCAN_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Zero bytes become 0x80. */
static inline uint64_t scan_word_zeros(uint64_t word)
{
    return (word - SCAN_EACH(1)) & ~word & SCAN_EACH(0x80);
}

/* The portable one: eight bytes in a word. */
static inline struct scan_masks scan_word(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    word = le64toh(word);
    uint64_t control = (word - SCAN_EACH(0x20)) & ~word & SCAN_EACH(0x80);
    return (struct scan_masks){
        .special = control | scan_word_zeros(word ^ SCAN_EACH('"')) |
                   scan_word_zeros(word ^ SCAN_EACH('\\')),
        .high = word & SCAN_EACH(0x80),
    };
}

#if defined(__SSE2__)

#include <emmintrin.h>

enum { SCAN_BLOCK_BYTES = 16, SCAN_MASK_BITS = 1 };

static inline struct scan_masks scan_block(const char *p)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    __m128i special = _mm_or_si128(control, _mm_or_si128(quote, slash));
    return (struct scan_masks){
        .special = (uint32_t)_mm_movemask_epi8(special),
        .high = (uint32_t)_mm_movemask_epi8(bytes),
    };
}

#elif defined(__ARM_NEON) && defined(__aarch64__)

#include <arm_neon.h>

enum { SCAN_BLOCK_BYTES = 16, SCAN_MASK_BITS = 4 };

/* NEON has no movemask: a narrowing shift leaves four bits of each byte. */
static inline uint64_t scan_neon_mask(uint8x16_t bytes)
{
    uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(bytes), 4);
    return vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
}

static inline struct scan_masks scan_block(const char *p)
{
    uint8x16_t bytes = vld1q_u8((const uint8_t *)p);
    uint8x16_t special = vorrq_u8(vcltq_u8(bytes, vdupq_n_u8(0x20)),
                                  vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')),
                                           vceqq_u8(bytes, vdupq_n_u8('\\'))));
    return (struct scan_masks){
        .special = scan_neon_mask(special),
        .high = scan_neon_mask(vcgeq_u8(bytes, vdupq_n_u8(0x80))),
    };
}

#else

enum { SCAN_BLOCK_BYTES = SCAN_WORD_BYTES, SCAN_MASK_BITS = SCAN_WORD_BITS };

static inline struct scan_masks scan_block(const char *p)
{
    return scan_word(p);
}

#endif

/* The index of the byte that the lowest bit stands for. */
static inline size_t scan_mask_first(uint64_t mask)
{
    return (size_t)__builtin_ctzll(mask) / SCAN_MASK_BITS;
}

/* The bits of `mask` below the lowest one of `stop`. */
static inline uint64_t scan_mask_before(uint64_t mask, uint64_t stop)
{
    return mask & (stop - 1) & ~stop;
}

#endif

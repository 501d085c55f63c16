/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_NUMBER_H
#define CLEW_PARSERS_NUMBER_H

/*
 * Numbers as RFC 8259 writes them, with nothing lost.
 *
 *     integer that fits int64            NUMBER_INT
 *     fraction, exponent, or "-0"        NUMBER_DOUBLE, the nearest double, ties to even
 *     integer beyond int64, fraction
 *     beyond the largest double, or
 *     that the nearest double has as 0   NUMBER_TEXT: only its text tells it
 *
 * Independent of the locale.
 */

#include <stdint.h>
#include "base/digits.h"
#include "base/slice.h"
#include "parsers/scan.h"
#include "record/fields.h"

enum number_kind {
    NUMBER_NONE, /* no number begins here */
    NUMBER_INT,
    NUMBER_DOUBLE,
    NUMBER_TEXT,
};

/* Fewer digits than this fit int64 whatever they are. */
enum { NUMBER_DIGITS_FAST = 19 };

struct number {
    enum number_kind kind;
    size_t len; /* bytes of the token */
    int64_t i;
    double d;
};

/* The longest number at the start of `text`; what follows it is not judged. */
struct number number_parse(struct slice text);

/*
 * The numbers that most are: short ones, read eight digits at a time, without a branch a digit.
 *
 * Which bytes are no digits is told of all eight at once; the digits are moved to the end of the
 * word, zeros before them, and three multiplications make them a number. What is longer, negative or
 * has an exponent is left to number_parse(). The results are the same.
 */

/* Eight bytes from `p`, zeros from `end` on. `len`: how many bytes before `end` are the line's. */
static inline uint64_t short_number_load(const char *p, const char *end, size_t len)
{
    size_t left = (size_t)(end - p);
    if (__builtin_expect(left >= sizeof(uint64_t), 1)) {
        return scan_load(p);
    }
    if (len >= sizeof(uint64_t)) {
        return scan_load(end - sizeof(uint64_t)) >> 8 * (sizeof(uint64_t) - left);
    }
    char bytes[sizeof(uint64_t)] = {0};
    memcpy(bytes, p, left);
    return scan_load(bytes);
}

/* The decimal at `p` with its point at `point`, both in `word`, in which `others` marks all that is no
 * digit. Six digits at most, so one division of two exact doubles rounds once. */
static inline const char *short_number_fraction(const char *p, const char *point, uint64_t word,
                                                uint64_t others, struct field *field)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    unsigned whole = 8 * (unsigned)(point - p); /* bits */
    others &= others - 1;
    if (others == 0) {
        return NULL;
    }
    unsigned bits = (unsigned)__builtin_ctzll(others) & ~7u;
    unsigned fraction = (bits - whole) / 8 - 1;
    const char *stop = p + bits / 8;
    if (fraction == 0 || (*stop | 0x20) == 'e') {
        return NULL;
    }
    uint64_t mask = (UINT64_C(1) << whole) - 1;
    word = (word & mask) | (word >> 8 & ~mask); /* without the point */
    field->kind = FIELD_DOUBLE;
    field->value.d = (double)digits_value(word << (72 - bits)) / powers[fraction];
    return stop;
}

/*
 * The number at `p`, a digit, where it is an integer of up to fifteen digits, or a decimal of which
 * eight bytes show the end. Behind it; NULL: another one, of which nothing is kept. `end` is the end
 * of the line, of which `len` bytes are before it; the last of them is no digit.
 */
static inline const char *short_number_take(const char *p, const char *end, size_t len,
                                            struct field *field)
{
    static const uint32_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    const char *begin = p;
    uint64_t value = 0;
    uint64_t word = short_number_load(p, end, len) ^ SCAN_EACH('0');
    uint64_t others = digits_others(word);
    if (others == 0) {
        value = digits_value(word);
        p += sizeof(word);
        word = short_number_load(p, end, len) ^ SCAN_EACH('0');
        others = digits_others(word);
        if (others == 0) {
            return NULL;
        }
    }
    unsigned bits = (unsigned)__builtin_ctzll(others) & ~7u;
    const char *stop = p + bits / 8;
    if ((*stop | 0x20) == 'e' || (*begin == '0' && stop - begin > 1)) {
        return NULL;
    }
    if (*stop == '.') {
        stop = p == begin ? short_number_fraction(p, stop, word, others, field) : NULL;
        if (stop == NULL) {
            return NULL;
        }
    } else {
        value = bits != 0 ? value * tens[bits / 8] + digits_value(word << (64 - bits)) : value;
        field->kind = FIELD_INT;
        field->value.i = (int64_t)value;
    }
    field->text = begin;
    field->text_len = (uint32_t)(stop - begin);
    return stop;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A number is read as digits × 10^exponent. Three ways lead to the nearest double, each exact:
 *
 * 1. Digits below 2^53 and a power up to 10^22 are both doubles, so one multiplication or division
 *    rounds once (Clinger 1990).
 * 2. Up to 19 digits and a power up to 10^19 are integers of 64 bits: their product has 128, their
 *    quotient as many digits as wanted and a remainder that says whether it is exact. This takes
 *    what real logs hold, 1626175065.5934923 for one.
 * 3. The rest goes to strtod(3), which is exact in glibc, in a form without a decimal point, which
 *    is the only thing about it that depends on the locale.
 */

__extension__ typedef unsigned __int128 wide;

enum {
    DIGITS_FAST = 19,  /* always fit 64 bits */
    DIGITS_EXACT = 780, /* more than 767 never change the nearest double but by being there */
    EXPONENT_CAP = 100000,
};

struct decimal {
    uint64_t digits;  /* the first DIGITS_FAST significant ones */
    int count;        /* significant digits, up to EXPONENT_CAP */
    int64_t exponent; /* of the last digit counted into `digits` */
    bool is_negative;
    bool is_integer;
};

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && (unsigned char)(*p - '0') < 10) {
        p++;
    }
    return p;
}

/* The digits at `p`, their end returned; `step` is what each adds to the exponent (-1 in a
 * fraction). What does not fit into `digits` any more counts for the exponent alone. */
static const char *take_digits(const char *p, const char *end, int step, struct decimal *d)
{
    const char *begin = p;
    while (d->count == 0 && p < end && *p == '0') {
        p++;
    }
    const char *first = p;
    int room = d->count < DIGITS_FAST ? DIGITS_FAST - d->count : 0;
    const char *last = end - p > room ? p + room : end;
    uint64_t digits = d->digits;
    for (; p < last && (unsigned char)(*p - '0') < 10; p++) {
        digits = digits * 10 + (unsigned char)(*p - '0');
    }
    d->digits = digits;
    const char *kept = p;
    p = skip_digits(p, end);
    d->exponent += step * (p - begin) + (p - kept);
    d->count = p - first < EXPONENT_CAP - d->count ? d->count + (int)(p - first) : EXPONENT_CAP;
    return p;
}

/* `p` behind the e; NULL if no exponent is there. */
static const char *take_exponent(const char *p, const char *end, struct decimal *d)
{
    bool is_negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    const char *begin = p;
    int64_t value = 0;
    for (; p < end && (unsigned char)(*p - '0') < 10; p++) {
        if (value < EXPONENT_CAP * INT64_C(1000000)) {
            value = value * 10 + (*p - '0');
        }
    }
    d->exponent += is_negative ? -value : value;
    return p > begin ? p : NULL;
}

/* The grammar of RFC 8259 section 6; the number's end, NULL if none begins here. */
static const char *take_number(const char *p, const char *end, struct decimal *d)
{
    d->is_negative = p < end && *p == '-';
    p += d->is_negative;
    if (p < end && *p == '0') {
        p++;
    } else {
        const char *begin = p;
        p = take_digits(p, end, 0, d);
        if (p == begin) {
            return NULL;
        }
    }
    d->is_integer = true;
    if (p < end && *p == '.') {
        d->is_integer = false;
        const char *begin = ++p;
        p = take_digits(p, end, -1, d);
        if (p == begin) {
            return NULL;
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        d->is_integer = false;
        return take_exponent(p + 1, end, d);
    }
    return p;
}

static const uint64_t tens[] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

static double power_of_ten(int exponent)
{
    /* 10^20 to 10^22 are doubles too: 5^22 has 52 bits. */
    static const double large[] = {1e20, 1e21, 1e22};
    return exponent < 20 ? (double)tens[exponent] : large[exponent - 20];
}

/* digits ÷ 10^power. The quotient has 63 bits or more; its last bit stands for all that follow. */
static double divide(uint64_t digits, int power)
{
    int shift = __builtin_clzll(digits);
    wide dividend = (wide)(digits << shift) << 64;
    wide quotient = dividend / tens[power];
    bool is_exact = quotient * tens[power] == dividend;
    quotient |= is_exact ? 0 : 1;
    return ldexp((double)quotient, -64 - shift);
}

static double slow(const char *p, const struct decimal *d, const char *end);

static double magnitude(const char *text, const char *end, const struct decimal *d)
{
    if (d->count == 0) {
        return 0.0;
    }
    if (d->count > DIGITS_FAST || d->exponent < -22 || d->exponent > 22) {
        return slow(text, d, end);
    }
    int exponent = (int)d->exponent;
    if (d->digits <= UINT64_C(1) << 53) {
        double digits = (double)d->digits;
        return exponent < 0 ? digits / power_of_ten(-exponent) : digits * power_of_ten(exponent);
    }
    if (exponent < -19 || exponent > 19) {
        return slow(text, d, end);
    }
    return exponent < 0 ? divide(d->digits, -exponent)
                        : (double)((wide)d->digits * tens[exponent]);
}

/* The significant digits of the token, and its exponent, without a decimal point. */
static double slow(const char *p, const struct decimal *d, const char *end)
{
    char text[DIGITS_EXACT + 32];
    int len = 0;
    bool has_more = false;
    for (; p < end && (*p | 0x20) != 'e'; p++) {
        if (*p < '0' || *p > '9' || (len == 0 && *p == '0')) {
            continue;
        }
        if (len < DIGITS_EXACT) {
            text[len++] = *p;
        } else {
            has_more |= *p != '0';
        }
    }
    int kept = d->count < DIGITS_FAST ? d->count : DIGITS_FAST;
    int64_t exponent = d->exponent - (len - kept);
    if (has_more) {
        text[len++] = '1';
        exponent--;
    }
    snprintf(text + len, sizeof(text) - (size_t)len, "e%lld", (long long)exponent);
    return strtod(text, NULL);
}

static void set_integer(struct number *number, const struct decimal *d)
{
    uint64_t max = (uint64_t)INT64_MAX + d->is_negative;
    if (d->count > DIGITS_FAST || d->digits > max) {
        number->kind = NUMBER_TEXT;
        return;
    }
    number->kind = NUMBER_INT;
    number->i = d->is_negative ? (int64_t)-d->digits : (int64_t)d->digits;
}

struct number number_parse(struct slice text)
{
    struct decimal decimal = {0};
    struct number number = {0};
    const char *end = take_number(text.data, text.data + text.len, &decimal);
    if (end == NULL) {
        return number;
    }
    number.len = (size_t)(end - text.data);
    bool is_minus_zero = decimal.is_negative && decimal.count == 0;
    if (decimal.is_integer && !is_minus_zero) {
        set_integer(&number, &decimal);
        return number;
    }
    double value = magnitude(text.data, end, &decimal);
    bool is_lost = !isfinite(value) || (value == 0.0 && decimal.count > 0);
    number.kind = is_lost ? NUMBER_TEXT : NUMBER_DOUBLE;
    number.d = decimal.is_negative ? -value : value;
    return number;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/time/timestamp.h"

/*
 * Times that are numbers. A double holds 1772446272.3456788 only to 240 ns, so the decimal text is
 * read: the digits as one integer, and where the point belongs. Shifting the point by the unit's
 * power of ten gives nanoseconds, exactly.
 */

#define DIGITS_MAX          19 /* that 64 bits surely hold */
#define EXPONENT_MAX        40
#define SECONDS_MIN         100000000ULL /* 1973-03-03: below it is a duration or a counter */
#define SECONDS_BELOW_POWER 11
#define MILLIS_BELOW_POWER  14
#define MICROS_BELOW_POWER  17

/* value = digits × 10^power */
struct decimal {
    uint64_t digits;
    int power;
    int count; /* significant digits in `digits`: value < 10^(count + power) */
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static bool read_exponent(const char *p, const char *end, int *out_exponent)
{
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }
    int exponent = 0;
    if (p == end) {
        return false;
    }
    for (; p < end; p++) {
        if (!is_digit(*p) || exponent > EXPONENT_MAX) {
            return false;
        }
        exponent = exponent * 10 + (*p - '0');
    }
    *out_exponent = negative ? -exponent : exponent;
    return true;
}

/* A JSON number that is not negative. */
static bool read_decimal(struct slice s, struct decimal *out)
{
    const char *p = s.data;
    const char *end = s.data + s.len;
    struct decimal d = {0};
    bool point = false;
    if (p == end || !is_digit(*p)) {
        return false;
    }
    for (; p < end && (is_digit(*p) || (*p == '.' && !point)); p++) {
        if (*p == '.') {
            point = true;
        } else if (d.count < DIGITS_MAX) {
            d.digits = d.digits * 10 + (uint64_t)(*p - '0');
            d.count += d.digits != 0 ? 1 : 0;
            d.power -= point ? 1 : 0;
        } else {
            d.power += point ? 0 : 1;
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        int exponent;
        if (!read_exponent(p + 1, end, &exponent)) {
            return false;
        }
        d.power += exponent;
        p = end;
    }
    *out = d;
    return p == end;
}

static uint64_t power_of_ten(int power)
{
    uint64_t value = 1;
    while (power-- > 0) {
        value *= 10;
    }
    return value;
}

/* value × 10^shift, cut to an integer; false if 64 bits do not hold it. */
static bool scale(struct decimal d, int shift, uint64_t *out)
{
    int power = d.power + shift;
    if (d.digits == 0 || power <= -d.count) {
        *out = 0;
        return true;
    }
    if (power <= 0) {
        *out = d.digits / power_of_ten(-power);
        return true;
    }
    return power <= DIGITS_MAX && !__builtin_mul_overflow(d.digits, power_of_ten(power), out);
}

static bool is_below(struct decimal d, int power)
{
    return d.count + d.power <= power;
}

bool timestamp_from_number(struct slice s, uint64_t *out_ns)
{
    struct decimal d;
    uint64_t ns;
    if (!read_decimal(s, &d)) {
        return false;
    }
    int shift = is_below(d, SECONDS_BELOW_POWER)  ? 9
                : is_below(d, MILLIS_BELOW_POWER) ? 6
                : is_below(d, MICROS_BELOW_POWER) ? 3
                                                  : 0;
    if (!scale(d, shift, &ns) || ns < SECONDS_MIN * 1000000000) {
        return false;
    }
    *out_ns = ns;
    return true;
}

bool timestamp_from_integer(int64_t value, uint64_t *out_ns)
{
    if (value < (int64_t)SECONDS_MIN) {
        return false;
    }
    uint64_t number = (uint64_t)value;
    uint64_t unit = number < 100000000000ULL         ? 1000000000
                    : number < 100000000000000ULL    ? 1000000
                    : number < 100000000000000000ULL ? 1000
                                                     : 1;
    return !__builtin_mul_overflow(number, unit, out_ns);
}

bool timestamp_from_units(struct slice s, uint32_t per_second, uint64_t *out_ns)
{
    struct decimal d;
    uint64_t ns;
    int shift = per_second == 1 ? 9 : per_second == 1000 ? 6 : per_second == 1000000 ? 3 : 0;
    if (!read_decimal(s, &d) || !scale(d, shift, &ns) || ns == 0) {
        return false;
    }
    *out_ns = ns;
    return true;
}

bool timestamp_from_parts(struct slice seconds, struct slice nanos, uint64_t *out_ns)
{
    struct decimal d;
    uint64_t whole;
    uint64_t rest = 0;
    if (!read_decimal(seconds, &d) || !scale(d, 9, &whole)) {
        return false;
    }
    if (nanos.len > 0 && (!read_decimal(nanos, &d) || !scale(d, 0, &rest) || rest >= 1000000000)) {
        return false;
    }
    if (__builtin_add_overflow(whole, rest, &whole) || whole == 0) {
        return false;
    }
    *out_ns = whole;
    return true;
}

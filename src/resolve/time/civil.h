/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TIME_CIVIL_H
#define CLEW_RESOLVE_TIME_CIVIL_H

/* The proleptic Gregorian calendar, by arithmetic alone: no locale, no TZ variable, no state. */

#include <stdbool.h>
#include <stdint.h>

#define SECONDS_PER_DAY 86400

struct civil {
    int64_t year;
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31 */
};

/* A date that exists; years 0 to 9999. */
bool civil_is_valid(struct civil date);

/* Days since 1970-01-01 of a valid date, and back. */
int64_t civil_to_days(struct civil date);
struct civil civil_from_days(int64_t days);

/* 0 is Sunday. */
unsigned civil_weekday(int64_t days);

bool civil_is_leap_year(int64_t year);

/* Division that rounds down, for times before 1970. */
static inline int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

#endif

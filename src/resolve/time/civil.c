/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/time/civil.h"

/*
 * A year is taken to begin in March, so that the leap day is its last one; 400 such years are
 * always 146097 days. Then the day of the year is linear in the month: (153 m + 2) / 5.
 */
#define DAYS_PER_ERA  146097
#define DAYS_TO_EPOCH 719468 /* from 0000-03-01 to 1970-01-01 */

bool civil_is_leap_year(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool civil_is_valid(struct civil date)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date.year < 0 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1) {
        return false;
    }
    unsigned last = days[date.month - 1];
    if (date.month == 2 && civil_is_leap_year(date.year)) {
        last = 29;
    }
    return date.day <= last;
}

int64_t civil_to_days(struct civil date)
{
    int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

struct civil civil_from_days(int64_t days)
{
    days += DAYS_TO_EPOCH;
    int64_t era = floor_div(days, DAYS_PER_ERA);
    int64_t day = days - era * DAYS_PER_ERA;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct civil date = {
        .year = year + era * 400 + (month >= 10 ? 1 : 0),
        .month = (unsigned)(month < 10 ? month + 3 : month - 9),
        .day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1),
    };
    return date;
}

unsigned civil_weekday(int64_t days)
{
    return (unsigned)(days + 4 - floor_div(days + 4, 7) * 7);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/cri.h"

#include "base/digits.h"

/*
 * Everything has its place in such a line, so it is read by position, without searching: the date
 * by comparing it with the last one, eight digits of the fraction at a time, then three fixed
 * words. Nearly every line has nine digits and a Z: those have their places too.
 */

enum {
    SECONDS_AT = 17,
    ZONE_AT = 19,
    TIME_LEN_MIN = 20, /* 2026-05-11T02:14:33Z */
    USUAL_LEN = 30,    /* 2026-05-11T02:14:33.221456789Z */
    YEAR_MIN = 1970,
    YEAR_MAX = 2553, /* the last whole year that 64 bits of nanoseconds can tell */
};

#define SECOND_NS UINT64_C(1000000000)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number of `count` digits at `s`, or -1. */
static int read_digits(const char *s, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(s[i])) {
            return -1;
        }
        number = number * 10 + (s[i] - '0');
    }
    return number;
}

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March here, so that the leap day
 * is the last of a year. */
static int days_since_1970(int year, int month, int day)
{
    int y = month > 2 ? year : year - 1;
    int m = month > 2 ? month - 3 : month + 9;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* "2026-05-11T02:14" into the clock; it is left alone if it is no such thing. */
static bool read_minute(struct cri_clock *clock, const char *s)
{
    int year = read_digits(s, 4);
    int month = read_digits(s + 5, 2);
    int day = read_digits(s + 8, 2);
    int hour = read_digits(s + 11, 2);
    int minute = read_digits(s + 14, 2);
    if (s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || year < YEAR_MIN ||
        year > YEAR_MAX || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59) {
        return false;
    }
    uint64_t minutes =
        (uint64_t)days_since_1970(year, month, day) * 1440 + (uint64_t)hour * 60 + (uint64_t)minute;
    memcpy(clock->minute, s, sizeof(clock->minute));
    clock->minute_ns = minutes * 60 * SECOND_NS;
    return true;
}

/* The digits behind the point as nanoseconds; beyond the ninth they are read over. */
static size_t read_fraction(struct slice s, uint64_t *out_ns)
{
    static const uint32_t scale[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                     10000,      1000,      100,      10,      1};
    uint32_t number = 0;
    size_t n = s.len >= 8 && digits_read_eight(s.data, &number) ? 8 : 0;
    for (; n < s.len && n < 9 && is_digit(s.data[n]); n++) {
        number = number * 10 + (uint32_t)(s.data[n] - '0');
    }
    *out_ns = (uint64_t)number * scale[n];
    while (n < s.len && is_digit(s.data[n])) {
        n++;
    }
    return n;
}

/* `Z` or `+02:00`: what has to be added to come to UTC. */
static size_t read_zone(struct slice s, int64_t *out_add_ns)
{
    if (s.len >= 1 && s.data[0] == 'Z') {
        *out_add_ns = 0;
        return 1;
    }
    if (s.len < 6 || (s.data[0] != '+' && s.data[0] != '-') || s.data[3] != ':') {
        return 0;
    }
    int hours = read_digits(s.data + 1, 2);
    int minutes = read_digits(s.data + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return 0;
    }
    int64_t offset = (hours * 60 + minutes) * 60LL * (int64_t)SECOND_NS;
    *out_add_ns = s.data[0] == '+' ? -offset : offset;
    return 6;
}

/* USUAL_LEN bytes at `s` that are of the minute before and end in nine digits and a Z. */
static inline bool read_usual(const struct cri_clock *clock, const char *s, uint64_t *out_ns)
{
    unsigned tens = (unsigned char)(s[SECONDS_AT] - '0');
    unsigned ones = (unsigned char)(s[SECONDS_AT + 1] - '0');
    unsigned last = (unsigned char)(s[USUAL_LEN - 2] - '0');
    uint32_t fraction;
    if (memcmp(s, clock->minute, sizeof(clock->minute)) != 0 || s[SECONDS_AT - 1] != ':' ||
        tens > 5 || ones > 9 || s[ZONE_AT] != '.' || last > 9 || s[USUAL_LEN - 1] != 'Z' ||
        !digits_read_eight(s + ZONE_AT + 1, &fraction)) {
        return false;
    }
    *out_ns = clock->minute_ns + (tens * 10 + ones) * SECOND_NS + (uint64_t)fraction * 10 + last;
    return true;
}

size_t cri_time_parse(struct cri_clock *clock, struct slice s, uint64_t *out_ns)
{
    if (s.len >= USUAL_LEN && read_usual(clock, s.data, out_ns)) {
        return USUAL_LEN;
    }
    if (s.len < TIME_LEN_MIN || (memcmp(s.data, clock->minute, sizeof(clock->minute)) != 0 &&
                                 !read_minute(clock, s.data))) {
        return 0;
    }
    int seconds = read_digits(s.data + SECONDS_AT, 2);
    if (s.data[SECONDS_AT - 1] != ':' || seconds < 0 || seconds > 60) {
        return 0;
    }
    size_t n = ZONE_AT;
    uint64_t fraction = 0;
    if (s.data[n] == '.') {
        size_t digits = read_fraction(slice_skip(s, n + 1), &fraction);
        if (digits == 0) {
            return 0;
        }
        n += 1 + digits;
    }
    int64_t add = 0;
    size_t zone = read_zone(slice_skip(s, n), &add);
    uint64_t ns = clock->minute_ns + (uint64_t)seconds * SECOND_NS + fraction;
    if (zone == 0 || (add < 0 && ns < (uint64_t)-add)) {
        return 0;
    }
    *out_ns = ns + (uint64_t)add;
    return n + zone;
}

/* ` stdout ` */
static enum iostream read_iostream(const char *s)
{
    if (memcmp(s, " stdout ", 8) == 0) {
        return IOSTREAM_STDOUT;
    }
    return memcmp(s, " stderr ", 8) == 0 ? IOSTREAM_STDERR : IOSTREAM_NONE;
}

/* A whole record of text, its time a usual one, or a piece of one: no list in its tag. */
static inline bool parse_usual(const struct cri_clock *clock, struct slice line,
                               struct cri_line *out)
{
    enum { TAG_AT = USUAL_LEN + 8, TEXT_AT = TAG_AT + 2 };
    if (line.len < TEXT_AT || line.data[TAG_AT + 1] != ' ' ||
        (line.data[TAG_AT] != 'F' && line.data[TAG_AT] != 'P')) {
        return false;
    }
    enum iostream iostream = read_iostream(line.data + USUAL_LEN);
    if (iostream == IOSTREAM_NONE || !read_usual(clock, line.data, &out->time_ns)) {
        return false;
    }
    out->text = slice_make(line.data + TEXT_AT, line.len - TEXT_AT);
    out->iostream = iostream;
    out->is_partial = line.data[TAG_AT] == 'P';
    return true;
}

bool cri_parse(struct cri_clock *clock, struct slice line, struct cri_line *out)
{
    enum { WORD = 8 };
    if (parse_usual(clock, line, out)) {
        return true;
    }
    struct cri_line made = {0};
    size_t n = cri_time_parse(clock, line, &made.time_ns);
    if (n == 0 || line.len < n + WORD + 1) {
        return false;
    }
    made.iostream = read_iostream(line.data + n);
    struct slice rest = slice_skip(line, n + WORD); /* `F the text` */
    if (made.iostream == IOSTREAM_NONE || (rest.data[0] != 'F' && rest.data[0] != 'P')) {
        return false;
    }
    made.is_partial = rest.data[0] == 'P';
    size_t tag = 1;
    if (rest.len > 1 && rest.data[1] == ':') {
        const char *end = memchr(rest.data, ' ', rest.len);
        tag = end != NULL ? (size_t)(end - rest.data) : rest.len;
    }
    if (tag < rest.len && rest.data[tag] != ' ') {
        return false;
    }
    made.text = slice_skip(rest, tag + 1);
    *out = made;
    return true;
}

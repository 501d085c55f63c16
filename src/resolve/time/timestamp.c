/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/time/timestamp.h"

#include "base/digits.h"
#include "base/mem.h"
#include "resolve/time/civil.h"

/*
 * A text is read in three steps, each leaving what it found in a `struct reading`: a date, a time
 * of day, a zone. Which date is told by the first bytes; the date may be missing (`10:11:12`), lack
 * its year (`Mar  2`), or have it behind the time (ctime). The sum is made at the end, when all
 * that is known is known. The form nearly every line has, `2026-03-02`, is looked up in a cache of
 * one.
 */

#define NO_YEAR          INT64_MIN
#define NS_PER_SECOND    1000000000
#define HALF_DAY_S       43200
#define SECONDS_MAX      18446744073 /* of 64 bits of nanoseconds */
#define OFFSET_HOURS_MAX 18
#define QUARTER_S        900
#define AHEAD_MAX_S      120 /* of the runtime's stamp: clocks that round */

struct reading {
    const char *p;
    const char *end;
    int64_t days;      /* since 1970-01-01, if has_days */
    struct civil date; /* otherwise: its month is 0 if there is no date at all */
    uint32_t seconds;  /* since midnight */
    uint32_t nanos;
    int32_t offset_s;
    bool has_days;
    bool has_offset;
    bool year_behind; /* ctime: the year follows the time */
};

static size_t left(const struct reading *r)
{
    return (size_t)(r->end - r->p);
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static bool is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_at(const struct reading *r, size_t i, char c)
{
    return left(r) > i && r->p[i] == c;
}

static bool is_digit_at(const struct reading *r, size_t i)
{
    return left(r) > i && is_digit(r->p[i]);
}

static bool is_letter_at(const struct reading *r, size_t i)
{
    return left(r) > i && is_letter(r->p[i]);
}

/* Two digits that are there. */
static bool parse_two(const char *p, unsigned *out)
{
    unsigned tens = (unsigned char)(p[0] - '0');
    unsigned ones = (unsigned char)(p[1] - '0');
    *out = tens * 10 + ones;
    return tens < 10 && ones < 10;
}

static bool parse_four(const char *p, int64_t *out)
{
    unsigned high;
    unsigned low;
    bool good = parse_two(p, &high) && parse_two(p + 2, &low);
    *out = good ? (int64_t)(high * 100 + low) : 0;
    return good;
}

static bool take_two(struct reading *r, unsigned *out)
{
    if (left(r) < 2 || !parse_two(r->p, out)) {
        return false;
    }
    r->p += 2;
    return true;
}

static bool take_year(struct reading *r)
{
    if (left(r) < 4 || !parse_four(r->p, &r->date.year) || is_digit_at(r, 4)) {
        return false;
    }
    r->p += 4;
    return true;
}

/* One or two digits, the day; a blank may stand for the first (`Mar  2`). */
static bool take_day(struct reading *r)
{
    if (left(r) >= 2 && parse_two(r->p, &r->date.day)) {
        r->p += 2;
        return true;
    }
    if (is_at(r, 0, ' ')) {
        r->p++;
    }
    if (!is_digit_at(r, 0) || is_digit_at(r, 1)) {
        return false;
    }
    r->date.day = (unsigned)(*r->p++ - '0');
    return true;
}

/* The index in `names` (three letters each) of the name at p, any case; -1: none. */
static int find_name(const struct reading *r, const char *names, int count)
{
    if (left(r) < 3) {
        return -1;
    }
    for (int i = 0; i < count; i++) {
        const char *name = names + 3 * i;
        if ((r->p[0] | 0x20) == name[0] && (r->p[1] | 0x20) == name[1] &&
            (r->p[2] | 0x20) == name[2]) {
            return i;
        }
    }
    return -1;
}

static bool take_month_name(struct reading *r)
{
    int month = find_name(r, "janfebmaraprmayjunjulaugsepoctnovdec", 12);
    if (month < 0) {
        return false;
    }
    r->date.month = (unsigned)month + 1;
    r->p += 3;
    return true;
}

static bool set_days(struct reading *r)
{
    if (!civil_is_valid(r->date)) {
        return false;
    }
    r->days = civil_to_days(r->date);
    r->has_days = true;
    return true;
}

/* `2026-03-02T`, with `/` for `-` and a blank or `_` for the T, at p. */
static bool read_iso_date(struct reading *r, struct timestamp_cache *cache)
{
    const char *p = r->p;
    char mark = p[10];
    if ((mark != 'T' && mark != ' ' && mark != 't' && mark != '_') || !is_digit_at(r, 11)) {
        return false;
    }
    r->p += 11;
    if (memcmp(p, cache->date, sizeof(cache->date)) == 0) {
        r->days = cache->days;
        r->has_days = true;
        return true;
    }
    if (p[7] != p[4] || !parse_four(p, &r->date.year) || !parse_two(p + 5, &r->date.month) ||
        !parse_two(p + 8, &r->date.day) || !set_days(r)) {
        return false;
    }
    memcpy(cache->date, p, sizeof(cache->date));
    cache->days = r->days;
    return true;
}

/* `20260302T101112Z`: the basic format of ISO 8601. */
static bool read_basic_date(struct reading *r)
{
    if (left(r) < 15 || !is_at(r, 8, 'T') || !parse_four(r->p, &r->date.year) ||
        !parse_two(r->p + 4, &r->date.month) || !parse_two(r->p + 6, &r->date.day)) {
        return false;
    }
    r->p += 9;
    return set_days(r);
}

/* `02/Mar/2026:`, `02-Mar-2026 ` and `02 Mar 2026 ` */
static bool read_day_first(struct reading *r)
{
    if (!take_day(r) || left(r) < 10) {
        return false;
    }
    char mark = *r->p++;
    if ((mark != '/' && mark != '-' && mark != ' ') || !take_month_name(r) || !is_at(r, 0, mark)) {
        return false;
    }
    r->p++;
    if (!take_year(r) || (!is_at(r, 0, ':') && !is_at(r, 0, ' ')) || !is_digit_at(r, 1)) {
        return false;
    }
    r->p++;
    return set_days(r);
}

/* `Mar  2 `, `Mar 02, 2026 ` and `Mar  2 2026 ` */
static bool read_month_first(struct reading *r)
{
    r->date.year = NO_YEAR;
    if (!take_month_name(r) || !is_at(r, 0, ' ')) {
        return false;
    }
    r->p++;
    if (!take_day(r)) {
        return false;
    }
    if (is_at(r, 0, ',')) {
        r->p++;
    }
    if (!is_at(r, 0, ' ')) {
        return false;
    }
    r->p++;
    if (left(r) >= 5 && is_digit(r->p[2])) {
        if (!take_year(r) || !is_at(r, 0, ' ')) {
            return false;
        }
        r->p++;
        return set_days(r);
    }
    return is_digit_at(r, 0) && r->date.day >= 1 && r->date.day <= 31;
}

/* `Mon Mar  2 ` of ctime(3), whose year comes last, and `Mon, 02 Mar 2026 ` of RFC 9110; the
 * weekday is known to be there, and is not compared with the date. */
static bool read_weekday_first(struct reading *r)
{
    r->p += 3;
    bool comma = is_at(r, 0, ',');
    r->p += comma ? 1 : 0;
    if (!is_at(r, 0, ' ')) {
        return false;
    }
    r->p++;
    if (is_digit_at(r, 0)) {
        return read_day_first(r);
    }
    r->year_behind = !comma;
    return read_month_first(r);
}

static bool read_date(struct reading *r, struct timestamp_cache *cache)
{
    if (left(r) < 5) {
        return false;
    }
    if (!is_digit(r->p[0])) {
        return find_name(r, "montuewedthufrisatsun", 7) >= 0 ? read_weekday_first(r)
                                                             : read_month_first(r);
    }
    if (is_at(r, 2, ':')) {
        return true; /* no date: month stays 0 */
    }
    if (left(r) > 11 && (r->p[4] == '-' || r->p[4] == '/' || r->p[4] == '.')) {
        return read_iso_date(r, cache);
    }
    return is_digit(r->p[4]) ? read_basic_date(r) : read_day_first(r);
}

/* The digits behind `.` or `,`, to nanoseconds. */
static void read_fraction(struct reading *r)
{
    if (left(r) < 2 || (*r->p != '.' && *r->p != ',') || !is_digit(r->p[1])) {
        return;
    }
    uint32_t nanos = 0;
    unsigned digits = 0;
    for (r->p++; r->p < r->end && is_digit(*r->p); r->p++) {
        if (digits < 9) {
            nanos = nanos * 10 + (uint32_t)(*r->p - '0');
            digits++;
        }
    }
    static const uint32_t scale[] = {0,     100000000, 10000000, 1000000, 100000,
                                     10000, 1000,      100,      10,      1};
    r->nanos = nanos * scale[digits];
}

/* ` AM`, ` PM` */
static bool read_half_of_day(struct reading *r, unsigned *hour)
{
    if (left(r) < 3 || r->p[0] != ' ' || (r->p[1] != 'A' && r->p[1] != 'P') || r->p[2] != 'M' ||
        is_letter_at(r, 3)) {
        return true;
    }
    if (*hour < 1 || *hour > 12) {
        return false;
    }
    *hour = *hour % 12 + (r->p[1] == 'P' ? 12 : 0);
    r->p += 3;
    return true;
}

/* `10:11:12`, or `101112` in the basic format. */
static bool read_clock(struct reading *r)
{
    unsigned hour;
    unsigned minute;
    unsigned second;
    if (!take_two(r, &hour)) {
        return false;
    }
    size_t mark = is_at(r, 0, ':') ? 1 : 0;
    if (left(r) < 4 + 2 * mark || !parse_two(r->p + mark, &minute) ||
        !parse_two(r->p + 2 + 2 * mark, &second) || (mark == 1 && r->p[3] != ':')) {
        return false;
    }
    r->p += 4 + 2 * mark;
    read_fraction(r);
    if (!read_half_of_day(r, &hour) || hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    r->seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* `+01:00`, `+0100`, `+01` at p; the short form only where it is `attached` to the time. */
static bool read_offset(struct reading *r, bool attached)
{
    struct reading try = *r;
    bool west = *try.p++ == '-';
    unsigned hours;
    unsigned minutes = 0;
    if (!take_two(&try, &hours)) {
        return false;
    }
    bool colon = is_at(&try, 0, ':');
    if (colon || is_digit_at(&try, 0)) {
        try.p += colon ? 1 : 0;
        if (!take_two(&try, &minutes)) {
            return false;
        }
    } else if (!attached) {
        return false;
    }
    if (hours > OFFSET_HOURS_MAX || minutes > 59 || is_digit_at(&try, 0)) {
        return false;
    }
    int32_t offset = (int32_t)(hours * 3600 + minutes * 60);
    try.offset_s = west ? -offset : offset;
    try.has_offset = true;
    *r = try;
    return true;
}

/* The names that PostgreSQL, Go and syslog daemons print. Ambiguous ones as in the USA. Zero-padded
 * and compared as one number: every line with a level behind its time asks. */
static const struct {
    char name[4];
    int16_t minutes;
} zone_names[] = {
    {"UTC", 0},    {"GMT", 0},    {"EST", -300}, {"EDT", -240}, {"CST", -360},  {"CDT", -300},
    {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"AKST", -540}, {"AKDT", -480},
    {"HST", -600}, {"WET", 0},    {"WEST", 60},  {"BST", 60},   {"CET", 60},    {"CEST", 120},
    {"MET", 60},   {"MEST", 120}, {"EET", 120},  {"EEST", 180}, {"MSK", 180},   {"IST", 330},
    {"SGT", 480},  {"HKT", 480},  {"AWST", 480}, {"JST", 540},  {"KST", 540},   {"ACST", 570},
    {"ACDT", 630}, {"AEST", 600}, {"AEDT", 660}, {"NZST", 720}, {"NZDT", 780},
};

/* The length of the capitals at p + `from`, if they end a word; else 0. */
static size_t capitals_len(const struct reading *r, size_t from)
{
    size_t i = from;
    while (left(r) > i && r->p[i] >= 'A' && r->p[i] <= 'Z') {
        i++;
    }
    bool ends = left(r) <= i || (!is_letter(r->p[i]) && !is_digit(r->p[i]) && r->p[i] != '_');
    return ends ? i - from : 0;
}

/* ` UTC`: a name that is known. Behind an offset any name of capitals is only passed over. */
static void read_zone_name(struct reading *r)
{
    size_t len = is_at(r, 0, ' ') ? capitals_len(r, 1) : 0;
    if (len < 3 || len > 4) {
        return;
    }
    char name[4] = {r->p[1], r->p[2], r->p[3], len == 4 ? r->p[4] : '\0'};
    for (size_t i = 0; i < ARRAY_LEN(zone_names); i++) {
        if (memcmp(zone_names[i].name, name, sizeof(name)) == 0) {
            if (!r->has_offset) {
                r->offset_s = zone_names[i].minutes * 60;
                r->has_offset = true;
            }
            r->p += 1 + len;
            return;
        }
    }
}

static void read_zone(struct reading *r)
{
    if (r->p == r->end) {
        return;
    }
    if ((*r->p == 'Z' || *r->p == 'z') && !is_letter_at(r, 1) && !is_digit_at(r, 1)) {
        r->p++;
        r->has_offset = true;
        return;
    }
    if (*r->p == '+' || *r->p == '-') {
        if (!read_offset(r, true)) {
            return;
        }
    } else if (*r->p == ' ' && (is_at(r, 1, '+') || is_at(r, 1, '-')) && is_digit_at(r, 2)) {
        r->p++;
        if (!read_offset(r, false)) {
            r->p--;
            return;
        }
    }
    read_zone_name(r);
}

/* ctime(3) puts the year last. */
static bool read_year_behind(struct reading *r)
{
    if (!r->year_behind || !is_at(r, 0, ' ') || !is_digit_at(r, 1)) {
        return true;
    }
    struct reading try = *r;
    try.p++;
    if (!take_year(&try) || !set_days(&try)) {
        return false;
    }
    *r = try;
    return true;
}

/* ---- times that name no zone ---- */

/* Quarters of an hour east of Greenwich that any zone of the tz database has had since 1973. */
static bool has_clocks(int64_t quarters)
{
    enum { WEST = 48, EAST = 56 };
    static const char known[] = "#...#.#.#.#.#.#.#...#...#...#.#.###.#.#.#.#.#...#..."
                                "#...#...#.#.#.#.#.###.#.#.#.#.###.###.#.#.#.#.###..##";
    _Static_assert(sizeof(known) == WEST + 1 + EAST + 1, "a character for each");
    return quarters >= -WEST && quarters <= EAST && known[quarters + WEST] == '#';
}

static bool is_next_to(int64_t utc_s, int64_t runtime_s)
{
    return utc_s <= runtime_s + AHEAD_MAX_S && utc_s > runtime_s + AHEAD_MAX_S - QUARTER_S;
}

/* The zone's own, of an hour that happens twice the later one unless that is still to come. */
static int32_t offset_in_zone(const struct timestamp_env *env, int64_t local_s, int64_t runtime_s)
{
    if (env->zone == NULL) {
        return 0;
    }
    int32_t first = zone_offset_of_local(env->zone, local_s);
    if (runtime_s == 0 || is_next_to(local_s - first, runtime_s)) {
        return first;
    }
    int32_t later = zone_offset_of_local_later(env->zone, local_s);
    return local_s - later <= runtime_s + AHEAD_MAX_S ? later : first;
}

/* Whether a time of the wall clock can be next to the runtime's stamp, and by which offset; the zone's if
 * it cannot. */
static bool find_offset(const struct timestamp_env *env, int64_t local_s, int32_t *out_offset_s)
{
    int64_t runtime_s = (int64_t)(env->runtime_ns / NS_PER_SECOND);
    *out_offset_s = offset_in_zone(env, local_s, runtime_s);
    if (runtime_s == 0 || is_next_to(local_s - *out_offset_s, runtime_s)) {
        return runtime_s != 0;
    }
    int64_t quarters = -floor_div(runtime_s + AHEAD_MAX_S - local_s, QUARTER_S);
    if (env->is_zone_certain || !has_clocks(quarters)) {
        return false;
    }
    *out_offset_s = (int32_t)(quarters * QUARTER_S);
    return true;
}

/* The log's last offset is tried first: where it brings the two together no other does. */
static int32_t assume_offset(const struct timestamp_env *env, int64_t local_s)
{
    bool has_clock = env->clock != NULL && env->runtime_ns != 0 && !env->is_zone_certain;
    bool is_known = has_clock && env->clock->is_known;
    int32_t offset_s;
    if (is_known && is_next_to(local_s - env->clock->offset_s,
                               (int64_t)(env->runtime_ns / NS_PER_SECOND))) {
        return env->clock->offset_s;
    }
    if (!find_offset(env, local_s, &offset_s)) {
        return is_known ? env->clock->offset_s : offset_s;
    }
    if (has_clock) {
        *env->clock = (struct timestamp_clock){true, offset_s};
    }
    return offset_s;
}

/* ---- the sum ---- */

static int64_t to_utc(const struct reading *r, int64_t days, const struct timestamp_env *env)
{
    int64_t local = days * SECONDS_PER_DAY + r->seconds;
    return local - (r->has_offset ? r->offset_s : assume_offset(env, local));
}

/* The last year in which month and day are not ahead of the reference: a log is read after it was
 * written. A day of grace is for clocks and zones that differ. */
static bool choose_year(struct reading *r, const struct timestamp_env *env, int64_t reference_s)
{
    int64_t year = civil_from_days(floor_div(reference_s, SECONDS_PER_DAY)).year;
    for (int64_t candidate = year + 1; candidate >= year - 1; candidate--) {
        struct civil date = {candidate, r->date.month, r->date.day};
        if (!civil_is_valid(date)) {
            continue;
        }
        r->days = civil_to_days(date);
        if (to_utc(r, r->days, env) <= reference_s + SECONDS_PER_DAY) {
            return true;
        }
    }
    return false;
}

/* The day on which a time without one is next to the runtime's stamp. */
static bool choose_day_by_runtime(struct reading *r, const struct timestamp_env *env)
{
    int64_t today = (int64_t)(env->runtime_ns / NS_PER_SECOND) / SECONDS_PER_DAY;
    int32_t offset_s;
    for (int64_t days = today + 1; !r->has_offset && days >= today - 1; days--) {
        if (find_offset(env, days * SECONDS_PER_DAY + r->seconds, &offset_s)) {
            r->days = days;
            return true;
        }
    }
    return false;
}

/* Else the reference's day, on the clock of the line's own zone. */
static void choose_day(struct reading *r, const struct timestamp_env *env, int64_t reference_s)
{
    if (choose_day_by_runtime(r, env)) {
        return;
    }
    int64_t offset = r->has_offset       ? r->offset_s
                     : env->zone != NULL ? zone_offset_at(env->zone, reference_s)
                                         : 0;
    r->days = floor_div(reference_s + offset, SECONDS_PER_DAY);
    if (to_utc(r, r->days, env) > reference_s + HALF_DAY_S) {
        r->days--; /* written before midnight, read after it */
    }
}

static bool complete_date(struct reading *r, const struct timestamp_env *env)
{
    if (r->has_days) {
        return true;
    }
    int64_t reference_s = (int64_t)(env->reference_ns / NS_PER_SECOND);
    if (reference_s == 0) {
        return false;
    }
    if (r->date.month != 0) {
        return choose_year(r, env, reference_s);
    }
    choose_day(r, env, reference_s);
    return true;
}

static bool finish(struct reading *r, const struct timestamp_env *env, struct timestamp *out)
{
    if (!complete_date(r, env)) {
        return false;
    }
    int64_t seconds = to_utc(r, r->days, env);
    if (seconds < 0 || seconds >= SECONDS_MAX) {
        return false;
    }
    uint64_t ns = (uint64_t)seconds * NS_PER_SECOND + r->nanos;
    if (ns == 0) {
        return false; /* 0 is "not known" everywhere */
    }
    *out = (struct timestamp){.ns = ns, .zone_assumed = !r->has_offset};
    return true;
}

/* Time of day and zone, behind the date. */
static size_t scan_clock(struct reading *r, const char *begin, const struct timestamp_env *env,
                         struct timestamp *out)
{
    if (!read_clock(r)) {
        return 0;
    }
    read_zone(r);
    if (!read_year_behind(r) || is_letter_at(r, 0) || is_digit_at(r, 0) || !finish(r, env, out)) {
        return 0;
    }
    return (size_t)(r->p - begin);
}

size_t timestamp_scan(struct slice s, const struct timestamp_env *env, struct timestamp *out)
{
    struct reading r = {.p = s.data, .end = s.data + s.len};
    if (s.len < 8 || !read_date(&r, env->cache)) {
        return 0;
    }
    return scan_clock(&r, s.data, env, out);
}

size_t timestamp_scan_klog(struct slice s, const struct timestamp_env *env, struct timestamp *out)
{
    struct reading r = {.p = s.data, .end = s.data + s.len, .date.year = NO_YEAR};
    unsigned year;
    if (is_digit_at(&r, 5) && is_at(&r, 6, ' ') && take_two(&r, &year)) {
        r.date.year = 2000 + (int64_t)year; /* CockroachDB */
    } else if (is_digit_at(&r, 7)) {
        if (!parse_four(r.p, &r.date.year)) {
            return 0;
        }
        r.p += 4;
    }
    if (!take_two(&r, &r.date.month) || !take_two(&r, &r.date.day) || !is_at(&r, 0, ' ') ||
        r.date.month == 0 || (r.date.year != NO_YEAR && !set_days(&r))) {
        return 0;
    }
    r.p++;
    return is_at(&r, 2, ':') ? scan_clock(&r, s.data, env, out) : 0;
}

static struct slice trim_brackets(struct slice s)
{
    s = slice_trim(s);
    if (s.len >= 2 && s.data[0] == '[' && s.data[s.len - 1] == ']') {
        s = slice_trim(slice_make(s.data + 1, s.len - 2));
    }
    return s;
}

/* What may stand behind a time that is a whole value: Java's `[Europe/Berlin]` and Go's `m=+0.1`.
 */
static bool is_time_suffix(struct slice rest)
{
    return rest.len == 0 || (rest.data[0] == '[' && rest.data[rest.len - 1] == ']') ||
           slice_has_prefix(rest, SLICE(" m="));
}

/* Up to nine digits at p, to nanoseconds; their end. */
static const char *read_nanos(const char *p, const char *end, uint32_t *out_nanos)
{
    static const uint32_t scale[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                     10000,      1000,      100,      10,      1};
    const char *begin = p;
    const char *last = end - p > 9 ? p + 9 : end;
    uint32_t nanos = 0;
    p += end - p >= 8 && digits_read_eight(p, &nanos) ? 8 : 0;
    for (; p < last && is_digit(*p); p++) {
        nanos = nanos * 10 + (uint32_t)(*p - '0');
    }
    *out_nanos = nanos * scale[p - begin];
    return p;
}

/* The minute that `p` begins with, 16 bytes, of the same day as the time before it; false if it is
 * none, or before 1970. */
static bool read_minute(const char *p, struct timestamp_cache *cache)
{
    unsigned hour;
    unsigned minute;
    if (p[4] != '-' || (p[10] != 'T' && p[10] != ' ') || p[13] != ':' ||
        memcmp(p, cache->date, sizeof(cache->date)) != 0 || !parse_two(p + 11, &hour) ||
        !parse_two(p + 14, &minute) || hour > 23 || minute > 59 || cache->days <= 0) {
        return false;
    }
    memcpy(cache->minute, p, sizeof(cache->minute));
    cache->minute_s = cache->days * SECONDS_PER_DAY + hour * 3600 + minute * 60;
    return true;
}

static bool is_minute(const char *p, const struct timestamp_cache *cache)
{
    uint64_t here[2];
    uint64_t there[2];
    memcpy(here, p, sizeof(here));
    memcpy(there, cache->minute, sizeof(there));
    return ((here[0] ^ there[0]) | (here[1] ^ there[1])) == 0 && cache->minute_s != 0;
}

/* `2026-03-02T10:11:12.345678Z` of the same day as the time before it, with or without fraction and
 * Z: what nearly every line has, and mostly of the same minute too. False for anything else, wrong or
 * not. */
static bool read_usual(struct slice s, const struct timestamp_env *env, struct timestamp *out)
{
    const char *p = s.data;
    const char *end = p + s.len;
    unsigned second;
    uint32_t nanos = 0;
    if (s.len < 19 || p[16] != ':' || !parse_two(p + 17, &second) || second > 60 ||
        (!is_minute(p, env->cache) && !read_minute(p, env->cache))) {
        return false;
    }
    p += 19;
    if (end - p >= 2 && (*p == '.' || *p == ',') && is_digit(p[1])) {
        p = read_nanos(p + 1, end, &nanos);
    }
    bool is_utc = end - p == 1 && (*p == 'Z' || *p == 'z');
    if (!is_utc && p != end) {
        return false;
    }
    int64_t seconds = env->cache->minute_s + second;
    if (!is_utc) {
        seconds -= assume_offset(env, seconds);
    }
    if (seconds <= 0 || seconds >= SECONDS_MAX) {
        return false;
    }
    *out = (struct timestamp){(uint64_t)seconds * NS_PER_SECOND + nanos, !is_utc};
    return true;
}

bool timestamp_from_text(struct slice s, const struct timestamp_env *env, struct timestamp *out)
{
    if (read_usual(s, env, out)) {
        return true;
    }
    s = trim_brackets(s);
    struct timestamp found;
    size_t len = timestamp_scan(s, env, &found);
    if (len > 0 && is_time_suffix(slice_skip(s, len))) {
        *out = found;
        return true;
    }
    uint64_t ns;
    if (len == 0 && timestamp_from_number(s, &ns)) {
        *out = (struct timestamp){.ns = ns};
        return true;
    }
    return false;
}

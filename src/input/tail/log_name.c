/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/log_name.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"

enum {
    ROTATION_DIGITS_MAX = 3, /* .1000 is rather a port or a process id */
    DAY_DIGITS = 8,          /* YYYYMMDD, and behind it … */
    TIME_DIGITS = 10,        /* … HHMMSSmmm, or seconds since 1970: shorter times are filled up */
    COUNT_DIGITS_MAX = 3,    /* … or fewer digits, which count (log4j2's and logback's %i) or are an hour */
    TAI64N_DIGITS = 24,
    TEMPORARY_DIGITS_MIN = 6,
    RESTART_DIGITS_MAX = 18,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(const char *s)
{
    size_t n = 0;
    while (is_digit(s[n])) {
        n++;
    }
    return n;
}

static uint64_t read_number(const char *s, size_t digits)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (uint64_t)(s[i] - '0');
    }
    return number;
}

static bool has_suffix(const char *name, size_t len, const char *suffix)
{
    size_t n = strlen(suffix);
    return len > n && strncasecmp(name + len - n, suffix, n) == 0;
}

/* Of compressed files; the first is what clew reads. */
static const char *const compressions[] = {".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z", ".zip"};

/* The length without the extension of a compressed file; `len` if it is none. */
static size_t without_compression(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(compressions); i++) {
        if (has_suffix(name, len, compressions[i])) {
            return len - strlen(compressions[i]);
        }
    }
    return len;
}

size_t log_name_plain_len(const char *name)
{
    return without_compression(name, strlen(name));
}

const char *log_name_foreign(const char *name)
{
    for (size_t i = 1; i < ARRAY_LEN(compressions); i++) {
        if (has_suffix(name, strlen(name), compressions[i])) {
            return compressions[i];
        }
    }
    return NULL;
}

bool log_name_is_gzip(const char *name)
{
    return has_suffix(name, strlen(name), ".gz");
}

/* ---- kubelet ---- */

/* "YYYYMMDD-HHMMSS", nothing else (pkg/kubelet/logs: timestampFormat "20060102-150405"). */
static bool is_kubelet_time(const char *s, size_t len)
{
    return len == 15 && count_digits(s) == 8 && s[8] == '-' && count_digits(s + 9) >= 6;
}

bool log_name_parse_kubelet(const char *name, struct log_name *out)
{
    size_t len = without_compression(name, strlen(name));
    size_t digits = count_digits(name);
    if (digits == 0 || digits > RESTART_DIGITS_MAX || strncmp(name + digits, ".log", 4) != 0) {
        return false;
    }
    struct log_name parsed = {.age = LOG_LIVE, .restart = read_number(name, digits)};
    const char *rest = name + digits + 4;
    size_t rest_len = len - digits - 4;
    if (rest_len > 0) {
        if (rest[0] != '.' || !is_kubelet_time(rest + 1, rest_len - 1)) {
            return false;
        }
        parsed.age = LOG_DATED;
        parsed.number = read_number(rest + 1, 8) * 1000000 + read_number(rest + 10, 6);
    }
    parsed.is_compressed = name[len] != '\0';
    *out = parsed;
    return true;
}

bool log_name_is_kubelet_temporary(const char *name)
{
    static const char suffix[] = ".tmp";
    char whole[LOG_NAME_MAX + 1];
    struct log_name parsed;
    size_t len = strlen(name);
    if (!has_suffix(name, len, suffix) || len > LOG_NAME_MAX) {
        return false;
    }
    len -= strlen(suffix);
    memcpy(whole, name, len);
    whole[len] = '\0';
    return log_name_parse_kubelet(whole, &parsed);
}

/* ---- stamps ---- */

/*
 * What rotators put into a name to tell when: a stamp, between a separator and the end, an extension, or
 * another separator. It begins with a day, a month, a week, or all of the time as one number; behind a day
 * there may be a time, and a count.
 *
 *     20261130 2026-11-30        the year first (or with . or _), in the order of writing
 *     202611 2026-11 2026-W48    month or week
 *     30112026 11-30-2026        the year last: which of the two others is the day nobody knows
 *     1796032800                 seconds since 1970, or more digits of it
 */
enum stamp {
    STAMP_NONE,
    STAMP_YEAR_FIRST,
    STAMP_MONTH,
    STAMP_YEAR_LAST,
    STAMP_EPOCH,
};

static bool is_between(const char *s, size_t digits, uint64_t least, uint64_t most)
{
    return count_digits(s) >= digits && read_number(s, digits) >= least &&
           read_number(s, digits) <= most;
}

static bool is_year(const char *s)
{
    return is_between(s, 4, 2000, 2099);
}

/* A month and a day, in either order. */
static bool is_day_and_month(const char *first, const char *second)
{
    return is_between(first, 2, 1, 31) && is_between(second, 2, 1, 31) &&
           (is_between(first, 2, 1, 12) || is_between(second, 2, 1, 12));
}

/* YYYYMMDD, YYYYMM or YYYYVV, DDMMYYYY or MMDDYYYY, or seconds: `n` digits follow one another. */
static enum stamp find_compact(const char *s, size_t n)
{
    if (n >= 8 && is_year(s) && is_between(s + 4, 2, 1, 12) && is_between(s + 6, 2, 1, 31)) {
        return STAMP_YEAR_FIRST;
    }
    if ((n == 8 || n == 10 || n == 12 || n == 14) && is_day_and_month(s, s + 2) && is_year(s + 4)) {
        return STAMP_YEAR_LAST;
    }
    if (s[0] == '1' && (n == 10 || n == 13 || n == 16 || n == 19)) {
        return STAMP_EPOCH;
    }
    return n == 6 && is_year(s) && is_between(s + 4, 2, 1, 53) ? STAMP_MONTH : STAMP_NONE;
}

/* YYYY-MM, YYYY-VV or YYYY-DDD; a W may stand before the week. */
static bool is_month(const char *s)
{
    const char *rest = s + 4 + (strchr("-._", s[4]) != NULL);
    bool is_week = rest[0] == 'W';
    rest += is_week;
    size_t n = count_digits(rest);
    return (rest > s + 4 && n == 2 && is_between(rest, 2, 1, 53)) ||
           (rest > s + 4 && n == 3 && !is_week && is_between(rest, 3, 1, 366));
}

/* How the time begins that `s` tells, if it does. */
static enum stamp find_stamp(const char *s)
{
    size_t n = count_digits(s);
    if (n == 2 && s[2] != '\0' && strchr("-._", s[2]) != NULL && count_digits(s + 3) == 2 &&
        s[5] == s[2] && count_digits(s + 6) == 4) {
        return is_day_and_month(s, s + 3) && is_year(s + 6) ? STAMP_YEAR_LAST : STAMP_NONE;
    }
    if (n != 4 || !is_year(s) || s[4] == '\0') {
        return find_compact(s, n);
    }
    if (strchr("-._", s[4]) != NULL && count_digits(s + 5) == 2 && s[7] == s[4] &&
        count_digits(s + 8) >= 2 && is_between(s + 5, 2, 1, 12) && is_between(s + 8, 2, 1, 31)) {
        return STAMP_YEAR_FIRST;
    }
    return is_month(s) ? STAMP_MONTH : STAMP_NONE;
}

static size_t stamp_len(const char *s)
{
    size_t n = strspn(s, "0123456789-._:TW");
    while (n > 0 && !is_digit(s[n - 1])) {
        n--;
    }
    return n;
}

/* Where the count behind a date and a time begins (`-14.10`: hour and log4j2's or logback's %i); `len` if
 * there is none. It has no fixed width, so it is no part of the number that the digits before it make. */
static size_t find_count(const char *s, size_t len, enum stamp stamp)
{
    size_t count = len;
    while (count > 0 && is_digit(s[count - 1])) {
        count--;
    }
    size_t digits = 0;
    for (size_t i = 0; i < count; i++) {
        digits += is_digit(s[i]);
    }
    size_t day_digits = stamp == STAMP_MONTH || stamp == STAMP_EPOCH ? 5 : DAY_DIGITS;
    return digits > day_digits ? count : len;
}

/* The digits of a day, and those of a time behind it as a fraction of it. */
static uint64_t date_number(const char *s, size_t len)
{
    uint64_t day = 0;
    uint64_t time = 0;
    size_t digits = 0;
    for (size_t i = 0; i < len && digits < DAY_DIGITS + TIME_DIGITS; i++) {
        if (is_digit(s[i])) {
            uint64_t *number = digits < DAY_DIGITS ? &day : &time;
            *number = *number * 10 + (uint64_t)(s[i] - '0');
            digits++;
        }
    }
    bool is_count = digits <= DAY_DIGITS + COUNT_DIGITS_MAX;
    for (size_t i = 0; i < TIME_DIGITS; i++) {
        day *= 10;
        time *= !is_count && DAY_DIGITS + i >= digits ? 10 : 1;
    }
    return day + time;
}

/* As a number of a rotated file: the larger, the older. The day is taken to be in front unless it cannot. */
static uint64_t year_last_number(const char *s, size_t len)
{
    char date[LOG_NAME_MAX + 1];
    size_t step = is_digit(s[2]) ? 2 : 3;
    const char *month = is_between(s + step, 2, 1, 12) ? s + step : s;
    const char *day = month == s ? s + step : s;
    size_t used = step + step + 4;
    memcpy(date, s + step + step, 4);
    memcpy(date + 4, month, 2);
    memcpy(date + 6, day, 2);
    memcpy(date + 8, s + used, len - used);
    size_t date_len = 8 + len - used;
    size_t count = find_count(date, date_len, STAMP_YEAR_LAST);
    return UINT64_MAX - date_number(date, count) - read_number(date + count, date_len - count);
}

static void take_stamp(struct log_name *out, enum stamp stamp, const char *s, size_t len)
{
    out->age = LOG_DATED;
    if (stamp == STAMP_YEAR_LAST) {
        out->age = LOG_NUMBERED;
        out->number = year_last_number(s, len);
        return;
    }
    size_t count = find_count(s, len, stamp);
    out->number = stamp == STAMP_EPOCH ? read_number(s, count_digits(s)) : date_number(s, count);
    out->count = read_number(s + count, len - count);
}

/* ---- others ---- */

/* Behind a date comes nothing, or one extension (`.log`). */
static bool is_extension(const char *s)
{
    return s[0] == '\0' || (s[0] == '.' && s[1] != '\0' && strchr(s + 1, '.') == NULL);
}

static size_t skip_zone(const char *s)
{
    return s[0] == 'Z' && (s[1] == '\0' || s[1] == '.');
}

static bool parse_dated(struct log_name *out)
{
    char *name = out->base;
    for (size_t i = 1; name[i] != '\0'; i++) {
        const char *stamp = name + i + 1;
        enum stamp kind = strchr("-._", name[i]) != NULL ? find_stamp(stamp) : STAMP_NONE;
        size_t len = stamp_len(stamp);
        const char *rest = stamp + len + skip_zone(stamp + len);
        if (kind != STAMP_NONE && is_extension(rest)) {
            take_stamp(out, kind, stamp, len);
            memmove(name + i, rest, strlen(rest) + 1);
            return true;
        }
    }
    return false;
}

/* 20261130-1011-01-app.log (rotating-file-stream): what follows the stamp is the log's own name. */
static bool parse_dated_before(struct log_name *out)
{
    enum stamp kind = find_stamp(out->base);
    size_t len = stamp_len(out->base);
    const char *rest = out->base + len;
    if (kind == STAMP_NONE || (rest[0] != '-' && rest[0] != '_') || strchr(rest, '.') == NULL ||
        rest[1] == '.') {
        return false;
    }
    take_stamp(out, kind, out->base, len);
    memmove(out->base, rest + 1, strlen(rest));
    return true;
}

/* multilog, svlogd and s6-log: `@`, a TAI64N time, and perhaps `.s` or `.u`; `current` is written to. */
static bool parse_tai64n(struct log_name *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *stamp = out->base + 1;
    uint64_t numbers[2] = {0, 0};
    if (out->base[0] != '@' || strspn(stamp, digits) != TAI64N_DIGITS) {
        return false;
    }
    const char *rest = stamp + TAI64N_DIGITS;
    if (strcmp(rest, "") != 0 && strcmp(rest, ".s") != 0 && strcmp(rest, ".u") != 0) {
        return false;
    }
    for (size_t i = 0; i < TAI64N_DIGITS; i++) {
        uint64_t *number = &numbers[i < 16 ? 0 : 1];
        *number = *number * 16 + (uint64_t)(strchr(digits, stamp[i]) - digits);
    }
    out->age = LOG_DATED;
    out->number = numbers[0];
    out->count = numbers[1];
    strcpy(out->base, "current");
    return true;
}

/* How many there are: no port or process id begins with 0. */
static bool is_rank(const char *s, size_t digits)
{
    return digits > 0 && (digits <= ROTATION_DIGITS_MAX || (s[0] == '0' && digits <= DAY_DIGITS));
}

/* app.1.log (logrotate's `extension .log`, log4j2's app.%i.log): the number is before the extension. */
static bool parse_numbered_inside(struct log_name *out)
{
    char *extension = strrchr(out->base, '.');
    if (extension == NULL || extension[1] == '\0' || is_digit(extension[1])) {
        return false;
    }
    const char *number = extension;
    while (number > out->base && is_digit(number[-1])) {
        number--;
    }
    size_t digits = (size_t)(extension - number);
    if (!is_rank(number, digits) || number < out->base + 2 || number[-1] != '.') {
        return false;
    }
    out->age = LOG_NUMBERED;
    out->number = read_number(number, digits);
    memmove(extension - digits - 1, extension, strlen(extension) + 1);
    return true;
}

static bool parse_numbered(struct log_name *out)
{
    char *dot = strrchr(out->base, '.');
    if (dot == NULL || dot == out->base) {
        return false;
    }
    size_t digits = count_digits(dot + 1);
    bool is_old = strcmp(dot, ".old") == 0; /* there is one of them */
    if (!is_old && (!is_rank(dot + 1, digits) || dot[1 + digits] != '\0')) {
        return false;
    }
    out->age = LOG_NUMBERED;
    out->number = is_old ? 1 : read_number(dot + 1, digits);
    *dot = '\0';
    return true;
}

/* The length without what logback adds to a rotated name for as long as it compresses the file: digits and
 * `.tmp`. `len` if it is no such name. */
static size_t without_temporary(const char *name, size_t len)
{
    static const char suffix[] = ".tmp";
    if (!has_suffix(name, len, suffix)) {
        return len;
    }
    size_t end = len - strlen(suffix);
    size_t begin = end;
    while (begin > 0 && is_digit(name[begin - 1])) {
        begin--;
    }
    return end - begin >= TEMPORARY_DIGITS_MIN && begin > 0 ? begin : len;
}

bool log_name_is_packed_of(const char *packed, const char *name)
{
    size_t len = without_temporary(name, strlen(name));
    return log_name_is_gzip(packed) && strlen(packed) == len + strlen(".gz") &&
           strncmp(packed, name, len) == 0;
}

bool log_name_is_temporary(const char *name)
{
    struct log_name parsed;
    if (without_temporary(name, strlen(name)) == strlen(name)) {
        return false;
    }
    log_name_parse_plain(name, &parsed);
    return parsed.age != LOG_LIVE;
}

static bool parse(struct log_name *out)
{
    return parse_dated(out) || parse_numbered(out) || parse_numbered_inside(out) ||
           parse_dated_before(out) || parse_tai64n(out);
}

void log_name_parse_plain(const char *name, struct log_name *out)
{
    size_t len = strlen(name);
    ENSURE(len <= LOG_NAME_MAX);
    size_t plain_len = without_compression(name, len);
    size_t rotated_len = without_temporary(name, plain_len);
    *out = (struct log_name){.age = LOG_LIVE, .is_compressed = plain_len < len};
    memcpy(out->base, name, rotated_len);
    if (parse(out) || rotated_len == plain_len) {
        return;
    }
    memcpy(out->base, name, plain_len); /* of no rotated file */
}

bool log_name_parse_deeper(struct log_name *name)
{
    uint64_t count = name->number;
    struct log_name deeper = *name;
    if (name->age != LOG_NUMBERED || !parse_dated(&deeper) || deeper.age != LOG_DATED) {
        return false;
    }
    *name = deeper;
    name->count = count;
    return true;
}

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

int log_name_compare(const struct log_name *a, const struct log_name *b)
{
    if (a->restart != b->restart) {
        return compare(a->restart, b->restart);
    }
    if (a->age != b->age) {
        return compare(a->age, b->age);
    }
    if (a->age == LOG_NUMBERED) {
        return compare(b->number, a->number);
    }
    return a->number != b->number ? compare(a->number, b->number) : compare(a->count, b->count);
}

bool log_name_is_kubelet_directory(const char *path)
{
    const char *container = strrchr(path, '/');
    if (container == NULL || container == path) {
        return false;
    }
    unsigned underscores = 0;
    for (const char *s = container - 1; s > path && *s != '/'; s--) {
        underscores += *s == '_';
    }
    return underscores == 2;
}

bool log_name_looks_like_log(const char *name)
{
    static const char *const others[] = {
        ".tmp", ".swp", ".swo", ".bak", ".lock", ".pid", ".tar", ".tgz", ".7z",   ".db", ".sqlite",
        ".journal", ".bin", ".so",  ".png", ".jpg",  ".pdf", ".pcap", ".core", ".yaml", ".yml",
        ".md",  ".sh",  ".py",  ".conf", "~",
    };
    size_t len = strlen(name);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (has_suffix(name, len, others[i])) {
            return false;
        }
    }
    return name[0] != '.' && without_compression(name, len) == len;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "input/log_name.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"

enum {
    ROTATION_DIGITS_MAX = 3, /* .1000 is rather a port or a process id */
    DAY_DIGITS = 8,          /* YYYYMMDD, and behind it … */
    TIME_DIGITS = 10,        /* … HHMMSSmmm, or seconds since 1970: shorter times are filled up */
    COUNT_DIGITS_MAX = 3,    /* … or fewer digits, which count (log4j2's and logback's %i) or are an hour */
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

/* ---- others ---- */

/* YYYYMMDD or YYYY-MM-DD (or with . or _) of this age of the world. */
static bool is_date(const char *s)
{
    size_t n = count_digits(s);
    if (n >= 8) {
        return (s[0] == '1' && s[1] == '9') || (s[0] == '2' && s[1] == '0');
    }
    return n == 4 && s[0] == '2' && strchr("-._", s[4]) != NULL && count_digits(s + 5) == 2 &&
           s[7] == s[4] && count_digits(s + 8) >= 2;
}

static size_t date_len(const char *s)
{
    size_t n = strspn(s, "0123456789-._:T");
    while (n > 0 && !is_digit(s[n - 1])) {
        n--;
    }
    return n;
}

/* Where the count behind a date and a time begins (`-14.10`: hour and log4j2's or logback's %i); `len` if
 * there is none. It has no fixed width, so it is no part of the number that the digits before it make. */
static size_t find_count(const char *s, size_t len)
{
    size_t count = len;
    while (count > 0 && is_digit(s[count - 1])) {
        count--;
    }
    size_t digits = 0;
    for (size_t i = 0; i < count; i++) {
        digits += is_digit(s[i]);
    }
    return digits > DAY_DIGITS ? count : len;
}

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

/* Behind a date comes nothing, or one extension (`.log`). */
static bool is_extension(const char *s)
{
    return s[0] == '\0' || (s[0] == '.' && s[1] != '\0' && strchr(s + 1, '.') == NULL);
}

static bool parse_dated(struct log_name *out)
{
    char *name = out->base;
    for (size_t i = 1; name[i] != '\0'; i++) {
        if (strchr("-._", name[i]) == NULL || !is_date(name + i + 1)) {
            continue;
        }
        size_t len = date_len(name + i + 1);
        const char *rest = name + i + 1 + len;
        if (!is_extension(rest)) {
            continue;
        }
        out->age = LOG_DATED;
        size_t count = find_count(name + i + 1, len);
        out->number = date_number(name + i + 1, count);
        out->count = read_number(name + i + 1 + count, len - count);
        memmove(name + i, rest, strlen(rest) + 1);
        return true;
    }
    return false;
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
    if (digits == 0 || digits > ROTATION_DIGITS_MAX || number < out->base + 2 || number[-1] != '.') {
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
    if (digits == 0 || digits > ROTATION_DIGITS_MAX || dot[1 + digits] != '\0') {
        return false;
    }
    out->age = LOG_NUMBERED;
    out->number = read_number(dot + 1, digits);
    *dot = '\0';
    return true;
}

void log_name_parse_plain(const char *name, struct log_name *out)
{
    size_t len = strlen(name);
    ENSURE(len <= LOG_NAME_MAX);
    size_t plain_len = without_compression(name, len);
    *out = (struct log_name){.age = LOG_LIVE, .is_compressed = plain_len < len};
    memcpy(out->base, name, plain_len);
    if (!parse_dated(out) && !parse_numbered(out)) {
        parse_numbered_inside(out);
    }
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

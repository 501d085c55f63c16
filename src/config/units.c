/* SPDX-License-Identifier: Apache-2.0 */
#include "config/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first among those that divide: the printers take the first that leaves no rest. */
static const struct unit size_units[] = {
    {"GiB", 1ULL << 30}, {"GB", 1000000000}, {"MiB", 1ULL << 20}, {"MB", 1000000},
    {"KiB", 1ULL << 10}, {"KB", 1000},       {"kB", 1000},        {"B", 1},
};

static const struct unit duration_units[] = {
    {"h", 3600000},
    {"m", 60000},
    {"s", 1000},
    {"ms", 1},
};

/* Above this a double no longer tells neighbouring integers apart. */
#define EXACT_MAX 9007199254740992.0

static const char *skip_blanks(const char *at)
{
    while (*at == ' ') {
        at++;
    }
    return at;
}

/* Digits with at most one point between them; strtod(3) alone would take `inf`, `0x1` and `-1`. */
static bool scan_number(const char **at, double *out_number)
{
    const char *start = *at;
    size_t digits = strspn(start, "0123456789");
    const char *end = start + digits;
    if (digits > 0 && *end == '.') {
        size_t more = strspn(end + 1, "0123456789");
        end += more > 0 ? more + 1 : 0;
    }
    if (digits == 0 || end - start > 20) {
        return false;
    }
    *out_number = strtod(start, NULL);
    *at = end;
    return true;
}

static const struct unit *scan_unit(const char **at, const struct unit *units, size_t count)
{
    *at = skip_blanks(*at);
    size_t len = strspn(*at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (size_t i = 0; i < count; i++) {
        if (strlen(units[i].name) == len && memcmp(units[i].name, *at, len) == 0) {
            *at += len;
            return &units[i];
        }
    }
    return NULL;
}

bool units_parse_count(const char *text, uint64_t *out_count)
{
    uint64_t count = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(count, 10, &count) ||
            __builtin_add_overflow(count, (uint64_t)(*text - '0'), &count)) {
            return false;
        }
    }
    *out_count = count;
    return true;
}

/* `number` of `factor` as a whole number; false if it is none, or too large to be exact. */
static bool scale(double number, uint64_t factor, uint64_t *out_value)
{
    double value = number * (double)factor;
    if (value > EXACT_MAX || value != floor(value)) {
        return false;
    }
    *out_value = (uint64_t)value;
    return true;
}

bool units_parse_size(const char *text, uint64_t *out_bytes)
{
    double number;
    if (units_parse_count(text, out_bytes)) {
        return true;
    }
    if (!scan_number(&text, &number)) {
        return false;
    }
    const struct unit *unit = scan_unit(&text, size_units, ARRAY_LEN(size_units));
    return unit != NULL && *text == '\0' && scale(number, unit->factor, out_bytes);
}

bool units_parse_duration(const char *text, uint64_t *out_ms)
{
    uint64_t total = 0;
    if (strcmp(text, "0") == 0) {
        *out_ms = 0;
        return true;
    }
    do {
        double number;
        uint64_t part;
        if (!scan_number(&text, &number)) {
            return false;
        }
        const struct unit *unit = scan_unit(&text, duration_units, ARRAY_LEN(duration_units));
        if (unit == NULL || !scale(number, unit->factor, &part) ||
            __builtin_add_overflow(total, part, &total)) {
            return false;
        }
    } while (*text != '\0');
    *out_ms = total;
    return true;
}

bool units_parse_ratio(const char *text, double *out_ratio)
{
    double number;
    if (!scan_number(&text, &number)) {
        return false;
    }
    text = skip_blanks(text);
    bool percent = *text == '%';
    if (text[percent ? 1 : 0] != '\0') {
        return false;
    }
    *out_ratio = percent ? number / 100 : number;
    return true;
}

static void print_whole(uint64_t value, const struct unit *units, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (value >= units[i].factor && value % units[i].factor == 0) {
            snprintf(text, UNITS_TEXT_MAX, "%" PRIu64 "%s", value / units[i].factor, units[i].name);
            return;
        }
    }
    snprintf(text, UNITS_TEXT_MAX, "0");
}

void units_print_size(uint64_t bytes, char text[UNITS_TEXT_MAX])
{
    print_whole(bytes, size_units, ARRAY_LEN(size_units), text);
}

void units_print_duration(uint64_t ms, char text[UNITS_TEXT_MAX])
{
    print_whole(ms, duration_units, ARRAY_LEN(duration_units), text);
}

void units_print_ratio(double ratio, char text[UNITS_TEXT_MAX])
{
    snprintf(text, UNITS_TEXT_MAX, "%.10g%%", ratio * 100);
}

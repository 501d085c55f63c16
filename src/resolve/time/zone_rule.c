/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/time/zone_rule.h"

#include "resolve/time/civil.h"

struct cursor {
    const char *p;
    const char *end;
};

static bool take(struct cursor *c, char wanted)
{
    if (c->p == c->end || *c->p != wanted) {
        return false;
    }
    c->p++;
    return true;
}

static bool is_digit(const struct cursor *c)
{
    return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

static bool take_number(struct cursor *c, unsigned max, unsigned *out_number)
{
    unsigned number = 0;
    if (!is_digit(c)) {
        return false;
    }
    while (is_digit(c)) {
        number = number * 10 + (unsigned)(*c->p++ - '0');
        if (number > max) {
            return false;
        }
    }
    *out_number = number;
    return true;
}

/* `CET`, or `<+03>` */
static bool take_name(struct cursor *c)
{
    const char *begin = c->p;
    if (take(c, '<')) {
        while (c->p < c->end && *c->p != '>') {
            c->p++;
        }
        return take(c, '>');
    }
    while (c->p < c->end && ((*c->p >= 'A' && *c->p <= 'Z') || (*c->p >= 'a' && *c->p <= 'z'))) {
        c->p++;
    }
    return c->p - begin >= 3;
}

/* `[+-]hh[:mm[:ss]]` */
static bool take_time(struct cursor *c, int32_t *out_seconds)
{
    bool negative = take(c, '-');
    if (!negative) {
        take(c, '+');
    }
    unsigned hours;
    unsigned minutes = 0;
    unsigned seconds = 0;
    if (!take_number(c, 167, &hours) || (take(c, ':') && !take_number(c, 59, &minutes)) ||
        (take(c, ':') && !take_number(c, 59, &seconds))) {
        return false;
    }
    int32_t total = (int32_t)(hours * 3600 + minutes * 60 + seconds);
    *out_seconds = negative ? -total : total;
    return true;
}

static bool take_month_day(struct cursor *c, struct zone_rule_day *day)
{
    return take_number(c, 12, &day->month) && day->month > 0 && take(c, '.') &&
           take_number(c, 5, &day->week) && day->week > 0 && take(c, '.') &&
           take_number(c, 6, &day->day);
}

static bool take_day(struct cursor *c, struct zone_rule_day *day)
{
    *day = (struct zone_rule_day){.form = 'D', .time_s = 2 * 3600};
    bool good = false;
    if (take(c, 'M')) {
        day->form = 'M';
        good = take_month_day(c, day);
    } else {
        day->form = take(c, 'J') ? 'J' : 'D';
        good = take_number(c, 365, &day->day) && (day->form == 'D' || day->day > 0);
    }
    return good && (!take(c, '/') || take_time(c, &day->time_s));
}

bool zone_rule_parse(struct slice text, struct zone_rule *out_rule)
{
    struct cursor c = {text.data, text.data + text.len};
    struct zone_rule rule = {.has_summer = false};
    if (!take_name(&c) || !take_time(&c, &rule.standard_s)) {
        return false;
    }
    rule.standard_s = -rule.standard_s; /* POSIX counts to the west */
    if (c.p < c.end) {
        rule.has_summer = true;
        if (!take_name(&c)) {
            return false;
        }
        rule.summer_s = rule.standard_s + 3600;
        if (c.p < c.end && *c.p != ',') {
            if (!take_time(&c, &rule.summer_s)) {
                return false;
            }
            rule.summer_s = -rule.summer_s;
        }
        if (!take(&c, ',') || !take_day(&c, &rule.begin) || !take(&c, ',') ||
            !take_day(&c, &rule.end) || c.p != c.end) {
            return false;
        }
    }
    *out_rule = rule;
    return true;
}

static int64_t day_in_year(const struct zone_rule_day *day, int64_t year)
{
    int64_t january = civil_to_days((struct civil){year, 1, 1});
    if (day->form == 'D') {
        return january + day->day;
    }
    if (day->form == 'J') {
        return january + day->day - (day->day < 60 || !civil_is_leap_year(year) ? 1 : 0);
    }
    int64_t first = civil_to_days((struct civil){year, day->month, 1});
    int64_t found =
        first + (int64_t)((7 + day->day - civil_weekday(first)) % 7) + 7 * (int64_t)(day->week - 1);
    if (!civil_is_valid((struct civil){year, day->month, (unsigned)(found - first) + 1})) {
        found -= 7; /* week 5 is the last one, be it the fourth */
    }
    return found;
}

int32_t zone_rule_offset_at(const struct zone_rule *rule, int64_t utc_s)
{
    if (!rule->has_summer) {
        return rule->standard_s;
    }
    int64_t local_day = floor_div(utc_s + rule->standard_s, SECONDS_PER_DAY);
    int64_t year = civil_from_days(local_day).year;
    int64_t begin =
        day_in_year(&rule->begin, year) * SECONDS_PER_DAY + rule->begin.time_s - rule->standard_s;
    int64_t end =
        day_in_year(&rule->end, year) * SECONDS_PER_DAY + rule->end.time_s - rule->summer_s;
    bool summer = begin < end ? utc_s >= begin && utc_s < end : utc_s >= begin || utc_s < end;
    return summer ? rule->summer_s : rule->standard_s;
}

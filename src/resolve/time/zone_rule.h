/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TIME_ZONE_RULE_H
#define CLEW_RESOLVE_TIME_ZONE_RULE_H

/*
 * The rule at the end of a compiled time zone: a POSIX TZ string such as
 * `CET-1CEST,M3.5.0,M10.5.0/3`, with the extension of RFC 9636 (hours from -167 to 167).
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"

struct zone_rule_day {
    char form;    /* 'M' month.week.weekday, 'J' day 1-365 without leap day, 'D' day 0-365 */
    unsigned day; /* the weekday for 'M' */
    unsigned week;
    unsigned month;
    int32_t time_s; /* local wall clock, seconds after midnight */
};

struct zone_rule {
    int32_t standard_s; /* seconds east of Greenwich */
    int32_t summer_s;
    bool has_summer;
    struct zone_rule_day begin; /* of summer time */
    struct zone_rule_day end;
};

/* The whole of `text`; false if it is not such a string. */
bool zone_rule_parse(struct slice text, struct zone_rule *out_rule);

int32_t zone_rule_offset_at(const struct zone_rule *rule, int64_t utc_s);

#endif

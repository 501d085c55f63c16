/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_TREND_H
#define CLEW_AUDIT_TREND_H

/*
 * Coverage over time, in constant memory whatever the span: buckets of equal width, which begin at
 * one second and are merged two by two whenever a time falls outside of them all. Zeroed memory is
 * an empty trend.
 */

#include <stdint.h>

enum { AUDIT_TREND_BUCKETS = 60 };

struct audit_trend {
    uint64_t width_s; /* 0: empty */
    uint64_t first;   /* bucket 0 begins at first * width_s, in seconds since 1970 */
    uint32_t count;   /* buckets from 0 on that are in use; the last of them is not empty */
    struct {
        uint32_t records;
        uint32_t valid;
    } buckets[AUDIT_TREND_BUCKETS];
};

void audit_trend_add(struct audit_trend *trend, uint64_t time_s, uint32_t records, uint32_t valid);
void audit_trend_merge(struct audit_trend *into, const struct audit_trend *from);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/trend.h"

#include <string.h>

static uint32_t sum(uint32_t a, uint32_t b)
{
    return a < UINT32_MAX - b ? a + b : UINT32_MAX;
}

/* Buckets 2n and 2n + 1, counted since 1970, become one. */
static void halve(struct audit_trend *trend)
{
    struct audit_trend old = *trend;
    memset(trend->buckets, 0, sizeof(trend->buckets));
    trend->first = old.first / 2;
    trend->width_s = old.width_s * 2;
    for (uint32_t i = 0; i < old.count; i++) {
        uint64_t to = (old.first + i) / 2 - trend->first;
        trend->buckets[to].records = sum(trend->buckets[to].records, old.buckets[i].records);
        trend->buckets[to].valid = sum(trend->buckets[to].valid, old.buckets[i].valid);
        trend->count = (uint32_t)to + 1;
    }
}

/* Room for earlier buckets. */
static void shift(struct audit_trend *trend, uint64_t by)
{
    memmove(&trend->buckets[by], &trend->buckets[0], trend->count * sizeof(trend->buckets[0]));
    memset(&trend->buckets[0], 0, by * sizeof(trend->buckets[0]));
    trend->first -= by;
    trend->count += (uint32_t)by;
}

static uint64_t buckets_with(const struct audit_trend *trend, uint64_t time_s)
{
    uint64_t at = time_s / trend->width_s;
    uint64_t first = at < trend->first ? at : trend->first;
    uint64_t end = trend->first + trend->count;
    return (at >= end ? at + 1 : end) - first;
}

void audit_trend_add(struct audit_trend *trend, uint64_t time_s, uint32_t records, uint32_t valid)
{
    if (trend->width_s == 0) {
        trend->width_s = 1;
        trend->first = time_s;
    }
    while (buckets_with(trend, time_s) > AUDIT_TREND_BUCKETS) {
        halve(trend);
    }
    uint64_t at = time_s / trend->width_s;
    if (at < trend->first) {
        shift(trend, trend->first - at);
    }
    at -= trend->first;
    trend->count = at >= trend->count ? (uint32_t)at + 1 : trend->count;
    trend->buckets[at].records = sum(trend->buckets[at].records, records);
    trend->buckets[at].valid = sum(trend->buckets[at].valid, valid);
}

void audit_trend_merge(struct audit_trend *into, const struct audit_trend *from)
{
    for (uint32_t i = 0; i < from->count; i++) {
        if (from->buckets[i].records > 0) {
            audit_trend_add(into, (from->first + i) * from->width_s, from->buckets[i].records,
                            from->buckets[i].valid);
        }
    }
}

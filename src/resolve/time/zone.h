/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TIME_ZONE_H
#define CLEW_RESOLVE_TIME_ZONE_H

/*
 * The time zone of times that name none: UTC, a fixed offset, or one of the tz database.
 *
 * The C library knows only one zone at a time, by the process's TZ variable; so clew reads the
 * compiled zones (TZif, RFC 9636) itself: their list of changes, and the rule at their end for all
 * later years. Leap-second tables ("right/" zones) are refused.
 */

#include <stdint.h>
#include "base/slice.h"

struct zone;

/* A fixed number of seconds east of Greenwich. */
struct zone *zone_new_fixed(int32_t offset_s);

/* From the bytes of a TZif file; NULL if they are not one. */
struct zone *zone_new_tzif(struct slice bytes);

/*
 * As a user names it: "UTC", "Z", "+02:00", "-0730", or a name of the tz database, which is read
 * from /usr/share/zoneinfo: the one file that core opens, once a name. NULL when there is no
 * such zone: *out_error is a sentence that the caller frees.
 */
struct zone *zone_open(const char *name, char **out_error);
void zone_free(struct zone *zone); /* NULL is fine */

/* Seconds east of Greenwich at a moment, in seconds since 1970-01-01T00:00:00Z. */
int32_t zone_offset_at(const struct zone *zone, int64_t utc_s);

/*
 * Seconds east of Greenwich when the wall clock shows `local_s` (seconds since 1970-01-01T00:00:00
 * on that clock). An hour that happens twice is taken as the first of the two; an hour that is
 * skipped as the clock would go on without the change.
 */
int32_t zone_offset_of_local(const struct zone *zone, int64_t local_s);

/* The same of the second of the two, where an hour happens twice. */
int32_t zone_offset_of_local_later(const struct zone *zone, int64_t local_s);

#endif

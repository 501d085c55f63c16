/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TIME_TIMESTAMP_H
#define CLEW_RESOLVE_TIME_TIMESTAMP_H

/*
 * Times as logs write them, to nanoseconds since 1970-01-01T00:00:00Z. docs/fields.md lists the
 * forms; all are read from their decimal text, exactly, never through a double, a locale or TZ.
 *
 * Digits beyond the nanosecond are cut off. A second of 60 is what Unix time makes of a leap
 * second: the first of the next minute. A date that does not exist, a time before 1970 or one that
 * 64 bits of nanoseconds do not hold (2554) is not a time.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"
#include "resolve/time/zone.h"

/* The last date that was read: a log repeats its date. Zeroed memory is an empty one. */
struct timestamp_cache {
    char date[10]; /* `2026-03-02` */
    int64_t days;
    char minute[16];  /* `2026-03-02T10:11` */
    int64_t minute_s; /* it begins so long after the epoch, on the clock of its zone */
};

/* What is known of the clock of one log, by its lines so far. Zeroed: nothing. */
struct timestamp_clock {
    bool is_known;
    int32_t offset_s; /* east of Greenwich */
};

/*
 * A time that names no zone is the one that lies next to the runtime's stamp of its line, where there is
 * one: a container has a clock of its own, but writes its lines when they happen. Next to it is from 13
 * minutes before to two behind; which of the offsets that clocks on earth have does that is unambiguous.
 * So in the hour that is repeated in autumn each of the two times is told. Where none does (a line that
 * was held back, or tells of another day) it is the clock's last known offset, else the zone.
 */
struct timestamp_env {
    const struct zone *zone;       /* of times that name none; NULL: UTC */
    uint64_t reference_ns;         /* about when it was written: gives what the text leaves out */
    struct timestamp_cache *cache; /* never NULL */
    uint64_t runtime_ns;           /* when the runtime got it; 0: not known */
    bool is_zone_certain;          /* somebody has said so of this very log: no other is tried */
    struct timestamp_clock *clock; /* of the log; NULL: none is kept */
};

struct timestamp {
    uint64_t ns;
    bool zone_assumed; /* the text named no zone */
};

/*
 * The time that `s` begins with; how many bytes it takes, 0 if it begins with none. A time ends
 * before blank, punctuation or the end of `s`. Without a year: the last one in which it
 * is not more than a day ahead of env->reference_ns, for a log is read after it was written.
 * Without a date: the reference's day, or the day before if it would lie more than twelve hours
 * ahead. Neither without a reference.
 */
size_t timestamp_scan(struct slice s, const struct timestamp_env *env, struct timestamp *out);

/* `s` is a time from its first to its last byte, but for blanks and one pair of brackets around it;
 * as text, or as the decimal text of a number (timestamp_from_number). */
bool timestamp_from_text(struct slice s, const struct timestamp_env *env, struct timestamp *out);

/*
 * A number whose unit is told by its magnitude: below 1e11 seconds, below 1e14 milliseconds, below
 * 1e17 microseconds, else nanoseconds. `s` is its JSON text, fraction and exponent allowed. Less
 * than 1e8 seconds (1973) is a duration or a counter, not a time.
 */
bool timestamp_from_number(struct slice s, uint64_t *out_ns);

/* The same for an integer that has been read already. */
bool timestamp_from_integer(int64_t value, uint64_t *out_ns);

/* A number of 1/`per_second` seconds (1, 1000, 1000000 or 1000000000), whatever its magnitude. */
bool timestamp_from_units(struct slice s, uint32_t per_second, uint64_t *out_ns);

/* Whole seconds and a rest in nanoseconds, each the text of a JSON integer. */
bool timestamp_from_parts(struct slice seconds, struct slice nanos, uint64_t *out_ns);

/* The form behind the level letter of klog and glog: `0302 10:11:12.345678`, `20260302
 * 10:11:12.345678` or `260302 10:11:12.345678`. As timestamp_scan(). */
size_t timestamp_scan_klog(struct slice s, const struct timestamp_env *env, struct timestamp *out);

#endif

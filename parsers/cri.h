/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_CRI_H
#define CLEW_PARSERS_CRI_H

/*
 * The line format of the container runtime interface, as containerd and CRI-O write it:
 *
 *     2026-05-11T02:14:33.221456789Z stdout F the text
 *     `---------- time ------------' stream tag
 *
 * The time is RFC 3339 with up to nine digits behind the point, its zone Z or an offset. The tag is
 * a list split by colons whose first item is P (more of this line follows) or F (its end). Exactly
 * one space follows the tag; further ones are the application's.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"
#include "record/record.h"

/* The minute of the last time that was read: lines come in the order of time, so a date is computed
 * once a minute. All zero at first. */
struct cri_clock {
    char minute[16]; /* "2026-05-11T02:14" */
    uint64_t minute_ns;
};

struct cri_line {
    struct slice text; /* of the pushed line */
    uint64_t time_ns;
    enum iostream iostream;
    bool is_partial;
};

/* Read the RFC 3339 time at the start of `s`: how many bytes it takes, 0 if there is none or it is
 * not between 1970 and 2553. */
size_t cri_time_parse(struct cri_clock *clock, struct slice s, uint64_t *out_ns);

/* False: this is not a line that a runtime writes. */
bool cri_parse(struct cri_clock *clock, struct slice line, struct cri_line *out);

#endif

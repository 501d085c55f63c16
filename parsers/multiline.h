/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_MULTILINE_H
#define CLEW_PARSERS_MULTILINE_H

/*
 * Joins framed lines to records of several lines, by the rules of parsers/multiline_rules.h.
 *
 * One joiner a stream; stdout and stderr are joined apart. A joined record is what its first line
 * is: place, time, source, and the ids that are in it; its further lines stand behind the first, in
 * `framed.more`. Like the frame stage it gives verdicts and has no side effects.
 *
 *     a group     waits   from a line with which a record may begin
 *                 goes    when a line comes that does not belong to it, when none can any more,
 *                         at bytes_max or lines_max, or when it is flushed
 *
 * A line that was taken maybe (see there) and then turns out not to belong to the record becomes
 * what it would have been without it: at most MULTILINE_MAYBE_MAX lines are tried again.
 *
 * `safe` of what is given is what may be promised for all: the start of the oldest record that
 * waits here or in the frame.
 */

#include <stdbool.h>
#include "parsers/frame.h"
#include "parsers/multiline_rules.h"
#include "record/counters.h"
#include "record/settings.h"

enum { MULTILINE_MAYBE_MAX = 8 };

struct multiline;

/* All three must outlive it. */
struct multiline *multiline_new(const struct multiline_settings *settings,
                                const struct multiline_rules *rules, struct counters *counters);
/* Go on by settings and, instead of `former`, by rules that are the same, and live elsewhere. */
void multiline_use(struct multiline *multiline, const struct multiline_settings *settings,
                   const struct multiline_rules *former, const struct multiline_rules *rules);
void multiline_free(struct multiline *multiline); /* NULL is fine */

/*
 * Take what the frame stage has given. FRAME_RECORD: one record is in *framed; there may be more,
 * so call multiline_next() until it says FRAME_PENDING before the frame is asked again, as the
 * line's bytes must stay until then.
 */
enum frame_verdict multiline_push(struct multiline *multiline, struct framed *framed);
enum frame_verdict multiline_next(struct multiline *multiline, struct framed *out);

/* The oldest group that has waited since before `deadline_ns` (as a line's steady_ns), if any; then
 * multiline_next() as above, and again until false. UINT64_MAX: whatever waits. */
bool multiline_flush(struct multiline *multiline, uint64_t deadline_ns, struct framed *out);

#endif

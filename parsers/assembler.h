/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_ASSEMBLER_H
#define CLEW_PARSERS_ASSEMBLER_H

/*
 * From the physical lines of a stream to records: the frame stage (parsers/frame.h), and behind it
 * the joining of records of several lines (parsers/multiline.h) where the input asks for it.
 *
 * One a stream; verdicts, no side effects.
 */

#include "parsers/frame.h"
#include "parsers/multiline_rules.h"

struct assembler;

/* `rules` NULL: lines are not joined. All three must outlive it. */
struct assembler *assembler_new(const struct input_settings *settings,
                                const struct multiline_rules *rules, struct counters *counters);
void assembler_free(struct assembler *assembler); /* NULL is fine */

/* Go on by these settings; where it went by the rules `former`, by `rules`, which are made in the same way.
 * False: they would have made other records, and nothing has changed. */
bool assembler_use(struct assembler *assembler, const struct input_settings *settings,
                   const struct multiline_rules *former, const struct multiline_rules *rules);

/*
 * Take one line. It may end several records, so:
 *
 *     for (v = assembler_push(a, line, &out); v == FRAME_RECORD; v = assembler_next(a, &out)) …
 *
 * The line's bytes must stay until assembler_next() has said FRAME_PENDING; no other call between.
 */
enum frame_verdict assembler_push(struct assembler *assembler, const struct line *line,
                                  struct framed *out);
enum frame_verdict assembler_next(struct assembler *assembler, struct framed *out);

/*
 * A record that has waited too long for its rest at `now_ns` (as a line's steady_ns; UINT64_MAX:
 * whatever waits), if there is one. So:
 *
 *     while (assembler_flush(a, now_ns, &out)) {
 *         do … while (assembler_next(a, &out) == FRAME_RECORD);
 *     }
 */
bool assembler_flush(struct assembler *assembler, uint64_t now_ns, struct framed *out);

#endif

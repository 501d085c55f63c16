/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_FRAME_H
#define CLEW_PARSERS_FRAME_H

/*
 * The frame stage: takes the container runtime's envelope off and joins partial lines.
 *
 * One frame a stream. stdout and stderr are joined apart, and a partial line is carried from one
 * generation of the stream to the next. It gives verdicts and has no side effects: the caller
 * ships.
 *
 * `safe` is what may be promised once a framed record is acknowledged: the start of the oldest
 * partial line that still waits, else the end of the record's line. So a restart reads a split
 * record from its first piece, even across a rotation.
 */

#include <stdbool.h>
#include "record/counters.h"
#include "record/line.h"
#include "record/record.h"
#include "record/settings.h"

struct frame;

enum frame_verdict {
    FRAME_PENDING, /* part of a record that is not whole yet; nothing to ship */
    FRAME_RECORD,  /* one record is in `out` */
};

/* The frame stage's share of a record. `line` points into the pushed line, or into the frame's own
 * memory, good until the next call for this frame. */
struct framed {
    struct slice line;
    struct slice more; /* further lines of a joined record, a newline before each: the bytes right
                          behind `line`; set by parsers/multiline.h, as is … */
    const char *more_name; /* … the attribute for them, where `line` is not text */
    const struct source *source;
    uint64_t runtime_time_ns;
    uint64_t file_hash; /* of the file and … */
    uint64_t offset;    /* … the offset where the record's first byte was */
    uint64_t read_ns;
    uint64_t steady_ns;    /* the same by the clock that never jumps */
    struct position begin; /* of the record's first line */
    struct position safe;
    enum iostream iostream;
    bool malformed;
    bool truncated;
};

struct frame *frame_new(const struct input_settings *settings, struct counters *counters);
void frame_free(struct frame *frame); /* NULL is fine */

/*
 * Take one line. A line may end two records: one that its bytes no longer fit into
 * (record_bytes_max), or that a container left unfinished when it ended, and one of its own. So:
 *
 *     for (v = frame_push(frame, line, &out); v == FRAME_RECORD; v = frame_next(frame, &out)) …
 *
 * The line's bytes must stay until frame_next() has said FRAME_PENDING; no other call between.
 */
enum frame_verdict frame_push(struct frame *frame, const struct line *line, struct framed *out);
enum frame_verdict frame_next(struct frame *frame, struct framed *out);

/* The oldest partial record that has waited since before `deadline_ns` (as a line's steady_ns),
 * as it is, marked truncated; call again until false. UINT64_MAX: whatever waits. */
bool frame_flush(struct frame *frame, uint64_t deadline_ns, struct framed *out);

/* Are the two of different runs of a container? What one has left unfinished, the other does not
 * finish. */
bool frame_is_other_run(const struct source *one, const struct source *other);

/* A partial line waits. */
bool frame_is_pending(const struct frame *frame);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_LINE_H
#define CLEW_RECORD_LINE_H

/*
 * What an input gives to the rest of clew: physical lines, each with its place.
 *
 *     input                            sink (the daemon)
 *        |------ line(line) ------------->|   taken: the bytes are the input's again on return
 *        |                                |   no room: the input keeps its place, and offers the
 *        |                                |   line again after input_resume()
 *        |                                |   full: the same for this stream; others may have room
 *        |                                |   held: likewise, and the line is offered again by and by
 *        |------ room(stream) ----------->|   before a stream is read: whether a line would be taken
 *        |------ idle(stream, now) ------>|   now and then, for time-outs of joined lines (steady)
 *        |                                |   false: there is no room for what has timed out
 *        |------ moved(stream, former) -->|   until now it was the one of another sink, with that
 *        |                                |   context; what that keeps for it is this one's
 *        |------ gone(stream) ----------->|   the stream ends; the sink frees what it keeps for it
 *
 * Delivery is told to the stream's checkpoint (checkpoints/checkpoint.h), never to the input.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"
#include "record/position.h"
#include "record/source.h"

struct audit_origin;
struct checkpoint;

/* One log as an application sees it: see record/position.h. Owned by the input. */
struct stream {
    struct checkpoint *checkpoint;
    void *frame;     /* the sink's: partial lines and the like; NULL at first */
    uint64_t routes; /* the sink's: which way its last record went; 0 at first */
    struct audit_origin *origin; /* the sink's: where the audit books it; NULL at first */
};

struct line {
    struct stream *stream;
    struct source *source;       /* of the file it was read from; the sink may add metadata */
    struct slice text;           /* without its newline (and without a CR before it) */
    struct position begin;       /* of its first byte */
    struct position end;         /* behind its newline */
    uint64_t file_hash;          /* names the file it was read from, whatever it is renamed to */
    uint64_t read_ns;            /* real time at which it was read */
    uint64_t steady_ns;          /* the same by the clock that never jumps: for time-outs */
    uint64_t behind_bytes;       /* of its file, known to be there behind it */
    bool is_piece;               /* not the first piece of a line that was split at line_bytes_max */
    bool is_cut;                 /* more of this line follows, or was cut off */
    bool is_unterminated;        /* no newline yet: a time-out made it a line */
};

enum line_answer {
    LINE_NO_ROOM,
    LINE_TAKEN,
    LINE_HELD,
    LINE_FULL,
};

struct line_sink {
    enum line_answer (*line)(void *context, const struct line *line);
    bool (*idle)(void *context, struct stream *stream, uint64_t now_ns);
    void (*gone)(void *context, struct stream *stream);
    void (*moved)(void *context, struct stream *stream, void *former);
    bool (*room)(void *context, const struct stream *stream); /* NULL: nobody knows beforehand */
    void *context;
};

#endif

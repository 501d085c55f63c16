/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/frame.h"

#include <stdlib.h>
#include "base/buf.h"
#include "base/mem.h"
#include "parsers/cri.h"
#include "parsers/docker.h"

/*
 * A line becomes a piece: text, time, iostream, and whether more of it follows. Pieces of one
 * iostream are joined until one ends the record. Nearly every line is a record of its own; then
 * nothing is copied and the record's text is a slice of the line.
 *
 * Which envelope a stream has shows itself: both are so particular that one line settles it. From
 * then on a line without it is one that the runtime wrote wrongly (containerd does), and is shipped
 * raw and marked. Before that it is a plain line.
 *
 *     partial     left by
 *     empty       a piece that does not end its record
 *     waiting     the piece that does; or, cut short: no room for the next piece, another run of
 * the container, frame_flush()
 *
 * At most one pushed piece is held back, between frame_push() and frame_next(): when the record
 * that waited had to go first.
 */

enum {
    IOSTREAMS = IOSTREAM_STDERR + 1,
    SPENT_BYTES_KEPT = 64 * 1024, /* a larger buffer is given back once its record is out */
};

struct piece {
    struct slice text;
    uint64_t time_ns;
    enum iostream iostream;
    bool is_partial;
    bool malformed;
    bool has_envelope;
};

struct partial {
    struct buf text;
    struct framed *first;  /* what the record has from its first piece; NULL if none ever waited */
    struct position begin; /* of its first line */
    uint64_t touched_ns;   /* when its last piece was read, steady */
    uint64_t pieces;       /* marked P */
    bool is_waiting;
    bool is_rest; /* the record before it was cut short: this is the rest of the same line */
};

/* A line that the input split at line_bytes_max: pieces of it are coming. */
struct split {
    bool is_active;
    struct piece header;
    struct position begin;
};

struct held {
    struct piece piece;
    struct line line;
};

/* There is one for each log, and most logs never have a record in pieces: what those need is made for
 * the first. */
struct frame {
    enum envelope envelope; /* as set, or as found */
    bool is_found;          /* by looking at lines */
    bool splits_lines;
    uint64_t record_bytes_max;
    struct counters *counters;
    struct cri_clock clock;
    struct buf unescaped;
    struct partial partials[IOSTREAMS];
    unsigned waiting;      /* how many of them do */
    struct partial *spent; /* its text was given out by the last call */
    struct split split;
    struct position end; /* of the last line */
    bool is_held;
    struct held *held; /* NULL if nothing ever was */
};

struct frame *frame_new(const struct input_settings *settings, struct counters *counters)
{
    struct frame *frame = mem_alloc(sizeof(*frame));
    frame->envelope = settings->envelope;
    frame->splits_lines = settings->long_line == LONG_LINE_SPLIT;
    frame->record_bytes_max = settings->record_bytes_max;
    frame->counters = counters;
    buf_init(&frame->unescaped, settings->line_bytes_max);
    for (size_t i = 0; i < IOSTREAMS; i++) {
        buf_init(&frame->partials[i].text, settings->record_bytes_max);
    }
    return frame;
}

void frame_free(struct frame *frame)
{
    if (frame == NULL) {
        return;
    }
    for (size_t i = 0; i < IOSTREAMS; i++) {
        buf_fini(&frame->partials[i].text);
        free(frame->partials[i].first);
    }
    free(frame->held);
    buf_fini(&frame->unescaped);
    free(frame);
}

static bool read_cri(struct frame *frame, const struct line *line, struct piece *out)
{
    struct cri_line cri;
    if (!cri_parse(&frame->clock, line->text, &cri)) {
        return false;
    }
    *out = (struct piece){cri.text, cri.time_ns, cri.iostream, cri.is_partial, false, true};
    return true;
}

static bool read_docker(struct frame *frame, const struct line *line, struct piece *out)
{
    struct docker_line docker;
    if (!docker_parse(&frame->clock, line->text, &frame->unescaped, &docker)) {
        return false;
    }
    counters_add(frame->counters, C_FRAME_ATTRS_IGNORED, docker.has_more ? 1 : 0);
    *out = (struct piece){docker.text,       docker.time_ns, docker.iostream,
                          docker.is_partial, false,          true};
    return true;
}

/* The engine writes `log` first; so an application's JSON is mostly told by its first bytes. What
 * has been through another JSON writer since may have blanks. */
static bool may_be_docker(struct slice text)
{
    if (text.len == 0 || text.data[0] != '{') {
        return false;
    }
    return slice_has_prefix(slice_trim(slice_skip(text, 1)), SLICE("\"log\""));
}

static bool find_envelope(struct frame *frame, const struct line *line, struct piece *out)
{
    enum envelope found = ENVELOPE_AUTO;
    if (line->text.len > 0 && line->text.data[0] != '{' && read_cri(frame, line, out)) {
        found = ENVELOPE_CRI;
    } else if (may_be_docker(line->text) && read_docker(frame, line, out)) {
        found = ENVELOPE_DOCKER;
    }
    if (found == ENVELOPE_AUTO) {
        return false;
    }
    frame->envelope = found;
    frame->is_found = true;
    return true;
}

static bool read_envelope(struct frame *frame, const struct line *line, struct piece *out)
{
    switch (frame->envelope) {
    case ENVELOPE_CRI:
        if (read_cri(frame, line, out)) {
            return true;
        }
        return frame->is_found && find_envelope(frame, line, out);
    case ENVELOPE_DOCKER:
        if (read_docker(frame, line, out)) {
            return true;
        }
        return frame->is_found && find_envelope(frame, line, out);
    case ENVELOPE_AUTO:
        return find_envelope(frame, line, out);
    case ENVELOPE_PLAIN:
        break;
    }
    return false;
}

static void read_piece(struct frame *frame, const struct line *line, struct piece *out)
{
    if (line->is_piece && frame->split.is_active) {
        *out = frame->split.header;
        out->text = line->text;
        return;
    }
    if (read_envelope(frame, line, out)) {
        return;
    }
    *out = (struct piece){.text = line->text};
    out->malformed = frame->envelope == ENVELOPE_CRI || frame->envelope == ENVELOPE_DOCKER;
    counters_add(frame->counters, C_FRAME_MALFORMED, out->malformed ? 1 : 0);
}

/* Remember the envelope for the pieces to come of this line, forget it behind the last one. */
static void follow_split(struct frame *frame, const struct line *line, const struct piece *piece)
{
    struct split *split = &frame->split;
    bool is_begun = split->is_active && line->is_piece;
    bool goes_on = line->is_cut && frame->splits_lines;
    if (goes_on && !is_begun) {
        split->header = *piece;
        split->begin = line->begin;
    }
    split->is_active = goes_on;
}

/* Where the line begins whose envelope this piece needs. */
static struct position begin_of(const struct frame *frame, const struct line *line)
{
    return line->is_piece && frame->split.header.has_envelope ? frame->split.begin : line->begin;
}

/* What may be promised with the record that goes out now. A line that is still split goes by its
 * beginning, as its later pieces mean nothing without its envelope. */
static struct position safe_position(const struct frame *frame)
{
    struct position safe = frame->end;
    if (frame->is_held) {
        safe = begin_of(frame, &frame->held->line);
    } else if (frame->split.is_active && frame->split.header.has_envelope) {
        safe = frame->split.begin;
    }
    for (size_t i = 0; frame->waiting > 0 && i < IOSTREAMS; i++) {
        const struct partial *partial = &frame->partials[i];
        if (partial->is_waiting && position_is_before(partial->begin, safe)) {
            safe = partial->begin;
        }
    }
    return safe;
}

static void describe(const struct frame *frame, const struct line *line,
                     const struct piece *piece, struct framed *out)
{
    *out = (struct framed){
        .line = piece->text,
        .begin = begin_of(frame, line),
        .source = line->source,
        .runtime_time_ns = piece->time_ns,
        .file_hash = line->file_hash,
        .offset = line->begin.offset,
        .read_ns = line->read_ns,
        .steady_ns = line->steady_ns,
        .iostream = piece->iostream,
        .malformed = piece->malformed,
    };
}

/* The waiting record, as far as it has come. `goes_on`: more of the same line will come. */
static void give_partial(struct frame *frame, struct partial *partial, bool goes_on,
                         struct framed *out)
{
    *out = *partial->first;
    out->line = buf_slice(&partial->text);
    out->truncated = partial->is_rest || goes_on;
    partial->is_rest = goes_on;
    partial->is_waiting = false;
    frame->waiting--;
    frame->spent = partial;
}

static void begin_partial(struct frame *frame, struct partial *partial, const struct line *line,
                          const struct piece *piece)
{
    if (partial->first == NULL) {
        partial->first = mem_alloc(sizeof(*partial->first));
    }
    describe(frame, line, piece, partial->first);
    partial->begin = partial->first->begin;
    partial->is_waiting = true;
    partial->pieces = 0;
    frame->waiting++;
}

static void add_to_partial(struct partial *partial, const struct line *line,
                           const struct piece *piece)
{
    ENSURE(buf_append_slice(&partial->text, piece->text));
    partial->touched_ns = line->steady_ns;
    partial->pieces += piece->is_partial ? 1 : 0;
}

/* Restart count of the container, by what its path told. */
static int64_t run_of(const struct source *source)
{
    const struct attribute *count = source_get(source, "k8s.container.restart_count");
    return count != NULL && count->is_int ? count->number : -1;
}

bool frame_is_other_run(const struct source *one, const struct source *other)
{
    return one != other && one != NULL && other != NULL && run_of(one) != run_of(other);
}

/* A piece for which the waiting record has no place makes it go, and is held back. */
static bool must_give_way(struct frame *frame, struct partial *partial, const struct line *line,
                          const struct piece *piece, struct framed *out)
{
    bool is_other = frame_is_other_run(partial->first->source, line->source);
    if (!is_other && piece->text.len <= frame->record_bytes_max - partial->text.len) {
        return false;
    }
    counters_add(frame->counters, is_other ? C_PARTIALS_TIMED_OUT : C_RECORDS_CUT, 1);
    frame->is_held = true;
    if (frame->held == NULL) {
        frame->held = mem_alloc(sizeof(*frame->held));
    }
    *frame->held = (struct held){*piece, *line};
    give_partial(frame, partial, !is_other, out);
    out->truncated = true;
    out->safe = safe_position(frame);
    return true;
}

/* No record waits: the piece is one by itself, or begins to wait. */
static enum frame_verdict accept_first(struct frame *frame, struct partial *partial,
                                       const struct line *line, const struct piece *piece,
                                       struct framed *out)
{
    bool is_too_long = piece->is_partial && piece->text.len > frame->record_bytes_max;
    if (piece->is_partial && !line->is_cut && !is_too_long) {
        begin_partial(frame, partial, line, piece);
        add_to_partial(partial, line, piece);
        return FRAME_PENDING;
    }
    counters_add(frame->counters, C_RECORDS_CUT, is_too_long ? 1 : 0);
    describe(frame, line, piece, out);
    out->truncated = line->is_cut || line->is_piece || is_too_long || partial->is_rest;
    out->safe = safe_position(frame);
    partial->is_rest = piece->is_partial && (is_too_long || line->is_cut || line->is_piece);
    return FRAME_RECORD;
}

static enum frame_verdict accept(struct frame *frame, const struct line *line,
                                 const struct piece *piece, struct framed *out)
{
    struct partial *partial = &frame->partials[piece->iostream];
    if (!partial->is_waiting) {
        return accept_first(frame, partial, line, piece, out);
    }
    if (must_give_way(frame, partial, line, piece, out)) {
        return FRAME_RECORD;
    }
    add_to_partial(partial, line, piece);
    if (piece->is_partial && !line->is_cut) {
        return FRAME_PENDING;
    }
    counters_add(frame->counters, C_PARTIALS_JOINED, partial->pieces);
    give_partial(frame, partial, line->is_cut, out);
    out->safe = safe_position(frame);
    return FRAME_RECORD;
}

/* The record that the last call gave out has been used. */
static void reuse_spent(struct frame *frame)
{
    struct partial *spent = frame->spent;
    frame->spent = NULL;
    if (spent == NULL) {
        return;
    }
    if (spent->text.cap > SPENT_BYTES_KEPT) {
        buf_fini(&spent->text);
        buf_init(&spent->text, frame->record_bytes_max);
    }
    buf_clear(&spent->text);
}

enum frame_verdict frame_push(struct frame *frame, const struct line *line, struct framed *out)
{
    ENSURE(!frame->is_held);
    struct piece piece;
    reuse_spent(frame);
    frame->end = line->end;
    read_piece(frame, line, &piece);
    follow_split(frame, line, &piece);
    return accept(frame, line, &piece, out);
}

enum frame_verdict frame_next(struct frame *frame, struct framed *out)
{
    if (!frame->is_held) {
        return FRAME_PENDING;
    }
    reuse_spent(frame);
    frame->is_held = false;
    return accept(frame, &frame->held->line, &frame->held->piece, out);
}

bool frame_flush(struct frame *frame, uint64_t deadline_ns, struct framed *out)
{
    struct partial *oldest = NULL;
    reuse_spent(frame);
    for (size_t i = 0; frame->waiting > 0 && i < IOSTREAMS; i++) {
        struct partial *partial = &frame->partials[i];
        bool is_due = partial->is_waiting && partial->touched_ns < deadline_ns;
        if (is_due && (oldest == NULL || position_is_before(partial->begin, oldest->begin))) {
            oldest = partial;
        }
    }
    if (oldest == NULL) {
        return false;
    }
    counters_add(frame->counters, C_PARTIALS_TIMED_OUT, 1);
    give_partial(frame, oldest, false, out);
    out->truncated = true;
    out->safe = safe_position(frame);
    return true;
}

bool frame_is_pending(const struct frame *frame)
{
    return frame->waiting > 0;
}

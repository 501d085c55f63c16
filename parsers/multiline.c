/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/multiline.h"

#include <stdlib.h>
#include "base/buf.h"
#include "base/mem.h"

/*
 * A group holds the bytes of its lines with newlines between them. The lines that were taken maybe
 * are its tail, and what each of them was is kept beside, to be tried again as a line of its own.
 *
 * With `attach` every line opens a group, so that a trace may follow it; such a group is in no
 * machine yet.
 *
 * What has to be done again lies in `replay`: the tail of the group that went, a copy, since the
 * group's bytes are in the hands of the caller; behind it comes the line that made the group go. A
 * line of the replay may make a group go itself, whose tail can only be of lines just before it: so
 * the replay is put back to the first of those.
 */

enum {
    IOSTREAMS = IOSTREAM_STDERR + 1,
    SPENT_BYTES_KEPT = 64 * 1024, /* a larger buffer is given back once its record is out */
};

/* A line that was taken maybe. */
struct tail_line {
    struct framed framed; /* without its text */
    size_t begin;         /* in the group's bytes, or in the replay's */
    size_t len;
};

struct tail {
    struct tail_line lines[MULTILINE_MAYBE_MAX];
    unsigned count;
};

struct group {
    struct buf text;
    struct framed first;
    size_t first_len;     /* of the first line … */
    size_t certain_len;   /* … and up to the last one taken for certain */
    uint64_t lines;
    uint64_t certain_lines;
    uint64_t touched_ns;  /* when its last line was read, steady … */
    uint64_t written_ns;  /* … and written, as the runtime says */
    multiline_states states;
    struct tail *tail; /* made when it is first needed */
    bool is_waiting;
    bool may_have_trace;  /* a trace that begins now belongs to it: see `attach` */
    bool is_rest;         /* of a record that was cut */
};

struct multiline {
    const struct multiline_settings *settings;
    const struct multiline_rules *rules;
    struct counters *counters;
    struct group groups[IOSTREAMS];
    unsigned waiting; /* how many of them do */
    struct group *spent; /* its bytes were given out by the last call */
    struct buf replay_text;
    struct tail *replay; /* made when it is first needed */
    unsigned replay_at;
    bool is_replay_line; /* the line that is being taken is of the replay */
    bool is_held;
    struct framed held;
    struct position safe; /* of what the frame gave last */
};

struct multiline *multiline_new(const struct multiline_settings *settings,
                                const struct multiline_rules *rules, struct counters *counters)
{
    struct multiline *multiline = mem_alloc(sizeof(*multiline));
    multiline->settings = settings;
    multiline->rules = rules;
    multiline->counters = counters;
    buf_init(&multiline->replay_text, settings->bytes_max);
    for (size_t i = 0; i < IOSTREAMS; i++) {
        buf_init(&multiline->groups[i].text, settings->bytes_max);
    }
    return multiline;
}

void multiline_use(struct multiline *multiline, const struct multiline_settings *settings,
                   const struct multiline_rules *former, const struct multiline_rules *rules)
{
    multiline->settings = settings;
    multiline->rules = multiline->rules == former ? rules : multiline->rules;
}

void multiline_free(struct multiline *multiline)
{
    if (multiline == NULL) {
        return;
    }
    for (size_t i = 0; i < IOSTREAMS; i++) {
        buf_fini(&multiline->groups[i].text);
        free(multiline->groups[i].tail);
    }
    buf_fini(&multiline->replay_text);
    free(multiline->replay);
    free(multiline);
}

static bool is_replaying(const struct multiline *multiline)
{
    return multiline->replay != NULL && multiline->replay_at < multiline->replay->count;
}

static unsigned tail_count(const struct group *group)
{
    return group->tail != NULL ? group->tail->count : 0;
}

static void forget_tail(struct group *group)
{
    if (group->tail != NULL) {
        group->tail->count = 0;
    }
}

/* ---- what may be promised ---- */

static void lower(struct position *safe, struct position other)
{
    if (position_is_before(other, *safe)) {
        *safe = other;
    }
}

static struct position safe_position(const struct multiline *multiline)
{
    struct position safe = multiline->safe;
    if (multiline->is_held) {
        lower(&safe, multiline->held.begin);
    }
    if (is_replaying(multiline)) {
        lower(&safe, multiline->replay->lines[multiline->replay_at].framed.begin);
    }
    for (size_t i = 0; multiline->waiting > 0 && i < IOSTREAMS; i++) {
        if (multiline->groups[i].is_waiting) {
            lower(&safe, multiline->groups[i].first.begin);
        }
    }
    return safe;
}

/* ---- a group's life ---- */

static bool fits(const struct multiline *multiline, size_t len)
{
    return len <= multiline->settings->bytes_max;
}

static void open_group(struct multiline *multiline, struct group *group,
                       const struct framed *framed, multiline_states states)
{
    buf_clear(&group->text);
    ENSURE(buf_append_slice(&group->text, framed->line));
    group->first = *framed;
    group->first.truncated = framed->truncated || group->is_rest;
    group->first_len = group->certain_len = framed->line.len;
    group->lines = group->certain_lines = 1;
    group->touched_ns = framed->steady_ns;
    group->written_ns = framed->runtime_time_ns;
    group->states = states;
    forget_tail(group);
    group->is_waiting = true;
    group->may_have_trace = multiline->settings->attach;
    group->is_rest = false;
    multiline->waiting++;
}

static void note_tail(struct group *group, const struct framed *framed)
{
    if (group->tail == NULL) {
        group->tail = mem_alloc(sizeof(*group->tail));
    }
    struct tail_line *line = &group->tail->lines[group->tail->count++];
    line->framed = *framed;
    line->begin = group->text.len - framed->line.len;
    line->len = framed->line.len;
}

static void add_line(struct group *group, const struct framed *framed, multiline_states states,
                     bool is_maybe)
{
    ENSURE(buf_append(&group->text, "\n", 1) && buf_append_slice(&group->text, framed->line));
    group->lines++;
    group->touched_ns = framed->steady_ns;
    group->written_ns = framed->runtime_time_ns;
    group->states = states;
    group->may_have_trace = false;
    if (is_maybe) {
        note_tail(group, framed);
    } else {
        group->certain_len = group->text.len;
        group->certain_lines = group->lines;
        forget_tail(group);
    }
}

/* The tail of the group that goes is to be tried again. */
static void replay_tail(struct multiline *multiline, const struct group *group)
{
    unsigned count = tail_count(group);
    if (multiline->replay == NULL) {
        multiline->replay = mem_alloc(sizeof(*multiline->replay));
    }
    size_t begin = group->tail->lines[0].begin;
    buf_clear(&multiline->replay_text);
    ENSURE(buf_append(&multiline->replay_text, group->text.data + begin, group->text.len - begin));
    *multiline->replay = *group->tail;
    multiline->replay_at = 0;
    for (unsigned i = 0; i < count; i++) {
        multiline->replay->lines[i].begin -= begin;
    }
}

/* The record goes, as far as it is certain. */
static void give(struct multiline *multiline, struct group *group, struct framed *out)
{
    if (multiline->is_replay_line) { /* the tail is of the replay */
        multiline->replay_at -= tail_count(group);
    } else if (tail_count(group) > 0) {
        replay_tail(multiline, group);
    }
    *out = group->first;
    out->line = slice_make(group->text.data, group->first_len);
    out->more = slice_make(group->text.data != NULL ? group->text.data + group->first_len : NULL,
                           group->certain_len - group->first_len);
    out->more_name = multiline->settings->attribute;
    group->is_waiting = false;
    multiline->waiting--;
    multiline->spent = group;
    out->safe = safe_position(multiline);
    if (group->certain_lines > 1) {
        counters_add(multiline->counters, C_MULTILINE_RECORDS, 1);
        counters_add(multiline->counters, C_MULTILINE_LINES, group->certain_lines);
    }
}

/* ---- a line ---- */

/* The container that left the group is gone, or the line comes too late. */
static bool is_over(const struct multiline *multiline, const struct group *group,
                    const struct framed *framed)
{
    uint64_t timeout_ns = multiline->settings->timeout_ms * 1000000u;
    bool is_late = group->written_ns != 0 && framed->runtime_time_ns > group->written_ns &&
                   framed->runtime_time_ns - group->written_ns > timeout_ns;
    return is_late || frame_is_other_run(group->first.source, framed->source);
}

static bool has_room(const struct multiline *multiline, const struct group *group,
                     const struct framed *framed, bool is_maybe)
{
    return group->lines < multiline->settings->lines_max &&
           fits(multiline, group->text.len + 1 + framed->line.len) &&
           (!is_maybe || tail_count(group) < MULTILINE_MAYBE_MAX);
}

/* What becomes of a line while a group waits. 0: it does not belong to it. */
static multiline_states find_next(const struct multiline *multiline, const struct group *group,
                                  const struct framed *framed, bool *out_maybe)
{
    const struct multiline_rules *rules = multiline->rules;
    multiline_states next = multiline_rules_next(rules, group->states, framed->line, out_maybe);
    if (group->may_have_trace) {
        bool is_maybe;
        multiline_states begun = multiline_rules_start(rules, framed->line, true, &is_maybe);
        *out_maybe = *out_maybe && (begun == 0 || is_maybe);
        next |= begun;
    }
    return next;
}

/* The line is to be taken again, once the group that stands in its way has gone. */
static void hold(struct multiline *multiline, const struct framed *framed)
{
    if (multiline->is_replay_line) {
        multiline->replay_at--;
    } else {
        multiline->held = *framed;
        multiline->is_held = true;
    }
}

static enum frame_verdict begin_record(struct multiline *multiline, struct group *group,
                                       struct framed *framed)
{
    bool is_maybe;
    bool is_rest = group->is_rest;
    bool is_whole = !framed->truncated && !framed->malformed && fits(multiline, framed->line.len);
    multiline_states states = 0;
    if (is_whole) {
        states = is_rest ? group->states
                         : multiline_rules_start(multiline->rules, framed->line, false, &is_maybe);
    }
    if (is_whole && (multiline->settings->attach ||
                     multiline_rules_may_go_on(multiline->rules, states))) {
        open_group(multiline, group, framed, states);
        return FRAME_PENDING;
    }
    framed->truncated = framed->truncated || is_rest;
    group->is_rest = false;
    framed->safe = safe_position(multiline);
    return FRAME_RECORD;
}

/* The line belongs to the record, but that has grown to its limit: it goes, and the line begins a
 * further one, of what is left of it. */
static enum frame_verdict cut(struct multiline *multiline, struct group *group,
                              multiline_states states, struct framed *framed)
{
    counters_add(multiline->counters, C_MULTILINE_CUT, 1);
    group->certain_len = group->text.len;
    group->certain_lines = group->lines;
    forget_tail(group);
    hold(multiline, framed);
    give(multiline, group, framed);
    framed->truncated = true;
    group->is_rest = true;
    group->states = states;
    return FRAME_RECORD;
}

static enum frame_verdict take(struct multiline *multiline, struct framed *framed)
{
    struct group *group = &multiline->groups[framed->iostream];
    if (!group->is_waiting) {
        return begin_record(multiline, group, framed);
    }
    bool is_maybe = false;
    bool is_piece = framed->truncated || framed->malformed;
    multiline_states next = is_piece || is_over(multiline, group, framed)
                                ? 0
                                : find_next(multiline, group, framed, &is_maybe);
    bool is_full = !has_room(multiline, group, framed, is_maybe);
    if (next != 0 && is_full && !is_maybe) {
        return cut(multiline, group, next, framed);
    }
    if (next == 0 || is_full) {
        hold(multiline, framed);
        give(multiline, group, framed);
        return FRAME_RECORD;
    }
    add_line(group, framed, next, is_maybe);
    if (multiline_rules_may_go_on(multiline->rules, next)) {
        return FRAME_PENDING;
    }
    give(multiline, group, framed);
    return FRAME_RECORD;
}

/* The record that the last call gave out has been used. */
static void reuse_spent(struct multiline *multiline)
{
    struct group *spent = multiline->spent;
    multiline->spent = NULL;
    if (spent != NULL && spent->text.cap > SPENT_BYTES_KEPT) {
        buf_fini(&spent->text);
        buf_init(&spent->text, multiline->settings->bytes_max);
    }
}

enum frame_verdict multiline_push(struct multiline *multiline, struct framed *framed)
{
    ENSURE(!multiline->is_held && !is_replaying(multiline));
    reuse_spent(multiline);
    multiline->safe = framed->safe;
    return take(multiline, framed);
}

static enum frame_verdict replay_line(struct multiline *multiline, struct framed *out)
{
    const struct tail_line *line = &multiline->replay->lines[multiline->replay_at++];
    *out = line->framed;
    out->line = slice_make(multiline->replay_text.data + line->begin, line->len);
    multiline->is_replay_line = true;
    enum frame_verdict verdict = take(multiline, out);
    multiline->is_replay_line = false;
    return verdict;
}

enum frame_verdict multiline_next(struct multiline *multiline, struct framed *out)
{
    reuse_spent(multiline);
    while (is_replaying(multiline)) {
        if (replay_line(multiline, out) == FRAME_RECORD) {
            return FRAME_RECORD;
        }
    }
    if (!multiline->is_held) {
        return FRAME_PENDING;
    }
    multiline->is_held = false;
    *out = multiline->held;
    return take(multiline, out);
}

bool multiline_flush(struct multiline *multiline, uint64_t deadline_ns, struct framed *out)
{
    struct group *oldest = NULL;
    ENSURE(!multiline->is_held && !is_replaying(multiline));
    reuse_spent(multiline);
    for (size_t i = 0; multiline->waiting > 0 && i < IOSTREAMS; i++) {
        struct group *group = &multiline->groups[i];
        bool is_due = group->is_waiting && group->touched_ns < deadline_ns;
        if (is_due && (oldest == NULL ||
                       position_is_before(group->first.begin, oldest->first.begin))) {
            oldest = group;
        }
    }
    if (oldest == NULL) {
        return false;
    }
    counters_add(multiline->counters, C_MULTILINE_TIMED_OUT, oldest->certain_lines > 1 ? 1 : 0);
    give(multiline, oldest, out);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/assembler.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "parsers/multiline.h"

/* Without rules there is no second stage, and it costs nothing but to see that. */
struct assembler {
    const struct input_settings *settings;
    struct frame *frame;
    struct multiline *multiline; /* NULL: lines are not joined */
};

struct assembler *assembler_new(const struct input_settings *settings,
                                const struct multiline_rules *rules, struct counters *counters)
{
    struct assembler *assembler = mem_alloc(sizeof(*assembler));
    assembler->settings = settings;
    assembler->frame = frame_new(settings, counters);
    if (rules != NULL) {
        assembler->multiline = multiline_new(&settings->multiline, rules, counters);
    }
    return assembler;
}

void assembler_free(struct assembler *assembler)
{
    if (assembler != NULL) {
        multiline_free(assembler->multiline);
        frame_free(assembler->frame);
        free(assembler);
    }
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_list(const struct string_list *a, const struct string_list *b)
{
    bool is_same = a->count == b->count;
    for (size_t i = 0; is_same && i < a->count; i++) {
        is_same = strcmp(a->items[i], b->items[i]) == 0;
    }
    return is_same;
}

/* Time-outs may be others: they are looked up each time. */
static bool makes_same_records(const struct input_settings *a, const struct input_settings *b)
{
    return a->envelope == b->envelope && a->long_line == b->long_line &&
           a->line_bytes_max == b->line_bytes_max && a->record_bytes_max == b->record_bytes_max &&
           is_same_list(&a->multiline.rules, &b->multiline.rules) &&
           a->multiline.bytes_max == b->multiline.bytes_max &&
           a->multiline.lines_max == b->multiline.lines_max &&
           a->multiline.attach == b->multiline.attach &&
           is_same_text(a->multiline.attribute, b->multiline.attribute);
}

bool assembler_use(struct assembler *assembler, const struct input_settings *settings,
                   const struct multiline_rules *former, const struct multiline_rules *rules)
{
    if (!makes_same_records(assembler->settings, settings)) {
        return false;
    }
    assembler->settings = settings;
    if (assembler->multiline != NULL) {
        multiline_use(assembler->multiline, &settings->multiline, former, rules);
    }
    return true;
}

/* What the frame has given goes on to the second stage, until that gives something. */
static enum frame_verdict join(struct assembler *assembler, enum frame_verdict verdict,
                               struct framed *out)
{
    while (verdict == FRAME_RECORD && multiline_push(assembler->multiline, out) != FRAME_RECORD) {
        verdict = frame_next(assembler->frame, out);
    }
    return verdict;
}

enum frame_verdict assembler_push(struct assembler *assembler, const struct line *line,
                                  struct framed *out)
{
    enum frame_verdict verdict = frame_push(assembler->frame, line, out);
    return assembler->multiline == NULL ? verdict : join(assembler, verdict, out);
}

enum frame_verdict assembler_next(struct assembler *assembler, struct framed *out)
{
    if (assembler->multiline == NULL) {
        return frame_next(assembler->frame, out);
    }
    if (multiline_next(assembler->multiline, out) == FRAME_RECORD) {
        return FRAME_RECORD;
    }
    return join(assembler, frame_next(assembler->frame, out), out);
}

static uint64_t deadline_of(uint64_t now_ns, uint64_t wait_ms)
{
    uint64_t wait_ns = wait_ms * UINT64_C(1000000);
    return now_ns == UINT64_MAX ? now_ns : now_ns > wait_ns ? now_ns - wait_ns : 0;
}

bool assembler_flush(struct assembler *assembler, uint64_t now_ns, struct framed *out)
{
    const struct input_settings *settings = assembler->settings;
    uint64_t deadline_ns = deadline_of(now_ns, settings->partial_timeout_ms);
    while (frame_flush(assembler->frame, deadline_ns, out)) {
        if (assembler->multiline == NULL ||
            multiline_push(assembler->multiline, out) == FRAME_RECORD) {
            return true;
        }
    }
    /* A line that has come in part may well belong to a record that waits. */
    return assembler->multiline != NULL && !frame_is_pending(assembler->frame) &&
           multiline_flush(assembler->multiline,
                           deadline_of(now_ns, settings->multiline.timeout_ms), out);
}

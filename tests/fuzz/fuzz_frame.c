/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "parsers/frame.h"

/*
 * A whole file through the frame stage, CRI and Docker lines as the input has them. The first byte
 * sets the limits. What has to hold for any bytes: `safe` never goes back, never passes what was
 * pushed, and reaches its end once nothing waits any more.
 */

enum { LINE_MAX_BYTES = 4096 };

struct walk {
    struct frame *frame;
    struct position end;
    struct position safe;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct walk *walk, const struct framed *out)
{
    ENSURE(!position_is_before(out->safe, walk->safe));
    ENSURE(!position_is_before(walk->end, out->safe));
    walk->safe = out->safe;
}

static void push(struct walk *walk, struct slice text, bool is_piece, bool is_cut)
{
    struct line line = {.text = text, .begin = walk->end, .is_piece = is_piece, .is_cut = is_cut};
    struct framed out;
    walk->end.offset += text.len + 1;
    line.end = walk->end;
    line.read_ns = walk->end.offset;
    line.steady_ns = walk->end.offset;
    enum frame_verdict verdict = frame_push(walk->frame, &line, &out);
    for (; verdict == FRAME_RECORD; verdict = frame_next(walk->frame, &out)) {
        check(walk, &out);
    }
}

static void push_all(struct walk *walk, struct slice rest)
{
    bool is_piece = false;
    while (rest.len > 0) {
        const char *newline = memchr(rest.data, '\n', rest.len);
        size_t len = newline != NULL ? (size_t)(newline - rest.data) : rest.len;
        bool is_cut = len > LINE_MAX_BYTES;
        len = is_cut ? LINE_MAX_BYTES : len;
        push(walk, slice_make(rest.data, len), is_piece, is_cut);
        rest = slice_skip(rest, is_cut ? len : len + 1);
        is_piece = is_cut;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct input_settings settings = {.envelope = (enum envelope)(data[0] & 3),
                                      .long_line = LONG_LINE_SPLIT,
                                      .line_bytes_max = LINE_MAX_BYTES,
                                      .record_bytes_max = 1 + (data[0] >> 2)};
    struct counters counters = {0};
    struct walk walk = {.frame = frame_new(&settings, &counters), .end = {1, 0}};
    struct framed out;
    push_all(&walk, slice_make((const char *)data + 1, size - 1));
    while (frame_flush(walk.frame, UINT64_MAX, &out)) {
        check(&walk, &out);
    }
    ENSURE(!frame_is_pending(walk.frame));
    frame_free(walk.frame);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "input/chunk.h"

#include "base/clock.h"
#include "base/mem.h"

enum {
    LENGTH_DIGITS_MAX = 9,
    LENGTH_BYTES_MAX = LENGTH_DIGITS_MAX + 1, /* a blank follows */
};

/* What is next in the buffer. */
struct next {
    size_t text;  /* where the line begins … */
    size_t len;   /* … its bytes … */
    size_t taken; /* … and all that goes with it; 0: it is not whole yet */
    bool is_cut;
    bool is_unterminated;
};

void chunk_init(struct chunk *chunk, const struct input_settings *settings,
                const struct line_sink *sink, struct counters *counters, struct source *source)
{
    *chunk = (struct chunk){.settings = settings, .sink = sink, .counters = counters,
                            .source = source};
    if (source->default_service == NULL && settings->service != NULL) {
        source->default_service = mem_string(settings->service);
    }
    buf_init(&chunk->buf, settings->line_bytes_max + LENGTH_BYTES_MAX + CHUNK_READ_BYTES);
}

void chunk_fini(struct chunk *chunk)
{
    chunk->sink->gone(chunk->sink->context, &chunk->stream);
    buf_fini(&chunk->buf);
    source_free(chunk->source);
}

char *chunk_room(struct chunk *chunk)
{
    return buf_reserve(&chunk->buf, CHUNK_READ_BYTES) ? chunk->buf.data + chunk->buf.len : NULL;
}

void chunk_add(struct chunk *chunk, size_t len)
{
    chunk->buf.len += len;
    counters_add(chunk->counters, C_BYTES_READ, len);
}

bool chunk_add_message(struct chunk *chunk, struct slice message)
{
    size_t len = chunk->buf.len;
    bool fits = message.len == 0 || (buf_append_format(&chunk->buf, "%zu ", message.len) &&
                                     buf_append_slice(&chunk->buf, message));
    chunk->buf.len = fits ? chunk->buf.len : len;
    counters_add(chunk->counters, C_BYTES_READ, fits ? message.len : 0);
    return fits;
}

bool chunk_is_empty(const struct chunk *chunk)
{
    return chunk->buf.len == 0;
}

/* RFC 6587 3.4.1: `83 <34>1 …`. False if it is not that; `next->taken` 0 if more has to come. */
static bool find_counted(const struct chunk *chunk, struct slice rest, struct next *next)
{
    size_t len = 0;
    size_t i = 0;
    if (rest.data[0] < '1' || rest.data[0] > '9') {
        return false;
    }
    for (; i < rest.len && i < LENGTH_DIGITS_MAX && rest.data[i] >= '0' && rest.data[i] <= '9'; i++) {
        len = len * 10 + (size_t)(rest.data[i] - '0');
    }
    if (i == rest.len) {
        return true; /* more digits may come */
    }
    bool is_message = chunk->holds_messages || i + 1 == rest.len || rest.data[i + 1] == '<';
    if (rest.data[i] != ' ' || !is_message ||
        len > chunk->settings->line_bytes_max) {
        return false;
    }
    if (i + 1 + len <= rest.len) {
        *next = (struct next){.text = i + 1, .len = len, .taken = i + 1 + len};
    }
    return true;
}

static struct next find_next(const struct chunk *chunk, struct slice rest, bool is_end)
{
    struct next next = {0};
    size_t max = chunk->settings->line_bytes_max;
    bool may_be_counted = chunk->counts_octets && !chunk->is_mid_line;
    if (may_be_counted && find_counted(chunk, rest, &next) && (next.taken > 0 || !is_end)) {
        return next;
    }
    const char *newline = memchr(rest.data, '\n', rest.len);
    size_t len = newline != NULL ? (size_t)(newline - rest.data) : rest.len;
    if (len > max) {
        return (struct next){.len = max, .taken = max, .is_cut = true};
    }
    if (newline != NULL) {
        return (struct next){.len = len, .taken = len + 1};
    }
    return is_end ? (struct next){.len = len, .taken = len, .is_unterminated = true} : next;
}

static struct slice without_end(struct slice text)
{
    while (text.len > 0 && (text.data[text.len - 1] == '\r' || text.data[text.len - 1] == '\n')) {
        text.len--;
    }
    return text;
}

static bool offer(struct chunk *chunk, struct slice text, uint64_t offset, const struct next *next)
{
    const struct line line = {
        .stream = &chunk->stream,
        .source = chunk->source,
        .text = next->is_cut ? text : without_end(text),
        .begin = {1, offset},
        .end = {1, offset + next->taken},
        .read_ns = clock_realtime_ns(),
        .steady_ns = clock_monotonic_ns(),
        .is_piece = chunk->is_mid_line,
        .is_cut = next->is_cut,
        .is_unterminated = next->is_unterminated,
    };
    if (chunk->sink->line(chunk->sink->context, &line) != LINE_TAKEN) {
        return false;
    }
    counters_add(chunk->counters, C_LINES_READ, 1);
    return true;
}

/* False: no room. */
static bool give_one(struct chunk *chunk, struct slice rest, size_t at, const struct next *next)
{
    struct slice text = slice_make(rest.data + next->text, next->len);
    bool is_needless = chunk->is_skipping || (chunk->is_mid_line && next->len == 0);
    if (!is_needless && !offer(chunk, text, chunk->offset + at, next)) {
        return false;
    }
    if (next->is_cut && !chunk->is_mid_line) {
        bool splits = chunk->settings->long_line == LONG_LINE_SPLIT;
        counters_add(chunk->counters, splits ? C_LINES_SPLIT : C_LINES_TRUNCATED, 1);
        chunk->is_skipping = !splits;
    }
    chunk->is_mid_line = next->is_cut;
    chunk->is_skipping = chunk->is_skipping && next->is_cut;
    return true;
}

bool chunk_give(struct chunk *chunk, bool is_end)
{
    struct buf *buf = &chunk->buf;
    size_t at = 0;
    bool has_room = true;
    while (at < buf->len) {
        struct slice rest = slice_skip(buf_slice(buf), at);
        struct next next = find_next(chunk, rest, is_end);
        if (next.taken == 0) {
            break;
        }
        has_room = give_one(chunk, rest, at, &next);
        if (!has_room) {
            break;
        }
        at += next.taken;
    }
    if (at > 0) {
        memmove(buf->data, buf->data + at, buf->len - at);
        buf->len -= at;
        chunk->offset += at;
    }
    return has_room;
}

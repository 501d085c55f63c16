/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <errno.h>
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"

/*
 * Bytes to lines.
 *
 * There is one buffer for all files and nothing is kept in it: a read begins at the generation's
 * offset, and what was not taken, because the line has no end yet or the sink no room, is read again
 * at the next turn from the page cache. So 5,000 files need no 5,000 buffers, and the place to go on
 * is a number.
 *
 * Each read begins GUARD_BYTES before the offset. If those are not what was there before, the file
 * was cut or written anew in between; this costs no further system call.
 *
 * A line longer than a turn is read again for each further part that is written of it; so that this
 * stays linear, bytes that are known to hold no newline are searched only once (`searched`).
 */

enum {
    SEARCHED_MIN = 64 * 1024, /* shorter rests are just read again */
    NAME_BYTES = 64,          /* of the first line, for file_hash: CRI lines begin with a time in ns */
    ZEROES_MIN = 512,         /* at the beginning of a file: fewer are bytes like others */
};

size_t reader_buffer_bytes(const struct input_settings *settings)
{
    uint64_t line = settings->line_bytes_max + 1;
    return GUARD_BYTES + (size_t)(line > settings->read_bytes ? line : settings->read_bytes);
}

/* ---- giving lines to the sink ---- */

struct turn_state {
    struct generation *generation;
    const struct line_sink *sink;
    struct counters *counters;
    size_t line_bytes_max;
    bool truncates;
    bool is_held; /* the sink does not want the next line yet … */
    bool is_full; /* … or has no room for it, but perhaps for other streams' */
    uint64_t read_ns;
    uint64_t steady_ns;
    uint64_t offset; /* of the next byte to give */
};

static struct turn_state begin_turn(struct generation *generation)
{
    const struct input *input = generation->tail->input;
    return (struct turn_state){
        .generation = generation,
        .sink = input->env.sink,
        .counters = input->env.counters,
        .line_bytes_max = (size_t)input->settings->line_bytes_max,
        .truncates = input->settings->long_line == LONG_LINE_TRUNCATE,
        .read_ns = world_realtime_ns(input->env.world),
        .steady_ns = world_monotonic_ns(input->env.world),
        .offset = generation->offset,
    };
}

/* `taken` bytes of the file are this line, with its newline if it has one. */
static bool give(struct turn_state *turn, struct slice text, size_t taken, bool is_cut,
                 bool is_unterminated)
{
    struct generation *generation = turn->generation;
    const struct line line = {
        .stream = &generation->tail->stream,
        .source = generation->source,
        .text = text,
        .begin = {generation->number, turn->offset},
        .end = {generation->number, turn->offset + taken},
        .file_hash = generation->hash,
        .read_ns = turn->read_ns,
        .steady_ns = turn->steady_ns,
        .behind_bytes = generation_behind(generation, turn->offset + taken),
        .is_piece = generation->is_mid_line,
        .is_cut = is_cut,
        .is_unterminated = is_unterminated,
    };
    enum line_answer answer = turn->sink->line(turn->sink->context, &line);
    if (answer != LINE_TAKEN) {
        turn->is_held = answer == LINE_HELD;
        turn->is_full = answer == LINE_FULL;
        return false;
    }
    turn->offset += taken;
    generation->is_mid_line = is_cut || is_unterminated;
    counters_add(turn->counters, C_LINES_READ, 1);
    return true;
}

/* A line that ends with the newline at data[len]. */
static bool give_whole(struct turn_state *turn, const char *data, size_t len)
{
    struct generation *generation = turn->generation;
    size_t text_len = len > 0 && data[len - 1] == '\r' ? len - 1 : len;
    if (generation->is_skipping || (generation->is_mid_line && text_len == 0)) {
        /* The rest of a truncated line; or the newline of one that was given without it. */
        generation->is_skipping = false;
        generation->is_mid_line = false;
        turn->offset += len + 1;
        return true;
    }
    return give(turn, slice_make(data, text_len), len + 1, false, false);
}

/* Not in the middle of a UTF-8 sequence; data[len] is readable. */
static size_t cut_len(const char *data, size_t len)
{
    size_t cut = len;
    while (cut > 0 && len - cut < 3 && ((unsigned char)data[cut] & 0xC0) == 0x80) {
        cut--;
    }
    return cut > 0 && ((unsigned char)data[cut] & 0xC0) != 0x80 ? cut : len;
}

/* The line at `data` is longer than allowed: give its first piece. */
static bool give_piece(struct turn_state *turn, const char *data, size_t *out_taken)
{
    struct generation *generation = turn->generation;
    size_t len = cut_len(data, turn->line_bytes_max);
    *out_taken = len;
    if (generation->is_skipping) {
        turn->offset += len;
        return true;
    }
    bool is_first = !generation->is_mid_line;
    if (!give(turn, slice_make(data, len), len, true, false)) {
        return false;
    }
    if (turn->truncates) {
        generation->is_skipping = true;
        counters_add(turn->counters, C_LINES_TRUNCATED, 1);
    } else {
        counters_add(turn->counters, C_LINES_SPLIT, is_first);
    }
    return true;
}

/* ---- UTF-16 ---- */

/* `len` bytes of UTF-16 and `newline_len` more are one line, or a piece of one. */
static bool give_wide(struct turn_state *turn, const char *data, size_t len, size_t newline_len,
                      bool is_unterminated)
{
    struct generation *generation = turn->generation;
    struct buf *text = &generation->tail->input->converted;
    bool is_cut = newline_len == 0 && !is_unterminated;
    buf_clear(text);
    bool is_right = text_form_append_utf8(generation->form, data, len, text);
    if (!is_cut && text->len > 0 && text->data[text->len - 1] == '\r') {
        text->len--;
    }
    if (generation->is_skipping || (newline_len > 0 && generation->is_mid_line && text->len == 0)) {
        generation->is_skipping = is_cut;
        generation->is_mid_line = generation->is_mid_line && newline_len == 0;
        turn->offset += len + newline_len;
        return true;
    }
    bool is_first = !generation->is_mid_line;
    if (!give(turn, buf_slice(text), len + newline_len, is_cut, is_unterminated)) {
        return false;
    }
    counters_add(turn->counters, C_ENCODING_ERRORS, is_right ? 0 : 1);
    if (is_cut && turn->truncates) {
        generation->is_skipping = true;
        counters_add(turn->counters, C_LINES_TRUNCATED, 1);
    } else if (is_cut) {
        counters_add(turn->counters, C_LINES_SPLIT, is_first);
    }
    return true;
}

static bool give_wide_lines(struct turn_state *turn, const char *data, size_t len)
{
    enum text_form form = turn->generation->form;
    size_t unit = text_form_unit(form);
    const char *end = data + len;
    while (data < end) {
        const char *newline = text_form_find_newline(form, data, (size_t)(end - data));
        size_t line_len = (size_t)((newline != NULL ? newline : end) - data);
        size_t newline_len = unit;
        if (line_len > turn->line_bytes_max) {
            line_len = text_form_cut(form, data, turn->line_bytes_max);
            newline_len = 0;
        } else if (newline == NULL) {
            return true;
        }
        if (!give_wide(turn, data, line_len, newline_len, false)) {
            return false;
        }
        data += line_len + newline_len;
    }
    return true;
}

/* The zeroes at the beginning of a file that was cut (copytruncate) under a writer that goes on at its
 * old place: no part of the first line. How many they are; a few may be the line's own. */
static size_t skip_zeroes(struct generation *generation, const char *data, size_t len)
{
    size_t zeroes = 0;
    while (zeroes < len && data[zeroes] == '\0') {
        zeroes++;
    }
    if (!generation->is_blank && zeroes < ZEROES_MIN) {
        return 0;
    }
    generation->is_blank = zeroes == len;
    return zeroes;
}

/* What is in front of the first line. */
static size_t skip_front(const struct turn_state *turn, const char *data, size_t len)
{
    struct generation *generation = turn->generation;
    size_t mark = turn->offset == 0 ? text_form_bom_len(generation->form, data, len) : 0;
    if (text_form_unit(generation->form) > 1 || (turn->offset > 0 && !generation->is_blank)) {
        return mark;
    }
    return mark + skip_zeroes(generation, data + mark, len - mark);
}

/* Give every line in the bytes, as far as the sink takes them; false if it stopped. */
static bool give_lines(struct turn_state *turn, const char *data, size_t len)
{
    enum text_form form = turn->generation->form;
    size_t front = skip_front(turn, data, len);
    turn->offset += front;
    data += front;
    len -= front;
    if (text_form_unit(form) > 1) {
        return give_wide_lines(turn, data, len);
    }
    const char *end = data + len;
    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        size_t line_len = (size_t)((newline != NULL ? newline : end) - data);
        size_t taken = line_len + 1;
        if (line_len > turn->line_bytes_max) {
            if (!give_piece(turn, data, &taken)) {
                return false;
            }
        } else if (newline == NULL) {
            return true;
        } else if (!give_whole(turn, data, line_len)) {
            return false;
        }
        data += taken;
    }
    return true;
}

/* ---- one turn ---- */

/* The name in log.record.uid: inode and first line, which stay what they are through renames,
 * restarts and growth. A device number may change at a reboot, so it has no part in it. */
void reader_learn_hash(struct generation *generation, uint64_t inode)
{
    char bytes[NAME_BYTES];
    if (generation->is_hash_final) {
        return;
    }
    ssize_t n = generation_read(generation, bytes, sizeof(bytes), 0);
    size_t len = n > 0 ? (size_t)n : 0;
    const char *newline = memchr(bytes, '\n', len);
    generation->is_hash_final = newline != NULL || len == sizeof(bytes);
    len = newline != NULL ? (size_t)(newline - bytes) + 1 : len;
    generation->hash = hash_bytes(bytes, len, inode);
}

static void remember_place(struct generation *generation, const char *begin,
                           const struct turn_state *turn)
{
    uint64_t moved = turn->offset - generation->offset;
    if (moved == 0) {
        return;
    }
    const char *end = begin + generation->guard_len + moved;
    size_t len = (size_t)(end - begin) < GUARD_BYTES ? (size_t)(end - begin) : GUARD_BYTES;
    generation->guard = hash_bytes(end - len, len, 0);
    generation->guard_len = (uint16_t)len;
    generation->offset = turn->offset;
    generation->searched = 0;
    counters_add(turn->counters, C_BYTES_READ, moved);
    generation->tail->last_line_ns = turn->steady_ns;
    generation_grow_identity(generation);
    bool is_unpacked = generation->is_gzip && generation->size != SIZE_UNKNOWN;
    checkpoint_note_size(generation->tail->stream.checkpoint, generation->number,
                         is_unpacked ? generation->size : generation->size_known);
    generation_tell_read(generation);
}

/* Read the part of a long line that was not searched yet. True if the line must still grow. */
static bool is_still_growing(struct generation *generation, enum turn *out_turn)
{
    struct input *input = generation->tail->input;
    uint64_t known = generation->searched;
    if (known < SEARCHED_MIN) {
        return false;
    }
    ssize_t n = generation_read(generation, input->buffer, input->buffer_bytes,
                                generation->offset + known);
    if (n <= 0 || text_form_find_newline(generation->form, input->buffer, (size_t)n) != NULL ||
        known + (uint64_t)n > input->settings->line_bytes_max) {
        generation->searched = 0;
        /* Nothing new is most likely just that; but the file may have been cut, which only a read
         * at the guard tells. It is done once; `searched` is found again by it. */
        return false;
    }
    generation->searched += (uint64_t)n / text_form_unit(generation->form) *
                            text_form_unit(generation->form);
    generation->size = generation->offset + known + (uint64_t)n;
    *out_turn = TURN_END;
    return true;
}

/* Fill the buffer from GUARD_BYTES before the offset: a turn's bytes, or as many as the longest line
 * takes if there is no newline in those. The bytes read, or -errno. */
static ssize_t fill(struct generation *generation, bool *out_is_full)
{
    struct input *input = generation->tail->input;
    size_t guard_len = generation->guard_len;
    uint64_t start = generation->offset - guard_len;
    size_t want = guard_len + (size_t)input->settings->read_bytes;
    want = want < input->buffer_bytes ? want : input->buffer_bytes;
    ssize_t n = generation_read(generation, input->buffer, want, start);
    if (n == (ssize_t)want && want < input->buffer_bytes &&
        text_form_find_newline(generation->form, input->buffer + guard_len, want - guard_len) == NULL) {
        ssize_t more = generation_read(generation, input->buffer + want,
                                       input->buffer_bytes - want, start + want);
        n += more > 0 ? more : 0;
        want = input->buffer_bytes;
    }
    *out_is_full = n == (ssize_t)want;
    return n;
}

/* Nothing of it was read, but how it begins is known, since a copy of it may be. */
static bool begins_as_known(const struct generation *generation, const char *bytes, size_t len,
                            bool is_full)
{
    const struct file_id *id = &generation->id;
    if (id->fingerprint_len > len) {
        /* A short turn cannot tell, nor can what is not yet whole. */
        return generation->is_gzip || (is_full && generation_has_content(generation));
    }
    return id->fingerprint_len == 0 ||
           hash_bytes(bytes, id->fingerprint_len, 0) == id->fingerprint;
}

static enum turn stopped(const struct turn_state *turn)
{
    return turn->is_held ? TURN_HELD : turn->is_full ? TURN_FULL : TURN_BLOCKED;
}

enum turn reader_turn(struct generation *generation)
{
    enum turn result;
    if (is_still_growing(generation, &result)) {
        return result;
    }
    bool is_full;
    const char *buffer = generation->tail->input->buffer;
    size_t guard_len = generation->guard_len;
    ssize_t n = fill(generation, &is_full);
    if (n < 0 && generation_packed_end(generation) == GZIP_BROKEN) {
        generation->size = generation->offset;
        return TURN_END;
    }
    if (n < 0) {
        errno = (int)-n;
        return TURN_FAILED;
    }
    if (guard_len > 0 && ((size_t)n < guard_len ||
                          hash_bytes(buffer, guard_len, 0) != generation->guard)) {
        return TURN_REWRITTEN;
    }
    if (generation->offset == 0 && !begins_as_known(generation, buffer, (size_t)n, is_full)) {
        return TURN_REWRITTEN;
    }
    size_t len = (size_t)n - guard_len;
    if (len > 0) {
        reader_learn_hash(generation, generation->id.inode);
        generation_learn_form(generation);
    }
    struct turn_state turn = begin_turn(generation);
    generation->size = generation->offset + len > generation->size || !is_full
                           ? generation->offset + len
                           : generation->size;
    generation_learn_beginning(generation);
    if (!generation->is_gzip && generation->offset + len > generation->size_known) {
        generation->size_known = generation->offset + len;
    }
    bool was_taken = give_lines(&turn, buffer + guard_len, len);
    remember_place(generation, buffer, &turn);
    if (!was_taken) {
        return stopped(&turn);
    }
    if (!is_full && generation->size - generation->offset >= SEARCHED_MIN) {
        generation->searched = generation_rest(generation);
    }
    return is_full ? TURN_MORE : TURN_END;
}

enum turn reader_flush(struct generation *generation)
{
    bool is_full;
    const char *buffer = generation->tail->input->buffer;
    ssize_t n = fill(generation, &is_full);
    size_t guard_len = generation->guard_len;
    if (n < 0 || (size_t)n <= guard_len || is_full ||
        text_form_find_newline(generation->form, buffer + guard_len, (size_t)n - guard_len) !=
            NULL) {
        return TURN_MORE; /* it has changed since: an ordinary turn */
    }
    struct turn_state turn = begin_turn(generation);
    size_t unit = text_form_unit(generation->form);
    size_t len = ((size_t)n - guard_len) / unit * unit;
    if (unit > 1) {
        bool was_skipping = generation->is_skipping;
        if (!give_wide(&turn, buffer + guard_len, len, 0, true)) {
            return stopped(&turn);
        }
        generation->is_skipping = was_skipping;
        counters_add(turn.counters, C_LINES_UNTERMINATED, was_skipping ? 0 : 1);
    } else if (generation->is_skipping) {
        turn.offset += len;
    } else if (!give(&turn, slice_make(buffer + guard_len, len), len, false, true)) {
        return stopped(&turn);
    } else {
        counters_add(turn.counters, C_LINES_UNTERMINATED, 1);
    }
    remember_place(generation, buffer, &turn);
    return TURN_END;
}

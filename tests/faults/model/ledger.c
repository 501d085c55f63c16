/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

#define MS UINT64_C(1000000)

/* docs/tailing.md: how long something must lie there to be seen for certain. The look itself takes some
 * time as well, and in it others go on. */
#define HINTED_NS (10 * MS)
#define LOOK_NS (3 * MS)

/* Until what clew has seen is read, if nothing holds it up: files before it that rest, copies that are
 * still being made. */
#define READ_NS (4000 * MS)

#define PROOF_BYTES 16 /* of a copy */

static uint64_t visible_time(const struct ledger *ledger)
{
    const struct world_setup *world = &ledger->schedule->world;
    return LOOK_NS + (world->inotify ? HINTED_NS : world->scan_ms * MS);
}

struct ledger *ledger_new(struct disk *disk, const struct schedule *schedule)
{
    struct ledger *ledger = mem_alloc(sizeof(*ledger));
    ledger->disk = disk;
    ledger->schedule = schedule;
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        ledger->streams[i].lines = mem_array(LINES_MAX, sizeof(struct written_line));
    }
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        struct stream_ledger *stream = &ledger->streams[i];
        for (unsigned k = 0; k < stream->count; k++) {
            free(stream->lines[k].each);
        }
        free(stream->lines);
    }
    free(ledger);
}

void ledger_blame(struct ledger *ledger, const char *invariant, const char *format, ...)
{
    va_list arguments;
    if (ledger->invariant != NULL) {
        return;
    }
    ledger->invariant = invariant;
    int len = snprintf(ledger->why, sizeof(ledger->why), "at %.3f ms: ",
                       (double)ledger->disk->now_ns / 1e6);
    va_start(arguments, format);
    vsnprintf(ledger->why + len, sizeof(ledger->why) - (size_t)len, format, arguments);
    va_end(arguments);
}

/* ---- writing ---- */

static struct written_line *open_line(struct stream_ledger *stream)
{
    if (stream->count == 0 || stream->lines[stream->count - 1].written_ns != 0) {
        ENSURE(stream->count < LINES_MAX);
        stream->lines[stream->count++].each = mem_array(TOKENS_MAX, sizeof(struct token));
    }
    return &stream->lines[stream->count - 1];
}

/* No byte of it is one of a token's. */
static const char banner[] = "#BANNER=";

void ledger_write_banner(struct ledger *ledger, int stream, struct buf *out)
{
    const struct stream_setup *setup = &ledger->schedule->streams[stream];
    if (setup->banner == 0) {
        return;
    }
    for (uint64_t i = 0; i + 1 < setup->banner; i++) {
        buf_append(out, &banner[i % strlen(banner)], 1);
    }
    buf_append(out, setup->apart ? "\n" : "#", 1);
    open_line(&ledger->streams[stream])->banner += (uint32_t)setup->banner;
}

void ledger_write_tokens(struct ledger *ledger, int stream, uint64_t tokens,
                         const struct node *file, struct buf *out)
{
    struct stream_ledger *log = &ledger->streams[stream];
    struct written_line *line = open_line(log);
    if (line->tokens == 0) {
        line->file = file;
        line->since_ns = file->contents.since_ns;
    }
    for (uint64_t i = 0; i < tokens && line->tokens < TOKENS_MAX; i++) {
        buf_append_format(out, "%c%05u%03u.", 'a' + stream, log->count - 1, line->tokens++);
    }
}

void ledger_end_line(struct ledger *ledger, int stream, struct node *file)
{
    struct stream_ledger *log = &ledger->streams[stream];
    struct contents *contents = &file->contents;
    unsigned number = log->count - 1;
    struct written_line *line = &log->lines[number];
    bool is_whole = line->file == file && line->since_ns == contents->since_ns;
    line->written_ns = ledger->disk->now_ns;
    line->may_double |= contents->moved_ns > 0; /* on its way while it moves, perhaps */
    if (contents->first == contents->end) {
        contents->first = is_whole ? number : number + 1; /* … its beginning is elsewhere */
    }
    contents->end = number + 1;
}

void ledger_show(struct ledger *ledger, struct node *file, int stream)
{
    struct contents *contents = &file->contents;
    contents->stream = stream;
    if (!contents->is_visible) {
        contents->is_visible = true;
        contents->visible_ns = ledger->disk->now_ns;
    }
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* How long clew could see by now what was there since then: not while a call of it took long. */
static uint64_t time_since(const struct ledger *ledger, uint64_t from)
{
    uint64_t now = ledger->disk->now_ns;
    uint64_t since = ledger->disk->paused_since_ns;
    uint64_t until = ledger->disk->paused_until_ns;
    if (now < until) {
        return since > from ? since - from : 0;
    }
    from = from >= since && from < until ? until : from;
    return now > from ? now - from : 0;
}

/* From when on clew could see this line in this file. */
static uint64_t seen_from(const struct ledger *ledger, const struct contents *contents,
                          const struct written_line *line)
{
    return later(later(contents->visible_ns, contents->since_ns),
                 later(ledger->up_since_ns, line->written_ns));
}

static unsigned missing_tokens(const struct written_line *line)
{
    unsigned missing = 0;
    for (unsigned i = 0; i < line->tokens; i++) {
        missing += line->each[i].delivered_life == 0;
    }
    return missing;
}

/* A token that arrived before a kill, and was not saved, is unread for the next life. */
static bool has_unread(const struct ledger *ledger, const struct written_line *line)
{
    for (unsigned i = 0; i < line->tokens; i++) {
        const struct token *token = &line->each[i];
        if (token->delivered_life == 0 ||
            (token->delivered_life != ledger->life && token->saved_life == 0)) {
            return true;
        }
    }
    return false;
}

/* All that was written to the file has arrived, as clew knows it. */
static bool is_read(const struct ledger *ledger, const struct node *file)
{
    const struct contents *contents = &file->contents;
    const struct stream_ledger *stream = &ledger->streams[contents->stream];
    for (unsigned i = contents->first; i < contents->end; i++) {
        if (has_unread(ledger, &stream->lines[i])) {
            return false;
        }
    }
    for (unsigned i = 0; i < stream->count; i++) {
        if (stream->lines[i].file == file && has_unread(ledger, &stream->lines[i])) {
            return false; /* it begins here */
        }
    }
    /* Of a line that is not whole nobody knows in which files it lies. */
    return stream->count == 0 || stream->lines[stream->count - 1].written_ns != 0;
}

/* The stream waits for a file that clew may not read; of a copy it cannot tell that it is one. */
static bool is_barred(const struct ledger *ledger, int stream)
{
    for (size_t i = 0; i < ledger->disk->count; i++) {
        const struct node *file = ledger->disk->nodes[i];
        const struct contents *contents = &file->contents;
        if (contents->stream == stream && contents->is_denied && file->names > 0 &&
            (contents->is_copy || !is_read(ledger, file))) {
            return true;
        }
    }
    return false;
}

/* How long it has to have lain there while nothing held clew up. What is open is read later: but what is
 * cut is gone at once, where few files may be open others are read first, and what is compressed is not
 * looked at before what it was compressed from is gone. */
static uint64_t enough_time(const struct ledger *ledger, const struct contents *contents, bool is_cut)
{
    bool is_scarce = ledger->schedule->world.open_max < 64;
    bool is_slow = is_cut || is_scarce || contents->format != FORMAT_PLAIN;
    return visible_time(ledger) + (is_slow ? READ_NS : 0);
}

/* What is in the file can be read there no more. What was cut, not even by who has it open: so of that
 * only what clew had seen is counted, and it looks at nothing that it cannot read now. */
static void vanish(struct ledger *ledger, const struct contents *contents, bool is_cut, bool is_over)
{
    uint64_t now = ledger->disk->now_ns;
    if (contents->stream < 0 || !contents->is_visible || ledger->up_since_ns == 0 ||
        contents->format > FORMAT_GZ || contents->is_denied) {
        return;
    }
    struct stream_ledger *stream = &ledger->streams[contents->stream];
    uint64_t enough = enough_time(ledger, contents, is_cut);
    bool is_free = !ledger->is_blocked && !is_barred(ledger, contents->stream);
    bool is_unseen = is_cut && ledger->schedule->world.inotify; /* scans would have seen it */
    for (unsigned i = contents->first; i < contents->end; i++) {
        struct written_line *line = &stream->lines[i];
        uint64_t from = seen_from(ledger, contents, line);
        uint64_t calm_from = later(from, stream->calm_since_ns);
        line->is_due |= is_over && (!is_unseen || !ledger->is_blocked) &&
                        time_since(ledger, is_unseen ? calm_from : from) >= visible_time(ledger);
        line->is_held_back |= is_over && is_barred(ledger, contents->stream);
        line->was_packed |= is_over && contents->format != FORMAT_PLAIN;
        if (is_free && time_since(ledger, calm_from) >= enough && line->hard_ns == 0) {
            line->hard_ns = now + (enough > visible_time(ledger) ? 0 : READ_NS);
        }
    }
}

void ledger_hide(struct ledger *ledger, struct node *file)
{
    vanish(ledger, &file->contents, false, true);
    file->contents.is_visible = false;
}

static void allow_line_again(struct written_line *line)
{
    line->may_double = true;
    line->may_be_counted = true;
}

/* docs/tailing.md, "Limits": read again as the log that it is now, if clew does not see it move. */
static void allow_again(struct ledger *ledger, const struct contents *contents)
{
    struct stream_ledger *stream = &ledger->streams[contents->stream];
    unsigned first = contents->first > 0 ? contents->first - 1 : 0; /* the end of it may be */
    for (unsigned i = first; i < contents->end; i++) {
        allow_line_again(&stream->lines[i]);
    }
    if (stream->count > 0 && stream->lines[stream->count - 1].written_ns == 0) {
        allow_line_again(&stream->lines[stream->count - 1]); /* a part of it may be in the file */
    }
}

/* … and what is on its way while it moves. */
static void allow_unanswered(struct ledger *ledger, const struct contents *contents)
{
    for (unsigned i = contents->first > 0 ? contents->first - 1 : 0; i < contents->end; i++) {
        struct written_line *line = &ledger->streams[contents->stream].lines[i];
        for (unsigned t = 0; t < line->tokens; t++) {
            line->may_double |= line->each[t].acked_life == 0;
        }
    }
}

void ledger_moved(struct ledger *ledger, struct node *file)
{
    file->contents.moved_ns = ledger->disk->now_ns;
    allow_unanswered(ledger, &file->contents);
    if (ledger->up_since_ns == 0 || ledger->schedule->world.open_max < 64) {
        allow_again(ledger, &file->contents); /* one that is not open is missed before it is found */
    }
}

/* … or had no time to, or to save what it has seen. */
static void allow_moved(struct ledger *ledger)
{
    const struct world_setup *world = &ledger->schedule->world;
    uint64_t last_ns = ledger->stopped_ns > 0 ? ledger->stopped_ns : ledger->disk->now_ns;
    uint64_t time_ns = visible_time(ledger) + world->commit_ms * MS;
    for (size_t i = 0; i < ledger->disk->count; i++) {
        const struct contents *contents = &ledger->disk->nodes[i]->contents;
        if (contents->moved_ns > 0 && contents->moved_ns + time_ns >= last_ns) {
            allow_again(ledger, contents);
        }
    }
}

void ledger_shred(struct ledger *ledger, struct node *file, bool is_written)
{
    (void)is_written;
    ledger->may_be_noise = true;
    vanish(ledger, &file->contents, true, true);
    ledger->streams[file->contents.stream].noise_bytes += file->len;
    file->contents.first = 0;
    file->contents.end = 0;
    file->contents.since_ns = ledger->disk->now_ns;
}

void ledger_deny(struct ledger *ledger, struct node *file)
{
    vanish(ledger, &file->contents, false, false);
}

void ledger_allow(struct ledger *ledger, struct node *file)
{
    const struct contents *contents = &file->contents;
    for (unsigned i = contents->first; contents->is_unknown && i < contents->end; i++) {
        /* Whether it was cut before is seen only now: then it grew by what is not lost. */
        ledger->streams[contents->stream].lines[i].may_be_counted = true;
    }
    file->contents.is_unknown = false;
    file->contents.visible_ns = ledger->disk->now_ns;
    ledger_disturb(ledger, file->contents.stream);
}

/* What was cut before clew had the time to see it is found in the copy when that is: what was written
 * since may have come before (docs/tailing.md, "Truncation"). */
static void allow_late(struct ledger *ledger, const struct contents *contents)
{
    struct stream_ledger *stream = &ledger->streams[contents->stream];
    for (unsigned i = contents->first; i < stream->count && ledger->up_since_ns > 0; i++) {
        struct written_line *line = &stream->lines[i];
        uint64_t time_ns = time_since(ledger, seen_from(ledger, contents, line));
        line->may_be_late |= time_ns < visible_time(ledger) || line->written_ns == 0;
    }
}

/* Fewer equal bytes than PROOF_BYTES tell no copy (docs/tailing.md, "Truncation"). */
static void allow_double(struct ledger *ledger, const struct contents *contents)
{
    struct stream_ledger *stream = &ledger->streams[contents->stream];
    unsigned read = 0;
    for (unsigned i = contents->first; i < stream->count; i++) {
        for (unsigned t = 0; t < stream->lines[i].tokens; t++) {
            read += stream->lines[i].each[t].delivered_life > 0 ? TOKEN_BYTES : 0;
        }
        read += read > 0 ? stream->lines[i].banner : 0;
    }
    for (unsigned i = contents->first; i < stream->count && read < PROOF_BYTES; i++) {
        stream->lines[i].may_double = true;
    }
}

/* A copy that lacks some of what had been read is not told as one (docs/tailing.md, "Truncation"). */
static void allow_short_copies(struct ledger *ledger, const struct contents *contents)
{
    struct stream_ledger *stream = &ledger->streams[contents->stream];
    for (size_t i = 0; i < ledger->disk->count; i++) {
        const struct contents *copy = &ledger->disk->nodes[i]->contents;
        bool is_short = copy->is_copy && copy->stream == contents->stream &&
                        copy->first == contents->first && copy->end < contents->end &&
                        stream->has_taken && stream->last_line >= copy->end;
        for (unsigned line = copy->first; is_short && line < copy->end; line++) {
            stream->lines[line].may_double = true;
        }
    }
}

void ledger_cut(struct ledger *ledger, struct node *file)
{
    struct contents *contents = &file->contents;
    allow_short_copies(ledger, contents);
    allow_late(ledger, contents);
    allow_double(ledger, contents);
    vanish(ledger, contents, true, true);
    contents->first = 0;
    contents->end = 0;
    contents->since_ns = ledger->disk->now_ns;
}

void ledger_copied(struct ledger *ledger, const struct node *from, struct node *to)
{
    to->contents.first = from->contents.first;
    to->contents.end = from->contents.end;
    to->contents.since_ns = ledger->disk->now_ns;
    to->contents.is_copy = true;
    struct stream_ledger *stream = &ledger->streams[from->contents.stream];
    for (unsigned i = from->contents.first; from->contents.is_denied && i < from->contents.end; i++) {
        stream->lines[i].may_be_counted = true; /* should the copy go before it may be looked at */
    }
}

/* ---- where a line lies ---- */

static bool lies_in(const struct contents *contents, int stream, unsigned line)
{
    return contents->is_visible && contents->stream == stream && line >= contents->first &&
           line < contents->end;
}

/* In a file that has a name of the log, and can be read. */
static bool lies_readable(const struct ledger *ledger, int stream, unsigned line)
{
    for (size_t i = 0; i < ledger->disk->count; i++) {
        const struct contents *contents = &ledger->disk->nodes[i]->contents;
        if (!contents->is_denied && contents->format <= FORMAT_GZ && lies_in(contents, stream, line)) {
            return true;
        }
    }
    return false;
}

/* `alpha.log`, `0.log`: nothing between the name and its extension, and nothing behind it. */
static bool is_live(const struct node *file)
{
    return strcmp(strchrnul(file->name, '.'), ".log") == 0 &&
           disk_entry(file->parent, file->name) == file; /* a writer may go on in it by that name */
}

static bool lies_live(const struct ledger *ledger, int stream, unsigned line)
{
    for (size_t i = 0; i < ledger->disk->count; i++) {
        const struct node *file = ledger->disk->nodes[i];
        if (is_live(file) && lies_in(&file->contents, stream, line)) {
            return true;
        }
    }
    return false;
}

/* ---- clew's lives ---- */

void ledger_disturb(struct ledger *ledger, int stream)
{
    uint64_t now = ledger->disk->now_ns;
    for (int i = 0; i < STREAMS_MAX; i++) {
        struct stream_ledger *log = &ledger->streams[i];
        if (stream >= 0 && i != stream) {
            continue;
        }
        log->calm_since_ns = now;
        for (unsigned k = 0; k < log->count; k++) {
            struct written_line *line = &log->lines[k];
            line->hard_ns = line->hard_ns > now ? 0 : line->hard_ns;
        }
    }
}

void ledger_block(struct ledger *ledger, bool is_blocked)
{
    ledger_disturb(ledger, -1);
    ledger->is_blocked = is_blocked;
}

/* A file that may not be read does not tell where clew had come to. */
static void allow_unknown(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->disk->count; i++) {
        struct node *file = ledger->disk->nodes[i];
        file->contents.is_unknown |= file->contents.is_denied;
        const struct contents all = {.stream = file->contents.stream,
                                     .end = file->contents.stream < 0
                                                ? 0
                                                : ledger->streams[file->contents.stream].count};
        if (file->contents.is_denied && file->names > 0 && all.end > 0) {
            allow_again(ledger, &all);
        }
    }
}

/* A start between the copy and the cut (docs/reliability.md, "What is not promised"). */
static void allow_copied(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->disk->count; i++) {
        const struct contents *copy = &ledger->disk->nodes[i]->contents;
        for (size_t k = 0; copy->is_copy && copy->is_visible && k < ledger->disk->count; k++) {
            const struct contents *other = &ledger->disk->nodes[k]->contents;
            for (unsigned line = copy->first; other->is_visible && !other->is_copy &&
                                              other->stream == copy->stream && line < copy->end;
                 line++) {
                ledger->streams[copy->stream].lines[line].may_double |=
                    line >= other->first && line < other->end;
            }
        }
    }
}

static bool has_growing(const struct ledger *ledger, int stream)
{
    for (size_t i = 0; i < ledger->disk->count; i++) {
        const struct contents *contents = &ledger->disk->nodes[i]->contents;
        if (contents->stream == stream && contents->is_visible && contents->format == FORMAT_GZ &&
            contents->end == 0) {
            return true;
        }
    }
    return false;
}

/* What is compressed half when clew starts, and has lost its own name, does not tell yet whose bytes it
 * holds (docs/reliability.md, "What is not promised"). */
static void allow_growing(struct ledger *ledger)
{
    for (int i = 0; i < STREAMS_MAX; i++) {
        struct stream_ledger *stream = &ledger->streams[i];
        bool is_growing = has_growing(ledger, i);
        for (unsigned k = 0; k < stream->count; k++) {
            stream->lines[k].may_double |= is_growing && !lies_readable(ledger, i, k);
        }
    }
}

/* Of what was emptied nothing is left to tell by what is older: births do, where they are told and of no
 * copy, and times where they are kept. */
static void allow_emptied(struct ledger *ledger)
{
    for (int i = 0; i < STREAMS_MAX; i++) {
        const struct contents all = {.stream = i, .end = ledger->streams[i].count};
        const struct stream_setup *setup = &ledger->schedule->streams[i];
        bool tells = ledger->schedule->world.births != 0 && setup->keeps_time && !setup->copies;
        if (ledger->streams[i].was_emptied && !tells) {
            allow_again(ledger, &all);
        }
    }
}

void ledger_empty(struct ledger *ledger, struct node *file)
{
    ledger->streams[file->contents.stream].was_emptied = true;
    ledger_cut(ledger, file);
}

void ledger_stopped(struct ledger *ledger)
{
    ledger_disturb(ledger, -1);
    ledger->stopped_ns = ledger->disk->now_ns;
}

/* What was rotated before a log is seen for the first time is nobody's loss (docs/tailing.md); it is if
 * nothing was saved since one before this one found it. */
static void forget_old(struct ledger *ledger)
{
    for (int i = 0; i < STREAMS_MAX; i++) {
        struct stream_ledger *stream = &ledger->streams[i];
        for (unsigned k = 0; k < stream->count && !stream->is_promised; k++) {
            stream->lines[k].is_old = stream->lines[k].written_ns != 0 && !lies_live(ledger, i, k);
        }
    }
}

void ledger_came_up(struct ledger *ledger)
{
    ledger_disturb(ledger, -1);
    ledger->life++;
    forget_old(ledger);
    allow_unknown(ledger);
    allow_copied(ledger);
    allow_growing(ledger);
    allow_emptied(ledger);
    ledger->up_since_ns = later(ledger->disk->now_ns, 1); /* the first life begins at 0 */
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        ledger->streams[i].has_taken = false;
    }
}

/* Of what is neither promised nor anywhere on the disk nobody can know at the next start. */
static void forgive(struct stream_ledger *stream)
{
    for (unsigned i = 0; i < stream->count; i++) {
        stream->lines[i].is_due = false;
        stream->lines[i].is_held_back = false;
    }
}

void ledger_went_down(struct ledger *ledger, bool is_killed)
{
    ledger_disturb(ledger, -1);
    ledger->up_since_ns = 0;
    allow_moved(ledger);
    ledger->stopped_ns = 0;
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        struct stream_ledger *stream = &ledger->streams[i];
        forgive(stream);
        for (unsigned k = 0; is_killed && k < stream->count; k++) {
            for (unsigned t = 0; t < stream->lines[k].tokens; t++) {
                struct token *token = &stream->lines[k].each[t];
                token->acked_life = token->saved_life > 0 ? token->acked_life : 0;
            }
        }
    }
}

/* ---- what arrives ---- */

static bool read_token(const char *text, struct piece *out)
{
    char copy[TOKEN_BYTES + 1] = {0};
    memcpy(copy, text, TOKEN_BYTES);
    unsigned token;
    char name;
    char dot;
    if (sscanf(copy, "%c%5u%3u%c", &name, &out->line, &token, &dot) != 4 || dot != '.') {
        return false;
    }
    out->stream = name - 'a';
    out->first = token;
    out->end = token + 1;
    return out->stream >= 0 && out->stream < STREAMS_MAX;
}

/* All tokens follow each other. */
static bool read_piece(struct slice text, struct piece *out)
{
    while (text.len > 0 && text.data[0] == '\0') { /* what a cut file has before its first line */
        text = slice_skip(text, 1);
    }
    while (text.len > 0 && memchr(banner, text.data[0], strlen(banner)) != NULL) {
        text = slice_skip(text, 1);
    }
    if (text.len == 0 || text.len % TOKEN_BYTES != 0 || !read_token(text.data, out)) {
        return false;
    }
    for (size_t at = TOKEN_BYTES; at < text.len; at += TOKEN_BYTES) {
        struct piece next;
        if (!read_token(text.data + at, &next) || next.stream != out->stream ||
            next.line != out->line || next.first != out->end) {
            return false;
        }
        out->end++;
    }
    return true;
}

static bool consists_of(struct slice text, const char *bytes)
{
    size_t len = 0;
    while (len < text.len && memchr(bytes, text.data[len], strlen(bytes)) != NULL) {
        len++;
    }
    return len == text.len && len > 0;
}

/* It is no line of anybody's: what each file begins with, and what is written over what is deleted. */
static bool is_filling(const struct ledger *ledger, struct slice text)
{
    return consists_of(text, banner) || (ledger->may_be_noise && consists_of(text, "%"));
}

static void check_order(struct ledger *ledger, const struct piece *piece)
{
    struct stream_ledger *stream = &ledger->streams[piece->stream];
    bool is_later = piece->line > stream->last_line ||
                    (piece->line == stream->last_line && piece->first > stream->last_token);
    bool is_moved = ledger->schedule->streams[piece->stream].scheme == SCHEME_MOVED;
    if (is_moved || stream->lines[piece->line].may_be_late ||
        stream->lines[piece->line].may_double) {
        return;
    }
    if (stream->has_taken && !is_later) {
        ledger_blame(ledger, "overtaken", "line %u of stream %d, token %u, came behind line %u, token %u",
                     piece->line, piece->stream, piece->first, stream->last_line,
                     stream->last_token);
    }
    stream->has_taken = true;
    stream->last_line = piece->line;
    stream->last_token = piece->end - 1;
}

struct piece ledger_take(struct ledger *ledger, struct slice text, bool is_unterminated)
{
    struct piece piece = {.stream = -1};
    if (is_filling(ledger, text)) {
        return piece;
    }
    if (!read_piece(text, &piece) || piece.line >= ledger->streams[piece.stream].count ||
        piece.end > ledger->streams[piece.stream].lines[piece.line].tokens) {
        ledger_blame(ledger, "invented", "nobody wrote \"%.*s\"", (int)(text.len < 60 ? text.len : 60),
                     text.data);
        piece.stream = -1;
        return piece;
    }
    struct written_line *line = &ledger->streams[piece.stream].lines[piece.line];
    line->may_lack_newline |= is_unterminated;
    for (unsigned i = piece.first; i < piece.end; i++) {
        uint16_t acked_life = line->each[i].acked_life;
        if (acked_life > 0 && acked_life < ledger->life && !line->may_double) {
            ledger_blame(ledger, "doubled", "line %u of stream %d, token %u, had been acknowledged before",
                         piece.line, piece.stream, i);
        }
    }
    check_order(ledger, &piece);
    return piece;
}

void ledger_deliver(struct ledger *ledger, const struct piece *piece)
{
    for (unsigned i = piece->first; piece->stream >= 0 && i < piece->end; i++) {
        ledger->streams[piece->stream].lines[piece->line].each[i].delivered_life = ledger->life;
    }
}

void ledger_ack(struct ledger *ledger, const struct piece *piece)
{
    ledger_deliver(ledger, piece);
    for (unsigned i = piece->first; piece->stream >= 0 && i < piece->end; i++) {
        struct token *token = &ledger->streams[piece->stream].lines[piece->line].each[i];
        token->acked_life = token->acked_life > 0 ? token->acked_life : ledger->life;
    }
}

void ledger_save(struct ledger *ledger)
{
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        struct stream_ledger *stream = &ledger->streams[i];
        stream->counted_saved[ledger->life] = stream->counted[ledger->life];
        stream->is_promised |= ledger->disk->now_ns > ledger->up_since_ns + visible_time(ledger);
        for (unsigned k = 0; k < stream->count; k++) {
            for (unsigned t = 0; t < stream->lines[k].tokens; t++) {
                struct token *token = &stream->lines[k].each[t];
                if (token->acked_life > 0 && token->saved_life == 0) {
                    token->saved_life = ledger->life;
                }
            }
        }
    }
}

/* ---- judging ---- */

static uint64_t lacking_bytes(const struct written_line *line, unsigned lacking)
{
    return lacking > 0 ? lacking * TOKEN_BYTES + 1 + line->banner : 0;
}

/* Nobody can read it again, so it is as lost as clew can know. */
void ledger_deliver_unanswered(struct ledger *ledger, const struct piece *piece)
{
    if (piece->stream >= 0 && !lies_readable(ledger, piece->stream, piece->line)) {
        ledger->streams[piece->stream].lines[piece->line].may_be_counted = true;
    }
    ledger_deliver(ledger, piece);
}

/* The most that clew may have counted in this life: what had not been saved before it, and has not come
 * in it or later. */
static uint64_t most_counted(const struct stream_ledger *stream, unsigned life)
{
    uint64_t bytes = stream->noise_bytes;
    for (unsigned i = 0; i < stream->count; i++) {
        const struct written_line *line = &stream->lines[i];
        unsigned lacking = 0;
        for (unsigned t = 0; t < line->tokens; t++) {
            const struct token *token = &line->each[t];
            bool was_saved = token->saved_life > 0 && token->saved_life < life;
            lacking += line->may_be_counted || (!was_saved && token->delivered_life < life);
        }
        bytes += lacking_bytes(line, lacking) + (lacking == 0 && line->may_lack_newline);
    }
    return bytes;
}

/* … and in all its lives, once. A token counts for one life if it had neither been saved before it nor
 * come in it or later; so for one of them, if it came the last time before the life that saved it. */
static uint64_t most_counted_ever(const struct stream_ledger *stream, unsigned lives)
{
    uint64_t bytes = stream->noise_bytes;
    for (unsigned i = 0; i < stream->count; i++) {
        const struct written_line *line = &stream->lines[i];
        unsigned lacking = 0;
        for (unsigned t = 0; t < line->tokens; t++) {
            const struct token *token = &line->each[t];
            lacking += line->may_be_counted ||
                       token->delivered_life < (token->saved_life > 0 ? token->saved_life : lives);
        }
        bytes += lacking_bytes(line, lacking) + (lacking == 0 && line->may_lack_newline);
    }
    return bytes;
}

/* What was counted when the checkpoint was saved is not counted again. */
static void judge_counted_once(struct ledger *ledger, int number)
{
    const struct stream_ledger *stream = &ledger->streams[number];
    uint64_t most = most_counted_ever(stream, ledger->life);
    uint64_t counted = 0;
    for (unsigned life = 1; life <= ledger->life; life++) {
        counted += stream->counted_saved[life];
    }
    if (counted > most) {
        ledger_blame(ledger, "alarm",
                     "all lives have counted %llu bytes of stream %d as lost; at most %llu are",
                     (unsigned long long)counted, number, (unsigned long long)most);
    }
}

/* … and may be counted now: where it lies it can still be read. */
static uint64_t most_counted_now(const struct ledger *ledger, int number)
{
    const struct stream_ledger *stream = &ledger->streams[number];
    uint64_t bytes = stream->noise_bytes;
    for (unsigned i = 0; i < stream->count; i++) {
        const struct written_line *line = &stream->lines[i];
        unsigned lacking = 0;
        for (unsigned t = 0; t < line->tokens; t++) {
            lacking += line->may_be_counted || line->each[t].saved_life == 0 ||
                       line->each[t].saved_life == ledger->life;
        }
        bool is_gone = lacking > 0 && (line->may_be_counted || !lies_readable(ledger, number, i));
        bytes += is_gone ? lacking_bytes(line, lacking) : 0;
    }
    return bytes;
}

void ledger_count(struct ledger *ledger, int stream, uint64_t bytes)
{
    uint64_t *counted = &ledger->streams[stream].counted[ledger->life];
    if (bytes > *counted && bytes > most_counted_now(ledger, stream)) {
        ledger_blame(ledger, "alarm",
                     "%llu bytes of stream %d are counted as lost; all but %llu lie readable",
                     (unsigned long long)bytes, stream,
                     (unsigned long long)most_counted_now(ledger, stream));
    }
    *counted = bytes;
}

static void judge_stream(struct ledger *ledger, int number)
{
    judge_counted_once(ledger, number);
    struct stream_ledger *stream = &ledger->streams[number];
    uint64_t counted = 0;
    uint64_t silent = 0;
    unsigned silent_line = 0;
    for (unsigned life = 1; life <= ledger->life; life++) {
        uint64_t most = most_counted(stream, life);
        counted += stream->counted[life];
        if (stream->counted[life] > most) {
            ledger_blame(ledger, "alarm",
                         "life %u counted %llu bytes of stream %d as lost; at most %llu are", life,
                         (unsigned long long)stream->counted[life], number,
                         (unsigned long long)most);
        }
    }
    for (unsigned i = 0; i < stream->count; i++) {
        const struct written_line *line = &stream->lines[i];
        unsigned missing = missing_tokens(line);
        if (missing == 0 || line->is_old) {
            continue;
        }
        if (line->written_ns != 0 && lies_readable(ledger, number, i) && !is_barred(ledger, number)) {
            ledger_blame(ledger, "left", "line %u of stream %d lies there and has not arrived", i,
                         number);
        }
        if (line->hard_ns != 0) {
            ledger_blame(ledger, "missed", "line %u of stream %d lay there long enough and has not arrived",
                         i, number);
        }
        bool is_said = line->was_packed && ledger->has_lost_files; /* nobody knew how much it held */
        bool is_held_back = line->is_held_back && is_barred(ledger, number);
        bool is_silent = line->is_due && !is_held_back && !is_said && !lies_readable(ledger, number, i);
        silent_line = is_silent && silent == 0 ? i : silent_line;
        silent += is_silent ? missing * TOKEN_BYTES : 0;
    }
    if (silent > counted) {
        ledger_blame(ledger, "silent",
                     "stream %d lacks %llu bytes that lay there long enough (line %u is the first), and "
                     "clew counted %llu",
                     number, (unsigned long long)silent, silent_line,
                     (unsigned long long)counted);
    }
}

void ledger_judge(struct ledger *ledger)
{
    for (int i = 0; i < (int)ledger->schedule->world.streams; i++) {
        judge_stream(ledger, i);
    }
}

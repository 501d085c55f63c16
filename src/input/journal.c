/* SPDX-License-Identifier: Apache-2.0 */
#include "input/input_type.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "input/journal_entry.h"

/*
 * Entries of a systemd journal, in its order.
 *
 * A place in it (record/position.h): each GENERATION_ENTRIES entries are a generation, whose path is the
 * cursor of the first of them; the offset counts entries from there. After a restart the reader goes to
 * the cursor and as many entries on as the guard says, and believes it if the entry there is the one
 * that the guard names. Otherwise it begins at the cursor again: entries may come twice, none is left
 * out.
 *
 * The number of the first generation is the time, so that what is still under way from a reader before
 * this one (after a reload) never promises in the name of this one.
 */

#define SOURCE_ID ((uint64_t)3 << 61)

enum {
    GENERATION_ENTRIES = 256,
    TURN_ENTRIES = 256, /* before the event loop goes round … */
    TURN_BYTES = 1 << 20, /* … or so many bytes */
};

static const double TICK_S = 0.25;

struct journal_input {
    const struct input_settings *settings;
    struct input_env env;
    sd_journal *journal;
    struct source *source;
    struct stream stream;
    struct buf line;        /* of the entry at hand, while has_line */
    struct position place;  /* behind the last entry that was taken */
    uint64_t file_hash;     /* of the generation's cursor */
    ev_io io;
    ev_timer tick;          /* time-outs of joined lines, lines that are held, a claim, lost events */
    ev_timer work;
    bool has_begun;         /* the stream is claimed, and the journal stands at its place */
    bool has_line;
    bool is_blocked;
    bool is_stopped;
    bool is_at_end;
    bool has_complained;
};

static void complain(struct journal_input *input, const char *what, int error)
{
    if (!input->has_complained) {
        input->has_complained = true;
        counters_add(input->env.counters, C_FILE_ERRORS, 1);
        log_event(input->env.log, LOG_WARN, "input %s: cannot %s: %s",
                  input->settings->name, what, strerror(-error));
    }
}

/* ---- places ---- */

/* Names the entry at hand well enough to tell it from its neighbours. 0 or -errno. */
static int hash_entry(sd_journal *journal, uint64_t *out_hash)
{
    struct {
        uint64_t realtime_us;
        uint64_t monotonic_us;
        sd_id128_t boot;
    } id;
    memset(&id, 0, sizeof(id));
    int result = sd_journal_get_realtime_usec(journal, &id.realtime_us);
    if (result >= 0) {
        result = sd_journal_get_monotonic_usec(journal, &id.monotonic_us, &id.boot);
    }
    *out_hash = hash_bytes(&id, sizeof(id), 0);
    return result < 0 ? result : 0;
}

/* The entry at hand is the first of a new generation. */
static int begin_generation(struct journal_input *input)
{
    char *cursor = NULL;
    int result = sd_journal_get_cursor(input->journal, &cursor);
    if (result < 0) {
        return result;
    }
    const struct file_id no_file = {0};
    input->place = (struct position){input->place.generation + 1, 0};
    input->file_hash = hash_bytes(cursor, strlen(cursor), 0);
    checkpoint_name_generation(input->stream.checkpoint, input->place.generation, &no_file, cursor);
    free(cursor);
    return 0;
}

/* The entry at hand has been taken. */
static void pass_entry(struct journal_input *input)
{
    struct guard guard = {.offset = ++input->place.offset, .len = 1};
    if (hash_entry(input->journal, &guard.hash) == 0) {
        checkpoint_note_read(input->stream.checkpoint, input->place.generation, &guard);
    }
}

/* From the cursor's entry, which is at hand, to the last acknowledged one that is known for sure. */
static bool go_to_guard(struct journal_input *input)
{
    struct guard guard;
    uint64_t hash;
    if (!checkpoint_guard(input->stream.checkpoint, &guard)) {
        return false;
    }
    uint64_t on = guard.offset - 1;
    if (on > 0 && sd_journal_next_skip(input->journal, on) != (int64_t)on) {
        return false;
    }
    return hash_entry(input->journal, &hash) == 0 && hash == guard.hash;
}

static int go_on(struct journal_input *input, const char *cursor)
{
    sd_journal *journal = input->journal;
    int result = sd_journal_seek_cursor(journal, cursor);
    if (result < 0) {
        log_event(input->env.log, LOG_WARN, "input %s: the checkpoint has no valid journal cursor; "
                                            "starting at the first entry", input->settings->name);
        return sd_journal_seek_head(journal);
    }
    result = sd_journal_next(journal);
    if (result < 0) {
        return result;
    }
    if (result == 0 || sd_journal_test_cursor(journal, cursor) <= 0) {
        log_event(input->env.log, LOG_WARN, "input %s: the entry of the checkpoint is no longer in "
                                            "the journal; continuing after it. Entries removed "
                                            "meanwhile are not sent",
                  input->settings->name);
    } else if (go_to_guard(input)) {
        return 0;
    }
    return sd_journal_seek_cursor(journal, cursor);
}

/* The end is a promise at once: what comes from now on is sent, whenever clew ends. */
static int go_to_end(struct journal_input *input)
{
    int result = sd_journal_seek_tail(input->journal);
    result = result < 0 ? result : sd_journal_previous(input->journal);
    if (result <= 0) {
        return result < 0 ? result : sd_journal_seek_head(input->journal);
    }
    result = begin_generation(input);
    if (result == 0) {
        pass_entry(input);
        checkpoint_advance(input->stream.checkpoint, input->place);
    }
    return result;
}

/* False: another reader has the stream, or the journal cannot be read now. */
static bool begin(struct journal_input *input)
{
    if (input->has_begun) {
        return true;
    }
    struct checkpoint *checkpoint = input->stream.checkpoint;
    if (!checkpoint_claim(checkpoint)) {
        complain(input, "read a journal that another input reads", -EBUSY);
        return false;
    }
    struct file_id file;
    struct position acked = {0, 0};
    bool is_known = checkpoint_read(checkpoint, &file, &acked);
    uint64_t now_us = clock_realtime_ns() / 1000;
    input->place.generation = now_us > acked.generation ? now_us : acked.generation;
    input->place.offset = GENERATION_ENTRIES;
    int result;
    if (is_known && checkpoint_path(checkpoint) != NULL) {
        result = go_on(input, checkpoint_path(checkpoint));
    } else if (input->settings->read_from == READ_FROM_END) {
        result = go_to_end(input);
    } else {
        result = sd_journal_seek_head(input->journal);
    }
    if (result < 0) {
        checkpoint_unclaim(checkpoint);
        complain(input, "find its place in the journal", result);
        return false;
    }
    input->has_complained = false;
    input->has_begun = true;
    return true;
}

/* ---- entries ---- */

static struct slice read_message(sd_journal *journal)
{
    const void *data;
    size_t len;
    if (sd_journal_get_data(journal, "MESSAGE", &data, &len) < 0) {
        return slice_make(NULL, 0);
    }
    return slice_skip(slice_make(data, len), strlen("MESSAGE="));
}

/* The line of the entry at hand. */
static int read_entry(struct journal_input *input)
{
    sd_journal *journal = input->journal;
    uint64_t realtime_us;
    int result = sd_journal_get_realtime_usec(journal, &realtime_us);
    if (result < 0) {
        return result;
    }
    bool is_whole = journal_entry_begin(&input->line, realtime_us, read_message(journal));
    bool was_message = false;
    const void *data;
    size_t len;
    sd_journal_restart_data(journal);
    while ((result = sd_journal_enumerate_available_data(journal, &data, &len)) > 0) {
        struct slice field = slice_make(data, len);
        if (!was_message && slice_has_prefix(field, SLICE("MESSAGE="))) {
            was_message = true;
        } else {
            is_whole &= journal_entry_add(&input->line, field);
        }
    }
    journal_entry_end(&input->line);
    counters_add(input->env.counters, C_LINES_TRUNCATED, is_whole ? 0 : 1);
    return result;
}

static enum line_answer offer(struct journal_input *input)
{
    const struct line_sink *sink = input->env.sink;
    struct position end = {input->place.generation, input->place.offset + 1};
    const struct line line = {
        .stream = &input->stream,
        .source = input->source,
        .text = buf_slice(&input->line),
        .begin = input->place,
        .end = end,
        .file_hash = input->file_hash,
        .read_ns = clock_realtime_ns(),
        .steady_ns = clock_monotonic_ns(),
    };
    enum line_answer answer = sink->line(sink->context, &line);
    if (answer == LINE_TAKEN) {
        counters_add(input->env.counters, C_LINES_READ, 1);
        counters_add(input->env.counters, C_BYTES_READ, input->line.len);
        pass_entry(input);
        input->has_line = false;
    }
    return answer;
}

/* The next entry is at hand and its line is made. 0: there is none; -errno. */
static int next(struct journal_input *input)
{
    int result = sd_journal_next(input->journal);
    if (result <= 0) {
        return result;
    }
    if (input->place.offset == GENERATION_ENTRIES) {
        result = begin_generation(input);
    }
    result = result < 0 ? result : read_entry(input);
    if (result < 0) { /* an entry of a damaged file: it is counted, and the others go on */
        counters_add(input->env.counters, C_FILE_ERRORS, 1);
        complain(input, "read an entry, which is skipped", result);
        return 1;
    }
    input->has_line = true;
    return 1;
}

static void turn(struct journal_input *input)
{
    ev_timer_stop(input->env.loop, &input->work);
    if (input->is_stopped || input->is_blocked || !begin(input)) {
        return;
    }
    uint64_t enough = input->env.counters->values[C_BYTES_READ] + TURN_BYTES;
    for (int i = 0; i < TURN_ENTRIES && input->env.counters->values[C_BYTES_READ] < enough; i++) {
        int result = input->has_line ? 1 : next(input);
        if (result < 0) {
            complain(input, "read the journal", result);
        }
        input->is_at_end = result == 0;
        if (result <= 0) {
            return;
        }
        enum line_answer answer = input->has_line ? offer(input) : LINE_TAKEN;
        input->is_blocked = answer == LINE_NO_ROOM || answer == LINE_FULL;
        if (answer != LINE_TAKEN) {
            return;
        }
    }
    ev_timer_set(&input->work, 0., 0.);
    ev_timer_start(input->env.loop, &input->work);
}

/* ---- events ---- */

static void on_work(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    turn(container_of(timer, struct journal_input, work));
}

/* Files may have come or gone: the library looks, whether or not there is room. */
static void look(struct journal_input *input)
{
    int result = sd_journal_process(input->journal);
    if (result < 0) {
        complain(input, "look for changes of the journal", result);
    }
    turn(input);
}

static void on_changed(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    (void)events;
    look(container_of(io, struct journal_input, io));
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct journal_input *input = container_of(timer, struct journal_input, tick);
    if (!input->is_blocked) {
        const struct line_sink *sink = input->env.sink;
        sink->idle(sink->context, &input->stream, clock_monotonic_ns());
    }
    look(input);
}

/* ---- the input ---- */

/* The stream's key: the journal, and which of its units. */
static char *make_key(const struct input_settings *settings)
{
    const char *where = settings->directory != NULL ? settings->directory : "system";
    char *key = mem_format("journal:%s", where);
    for (size_t i = 0; i < settings->units.count; i++) {
        char *longer = mem_format("%s:%s", key, settings->units.items[i]);
        free(key);
        key = longer;
    }
    return key;
}

static int open_journal(struct journal_input *input)
{
    const struct input_settings *settings = input->settings;
    int result = settings->directory != NULL
                     ? sd_journal_open_directory(&input->journal, settings->directory, 0)
                     : sd_journal_open(&input->journal, SD_JOURNAL_LOCAL_ONLY);
    if (result < 0) {
        input->journal = NULL;
        return result;
    }
    result = sd_journal_set_data_threshold(input->journal, settings->line_bytes_max);
    for (size_t i = 0; i < settings->units.count && result >= 0; i++) {
        char *match = mem_format("_SYSTEMD_UNIT=%s", settings->units.items[i]);
        result = sd_journal_add_match(input->journal, match, 0);
        free(match);
    }
    return result < 0 ? result : sd_journal_get_fd(input->journal);
}

static void journal_close(void *feed)
{
    struct journal_input *input = feed;
    if (input == NULL) {
        return;
    }
    ev_io_stop(input->env.loop, &input->io);
    ev_timer_stop(input->env.loop, &input->tick);
    ev_timer_stop(input->env.loop, &input->work);
    input->env.sink->gone(input->env.sink->context, &input->stream);
    if (input->has_begun) {
        checkpoint_unclaim(input->stream.checkpoint);
    }
    checkpoint_release(input->stream.checkpoint);
    sd_journal_close(input->journal);
    source_free(input->source);
    buf_fini(&input->line);
    free(input);
}

static void *journal_open(const struct input_settings *settings, const struct input_env *env,
                          char **out_error)
{
    struct journal_input *input = mem_alloc(sizeof(*input));
    char *key = make_key(settings);
    input->settings = settings;
    input->env = *env;
    input->stream.checkpoint = checkpoint_get(env->checkpoints, key);
    input->source = source_new(NULL, settings->name,
                               SOURCE_ID | hash_bytes(key, strlen(key), 0) >> 3);
    input->source->is_journal = true;
    if (settings->service != NULL) {
        input->source->default_service = mem_string(settings->service);
    }
    free(key);
    buf_init(&input->line, settings->line_bytes_max);
    int fd = open_journal(input);
    ev_io_init(&input->io, on_changed, fd, EV_READ);
    ev_timer_init(&input->tick, on_tick, TICK_S, TICK_S);
    ev_timer_init(&input->work, on_work, 0., 0.);
    if (fd < 0) {
        *out_error = mem_format("cannot read the journal in %s: %s",
                                settings->directory != NULL ? settings->directory
                                                            : "the system's directories",
                                strerror(-fd));
        journal_close(input);
        return NULL;
    }
    ev_io_start(env->loop, &input->io);
    ev_timer_start(env->loop, &input->tick);
    ev_timer_start(env->loop, &input->work);
    return input;
}

static void journal_resume(void *feed)
{
    struct journal_input *input = feed;
    input->is_blocked = false;
    turn(input);
}

static bool journal_is_at_end(const void *feed)
{
    const struct journal_input *input = feed;
    return input->is_at_end && !input->has_line;
}

static void journal_stop(void *feed)
{
    struct journal_input *input = feed;
    input->is_stopped = true;
    ev_io_stop(input->env.loop, &input->io);
    ev_timer_stop(input->env.loop, &input->tick);
    ev_timer_stop(input->env.loop, &input->work);
}

const struct input_type input_type_journal = {
    .name = "journal",
    .has_checkpoints = true,
    .open = journal_open,
    .resume = journal_resume,
    .is_at_end = journal_is_at_end,
    .stop = journal_stop,
    .close = journal_close,
};

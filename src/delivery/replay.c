/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One letter is under way at a time, so that a refusal is known to be of this letter: few are, and
 * order is worth more than speed here.
 *
 *     send_next() ──► output ──refused()──► what was refused, as a new letter, not tried in this run
 *          ▲             │
 *          └───done()────┘ the letter is removed, unless all of it was rejected
 */

#include "delivery/replay.h"

#include <dirent.h>
#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "delivery/dead_letters.h"
#include "delivery/parcel_packing.h"
#include "delivery/spool.h"
#include "outputs/output.h"

struct replay {
    const struct output_settings *settings;
    struct replay_counts *counts;
    struct log log;
    struct counters counters;
    struct ev_loop *loop;
    ev_timer deadline; /* of the next answer */
    struct output *output;
    struct parcel_packing *packing;
    struct spool *letters;
    uint64_t number; /* of the letter under way */
    uint64_t last;   /* of those that were there at the start */
    bool is_closing;
    char name[PARCEL_TEXT_BYTES]; /* of the output that wrote the letters */
};

/* ---- one letter ---- */

static int read_into(struct replay *replay, uint64_t number, struct batch *batch)
{
    struct parcel parcel;
    int result = spool_read(replay->letters, number, &batch->packed, &parcel);
    if (result != SPOOL_OK) {
        return result;
    }
    batch->packed_body = parcel.body;
    batch->packing = parcel.compression;
    batch->records = parcel.records;
    return parcel_packing_unpack(replay->packing, &parcel, &batch->bytes) ? SPOOL_OK
                                                                          : SPOOL_CORRUPT;
}

static struct batch *read_letter(struct replay *replay, uint64_t number)
{
    struct batch *batch = batch_new(PARCEL_UNPACKED_BYTES_MAX);
    int result = read_into(replay, number, batch);
    if (result == SPOOL_OK) {
        return batch;
    }
    batch_free(batch);
    if (result < 0) { /* it may be whole: it stays */
        log_event(&replay->log, LOG_ERROR, "cannot read dead letter %020llu in %s: %s",
                  (unsigned long long)number, spool_directory(replay->letters), strerror(-result));
        return NULL;
    }
    log_event(&replay->log, LOG_ERROR, "dead letter %020llu in %s is damaged and set aside",
              (unsigned long long)number, spool_directory(replay->letters));
    spool_set_aside(replay->letters, number);
    replay->counts->damaged++;
    return NULL;
}

/* The first letter behind the last one tried; NULL: all have been. */
static struct batch *find_next(struct replay *replay)
{
    for (size_t i = 0; i < spool_count(replay->letters);) {
        uint64_t number = spool_number(replay->letters, i);
        if (number <= replay->number || number > replay->last) {
            i++;
            continue;
        }
        replay->number = number;
        struct batch *batch = read_letter(replay, number);
        if (batch != NULL) {
            return batch;
        }
    }
    return NULL;
}

static void send_next(struct replay *replay)
{
    struct batch *batch = find_next(replay);
    if (batch == NULL) {
        ev_break(replay->loop, EVBREAK_ALL);
        return;
    }
    ev_timer_again(replay->loop, &replay->deadline);
    replay->output->type->send(replay->output, batch);
}

static enum refusal_end on_refused(void *context, const struct refusal *refusal)
{
    struct replay *replay = context;
    struct parcel parcel;
    uint64_t number;
    dead_letters_make(replay->packing, refusal, replay->name, &parcel);
    return spool_write(replay->letters, &parcel, parcel.time_ns, &number) == SPOOL_OK
               ? REFUSAL_KEPT
               : REFUSAL_HELD;
}

static void remove_letter(struct replay *replay)
{
    int result = spool_remove(replay->letters, replay->number);
    if (result < 0) {
        log_event(&replay->log, LOG_ERROR,
                  "dead letter %020llu was sent but cannot be removed from %s: %s; it would be sent "
                  "again",
                  (unsigned long long)replay->number, spool_directory(replay->letters),
                  strerror(-result));
    }
}

static void on_done(void *context, struct batch *batch, enum delivery delivery,
                    const struct delivery_counts *counts)
{
    struct replay *replay = context;
    bool is_rejected_whole = counts->rejected == batch->records;
    if (delivery != DELIVERY_KEPT) {
        replay->counts->sent += batch->records - counts->rejected - counts->refused;
        replay->counts->refused += counts->rejected + counts->refused;
        if (!is_rejected_whole) {
            remove_letter(replay);
        }
    }
    batch_free(batch);
    if (!replay->is_closing) {
        send_next(replay);
    }
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct replay *replay = container_of(timer, struct replay, deadline);
    replay->counts->is_stuck = true;
    ev_break(loop, EVBREAK_ALL);
}

/* ---- the letters of one output ---- */

static void send_all(struct replay *replay, const struct settings *settings)
{
    size_t count = spool_count(replay->letters);
    replay->last = spool_number(replay->letters, count - 1);
    ev_init(&replay->deadline, on_deadline);
    replay->deadline.repeat = (double)settings->shutdown_timeout_ms / 1000.0;
    send_next(replay);
    ev_run(replay->loop, 0);
    ev_timer_stop(replay->loop, &replay->deadline);
    replay->is_closing = true;
}

static bool open_and_send(struct replay *replay, const struct settings *settings, char **out_error)
{
    const struct output_type *type = output_type_find(replay->settings->type);
    const struct output_env env = {replay->loop, &replay->log, &replay->counters,
                                   on_done,      on_refused,   replay};
    replay->output = type != NULL ? type->open(replay->settings, &env, out_error) : NULL;
    if (replay->output == NULL) {
        return false;
    }
    replay->packing = parcel_packing_new(replay->settings->compression);
    send_all(replay, settings);
    replay->output->type->close(replay->output);
    parcel_packing_free(replay->packing);
    return true;
}

static bool send_letters(const struct settings *settings, const struct output_settings *output,
                         const char *name, struct spool *letters, struct replay_counts *counts,
                         char **out_error)
{
    struct replay replay = {
        .settings = output, .counts = counts, .letters = letters, .log = {2, LOG_INFO}};
    parcel_set_text(replay.name, slice_from_string(name));
    replay.loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOSIGMASK);
    ENSURE(replay.loop != NULL);
    signal(SIGPIPE, SIG_IGN);
    bool is_done = open_and_send(&replay, settings, out_error);
    counts->left += spool_count(letters) + spool_leftovers(letters);
    ev_loop_destroy(replay.loop);
    return is_done;
}

/* ---- all outputs ---- */

static const struct output_settings *find_output(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->output_count; i++) {
        if (strcmp(settings->outputs[i].name, name) == 0) {
            return &settings->outputs[i];
        }
    }
    return &settings->outputs[0];
}

/* What is done with the letters of each output that has some. */
struct visit {
    bool (*each)(struct visit *visit, const char *name, struct spool *letters, char **out_error);
    const struct settings *settings;
    struct replay_counts *counts;
    void (*show)(void *context, const struct parcel *letter);
    void *context;
};

static bool visit_one(struct visit *visit, const char *name, char **out_error)
{
    struct spool *letters = NULL;
    char *directory = dead_letters_directory(visit->settings->data_dir, name);
    bool is_done = true;
    int result = spool_open(directory, UINT64_MAX, &letters);
    if (result < 0) {
        *out_error = mem_format("cannot read %s: %s", directory, strerror(-result));
        is_done = false;
    } else if (spool_count(letters) > 0) {
        is_done = visit->each(visit, name, letters, out_error);
    }
    spool_close(letters);
    free(directory);
    return is_done;
}

static bool visit_all(struct visit *visit, char **out_error)
{
    char *path = dead_letters_directory(visit->settings->data_dir, "");
    DIR *directory = opendir(path);
    bool is_done = directory != NULL || errno == ENOENT;
    if (!is_done) {
        *out_error = mem_format("cannot read %s: %s", path, strerror(errno));
    }
    for (struct dirent *entry; is_done && directory != NULL && (entry = readdir(directory)) != NULL;) {
        is_done = entry->d_name[0] == '.' || visit_one(visit, entry->d_name, out_error);
    }
    if (directory != NULL) {
        closedir(directory);
    }
    free(path);
    return is_done;
}

static bool visit_send(struct visit *visit, const char *name, struct spool *letters,
                       char **out_error)
{
    return send_letters(visit->settings, find_output(visit->settings, name), name, letters,
                        visit->counts, out_error);
}

static bool visit_show(struct visit *visit, const char *name, struct spool *letters,
                       char **out_error)
{
    (void)name;
    (void)out_error;
    struct buf file = {0};
    for (size_t i = 0; i < spool_count(letters); i++) {
        struct parcel parcel;
        if (spool_read(letters, spool_number(letters, i), &file, &parcel) == SPOOL_OK) {
            visit->show(visit->context, &parcel);
        }
    }
    buf_fini(&file);
    return true;
}

bool replay_run(const struct settings *settings, struct replay_counts *out_counts, char **out_error)
{
    *out_counts = (struct replay_counts){0};
    struct visit visit = {.each = visit_send, .settings = settings, .counts = out_counts};
    return visit_all(&visit, out_error);
}

bool replay_list(const struct settings *settings,
                 void (*show)(void *context, const struct parcel *letter), void *context,
                 char **out_error)
{
    struct visit visit = {
        .each = visit_show, .settings = settings, .show = show, .context = context};
    return visit_all(&visit, out_error);
}

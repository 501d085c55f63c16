/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A lane is a list of tickets, oldest first, one for each batch that its far end does not have yet:
 *
 *     state             batch  file  left by
 *     queued            yes    -     send(): sent; spill(): on disk
 *     sent              yes    -     output_done(): gone; spill(): sent and safe
 *     sent and safe     yes    yes   output_done(): gone, its file too
 *     on disk           -      yes   read_back(): read back
 *     read back         yes    yes   send(): sent and safe
 *
 * The promise is made on the way from a state without a file: to one with it, or to gone.
 *
 * Tickets of a stream leave in the order of the list. While the queue is larger than it may be, the oldest
 * ticket without a file is spilled, those that are with the output first: a checkpoint can only move
 * over what is safe from its oldest end. So the list needs no second order, files and memory may
 * alternate in it, and nothing is written to disk that memory can hold.
 *
 * Within a stream the order is kept: a batch is sent only while no other with lines of one of its
 * streams is on its way to this output, or waits before it; others may pass what so waits. What was never on
 * disk has its track to tell (track.h). A file tells its streams as a set of bits (record/stream_set.h); one
 * that does not, of an earlier run and not read yet or of a clew that did not write that, passes nothing
 * and is not passed.
 */

#include "delivery/output_queue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "delivery/dead_letters.h"
#include "delivery/parcel_packing.h"
#include "delivery/spool.h"

#define FAR_NS   UINT64_C(30000000) /* a backend all of whose answers take so long is far away */
#define RETRY_NS UINT64_C(1000000000) /* pause between tries of a disk that does not take or give */

static const char write_to[] = "write to";
static const char read_from[] = "read from";

enum {
    MISSES_MAX = 3,   /* looks, RETRY_NS apart, that do not find a spooled request's file */
    NEAREST_SHARE = 16, /* the quickest answer is forgotten by so much with each one */
    PASSED_MAX = 128, /* requests that wait, of which others may be sent before */
};

struct ticket {
    struct ticket *next;
    struct batch *batch;
    uint64_t file;
    uint64_t sent_ns; /* monotonic time */
    uint32_t records; /* 0: on disk since an earlier run, not read yet */
    uint8_t misses; /* times in a row its file was not there */
    bool is_sent;
    bool is_read_back;          /* `batch` is its file's … */
    struct stream_set *streams; /* … and these are in it; NULL: nobody knows */
};

struct lane {
    const struct output_settings *settings;
    unsigned index;
    uint64_t bytes_max;
    struct lane_env env;
    struct output *output;
    struct spool *spool; /* NULL: none */
    struct letters *letters; /* dead ones */
    struct packer *packer;
    struct ticket *first;
    struct ticket **end;
    uint64_t queued_bytes; /* of batches in memory that are not sent */
    uint64_t sent_bytes;   /* of those that are, and of one that was read back and is next */
    uint64_t sent_tracks;  /* of those that were never on disk, a bit a track */
    uint64_t nearest_ns;   /* the quickest answer of late; 0: there was none */
    size_t sent_count;
    size_t sent_files;     /* of them were read back */
    uint64_t write_at_ns; /* no try before this; 0: at once */
    uint64_t read_at_ns;
    bool is_spooling;       /* the log was told that requests wait on disk */
    const char *trouble;    /* what the log was told that cannot be done; NULL: nothing */
    bool is_full_said;
    bool is_leftover_said;
    bool is_dropping_said;
    bool is_alone; /* a file whose streams nobody knows is with the output */
    bool is_closing;
    bool is_given_up;
    bool is_held;      /* the output is to be replaced: it gets nothing more */
    bool is_replacing; /* the output: what comes back from it is for the next one */
    bool has_failed;
    const struct output_settings *next_settings; /* prepared: of … */
    struct output *next_output;
    struct output_books books; /* but for what is in flight */
};

/* A sealed one holds no more than that; one that is open would not. */
static uint64_t size_of(const struct batch *batch)
{
    return batch->bytes.len + batch->packed.cap;
}

/* ---- tickets ---- */

static struct ticket *append(struct lane *lane, struct batch *batch, uint64_t file)
{
    struct ticket *ticket = mem_alloc(sizeof(*ticket));
    ticket->batch = batch;
    ticket->file = file;
    *lane->end = ticket;
    lane->end = &ticket->next;
    return ticket;
}

static void drop_batch(struct lane *lane, struct ticket *ticket)
{
    struct batch *batch = ticket->batch;
    bool is_in_hand = ticket->is_sent || ticket->is_read_back;
    ticket->batch = NULL;
    ticket->is_read_back = false;
    *(is_in_hand ? &lane->sent_bytes : &lane->queued_bytes) -= size_of(batch);
    lane->env.release(lane->env.context, batch);
}

/* Its batch has been dropped. */
static void remove_ticket(struct lane *lane, struct ticket *ticket)
{
    struct ticket **at = &lane->first;
    while (*at != ticket) {
        at = &(*at)->next;
    }
    *at = ticket->next;
    lane->end = ticket->next == NULL ? at : lane->end;
    counters_subtract(lane->env.counters, C_RECORDS_IN_FLIGHT, ticket->records);
    free(ticket->streams);
    free(ticket);
}

static struct ticket *find_without_file(const struct lane *lane)
{
    struct ticket *ticket = lane->first;
    while (ticket != NULL && ticket->file != 0) {
        ticket = ticket->next;
    }
    return ticket;
}

static void promise(struct lane *lane, struct batch *batch)
{
    uint64_t bit = UINT64_C(1) << lane->index;
    if ((batch->required & bit) != 0) {
        batch->required &= ~bit;
        lane->env.promised(lane->env.context, batch);
    }
}

/* ---- the disk ---- */

static void count_spool(struct lane *lane, uint64_t bytes_before, size_t count_before)
{
    struct counters *counters = lane->env.counters;
    counters_add(counters, C_SPOOL_BYTES, spool_bytes(lane->spool) - bytes_before);
    counters_add(counters, C_SPOOL_REQUESTS, spool_count(lane->spool) - count_before);
}

/* Once an outage: a spool that is full takes one more whenever one was sent. */
static void say_full(struct lane *lane)
{
    if (!lane->is_full_said) {
        lane->is_full_said = true;
        log_event(lane->env.log, LOG_WARN,
                  "output %s: its spool in %s is full: %s until the far end has taken some of it",
                  lane->settings->name, spool_directory(lane->spool),
                  lane->settings->required ? "reading stops" : "what comes is dropped");
    }
}

static void say_trouble(struct lane *lane, const char *what, int result)
{
    counters_add(lane->env.counters, C_SPOOL_FAILURES, 1);
    if (lane->trouble == NULL) {
        lane->trouble = what;
        log_event(lane->env.log, LOG_ERROR,
                  "output %s: cannot %s its spool in %s: %s; trying again every second, and what "
                  "memory does not hold stays in the log files",
                  lane->settings->name, what, spool_directory(lane->spool), strerror(-result));
    }
}

/* `what` was tried. True if it is well. */
static bool judge_disk(struct lane *lane, const char *what, int result)
{
    uint64_t *next_ns = what == write_to ? &lane->write_at_ns : &lane->read_at_ns;
    if (result == SPOOL_OK) {
        if (lane->trouble == what) {
            lane->trouble = NULL;
            log_event(lane->env.log, LOG_INFO, "output %s: can %s its spool in %s again",
                      lane->settings->name, what, spool_directory(lane->spool));
        }
        *next_ns = 0;
        return true;
    }
    *next_ns = clock_monotonic_ns() + RETRY_NS;
    if (result == SPOOL_FULL) {
        say_full(lane);
    } else {
        say_trouble(lane, what, result);
    }
    return false;
}

static bool is_before(uint64_t at_ns)
{
    return at_ns != 0 && clock_monotonic_ns() < at_ns;
}

static void say_spooling(struct lane *lane)
{
    if (!lane->is_spooling) {
        lane->is_spooling = true;
        log_event(lane->env.log, LOG_WARN,
                  "output %s: memory for what its far end does not take is full; requests wait in %s",
                  lane->settings->name, spool_directory(lane->spool));
    }
}

static void take_streams(struct ticket *ticket, const struct parcel *parcel)
{
    if (parcel->has_streams && ticket->streams == NULL) {
        ticket->streams = mem_alloc(sizeof(*ticket->streams));
        *ticket->streams = parcel->streams;
    }
}

static bool write_ticket(struct lane *lane, struct ticket *ticket)
{
    struct parcel parcel;
    uint64_t bytes = spool_bytes(lane->spool);
    size_t count = spool_count(lane->spool);
    packer_pack(lane->packer, buf_slice(&ticket->batch->bytes), ticket->batch->records, &parcel);
    parcel.time_ns = clock_realtime_ns();
    parcel_set_text(parcel.output, slice_from_string(lane->settings->name));
    batch_add_streams(ticket->batch, &parcel.streams);
    parcel.has_streams = true;
    int result = spool_write(lane->spool, &parcel, parcel.time_ns, &ticket->file);
    count_spool(lane, bytes, count);
    if (!judge_disk(lane, write_to, result)) {
        return false;
    }
    take_streams(ticket, &parcel);
    counters_add(lane->env.counters, C_RECORDS_SPOOLED, ticket->records);
    return true;
}

/* Make room in the queue until it has at most `bytes`, if the disk lets us. */
static void spill(struct lane *lane, uint64_t bytes)
{
    struct ticket *ticket;
    if (!lane_has_spool(lane) || is_before(lane->write_at_ns)) {
        return;
    }
    while (lane->queued_bytes >= bytes && (ticket = find_without_file(lane)) != NULL &&
           write_ticket(lane, ticket)) {
        if (bytes > 0) {
            say_spooling(lane);
        }
        promise(lane, ticket->batch);
        if (!ticket->is_sent) {
            drop_batch(lane, ticket);
        }
    }
}

static void say_leftover(struct lane *lane, int result)
{
    counters_add(lane->env.counters, C_SPOOL_FAILURES, 1);
    if (!lane->is_leftover_said) {
        lane->is_leftover_said = true;
        log_event(lane->env.log, LOG_WARN,
                  "output %s: cannot remove what was sent from its spool in %s: %s; trying again with "
                  "each request. What is still there at a restart is sent a second time",
                  lane->settings->name, spool_directory(lane->spool), strerror(-result));
    }
}

static void forget_file(struct lane *lane, struct ticket *ticket)
{
    uint64_t bytes = spool_bytes(lane->spool);
    size_t count = spool_count(lane->spool);
    int result = spool_remove(lane->spool, ticket->file);
    if (result < 0) {
        say_leftover(lane, result);
    }
    count_spool(lane, bytes, count);
    lane->write_at_ns = 0; /* there is room, even if there was none */
    if (lane->is_spooling && spool_count(lane->spool) == 0) {
        lane->is_spooling = false;
        lane->is_full_said = false;
        log_event(lane->env.log, LOG_INFO, "output %s: all that waited in %s has been sent",
                  lane->settings->name, spool_directory(lane->spool));
    }
}

/* Not sent as garbage, and not kept in the way of the others. */
static void give_up_file(struct lane *lane, struct ticket *ticket)
{
    uint64_t bytes = spool_bytes(lane->spool);
    size_t count = spool_count(lane->spool);
    log_event(lane->env.log, LOG_ERROR,
              "output %s: request %020" PRIu64 " in %s is damaged or gone; a damaged one is set "
              "aside as .corrupt and not sent",
              lane->settings->name, ticket->file, spool_directory(lane->spool));
    spool_set_aside(lane->spool, ticket->file);
    count_spool(lane, bytes, count);
    counters_add(lane->env.counters, C_SPOOL_DAMAGED, 1);
    counters_add(lane->env.counters, C_RECORDS_DAMAGED, ticket->records);
    lane->books.damaged += ticket->records;
    lane->has_failed = true;
    remove_ticket(lane, ticket);
}

static int read_file(struct lane *lane, struct ticket *ticket, struct batch *batch)
{
    struct parcel parcel;
    int result = spool_read(lane->spool, ticket->file, &batch->packed, &parcel);
    if (result != SPOOL_OK) {
        return result;
    }
    if (!packer_unpack(lane->packer, &parcel, &batch->bytes)) {
        return SPOOL_CORRUPT;
    }
    batch->packed_body = parcel.body;
    batch->packing = parcel.compression;
    batch->records = parcel.records;
    take_streams(ticket, &parcel);
    return SPOOL_OK;
}

/* Whether a file that cannot be had is to be given up. One that is not there may only be away, as on a
 * file system that is mounted again. */
static bool is_hopeless(struct lane *lane, struct ticket *ticket, int result)
{
    if (result == SPOOL_GONE && ++ticket->misses < MISSES_MAX) {
        judge_disk(lane, read_from, -ENOENT);
        return false;
    }
    if (result == SPOOL_CORRUPT || result == SPOOL_GONE) {
        return true;
    }
    judge_disk(lane, read_from, result);
    return false;
}

/* The ticket's batch comes from its file. False if it does not: the ticket may then be gone. */
static bool read_back(struct lane *lane, struct ticket *ticket)
{
    struct batch *batch = batch_new(PARCEL_UNPACKED_BYTES_MAX);
    int result = read_file(lane, ticket, batch);
    if (result != SPOOL_OK) {
        batch_free(batch);
        if (is_hopeless(lane, ticket, result)) {
            give_up_file(lane, ticket);
        }
        return false;
    }
    ticket->misses = 0;
    judge_disk(lane, read_from, SPOOL_OK);
    batch->refs = 1;
    if (ticket->records == 0) {
        ticket->records = batch->records;
        counters_add(lane->env.counters, C_RECORDS_RESTORED, batch->records);
        lane->books.restored += batch->records;
        counters_add(lane->env.counters, C_RECORDS_IN_FLIGHT, batch->records);
    }
    ticket->batch = batch;
    ticket->is_read_back = true;
    lane->sent_bytes += size_of(batch);
    return true;
}

/* ---- sending ---- */

/* Of what is with the output already; `files_only`: of those that were read back. */
static bool meets_sent(const struct lane *lane, const struct stream_set *streams, bool files_only)
{
    size_t left = files_only ? lane->sent_files : lane->sent_count;
    for (const struct ticket *ticket = lane->first; left > 0; ticket = ticket->next) {
        struct stream_set own = {{0}};
        if (!ticket->is_sent || (files_only && !ticket->is_read_back)) {
            continue;
        }
        left--;
        if (!ticket->is_read_back) {
            batch_add_streams(ticket->batch, &own);
        }
        if (stream_sets_meet(ticket->is_read_back ? ticket->streams : &own, streams)) {
            return true;
        }
    }
    return false;
}

static uint64_t track_bit(const struct batch *batch)
{
    return UINT64_C(1) << batch->track;
}

static bool are_streams_free(const struct lane *lane, const struct batch *batch)
{
    struct stream_set own = {{0}};
    if ((lane->sent_tracks & track_bit(batch)) != 0) {
        return false;
    }
    if (lane->sent_files == 0) {
        return true;
    }
    batch_add_streams(batch, &own);
    return !meets_sent(lane, &own, true);
}

/* One more batch, whichever it is. */
static bool may_one_leave(const struct lane *lane)
{
    return !lane->is_held && lane->output->type->has_room(lane->output) &&
           (lane->sent_count == 0 || !lane->is_alone);
}

static bool are_bytes_free(const struct lane *lane, const struct batch *batch)
{
    return lane->sent_count == 0 || lane->sent_bytes + size_of(batch) <= lane->bytes_max;
}

static bool may_leave(const struct lane *lane, const struct batch *batch)
{
    return may_one_leave(lane) && are_bytes_free(lane, batch) &&
           (lane->sent_count == 0 || are_streams_free(lane, batch));
}

/* The same of one that was read back: it is in memory already. */
static bool may_file_leave(const struct lane *lane, const struct ticket *ticket)
{
    return may_one_leave(lane) &&
           (lane->sent_count == 0 ||
            (ticket->streams != NULL && !meets_sent(lane, ticket->streams, false)));
}

static void send(struct lane *lane, struct ticket *ticket)
{
    struct batch *batch = ticket->batch;
    ticket->is_sent = true;
    ticket->sent_ns = clock_monotonic_ns();
    lane->is_alone = ticket->is_read_back && ticket->streams == NULL;
    lane->sent_count++;
    if (ticket->is_read_back) {
        lane->sent_files++;
    } else {
        lane->sent_tracks |= track_bit(batch);
        lane->sent_bytes += size_of(batch);
        lane->queued_bytes -= size_of(batch);
    }
    lane->output->type->send(lane->output, batch);
}

/* The oldest that is not sent has its batch in memory now, or is another one. False: not yet. */
static bool fetch(struct lane *lane, struct ticket *ticket)
{
    if (!may_one_leave(lane) || lane->sent_bytes >= lane->bytes_max || is_before(lane->read_at_ns)) {
        return false;
    }
    read_back(lane, ticket);
    return true;
}

/* What waits, and is not to be overtaken by lines of its streams. */
struct passed {
    unsigned count;
    uint64_t tracks;           /* of those that were never on disk … */
    struct stream_set streams; /* … and the streams of all */
};

static bool may_pass(const struct lane *lane, const struct passed *passed,
                     const struct ticket *ticket)
{
    struct stream_set own = {{0}};
    if (ticket->file == 0 && ((lane->sent_tracks | passed->tracks) & track_bit(ticket->batch)) != 0) {
        return false;
    }
    if (ticket->file == 0) {
        batch_add_streams(ticket->batch, &own);
    }
    const struct stream_set *streams = ticket->file == 0 ? &own : ticket->streams;
    return !stream_sets_meet(&passed->streams, streams) &&
           (ticket->file == 0 || !meets_sent(lane, streams, false));
}

static void pass(struct passed *passed, const struct ticket *ticket)
{
    passed->count++;
    if (ticket->file != 0) {
        stream_set_add_all(&passed->streams, ticket->streams);
    } else {
        passed->tracks |= track_bit(ticket->batch);
        batch_add_streams(ticket->batch, &passed->streams);
    }
}

/* The next to be sent: the oldest, or one behind it if that waits for its streams. A file that does not
 * tell its streams is not passed and passes nothing. */
static struct ticket *find_next(const struct lane *lane)
{
    struct passed passed = {0};
    struct ticket *ticket = lane->first;
    for (; ticket != NULL && passed.count < PASSED_MAX; ticket = ticket->next) {
        if (ticket->is_sent) {
            continue;
        }
        if (ticket->file != 0 && ticket->streams == NULL) {
            return passed.count == 0 ? ticket : NULL;
        }
        if (may_pass(lane, &passed, ticket)) {
            return ticket;
        }
        pass(&passed, ticket);
    }
    return NULL;
}

static void send_next(struct lane *lane)
{
    struct ticket *ticket;
    while ((ticket = find_next(lane)) != NULL) {
        if (ticket->batch == NULL) {
            if (!fetch(lane, ticket)) {
                return;
            }
        } else if (ticket->is_read_back ? may_file_leave(lane, ticket)
                                        : may_leave(lane, ticket->batch)) {
            send(lane, ticket);
        } else {
            return;
        }
    }
}

enum refusal_end lane_refuse(struct lane *lane, const struct refusal *refusal)
{
    return letters_keep(lane->letters, lane->packer, refusal);
}

static enum refusal_end output_refused(void *context, const struct refusal *refusal)
{
    return lane_refuse(context, refusal);
}

/* ---- what came of it ---- */

static void count_done(struct lane *lane, const struct batch *batch, enum delivery delivery,
                       const struct delivery_counts *counts)
{
    struct counters *counters = lane->env.counters;
    uint64_t lost = counts->rejected + counts->refused;
    if (delivery == DELIVERY_KEPT) {
        return;
    }
    counters_add(counters, C_RECORDS_SENT, batch->records - lost);
    counters_add(counters, C_RECORDS_REJECTED, counts->rejected);
    counters_add(counters, C_RECORDS_REFUSED, counts->refused);
    lane->books.sent += batch->records - lost;
    lane->books.rejected += counts->rejected;
    lane->books.refused += counts->refused;
    lane->has_failed = lane->has_failed || lost > 0;
}

/* Of a backend that is near but busy some answers are quick, of one that is far away none. */
static void note_answer(struct lane *lane, const struct ticket *ticket)
{
    uint64_t took_ns = clock_monotonic_ns() - ticket->sent_ns + 1;
    uint64_t slower_ns = lane->nearest_ns + lane->nearest_ns / NEAREST_SHARE + 1;
    lane->nearest_ns = lane->nearest_ns == 0 || took_ns < slower_ns ? took_ns : slower_ns;
}

/* The output is being replaced, and had this in hand. */
static void queue_again(struct lane *lane, struct ticket *ticket)
{
    if (ticket->file != 0) {
        drop_batch(lane, ticket); /* it is read back in its turn */
    } else {
        lane->sent_bytes -= size_of(ticket->batch);
        lane->queued_bytes += size_of(ticket->batch);
    }
    ticket->is_sent = false;
}

static void output_done(void *context, struct batch *batch, enum delivery delivery,
                        const struct delivery_counts *counts)
{
    struct lane *lane = context;
    struct ticket *ticket = lane->first;
    while (ticket->batch != batch) {
        ticket = ticket->next;
    }
    lane->sent_count--;
    lane->sent_files -= ticket->is_read_back;
    lane->sent_tracks &= ticket->is_read_back ? UINT64_MAX : ~track_bit(batch);
    lane->is_alone = false;
    if (lane->is_replacing && delivery == DELIVERY_KEPT) {
        queue_again(lane, ticket);
        return;
    }
    note_answer(lane, ticket);
    count_done(lane, batch, delivery, counts);
    if (ticket->file != 0 && delivery != DELIVERY_KEPT) {
        forget_file(lane, ticket);
    } else if (ticket->file == 0 && delivery != DELIVERY_KEPT) {
        promise(lane, batch);
    }
    drop_batch(lane, ticket);
    remove_ticket(lane, ticket);
    if (!lane->is_closing) {
        send_next(lane);
        lane->env.moved(lane->env.context);
    }
}

/* ---- the lane ---- */

static bool open_spool(struct lane *lane, const struct settings *settings, char **out_error)
{
    const struct output_settings *output = lane->settings;
    char *directory = output->spool_dir != NULL
                          ? mem_string(output->spool_dir)
                          : mem_format("%s/spool/%s", settings->data_dir, output->name);
    const struct share *share = &lane->env.share;
    int result = spool_open(directory, share_of(share, output->spool_bytes_max), &lane->spool);
    if (result == 0 && share->workers > 1) {
        result = spool_share(lane->spool, share->worker, share->workers, false);
    }
    if (result < 0) {
        *out_error = mem_format("cannot read the spool of output %s in %s: %s", output->name,
                                directory, strerror(-result));
    }
    if (result == 0) {
        count_spool(lane, 0, 0);
    }
    free(directory);
    return result == 0;
}

static void take_up_files(struct lane *lane)
{
    size_t count = spool_count(lane->spool);
    spool_clean(lane->spool);
    for (size_t i = 0; i < count; i++) {
        append(lane, NULL, spool_number(lane->spool, i));
    }
    if (count > 0) {
        lane->is_spooling = true;
        log_event(lane->env.log, LOG_INFO,
                  "output %s: %zu requests of an earlier run wait in %s and are sent first",
                  lane->settings->name, count, spool_directory(lane->spool));
    }
}

static struct output *open_output(struct lane *lane, const struct output_settings *settings,
                                char **out_error)
{
    const struct output_type *type = output_type_find(settings->type);
    const struct output_env env = {lane->env.loop, lane->env.log, lane->env.counters, output_done,
                                   output_refused, lane, lane->env.addresses};
    if (type == NULL) {
        *out_error = mem_format("there is no output of type '%s'", settings->type);
        return NULL;
    }
    return type->open(settings, &env, out_error);
}

struct lane *lane_new(const struct settings *settings, size_t number, unsigned index,
                      uint64_t bytes_max,
                      const struct lane_env *env, char **out_error)
{
    struct lane *lane = mem_alloc(sizeof(*lane));
    lane->settings = &settings->outputs[number];
    lane->index = index;
    lane->bytes_max = bytes_max;
    lane->env = *env;
    lane->end = &lane->first;
    lane->packer = packer_new(lane->settings->compression);
    lane->letters = letters_open(settings, lane->settings->name, env->log, env->counters,
                                 &env->share, out_error);
    if (lane->letters != NULL && open_spool(lane, settings, out_error)) {
        lane->output = open_output(lane, lane->settings, out_error);
    }
    if (lane->output == NULL) {
        lane_free(lane);
        return NULL;
    }
    take_up_files(lane);
    return lane;
}

static void say_what_is_left(const struct lane *lane)
{
    size_t left = lane->spool != NULL ? spool_leftovers(lane->spool) : 0;
    if (left > 0) {
        log_event(lane->env.log, LOG_WARN,
                  "output %s: %zu requests that were sent are still in its spool in %s, because they "
                  "cannot be removed: the next start sends them a second time",
                  lane->settings->name, left, spool_directory(lane->spool));
    }
}

/* What the backend has not taken, by what becomes of it. */
struct rest {
    uint64_t kept; /* records on the disk … */
    size_t older;  /* … and requests of an earlier run, which were not read back */
    uint64_t left; /* records in memory only */
};

static struct rest count_rest(const struct lane *lane)
{
    struct rest rest = {0};
    for (const struct ticket *ticket = lane->first; ticket != NULL; ticket = ticket->next) {
        rest.older += ticket->file != 0 && ticket->records == 0;
        *(ticket->file != 0 ? &rest.kept : &rest.left) += ticket->records;
    }
    return rest;
}

static void say_kept(const struct lane *lane, const struct rest *rest)
{
    char older[64] = "";
    if (rest->older > 0) {
        snprintf(older, sizeof(older), " and %zu requests of an earlier run", rest->older);
    }
    log_event(lane->env.log, LOG_INFO,
              "output %s: %" PRIu64 " records%s that its backend has not taken are kept in %s, and the "
              "next start sends them",
              lane->settings->name, rest->kept, older, spool_directory(lane->spool));
}

/* Checkpoints have not waited for it: this is the last that anybody hears of these. */
static void drop_left(struct lane *lane, uint64_t left)
{
    counters_add(lane->env.counters, C_RECORDS_DROPPED, left);
    lane->books.dropped += left;
    log_event(lane->env.log, LOG_WARN,
              "output %s: it is not required, and %" PRIu64 " records that its backend has not taken "
              "are dropped: no start reads them again",
              lane->settings->name, left);
}

/* At the end of the process. Of one that was given up all has been said. */
static void say_rest(struct lane *lane)
{
    struct rest rest = count_rest(lane);
    if (rest.kept > 0) {
        say_kept(lane, &rest);
    }
    if (rest.left > 0 && !lane_is_required(lane)) {
        drop_left(lane, rest.left);
    } else if (rest.left > 0 && lane_has_spool(lane)) {
        log_event(lane->env.log, LOG_WARN,
                  "output %s: %" PRIu64 " records did not go into its spool in %s: the next start reads "
                  "them again from their files",
                  lane->settings->name, rest.left, spool_directory(lane->spool));
    }
}

/* What it holds is for who opens it next: it waits here no more. */
static void forget_spool(struct lane *lane)
{
    if (lane->spool != NULL) {
        counters_subtract(lane->env.counters, C_SPOOL_BYTES, spool_bytes(lane->spool));
        counters_subtract(lane->env.counters, C_SPOOL_REQUESTS, spool_count(lane->spool));
        spool_close(lane->spool);
    }
}

void lane_free(struct lane *lane)
{
    if (lane == NULL) {
        return;
    }
    lane->is_closing = true;
    lane->write_at_ns = 0;
    if (!lane->is_given_up) {
        spill(lane, 0);
        say_rest(lane);
    }
    if (lane->output != NULL) {
        lane->output->type->close(lane->output);
    }
    while (lane->first != NULL) {
        if (lane->first->batch != NULL) {
            drop_batch(lane, lane->first);
        }
        remove_ticket(lane, lane->first);
    }
    say_what_is_left(lane);
    forget_spool(lane);
    letters_close(lane->letters);
    packer_free(lane->packer);
    free(lane);
}

bool lane_is_required(const struct lane *lane)
{
    return lane->settings->required;
}

bool lane_has_spool(const struct lane *lane)
{
    return lane->settings->spool_bytes_max > 0;
}

bool lane_is_far(const struct lane *lane)
{
    return lane->nearest_ns >= FAR_NS;
}

bool lane_has_room(const struct lane *lane)
{
    return lane->queued_bytes < lane->bytes_max;
}

/* Nothing that is not sent must be before it. */
static bool is_first(const struct lane *lane, const struct batch *batch)
{
    const struct ticket *ticket = lane->first;
    while (ticket != NULL && (ticket->is_sent || (ticket->file == 0 &&
                                                  ticket->batch->track != batch->track))) {
        ticket = ticket->next;
    }
    return ticket == NULL;
}

bool lane_may_send(const struct lane *lane, const struct batch *batch)
{
    return may_leave(lane, batch) && is_first(lane, batch);
}

bool lane_lacks_bytes(const struct lane *lane, const struct batch *batch)
{
    return may_one_leave(lane) && !are_bytes_free(lane, batch) && are_streams_free(lane, batch) &&
           is_first(lane, batch);
}

static void drop(struct lane *lane, const struct batch *batch)
{
    lane->books.dropped += batch->records;
    counters_add(lane->env.counters, C_RECORDS_DROPPED, batch->records);
    if (!lane->is_dropping_said) {
        lane->is_dropping_said = true;
        log_event(lane->env.log, LOG_WARN,
                  "output %s: it is not required, and what waits for its far end takes all the room "
                  "it has: records are dropped",
                  lane->settings->name);
    }
}

void lane_push(struct lane *lane, struct batch *batch)
{
    lane->books.given += batch->records;
    if (!lane_is_required(lane) && !lane_has_room(lane)) {
        drop(lane, batch);
        return;
    }
    lane->is_dropping_said = lane->is_dropping_said && lane->first != NULL;
    batch->refs++;
    append(lane, batch, 0)->records = batch->records;
    lane->queued_bytes += size_of(batch);
    counters_add(lane->env.counters, C_RECORDS_IN_FLIGHT, batch->records);
    send_next(lane);
    spill(lane, lane->bytes_max);
}

bool lane_is_mistaken(const struct lane *lane)
{
    const struct output_type *type = lane->output->type;
    return type->is_mistaken != NULL && type->is_mistaken(lane->output);
}

void lane_rest(struct lane *lane)
{
    packer_rest(lane->packer);
    if (lane->output->type->rest != NULL) {
        lane->output->type->rest(lane->output);
    }
}

void lane_tick(struct lane *lane)
{
    spill(lane, lane->bytes_max);
    send_next(lane);
}

bool lane_is_empty(const struct lane *lane)
{
    return lane->first == NULL;
}

bool lane_is_safe(const struct lane *lane)
{
    return find_without_file(lane) == NULL;
}

struct output_books lane_books(const struct lane *lane)
{
    struct output_books books = lane->books;
    books.output = lane->settings->name;
    books.is_mistaken = lane_is_mistaken(lane);
    for (const struct ticket *ticket = lane->first; ticket != NULL; ticket = ticket->next) {
        books.in_flight += ticket->records;
    }
    return books;
}

bool lane_has_failed(const struct lane *lane)
{
    return lane->has_failed;
}

/* ---- other settings, or none ----
 *
 * A queue that gets other settings, or goes. Its tickets do not notice: requests are encoded without
 * regard to the output, so what was meant for the old connection is as good for the new one.
 */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const char *place(const char *spool_dir)
{
    return spool_dir != NULL ? spool_dir : "in data_dir";
}

bool lane_prepare(struct lane *lane, const struct output_settings *settings, char **out_error)
{
    if (!is_same_text(lane->settings->spool_dir, settings->spool_dir)) {
        *out_error = mem_format("output %s: `spool.dir` is %s and cannot become %s while clew runs: "
                                "requests may wait there; restart clew for it, or take it back to have "
                                "the rest now",
                                settings->name, place(lane->settings->spool_dir),
                                place(settings->spool_dir));
        return false;
    }
    lane->next_settings = settings;
    lane->next_output = open_output(lane, settings, out_error);
    return lane->next_output != NULL;
}

void lane_cancel(struct lane *lane)
{
    if (lane->next_output != NULL) {
        lane->next_output->type->close(lane->next_output);
    }
    lane->next_output = NULL;
    lane->next_settings = NULL;
}

void lane_hold(struct lane *lane)
{
    lane->is_held = true;
}

bool lane_is_quiet(const struct lane *lane)
{
    return !lane->is_held || lane->output->type->is_quiet(lane->output);
}

void lane_release(struct lane *lane)
{
    if (lane->is_held) {
        lane->is_held = false;
        send_next(lane);
    }
}

static void promise_all(struct lane *lane)
{
    for (struct ticket *ticket = lane->first; ticket != NULL; ticket = ticket->next) {
        if (ticket->batch != NULL) {
            promise(lane, ticket->batch);
        }
    }
}

static void replace_output(struct lane *lane)
{
    lane->is_replacing = true;
    lane->output->type->close(lane->output);
    lane->is_replacing = false;
    lane->output = lane->next_output;
    lane->settings = lane->next_settings;
    lane->next_output = NULL;
    lane->next_settings = NULL;
    packer_free(lane->packer);
    lane->packer = packer_new(lane->settings->compression);
    spool_set_limit(lane->spool, share_of(&lane->env.share, lane->settings->spool_bytes_max));
}

void lane_commit(struct lane *lane, const struct settings *settings, uint64_t bytes_max)
{
    if (lane->next_output != NULL) {
        replace_output(lane);
    }
    lane->is_held = false;
    lane->bytes_max = bytes_max;
    letters_use(lane->letters, settings, lane->settings->name);
    if (!lane->settings->required) {
        promise_all(lane); /* checkpoints wait for it no more */
    }
    lane->write_at_ns = 0;
    lane->read_at_ns = 0;
    send_next(lane);
}

void lane_give_up(struct lane *lane)
{
    lane->write_at_ns = 0;
    spill(lane, 0);
    uint64_t records = 0;
    for (const struct ticket *ticket = lane->first; ticket != NULL; ticket = ticket->next) {
        records += ticket->file == 0 ? ticket->records : 0;
    }
    if (records > 0) {
        counters_add(lane->env.counters, C_RECORDS_DROPPED, records);
        log_event(lane->env.log, LOG_WARN,
                  "output %s is not in the config any more, and %" PRIu64
                  " records that its far end has not taken are dropped",
                  lane->settings->name, records);
    }
    promise_all(lane);
    lane->is_given_up = true;
}

const struct output_settings *lane_settings(const struct lane *lane)
{
    return lane->settings;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An output queue is a list of tickets, oldest first, one for each batch that its far end does not
 * have yet:
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
 * Tickets of a stream leave in the order of the list. While the queue is larger than it may be, the
 * oldest ticket without a file is spilled, those that are with the output first: a checkpoint can
 * only move over what is safe from its oldest end. So the list needs no second order, files and
 * memory may alternate in it, and nothing is written to disk that memory can hold.
 *
 * Within a stream the order is kept: a batch is sent only while no other with lines of one of its
 * streams is on its way to this output, or waits before it; others may pass what so waits. What was
 * never on disk has its track to tell (track.h). A file tells its streams as a set of bits
 * (record/stream_set.h); one that does not, of an earlier run and not read yet or of a clew that
 * did not write that, passes nothing and is not passed.
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

struct output_queue {
    const struct output_settings *settings;
    unsigned index;
    uint64_t bytes_max;
    struct output_queue_env env;
    struct output *output;
    struct spool *spool; /* NULL: none */
    struct dead_letters *letters; /* dead ones */
    struct parcel_packing *packing;
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

static struct ticket *append(struct output_queue *queue, struct batch *batch, uint64_t file)
{
    struct ticket *ticket = mem_alloc(sizeof(*ticket));
    ticket->batch = batch;
    ticket->file = file;
    *queue->end = ticket;
    queue->end = &ticket->next;
    return ticket;
}

static void drop_batch(struct output_queue *queue, struct ticket *ticket)
{
    struct batch *batch = ticket->batch;
    bool is_in_hand = ticket->is_sent || ticket->is_read_back;
    ticket->batch = NULL;
    ticket->is_read_back = false;
    *(is_in_hand ? &queue->sent_bytes : &queue->queued_bytes) -= size_of(batch);
    queue->env.release(queue->env.context, batch);
}

/* Its batch has been dropped. */
static void remove_ticket(struct output_queue *queue, struct ticket *ticket)
{
    struct ticket **at = &queue->first;
    while (*at != ticket) {
        at = &(*at)->next;
    }
    *at = ticket->next;
    queue->end = ticket->next == NULL ? at : queue->end;
    counters_subtract(queue->env.counters, C_RECORDS_IN_FLIGHT, ticket->records);
    free(ticket->streams);
    free(ticket);
}

static struct ticket *find_without_file(const struct output_queue *queue)
{
    struct ticket *ticket = queue->first;
    while (ticket != NULL && ticket->file != 0) {
        ticket = ticket->next;
    }
    return ticket;
}

static void promise(struct output_queue *queue, struct batch *batch)
{
    uint64_t bit = UINT64_C(1) << queue->index;
    if ((batch->required & bit) != 0) {
        batch->required &= ~bit;
        queue->env.promised(queue->env.context, batch);
    }
}

/* ---- the disk ---- */

static void count_spool(struct output_queue *queue, uint64_t bytes_before, size_t count_before)
{
    struct counters *counters = queue->env.counters;
    counters_add(counters, C_SPOOL_BYTES, spool_bytes(queue->spool) - bytes_before);
    counters_add(counters, C_SPOOL_REQUESTS, spool_count(queue->spool) - count_before);
}

/* Once an outage: a spool that is full takes one more whenever one was sent. */
static void say_full(struct output_queue *queue)
{
    if (!queue->is_full_said) {
        queue->is_full_said = true;
        log_event(queue->env.log, LOG_WARN,
                  "output %s: its spool in %s is full: %s until the backend accepts some of it",
                  queue->settings->name, spool_directory(queue->spool),
                  queue->settings->required ? "reading stops" : "records are dropped");
    }
}

static void say_trouble(struct output_queue *queue, const char *what, int result)
{
    counters_add(queue->env.counters, C_SPOOL_FAILURES, 1);
    if (queue->trouble == NULL) {
        queue->trouble = what;
        log_event(queue->env.log, LOG_ERROR,
                  "output %s: cannot %s its spool in %s: %s; retrying every second, unread lines "
                  "stay in the log files",
                  queue->settings->name, what, spool_directory(queue->spool), strerror(-result));
    }
}

/* `what` was tried. True if it is well. */
static bool judge_disk(struct output_queue *queue, const char *what, int result)
{
    uint64_t *next_ns = what == write_to ? &queue->write_at_ns : &queue->read_at_ns;
    if (result == SPOOL_OK) {
        if (queue->trouble == what) {
            queue->trouble = NULL;
            log_event(queue->env.log, LOG_INFO, "output %s: can %s its spool in %s again",
                      queue->settings->name, what, spool_directory(queue->spool));
        }
        *next_ns = 0;
        return true;
    }
    *next_ns = clock_monotonic_ns() + RETRY_NS;
    if (result == SPOOL_FULL) {
        say_full(queue);
    } else {
        say_trouble(queue, what, result);
    }
    return false;
}

static bool is_before(uint64_t at_ns)
{
    return at_ns != 0 && clock_monotonic_ns() < at_ns;
}

static void say_spooling(struct output_queue *queue)
{
    if (!queue->is_spooling) {
        queue->is_spooling = true;
        log_event(
            queue->env.log, LOG_WARN,
            "output %s: queue full; buffering requests in %s",
            queue->settings->name, spool_directory(queue->spool));
    }
}

static void take_streams(struct ticket *ticket, const struct parcel *parcel)
{
    if (parcel->has_streams && ticket->streams == NULL) {
        ticket->streams = mem_alloc(sizeof(*ticket->streams));
        *ticket->streams = parcel->streams;
    }
}

static bool write_ticket(struct output_queue *queue, struct ticket *ticket)
{
    struct parcel parcel;
    uint64_t bytes = spool_bytes(queue->spool);
    size_t count = spool_count(queue->spool);
    parcel_packing_pack(queue->packing, buf_slice(&ticket->batch->bytes), ticket->batch->records,
                        &parcel);
    parcel.time_ns = clock_realtime_ns();
    parcel_set_text(parcel.output, slice_from_string(queue->settings->name));
    batch_add_streams(ticket->batch, &parcel.streams);
    parcel.has_streams = true;
    int result = spool_write(queue->spool, &parcel, parcel.time_ns, &ticket->file);
    count_spool(queue, bytes, count);
    if (!judge_disk(queue, write_to, result)) {
        return false;
    }
    take_streams(ticket, &parcel);
    counters_add(queue->env.counters, C_RECORDS_SPOOLED, ticket->records);
    return true;
}

/* Make room in the queue until it has at most `bytes`, if the disk lets us. */
static void spill(struct output_queue *queue, uint64_t bytes)
{
    struct ticket *ticket;
    if (!output_queue_has_spool(queue) || is_before(queue->write_at_ns)) {
        return;
    }
    while (queue->queued_bytes >= bytes && (ticket = find_without_file(queue)) != NULL &&
           write_ticket(queue, ticket)) {
        if (bytes > 0) {
            say_spooling(queue);
        }
        promise(queue, ticket->batch);
        if (!ticket->is_sent) {
            drop_batch(queue, ticket);
        }
    }
}

static void say_leftover(struct output_queue *queue, int result)
{
    counters_add(queue->env.counters, C_SPOOL_FAILURES, 1);
    if (!queue->is_leftover_said) {
        queue->is_leftover_said = true;
        log_event(
            queue->env.log, LOG_WARN,
            "output %s: cannot remove sent requests from its spool in %s: %s; retrying with each "
            "request. Requests that remain are sent again after a restart",
            queue->settings->name, spool_directory(queue->spool), strerror(-result));
    }
}

static void forget_file(struct output_queue *queue, struct ticket *ticket)
{
    uint64_t bytes = spool_bytes(queue->spool);
    size_t count = spool_count(queue->spool);
    int result = spool_remove(queue->spool, ticket->file);
    if (result < 0) {
        say_leftover(queue, result);
    }
    count_spool(queue, bytes, count);
    queue->write_at_ns = 0; /* there is room, even if there was none */
    if (queue->is_spooling && spool_count(queue->spool) == 0) {
        queue->is_spooling = false;
        queue->is_full_said = false;
        log_event(queue->env.log, LOG_INFO, "output %s: all requests in %s have been sent",
                  queue->settings->name, spool_directory(queue->spool));
    }
}

/* Not sent as garbage, and not kept in the way of the others. */
static void give_up_file(struct output_queue *queue, struct ticket *ticket)
{
    uint64_t bytes = spool_bytes(queue->spool);
    size_t count = spool_count(queue->spool);
    log_event(queue->env.log, LOG_ERROR,
              "output %s: request %020" PRIu64 " in %s is damaged or missing; a damaged one is set "
              "aside as .corrupt and not sent",
              queue->settings->name, ticket->file, spool_directory(queue->spool));
    spool_set_aside(queue->spool, ticket->file);
    count_spool(queue, bytes, count);
    counters_add(queue->env.counters, C_SPOOL_DAMAGED, 1);
    counters_add(queue->env.counters, C_RECORDS_DAMAGED, ticket->records);
    queue->books.damaged += ticket->records;
    queue->has_failed = true;
    remove_ticket(queue, ticket);
}

static int read_file(struct output_queue *queue, struct ticket *ticket, struct batch *batch)
{
    struct parcel parcel;
    int result = spool_read(queue->spool, ticket->file, &batch->packed, &parcel);
    if (result != SPOOL_OK) {
        return result;
    }
    if (!parcel_packing_unpack(queue->packing, &parcel, &batch->bytes)) {
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
static bool is_hopeless(struct output_queue *queue, struct ticket *ticket, int result)
{
    if (result == SPOOL_GONE && ++ticket->misses < MISSES_MAX) {
        judge_disk(queue, read_from, -ENOENT);
        return false;
    }
    if (result == SPOOL_CORRUPT || result == SPOOL_GONE) {
        return true;
    }
    judge_disk(queue, read_from, result);
    return false;
}

/* The ticket's batch comes from its file. False if it does not: the ticket may then be gone. */
static bool read_back(struct output_queue *queue, struct ticket *ticket)
{
    struct batch *batch = batch_new(PARCEL_UNPACKED_BYTES_MAX);
    int result = read_file(queue, ticket, batch);
    if (result != SPOOL_OK) {
        batch_free(batch);
        if (is_hopeless(queue, ticket, result)) {
            give_up_file(queue, ticket);
        }
        return false;
    }
    ticket->misses = 0;
    judge_disk(queue, read_from, SPOOL_OK);
    batch->refs = 1;
    if (ticket->records == 0) {
        ticket->records = batch->records;
        counters_add(queue->env.counters, C_RECORDS_RESTORED, batch->records);
        queue->books.restored += batch->records;
        counters_add(queue->env.counters, C_RECORDS_IN_FLIGHT, batch->records);
    }
    ticket->batch = batch;
    ticket->is_read_back = true;
    queue->sent_bytes += size_of(batch);
    return true;
}

/* ---- sending ---- */

/* Of what is with the output already; `files_only`: of those that were read back. */
static bool meets_sent(const struct output_queue *queue, const struct stream_set *streams,
                       bool files_only)
{
    size_t left = files_only ? queue->sent_files : queue->sent_count;
    for (const struct ticket *ticket = queue->first; left > 0; ticket = ticket->next) {
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

static bool are_streams_free(const struct output_queue *queue, const struct batch *batch)
{
    struct stream_set own = {{0}};
    if ((queue->sent_tracks & track_bit(batch)) != 0) {
        return false;
    }
    if (queue->sent_files == 0) {
        return true;
    }
    batch_add_streams(batch, &own);
    return !meets_sent(queue, &own, true);
}

/* One more batch, whichever it is. */
static bool may_one_leave(const struct output_queue *queue)
{
    return !queue->is_held && queue->output->type->has_room(queue->output) &&
           (queue->sent_count == 0 || !queue->is_alone);
}

static bool are_bytes_free(const struct output_queue *queue, const struct batch *batch)
{
    return queue->sent_count == 0 || queue->sent_bytes + size_of(batch) <= queue->bytes_max;
}

static bool may_leave(const struct output_queue *queue, const struct batch *batch)
{
    return may_one_leave(queue) && are_bytes_free(queue, batch) &&
           (queue->sent_count == 0 || are_streams_free(queue, batch));
}

/* The same of one that was read back: it is in memory already. */
static bool may_file_leave(const struct output_queue *queue, const struct ticket *ticket)
{
    return may_one_leave(queue) &&
           (queue->sent_count == 0 ||
            (ticket->streams != NULL && !meets_sent(queue, ticket->streams, false)));
}

static void send(struct output_queue *queue, struct ticket *ticket)
{
    struct batch *batch = ticket->batch;
    ticket->is_sent = true;
    ticket->sent_ns = clock_monotonic_ns();
    queue->is_alone = ticket->is_read_back && ticket->streams == NULL;
    queue->sent_count++;
    if (ticket->is_read_back) {
        queue->sent_files++;
    } else {
        queue->sent_tracks |= track_bit(batch);
        queue->sent_bytes += size_of(batch);
        queue->queued_bytes -= size_of(batch);
    }
    queue->output->type->send(queue->output, batch);
}

/* The oldest that is not sent has its batch in memory now, or is another one. False: not yet. */
static bool fetch(struct output_queue *queue, struct ticket *ticket)
{
    if (!may_one_leave(queue) || queue->sent_bytes >= queue->bytes_max ||
        is_before(queue->read_at_ns)) {
        return false;
    }
    read_back(queue, ticket);
    return true;
}

/* What waits, and is not to be overtaken by lines of its streams. */
struct passed {
    unsigned count;
    uint64_t tracks;           /* of those that were never on disk … */
    struct stream_set streams; /* … and the streams of all */
};

static bool may_pass(const struct output_queue *queue, const struct passed *passed,
                     const struct ticket *ticket)
{
    struct stream_set own = {{0}};
    if (ticket->file == 0 &&
        ((queue->sent_tracks | passed->tracks) & track_bit(ticket->batch)) != 0) {
        return false;
    }
    if (ticket->file == 0) {
        batch_add_streams(ticket->batch, &own);
    }
    const struct stream_set *streams = ticket->file == 0 ? &own : ticket->streams;
    return !stream_sets_meet(&passed->streams, streams) &&
           (ticket->file == 0 || !meets_sent(queue, streams, false));
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
static struct ticket *find_next(const struct output_queue *queue)
{
    struct passed passed = {0};
    struct ticket *ticket = queue->first;
    for (; ticket != NULL && passed.count < PASSED_MAX; ticket = ticket->next) {
        if (ticket->is_sent) {
            continue;
        }
        if (ticket->file != 0 && ticket->streams == NULL) {
            return passed.count == 0 ? ticket : NULL;
        }
        if (may_pass(queue, &passed, ticket)) {
            return ticket;
        }
        pass(&passed, ticket);
    }
    return NULL;
}

static void send_next(struct output_queue *queue)
{
    struct ticket *ticket;
    while ((ticket = find_next(queue)) != NULL) {
        if (ticket->batch == NULL) {
            if (!fetch(queue, ticket)) {
                return;
            }
        } else if (ticket->is_read_back ? may_file_leave(queue, ticket)
                                        : may_leave(queue, ticket->batch)) {
            send(queue, ticket);
        } else {
            return;
        }
    }
}

enum refusal_end output_queue_refuse(struct output_queue *queue, const struct refusal *refusal)
{
    return dead_letters_keep(queue->letters, queue->packing, refusal);
}

static enum refusal_end output_refused(void *context, const struct refusal *refusal)
{
    return output_queue_refuse(context, refusal);
}

/* ---- what came of it ---- */

static void count_done(struct output_queue *queue, const struct batch *batch,
                       enum delivery delivery, const struct delivery_counts *counts)
{
    struct counters *counters = queue->env.counters;
    uint64_t lost = counts->rejected + counts->refused;
    if (delivery == DELIVERY_KEPT) {
        return;
    }
    counters_add(counters, C_RECORDS_SENT, batch->records - lost);
    counters_add(counters, C_RECORDS_REJECTED, counts->rejected);
    counters_add(counters, C_RECORDS_REFUSED, counts->refused);
    queue->books.sent += batch->records - lost;
    queue->books.rejected += counts->rejected;
    queue->books.refused += counts->refused;
    queue->has_failed = queue->has_failed || lost > 0;
}

/* Of a backend that is near but busy some answers are quick, of one that is far away none. */
static void note_answer(struct output_queue *queue, const struct ticket *ticket)
{
    uint64_t took_ns = clock_monotonic_ns() - ticket->sent_ns + 1;
    uint64_t slower_ns = queue->nearest_ns + queue->nearest_ns / NEAREST_SHARE + 1;
    queue->nearest_ns = queue->nearest_ns == 0 || took_ns < slower_ns ? took_ns : slower_ns;
}

/* The output is being replaced, and had this in hand. */
static void queue_again(struct output_queue *queue, struct ticket *ticket)
{
    if (ticket->file != 0) {
        drop_batch(queue, ticket); /* it is read back in its turn */
    } else {
        queue->sent_bytes -= size_of(ticket->batch);
        queue->queued_bytes += size_of(ticket->batch);
    }
    ticket->is_sent = false;
}

static void output_done(void *context, struct batch *batch, enum delivery delivery,
                        const struct delivery_counts *counts)
{
    struct output_queue *queue = context;
    struct ticket *ticket = queue->first;
    while (ticket->batch != batch) {
        ticket = ticket->next;
    }
    queue->sent_count--;
    queue->sent_files -= ticket->is_read_back;
    queue->sent_tracks &= ticket->is_read_back ? UINT64_MAX : ~track_bit(batch);
    queue->is_alone = false;
    if (queue->is_replacing && delivery == DELIVERY_KEPT) {
        queue_again(queue, ticket);
        return;
    }
    note_answer(queue, ticket);
    count_done(queue, batch, delivery, counts);
    if (ticket->file != 0 && delivery != DELIVERY_KEPT) {
        forget_file(queue, ticket);
    } else if (ticket->file == 0 && delivery != DELIVERY_KEPT) {
        promise(queue, batch);
    }
    drop_batch(queue, ticket);
    remove_ticket(queue, ticket);
    if (!queue->is_closing) {
        send_next(queue);
        queue->env.moved(queue->env.context);
    }
}

/* ---- the output queue ---- */

static bool open_spool(struct output_queue *queue, const struct settings *settings,
                       char **out_error)
{
    const struct output_settings *output = queue->settings;
    char *directory = output->spool_dir != NULL
                          ? mem_string(output->spool_dir)
                          : mem_format("%s/spool/%s", settings->data_dir, output->name);
    const struct share *share = &queue->env.share;
    int result = spool_open(directory, share_of(share, output->spool_bytes_max), &queue->spool);
    if (result == 0 && share->workers > 1) {
        result = spool_share(queue->spool, share->worker, share->workers, false);
    }
    if (result < 0) {
        *out_error = mem_format("cannot read the spool of output %s in %s: %s", output->name,
                                directory, strerror(-result));
    }
    if (result == 0) {
        count_spool(queue, 0, 0);
    }
    free(directory);
    return result == 0;
}

static void take_up_files(struct output_queue *queue)
{
    size_t count = spool_count(queue->spool);
    spool_clean(queue->spool);
    for (size_t i = 0; i < count; i++) {
        append(queue, NULL, spool_number(queue->spool, i));
    }
    if (count > 0) {
        queue->is_spooling = true;
        log_event(queue->env.log, LOG_INFO,
                  "output %s: sending %zu requests of an earlier run in %s first",
                  queue->settings->name, count, spool_directory(queue->spool));
    }
}

static struct output *open_output(struct output_queue *queue,
                                  const struct output_settings *settings, char **out_error)
{
    const struct output_type *type = output_type_find(settings->type);
    const struct output_env env = {queue->env.loop,     queue->env.log, queue->env.counters,
                                   output_done,         output_refused, queue,
                                   queue->env.addresses};
    if (type == NULL) {
        *out_error = mem_format("unknown output type '%s'", settings->type);
        return NULL;
    }
    return type->open(settings, &env, out_error);
}

struct output_queue *output_queue_new(const struct settings *settings, size_t number,
                                      unsigned index, uint64_t bytes_max,
                                      const struct output_queue_env *env, char **out_error)
{
    struct output_queue *queue = mem_alloc(sizeof(*queue));
    queue->settings = &settings->outputs[number];
    queue->index = index;
    queue->bytes_max = bytes_max;
    queue->env = *env;
    queue->end = &queue->first;
    queue->packing = parcel_packing_new(queue->settings->compression);
    queue->letters = dead_letters_open(settings, queue->settings->name, env->log, env->counters,
                                       &env->share, out_error);
    if (queue->letters != NULL && open_spool(queue, settings, out_error)) {
        queue->output = open_output(queue, queue->settings, out_error);
    }
    if (queue->output == NULL) {
        output_queue_free(queue);
        return NULL;
    }
    take_up_files(queue);
    return queue;
}

static void say_what_is_left(const struct output_queue *queue)
{
    size_t left = queue->spool != NULL ? spool_leftovers(queue->spool) : 0;
    if (left > 0) {
        log_event(
            queue->env.log, LOG_WARN,
            "output %s: %zu sent requests remain in its spool in %s, because they cannot be "
            "removed: the next start sends them again",
            queue->settings->name, left, spool_directory(queue->spool));
    }
}

/* What the backend has not taken, by what becomes of it. */
struct rest {
    uint64_t kept; /* records on the disk … */
    size_t older;  /* … and requests of an earlier run, which were not read back */
    uint64_t left; /* records in memory only */
};

static struct rest count_rest(const struct output_queue *queue)
{
    struct rest rest = {0};
    for (const struct ticket *ticket = queue->first; ticket != NULL; ticket = ticket->next) {
        rest.older += ticket->file != 0 && ticket->records == 0;
        *(ticket->file != 0 ? &rest.kept : &rest.left) += ticket->records;
    }
    return rest;
}

static void say_kept(const struct output_queue *queue, const struct rest *rest)
{
    char older[64] = "";
    if (rest->older > 0) {
        snprintf(older, sizeof(older), " and %zu requests of an earlier run", rest->older);
    }
    log_event(queue->env.log, LOG_INFO,
              "output %s: %" PRIu64 " records%s not accepted by the backend are kept in %s; the next "
              "start sends them",
              queue->settings->name, rest->kept, older, spool_directory(queue->spool));
}

/* Checkpoints have not waited for it: this is the last that anybody hears of these. */
static void drop_left(struct output_queue *queue, uint64_t left)
{
    counters_add(queue->env.counters, C_RECORDS_DROPPED, left);
    queue->books.dropped += left;
    log_event(queue->env.log, LOG_WARN,
              "output %s: dropping %" PRIu64 " records that the backend has not accepted, because the "
              "output is not required",
              queue->settings->name, left);
}

/* At the end of the process. Of one that was given up all has been said. */
static void say_rest(struct output_queue *queue)
{
    struct rest rest = count_rest(queue);
    if (rest.kept > 0) {
        say_kept(queue, &rest);
    }
    if (rest.left > 0 && !output_queue_is_required(queue)) {
        drop_left(queue, rest.left);
    } else if (rest.left > 0 && output_queue_has_spool(queue)) {
        log_event(queue->env.log, LOG_WARN,
                  "output %s: %" PRIu64 " records did not fit into its spool in %s: the next start "
                  "reads them again from their files",
                  queue->settings->name, rest.left, spool_directory(queue->spool));
    }
}

/* What it holds is for who opens it next: it waits here no more. */
static void forget_spool(struct output_queue *queue)
{
    if (queue->spool != NULL) {
        counters_subtract(queue->env.counters, C_SPOOL_BYTES, spool_bytes(queue->spool));
        counters_subtract(queue->env.counters, C_SPOOL_REQUESTS, spool_count(queue->spool));
        spool_close(queue->spool);
    }
}

void output_queue_free(struct output_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    queue->is_closing = true;
    queue->write_at_ns = 0;
    if (!queue->is_given_up) {
        spill(queue, 0);
        say_rest(queue);
    }
    if (queue->output != NULL) {
        queue->output->type->close(queue->output);
    }
    while (queue->first != NULL) {
        if (queue->first->batch != NULL) {
            drop_batch(queue, queue->first);
        }
        remove_ticket(queue, queue->first);
    }
    say_what_is_left(queue);
    forget_spool(queue);
    dead_letters_close(queue->letters);
    parcel_packing_free(queue->packing);
    free(queue);
}

bool output_queue_is_required(const struct output_queue *queue)
{
    return queue->settings->required;
}

bool output_queue_has_spool(const struct output_queue *queue)
{
    return queue->settings->spool_bytes_max > 0;
}

bool output_queue_is_far(const struct output_queue *queue)
{
    return queue->nearest_ns >= FAR_NS;
}

bool output_queue_has_room(const struct output_queue *queue)
{
    return queue->queued_bytes < queue->bytes_max;
}

/* Nothing that is not sent must be before it. */
static bool is_first(const struct output_queue *queue, const struct batch *batch)
{
    const struct ticket *ticket = queue->first;
    while (ticket != NULL && (ticket->is_sent || (ticket->file == 0 &&
                                                  ticket->batch->track != batch->track))) {
        ticket = ticket->next;
    }
    return ticket == NULL;
}

bool output_queue_may_send(const struct output_queue *queue, const struct batch *batch)
{
    return may_leave(queue, batch) && is_first(queue, batch);
}

bool output_queue_lacks_bytes(const struct output_queue *queue, const struct batch *batch)
{
    return may_one_leave(queue) && !are_bytes_free(queue, batch) &&
           are_streams_free(queue, batch) && is_first(queue, batch);
}

static void drop(struct output_queue *queue, const struct batch *batch)
{
    queue->books.dropped += batch->records;
    counters_add(queue->env.counters, C_RECORDS_DROPPED, batch->records);
    if (!queue->is_dropping_said) {
        queue->is_dropping_said = true;
        log_event(
            queue->env.log, LOG_WARN,
            "output %s: queue full and output not required: records are dropped",
            queue->settings->name);
    }
}

void output_queue_push(struct output_queue *queue, struct batch *batch)
{
    queue->books.given += batch->records;
    if (!output_queue_is_required(queue) && !output_queue_has_room(queue)) {
        drop(queue, batch);
        return;
    }
    queue->is_dropping_said = queue->is_dropping_said && queue->first != NULL;
    batch->refs++;
    append(queue, batch, 0)->records = batch->records;
    queue->queued_bytes += size_of(batch);
    counters_add(queue->env.counters, C_RECORDS_IN_FLIGHT, batch->records);
    send_next(queue);
    spill(queue, queue->bytes_max);
}

bool output_queue_is_mistaken(const struct output_queue *queue)
{
    const struct output_type *type = queue->output->type;
    return type->is_mistaken != NULL && type->is_mistaken(queue->output);
}

void output_queue_rest(struct output_queue *queue)
{
    parcel_packing_rest(queue->packing);
    if (queue->output->type->rest != NULL) {
        queue->output->type->rest(queue->output);
    }
}

void output_queue_tick(struct output_queue *queue)
{
    spill(queue, queue->bytes_max);
    send_next(queue);
}

bool output_queue_is_empty(const struct output_queue *queue)
{
    return queue->first == NULL;
}

bool output_queue_is_safe(const struct output_queue *queue)
{
    return find_without_file(queue) == NULL;
}

struct output_books output_queue_books(const struct output_queue *queue)
{
    struct output_books books = queue->books;
    books.output = queue->settings->name;
    books.is_mistaken = output_queue_is_mistaken(queue);
    for (const struct ticket *ticket = queue->first; ticket != NULL; ticket = ticket->next) {
        books.in_flight += ticket->records;
    }
    return books;
}

bool output_queue_has_failed(const struct output_queue *queue)
{
    return queue->has_failed;
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

bool output_queue_prepare(struct output_queue *queue, const struct output_settings *settings,
                          char **out_error)
{
    if (!is_same_text(queue->settings->spool_dir, settings->spool_dir)) {
        *out_error = mem_format(
            "output %s: `spool.dir` cannot change from %s to %s while clew runs; restart clew, or "
            "undo the change to apply the rest now",
            settings->name, place(queue->settings->spool_dir), place(settings->spool_dir));
        return false;
    }
    queue->next_settings = settings;
    queue->next_output = open_output(queue, settings, out_error);
    return queue->next_output != NULL;
}

void output_queue_cancel(struct output_queue *queue)
{
    if (queue->next_output != NULL) {
        queue->next_output->type->close(queue->next_output);
    }
    queue->next_output = NULL;
    queue->next_settings = NULL;
}

void output_queue_hold(struct output_queue *queue)
{
    queue->is_held = true;
}

bool output_queue_is_quiet(const struct output_queue *queue)
{
    return !queue->is_held || queue->output->type->is_quiet(queue->output);
}

void output_queue_release(struct output_queue *queue)
{
    if (queue->is_held) {
        queue->is_held = false;
        send_next(queue);
    }
}

static void promise_all(struct output_queue *queue)
{
    for (struct ticket *ticket = queue->first; ticket != NULL; ticket = ticket->next) {
        if (ticket->batch != NULL) {
            promise(queue, ticket->batch);
        }
    }
}

static void replace_output(struct output_queue *queue)
{
    queue->is_replacing = true;
    queue->output->type->close(queue->output);
    queue->is_replacing = false;
    queue->output = queue->next_output;
    queue->settings = queue->next_settings;
    queue->next_output = NULL;
    queue->next_settings = NULL;
    parcel_packing_free(queue->packing);
    queue->packing = parcel_packing_new(queue->settings->compression);
    spool_set_limit(queue->spool, share_of(&queue->env.share, queue->settings->spool_bytes_max));
}

void output_queue_commit(struct output_queue *queue, const struct settings *settings,
                         uint64_t bytes_max)
{
    if (queue->next_output != NULL) {
        replace_output(queue);
    }
    queue->is_held = false;
    queue->bytes_max = bytes_max;
    dead_letters_use(queue->letters, settings, queue->settings->name);
    if (!queue->settings->required) {
        promise_all(queue); /* checkpoints wait for it no more */
    }
    queue->write_at_ns = 0;
    queue->read_at_ns = 0;
    send_next(queue);
}

void output_queue_give_up(struct output_queue *queue)
{
    queue->write_at_ns = 0;
    spill(queue, 0);
    uint64_t records = 0;
    for (const struct ticket *ticket = queue->first; ticket != NULL; ticket = ticket->next) {
        records += ticket->file == 0 ? ticket->records : 0;
    }
    if (records > 0) {
        counters_add(queue->env.counters, C_RECORDS_DROPPED, records);
        log_event(queue->env.log, LOG_WARN,
                  "output %s was removed from the config; dropping %" PRIu64 " records that its "
                  "backend has not accepted",
                  queue->settings->name, records);
    }
    promise_all(queue);
    queue->is_given_up = true;
}

const struct output_settings *output_queue_settings(const struct output_queue *queue)
{
    return queue->settings;
}

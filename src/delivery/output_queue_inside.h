/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_OUTPUT_QUEUE_INSIDE_H
#define CLEW_DELIVERY_OUTPUT_QUEUE_INSIDE_H

/* What output_queue.c and output_queue_reload.c share; nobody else includes it. */

#include "delivery/dead_letters.h"
#include "delivery/output_queue.h"
#include "delivery/parcel_packing.h"
#include "delivery/spool.h"

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

/* Once for each batch: later calls do nothing. */
void lane_promise(struct lane *lane, struct batch *batch);

/* Make room in the queue until it has at most `bytes`, if the disk lets us. */
void lane_spill(struct lane *lane, uint64_t bytes);

void lane_send_next(struct lane *lane);

/* NULL with *out_error, as of lane_new(). */
struct output *lane_open_output(struct lane *lane, const struct output_settings *settings,
                                char **out_error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DAEMON_DAEMON_INSIDE_H
#define CLEW_DAEMON_DAEMON_INSIDE_H

/* What daemon.c, open.c, control.c, reload.c and workers.c share; nobody else includes it. */

#include <ev.h>
#include "audit/coverage.h"
#include "base/list.h"
#include "base/log.h"
#include "base/share.h"
#include "control/control.h"
#include "daemon/daemon.h"
#include "daemon/filtering.h"
#include "daemon/pipeline.h"
#include "daemon/pod_multiline.h"
#include "daemon/sandbox.h"
#include "daemon/workers.h"
#include "delivery/route_filters.h"
#include "delivery/shipment.h"
#include "input/input_type.h"
#include "kubernetes/pod_wait.h"
#include "parsers/assembler.h"
#include "record/counters.h"

struct daemon;

/* A config that a reload has read. It goes when nothing reads it any more. */
struct generation {
    struct settings *settings;
    struct generation *next;
};

/* One input and what its lines go through. */
struct tap {
    struct daemon *daemon;
    const struct settings *config; /* of which `settings` are a part */
    const struct input_settings *settings;
    struct multiline_rules *rules; /* NULL: lines are not joined */
    struct line_sink sink;
    const struct input_type *type;
    enum parse_format format;
    void *input; /* of that type */
    bool is_ending; /* it reads what the end would lose, and nothing else */
    bool is_held; /* a reload will close it: no more lines, until those it gave are promised */
};

/* A config that was read again and waits for what is under way. */
struct reload {
    struct settings *settings; /* NULL: there is none */
    ev_timer poll;
    uint64_t mark;        /* of the shipment: what held inputs gave is before it */
    uint64_t deadline_ns; /* monotonic: no longer than this */
    bool holds_outputs;   /* the inputs have settled */
};

/* One worker. The first has what there is once only: signals, endpoint, commits, reports. */
struct daemon {
    struct daemon *next;     /* worker; what is said of all of them goes from the first to NULL */
    struct share share;      /* all zero: the only one */
    struct workers *workers; /* NULL: likewise; but for the first only */
    struct sandbox *sandbox; /* of all, and the first's to free; NULL: it is off */
    struct assignment *assignment; /* of logs to workers; NULL: all are this one's */
    struct addresses *addresses; /* of all, and the first's to free */
    const struct settings *settings;
    const struct daemon_options *options;
    struct generation *generations; /* of the config: those that were read while it ran */
    struct log log;
    struct counters counters;
    struct counters total; /* the first's: of all workers, as of the last daemon_count() */
    struct losses losses;
    struct ev_loop *loop;
    struct checkpoint_store *checkpoints; /* of all, and the first's to commit and close */
    struct pipeline *pipeline;
    struct route_filters *route_filters; /* NULL: everything goes to every output */
    struct audit *audit;
    struct coverage *coverage; /* of all; the first's, as is … */
    struct filtering *filtering; /* NULL: there are no filters */
    struct source *own_source; /* of records that clew writes about itself */
    struct pod_wait *metadata; /* NULL: paths tell all there is */
    struct pod_multiline *pod_multiline; /* of lines, where pods ask for it */
    struct shipment *shipment;
    struct reload reload;
    struct control *control; /* … this */
    struct tap **taps;
    size_t tap_count;
    uint64_t input_files_max; /* each */
    struct input_family family; /* those that read files */
    ev_prepare lead; /* with flush: before the loop waits, a first line is sent at once */
    ev_timer rest;   /* when nothing has been in hand for a while: give memory back */
    uint64_t rested_bytes; /* that had been encoded by then */
    uint64_t rested_ns;    /* when that was, by the loop's clock */
    ev_timer flush;  /* while something is in hand: batches by age; the end of `once` and of a drain */
    ev_timer commit; /* checkpoints */
    ev_timer check;    /* of coverage … */
    ev_timer summary;  /* … and its numbers, as records */
    ev_timer look;     /* once a turn, while one of these two goes on */
    bool is_checking;
    struct coverage_look *summing_up; /* NULL: not now */
    ev_timer deadline; /* of a stop; with `once`, of the next acknowledgement */
    ev_signal signals[3];
    bool is_draining;
    bool is_reloading; /* inputs are closed to be opened again: partial lines stay where they are */
    bool is_stopping; /* to be started again: partial lines stay where they are */
    bool has_ended; /* its loop has nothing more to do; the first's may wait for the others */
    bool has_checkpoint_failure;
    bool has_told_of_shapes;
    bool was_lacking; /* with `once`: an input of it was */
};

enum log_level daemon_log_level(const char *name);

/* All parts of a worker whose loop is there. False with *out_error, which the caller frees;
 * daemon_close_graph() in any case. */
bool daemon_open_graph(struct daemon *daemon, struct daemon *first, char **out_error);
void daemon_close_graph(struct daemon *daemon);

/* Where the lines of an input go. */
struct line_sink daemon_sink(struct tap *tap);

/* The shipment's `room`: there is some again, or a batch came back. */
void daemon_has_room(void *context);

void daemon_commit(struct daemon *first); /* checkpoints, with a word where it fails */

/* Parts of the graph as `settings` want them. NULL with *out_error, which the caller frees;
 * daemon_open_control() also without it, for `off`. */
struct tap *daemon_open_tap(struct daemon *daemon, const struct settings *config,
                            const struct input_settings *settings, char **out_error);
void daemon_close_tap(struct tap *tap); /* NULL is fine */
struct control *daemon_open_control(struct daemon *daemon, const struct settings *settings,
                                    char **out_error);
bool daemon_open_filtering(struct daemon *daemon, struct pipeline *pipeline,
                           struct filtering **out_filtering, char **out_error);
bool daemon_open_routing(struct daemon *daemon, const struct settings *settings,
                         struct pipeline *pipeline, struct route_filters **out_routing,
                         char **out_error);
/* Sum up all counters; the others stand still. */
void daemon_count(struct daemon *first);

/* What a report of all services may take. */
uint64_t daemon_look_bytes(const struct settings *settings);

uint64_t daemon_share_descriptors(const struct settings *settings);

/* As daemon->settings say, from now on. */
void daemon_set_timers(struct daemon *daemon);

/* The input is one that this worker reads, or reads a share of. */
bool daemon_reads(const struct daemon *daemon, const struct input_settings *settings);

/* Say only what is wrong, where the first says the same; or as the config wants. */
void daemon_be_quiet(struct daemon *daemon, bool is_quiet);

/* The end of `first`, if that was all it waited for. */
void daemon_others_may_have_ended(struct daemon *first);

/* Something is in hand, or may be. */
void daemon_start_flush(struct daemon *daemon);
void daemon_resume(struct daemon *daemon);

/* Read the config again and take it on, once what would be sent twice is settled, or say why not.
 * docs/delivery.md */
void daemon_reload(struct daemon *first);
void daemon_cancel_reload(struct daemon *first); /* the end has come first; nothing of another one */
void daemon_free_generations(struct daemon *first); /* all of them */

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The daemon: one loop, one graph, everything in one struct.
 *
 * Lines come from the inputs and are framed, parsed, resolved, counted and added to a batch before
 * the call returns; so nothing read is ever waiting in here but partial lines and batches. When the
 * shipment has no room the line is not taken, and the input offers it again after resume().
 */

#include "daemon/daemon_inside.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/url.h"

enum {
    REST_BYTES_MIN = 128 * 1024,
    /* A larger block is a mapping of its own, which goes back to the system when it is freed; a fixed
     * number keeps glibc from raising it after the first one is. Above what libcurl takes for each
     * request (SEND_BYTES of base/http_client.c), or each would ask the system for it anew. */
    MAPPED_BYTES_MIN = 512 * 1024,
    FREE_BYTES_MAX = 1024 * 1024, /* kept at the heap's end while there is work */
};

/* A timer must not come before its time by rounding. */
static const double LEAD_LATER_S = 0.001;

static const double REST_AFTER_S = 2;
static const double AT_ONCE_S = 1e-6; /* a timer that repeats has to wait */
static const uint64_t REST_EVERY_NS = 30 * 1000000000ULL; /* where lines never cease: an outage takes much */

enum log_level daemon_log_level(const char *name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return (enum log_level)i;
        }
    }
    return LOG_INFO;
}

/* ---- lines ---- */

static uint64_t loop_ns(const struct daemon *daemon)
{
    return (uint64_t)(ev_now(daemon->loop) * 1e9);
}

/* Nothing in hand, nothing to wake up for. */
void daemon_start_flush(struct daemon *daemon)
{
    if (!ev_is_active(&daemon->flush)) {
        double lead_s = (double)shipment_leads_in_ns(daemon->shipment, loop_ns(daemon)) / 1e9;
        daemon->flush.at = lead_s > 0 && lead_s < daemon->flush.repeat ? lead_s + LEAD_LATER_S
                                                                       : daemon->flush.repeat;
        ev_timer_start(daemon->loop, &daemon->flush);
        ev_prepare_start(daemon->loop, &daemon->lead);
        ev_timer_stop(daemon->loop, &daemon->rest);
    }
}

static void ship(struct tap *tap, const struct framed *framed, struct stream *stream)
{
    struct daemon *daemon = tap->daemon;
    daemon_start_flush(daemon);
    if ((framed->source->policy.excluded >> framed->iostream & 1) != 0) {
        counters_add(&daemon->counters, C_KUBERNETES_RECORDS_EXCLUDED, 1);
        shipment_skip(daemon->shipment, stream->checkpoint, framed->safe, loop_ns(daemon));
        return;
    }
    struct record *record = pipeline_parse(daemon->pipeline, framed, tap->format);
    audit_count(daemon->audit, record);
    audit_hold(daemon->audit, &stream->origin);
    if (daemon->filtering == NULL) {
        audit_count_out(daemon->audit, record);
    } else if (!filtering_pass(daemon->filtering, record, loop_ns(daemon))) {
        shipment_skip(daemon->shipment, stream->checkpoint, framed->safe, loop_ns(daemon));
        return;
    }
    if (daemon->route_filters != NULL) {
        route_filters_ship(daemon->route_filters, record, stream, framed->safe, loop_ns(daemon));
    } else {
        shipment_add(daemon->shipment, record, stream->checkpoint, framed->safe, loop_ns(daemon));
    }
}

/* A line of clew's own: no file, so no promise; it is not audited. */
static void ship_own(void *context, struct slice line)
{
    struct daemon *daemon = context;
    const struct framed framed = {
        .line = line, .source = daemon->own_source, .read_ns = clock_realtime_ns()};
    if (shipment_has_room(daemon->shipment, NULL)) {
        daemon_start_flush(daemon);
        const struct record *record =
            pipeline_parse(daemon->pipeline, &framed, PARSE_FORMAT_JSON);
        shipment_add(daemon->shipment, record, NULL, (struct position){0, 0}, loop_ns(daemon));
    }
}

static bool has_room(void *context, const struct stream *stream)
{
    const struct tap *tap = context;
    return !tap->is_held && shipment_has_room(tap->daemon->shipment, stream->checkpoint);
}

static enum line_answer take_line(void *context, const struct line *line)
{
    struct tap *tap = context;
    if (tap->is_held) {
        return LINE_NO_ROOM;
    }
    if (!has_room(tap, line->stream)) {
        return LINE_FULL;
    }
    if (!pod_wait_may_ship(tap->daemon->metadata, line)) {
        return LINE_HELD;
    }
    struct stream *stream = line->stream;
    if (stream->frame == NULL) {
        const struct multiline_rules *rules =
            pod_multiline_rules(tap->daemon->pod_multiline, line->source, tap->rules);
        stream->frame = assembler_new(tap->settings, rules, &tap->daemon->counters);
    }
    struct framed framed;
    enum frame_verdict verdict = assembler_push(stream->frame, line, &framed);
    for (; verdict == FRAME_RECORD; verdict = assembler_next(stream->frame, &framed)) {
        ship(tap, &framed, stream);
    }
    return LINE_TAKEN;
}

/* One that has waited long enough at `now_ns`, and what becomes records of its own with it. */
static bool ship_waiting(struct tap *tap, struct stream *stream, uint64_t now_ns)
{
    struct framed framed;
    if (stream->frame == NULL || !assembler_flush(stream->frame, now_ns, &framed)) {
        return false;
    }
    do {
        ship(tap, &framed, stream);
    } while (assembler_next(stream->frame, &framed) == FRAME_RECORD);
    return true;
}

static bool stream_is_idle(void *context, struct stream *stream, uint64_t now_ns)
{
    struct tap *tap = context;
    while (has_room(tap, stream) && ship_waiting(tap, stream, now_ns)) {
    }
    return has_room(tap, stream);
}

/* What still waits for its rest will not get it: it is shipped as it is, room or not, for nobody
 * will read it again. At a stop it is left alone: the checkpoint stands before it. */
static void stream_is_gone(void *context, struct stream *stream)
{
    struct tap *tap = context;
    bool is_ending = tap->daemon->is_stopping || tap->daemon->is_reloading;
    while (!is_ending && ship_waiting(tap, stream, UINT64_MAX)) {
    }
    assembler_free(stream->frame);
    stream->frame = NULL;
    audit_let_go(tap->daemon->audit, &stream->origin);
}

/* A reload has given the input other options. What waits for its rest gets it, unless they would have made
 * another record of it: then it is shipped as it is. */
static void stream_has_moved(void *context, struct stream *stream, void *former)
{
    struct tap *tap = context;
    struct tap *before = former;
    bool goes_on = config_is_same("multiline", before->config, tap->config) &&
                   (stream->frame == NULL ||
                    assembler_use(stream->frame, tap->settings, before->rules, tap->rules));
    if (!goes_on) {
        while (ship_waiting(before, stream, UINT64_MAX)) {
        }
        assembler_free(stream->frame);
        stream->frame = NULL;
    }
}

struct line_sink daemon_sink(struct tap *tap)
{
    return (struct line_sink){take_line,        stream_is_idle, stream_is_gone,
                              stream_has_moved, has_room,       tap};
}

/* While it ends, only what is lost else is read. */
void daemon_resume(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->tap_count; i++) {
        struct tap *tap = daemon->taps[i];
        if (tap->input != NULL && (!daemon->is_draining || tap->is_ending)) {
            tap->type->resume(tap->input);
        }
    }
}

/* Also called for each batch that came back: with `once`, the sign that it is worth waiting. */
void daemon_has_room(void *context)
{
    struct daemon *daemon = context;
    if (daemon->options->once && !daemon->is_stopping && !daemon->has_ended) {
        ev_timer_again(daemon->loop, &daemon->deadline);
    }
    daemon_resume(daemon);
}

/* ---- time ---- */

/* A directory that has gone cannot be made again, for the one above it is out of reach. */
static const char *blame_sandbox(struct daemon *first, int result)
{
    if (result != -EACCES || !sandbox_hides_files(first->sandbox)) {
        return "";
    }
    counters_add(&first->counters, C_SANDBOX_HIDDEN, 1);
    return " (the sandbox allows writing only to the directory that existed at the start: restart "
           "clew)";
}

void daemon_commit(struct daemon *daemon)
{
    int result = checkpoint_commit(daemon->checkpoints);
    counters_add(&daemon->counters, result < 0 ? C_CHECKPOINT_FAILURES : C_CHECKPOINT_COMMITS, 1);
    if (result < 0 && !daemon->has_checkpoint_failure) {
        log_event(&daemon->log, LOG_ERROR,
                  "cannot save checkpoints in %s: %s%s; retrying every %llu ms; after a restart "
                  "lines since the last save are sent again",
                  daemon->settings->data_dir, strerror(-result), blame_sandbox(daemon, result),
                  (unsigned long long)daemon->settings->checkpoint_interval_ms);
    } else if (result >= 0 && daemon->has_checkpoint_failure) {
        log_event(&daemon->log, LOG_INFO, "checkpoints can be saved again");
    }
    if (result == CHECKPOINT_REMADE) {
        log_event(&daemon->log, LOG_WARN,
                  "the data directory %s, or its lock, was removed; clew recreated it, with the "
                  "checkpoints",
                  daemon->settings->data_dir);
    }
    daemon->has_checkpoint_failure = result < 0;
}

static bool inputs_are_at_end(const struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->tap_count; i++) {
        if (!daemon->taps[i]->type->is_at_end(daemon->taps[i]->input)) {
            return false;
        }
    }
    return true;
}

/* All inputs come to an end by themselves, and clew with them, as with `once`; those of the other
 * workers count too. */
static bool inputs_end(const struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;
    for (size_t i = 0; i < settings->input_count; i++) {
        if (!input_type_find(settings->inputs[i].type)->ends) {
            return false;
        }
    }
    return settings->input_count > 0;
}

static bool has_spool(const struct settings *settings)
{
    bool has = false;
    for (size_t i = 0; i < settings->output_count; i++) {
        has = has || settings->outputs[i].spool_bytes_max > 0;
    }
    return has;
}

static void drain(struct daemon *daemon, const char *why)
{
    if (daemon->is_draining) {
        return;
    }
    daemon->is_draining = true;
    daemon_cancel_reload(daemon);
    daemon_start_flush(daemon);
    if (daemon->share.worker == 0) {
        log_event(&daemon->log, LOG_INFO, "%s: flushing", why);
    }
    for (size_t i = 0; i < daemon->tap_count; i++) {
        struct tap *tap = daemon->taps[i];
        tap->is_ending = daemon->is_stopping && tap->type->end != NULL && has_spool(daemon->settings);
        if (tap->is_ending) {
            tap->type->end(tap->input);
        } else {
            tap->type->stop(tap->input);
        }
    }
}

/* Nothing is to be read any more. */
static bool have_inputs_ended(struct daemon *daemon)
{
    bool have = true;
    for (size_t i = 0; i < daemon->tap_count; i++) {
        struct tap *tap = daemon->taps[i];
        if (tap->is_ending && tap->type->has_ended(tap->input)) {
            tap->is_ending = false;
            tap->type->stop(tap->input);
        }
        have = have && !tap->is_ending;
    }
    return have;
}

/* Ended from outside: there is a deadline, and partial lines are left for the next start. */
static void stop(struct daemon *daemon, const char *why)
{
    daemon->is_stopping = true;
    drain(daemon, why);
    if (!daemon->has_ended) {
        if (daemon->deadline.repeat <= 0) {
            daemon->deadline.repeat = 0.001; /* 0 would be a timer that never fires */
        }
        ev_timer_again(daemon->loop, &daemon->deadline);
    }
}

static void stop_all(struct daemon *first, const char *why)
{
    workers_pause(first->workers);
    for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        stop(daemon, why);
    }
    workers_go_on(first->workers);
}

/* Whatever they have in hand. */
static void break_all(struct daemon *first)
{
    workers_pause(first->workers);
    for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        ev_break(daemon->loop, EVBREAK_ALL);
    }
    workers_go_on(first->workers);
}

/* Nothing more to do here. The first goes on serving the others until they have ended too. */
static void end(struct daemon *daemon)
{
    daemon->has_ended = true;
    ev_timer_stop(daemon->loop, &daemon->flush);
    ev_prepare_stop(daemon->loop, &daemon->lead);
    ev_timer_stop(daemon->loop, &daemon->deadline);
    if (daemon->workers == NULL || workers_have_ended(daemon->workers)) {
        ev_break(daemon->loop, EVBREAK_ALL);
    }
}

void daemon_others_may_have_ended(struct daemon *first)
{
    if (first->has_ended && workers_have_ended(first->workers)) {
        ev_break(first->loop, EVBREAK_ALL);
    }
}

static void close_inputs(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->tap_count; i++) {
        daemon->taps[i]->type->close(daemon->taps[i]->input);
        daemon->taps[i]->input = NULL;
    }
}

static void note_lacking(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->tap_count; i++) {
        const struct tap *tap = daemon->taps[i];
        daemon->was_lacking = daemon->was_lacking ||
                              (tap->type->is_lacking != NULL && tap->type->is_lacking(tap->input));
    }
    if (daemon->was_lacking) {
        log_event(&daemon->log, LOG_ERROR,
                  "some paths do not exist or are not files or directories, so the exit status is "
                  "%d",
                  EXIT_FAILURE);
    }
}

static void on_flush(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct daemon *daemon = container_of(timer, struct daemon, flush);
    bool may_end = daemon->options->once || inputs_end(daemon);
    if (may_end && !daemon->is_draining && inputs_are_at_end(daemon)) {
        note_lacking(daemon);
        drain(daemon, "all input read");
        close_inputs(daemon);
    }
    uint64_t now_ns = (uint64_t)(ev_now(loop) * 1e9);
    shipment_flush(daemon->shipment, daemon->is_draining ? UINT64_MAX : now_ns);
    bool is_empty = shipment_is_empty(daemon->shipment);
    if (is_empty && !daemon->is_draining && !may_end) {
        ev_timer_stop(loop, timer);
        ev_prepare_stop(loop, &daemon->lead);
        ev_timer_set(&daemon->rest, REST_AFTER_S, 0.);
        ev_timer_start(loop, &daemon->rest);
    }
    bool is_done = daemon->is_stopping ? have_inputs_ended(daemon) && shipment_is_safe(daemon->shipment)
                                       : is_empty;
    if (daemon->is_draining && is_done) {
        end(daemon);
    }
}

/* What a burst took is not kept for the next one; after a few lines it is not worth it. */
static void rest(struct daemon *daemon)
{
    uint64_t encoded = daemon->counters.values[C_BYTES_ENCODED];
    if (encoded - daemon->rested_bytes >= REST_BYTES_MIN) {
        daemon->rested_bytes = encoded;
        shipment_rest(daemon->shipment);
        malloc_trim(0);
    }
    daemon->rested_ns = loop_ns(daemon);
}

static void on_rest(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct daemon *daemon = container_of(timer, struct daemon, rest);
    rest(daemon);
}

static void on_lead(struct ev_loop *loop, ev_prepare *prepare, int events)
{
    (void)loop;
    (void)events;
    struct daemon *daemon = container_of(prepare, struct daemon, lead);
    shipment_lead(daemon->shipment, loop_ns(daemon));
}

static void on_commit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct daemon *daemon = container_of(timer, struct daemon, commit);
    daemon_commit(daemon);
    if (loop_ns(daemon) - daemon->rested_ns >= REST_EVERY_NS) {
        rest(daemon);
    }
}

static void tell_shapes(struct daemon *first)
{
    uint64_t forgotten = 0;
    for (const struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        forgotten += daemon->counters.values[C_SHAPES_FORGOTTEN];
    }
    if (forgotten > 0 && !first->has_told_of_shapes) {
        first->has_told_of_shapes = true;
        log_event(&first->log, LOG_INFO,
                  "lines have more shapes than clew remembers, so parsing is slower; check for ids "
                  "or numbers in field names (logged once; see clew_shapes_forgotten_total)");
    }
}

/* All workers, which stand still: say what there is to say. */
static void check(struct daemon *first)
{
    tell_shapes(first);
    sandbox_check(first->sandbox, &first->log, &first->counters);
    for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        filtering_check(daemon->filtering);
        route_filters_check(daemon->route_filters);
    }
}

static void on_check(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct daemon *first = container_of(timer, struct daemon, check);
    workers_pause(first->workers);
    check(first);
    workers_go_on(first->workers);
    coverage_begin_check(first->coverage);
    first->is_checking = true;
    ev_timer_start(first->loop, &first->look);
}

/* What goes through all services goes on, a piece a turn. */
static bool check_coverage(struct daemon *first)
{
    if (!first->is_checking) {
        return true;
    }
    if (!coverage_check_step(first->coverage, clock_monotonic_ns(), COVERAGE_STEP_UNITS)) {
        return false;
    }
    first->is_checking = false;
    for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        audit_begin_round(daemon->audit);
    }
    return true;
}

static bool summarise(struct daemon *first)
{
    if (first->summing_up != NULL &&
        !coverage_summary_step(first->summing_up, clock_monotonic_ns(), COVERAGE_STEP_UNITS,
                               ship_own, first)) {
        return false;
    }
    coverage_look_free(first->summing_up);
    first->summing_up = NULL;
    return true;
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct daemon *first = container_of(timer, struct daemon, look);
    workers_pause(first->workers);
    bool is_checked = check_coverage(first);
    bool is_summed_up = summarise(first);
    workers_go_on(first->workers);
    if (is_checked && is_summed_up) {
        ev_timer_stop(loop, timer);
    }
}

/* At the end, when nobody waits for a look any more. */
static void check_last(struct daemon *first)
{
    control_close(first->control);
    first->control = NULL;
    coverage_look_free(first->summing_up);
    first->summing_up = NULL;
    coverage_begin_check(first->coverage);
    while (!coverage_check_step(first->coverage, clock_monotonic_ns(), SIZE_MAX)) {
    }
    check(first);
}

static void on_summary(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct daemon *daemon = container_of(timer, struct daemon, summary);
    if (!daemon->is_draining && daemon->summing_up == NULL) {
        daemon->summing_up = coverage_look_summary(daemon->coverage);
        ev_timer_start(loop, &daemon->look);
    }
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct daemon *daemon = container_of(timer, struct daemon, deadline);
    bool are_required = true;
    for (size_t i = 0; i < daemon->settings->output_count; i++) {
        are_required = are_required && daemon->settings->outputs[i].required;
    }
    log_event(&daemon->log, LOG_WARN,
              has_spool(daemon->settings)
                        ? "shutdown timeout (%llu ms) reached; unacknowledged records: %llu. "
                          "Outputs with a spool keep theirs there, the others are sent after the "
                          "next start if their files still exist%s"
                        : "shutdown timeout (%llu ms) reached; unacknowledged records: %llu. These "
                          "and all unread lines are sent after the next start if their files still "
                          "exist%s",
              (unsigned long long)daemon->settings->shutdown_timeout_ms,
              (unsigned long long)daemon->counters.values[C_RECORDS_IN_FLIGHT],
              are_required ? "" : ", except those of outputs that are not required");
    end(daemon);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)loop;
    (void)events;
    struct daemon *first = watcher->data;
    if (first->is_stopping) {
        break_all(first);
        return;
    }
    stop_all(first, watcher->signum == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void on_hangup(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)loop;
    (void)events;
    daemon_reload(watcher->data);
}

/* ---- start and end ---- */

static double seconds(uint64_t ms)
{
    return (double)ms / 1000.0;
}

static void set_timer(struct daemon *daemon, ev_timer *timer, double seconds)
{
    timer->repeat = seconds; /* 0: ev_timer_again() stops it */
    ev_timer_again(daemon->loop, timer);
}

void daemon_set_timers(struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;
    /* Two of them, from the first record on, are just over the age. */
    double flush_s = seconds(shipment_batch_age_ms(daemon->shipment)) * 0.505;
    daemon->deadline.repeat = seconds(settings->shutdown_timeout_ms);
    set_timer(daemon, &daemon->flush, flush_s < 0.005 ? 0.005 : flush_s);
    ev_prepare_start(daemon->loop, &daemon->lead);
    if (daemon->share.worker > 0) {
        return; /* what follows is for all */
    }
    set_timer(daemon, &daemon->commit, seconds(settings->checkpoint_interval_ms));
    set_timer(daemon, &daemon->check, seconds(settings->audit.check_interval_ms));
    set_timer(daemon, &daemon->summary, seconds(settings->audit.summary_interval_ms));
}

static const int signal_numbers[] = {SIGTERM, SIGINT, SIGHUP};

static void mask_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(signal_numbers); i++) {
        sigaddset(&set, signal_numbers[i]);
    }
    sigprocmask(how, &set, NULL);
}

static void start_signals(struct daemon *first)
{
    for (size_t i = 0; i < ARRAY_LEN(signal_numbers); i++) {
        int number = signal_numbers[i];
        ev_signal_init(&first->signals[i], number == SIGHUP ? on_hangup : on_signal, number);
        first->signals[i].data = first;
        ev_signal_start(first->loop, &first->signals[i]);
    }
    mask_signals(SIG_UNBLOCK); /* one that came while the config was read is heard now */
}

static void start_watchers(struct daemon *daemon)
{
    ev_prepare_init(&daemon->lead, on_lead);
    ev_init(&daemon->rest, on_rest);
    ev_init(&daemon->flush, on_flush);
    ev_init(&daemon->commit, on_commit);
    ev_init(&daemon->check, on_check);
    ev_timer_init(&daemon->look, on_look, 0., AT_ONCE_S);
    ev_init(&daemon->summary, on_summary);
    ev_init(&daemon->deadline, on_deadline);
    daemon_set_timers(daemon);
    if (daemon->options->once) {
        ev_timer_again(daemon->loop, &daemon->deadline);
    }
}

/* ---- all workers ---- */

/* All of the loops first: what is opened stands on one. */
static bool make_workers(struct daemon *first, char **out_error)
{
    size_t count = (size_t)first->settings->workers;
    struct daemon **end = &first->next;
    first->addresses = addresses_new();
    if (count > 1) {
        first->workers = workers_new(count);
        first->share = (struct share){0, (unsigned)count};
        first->assignment = workers_assignment(first->workers);
    }
    for (unsigned i = 1; i < count; i++) {
        struct daemon *daemon = mem_alloc(sizeof(*daemon));
        *daemon = (struct daemon){.settings = first->settings,
                                  .options = first->options,
                                  .share = {i, (unsigned)count},
                                  .assignment = first->assignment,
                                  .addresses = first->addresses,
                                  .sandbox = first->sandbox};
        *end = daemon;
        end = &daemon->next;
    }
    for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        daemon->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOSIGMASK);
        if (daemon->loop == NULL) {
            *out_error = mem_string("the kernel has no mechanism to wait for events");
            return false;
        }
    }
    return true;
}

/* What all of them would say alike, the first says alone. */
void daemon_be_quiet(struct daemon *daemon, bool is_quiet)
{
    bool is_alike = is_quiet && daemon->share.worker > 0;
    daemon->log.level = is_alike ? LOG_ERROR : daemon_log_level(daemon->settings->log_level);
}

static bool open_workers(struct daemon *first, char **out_error)
{
    for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        input_family_init(&daemon->family);
        daemon->log.fd = 2;
        daemon_be_quiet(daemon, true);
        if (!daemon_open_graph(daemon, first, out_error)) {
            return false;
        }
        daemon_be_quiet(daemon, false);
    }
    return true;
}

/* The last one first: the others' streams hold the first's checkpoints. */
static void close_workers(struct daemon *daemon)
{
    if (daemon->next != NULL) {
        close_workers(daemon->next);
        free(daemon->next);
    }
    if (daemon->loop != NULL) {
        daemon_close_graph(daemon);
    }
    workers_free(daemon->workers);
}

/* What is read and where it goes; the files of an input are told when it has found them. */
static void tell_settings(const struct log *log, const struct settings *settings)
{
    for (size_t i = 0; i < settings->input_count; i++) {
        const struct input_settings *input = &settings->inputs[i];
        if (strcmp(input->type, "tail") != 0) {
            bool is_stdin = strcmp(input->type, "stdin") == 0;
            log_event(log, LOG_INFO, "input %s reads %s", input->name,
                      is_stdin ? "standard input" : input->type);
        }
    }
    for (size_t i = 0; i < settings->output_count; i++) {
        const struct output_settings *output = &settings->outputs[i];
        char *url = url_hide_secrets(output->endpoint);
        log_event(log, LOG_INFO, "output %s sends to %s%s", output->name, url,
                  output->is_default ? ", OpenTelemetry's default, because no endpoint is set" : "");
        free(url);
    }
}

static bool run_workers(struct daemon *first, char **out_error)
{
    for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        start_watchers(daemon);
    }
    tell_settings(&first->log, first->settings);
    start_signals(first);
    int result = first->workers != NULL ? workers_start(first->workers, first) : 0;
    if (result < 0) {
        *out_error = mem_format("cannot start %llu workers: %s; lower `workers`",
                                (unsigned long long)first->settings->workers, strerror(-result));
        break_all(first);
    } else {
        ev_run(first->loop, 0);
    }
    workers_join(first->workers);
    daemon_cancel_reload(first);
    return result == 0;
}

/* Some of them may have ended without having delivered all. */
static bool is_complete(const struct daemon *first)
{
    bool is = true;
    for (const struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        is = is && shipment_is_empty(daemon->shipment) &&
             !shipment_has_failed(daemon->shipment) && !daemon->was_lacking;
    }
    return is;
}

/* Before anything is opened that is not clew's own, and while there is one thread. */
static void enter_sandbox(struct daemon *first)
{
    if (first->settings->sandbox) {
        const struct log log = {2, daemon_log_level(first->settings->log_level)};
        first->sandbox = sandbox_new(first->settings, first->options->config_file);
        sandbox_enter(first->sandbox, &log);
    }
}

bool daemon_run(const struct settings *settings, const struct daemon_options *options,
                void (*report)(void *context, const struct daemon_report *report), void *context,
                char **out_error)
{
    struct daemon first = {.settings = settings, .options = options};
    enter_sandbox(&first);
    counters_set(&first.counters, C_RELOAD_IS_GOOD, 1);
    counters_set(&first.counters, C_RELOAD_TIME, clock_realtime_ns() / 1000000000u);
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES_MIN);
    mallopt(M_TRIM_THRESHOLD, FREE_BYTES_MAX);
    signal(SIGPIPE, SIG_IGN); /* a far end that goes away is an error of write(2), not the end */
    bool is_good = make_workers(&first, out_error) && open_workers(&first, out_error) &&
                   run_workers(&first, out_error);
    if (is_good) {
        daemon_commit(&first);
        check_last(&first);
        daemon_count(&first);
        report(context,
               &(struct daemon_report){first.audit, &first.total, is_complete(&first)});
    }
    mask_signals(SIG_BLOCK); /* the loop hears no more; the end is near */
    close_workers(&first);
    addresses_free(first.addresses);
    sandbox_free(first.sandbox);
    return is_good;
}

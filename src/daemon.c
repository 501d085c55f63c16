/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The daemon: one loop, one graph, everything in one struct.
 *
 * Lines come from the inputs and are framed, parsed, resolved, counted and added to a batch before
 * the call returns; so nothing read is ever waiting in here but partial lines and batches. When the
 * shipment has no room the line is not taken, and the input offers it again after resume().
 */

#include "daemon_inside.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "control/loss_metrics.h"
#include "control/output_metrics.h"

enum {
    DESCRIPTORS_RESERVED = 32, /* loop, state, endpoint, names and certificates being looked up */
    INPUT_FILES_MIN = 4,
    REST_BYTES_MIN = 128 * 1024,
    /* A larger block is a mapping of its own, which goes back to the system when it is freed; a fixed
     * number keeps glibc from raising it after the first one is. */
    MAPPED_BYTES_MIN = 128 * 1024,
};

/* A timer must not come before its time by rounding. */
static const double LEAD_LATER_S = 0.001;

static const double REST_AFTER_S = 2;

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

static enum parse_format format_of(const struct input_settings *settings)
{
    bool is_syslog = settings->format == PARSE_FORMAT_AUTO && strcmp(settings->type, "syslog") == 0;
    return is_syslog ? PARSE_FORMAT_SYSLOG : settings->format;
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
    if (daemon->filtering == NULL) {
        audit_count_out(daemon->audit, record);
    } else if (!filtering_pass(daemon->filtering, record, loop_ns(daemon))) {
        shipment_skip(daemon->shipment, stream->checkpoint, framed->safe, loop_ns(daemon));
        return;
    }
    if (daemon->routing != NULL) {
        routing_ship(daemon->routing, record, stream, framed->safe, loop_ns(daemon));
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
    if (shipment_has_room(daemon->shipment)) {
        daemon_start_flush(daemon);
        const struct record *record =
            pipeline_parse(daemon->pipeline, &framed, PARSE_FORMAT_JSON);
        shipment_add(daemon->shipment, record, NULL, (struct position){0, 0}, loop_ns(daemon));
    }
}

static enum line_answer take_line(void *context, const struct line *line)
{
    struct tap *tap = context;
    if (tap->is_held || !shipment_has_room(tap->daemon->shipment)) {
        return LINE_NO_ROOM;
    }
    if (!metadata_may_ship(tap->daemon->metadata, line)) {
        return LINE_HELD;
    }
    struct stream *stream = line->stream;
    if (stream->frame == NULL) {
        const struct multiline_rules *rules =
            joining_rules(tap->daemon->joining, line->source, tap->rules);
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
    while (!tap->is_held && shipment_has_room(tap->daemon->shipment) &&
           ship_waiting(tap, stream, now_ns)) {
    }
    return shipment_has_room(tap->daemon->shipment);
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
}

void daemon_resume(struct daemon *daemon)
{
    for (size_t i = 0; !daemon->is_draining && i < daemon->tap_count; i++) {
        if (daemon->taps[i]->input != NULL) {
            daemon->taps[i]->type->resume(daemon->taps[i]->input);
        }
    }
}

/* Also called for each batch that came back: with `once`, the sign that it is worth waiting. */
static void there_is_room(void *context)
{
    struct daemon *daemon = context;
    if (daemon->options->once && !daemon->is_stopping) {
        ev_timer_again(daemon->loop, &daemon->deadline);
    }
    daemon_resume(daemon);
}

/* ---- time ---- */

static void commit_checkpoints(struct daemon *daemon)
{
    int result = checkpoint_commit(daemon->checkpoints);
    counters_add(&daemon->counters, result < 0 ? C_CHECKPOINT_FAILURES : C_CHECKPOINT_COMMITS, 1);
    if (result < 0 && !daemon->has_checkpoint_failure) {
        log_event(&daemon->log, LOG_ERROR,
                  "cannot save checkpoints in %s: %s; trying again every %llu ms, and after a "
                  "restart lines since the last save are sent a second time",
                  daemon->settings->data_dir, strerror(-result),
                  (unsigned long long)daemon->settings->checkpoint_interval_ms);
    } else if (result >= 0 && daemon->has_checkpoint_failure) {
        log_event(&daemon->log, LOG_INFO, "checkpoints are saved again");
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

/* All inputs come to an end by themselves, and clew with them, as with `once`. */
static bool inputs_end(const struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->tap_count; i++) {
        if (!daemon->taps[i]->type->ends) {
            return false;
        }
    }
    return daemon->tap_count > 0;
}

static void drain(struct daemon *daemon, const char *why)
{
    if (daemon->is_draining) {
        return;
    }
    daemon->is_draining = true;
    daemon_cancel_reload(daemon);
    daemon_start_flush(daemon);
    log_event(&daemon->log, LOG_INFO, "%s: delivering what has been read", why);
    for (size_t i = 0; i < daemon->tap_count; i++) {
        daemon->taps[i]->type->stop(daemon->taps[i]->input);
    }
}

/* Ended from outside: there is a deadline, and partial lines are left for the next start. */
static void stop(struct daemon *daemon, const char *why)
{
    daemon->is_stopping = true;
    drain(daemon, why);
    ev_timer_again(daemon->loop, &daemon->deadline);
}

static void close_inputs(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->tap_count; i++) {
        daemon->taps[i]->type->close(daemon->taps[i]->input);
        daemon->taps[i]->input = NULL;
    }
}

static void on_flush(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct daemon *daemon = container_of(timer, struct daemon, flush);
    bool may_end = daemon->options->once || inputs_end(daemon);
    if (may_end && !daemon->is_draining && inputs_are_at_end(daemon)) {
        drain(daemon, "everything there was has been read");
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
    bool is_done = daemon->is_stopping ? shipment_is_safe(daemon->shipment)
                                       : is_empty;
    if (daemon->is_draining && is_done) {
        ev_break(loop, EVBREAK_ALL);
    }
}

/* What a burst took is not kept for the next one; after a few lines it is not worth it. */
static void on_rest(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct daemon *daemon = container_of(timer, struct daemon, rest);
    uint64_t encoded = daemon->counters.values[C_BYTES_ENCODED];
    if (encoded - daemon->rested_at >= REST_BYTES_MIN) {
        daemon->rested_at = encoded;
        shipment_rest(daemon->shipment);
        malloc_trim(0);
    }
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
    commit_checkpoints(container_of(timer, struct daemon, commit));
}

static void on_check(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct daemon *daemon = container_of(timer, struct daemon, check);
    coverage_check(daemon->coverage, clock_monotonic_ns());
    filtering_check(daemon->filtering);
    routing_check(daemon->routing);
    audit_begin_round(daemon->audit);
}

static void on_summary(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct daemon *daemon = container_of(timer, struct daemon, summary);
    if (!daemon->is_draining) {
        coverage_summary(daemon->coverage, clock_monotonic_ns(), ship_own, daemon);
    }
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct daemon *daemon = container_of(timer, struct daemon, deadline);
    log_event(&daemon->log, LOG_WARN,
              "nothing more was acknowledged within %llu ms; giving up: %llu records under way and "
              "all that was not read yet are sent by the next start",
              (unsigned long long)daemon->settings->shutdown_timeout_ms,
              (unsigned long long)daemon->counters.values[C_RECORDS_IN_FLIGHT]);
    ev_break(loop, EVBREAK_ALL);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)events;
    struct daemon *daemon = watcher->data;
    if (daemon->is_stopping) {
        ev_break(loop, EVBREAK_ALL);
        return;
    }
    stop(daemon, watcher->signum == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void on_hangup(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)loop;
    (void)events;
    daemon_reload(watcher->data);
}

/* ---- start and end ---- */

static bool open_checkpoints(struct daemon *daemon, char **out_error)
{
    const char *dir = daemon->settings->data_dir;
    long holder = 0;
    int result = checkpoint_open(dir, &daemon->checkpoints, &holder);
    if (result == CHECKPOINT_LOCKED) {
        *out_error = mem_format("the data directory %s is in use by process %ld; stop that one, or "
                                "give this one another with --set data_dir=DIR",
                                dir, holder);
        return false;
    }
    if (result < 0) {
        *out_error = mem_format("cannot use the data directory %s: %s", dir, strerror(-result));
        return false;
    }
    if (result == CHECKPOINT_CORRUPT) {
        log_event(&daemon->log, LOG_ERROR,
                  "the checkpoints in %s are damaged and were set aside; every file is read from "
                  "its beginning, so lines that were delivered before are sent again",
                  dir);
    }
    return true;
}

static bool is_ready(void *context)
{
    const struct daemon *daemon = context;
    return !daemon->is_draining;
}

static bool append_metrics(void *context, struct buf *out)
{
    const struct daemon *daemon = context;
    struct output_books books[CHECKPOINT_OUTPUTS_MAX];
    size_t count = shipment_books(daemon->shipment, books, ARRAY_LEN(books));
    size_t own_count = 0;
    const struct filter_count *own = filtering_counts(daemon->filtering, &own_count);
    return coverage_append_metrics(daemon->coverage, clock_monotonic_ns(), out) &&
           routing_append_metrics(daemon->routing, own, own_count, out) &&
           output_metrics_write(books, count, out) && loss_metrics_write(&daemon->losses, out);
}

static bool append_coverage(void *context, struct buf *out)
{
    const struct daemon *daemon = context;
    return coverage_append_json(daemon->coverage, clock_monotonic_ns(), out);
}

struct control *daemon_open_control(struct daemon *daemon, const struct settings *settings,
                                    char **out_error)
{
    const struct control_hooks hooks = {.is_ready = is_ready,
                                        .append_metrics = append_metrics,
                                        .append_coverage = append_coverage,
                                        .context = daemon};
    if (strcmp(settings->control.listen, "off") == 0) {
        return NULL;
    }
    return control_open(&settings->control, daemon->loop, &daemon->log, &daemon->counters, &hooks,
                        out_error);
}

/* Inputs take as many files as they may; what is left must do for the far ends, the state and who
 * asks for metrics, or nothing would be delivered and so no file ever closed. */
uint64_t daemon_share_descriptors(const struct settings *settings)
{
    struct rlimit limit;
    uint64_t reserve = DESCRIPTORS_RESERVED;
    for (size_t i = 0; i < settings->output_count; i++) {
        reserve += settings->outputs[i].in_flight_max;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return 0;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* without it there are fewer */
    getrlimit(RLIMIT_NOFILE, &limit);
    uint64_t left = limit.rlim_cur > reserve ? (uint64_t)limit.rlim_cur - reserve : 0;
    uint64_t share = settings->input_count > 0 ? left / settings->input_count : left;
    return share > INPUT_FILES_MIN ? share : INPUT_FILES_MIN;
}

struct tap *daemon_open_tap(struct daemon *daemon, const struct settings *config,
                            const struct input_settings *settings, char **out_error)
{
    struct tap *tap = mem_alloc(sizeof(*tap));
    *tap = (struct tap){.daemon = daemon, .config = config, .settings = settings};
    tap->format = format_of(settings);
    tap->sink = (struct line_sink){take_line, stream_is_idle, stream_is_gone, tap};
    struct input_env env = {daemon->loop, &daemon->log, &daemon->counters, daemon->checkpoints,
                            &tap->sink, &daemon->losses, daemon->input_files_max,
                            &daemon->starting};
    tap->rules = multiline_rules_new(config, settings);
    tap->type = feed_find(settings->type);
    tap->input = tap->type->open(settings, &env, out_error);
    if (tap->input == NULL) {
        daemon_close_tap(tap);
        return NULL;
    }
    return tap;
}

void daemon_close_tap(struct tap *tap)
{
    if (tap != NULL) {
        tap->type->close(tap->input);
        multiline_rules_free(tap->rules);
        free(tap);
    }
}

bool daemon_open_filtering(struct daemon *daemon, struct pipeline *pipeline,
                           struct filtering **out_filtering, char **out_error)
{
    const struct filtering_env env = {pipeline_filter_tools(pipeline), daemon->audit, &daemon->log,
                                      &daemon->counters};
    return filtering_new(&env, out_filtering, out_error);
}

bool daemon_open_routing(struct daemon *daemon, const struct settings *settings,
                         struct pipeline *pipeline, struct routing **out_routing,
                         char **out_error)
{
    const struct routing_env env = {settings, pipeline_filter_tools(pipeline), daemon->shipment,
                                    &daemon->log, &daemon->counters};
    return routing_new(&env, out_routing, out_error);
}

static bool open_taps(struct daemon *daemon, const struct settings *settings, char **out_error)
{
    daemon->taps = mem_array(settings->input_count, sizeof(struct tap *));
    for (; daemon->tap_count < settings->input_count; daemon->tap_count++) {
        struct tap *tap =
            daemon_open_tap(daemon, settings, &settings->inputs[daemon->tap_count], out_error);
        if (tap == NULL) {
            return false;
        }
        daemon->taps[daemon->tap_count] = tap;
    }
    return true;
}

static bool open_graph(struct daemon *daemon, char **out_error)
{
    const struct settings *settings = daemon->settings;
    struct shipment_env env = {daemon->loop, &daemon->log, &daemon->counters, there_is_room,
                               daemon};
    daemon->audit = audit_new(&settings->audit);
    daemon->coverage = coverage_new(&settings->audit, daemon->audit, &daemon->log);
    daemon->own_source = source_new(NULL, "clew", UINT64_MAX);
    daemon->own_source->default_service = mem_string("clew");
    daemon->pipeline = pipeline_new(settings, &daemon->counters, out_error);
    if (daemon->pipeline == NULL ||
        !daemon_open_filtering(daemon, daemon->pipeline, &daemon->filtering, out_error) ||
        !open_checkpoints(daemon, out_error)) {
        return false;
    }
    daemon->control = daemon_open_control(daemon, settings, out_error);
    if (*out_error != NULL) {
        return false;
    }
    daemon->shipment = shipment_new(settings, &env, out_error);
    if (daemon->shipment == NULL || !daemon_open_routing(daemon, settings, daemon->pipeline,
                                                         &daemon->routing, out_error)) {
        return false;
    }
    daemon->joining = joining_new(settings, &daemon->counters);
    daemon->metadata = metadata_open(&settings->kubernetes, daemon->loop, &daemon->log,
                                     &daemon->counters, out_error);
    if (daemon->metadata == NULL && *out_error != NULL) {
        return false;
    }
    daemon->input_files_max = daemon_share_descriptors(settings);
    return open_taps(daemon, settings, out_error);
}

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

static void start_watchers(struct daemon *daemon)
{
    ev_prepare_init(&daemon->lead, on_lead);
    ev_init(&daemon->rest, on_rest);
    ev_init(&daemon->flush, on_flush);
    ev_init(&daemon->commit, on_commit);
    ev_init(&daemon->check, on_check);
    ev_init(&daemon->summary, on_summary);
    ev_init(&daemon->deadline, on_deadline);
    daemon_set_timers(daemon);
    if (daemon->options->once) {
        ev_timer_again(daemon->loop, &daemon->deadline);
    }
    for (size_t i = 0; i < ARRAY_LEN(signal_numbers); i++) {
        int number = signal_numbers[i];
        ev_signal_init(&daemon->signals[i], number == SIGHUP ? on_hangup : on_signal, number);
        daemon->signals[i].data = daemon;
        ev_signal_start(daemon->loop, &daemon->signals[i]);
    }
    mask_signals(SIG_UNBLOCK); /* one that came while the config was read is heard now */
}

static void close_graph(struct daemon *daemon)
{
    daemon_cancel_reload(daemon);
    control_close(daemon->control);
    daemon->is_stopping = true;
    for (size_t i = 0; i < daemon->tap_count; i++) {
        daemon_close_tap(daemon->taps[i]);
    }
    metadata_close(daemon->metadata);
    joining_free(daemon->joining);
    shipment_free(daemon->shipment);
    if (daemon->checkpoints != NULL) {
        commit_checkpoints(daemon);
        checkpoint_close(daemon->checkpoints);
    }
    routing_free(daemon->routing);
    pipeline_free(daemon->pipeline);
    source_free(daemon->own_source);
    filtering_free(daemon->filtering);
    coverage_free(daemon->coverage);
    audit_free(daemon->audit);
    free(daemon->taps);
    losses_fini(&daemon->losses);
    daemon_free_generations(daemon);
    mask_signals(SIG_BLOCK); /* the loop hears no more; the end is near */
    ev_loop_destroy(daemon->loop);
}

bool daemon_run(const struct settings *settings, const struct daemon_options *options,
                void (*report)(void *context, const struct daemon_report *report), void *context,
                char **out_error)
{
    struct daemon daemon = {.settings = settings, .options = options};
    daemon.log = (struct log){2, daemon_log_level(settings->log_level)};
    list_init(&daemon.starting);
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES_MIN);
    daemon.loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOSIGMASK);
    if (daemon.loop == NULL) {
        *out_error = mem_string("the kernel gives no way to wait for events");
        return false;
    }
    counters_set(&daemon.counters, C_RELOAD_IS_GOOD, 1);
    counters_set(&daemon.counters, C_RELOAD_TIME, clock_realtime_ns() / 1000000000u);
    signal(SIGPIPE, SIG_IGN); /* a far end that goes away is an error of write(2), not the end */
    bool is_open = open_graph(&daemon, out_error);
    if (is_open) {
        start_watchers(&daemon);
        ev_run(daemon.loop, 0);
        commit_checkpoints(&daemon);
        coverage_check(daemon.coverage, clock_monotonic_ns());
        filtering_check(daemon.filtering);
        routing_check(daemon.routing);
        report(context, &(struct daemon_report){
                            daemon.audit, &daemon.counters,
                            shipment_is_empty(daemon.shipment) &&
                                !shipment_has_failed(daemon.shipment)});
    }
    close_graph(&daemon);
    return is_open;
}

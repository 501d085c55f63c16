/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SIGHUP: another config for a graph that goes on.
 *
 *     load       the config, as at the start; a mistake in it is refused
 *     settle     inputs that nobody goes on with give no more lines, until those they gave are promised;
 *                then outputs that will be replaced get nothing more, until what is on the wire is answered.
 *                All of it for shutdown_timeout at most
 *     prepare    whatever can fail is opened beside what runs: connections, files to watch, patterns
 *     commit     cannot fail: the new parts take the place of the old ones, between two lines
 *
 * Refusing at any point closes what was prepared, and nothing has happened. Parts whose options are the
 * same are left alone with all they hold: an input with its streams, an output with its connections
 * and queue. An input of files that changed is closed when another one has taken its streams, as they are
 * (input/tail/inherit.c). One that none goes on with is closed: its partial lines stay in their files, and
 * what was in flight would be read again, as after a restart, had it not settled. An output that changed
 * keeps its queue, its spool and its dead letters, and what its old connection has in hand, to try again,
 * is sent by the new one. Batches that are open are sealed first, so a record goes where the config said
 * when it was read.
 *
 * With several workers all of them stand still from prepare to commit, and it is all or nothing over
 * all of them; they settle each by itself.
 *
 * Settings are read through pointers by the parts that stay, so a config lives until the last part of
 * it is gone.
 */

#include "daemon/daemon_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "config/config.h"

static const double POLL_S = 0.010;

/* What is prepared, of one worker. */
struct change {
    const struct settings *settings;
    struct pipeline *pipeline;
    struct filtering *filtering;
    struct route_filters *route_filters;
    struct control *control;
    struct tap **taps; /* in the order of the new config: old ones that stay, or new ones … */
    bool *is_new;
    size_t tap_count;
    size_t new_taps;
    bool has_control; /* … and `control` takes the place of the old one */
    bool has_shipment;
};

/* ---- prepare ---- */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What lives as long as the process. */
static bool may_take_place(const struct settings *now, const struct settings *next,
                           char **out_error)
{
    if (!is_same_text(now->data_dir, next->data_dir)) {
        *out_error = mem_format("`data_dir` cannot change from %s to %s while clew runs; restart "
                                "clew, or undo the change to apply the rest now",
                                now->data_dir, next->data_dir);
        return false;
    }
    if (!config_is_same("kubernetes", now, next)) {
        *out_error = mem_string("options of `kubernetes` cannot change while clew runs; restart "
                                "clew, or undo the change to apply the rest now");
        return false;
    }
    if (now->workers != next->workers) {
        *out_error = mem_format("`workers` cannot change from %llu to %llu while clew runs; restart "
                                "clew, or undo the change to apply the rest now",
                                (unsigned long long)now->workers,
                                (unsigned long long)next->workers);
        return false;
    }
    if (next->input_count == 0) {
        *out_error = mem_string("nothing to read: `inputs` is empty");
        return false;
    }
    return true;
}

/* The walls stay as they were made. */
static bool fits_sandbox(const struct daemon *first, const struct settings *next, char **out_error)
{
    if (first->settings->sandbox != next->sandbox) {
        *out_error = mem_string("`sandbox` cannot change while clew runs; restart clew, or undo the "
                                "change to apply the rest now");
        return false;
    }
    char *outside = sandbox_find_outside(first->sandbox, next, first->options->config_file);
    if (outside != NULL) {
        *out_error = mem_format("restart clew: the sandbox does not include %s", outside);
    }
    free(outside);
    return outside == NULL;
}

static struct tap *find_tap(const struct daemon *daemon, const struct settings *next,
                            const struct input_settings *settings)
{
    if (!config_is_same("multiline", daemon->settings, next)) {
        return NULL; /* the rules that inputs name */
    }
    for (size_t i = 0; i < daemon->tap_count; i++) {
        struct tap *tap = daemon->taps[i];
        if (tap != NULL && strcmp(tap->settings->name, settings->name) == 0 &&
            config_is_same_item("inputs", tap->settings, settings)) {
            return tap;
        }
    }
    return NULL;
}

static bool stays(const struct daemon *daemon, const struct settings *next, const struct tap *tap)
{
    for (size_t i = 0; i < next->input_count; i++) {
        if (find_tap(daemon, next, &next->inputs[i]) == tap) {
            return true;
        }
    }
    return false;
}

static bool prepare_taps(struct daemon *daemon, struct change *change, char **out_error)
{
    const struct settings *settings = change->settings;
    change->taps = mem_array(settings->input_count, sizeof(*change->taps));
    change->is_new = mem_array(settings->input_count, sizeof(*change->is_new));
    for (size_t i = 0; i < settings->input_count; i++) {
        const struct input_settings *input = &settings->inputs[i];
        if (!daemon_reads(daemon, input)) {
            continue;
        }
        struct tap *tap = find_tap(daemon, settings, input);
        if (tap == NULL) {
            tap = daemon_open_tap(daemon, settings, input, out_error);
            if (tap == NULL) {
                return false;
            }
            change->is_new[change->tap_count] = true;
            change->new_taps++;
        }
        change->taps[change->tap_count++] = tap;
    }
    return true;
}

static bool prepare_control(struct daemon *daemon, struct change *change, char **out_error)
{
    if (daemon->share.worker > 0 || config_is_same("control", daemon->settings, change->settings)) {
        return true;
    }
    change->control = daemon_open_control(daemon, change->settings, out_error);
    change->has_control = *out_error == NULL;
    return change->has_control;
}

static bool prepare(struct daemon *daemon, struct change *change, char **out_error)
{
    const struct settings *settings = change->settings;
    change->pipeline = pipeline_new(settings, &daemon->counters, out_error);
    if (change->pipeline == NULL ||
        !daemon_open_filtering(daemon, change->pipeline, &change->filtering, out_error) ||
        !shipment_prepare(daemon->shipment, settings, out_error)) {
        return false;
    }
    change->has_shipment = true;
    return daemon_open_routing(daemon, settings, change->pipeline, &change->route_filters,
                               out_error) &&
           prepare_control(daemon, change, out_error) && prepare_taps(daemon, change, out_error);
}

static void cancel(struct daemon *daemon, struct change *change)
{
    for (size_t i = 0; i < change->tap_count; i++) {
        if (change->is_new[i]) {
            daemon_close_tap(change->taps[i]);
        }
    }
    free(change->taps);
    free(change->is_new);
    control_close(change->control);
    route_filters_free(change->route_filters);
    if (change->has_shipment) {
        shipment_cancel(daemon->shipment);
    }
    filtering_free(change->filtering);
    pipeline_free(change->pipeline);
}

/* ---- commit ---- */

static bool is_kept(const struct change *change, const struct tap *tap)
{
    for (size_t i = 0; i < change->tap_count; i++) {
        if (change->taps[i] == tap) {
            return true;
        }
    }
    return false;
}

/* Who goes on with the streams of one that is closed: the one of its name, else one that is new. */
static struct tap *find_heir(const struct change *change, const struct tap *tap)
{
    struct tap *heir = NULL;
    bool is_new = false;
    for (size_t i = 0; i < change->tap_count; i++) {
        struct tap *other = change->taps[i];
        if (other->type != tap->type) {
            continue;
        }
        if (strcmp(other->settings->name, tap->settings->name) == 0) {
            return other;
        }
        if (heir == NULL || (change->is_new[i] && !is_new)) {
            heir = other;
            is_new = change->is_new[i];
        }
    }
    return heir;
}

static void close_replaced(const struct change *change, struct tap *tap)
{
    struct tap *heir = tap->type->hand_over != NULL ? find_heir(change, tap) : NULL;
    if (heir != NULL) {
        tap->type->hand_over(tap->input, heir->input);
    }
    daemon_close_tap(tap);
}

static void commit_taps(struct daemon *daemon, struct change *change)
{
    daemon->is_reloading = true;
    for (size_t i = 0; i < daemon->tap_count; i++) {
        if (!is_kept(change, daemon->taps[i])) {
            close_replaced(change, daemon->taps[i]);
        }
    }
    daemon->is_reloading = false;
    free(daemon->taps);
    free(change->is_new);
    daemon->taps = change->taps;
    daemon->tap_count = change->tap_count;
}

/* The order matters: a filter chain reads the pipeline's tools, a route the shipment's places. */
static void commit_stages(struct daemon *daemon, struct change *change)
{
    filtering_take_counts(change->filtering, daemon->filtering);
    route_filters_take_counts(change->route_filters, daemon->route_filters);
    route_filters_free(daemon->route_filters);
    filtering_free(daemon->filtering);
    pipeline_free(daemon->pipeline);
    daemon->route_filters = change->route_filters;
    daemon->filtering = change->filtering;
    daemon->pipeline = change->pipeline;
    shipment_commit(daemon->shipment, change->settings);
}

static bool is_in_use(const struct daemon *daemon, const struct settings *settings)
{
    bool is_used = settings == daemon->settings || shipment_uses(daemon->shipment, settings);
    for (size_t i = 0; i < daemon->tap_count; i++) {
        is_used = is_used || daemon->taps[i]->config == settings;
    }
    return is_used;
}

static bool is_in_use_by_any(const struct daemon *first, const struct settings *settings)
{
    bool is_used = false;
    for (const struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        is_used = is_used || is_in_use(daemon, settings);
    }
    return is_used;
}

static void free_unused(struct daemon *first)
{
    for (struct generation **at = &first->generations; *at != NULL;) {
        struct generation *generation = *at;
        if (is_in_use_by_any(first, generation->settings)) {
            at = &generation->next;
            continue;
        }
        *at = generation->next;
        settings_free(generation->settings);
        free(generation);
    }
}

static void keep(struct daemon *daemon, struct settings *settings)
{
    struct generation *generation = mem_alloc(sizeof(*generation));
    *generation = (struct generation){settings, daemon->generations};
    daemon->generations = generation;
}

static void commit(struct daemon *daemon, struct change *change)
{
    commit_stages(daemon, change);
    commit_taps(daemon, change);
    daemon->settings = change->settings;
    daemon->log.level = daemon_log_level(change->settings->log_level);
    audit_use(daemon->audit, &change->settings->audit);
    if (daemon->coverage != NULL) {
        coverage_use(daemon->coverage, &change->settings->audit,
                     daemon_look_bytes(change->settings));
    }
    if (change->has_control) {
        control_close(daemon->control);
        daemon->control = change->control;
    }
    daemon_set_timers(daemon);
    daemon_resume(daemon);
}

void daemon_free_generations(struct daemon *daemon)
{
    while (daemon->generations != NULL) {
        struct generation *generation = daemon->generations;
        daemon->generations = generation->next;
        settings_free(generation->settings);
        free(generation);
    }
}

/* ---- the signal ---- */

/* Warnings and errors of the config, each as a line of the log. */
static void log_diag(const struct daemon *daemon, const struct diag *diag)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    ENSURE(memory != NULL);
    diag_print(diag, memory);
    fclose(memory);
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        log_event(&daemon->log, diag->errors > 0 ? LOG_ERROR : LOG_WARN, "%s", line);
    }
    free(text);
}

static struct settings *load(struct daemon *daemon)
{
    struct diag diag;
    diag_init(&diag);
    struct settings *settings =
        daemon->options->load(daemon->options->load_context, &diag);
    log_diag(daemon, &diag);
    diag_fini(&diag);
    return settings;
}

/* ---- all workers, which stand still ---- */

/* Go on as before. */
static void let_go(struct daemon *first)
{
    for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        for (size_t i = 0; i < daemon->tap_count; i++) {
            daemon->taps[i]->is_held = false;
        }
        daemon->reload.holds_outputs = false;
        shipment_release(daemon->shipment);
        daemon_resume(daemon);
    }
}

static void refuse(struct daemon *daemon, char *error)
{
    counters_add(&daemon->counters, C_RELOADS_REFUSED, 1);
    counters_set(&daemon->counters, C_RELOAD_IS_GOOD, 0);
    log_event(&daemon->log, LOG_ERROR,
              "SIGHUP: reload failed; keeping the current config%s%s",
              error != NULL ? ": " : "", error != NULL ? error : "");
    free(error);
}

/* One for each worker. A worker with nothing more to do takes part: it may yet. */
static bool prepare_all(struct daemon *first, struct change *changes, size_t *out_count,
                        char **out_error)
{
    bool is_good = true;
    *out_count = 0;
    for (struct daemon *daemon = first; daemon != NULL && is_good; daemon = daemon->next) {
        changes[*out_count].settings = changes[0].settings;
        daemon_be_quiet(daemon, true);
        is_good = prepare(daemon, &changes[(*out_count)++], out_error);
        daemon_be_quiet(daemon, false);
    }
    return is_good;
}

/* True if it is in effect, with how many inputs there are and how many of them went on. */
static bool change_all(struct daemon *first, struct settings *settings, size_t *out_kept,
                       size_t *out_taps, char **out_error)
{
    struct change changes[WORKERS_MAX] = {{.settings = settings}};
    size_t count = 0;
    size_t i = 0;
    bool is_good = may_take_place(first->settings, settings, out_error) &&
                   fits_sandbox(first, settings, out_error) &&
                   prepare_all(first, changes, &count, out_error);
    *out_taps = changes[0].tap_count;
    *out_kept = changes[0].tap_count - changes[0].new_taps;
    for (struct daemon *daemon = first; i < count; daemon = daemon->next, i++) {
        if (is_good) {
            commit(daemon, &changes[i]);
        } else {
            cancel(daemon, &changes[i]);
        }
    }
    if (is_good) {
        keep(first, settings);
        free_unused(first);
    } else {
        settings_free(settings);
    }
    return is_good;
}

static bool is_any_ending(const struct daemon *first)
{
    bool is_ending = false;
    for (const struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        is_ending = is_ending || daemon->is_draining;
    }
    return is_ending;
}

static void ignore(const struct daemon *first)
{
    log_event(&first->log, LOG_INFO, "SIGHUP: ignored during shutdown");
}

/* What was read takes the place of what is, if it can. */
static void take_on(struct daemon *first)
{
    struct settings *settings = first->reload.settings;
    char *error = NULL;
    size_t kept = 0;
    size_t taps = 0;
    first->reload.settings = NULL;
    if (!change_all(first, settings, &kept, &taps, &error)) {
        let_go(first);
        refuse(first, error);
        return;
    }
    counters_add(&first->counters, C_RELOADS, 1);
    counters_set(&first->counters, C_RELOAD_IS_GOOD, 1);
    counters_set(&first->counters, C_RELOAD_TIME, clock_realtime_ns() / 1000000000u);
    log_event(&first->log, LOG_INFO,
              "SIGHUP: config reloaded; %zu of %zu inputs are unchanged",
              kept, taps);
}

/* ---- settling ---- */

/* Nothing of what this worker will close is under way any more. */
static bool is_one_settled(struct daemon *daemon, const struct settings *settings)
{
    struct reload *reload = &daemon->reload;
    if (!shipment_is_settled(daemon->shipment, reload->mark)) {
        if (reload->holds_outputs) { /* by one that was read later */
            reload->holds_outputs = false;
            shipment_release(daemon->shipment);
        }
        return false;
    }
    if (!reload->holds_outputs) {
        reload->holds_outputs = true;
        shipment_hold(daemon->shipment, settings);
    }
    return shipment_is_quiet(daemon->shipment);
}

static bool is_settled(struct daemon *first)
{
    bool is = true;
    for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        is = is_one_settled(daemon, first->reload.settings) && is;
    }
    return is;
}

static void on_poll(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct daemon *first = container_of(timer, struct daemon, reload.poll);
    workers_pause(first->workers);
    if (is_any_ending(first)) {
        daemon_cancel_reload(first);
        ignore(first);
    } else if (is_settled(first) || clock_monotonic_ns() >= first->reload.deadline_ns) {
        ev_timer_stop(first->loop, timer);
        take_on(first);
    }
    workers_go_on(first->workers);
}

/* One of the same type goes on with its streams. */
static bool has_heir(const struct settings *settings, const struct tap *tap)
{
    bool has = false;
    for (size_t i = 0; i < settings->input_count; i++) {
        has = has || input_type_find(settings->inputs[i].type) == tap->type;
    }
    return has && tap->type->hand_over != NULL;
}

static bool leaves(const struct daemon *daemon, const struct settings *settings, const struct tap *tap)
{
    return tap->type->has_checkpoints && !has_heir(settings, tap) && !stays(daemon, settings, tap);
}

/* Those that leave by what was read last, and only those. */
static void hold_inputs(struct daemon *daemon, const struct settings *settings)
{
    struct reload *reload = &daemon->reload;
    bool is_new = false;
    for (size_t i = 0; i < daemon->tap_count; i++) {
        struct tap *tap = daemon->taps[i];
        bool was_held = tap->is_held;
        tap->is_held = leaves(daemon, settings, tap);
        is_new = is_new || (tap->is_held && !was_held);
    }
    reload->mark = is_new ? shipment_mark(daemon->shipment) : reload->mark;
    daemon_resume(daemon);
    if (reload->holds_outputs) {
        shipment_hold(daemon->shipment, settings);
    }
}

static void settle(struct daemon *first)
{
    struct reload *reload = &first->reload;
    ev_timer_stop(first->loop, &reload->poll);
    for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        hold_inputs(daemon, reload->settings);
    }
    if (is_settled(first)) {
        take_on(first);
        return;
    }
    ev_timer_init(&reload->poll, on_poll, POLL_S, POLL_S);
    ev_timer_start(first->loop, &reload->poll);
}

void daemon_cancel_reload(struct daemon *first)
{
    if (first->reload.settings != NULL) {
        workers_pause(first->workers);
        ev_timer_stop(first->loop, &first->reload.poll);
        settings_free(first->reload.settings);
        first->reload.settings = NULL;
        let_go(first);
        workers_go_on(first->workers);
    }
}

/* A config that has not settled yet is nothing any more: this is what counts now. */
static void reload(struct daemon *first)
{
    if (is_any_ending(first) || first->options->load == NULL) {
        ignore(first);
        return;
    }
    struct settings *settings = load(first);
    if (settings == NULL) {
        refuse(first, NULL);
        return;
    }
    struct reload *pending = &first->reload;
    if (pending->settings == NULL) {
        uint64_t timeout_ns = first->settings->shutdown_timeout_ms * UINT64_C(1000000);
        pending->deadline_ns = clock_monotonic_ns() + timeout_ns;
        for (struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
            daemon->reload.mark = 0;
            daemon->reload.holds_outputs = false;
        }
    }
    settings_free(pending->settings);
    pending->settings = settings;
    settle(first);
}

void daemon_reload(struct daemon *first)
{
    workers_pause(first->workers);
    reload(first);
    workers_go_on(first->workers);
}

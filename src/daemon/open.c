/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The graph of one worker: what it is made of, in the order in which the parts need each other.
 */

#include "daemon/daemon_inside.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "base/mem.h"
#include "config/config.h"

enum {
    DESCRIPTORS_RESERVED = 32, /* loop, state, endpoint, names and certificates being looked up */
    INPUT_FILES_MIN = 4,
    LOOK_SHARE = 4, /* of memory_limit; queues, outputs and open batches together take less than half */
};

static bool open_checkpoints(struct daemon *daemon, char **out_error)
{
    const char *dir = daemon->settings->data_dir;
    long holder = 0;
    int result = checkpoint_open(dir, &daemon->checkpoints, &holder);
    if (result == CHECKPOINT_LOCKED) {
        *out_error = mem_format("the data directory %s is in use by process %ld; stop that process, "
                                "or set another directory with --set data_dir=DIR",
                                dir, holder);
        return false;
    }
    if (result == CHECKPOINT_NO_FILE) {
        *out_error = mem_format("cannot use the data directory %s: its checkpoints.json or lock is "
                                "not a regular file but a pipe, a link, a directory or a device; "
                                "move it away",
                                dir);
        return false;
    }
    if (result < 0) {
        *out_error = mem_format("cannot use the data directory %s: %s", dir, strerror(-result));
        return false;
    }
    if (result == CHECKPOINT_NEWER) {
        log_event(&daemon->log, LOG_ERROR,
                  "the checkpoints in %s were written by a newer clew and are kept there as "
                  "checkpoints.json.newer-…; every file is read from its beginning, so delivered "
                  "lines are sent again",
                  dir);
    }
    if (result == CHECKPOINT_CORRUPT) {
        log_event(&daemon->log, LOG_ERROR,
                  "the checkpoints in %s are damaged and were set aside; every file is read from "
                  "its beginning, so delivered lines are sent again",
                  dir);
    }
    return true;
}

/* Inputs of all workers take as many files as they may; what is left must do for the far ends, the
 * state and who asks for metrics, or nothing would be delivered and so no file ever closed. */
uint64_t daemon_share_descriptors(const struct settings *settings)
{
    struct rlimit limit;
    uint64_t workers = settings->workers > 1 ? settings->workers : 1;
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
    reserve *= workers;
    uint64_t left = limit.rlim_cur > reserve ? (uint64_t)limit.rlim_cur - reserve : 0;
    left /= workers;
    uint64_t share = settings->input_count > 0 ? left / settings->input_count : left;
    return share > INPUT_FILES_MIN ? share : INPUT_FILES_MIN;
}

uint64_t daemon_look_bytes(const struct settings *settings)
{
    return settings->memory_limit / LOOK_SHARE;
}

static enum parse_format format_of(const struct input_settings *settings)
{
    bool is_syslog = settings->format == PARSE_FORMAT_AUTO && strcmp(settings->type, "syslog") == 0;
    return is_syslog ? PARSE_FORMAT_SYSLOG : settings->format;
}

struct tap *daemon_open_tap(struct daemon *daemon, const struct settings *config,
                            const struct input_settings *settings, char **out_error)
{
    struct tap *tap = mem_alloc(sizeof(*tap));
    *tap = (struct tap){.daemon = daemon, .config = config, .settings = settings};
    tap->format = format_of(settings);
    tap->sink = daemon_sink(tap);
    struct input_env env = {daemon->loop,
                            &daemon->log,
                            &daemon->counters,
                            daemon->checkpoints,
                            &tap->sink,
                            &daemon->losses,
                            daemon->input_files_max,
                            &daemon->family,
                            daemon->assignment,
                            daemon->share,
                            NULL,
                            config,
                            sandbox_hides_files(daemon->sandbox)};
    tap->rules = multiline_rules_new(config, settings);
    tap->type = input_type_find(settings->type);
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
                         struct pipeline *pipeline, struct route_filters **out_routing,
                         char **out_error)
{
    const struct route_filters_env env = {settings, pipeline_filter_tools(pipeline),
                                          daemon->shipment, &daemon->log, &daemon->counters};
    return route_filters_new(&env, out_routing, out_error);
}

bool daemon_reads(const struct daemon *daemon, const struct input_settings *settings)
{
    return daemon->share.worker == 0 || input_type_find(settings->type)->is_shared;
}

static bool open_taps(struct daemon *daemon, const struct settings *settings, char **out_error)
{
    daemon->taps = mem_array(settings->input_count, sizeof(struct tap *));
    for (size_t i = 0; i < settings->input_count; i++) {
        if (!daemon_reads(daemon, &settings->inputs[i])) {
            continue;
        }
        struct tap *tap = daemon_open_tap(daemon, settings, &settings->inputs[i], out_error);
        if (tap == NULL) {
            return false;
        }
        daemon->taps[daemon->tap_count++] = tap;
    }
    return true;
}

/* What there is once, for all workers. */
static bool open_first(struct daemon *first, char **out_error)
{
    const struct settings *settings = first->settings;
    first->coverage = coverage_new(&settings->audit, daemon_look_bytes(settings), first->audit,
                                   &first->log);
    if (!open_checkpoints(first, out_error)) {
        return false;
    }
    if (first->workers != NULL) {
        checkpoint_share(first->checkpoints);
    }
    first->control = daemon_open_control(first, settings, out_error);
    return *out_error == NULL;
}

static bool is_same_output(const struct output_settings *a, const struct output_settings *b)
{
    return config_is_same_item("outputs", a, b);
}

bool daemon_open_graph(struct daemon *daemon, struct daemon *first, char **out_error)
{
    const struct settings *settings = daemon->settings;
    struct shipment_env env = {daemon->loop,  &daemon->log, &daemon->counters,
                               daemon_has_room, daemon,       daemon->share, daemon->addresses,
                               is_same_output};
    daemon->audit = audit_new(&settings->audit);
    audit_count_in(daemon->audit, &daemon->counters);
    daemon->own_source = source_new(NULL, "clew", UINT64_MAX);
    daemon->own_source->default_service = mem_string("clew");
    daemon->pipeline = pipeline_new(settings, &daemon->counters, out_error);
    if (daemon->pipeline == NULL ||
        !daemon_open_filtering(daemon, daemon->pipeline, &daemon->filtering, out_error) ||
        (daemon == first && !open_first(first, out_error))) {
        return false;
    }
    if (daemon != first) {
        audit_join(first->audit, daemon->audit);
        daemon->checkpoints = first->checkpoints;
    }
    daemon->shipment = shipment_new(settings, &env, out_error);
    if (daemon->shipment == NULL || !daemon_open_routing(daemon, settings, daemon->pipeline,
                                                         &daemon->route_filters, out_error)) {
        return false;
    }
    daemon->pod_multiline = pod_multiline_new(settings, &daemon->counters);
    daemon->metadata = pod_wait_open(&settings->kubernetes, daemon->loop, &daemon->log,
                                     &daemon->counters, out_error);
    if (daemon->metadata == NULL && *out_error != NULL) {
        return false;
    }
    daemon->input_files_max = daemon_share_descriptors(settings);
    return open_taps(daemon, settings, out_error);
}

void daemon_close_graph(struct daemon *daemon)
{
    control_close(daemon->control);
    daemon->is_stopping = true;
    for (size_t i = 0; i < daemon->tap_count; i++) {
        if (daemon->taps[i]->input != NULL) {
            daemon->taps[i]->type->stop(daemon->taps[i]->input);
        }
    }
    shipment_free(daemon->shipment); /* what goes to a spool by it is not lost with an input */
    for (size_t i = 0; i < daemon->tap_count; i++) {
        daemon_close_tap(daemon->taps[i]);
    }
    pod_wait_close(daemon->metadata);
    pod_multiline_free(daemon->pod_multiline);
    if (daemon->checkpoints != NULL && daemon->share.worker == 0) {
        daemon_commit(daemon);
        checkpoint_close(daemon->checkpoints);
    }
    route_filters_free(daemon->route_filters);
    pipeline_free(daemon->pipeline);
    source_free(daemon->own_source);
    filtering_free(daemon->filtering);
    coverage_free(daemon->coverage);
    audit_free(daemon->audit);
    free(daemon->taps);
    losses_fini(&daemon->losses);
    daemon_free_generations(daemon);
    ev_loop_destroy(daemon->loop);
}

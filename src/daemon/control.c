/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the control endpoint says, of all workers: they stand still from the first to the last number
 * of an answer, so what it says is true of one moment.
 */

#include "daemon/daemon_inside.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "control/backlog_metrics.h"
#include "control/filter_metrics.h"
#include "control/loss_metrics.h"
#include "control/output_metrics.h"

void daemon_count(struct daemon *first)
{
    first->total = (struct counters){0};
    for (const struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        counters_merge(&first->total, &daemon->counters);
    }
}

static void begin_answer(void *context)
{
    struct daemon *first = context;
    workers_pause(first->workers);
    if (first->workers != NULL) {
        daemon_count(first);
    }
}

static void end_answer(void *context)
{
    const struct daemon *first = context;
    workers_go_on(first->workers);
}

static bool is_ready(void *context)
{
    const struct daemon *first = context;
    bool is_mistaken = false;
    for (const struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        is_mistaken = is_mistaken || shipment_is_mistaken(daemon->shipment);
    }
    return !first->is_draining && !is_mistaken;
}

/* ---- metrics ---- */

static struct output_books *find_books(struct output_books *books, size_t count, const char *output)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(books[i].output, output) == 0) {
            return &books[i];
        }
    }
    return NULL;
}

static void add_books(struct output_books *into, const struct output_books *from)
{
    into->given += from->given;
    into->restored += from->restored;
    into->sent += from->sent;
    into->rejected += from->rejected;
    into->refused += from->refused;
    into->dropped += from->dropped;
    into->damaged += from->damaged;
    into->in_flight += from->in_flight;
    into->is_mistaken |= from->is_mistaken;
}

static bool append_books(const struct daemon *first, struct buf *out)
{
    struct output_books sums[CHECKPOINT_OUTPUTS_MAX];
    size_t count = shipment_books(first->shipment, sums, ARRAY_LEN(sums));
    for (const struct daemon *daemon = first->next; daemon != NULL; daemon = daemon->next) {
        struct output_books books[CHECKPOINT_OUTPUTS_MAX];
        size_t more = shipment_books(daemon->shipment, books, ARRAY_LEN(books));
        for (size_t i = 0; i < more; i++) {
            struct output_books *sum = find_books(sums, count, books[i].output);
            if (sum != NULL) {
                add_books(sum, &books[i]);
            } else if (count < ARRAY_LEN(sums)) {
                sums[count++] = books[i]; /* retired, and not yet done here */
            }
        }
    }
    return output_metrics_write(sums, count, out);
}

static struct filter_count *filter_counts(const struct daemon *daemon, size_t *out_count)
{
    size_t own_count = 0;
    const struct filter_count *own = filtering_counts(daemon->filtering, &own_count);
    return route_filters_counts(daemon->route_filters, own, own_count, out_count);
}

/* All workers have the same filters. */
static bool append_filters(const struct daemon *first, struct buf *out)
{
    size_t count;
    struct filter_count *sums = filter_counts(first, &count);
    for (const struct daemon *daemon = first->next; daemon != NULL; daemon = daemon->next) {
        size_t more;
        struct filter_count *counts = filter_counts(daemon, &more);
        for (size_t i = 0; i < more && i < count; i++) {
            sums[i].dropped += counts[i].dropped;
            sums[i].errors += counts[i].errors;
            sums[i].ids_removed += counts[i].ids_removed;
            sums[i].limits.count += counts[i].limits.count;
        }
        free(counts);
    }
    bool fits = filter_metrics_write(sums, count, out);
    free(sums);
    return fits;
}

static bool append_losses(const struct daemon *first, struct buf *out)
{
    struct losses sums = {0};
    for (const struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        losses_merge(&sums, &daemon->losses);
    }
    bool fits = loss_metrics_write(&sums, out);
    losses_fini(&sums);
    return fits;
}

static void add_backlog(struct backlog *sums, size_t *count, const struct backlog *more)
{
    size_t i = 0;
    while (i < *count && strcmp(sums[i].input, more->input) != 0) {
        i++;
    }
    if (i == *count) {
        sums[(*count)++] = *more;
        return;
    }
    sums[i].unread_bytes += more->unread_bytes;
    sums[i].deleted_bytes += more->deleted_bytes;
    sums[i].oldest_ns = sums[i].oldest_ns > more->oldest_ns ? sums[i].oldest_ns : more->oldest_ns;
}

/* Of each input that reads files, what all workers have of it. */
static bool append_backlogs(const struct daemon *first, struct buf *out)
{
    size_t taps = 1;
    size_t count = 0;
    for (const struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        taps += daemon->tap_count;
    }
    struct backlog *sums = mem_array(taps, sizeof(*sums));
    for (const struct daemon *daemon = first; daemon != NULL; daemon = daemon->next) {
        for (size_t i = 0; i < daemon->tap_count; i++) {
            const struct tap *tap = daemon->taps[i];
            struct backlog more;
            if (tap->type->backlog != NULL && tap->input != NULL) {
                tap->type->backlog(tap->input, &more);
                add_backlog(sums, &count, &more);
            }
        }
    }
    bool fits = backlog_metrics_write(sums, count, out);
    free(sums);
    return fits;
}

static bool append_metrics(void *context, struct buf *out)
{
    const struct daemon *first = context;
    return append_filters(first, out) && append_books(first, out) && append_losses(first, out) &&
           append_backlogs(first, out);
}

/* ---- what tells of all services ---- */

static void *begin_look(void *context, const struct control_look *what)
{
    struct daemon *first = context;
    return what->is_coverage ? coverage_look_json(first->coverage, what->first, what->count)
                             : coverage_look_metrics(first->coverage);
}

static enum control_step step_look(void *context, void *look, struct buf *out)
{
    static const enum control_step steps[] = {
        [COVERAGE_GOES_ON] = CONTROL_GOES_ON,
        [COVERAGE_DONE] = CONTROL_DONE,
        [COVERAGE_TOO_LARGE] = CONTROL_TOO_LARGE,
    };
    (void)context;
    return steps[coverage_look_step(look, clock_monotonic_ns(), COVERAGE_STEP_UNITS, out)];
}

static void free_look(void *look)
{
    coverage_look_free(look);
}

struct control *daemon_open_control(struct daemon *first, const struct settings *settings,
                                    char **out_error)
{
    const struct control_hooks hooks = {.begin = begin_answer,
                                        .end = end_answer,
                                        .is_ready = is_ready,
                                        .append_metrics = append_metrics,
                                        .begin_look = begin_look,
                                        .step_look = step_look,
                                        .free_look = free_look,
                                        .own = &first->counters,
                                        .context = first};
    if (strcmp(settings->control.listen, "off") == 0) {
        return NULL;
    }
    return control_open(&settings->control, first->control, first->loop, &first->log,
                        first->workers != NULL ? &first->total : &first->counters, &hooks,
                        out_error);
}

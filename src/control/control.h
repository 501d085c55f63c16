/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONTROL_CONTROL_H
#define CLEW_CONTROL_CONTROL_H

/*
 * The HTTP endpoint: what clew says about itself while it runs.
 *
 *     GET /healthz    200 "ok" while the loop turns, all of them where there are several
 *     GET /readyz     200 "ready", or 503 "not ready": starting, on its way out, or an output takes
 *                     nothing because of a mistake in the config
 *     GET /metrics    OpenMetrics text; docs/metrics.md has every name; with `?services=off` without
 *                     what is told by service
 *     GET /coverage   JSON, as `clew audit --format json`; docs/coverage.md has every member; with
 *                     `?limit=N&offset=M` the N services behind the M worst
 *
 * What goes through all services is made in pieces, one a turn of the loop, so that no answer stops the
 * reading of logs for long. HEAD works everywhere; anything else is answered 404 with this list. It only
 * reads: nothing can be changed through it, and a request has no body. Clients that say nothing, or read
 * nothing, take neither the places of others nor more than a few MiB: base/http_server.h.
 */

#include <stdbool.h>
#include "base/buf.h"
#include "base/log.h"
#include "record/counters.h"
#include "record/settings.h"

struct ev_loop;
struct control;

struct control_look {
    bool is_coverage; /* else metrics by service */
    uint64_t first;
    uint64_t count;
};

enum control_step {
    CONTROL_GOES_ON,
    CONTROL_DONE,
    CONTROL_TOO_LARGE, /* for out->limit */
};

struct control_hooks {
    /* Around every answer, or piece of one: what is asked meanwhile stands still, and `counters` tell of
     * all. NULL: not needed. */
    void (*begin)(void *context);
    void (*end)(void *context);

    bool (*is_ready)(void *context);

    /* Append metric families that are not in the table of counters, each whole, in OpenMetrics text
     * and without `# EOF`; false at out->limit. NULL: there are none. */
    bool (*append_metrics)(void *context, struct buf *out);

    /* What tells of all services, in pieces: a step appends what there is to append, and is bounded
     * work. It is freed in any case. NULL: there is no such page, and nothing of it in the metrics. */
    void *(*begin_look)(void *context, const struct control_look *what);
    enum control_step (*step_look)(void *context, void *look, struct buf *out);
    void (*free_look)(void *look);

    /* Where it counts what its clients run into: of the thread that serves. `counters` may be others,
     * which `begin` makes of these. */
    struct counters *own;

    void *context;
};

/*
 * Listens when it returns, which it logs with the address (port 0 is a free one); serves while the
 * loop runs. NULL on failure, with *out_error a sentence that the caller frees. `log` and
 * `counters` must outlive it; settings and hooks are copied. `before` is the one whose place it takes
 * and that is closed then, or NULL.
 */
struct control *control_open(const struct control_settings *settings, const struct control *before,
                             struct ev_loop *loop, const struct log *log,
                             const struct counters *counters, const struct control_hooks *hooks,
                             char **out_error);

const char *control_address(const struct control *control); /* "127.0.0.1:9464" */

void control_close(struct control *control); /* NULL is fine */

#endif

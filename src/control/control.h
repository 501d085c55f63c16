/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONTROL_CONTROL_H
#define CLEW_CONTROL_CONTROL_H

/*
 * The HTTP endpoint: what clew says about itself while it runs.
 *
 *     GET /healthz    200 "ok" while the loop turns, all of them where there are several
 *     GET /readyz     200 "ready", or 503 "not ready": starting, on its way out, or an output takes
 *                     nothing because of a mistake in the config
 *     GET /metrics    OpenMetrics text; docs/metrics.md has every name
 *     GET /coverage   JSON, as `clew audit --format json`; docs/coverage.md has every member
 *
 * HEAD works everywhere; anything else is answered 404 with this list. It only reads: nothing can
 * be changed through it, and a request has no body. Clients that say nothing, or read nothing, take
 * neither the places of others nor more than a few MiB: base/http_server.h.
 */

#include <stdbool.h>
#include "base/buf.h"
#include "base/log.h"
#include "core/counters.h"
#include "core/settings.h"

struct ev_loop;
struct control;

struct control_hooks {
    /* Around every answer: what is asked meanwhile stands still, and `counters` tell of all. NULL: not
     * needed. */
    void (*begin)(void *context);
    void (*end)(void *context);

    bool (*is_ready)(void *context);

    /* Append metric families that are not in the table of counters, each whole, in OpenMetrics text
     * and without `# EOF`; false at out->limit. NULL: there are none. */
    bool (*append_metrics)(void *context, struct buf *out);

    /* Append the JSON of /coverage; false at out->limit. NULL: there is no such page. */
    bool (*append_coverage)(void *context, struct buf *out);

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

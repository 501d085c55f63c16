/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/pod_wait.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/mem.h"
#include "kubernetes/lookup.h"
#include "kubernetes/pod_watch.h"

#define WAITED_ENOUGH UINT64_MAX /* in held_since_ns: nobody waits for it again */

struct pod_wait {
    const struct kubernetes_settings *settings;
    struct counters *counters;
    struct pod_store *store;
    struct pod_watch *watch;
};

struct pod_wait *pod_wait_open(const struct kubernetes_settings *settings, struct ev_loop *loop,
                               const struct log *log, struct counters *counters, char **out_error)
{
    enum pod_watch_kind kind = pod_watch_choose(settings, out_error);
    if (kind == POD_WATCH_OFF) {
        return NULL;
    }
    struct pod_wait *metadata = mem_alloc(sizeof(*metadata));
    metadata->settings = settings;
    metadata->counters = counters;
    metadata->store = pod_store_new(settings, counters);
    const struct pod_watch_env env = {loop, log, counters, metadata->store};
    metadata->watch = pod_watch_open(settings, kind, &env);
    return metadata;
}

void pod_wait_close(struct pod_wait *metadata)
{
    if (metadata != NULL) {
        pod_watch_close(metadata->watch);
        pod_store_free(metadata->store);
        free(metadata);
    }
}

static bool give_up(struct pod_wait *metadata, struct source *source)
{
    counters_add(metadata->counters, C_KUBERNETES_STREAMS_UNKNOWN, 1);
    source->held_since_ns = WAITED_ENOUGH;
    return true;
}

/* Its pod is not known. */
static bool has_waited(struct pod_wait *metadata, struct source *source, uint64_t behind_bytes)
{
    const struct kubernetes_settings *settings = metadata->settings;
    if (source->held_since_ns == WAITED_ENOUGH) {
        return true;
    }
    uint64_t now_ns = clock_monotonic_ns();
    if (source->held_since_ns == 0) {
        source->held_since_ns = now_ns;
        counters_add(metadata->counters, C_KUBERNETES_STREAMS_HELD, settings->wait_ms > 0);
        pod_watch_hurry(metadata->watch);
    }
    if (now_ns - source->held_since_ns >= settings->wait_ms * UINT64_C(1000000) ||
        behind_bytes > settings->wait_bytes) {
        return give_up(metadata, source);
    }
    return false;
}

bool pod_wait_may_ship(struct pod_wait *metadata, const struct line *line)
{
    if (metadata == NULL) {
        return true;
    }
    enum lookup lookup = lookup_source(metadata->store, line->source, metadata->settings,
                                       metadata->counters);
    if (lookup == LOOKUP_UNKNOWN) {
        return has_waited(metadata, line->source, line->behind_bytes);
    }
    line->source->held_since_ns = 0;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_POD_WATCH_H
#define CLEW_KUBERNETES_POD_WATCH_H

/*
 * Keeps a store of pods as the cluster has them: one list and one watch of the API server, or the
 * kubelet's /pods every now and then. It never ends by itself and never blocks; while it fails, the
 * store tells what was known.
 *
 *     state     meaning                              left by
 *     list      all pods of the node are asked for   its end --> watch (API), pause of kubernetes.poll
 *     watch     changes since the last version       its end --> watch, from where it ended;
 *                                                    410 Gone --> list
 *     pause     something failed                     kubernetes.retry --> list or watch, as before
 */

#include "base/log.h"
#include "kubernetes/pod_store.h"

struct ev_loop;
struct pod_watch;

/* What is to be asked, by the settings and what is known of the surroundings. */
enum pod_watch_kind {
    POD_WATCH_OFF,
    POD_WATCH_API,
    POD_WATCH_KUBELET,
};

/* POD_WATCH_OFF with a sentence in *out_error (the caller frees it): what was asked for cannot be. */
enum pod_watch_kind pod_watch_choose(const struct kubernetes_settings *settings, char **out_error);

struct pod_watch_env {
    struct ev_loop *loop;
    const struct log *log;
    struct counters *counters;
    struct pod_store *store;
};

/* Begins at once. Without kubernetes.node the API is asked for the pods of all nodes. `settings` must
 * outlive it. */
struct pod_watch *pod_watch_open(const struct kubernetes_settings *settings,
                                 enum pod_watch_kind kind, const struct pod_watch_env *env);
void pod_watch_close(struct pod_watch *watch); /* NULL is fine */

/* A pod is missed: the kubelet is asked earlier than it would have been. */
void pod_watch_hurry(struct pod_watch *watch);

/* All pods have been listed at least once. */
bool pod_watch_is_synced(const struct pod_watch *watch);

/* The last request failed, in words; NULL: it did not. Good until the loop runs. */
const char *pod_watch_trouble(const struct pod_watch *watch);

#endif

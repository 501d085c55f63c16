/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit/pods.h"

#include <ev.h>
#include <signal.h>
#include "base/log.h"
#include "base/mem.h"
#include "kubernetes/pod_watch.h"

struct asking {
    struct pod_watch *watch;
    ev_timer look;
    ev_timer deadline;
    bool is_late;
};

static const double LOOK_S = 0.01;

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct asking *asking = container_of(timer, struct asking, look);
    if (pod_watch_is_synced(asking->watch) || pod_watch_trouble(asking->watch) != NULL) {
        ev_break(loop, EVBREAK_ALL);
    }
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    container_of(timer, struct asking, deadline)->is_late = true;
    ev_break(loop, EVBREAK_ALL);
}

static bool ask(struct ev_loop *loop, struct asking *asking,
                const struct kubernetes_settings *settings, char **out_error)
{
    double timeout_s = (double)settings->timeout_ms / 1e3;
    ev_timer_init(&asking->look, on_look, LOOK_S, LOOK_S);
    ev_timer_init(&asking->deadline, on_deadline, timeout_s, 0.);
    ev_timer_start(loop, &asking->look);
    ev_timer_start(loop, &asking->deadline);
    ev_run(loop, 0);
    if (pod_watch_is_synced(asking->watch)) {
        return true;
    }
    const char *why = asking->is_late ? "no answer in time" : pod_watch_trouble(asking->watch);
    *out_error = mem_format("cannot list pods at %s: %s", settings->endpoint, why);
    return false;
}

bool audit_pods_ask(const struct kubernetes_settings *settings, struct pod_store *store,
                    struct counters *counters, char **out_error)
{
    const struct log log = {2, LOG_ERROR}; /* failures are told here */
    struct asking asking = {0};
    if (settings->endpoint == NULL) {
        *out_error = mem_string("no Kubernetes API: this is not a pod, and the config has no "
                                "kubernetes.endpoint; try `kubectl get pods -A -o json | clew audit "
                                "--pods - PATH`");
        return false;
    }
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOSIGMASK);
    ENSURE(loop != NULL);
    signal(SIGPIPE, SIG_IGN);
    const struct pod_watch_env env = {loop, &log, counters, store};
    enum pod_watch_kind kind =
        settings->source == KUBERNETES_KUBELET ? POD_WATCH_KUBELET : POD_WATCH_API;
    asking.watch = pod_watch_open(settings, kind, &env);
    bool is_told = ask(loop, &asking, settings, out_error);
    pod_watch_close(asking.watch);
    ev_loop_destroy(loop);
    return is_told;
}

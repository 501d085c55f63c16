/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The protocol is the one of "Efficient detection of changes" in the Kubernetes API concepts.
 *
 * The first list may come from the server's cache (resourceVersion=0), which is cheap when all nodes
 * start at once; after 410 Gone it may not, for a cache that is behind would lead to the same place.
 * Bookmarks keep the version young on a quiet node, so that the next watch need not begin with 410.
 *
 * A watch ends every five to ten minutes because the server was asked to end it. That is no failure.
 * One that ends at once is: without a pause a broken proxy in between would be asked in a loop.
 */

#include "kubernetes/pod_watch.h"

#include <ctype.h>
#include <ev.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "kubernetes/api_request.h"
#include "kubernetes/pod_reader.h"

enum {
    VERSION_BYTES = 64,
    NEXT_BYTES_MAX = 4096,
    MESSAGE_BYTES = 512,
    PATH_BYTES_MAX = 16384,
    WATCH_MARGIN_MS = 30000, /* the server ends a watch; the client only if it does not */
    LONG_WATCH_MS = 5000,    /* proxies have limits of their own, servers restart: no trouble yet */
};

#define MS       UINT64_C(1000000)
#define HURRY_NS (1000 * MS)  /* the kubelet is not asked more often */

static const double SWEEP_S = 5;

struct pod_watch {
    const struct kubernetes_settings *settings;
    struct pod_watch_env env;
    enum pod_watch_kind kind;
    struct api_request *request;
    struct pod_reader *reader;
    ev_timer next;  /* the end of a pause */
    ev_timer sweep; /* deleted pods are forgotten */
    uint64_t started_ns;
    uint64_t watch_ms; /* that the server was asked for */
    uint64_t pause_ms; /* the last one; 0: nothing has failed */
    uint64_t chance;
    long status;       /* that the answer's body told; 0: none */
    bool is_running;
    bool is_watching;  /* else listing */
    bool has_ended;    /* the list at hand has */
    bool is_exact;     /* the next list is not to come from a cache */
    bool is_synced;
    bool has_told;     /* that it fails */
    char version[VERSION_BYTES]; /* empty: a list is needed */
    char seen_version[VERSION_BYTES];
    struct buf page; /* where the next page of the list begins */
    char message[MESSAGE_BYTES];
};

/* ---- choosing ---- */

enum pod_watch_kind pod_watch_choose(const struct kubernetes_settings *settings, char **out_error)
{
    bool has_node = settings->node != NULL && settings->node[0] != '\0';
    *out_error = NULL;
    switch (settings->source) {
    case KUBERNETES_OFF:
        return POD_WATCH_OFF;
    case KUBERNETES_AUTO:
        return settings->endpoint != NULL && has_node ? POD_WATCH_API : POD_WATCH_OFF;
    case KUBERNETES_API:
    case KUBERNETES_KUBELET:
        break;
    }
    if (settings->endpoint == NULL) {
        *out_error = mem_string("kubernetes.source needs kubernetes.endpoint: outside of a pod the "
                                "environment does not have it");
        return POD_WATCH_OFF;
    }
    if (settings->source == KUBERNETES_API && !has_node) {
        *out_error = mem_string("kubernetes.source: api needs kubernetes.node, otherwise every node "
                                "would watch all pods: set the variable NODE_NAME from "
                                "spec.nodeName (downward API)");
        return POD_WATCH_OFF;
    }
    return settings->source == KUBERNETES_API ? POD_WATCH_API : POD_WATCH_KUBELET;
}

static void succeed(struct pod_watch *watch);

/* ---- what the reader tells ---- */

static void on_pod(void *context, struct pod *pod, bool is_deleted)
{
    struct pod_watch *watch = context;
    if (is_deleted) {
        pod_store_delete(watch->env.store, pod, clock_monotonic_ns());
    } else {
        pod_store_put(watch->env.store, pod);
    }
}

/* Of a list it counts once the list is whole, of a watch at once. */
static void on_version(void *context, const char *version)
{
    struct pod_watch *watch = context;
    char *into = watch->is_watching ? watch->version : watch->seen_version;
    if (strlen(version) < VERSION_BYTES) {
        strcpy(into, version);
    }
    if (watch->is_watching) {
        succeed(watch); /* what is told here has come from the pods of now */
    }
}

static void on_end(void *context, const char *next)
{
    struct pod_watch *watch = context;
    watch->has_ended = true;
    buf_clear(&watch->page);
    if (next != NULL) {
        buf_append_string(&watch->page, next);
    }
}

static void on_status(void *context, long code, const char *message)
{
    struct pod_watch *watch = context;
    watch->status = code;
    snprintf(watch->message, sizeof(watch->message), "%s", message);
}

static bool on_bytes(void *context, struct slice bytes)
{
    return pod_reader_feed(((struct pod_watch *)context)->reader, bytes);
}

/* ---- asking ---- */

static void append_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-._~", c) != NULL) {
            buf_append(out, text, 1);
        } else {
            buf_append_format(out, "%%%02X", c);
        }
    }
}

static uint64_t draw(struct pod_watch *watch, uint64_t below)
{
    watch->chance = hash_bytes(&watch->chance, sizeof(watch->chance), clock_monotonic_ns());
    return below > 0 ? watch->chance % below : 0;
}

static void append_list(struct pod_watch *watch, struct buf *path)
{
    if (watch->page.len > 0) {
        char *next = mem_string_from(buf_slice(&watch->page));
        buf_append_string(path, "&continue=");
        append_escaped(path, next);
        free(next);
    } else if (!watch->is_exact) {
        buf_append_string(path, "&resourceVersion=0");
    }
}

/* The path; how long the answer may take. */
static uint64_t make_path(struct pod_watch *watch, struct buf *path)
{
    if (watch->kind == POD_WATCH_KUBELET) {
        buf_append_string(path, "/pods");
        return watch->settings->timeout_ms;
    }
    buf_append_string(path, "/api/v1/pods?");
    if (watch->settings->node != NULL) {
        buf_append_string(path, "fieldSelector=spec.nodeName%3D");
        append_escaped(path, watch->settings->node);
    }
    if (!watch->is_watching) {
        append_list(watch, path);
        return watch->settings->timeout_ms;
    }
    uint64_t last_ms = watch->settings->watch_ms + draw(watch, watch->settings->watch_ms);
    watch->watch_ms = last_ms / 1000 * 1000;
    buf_append_string(path, "&watch=true&allowWatchBookmarks=true&resourceVersion=");
    append_escaped(path, watch->version);
    buf_append_format(path, "&timeoutSeconds=%" PRIu64, last_ms / 1000);
    return last_ms + WATCH_MARGIN_MS;
}

static void fail(struct pod_watch *watch, uint64_t retry_after_ms);

static void begin(struct pod_watch *watch)
{
    struct buf path;
    buf_init(&path, PATH_BYTES_MAX);
    watch->is_watching = watch->kind == POD_WATCH_API && watch->version[0] != '\0';
    uint64_t timeout_ms = make_path(watch, &path);
    if (!watch->is_watching && watch->page.len == 0) {
        pod_store_begin_list(watch->env.store);
        counters_add(watch->env.counters, C_KUBERNETES_LISTS, 1);
    }
    counters_add(watch->env.counters, C_KUBERNETES_WATCHES, watch->is_watching);
    watch->has_ended = false;
    watch->status = 0;
    watch->message[0] = '\0';
    watch->started_ns = clock_monotonic_ns();
    pod_reader_reset(watch->reader);
    buf_append(&path, "", 1);
    int result = api_request_start(watch->request, path.data, timeout_ms);
    buf_fini(&path);
    watch->is_running = result == 0;
    if (result < 0) {
        snprintf(watch->message, sizeof(watch->message), "the token in %s cannot be read: %s",
                 watch->settings->token_file, strerror(-result));
        fail(watch, 0);
    }
}

static void on_next(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    begin(container_of(timer, struct pod_watch, next));
}

static void begin_after(struct pod_watch *watch, uint64_t pause_ms)
{
    ev_now_update(watch->env.loop);
    ev_timer_stop(watch->env.loop, &watch->next);
    ev_timer_set(&watch->next, (double)pause_ms / 1e3, 0.);
    ev_timer_start(watch->env.loop, &watch->next);
}

/* ---- how it ended ---- */

static const char *name_of_far_end(const struct pod_watch *watch)
{
    return watch->kind == POD_WATCH_KUBELET ? "the kubelet" : "the API server";
}

static void fail(struct pod_watch *watch, uint64_t retry_after_ms)
{
    const struct kubernetes_settings *settings = watch->settings;
    uint64_t pause_ms = watch->pause_ms == 0 ? settings->retry_initial_ms : watch->pause_ms * 2;
    pause_ms = pause_ms < settings->retry_max_ms ? pause_ms : settings->retry_max_ms;
    watch->pause_ms = pause_ms;
    pause_ms = pause_ms / 2 + draw(watch, pause_ms / 2 + 1);
    pause_ms = retry_after_ms > pause_ms ? retry_after_ms : pause_ms;
    counters_add(watch->env.counters, C_KUBERNETES_FAILURES, 1);
    if (!watch->has_told) {
        watch->has_told = true;
        log_event(watch->env.log, LOG_WARN,
                  "kubernetes: cannot list pods from %s at %s: %s; retrying in %" PRIu64 " ms. Lines "
                  "are still shipped, without the metadata of unknown pods",
                  name_of_far_end(watch), settings->endpoint, watch->message, pause_ms);
    }
    begin_after(watch, pause_ms);
}

static void succeed(struct pod_watch *watch)
{
    watch->pause_ms = 0;
    if (watch->has_told) {
        watch->has_told = false;
        log_event(watch->env.log, LOG_INFO, "kubernetes: %s lists the pods again",
                  name_of_far_end(watch));
    }
}

static void end_list(struct pod_watch *watch)
{
    pod_store_end_list(watch->env.store, clock_monotonic_ns());
    if (!watch->is_synced) {
        watch->is_synced = true;
        log_event(watch->env.log, LOG_INFO, "kubernetes: %s listed %" PRIu64 " pods of node %s",
                  name_of_far_end(watch), watch->env.counters->values[C_KUBERNETES_PODS],
                  watch->settings->node != NULL ? watch->settings->node : "(this one)");
    }
    strcpy(watch->version, watch->seen_version);
    watch->is_exact = false;
    succeed(watch);
    if (watch->kind == POD_WATCH_KUBELET) {
        begin_after(watch, watch->settings->poll_ms);
    } else if (watch->version[0] == '\0') {
        snprintf(watch->message, sizeof(watch->message), "the list has no resourceVersion");
        fail(watch, 0);
    } else {
        begin(watch);
    }
}

/* What a status means to an operator. */
static const char *advice_for(const struct pod_watch *watch, long status)
{
    switch (status) {
    case 401:
        return ": the token is rejected; clew reads it again";
    case 403:
        return watch->kind == POD_WATCH_KUBELET ? ": the service account needs get on nodes/proxy"
                                                : ": the service account needs get, list and "
                                                  "watch on pods (conf/kubernetes/rbac.yaml)";
    case 404:
        return ": is this the endpoint of the API?";
    default:
        return "";
    }
}

static void describe(struct pod_watch *watch, const struct api_result *result, long status)
{
    char said[MESSAGE_BYTES];
    snprintf(said, sizeof(said), "%s", watch->message);
    if (status >= 400) {
        snprintf(watch->message, sizeof(watch->message), "HTTP %ld%s%s%.300s", status,
                 advice_for(watch, status), said[0] != '\0' ? "; its message: " : "", said);
    } else if (result->error != NULL) {
        snprintf(watch->message, sizeof(watch->message), "%s", result->error);
    } else {
        snprintf(watch->message, sizeof(watch->message), "%s",
                 watch->is_watching ? "the watch ended at once" : "the list broke off");
    }
}

/* The versions since ours are forgotten: all pods have to be asked for again. */
static void expire(struct pod_watch *watch)
{
    bool is_fresh = !watch->is_watching; /* a list, or a page of one, that has expired */
    counters_add(watch->env.counters, C_KUBERNETES_EXPIRED, 1);
    watch->version[0] = '\0';
    buf_clear(&watch->page);
    watch->is_exact = true;
    if (is_fresh) {
        fail(watch, 0);
    } else {
        begin(watch);
    }
}

static void end_watch(struct pod_watch *watch, const struct api_result *result)
{
    uint64_t took_ms = (clock_monotonic_ns() - watch->started_ns) / MS;
    bool is_full = result->is_whole && took_ms >= watch->watch_ms / 2;
    if (is_full || took_ms >= LONG_WATCH_MS) {
        succeed(watch);
        begin(watch);
        return;
    }
    describe(watch, result, 0);
    fail(watch, 0);
}

static void on_done(void *context, const struct api_result *result)
{
    struct pod_watch *watch = context;
    long status = watch->status != 0 ? watch->status : result->status;
    watch->is_running = false;
    if (status == 410) {
        expire(watch);
    } else if (status >= 400 || (result->status != 200 && result->status != 0)) {
        describe(watch, result, status);
        fail(watch, result->retry_after_ms);
    } else if (watch->is_watching && result->status == 200) {
        end_watch(watch, result);
    } else if (result->is_whole && watch->has_ended && pod_reader_is_whole(watch->reader)) {
        if (watch->page.len > 0) {
            begin(watch);
        } else {
            end_list(watch);
        }
    } else {
        describe(watch, result, 0);
        buf_clear(&watch->page);
        fail(watch, 0);
    }
}

/* ---- the whole ---- */

static void on_sweep(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    pod_store_expire(container_of(timer, struct pod_watch, sweep)->env.store,
                     clock_monotonic_ns());
}

struct pod_watch *pod_watch_open(const struct kubernetes_settings *settings,
                                 enum pod_watch_kind kind, const struct pod_watch_env *env)
{
    struct pod_watch *watch = mem_alloc(sizeof(*watch));
    const struct pod_reader_events reader_events = {on_pod, on_version, on_end, on_status, watch};
    const struct api_request_events request_events = {on_bytes, on_done, watch};
    watch->settings = settings;
    watch->env = *env;
    watch->kind = kind;
    watch->chance = clock_realtime_ns();
    buf_init(&watch->page, NEXT_BYTES_MAX);
    watch->reader = pod_reader_new(settings, env->counters, &reader_events);
    watch->request = api_request_new(settings, env->loop, &request_events);
    ev_init(&watch->next, on_next);
    ev_timer_init(&watch->sweep, on_sweep, SWEEP_S, SWEEP_S);
    ev_timer_start(env->loop, &watch->sweep);
    begin_after(watch, 0);
    return watch;
}

void pod_watch_close(struct pod_watch *watch)
{
    if (watch != NULL) {
        ev_timer_stop(watch->env.loop, &watch->next);
        ev_timer_stop(watch->env.loop, &watch->sweep);
        api_request_free(watch->request);
        pod_reader_free(watch->reader);
        buf_fini(&watch->page);
        free(watch);
    }
}

void pod_watch_hurry(struct pod_watch *watch)
{
    uint64_t since_ns = clock_monotonic_ns() - watch->started_ns;
    if (watch->kind == POD_WATCH_KUBELET && !watch->is_running && watch->pause_ms == 0) {
        begin_after(watch, since_ns < HURRY_NS ? (HURRY_NS - since_ns) / MS : 0);
    }
}

bool pod_watch_is_synced(const struct pod_watch *watch)
{
    return watch->is_synced;
}

const char *pod_watch_trouble(const struct pod_watch *watch)
{
    return watch->has_told ? watch->message : NULL;
}

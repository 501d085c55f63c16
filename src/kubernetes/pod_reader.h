/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_POD_READER_H
#define CLEW_KUBERNETES_POD_READER_H

/*
 * Answers of the API as they come, byte by byte, to pods: a list, a watch, the kubelet's /pods, or what
 * `kubectl get pods -o json` prints. At most one pod is in memory as JSON.
 */

#include "kubernetes/pod.h"

struct pod_reader;

struct pod_reader_events {
    /* A pod of a list or of an event; the callee owns it. */
    void (*pod)(void *context, struct pod *pod, bool is_deleted);
    /* All before this version of the whole has been told: a bookmark, or the end of a list. */
    void (*version)(void *context, const char *resource_version);
    /* A list is at its end. `next` is where its next page begins, NULL: that was all. */
    void (*end)(void *context, const char *next);
    /* The server says that something is wrong: a status code as of HTTP (410: gone) and its words. */
    void (*status)(void *context, long code, const char *message);
    void *context;
};

/* All but `events->context` must outlive it; the struct of events is copied. */
struct pod_reader *pod_reader_new(const struct kubernetes_settings *settings,
                                  struct counters *counters, const struct pod_reader_events *events);
void pod_reader_free(struct pod_reader *reader); /* NULL is fine */

/* A new answer begins. */
void pod_reader_reset(struct pod_reader *reader);

/* False: this is not an answer of Kubernetes; the rest need not be fed. */
bool pod_reader_feed(struct pod_reader *reader, struct slice bytes);

/* The answer may end here: nothing is begun and not ended. */
bool pod_reader_is_whole(const struct pod_reader *reader);

#endif

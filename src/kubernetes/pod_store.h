/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_POD_STORE_H
#define CLEW_KUBERNETES_POD_STORE_H

/*
 * The pods that are known: at most pods_max, each at most pod_bytes_max large. A pod that was deleted
 * is kept for deleted_kept, since its last lines are read after its end.
 */

#include "kubernetes/pod.h"
#include "record/source.h"

struct pod_store;

/* Both must outlive it. */
struct pod_store *pod_store_new(const struct kubernetes_settings *settings,
                                struct counters *counters);
void pod_store_free(struct pod_store *store); /* NULL is fine */

/* Takes the pod in, in place of one with its uid. Full: it is freed and counted. */
void pod_store_put(struct pod_store *store, struct pod *pod);

/* This pod is gone: `pod` is its last state, taken in as with pod_store_put(). */
void pod_store_delete(struct pod_store *store, struct pod *pod, uint64_t now_ns);

/* A list of all pods begins, and has come to its end: pods that it did not have are gone. */
void pod_store_begin_list(struct pod_store *store);
void pod_store_end_list(struct pod_store *store, uint64_t now_ns);

/* Forget pods that went deleted_kept ago; call it now and then. */
void pod_store_expire(struct pod_store *store, uint64_t now_ns);

/* The pod that a path names; by namespace and name where the path has no uid. NULL: not known. */
const struct pod *pod_store_find(const struct pod_store *store,
                                 const struct kubernetes_path *path);

/* Changes whenever a pod is new or tells something else; never 0. */
uint64_t pod_store_serial(const struct pod_store *store);

#endif

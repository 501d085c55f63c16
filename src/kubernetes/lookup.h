/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_LOOKUP_H
#define CLEW_KUBERNETES_LOOKUP_H

/* Sources and the pods that are known: the one call for every line. */

#include "kubernetes/pod_store.h"
#include "record/source.h"

enum lookup {
    LOOKUP_NONE,    /* the path names no container of Kubernetes: nothing to be known */
    LOOKUP_KNOWN,   /* the source has its attributes */
    LOOKUP_UNKNOWN, /* its pod is not known, so far */
};

/*
 * Bring the source up to date. Costs one compare unless a pod has changed since. A source that tells
 * something else than before has another id, so that nobody goes by what it told.
 */
enum lookup lookup_source(const struct pod_store *store, struct source *source,
                          const struct kubernetes_settings *settings, struct counters *counters);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_DESCRIBE_H
#define CLEW_KUBERNETES_DESCRIBE_H

/*
 * A pod's word on one of its containers, as attributes of the resource of what that container writes.
 * docs/kubernetes.md lists them with the rules; names are those of OpenTelemetry's semantic
 * conventions.
 */

#include "kubernetes/pod.h"
#include "record/source.h"

/*
 * Sets the source's attributes, its default service and its policy. The source's own path says which
 * container, and which run of it. What an earlier call has set, and this pod does not tell, goes.
 */
void describe_source(struct source *source, const struct kubernetes_path *path,
                     const struct pod *pod, const struct kubernetes_settings *settings,
                     struct counters *counters);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_POD_POLICY_H
#define CLEW_KUBERNETES_POD_POLICY_H

/*
 * What a pod's annotations ask for, for its own lines:
 *
 *     clew.dev/exclude                     true, names of containers, or false: whatever others say
 *     clew.dev/parser[-<container>]        auto, json, logfmt, text
 *     clew.dev/multiline[-<container>]     names of rule sets: who joins lines looks at them
 *     clew.dev/timezone[-<container>]      of times that name none: Europe/Berlin, +02:00, UTC
 *     clew.dev/min-coverage                a share: 80% or 0.8
 *     fluentbit.io/exclude[_<stream>][-<container>]  true
 *     fluentbit.io/parser[_<stream>][-<container>]   json or logfmt; others are unknown here
 *     vector.dev/exclude                   true (a label)
 *     vector.dev/exclude-containers        names of containers
 *
 * A value that means nothing is left aside and counted: a pod can do no harm but to itself.
 */

#include "kubernetes/pod.h"
#include "record/source.h"

struct source_policy pod_policy_read(const struct pod *pod, struct slice container,
                                     const struct kubernetes_settings *settings,
                                     struct counters *counters);

#endif

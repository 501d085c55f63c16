/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_AUDIT_PODS_H
#define CLEW_CLI_AUDIT_PODS_H

/* Where `clew audit` has the pods from: a saved list, or the API server or kubelet of the config. */

#include <stdbool.h>
#include "kubernetes/pod_store.h"

/* The pods of kubernetes.node, of all nodes if there is none, into the store. Waits for at most
 * kubernetes.timeout. False on failure, with *out_error a sentence that the caller frees. */
bool audit_pods_ask(const struct kubernetes_settings *settings, struct pod_store *store,
                    struct counters *counters, char **out_error);

#endif

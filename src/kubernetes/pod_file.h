/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_POD_FILE_H
#define CLEW_KUBERNETES_POD_FILE_H

/* A saved list of pods, as `kubectl get pods -A -o json` prints it. */

#include "kubernetes/pod_store.h"

/* Reads the file, `-` standard input, to its end. False on failure, with *out_error a sentence that
 * the caller frees; what was read until then is in the store. Blocks. */
bool pod_file_read(const char *path, struct pod_store *store,
                   const struct kubernetes_settings *settings, struct counters *counters,
                   char **out_error);

#endif

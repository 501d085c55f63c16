/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_RUNTIME_ROOTS_H
#define CLEW_INPUT_TAIL_RUNTIME_ROOTS_H

/* Where container runtimes keep logs, and links to them from elsewhere may always lead. */

/* Nothing but logs is in there. Below the other places of runtimes and of the kubelet are volumes,
 * secrets and whole file systems of containers. */
#define RUNTIME_PODS       "/var/log/pods"
#define RUNTIME_CONTAINERS "/var/log/containers"

/* Docker keeps logs, ID/ID-json.log, beside what it started the container with: its environment. */
#define RUNTIME_DOCKER "/var/lib/docker/containers"

#endif

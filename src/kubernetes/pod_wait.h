/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_POD_WAIT_H
#define CLEW_KUBERNETES_POD_WAIT_H

/*
 * Who wrote a line, as far as Kubernetes knows: between the inputs and the rest of the daemon.
 *
 * Lines of a pod that is not known yet are left where they are, in their file, for at most
 * kubernetes.wait.time and only while no more than kubernetes.wait.bytes of the file are unread. Then
 * they are shipped with what the path tells. Reading of everything else goes on.
 */

#include "base/log.h"
#include "record/counters.h"
#include "record/line.h"
#include "record/settings.h"

struct ev_loop;
struct pod_wait;

/* NULL with *out_error NULL: there is none to be had, and none is needed; with a sentence in
 * *out_error (the caller frees it): the config asks for what cannot be. All must outlive it. */
struct pod_wait *pod_wait_open(const struct kubernetes_settings *settings, struct ev_loop *loop,
                               const struct log *log, struct counters *counters, char **out_error);
void pod_wait_close(struct pod_wait *metadata); /* NULL is fine */

/* Brings the line's source up to date. False: its lines are to wait. NULL knows nothing, and makes
 * nobody wait. */
bool pod_wait_may_ship(struct pod_wait *metadata, const struct line *line);

#endif

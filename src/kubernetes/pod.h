/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_POD_H
#define CLEW_KUBERNETES_POD_H

/*
 * What is kept of a pod: what becomes an attribute, what its annotations ask for, nothing else. A pod
 * of 20 KB of JSON takes 1 to 2 KB here.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"
#include "record/counters.h"
#include "record/settings.h"

struct json_t; /* jansson's */

/* One run of a container: its file is <restart>.log. */
struct pod_run {
    char *container_id; /* without `containerd://`; NULL: none */
    uint64_t restart;
};

struct pod_container {
    char *name;
    char *image;    /* as the pod's specification has it */
    char *image_id; /* name@digest, as the runtime reports it; NULL: not yet, or it has no digest */
    struct pod_run now;
    struct pod_run last;
};

struct pod {
    char *uid;      /* as the path has it: of a static pod not the one of the API */
    char *api_uid;  /* NULL: the same */
    char *name;
    char *name_space;
    char *node;
    char *ip;         /* these four may be NULL */
    char *hostname;
    char *start_time;
    char *owner_kind; /* of the controller; NULL: none */
    char *owner_name;
    char *owner_uid;
    char *deployment; /* told by the name of the ReplicaSet and the label pod-template-hash; or NULL */
    struct key_value_list labels; /* those that are used */
    struct key_value_list annotations;
    struct pod_container *containers; /* init and ephemeral ones too */
    size_t container_count;
    uint64_t version;    /* a hash of all of it: equal pods tell the same; never 0 */
    uint64_t deleted_ns; /* monotonic; 0: it is there */
    bool is_seen;        /* by the list that goes on */
};

/*
 * The pod in an object of the API; NULL if it is none. `settings` says which labels and annotations
 * are used, and how large a pod may become: beyond that labels and annotations are left out, each
 * counted. The caller owns it.
 */
struct pod *pod_read(const struct json_t *object, const struct kubernetes_settings *settings,
                     struct counters *counters);
void pod_free(struct pod *pod); /* NULL is fine */

const char *pod_label(const struct pod *pod, const char *key);      /* NULL: none, or not used */
const char *pod_annotation(const struct pod *pod, const char *key);

/* Is it matched by one of these globs? */
bool pod_is_one_of(const struct string_list *patterns, const char *key);

/* NULL if the pod has none of that name. */
const struct pod_container *pod_find_container(const struct pod *pod, struct slice name);

#endif

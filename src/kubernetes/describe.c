/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/describe.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "kubernetes/image_name.h"
#include "kubernetes/pod_policy.h"

/*
 * Later rules go before earlier ones, as source_set() replaces: what the API tells, then the service
 * by its rules, then the annotations resource.opentelemetry.io/…, which by OpenTelemetry's rules go
 * before all. But who wrote a line is not for its pod to say: k8s.* and container.* stay.
 */

static const char annotation_prefix[] = "resource.opentelemetry.io/";

enum { ATTRIBUTE_NAME_MAX = 256 };

struct description {
    struct source *source;
    const struct kubernetes_path *path;
    const struct pod *pod;
    const struct pod_container *container; /* NULL: the pod does not know it */
    const struct kubernetes_settings *settings;
};

static void set(struct source *source, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        source_set(source, key, value);
    }
}

static void set_slice(struct source *source, const char *key, struct slice value)
{
    char *copy = mem_string_from(value);
    set(source, key, copy);
    free(copy);
}

/* ---- the pod and what owns it ---- */

static void set_pod(const struct description *d)
{
    const struct pod *pod = d->pod;
    set(d->source, "k8s.cluster.name", d->settings->cluster);
    set(d->source, "k8s.node.name", pod->node);
    set(d->source, "k8s.namespace.name", pod->name_space);
    set(d->source, "k8s.pod.name", pod->name);
    set(d->source, "k8s.pod.uid", pod->api_uid != NULL ? pod->api_uid : pod->uid);
    set(d->source, "k8s.pod.ip", pod->ip);
    set(d->source, "k8s.pod.hostname", pod->hostname);
    set(d->source, "k8s.pod.start_time", pod->start_time);
}

/* A CronJob names its jobs <name>-<minutes since 1970>, before Kubernetes 1.21 seconds. Empty: this job
 * was not made by one. */
static struct slice cronjob_of(const char *job)
{
    enum { MINUTES_DIGITS = 8, SECONDS_DIGITS = 10 };
    size_t len = strlen(job);
    size_t digits = 0;
    while (digits < len && job[len - digits - 1] >= '0' && job[len - digits - 1] <= '9') {
        digits++;
    }
    bool is_time = (digits == MINUTES_DIGITS || digits == SECONDS_DIGITS) && len > digits + 1 &&
                   job[len - digits - 1] == '-';
    return slice_make(job, is_time ? len - digits - 1 : 0);
}

static void set_owner(const struct description *d)
{
    static const struct {
        const char *kind, *name, *uid;
    } kinds[] = {
        {"ReplicaSet", "k8s.replicaset.name", "k8s.replicaset.uid"},
        {"StatefulSet", "k8s.statefulset.name", "k8s.statefulset.uid"},
        {"DaemonSet", "k8s.daemonset.name", "k8s.daemonset.uid"},
        {"Job", "k8s.job.name", "k8s.job.uid"},
    };
    const struct pod *pod = d->pod;
    for (size_t i = 0; pod->owner_kind != NULL && i < ARRAY_LEN(kinds); i++) {
        if (strcmp(pod->owner_kind, kinds[i].kind) == 0) {
            set(d->source, kinds[i].name, pod->owner_name);
            set(d->source, kinds[i].uid, pod->owner_uid);
        }
    }
    set(d->source, "k8s.deployment.name", pod->deployment);
    if (pod->owner_kind != NULL && strcmp(pod->owner_kind, "Job") == 0) {
        set_slice(d->source, "k8s.cronjob.name", cronjob_of(pod->owner_name));
    }
}

static void set_chosen(struct source *source, const char *prefix, const struct key_value_list *list,
                       const struct string_list *wanted,
                       bool (*is_wanted)(const struct string_list *wanted, const char *key))
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_wanted(wanted, list->items[i].key)) {
            char *key = mem_format("%s%s", prefix, list->items[i].key);
            source_set(source, key, list->items[i].value);
            free(key);
        }
    }
}

/* ---- the container ---- */

static const char *container_id_of(const struct description *d)
{
    uint64_t restart = (uint64_t)d->path->restart_count;
    if (d->container == NULL || d->path->restart_count < 0) {
        return NULL; /* the path has the id, or nobody */
    }
    if (d->container->now.container_id != NULL && d->container->now.restart == restart) {
        return d->container->now.container_id;
    }
    return d->container->last.restart == restart ? d->container->last.container_id : NULL;
}

static void set_container(const struct description *d)
{
    set(d->source, "container.id", container_id_of(d));
    if (d->container == NULL) {
        return;
    }
    struct image_name image = image_name_parse(d->container->image);
    set_slice(d->source, "container.image.name", image.name);
    if (image.tag.len > 0) {
        char *tag = mem_string_from(image.tag);
        source_set_list(d->source, "container.image.tags", tag);
        free(tag);
    }
    if (d->container->image_id != NULL) {
        source_set_list(d->source, "container.image.repo_digests", d->container->image_id);
    }
}

/* ---- the service ---- */

static const char *service_label(const struct description *d, const char *key)
{
    const char *value = d->settings->service_labels ? pod_label(d->pod, key) : NULL;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static const char *attribute_text(const struct source *source, const char *key)
{
    const struct attribute *attribute = source_get(source, key);
    return attribute != NULL && !attribute->is_int ? attribute->value : NULL;
}

/* By "Specify resource attributes using Kubernetes annotations": labels, then the workload from the
 * outside in, then the pod. */
static const char *service_of(const struct description *d)
{
    static const char *const workloads[] = {
        "k8s.deployment.name", "k8s.replicaset.name", "k8s.statefulset.name",
        "k8s.daemonset.name",  "k8s.cronjob.name",    "k8s.job.name"};
    const char *name = service_label(d, "app.kubernetes.io/instance");
    name = name != NULL ? name : service_label(d, "app.kubernetes.io/name");
    for (size_t i = 0; name == NULL && i < ARRAY_LEN(workloads); i++) {
        name = attribute_text(d->source, workloads[i]);
    }
    return name != NULL ? name : d->pod->name;
}

static void set_version(const struct description *d)
{
    const char *label = service_label(d, "app.kubernetes.io/version");
    struct image_name image =
        image_name_parse(d->container != NULL ? d->container->image : NULL);
    if (label != NULL) {
        source_set(d->source, "service.version", label);
    } else if (image.tag.len > 0 && image.digest.len > 0) {
        char *version = mem_format("%.*s@%.*s", (int)image.tag.len, image.tag.data,
                                   (int)image.digest.len, image.digest.data);
        source_set(d->source, "service.version", version);
        free(version);
    } else {
        set_slice(d->source, "service.version", image.tag.len > 0 ? image.tag : image.digest);
    }
}

static void set_service(const struct description *d)
{
    struct slice container = d->path->container_name;
    char *instance = mem_format("%s.%s.%.*s", d->pod->name_space, d->pod->name,
                                (int)container.len, container.data);
    source_set(d->source, "service.namespace", d->pod->name_space);
    source_set(d->source, "service.instance.id", instance);
    set_version(d);
    free(instance);
}

static void set_default_service(const struct description *d)
{
    const char *annotation = pod_annotation(d->pod, "resource.opentelemetry.io/service.name");
    struct source *source = d->source;
    bool has_annotation = annotation != NULL && annotation[0] != '\0';
    if (!source->is_service_fixed) {
        char *name = mem_string(has_annotation ? annotation : service_of(d));
        free(source->default_service);
        source->default_service = name;
    }
    source->is_service_first = d->settings->prefers_pod_service && !source->is_service_fixed;
}

/* ---- annotations ---- */

static bool may_be_told(const char *key)
{
    size_t len = strlen(key);
    return len > 0 && len <= ATTRIBUTE_NAME_MAX && strncmp(key, "k8s.", 4) != 0 &&
           strncmp(key, "container.", 10) != 0 && strncmp(key, "log.", 4) != 0 &&
           strcmp(key, "service.name") != 0;
}

static void set_annotated(const struct description *d)
{
    const struct key_value_list *list = &d->pod->annotations;
    size_t prefix_len = sizeof(annotation_prefix) - 1;
    for (size_t i = 0; i < list->count; i++) {
        const char *key = list->items[i].key;
        if (strncmp(key, annotation_prefix, prefix_len) == 0 && may_be_told(key + prefix_len)) {
            set(d->source, key + prefix_len, list->items[i].value);
        }
    }
}

/* ---- all of it ---- */

/* The attributes that the path tells, again: an earlier pod's may stand in their place. */
static void begin_anew(struct source *source, const struct kubernetes_path *path)
{
    source_forget(source, 0);
    set_slice(source, "k8s.namespace.name", path->namespace_name);
    set_slice(source, "k8s.pod.name", path->pod_name);
    set_slice(source, "k8s.pod.uid", path->pod_uid);
    set_slice(source, "k8s.container.name", path->container_name);
    if (path->restart_count >= 0) {
        source_set_int(source, "k8s.container.restart_count", path->restart_count);
    }
    set_slice(source, "container.id", path->container_id);
}

void describe_source(struct source *source, const struct kubernetes_path *path,
                     const struct pod *pod, const struct kubernetes_settings *settings,
                     struct counters *counters)
{
    const struct description d = {source, path, pod,
                                  pod_find_container(pod, path->container_name), settings};
    begin_anew(source, path);
    set_pod(&d);
    set_owner(&d);
    set_container(&d);
    set_chosen(source, "k8s.pod.label.", &pod->labels, &settings->labels, pod_is_one_of);
    set_chosen(source, "k8s.pod.annotation.", &pod->annotations, &settings->annotations,
               pod_is_one_of);
    set_service(&d);
    set_default_service(&d);
    set_annotated(&d);
    source->policy = pod_policy_read(pod, path->container_name, settings, counters);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/pod.h"

#include <fnmatch.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"

enum { CONTAINERS_MAX = 256, OWNERS_MAX = 64 };

/* The pod under construction. */
struct reading {
    struct pod *pod;
    const struct kubernetes_settings *settings;
    struct counters *counters;
    uint64_t bytes;
    uint64_t hash;
};

void pod_free(struct pod *pod)
{
    if (pod == NULL) {
        return;
    }
    char *const texts[] = {pod->uid,       pod->api_uid,    pod->name,       pod->name_space,
                           pod->node,      pod->ip,         pod->hostname,   pod->start_time,
                           pod->owner_kind, pod->owner_name, pod->owner_uid, pod->deployment};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        free(texts[i]);
    }
    struct key_value_list *const lists[] = {&pod->labels, &pod->annotations};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        for (size_t j = 0; j < lists[i]->count; j++) {
            free(lists[i]->items[j].key);
            free(lists[i]->items[j].value);
        }
        free(lists[i]->items);
    }
    for (size_t i = 0; i < pod->container_count; i++) {
        struct pod_container *container = &pod->containers[i];
        free(container->name);
        free(container->image);
        free(container->image_id);
        free(container->now.container_id);
        free(container->last.container_id);
    }
    free(pod->containers);
    free(pod);
}

static const char *find(const struct key_value_list *list, const char *key)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].key, key) == 0) {
            return list->items[i].value;
        }
    }
    return NULL;
}

const char *pod_label(const struct pod *pod, const char *key)
{
    return find(&pod->labels, key);
}

const char *pod_annotation(const struct pod *pod, const char *key)
{
    return find(&pod->annotations, key);
}

const struct pod_container *pod_find_container(const struct pod *pod, struct slice name)
{
    for (size_t i = 0; i < pod->container_count; i++) {
        if (slice_is_equal(slice_from_string(pod->containers[i].name), name)) {
            return &pod->containers[i];
        }
    }
    return NULL;
}

/* ---- texts ---- */

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* A copy that counts: for the pod's version, and for its size. */
static char *keep(struct reading *reading, const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    reading->hash = hash_bytes(text, len, reading->hash + 1);
    reading->bytes += len;
    return mem_string(text);
}

/* ---- labels and annotations ---- */

bool pod_is_one_of(const struct string_list *patterns, const char *key)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (fnmatch(patterns->items[i], key, 0) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_label_used(const struct kubernetes_settings *settings, const char *key)
{
    static const char *const of_service[] = {
        "app.kubernetes.io/instance", "app.kubernetes.io/name", "app.kubernetes.io/version"};
    for (size_t i = 0; settings->service_labels && i < ARRAY_LEN(of_service); i++) {
        if (strcmp(key, of_service[i]) == 0) {
            return true;
        }
    }
    return strcmp(key, "vector.dev/exclude") == 0 || pod_is_one_of(&settings->labels, key);
}

static bool is_annotation_used(const struct kubernetes_settings *settings, const char *key)
{
    static const char *const prefixes[] = {"resource.opentelemetry.io/", "clew.dev/",
                                           "fluentbit.io/", "vector.dev/"};
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        if (has_prefix(key, prefixes[i])) {
            return true;
        }
    }
    return pod_is_one_of(&settings->annotations, key);
}

static void read_pairs(struct reading *reading, const json_t *object,
                       bool (*is_used)(const struct kubernetes_settings *settings, const char *key),
                       struct key_value_list *out)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const char *text = json_string_value(value);
        if (text == NULL || !is_used(reading->settings, key)) {
            continue;
        }
        if (reading->bytes + strlen(key) + strlen(text) > reading->settings->pod_bytes_max) {
            counters_add(reading->counters, C_KUBERNETES_POD_LIMITS, 1);
            continue;
        }
        out->items = mem_resize(out->items, out->count + 1, sizeof(*out->items));
        struct key_value *pair = &out->items[out->count++];
        pair->key = keep(reading, key);
        pair->value = keep(reading, text);
    }
}

/* ---- who owns it ---- */

/* A ReplicaSet is named <deployment>-<pod-template-hash>, and its pods have the hash as a label; so no
 * ReplicaSet need be asked for. */
static void read_deployment(struct reading *reading, const json_t *labels)
{
    struct pod *pod = reading->pod;
    const char *hash = text_at(labels, "pod-template-hash");
    if (hash == NULL || pod->owner_kind == NULL || strcmp(pod->owner_kind, "ReplicaSet") != 0) {
        return;
    }
    size_t name_len = strlen(pod->owner_name);
    size_t hash_len = strlen(hash);
    if (name_len > hash_len + 1 && pod->owner_name[name_len - hash_len - 1] == '-' &&
        strcmp(pod->owner_name + name_len - hash_len, hash) == 0) {
        pod->deployment = mem_string_from(slice_make(pod->owner_name, name_len - hash_len - 1));
    }
}

static void read_owner(struct reading *reading, const json_t *metadata)
{
    const json_t *owners = json_object_get(metadata, "ownerReferences");
    for (size_t i = 0; i < json_array_size(owners) && i < OWNERS_MAX; i++) {
        const json_t *owner = json_array_get(owners, i);
        const char *kind = text_at(owner, "kind");
        const char *name = text_at(owner, "name");
        if (json_is_true(json_object_get(owner, "controller")) && kind != NULL && name != NULL) {
            reading->pod->owner_kind = keep(reading, kind);
            reading->pod->owner_name = keep(reading, name);
            reading->pod->owner_uid = keep(reading, text_at(owner, "uid"));
            return;
        }
    }
}

/* ---- containers ---- */

/* `containerd://<id>` without the runtime. */
static const char *bare_id(const char *text)
{
    const char *colon = text != NULL ? strstr(text, "://") : NULL;
    const char *id = colon != NULL ? colon + 3 : text;
    return id != NULL && id[0] != '\0' ? id : NULL;
}

/* A digest says which image it was; a bare image id is the runtime's own business. */
static const char *image_digest(const char *text)
{
    const char *id = bare_id(text);
    return id != NULL && strchr(id, '@') != NULL ? id : NULL;
}

static void read_containers(struct reading *reading, const json_t *spec, const char *key)
{
    struct pod *pod = reading->pod;
    const json_t *array = json_object_get(spec, key);
    for (size_t i = 0; i < json_array_size(array) && pod->container_count < CONTAINERS_MAX; i++) {
        const json_t *item = json_array_get(array, i);
        if (text_at(item, "name") == NULL) {
            continue;
        }
        pod->containers =
            mem_resize(pod->containers, pod->container_count + 1, sizeof(*pod->containers));
        struct pod_container *container = &pod->containers[pod->container_count++];
        *container = (struct pod_container){0};
        container->name = keep(reading, text_at(item, "name"));
        container->image = keep(reading, text_at(item, "image"));
    }
}

static void read_status(struct reading *reading, const json_t *item)
{
    const char *name = text_at(item, "name");
    const struct pod_container *found =
        pod_find_container(reading->pod, slice_from_string(name));
    json_int_t restarts = json_integer_value(json_object_get(item, "restartCount"));
    const json_t *last = json_object_get(json_object_get(item, "lastState"), "terminated");
    if (found == NULL || found->now.container_id != NULL || restarts < 0) {
        return;
    }
    struct pod_container *container = &reading->pod->containers[found - reading->pod->containers];
    container->image_id = keep(reading, image_digest(text_at(item, "imageID")));
    container->now.restart = (uint64_t)restarts;
    container->now.container_id = keep(reading, bare_id(text_at(item, "containerID")));
    if (restarts > 0) {
        container->last.restart = (uint64_t)restarts - 1;
        container->last.container_id = keep(reading, bare_id(text_at(last, "containerID")));
    }
    reading->hash = hash_bytes(&restarts, sizeof(restarts), reading->hash);
}

static void read_statuses(struct reading *reading, const json_t *status, const char *key)
{
    const json_t *array = json_object_get(status, key);
    for (size_t i = 0; i < json_array_size(array) && i < CONTAINERS_MAX; i++) {
        read_status(reading, json_array_get(array, i));
    }
}

/* ---- the whole ---- */

/* The kubelet names the directory of a static pod by the hash of its file; the API has a mirror of
 * the pod, with a uid of its own and this hash in an annotation. */
static void read_uid(struct reading *reading, const json_t *metadata)
{
    const json_t *annotations = json_object_get(metadata, "annotations");
    const char *uid = text_at(metadata, "uid");
    const char *mirror = text_at(annotations, "kubernetes.io/config.mirror");
    reading->pod->uid = keep(reading, mirror != NULL ? mirror : uid);
    reading->pod->api_uid = mirror != NULL ? keep(reading, uid) : NULL;
}

static void read_metadata(struct reading *reading, const json_t *metadata)
{
    struct pod *pod = reading->pod;
    const json_t *labels = json_object_get(metadata, "labels");
    pod->name = keep(reading, text_at(metadata, "name"));
    pod->name_space = keep(reading, text_at(metadata, "namespace"));
    read_uid(reading, metadata);
    read_owner(reading, metadata);
    read_deployment(reading, labels);
    read_pairs(reading, json_object_get(metadata, "annotations"), is_annotation_used,
               &pod->annotations);
    read_pairs(reading, labels, is_label_used, &pod->labels);
}

static void read_all(struct reading *reading, const json_t *object)
{
    static const char *const in_spec[] = {"containers", "initContainers", "ephemeralContainers"};
    static const char *const in_status[] = {"containerStatuses", "initContainerStatuses",
                                            "ephemeralContainerStatuses"};
    const json_t *spec = json_object_get(object, "spec");
    const json_t *status = json_object_get(object, "status");
    struct pod *pod = reading->pod;
    pod->node = keep(reading, text_at(spec, "nodeName"));
    pod->hostname = keep(reading, text_at(spec, "hostname"));
    pod->ip = keep(reading, text_at(status, "podIP"));
    pod->start_time = keep(reading, text_at(status, "startTime"));
    for (size_t i = 0; i < ARRAY_LEN(in_spec); i++) {
        read_containers(reading, spec, in_spec[i]);
        read_statuses(reading, status, in_status[i]);
    }
    read_metadata(reading, json_object_get(object, "metadata"));
}

struct pod *pod_read(const json_t *object, const struct kubernetes_settings *settings,
                     struct counters *counters)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const char *kind = text_at(object, "kind");
    if ((kind != NULL && strcmp(kind, "Pod") != 0) || text_at(metadata, "uid") == NULL ||
        text_at(metadata, "name") == NULL || text_at(metadata, "namespace") == NULL) {
        return NULL;
    }
    struct reading reading = {mem_alloc(sizeof(struct pod)), settings, counters, 0, 0};
    read_all(&reading, object);
    reading.pod->version = reading.hash != 0 ? reading.hash : 1;
    return reading.pod;
}

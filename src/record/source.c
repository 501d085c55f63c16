/* SPDX-License-Identifier: Apache-2.0 */
#include "record/source.h"

#include <stdlib.h>
#include "base/mem.h"

/* Names are what Kubernetes allows for them: never an underscore, so the two that the kubelet puts
 * between them are told for sure. A container id has 64 digits; short ones are of copied files. */
enum { CONTAINER_ID_DIGITS_MIN = 12, RESTART_DIGITS_MAX = 18 };

/* Keys that paths give, the same for every container: they are not copied. */
static const char *const usual_keys[] = {
    "k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid", "k8s.container.name",
    "k8s.container.restart_count", "container.id",
};

static const char *keep_key(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(usual_keys); i++) {
        if (strcmp(usual_keys[i], key) == 0) {
            return usual_keys[i];
        }
    }
    return mem_string(key);
}

static void drop_key(const char *key)
{
    bool is_usual = false;
    for (size_t i = 0; i < ARRAY_LEN(usual_keys); i++) {
        is_usual |= usual_keys[i] == key;
    }
    if (!is_usual) {
        free((void *)(uintptr_t)key);
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '.') {
            return false;
        }
    }
    return s.len > 0;
}

static bool is_uid(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_hex(s.data[i]) && s.data[i] != '-') {
            return false;
        }
    }
    return s.len > 0;
}

static bool is_container_id(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_hex(s.data[i])) {
            return false;
        }
    }
    return s.len >= CONTAINER_ID_DIGITS_MIN;
}

/* Take the last component off `path`. */
static struct slice take_last(struct slice *path)
{
    size_t start = path->len;
    while (start > 0 && path->data[start - 1] != '/') {
        start--;
    }
    struct slice last = slice_make(path->data + start, path->len - start);
    path->len = start > 0 ? start - 1 : 0;
    return last;
}

/* Take what is before the first `separator` off `s`, and the separator; all of it if there is
 * none. */
static struct slice take_until(struct slice *s, char separator)
{
    const char *end = s->len > 0 ? memchr(s->data, separator, s->len) : NULL;
    struct slice part = slice_make(s->data, end != NULL ? (size_t)(end - s->data) : s->len);
    *s = slice_skip(*s, end != NULL ? part.len + 1 : part.len);
    return part;
}

static bool take_suffix(struct slice *s, struct slice suffix)
{
    if (s->len < suffix.len ||
        memcmp(s->data + s->len - suffix.len, suffix.data, suffix.len) != 0) {
        return false;
    }
    s->len -= suffix.len;
    return true;
}

/* `.20260511-021433`, as the kubelet adds when it rotates; nothing is fine too. */
static void take_rotation_time(struct slice *s)
{
    enum { LEN = 16 };
    const char *t = s->len > LEN ? s->data + s->len - LEN : NULL;
    if (t == NULL || t[0] != '.' || t[9] != '-') {
        return;
    }
    for (int i = 1; i < LEN; i++) {
        if (i != 9 && !is_digit(t[i])) {
            return;
        }
    }
    s->len -= LEN;
}

/* <restart count>.log, rotated and packed or not. */
static bool parse_file_name(struct slice name, int64_t *out_restart_count)
{
    if (!take_suffix(&name, SLICE(".gz"))) {
        take_suffix(&name, SLICE(".tmp"));
    }
    take_rotation_time(&name);
    if (!take_suffix(&name, SLICE(".log")) || name.len == 0 || name.len > RESTART_DIGITS_MAX) {
        return false;
    }
    int64_t count = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (!is_digit(name.data[i])) {
            return false;
        }
        count = count * 10 + (name.data[i] - '0');
    }
    *out_restart_count = count;
    return true;
}

static bool parse_pods_form(struct slice path, struct kubernetes_path *parts)
{
    if (!parse_file_name(take_last(&path), &parts->restart_count)) {
        return false;
    }
    parts->container_name = take_last(&path);
    struct slice pod = take_last(&path);
    parts->namespace_name = take_until(&pod, '_');
    parts->pod_name = take_until(&pod, '_');
    parts->pod_uid = pod;
    return is_name(parts->namespace_name) && is_name(parts->pod_name) && is_uid(parts->pod_uid) &&
           is_name(parts->container_name);
}

static bool parse_containers_form(struct slice path, struct kubernetes_path *parts)
{
    struct slice name = take_last(&path);
    if (!take_suffix(&name, SLICE(".log"))) {
        return false;
    }
    parts->pod_name = take_until(&name, '_');
    parts->namespace_name = take_until(&name, '_');
    size_t dash = name.len;
    while (dash > 0 && name.data[dash - 1] != '-') {
        dash--;
    }
    if (dash == 0) {
        return false;
    }
    parts->container_name = slice_make(name.data, dash - 1);
    parts->container_id = slice_skip(name, dash);
    return is_name(parts->namespace_name) && is_name(parts->pod_name) &&
           is_name(parts->container_name) && is_container_id(parts->container_id);
}

bool kubernetes_path_parse(const char *path, struct kubernetes_path *out_parts)
{
    struct slice whole = slice_from_string(path);
    struct kubernetes_path parts = {.restart_count = -1};
    if (!parse_pods_form(whole, &parts)) {
        parts = (struct kubernetes_path){.restart_count = -1};
        if (!parse_containers_form(whole, &parts)) {
            return false;
        }
    }
    *out_parts = parts;
    return true;
}

static void set_slice(struct source *source, const char *key, struct slice value)
{
    if (value.len > 0) {
        char *copy = mem_string_from(value);
        source_set(source, key, copy);
        free(copy);
    }
}

static void set_kubernetes(struct source *source, const struct kubernetes_path *parts)
{
    set_slice(source, "k8s.namespace.name", parts->namespace_name);
    set_slice(source, "k8s.pod.name", parts->pod_name);
    set_slice(source, "k8s.pod.uid", parts->pod_uid);
    set_slice(source, "k8s.container.name", parts->container_name);
    if (parts->restart_count >= 0) {
        source_set_int(source, "k8s.container.restart_count", parts->restart_count);
    }
    set_slice(source, "container.id", parts->container_id);
    source->default_service = mem_string_from(parts->container_name);
}

/* …/<id>/<id>-json.log[.<n>[.gz]], as the Docker engine writes it. */
static struct slice docker_container_id(const char *path)
{
    struct slice rest = slice_from_string(path);
    struct slice name = take_last(&rest);
    struct slice directory = take_last(&rest);
    bool is_docker = is_container_id(directory) && slice_has_prefix(name, directory) &&
                     slice_has_prefix(slice_skip(name, directory.len), SLICE("-json.log"));
    return is_docker ? directory : (struct slice){NULL, 0};
}

struct source *source_new(const char *path, const char *input, uint64_t id)
{
    struct source *source = mem_alloc(sizeof(*source));
    struct kubernetes_path parts;
    source->path = mem_string(path);
    source->input = mem_string(input);
    source->id = id;
    if (path != NULL && kubernetes_path_parse(path, &parts)) {
        set_kubernetes(source, &parts);
    } else if (path != NULL) {
        set_slice(source, "container.id", docker_container_id(path));
    }
    return source;
}

void source_free(struct source *source)
{
    if (source == NULL) {
        return;
    }
    for (size_t i = 0; i < source->attribute_count; i++) {
        drop_key(source->attributes[i].key);
        free(source->attributes[i].value);
    }
    free(source->attributes);
    free(source->path);
    free(source->input);
    free(source->default_service);
    free(source);
}

/* The attribute of that name, emptied; made if there is none. */
static struct attribute *renew(struct source *source, const char *key)
{
    for (size_t i = 0; i < source->attribute_count; i++) {
        struct attribute *old = &source->attributes[i];
        if (strcmp(old->key, key) == 0) {
            free(old->value);
            *old = (struct attribute){.key = old->key};
            return old;
        }
    }
    source->attributes =
        mem_resize(source->attributes, source->attribute_count + 1, sizeof(*source->attributes));
    struct attribute *made = &source->attributes[source->attribute_count++];
    *made = (struct attribute){.key = keep_key(key)};
    return made;
}

void source_set(struct source *source, const char *key, const char *value)
{
    char *copy = mem_string(value); /* `value` may be the one that is replaced */
    renew(source, key)->value = copy;
}

void source_set_int(struct source *source, const char *key, int64_t value)
{
    struct attribute *attribute = renew(source, key);
    attribute->number = value;
    attribute->is_int = true;
}

void source_set_list(struct source *source, const char *key, const char *value)
{
    char *copy = mem_string(value);
    struct attribute *attribute = renew(source, key);
    attribute->value = copy;
    attribute->is_list = true;
}

void source_forget(struct source *source, size_t count)
{
    while (source->attribute_count > count) {
        struct attribute *last = &source->attributes[--source->attribute_count];
        drop_key(last->key);
        free(last->value);
    }
}

const struct attribute *source_get(const struct source *source, const char *key)
{
    for (size_t i = 0; i < source->attribute_count; i++) {
        if (strcmp(source->attributes[i].key, key) == 0) {
            return &source->attributes[i];
        }
    }
    return NULL;
}

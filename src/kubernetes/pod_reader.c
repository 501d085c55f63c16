/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/pod_reader.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "kubernetes/json_split.h"

struct pod_reader {
    const struct kubernetes_settings *settings;
    struct counters *counters;
    struct pod_reader_events events;
    struct json_split split;
    bool is_broken; /* a piece was no JSON, or not of Kubernetes */
};

struct pod_reader *pod_reader_new(const struct kubernetes_settings *settings,
                                  struct counters *counters, const struct pod_reader_events *events)
{
    struct pod_reader *reader = mem_alloc(sizeof(*reader));
    reader->settings = settings;
    reader->counters = counters;
    reader->events = *events;
    json_split_init(&reader->split, settings->object_bytes_max);
    return reader;
}

void pod_reader_free(struct pod_reader *reader)
{
    if (reader != NULL) {
        json_split_fini(&reader->split);
        free(reader);
    }
}

void pod_reader_reset(struct pod_reader *reader)
{
    /* A pod of a megabyte comes once: its room is not kept for ever. */
    json_split_fini(&reader->split);
    json_split_init(&reader->split, reader->settings->object_bytes_max);
    reader->is_broken = false;
}

bool pod_reader_is_whole(const struct pod_reader *reader)
{
    return !reader->is_broken && json_split_is_between(&reader->split);
}

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void tell_pod(struct pod_reader *reader, const json_t *object, bool is_deleted)
{
    struct pod *pod = pod_read(object, reader->settings, reader->counters);
    if (pod != NULL) {
        reader->events.pod(reader->events.context, pod, is_deleted);
    }
}

static void tell_version(struct pod_reader *reader, const json_t *object)
{
    const char *version = text_at(json_object_get(object, "metadata"), "resourceVersion");
    if (version != NULL && version[0] != '\0') {
        reader->events.version(reader->events.context, version);
    }
}

static void tell_status(struct pod_reader *reader, const json_t *object)
{
    const char *message = text_at(object, "message");
    reader->events.status(reader->events.context,
                          (long)json_integer_value(json_object_get(object, "code")),
                          message != NULL ? message : "no reason given");
}

static void take_event(struct pod_reader *reader, const char *type, const json_t *object)
{
    if (strcmp(type, "ERROR") == 0) {
        tell_status(reader, object);
        return;
    }
    if (strcmp(type, "BOOKMARK") != 0) {
        counters_add(reader->counters, C_KUBERNETES_EVENTS, 1);
        tell_pod(reader, object, strcmp(type, "DELETED") == 0);
    }
    tell_version(reader, object);
}

static void take_list(struct pod_reader *reader, const json_t *object)
{
    const char *next = text_at(json_object_get(object, "metadata"), "continue");
    tell_version(reader, object);
    reader->events.end(reader->events.context, next != NULL && next[0] != '\0' ? next : NULL);
}

static void take_whole(struct pod_reader *reader, const json_t *object)
{
    const char *type = text_at(object, "type");
    const char *kind = text_at(object, "kind");
    const json_t *inner = json_object_get(object, "object");
    if (type != NULL && json_is_object(inner)) {
        take_event(reader, type, inner);
    } else if (kind != NULL && strcmp(kind, "Status") == 0) {
        tell_status(reader, object);
    } else if (json_object_get(object, "items") != NULL) {
        take_list(reader, object);
    } else if (kind != NULL && strcmp(kind, "Pod") == 0) {
        tell_pod(reader, object, false);
    } else {
        reader->is_broken = true;
    }
}

static void take_piece(void *context, enum json_piece kind, struct slice piece, bool is_cut)
{
    struct pod_reader *reader = context;
    if (is_cut) {
        counters_add(reader->counters, C_KUBERNETES_OBJECTS_TOO_LARGE, 1);
        return;
    }
    json_t *object = json_loadb(piece.data, piece.len, 0, NULL);
    if (object == NULL) {
        reader->is_broken = true;
    } else if (kind == JSON_ITEM) {
        tell_pod(reader, object, false);
    } else {
        take_whole(reader, object);
    }
    json_decref(object);
}

bool pod_reader_feed(struct pod_reader *reader, struct slice bytes)
{
    return json_split_feed(&reader->split, bytes, take_piece, reader) && !reader->is_broken;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "kubernetes/lookup.h"
#include "kubernetes/pod_reader.h"

/*
 * Whatever an API server answers is read without harm; the pods are the same whether the answer comes
 * in one piece or byte by byte; and whatever a pod says, a container of it can be described.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    struct kubernetes_settings settings;
    struct counters counters;
    struct pod_store *store;
    struct source *source;
    uint64_t told; /* a hash of all events, in order */
};

static void tell(struct world *world, const char *what, uint64_t value)
{
    world->told = world->told * 1099511628211u + value + strlen(what);
}

static void on_pod(void *context, struct pod *pod, bool is_deleted)
{
    struct world *world = context;
    tell(world, "pod", pod->version + is_deleted);
    char *path = mem_format("/p/%s_%s_%s/%s/0.log", pod->name_space, pod->name, pod->uid,
                            pod->container_count > 0 ? pod->containers[0].name : "c");
    struct source *source = source_new(path, "tail", 1);
    if (is_deleted) {
        pod_store_delete(world->store, pod, 1);
    } else {
        pod_store_put(world->store, pod);
    }
    lookup_source(world->store, source, &world->settings, &world->counters);
    tell(world, "attributes", source->attribute_count);
    source_free(source);
    free(path);
}

static void on_version(void *context, const char *version)
{
    tell(context, version, 1);
}

static void on_end(void *context, const char *next)
{
    tell(context, next != NULL ? next : "", 2);
}

static void on_status(void *context, long code, const char *message)
{
    tell(context, message, (uint64_t)code);
}

static uint64_t read_it(const uint8_t *data, size_t size, size_t portion)
{
    char *all[] = {(char *)(uintptr_t)"*"};
    struct world world = {.settings = {.labels = {all, 1},
                                       .annotations = {all, 1},
                                       .service_labels = true,
                                       .pod_annotations = true,
                                       .pods_max = 8,
                                       .pod_bytes_max = 1024,
                                       .object_bytes_max = 4096}};
    world.store = pod_store_new(&world.settings, &world.counters);
    const struct pod_reader_events events = {on_pod, on_version, on_end, on_status, &world};
    struct pod_reader *reader = pod_reader_new(&world.settings, &world.counters, &events);
    bool is_good = true;
    for (size_t at = 0; is_good && at < size; at += portion) {
        size_t n = size - at < portion ? size - at : portion;
        is_good = pod_reader_feed(reader, slice_make((const char *)data + at, n));
    }
    ENSURE(world.counters.values[C_KUBERNETES_PODS] <= 8);
    pod_store_end_list(world.store, 2);
    pod_store_expire(world.store, UINT64_MAX);
    ENSURE(world.counters.values[C_KUBERNETES_PODS] <= 8);
    pod_reader_free(reader);
    pod_store_free(world.store);
    /* In one piece what follows a broken object is still cut into pieces. */
    return is_good ? world.told : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole = read_it(data, size, size > 0 ? size : 1);
    uint64_t bytes = read_it(data, size, 1);
    ENSURE(whole == bytes);
    return 0;
}

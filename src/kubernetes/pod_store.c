/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/pod_store.h"

#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

struct pod_store {
    const struct kubernetes_settings *settings;
    struct counters *counters;
    struct map by_uid;
    uint64_t serial;
};

struct pod_store *pod_store_new(const struct kubernetes_settings *settings,
                                struct counters *counters)
{
    struct pod_store *store = mem_alloc(sizeof(*store));
    store->settings = settings;
    store->counters = counters;
    store->serial = 1;
    return store;
}

void pod_store_free(struct pod_store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < store->by_uid.cap; i++) {
        pod_free(store->by_uid.slots[i].value);
    }
    map_fini(&store->by_uid);
    free(store);
}

uint64_t pod_store_serial(const struct pod_store *store)
{
    return store->serial;
}

/* ---- by uid ---- */

static uint64_t hash_of(struct slice uid)
{
    return hash_bytes(uid.data, uid.len, 0);
}

static bool has_uid(const void *value, const void *key)
{
    const struct pod *pod = value;
    const struct slice *uid = key;
    return slice_is_equal(slice_from_string(pod->uid), *uid);
}

static struct pod *find_uid(const struct pod_store *store, struct slice uid)
{
    return map_find(&store->by_uid, hash_of(uid), has_uid, &uid);
}

static void drop(struct pod_store *store, struct pod *pod)
{
    map_remove(&store->by_uid, hash_of(slice_from_string(pod->uid)), pod);
    counters_subtract(store->counters, C_KUBERNETES_PODS, 1);
    pod_free(pod);
}

/* ---- by name ---- */

static bool is_newer(const struct pod *a, const struct pod *b)
{
    if ((a->deleted_ns == 0) != (b->deleted_ns == 0)) {
        return a->deleted_ns == 0;
    }
    return a->deleted_ns > b->deleted_ns;
}

/* Of several with one name, that of a StatefulSet say, the one that is there or went last. Only
 * /var/log/containers has no uid in its names, so this may take its time. */
static const struct pod *find_name(const struct pod_store *store,
                                   const struct kubernetes_path *path)
{
    const struct pod *best = NULL;
    for (size_t i = 0; i < store->by_uid.cap; i++) {
        const struct pod *pod = store->by_uid.slots[i].value;
        if (pod != NULL && slice_is_equal(slice_from_string(pod->name), path->pod_name) &&
            slice_is_equal(slice_from_string(pod->name_space), path->namespace_name) &&
            (best == NULL || is_newer(pod, best))) {
            best = pod;
        }
    }
    return best;
}

const struct pod *pod_store_find(const struct pod_store *store,
                                 const struct kubernetes_path *path)
{
    return path->pod_uid.len > 0 ? find_uid(store, path->pod_uid) : find_name(store, path);
}

/* ---- coming and going ---- */

/* The one that has been gone the longest makes room. */
static bool make_room(struct pod_store *store)
{
    struct pod *oldest = NULL;
    if (store->by_uid.count < store->settings->pods_max) {
        return true;
    }
    for (size_t i = 0; i < store->by_uid.cap; i++) {
        struct pod *pod = store->by_uid.slots[i].value;
        if (pod != NULL && pod->deleted_ns != 0 &&
            (oldest == NULL || pod->deleted_ns < oldest->deleted_ns)) {
            oldest = pod;
        }
    }
    if (oldest != NULL) {
        drop(store, oldest);
    }
    return oldest != NULL;
}

/* In the place of the one with its uid. NULL: no room. */
static struct pod *take_in(struct pod_store *store, struct pod *pod)
{
    struct pod *old = find_uid(store, slice_from_string(pod->uid));
    if (old != NULL && old->version == pod->version) {
        pod_free(pod);
        return old;
    }
    if (old != NULL) {
        drop(store, old);
    } else if (!make_room(store)) {
        counters_add(store->counters, C_KUBERNETES_PODS_REFUSED, 1);
        pod_free(pod);
        return NULL;
    }
    map_add(&store->by_uid, hash_of(slice_from_string(pod->uid)), pod);
    counters_add(store->counters, C_KUBERNETES_PODS, 1);
    store->serial++;
    return pod;
}

void pod_store_put(struct pod_store *store, struct pod *pod)
{
    struct pod *kept = take_in(store, pod);
    if (kept != NULL) {
        kept->is_seen = true;
        kept->deleted_ns = 0;
    }
}

void pod_store_delete(struct pod_store *store, struct pod *pod, uint64_t now_ns)
{
    struct pod *kept = take_in(store, pod);
    if (kept != NULL) {
        kept->deleted_ns = now_ns;
    }
}

void pod_store_begin_list(struct pod_store *store)
{
    for (size_t i = 0; i < store->by_uid.cap; i++) {
        struct pod *pod = store->by_uid.slots[i].value;
        if (pod != NULL) {
            pod->is_seen = false;
        }
    }
}

void pod_store_end_list(struct pod_store *store, uint64_t now_ns)
{
    for (size_t i = 0; i < store->by_uid.cap; i++) {
        struct pod *pod = store->by_uid.slots[i].value;
        if (pod != NULL && !pod->is_seen && pod->deleted_ns == 0) {
            pod->deleted_ns = now_ns;
        }
    }
}

void pod_store_expire(struct pod_store *store, uint64_t now_ns)
{
    uint64_t kept_ns = store->settings->deleted_kept_ms * UINT64_C(1000000);
    for (size_t i = 0; i < store->by_uid.cap;) {
        struct pod *pod = store->by_uid.slots[i].value;
        if (pod != NULL && pod->deleted_ns != 0 && now_ns - pod->deleted_ns >= kept_ns) {
            drop(store, pod); /* may move another one here: look at this place again */
        } else {
            i++;
        }
    }
}

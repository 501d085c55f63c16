/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/lookup.h"

#include "base/hash.h"
#include "kubernetes/describe.h"

static enum lookup last_answer(const struct source *source)
{
    if (source->path == NULL || source->metadata_serial == UINT64_MAX) {
        return LOOKUP_NONE;
    }
    return source->metadata_version != 0 ? LOOKUP_KNOWN : LOOKUP_UNKNOWN;
}

enum lookup lookup_source(const struct pod_store *store, struct source *source,
                          const struct kubernetes_settings *settings, struct counters *counters)
{
    struct kubernetes_path path;
    uint64_t serial = pod_store_serial(store);
    if (source->path == NULL || source->metadata_serial == serial ||
        source->metadata_serial == UINT64_MAX) {
        return last_answer(source);
    }
    if (!kubernetes_path_parse(source->path, &path)) {
        source->metadata_serial = UINT64_MAX; /* and never will be */
        return LOOKUP_NONE;
    }
    const struct pod *pod = pod_store_find(store, &path);
    source->metadata_serial = serial;
    if (pod != NULL && pod->version != source->metadata_version) {
        describe_source(source, &path, pod, settings, counters);
        source->metadata_version = pod->version;
        source->id = hash_bytes(&pod->version, sizeof(pod->version), source->id);
    }
    return last_answer(source); /* one that was forgotten has told all it knew */
}

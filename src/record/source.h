/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_SOURCE_H
#define CLEW_RECORD_SOURCE_H

/*
 * Where lines come from: a file or a container, and what its path tells about it.
 *
 * Kubernetes writes /var/log/pods/<namespace>_<pod>_<uid>/<container>/<restart count>.log, rotated
 * as …log.<YYYYMMDD-HHMMSS>[.gz]; /var/log/containers/<pod>_<namespace>_<container>-<id>.log is a
 * symlink to it. Everything the path tells becomes a k8s.* resource attribute.
 *
 * A source is made once per file and outlives every record that names it.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"

struct attribute {
    const char *key;
    char *value; /* a string, unless is_int */
    int64_t number;
    bool is_int;
    bool is_list; /* an array, of which `value` is the one item */
};

enum { SOURCE_MULTILINE_BYTES = 64, SOURCE_ZONE_BYTES = 40 };

/* What the metadata of a container asks for its own lines; see docs/kubernetes.md. */
struct source_policy {
    char multiline[SOURCE_MULTILINE_BYTES]; /* names of rule sets, as given; empty: as the input says */
    char zone[SOURCE_ZONE_BYTES]; /* of times that name none (resolve/time/zone.h); empty: not told */
    unsigned excluded;   /* bits 1 << enum iostream: lines that are read and not shipped */
    bool has_format;         /* else as the input says */
    bool has_min_coverage;   /* else as the config says */
    int format;              /* enum parse_format */
    double min_coverage;     /* of the audit */
};

struct source {
    char *path;                   /* log.file.path; NULL for standard input */
    char *input;                  /* name of the input it belongs to */
    struct attribute *attributes; /* of the resource, in the order they are sent */
    size_t attribute_count;
    char *default_service; /* service.name of records that name none; NULL: none */
    bool is_service_fixed; /* … and it is the config's word: metadata does not change it */
    bool is_service_first; /* … and it goes before the one a line names */
    bool is_journal; /* lines are entries of a journal: see parsers/journal_message.h */
    struct source_policy policy;
    uint64_t id; /* unique in this process: the encoder's cache goes by it */

    /* Of whoever adds metadata (src/kubernetes/pod_wait.h). */
    uint64_t metadata_serial;  /* of the last look */
    uint64_t metadata_version; /* of what was added; 0: nothing yet */
    uint64_t held_since_ns;    /* its lines wait for metadata since then (monotonic); 0: they do not */
};

/* What a path under a pods directory tells; the slices point into the path. */
struct kubernetes_path {
    struct slice namespace_name;
    struct slice pod_name;
    struct slice pod_uid;
    struct slice container_name;
    struct slice container_id; /* only from /var/log/containers */
    int64_t restart_count;     /* -1: not told */
};

/* True if `path` has the form that the kubelet writes (either of the two above). */
bool kubernetes_path_parse(const char *path, struct kubernetes_path *out_parts);

/*
 * A source for `path` (NULL: standard input). k8s.* attributes are taken from the path; the default
 * service is the container's name where there is one (the last of the fallbacks of the
 * OpenTelemetry rules that the path can tell). `id` must be unique. All strings are copied.
 */
struct source *source_new(const char *path, const char *input, uint64_t id);
void source_free(struct source *source);

/* Set or replace an attribute. */
void source_set(struct source *source, const char *key, const char *value);
void source_set_int(struct source *source, const char *key, int64_t value);
void source_set_list(struct source *source, const char *key, const char *value); /* of one item */

/* Take all attributes from number `count` on away, as they were set. */
void source_forget(struct source *source, size_t count);
const struct attribute *source_get(const struct source *source, const char *key);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "config/kubernetes_options.h"

#include "config/check.h"
#include "record/settings.h"

#define KIB 1024ULL
#define MIB (1024 * KIB)
#define SECOND 1000ULL
#define HOUR (3600 * SECOND)

/* In the order of their enums. */
static const char *const sources[] = {"auto", "off", "api", "kubelet", NULL};
static const char *const ships[] = {"all", "annotated", NULL};
static const char *const services[] = {"line", "pod", NULL};

#define AT(member) offsetof(struct kubernetes_settings, member)
static const struct option wait_options[] = {
    {.name = "time", .kind = OPTION_DURATION, .offset = AT(wait_ms), .fallback = "5s", .max = HOUR,
     .help = "Maximum wait. 0 disables waiting."},
    {.name = "bytes", .kind = OPTION_SIZE, .offset = AT(wait_bytes), .fallback = "1MiB",
     .max = 1024 * MIB,
     .help = "Stop waiting when this much of the container's log is unread."},
    {0},
};

static const struct option limit_options[] = {
    {.name = "pods", .kind = OPTION_COUNT, .offset = AT(pods_max), .fallback = "1000", .min = 1,
     .max = 1000000, .help = "Maximum number of known pods."},
    {.name = "pod_bytes", .kind = OPTION_SIZE, .offset = AT(pod_bytes_max), .fallback = "16KiB",
     .min = KIB, .max = MIB,
     .help = "Maximum memory per pod. Labels and annotations beyond it are omitted."},
    {.name = "object_bytes", .kind = OPTION_SIZE, .offset = AT(object_bytes_max),
     .fallback = "2MiB", .min = 64 * KIB, .max = 16 * MIB,
     .help = "Maximum size of one pod in an answer. The API itself accepts none larger than 1.5 "
             "MiB."},
    {0},
};

static const struct option retry_options[] = {
    {.name = "initial", .kind = OPTION_DURATION, .offset = AT(retry_initial_ms),
     .fallback = "800ms", .min = 1, .max = HOUR,
     .help = "Pause after the first failed request; each further pause is twice as long."},
    {.name = "max", .kind = OPTION_DURATION, .offset = AT(retry_max_ms), .fallback = "30s",
     .min = 1, .max = HOUR, .help = "Longest pause. Up to half of each pause is random."},
    {0},
};

const struct option options_kubernetes[] = {
    {.name = "source", .kind = OPTION_CHOICE, .offset = AT(source), .fallback = "auto",
     .names = sources,
     .help = "Source of pod metadata: `api` uses the API server (one list and one watch of the "
             "node's pods), `kubelet` polls the kubelet's /pods, `off` makes no requests: then only "
             "namespace, pod, uid, container and restart count are known, from the path. `auto` "
             "uses the API if `endpoint` and `node` are known, otherwise `off`."},
    {.name = "endpoint", .kind = OPTION_TEXT, .offset = AT(endpoint), .check = check_url,
     .example = "https://10.96.0.1:443", .env = "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT",
     .help = "URL of the API server or the kubelet."},
    {.name = "node", .kind = OPTION_TEXT, .offset = AT(node), .example = "node-1",
     .env = "NODE_NAME, K8S_NODE_NAME, KUBERNETES_NODE_NAME",
     .help = "Name of the node whose pods are requested; in a pod set it by the downward API "
             "(spec.nodeName)."},
    {.name = "cluster", .kind = OPTION_TEXT, .offset = AT(cluster), .example = "production-1",
     .env = "K8S_CLUSTER_NAME", .help = "k8s.cluster.name; the Kubernetes API does not have it."},
    {.name = "token_file", .kind = OPTION_TEXT, .offset = AT(token_file),
     .fallback = "/var/run/secrets/kubernetes.io/serviceaccount/token",
     .help = "File with the token. clew reads it for every request, because the kubelet renews it."},
    {.name = "ca_file", .kind = OPTION_TEXT, .offset = AT(ca_file),
     .fallback = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
     .help = "PEM file of the certificate authority of the server."},
    {.name = "verify", .kind = OPTION_BOOL, .offset = AT(verify), .fallback = "true",
     .help = "Verify the server's certificate. A kubelet without serverTLSBootstrap has a "
             "self-signed one and needs `false`."},
    {.name = "labels", .kind = OPTION_TEXTS, .offset = AT(labels),
     .example = "[app, team, \"app.kubernetes.io/*\"]",
     .help = "Globs of pod labels to ship as k8s.pod.label.NAME."},
    {.name = "annotations", .kind = OPTION_TEXTS, .offset = AT(annotations),
     .example = "[example.org/owner]",
     .help = "Globs of pod annotations to ship as k8s.pod.annotation.NAME."},
    {.name = "service", .kind = OPTION_SWITCH, .offset = AT(prefers_pod_service),
     .fallback = "line", .names = services,
     .help = "Which service.name wins if both exist: `line` takes the line's own, `pod` that of the "
             "pod by the OpenTelemetry rules (annotation, label, workload)."},
    {.name = "service_labels", .kind = OPTION_BOOL, .offset = AT(service_labels),
     .fallback = "false",
     .help = "Take service.name and service.version from the labels app.kubernetes.io/instance, "
             "name and version before the workload's name."},
    {.name = "pod_annotations", .kind = OPTION_BOOL, .offset = AT(pod_annotations),
     .fallback = "true",
     .help = "Apply the annotations clew.dev/…, fluentbit.io/… and vector.dev/… of a pod to its own "
             "lines."},
    {.name = "ship", .kind = OPTION_SWITCH, .offset = AT(only_annotated), .fallback = "all",
     .names = ships,
     .help = "Which pods' lines to ship. `all`: every pod except those annotated clew.dev/exclude: "
             "\"true\". `annotated`: only pods annotated clew.dev/exclude: \"false\". clew still "
             "reads the other pods and moves their checkpoints, so that `all` later continues from "
             "there: use it to switch over from another shipper."},
    {.name = "wait", .kind = OPTION_SECTION, .children = wait_options,
     .help = "How long lines of an unknown pod wait in their file. Then clew ships them with the "
             "attributes from the path, and counts them."},
    {.name = "deleted_kept", .kind = OPTION_DURATION, .offset = AT(deleted_kept_ms),
     .fallback = "2m", .max = HOUR,
     .help = "How long clew keeps the metadata of a deleted pod, for lines that are read later."},
    {.name = "max", .kind = OPTION_SECTION, .children = limit_options, .help = "Memory limits."},
    {.name = "timeout", .kind = OPTION_DURATION, .offset = AT(timeout_ms), .fallback = "30s",
     .min = 100, .max = HOUR, .help = "Timeout of a list request."},
    {.name = "watch", .kind = OPTION_DURATION, .offset = AT(watch_ms), .fallback = "5m",
     .min = 1 * SECOND, .max = HOUR,
     .help = "Lifetime of a watch, plus up to the same time at random, so that not all nodes "
             "reconnect at once. The next watch continues where the last one ended, without a list."},
    {.name = "poll", .kind = OPTION_DURATION, .offset = AT(poll_ms), .fallback = "5s", .min = 200,
     .max = HOUR, .help = "How often clew polls the kubelet."},
    {.name = "retry", .kind = OPTION_SECTION, .children = retry_options,
     .help = "Back-off after failed requests. clew retries without limit."},
    {0},
};
#undef AT

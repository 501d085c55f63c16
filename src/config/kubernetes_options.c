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
     .help = "So long at most. 0: they never wait."},
    {.name = "bytes", .kind = OPTION_SIZE, .offset = AT(wait_bytes), .fallback = "1MiB",
     .max = 1024 * MIB,
     .help = "No longer once so much of the container's log is unread."},
    {0},
};

static const struct option limit_options[] = {
    {.name = "pods", .kind = OPTION_COUNT, .offset = AT(pods_max), .fallback = "1000", .min = 1,
     .max = 1000000, .help = "Pods that are known at once."},
    {.name = "pod_bytes", .kind = OPTION_SIZE, .offset = AT(pod_bytes_max), .fallback = "16KiB",
     .min = KIB, .max = MIB,
     .help = "What is kept of one; labels and annotations beyond it are left out."},
    {.name = "object_bytes", .kind = OPTION_SIZE, .offset = AT(object_bytes_max),
     .fallback = "2MiB", .min = 64 * KIB, .max = 16 * MIB,
     .help = "One pod in an answer; the API itself takes none larger than 1.5 MiB."},
    {0},
};

static const struct option retry_options[] = {
    {.name = "initial", .kind = OPTION_DURATION, .offset = AT(retry_initial_ms),
     .fallback = "800ms", .min = 1, .max = HOUR,
     .help = "The first pause after a request that failed; each next one is twice as long."},
    {.name = "max", .kind = OPTION_DURATION, .offset = AT(retry_max_ms), .fallback = "30s",
     .min = 1, .max = HOUR, .help = "The longest pause. Of all pauses up to a half is left to chance."},
    {0},
};

const struct option options_kubernetes[] = {
    {.name = "source", .kind = OPTION_CHOICE, .offset = AT(source), .fallback = "auto",
     .names = sources,
     .help = "Who is asked: the API server (one list and one watch of the node's pods), the kubelet "
             "(its /pods, again and again), or nobody: then a path alone tells namespace, pod, "
             "uid, container and restarts. `auto` asks the API where `endpoint` and `node` are "
             "known, and nobody elsewhere."},
    {.name = "endpoint", .kind = OPTION_TEXT, .offset = AT(endpoint), .check = check_url,
     .example = "https://10.96.0.1:443", .env = "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT",
     .help = "URL of the API server or of the kubelet."},
    {.name = "node", .kind = OPTION_TEXT, .offset = AT(node), .example = "node-1",
     .env = "NODE_NAME, K8S_NODE_NAME, KUBERNETES_NODE_NAME",
     .help = "The name of the node whose pods are asked for; in a pod from the downward API "
             "(spec.nodeName)."},
    {.name = "cluster", .kind = OPTION_TEXT, .offset = AT(cluster), .example = "production-1",
     .env = "K8S_CLUSTER_NAME", .help = "k8s.cluster.name, which no API tells."},
    {.name = "token_file", .kind = OPTION_TEXT, .offset = AT(token_file),
     .fallback = "/var/run/secrets/kubernetes.io/serviceaccount/token",
     .help = "The token, read again for every request, since it is renewed there."},
    {.name = "ca_file", .kind = OPTION_TEXT, .offset = AT(ca_file),
     .fallback = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
     .help = "PEM file of the authority that has signed the server's certificate."},
    {.name = "verify", .kind = OPTION_BOOL, .offset = AT(verify), .fallback = "true",
     .help = "Refuse a server whose certificate does not hold. A kubelet without "
             "serverTLSBootstrap signs its own, and needs `false`."},
    {.name = "labels", .kind = OPTION_TEXTS, .offset = AT(labels),
     .example = "[app, team, \"app.kubernetes.io/*\"]",
     .help = "Globs of the pod labels that become k8s.pod.label.NAME."},
    {.name = "annotations", .kind = OPTION_TEXTS, .offset = AT(annotations),
     .example = "[example.org/owner]",
     .help = "Globs of the pod annotations that become k8s.pod.annotation.NAME."},
    {.name = "service", .kind = OPTION_SWITCH, .offset = AT(prefers_pod_service),
     .fallback = "line", .names = services,
     .help = "Whose service.name goes first, where both name one: the line's own, or that of the "
             "pod by the OpenTelemetry rules (annotation, label, workload)."},
    {.name = "service_labels", .kind = OPTION_BOOL, .offset = AT(service_labels),
     .fallback = "false",
     .help = "The labels app.kubernetes.io/instance, name and version tell service.name and "
             "service.version before the workload does."},
    {.name = "pod_annotations", .kind = OPTION_BOOL, .offset = AT(pod_annotations),
     .fallback = "true",
     .help = "Obey clew.dev/…, fluentbit.io/… and vector.dev/… of pods, each for its own lines."},
    {.name = "ship", .kind = OPTION_SWITCH, .offset = AT(only_annotated), .fallback = "all",
     .names = ships,
     .help = "Whose lines are shipped: of `all` pods but those that exclude themselves, or of the "
             "`annotated` only, which say clew.dev/exclude: \"false\". The others are read, and "
             "their places kept, so that `all` later begins where they are then: for going over "
             "from another shipper."},
    {.name = "wait", .kind = OPTION_SECTION, .children = wait_options,
     .help = "How long lines of a pod that is not known yet are left in their file. Then they are "
             "shipped with what their path tells, and counted."},
    {.name = "deleted_kept", .kind = OPTION_DURATION, .offset = AT(deleted_kept_ms),
     .fallback = "2m", .max = HOUR,
     .help = "How long a pod is known after its end, for lines that are read later."},
    {.name = "max", .kind = OPTION_SECTION, .children = limit_options, .help = "Limits of memory."},
    {.name = "timeout", .kind = OPTION_DURATION, .offset = AT(timeout_ms), .fallback = "30s",
     .min = 100, .max = HOUR, .help = "How long a server may take for an answer to a list."},
    {.name = "watch", .kind = OPTION_DURATION, .offset = AT(watch_ms), .fallback = "5m",
     .min = 1 * SECOND, .max = HOUR,
     .help = "A watch is begun anew after this and up to as long again, by chance, so that not all "
             "nodes come at once. It goes on where the last one ended: nothing is listed again."},
    {.name = "poll", .kind = OPTION_DURATION, .offset = AT(poll_ms), .fallback = "5s", .min = 200,
     .max = HOUR, .help = "How often the kubelet is asked."},
    {.name = "retry", .kind = OPTION_SECTION, .children = retry_options,
     .help = "Pauses between requests that failed. There is no end to the tries."},
    {0},
};
#undef AT

/* SPDX-License-Identifier: Apache-2.0 */

/* The kubernetes filters, as one section: clew asks for the pods of its node once, for all inputs. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/import.h"

#define HOST_BYTES                                                                                 \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

struct wishes {
    bool labels;
    bool annotations;
    bool exclude;
};

static void tell(struct fb_import *import, const struct fb_section *s)
{
    row_add_all(import, s, "labels", IMPORT_MAPPED, "kubernetes.labels");
    row_add_all(import, s, "annotations", IMPORT_MAPPED, "kubernetes.annotations");
    row_add_all(import, s, "k8s-logging.exclude", IMPORT_MAPPED,
                "kubernetes.pod_annotations: fluentbit.io/exclude of a pod is obeyed, or not");
}

/* Of the filter that asks the kubelet: where it is, as far as that is known here. */
static const char *kubelet_of(struct fb_import *import, const struct fb_section *s)
{
    const char *host = fb_value(s, "kubelet_host", "127.0.0.1");
    const char *port = fb_value(s, "kubelet_port", "10250");
    bool is_known = *host != '\0' && host[strspn(host, HOST_BYTES)] == '\0' &&
                    text_is_number(port) && strlen(port) <= 5 && atoi(port) > 0 &&
                    atoi(port) <= 65535;
    return is_known ? foreign_format(import_arena(import), "https://%s:%s", host, port) : NULL;
}

/* `source`, `endpoint` and `verify`, of the first filter that says use_kubelet. */
static void put_kubelet(struct fb_import *import, const struct fb_section *s)
{
    bool is_unknown = false;
    bool is_on = fb_bool(s, "use_kubelet", false, &is_unknown);
    const char *endpoint = is_on && !is_unknown ? kubelet_of(import, s) : NULL;
    if (endpoint == NULL) {
        row_add_all(import, s, "use_kubelet", is_on || is_unknown ? IMPORT_NEEDS_YOU : IMPORT_MAPPED,
                    is_on || is_unknown
                        ? "kubernetes.source: kubelet, with its URL as kubernetes.endpoint"
                        : "kubernetes.source: the API server by default");
        return;
    }
    buf_append_format(&import->top, "  source: kubelet\n  endpoint: '%s'\n", endpoint);
    row_add_all(import, s, "use_kubelet", IMPORT_MAPPED,
                "kubernetes.source: kubelet; it needs the permission nodes/proxy, as before");
    row_add_all(import, s, "kubelet_host", IMPORT_MAPPED, "kubernetes.endpoint");
    row_add_all(import, s, "kubelet_port", IMPORT_MAPPED, "kubernetes.endpoint");
    if (!fb_bool(s, "tls.verify", true, NULL)) {
        buf_append_string(&import->top, "  verify: false\n");
        row_add_all(import, s, "tls.verify", IMPORT_MAPPED, "kubernetes.verify: false");
    }
}

void import_kubernetes(struct fb_import *import)
{
    struct wishes wishes = {0};
    const struct fb_section *asks = NULL;
    bool is_any = false;
    for (const struct fb_section *s = import->config->first[FB_FILTER]; s != NULL; s = s->next) {
        if (strcasecmp(fb_name(s), "kubernetes") != 0) {
            continue;
        }
        is_any = true;
        wishes.labels = wishes.labels || fb_bool(s, "labels", true, NULL);
        wishes.annotations = wishes.annotations || fb_bool(s, "annotations", true, NULL);
        wishes.exclude = wishes.exclude || fb_bool(s, "k8s-logging.exclude", false, NULL);
        tell(import, s);
        bool is_on = fb_bool(s, "use_kubelet", false, NULL);
        bool is_first = asks == NULL || !fb_bool(asks, "use_kubelet", false, NULL);
        asks = fb_get(s, "use_kubelet") != NULL && (asks == NULL || (is_on && is_first)) ? s : asks;
    }
    if (!is_any) {
        return;
    }
    buf_append_string(&import->top, "# What the filter kubernetes asked of the API server.\n"
                                    "kubernetes:\n");
    if (asks != NULL) {
        put_kubelet(import, asks);
    }
    buf_append_string(&import->top, wishes.labels ? "  labels: ['*']\n" : "");
    buf_append_string(&import->top, wishes.annotations ? "  annotations: ['*']\n" : "");
    buf_append_format(&import->top, "  pod_annotations: %s\n\n", wishes.exclude ? "true" : "false");
}

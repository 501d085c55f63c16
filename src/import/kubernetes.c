/* SPDX-License-Identifier: Apache-2.0 */

/* The kubernetes filters, as one section: clew asks for the pods of its node once, for all inputs. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "import/work.h"

struct wishes {
    bool labels;
    bool annotations;
    bool exclude;
};

static void tell(struct import *import, const struct fb_section *s)
{
    row_add_all(import, s, "labels", IMPORT_MAPPED, "kubernetes.labels");
    row_add_all(import, s, "annotations", IMPORT_MAPPED, "kubernetes.annotations");
    row_add_all(import, s, "k8s-logging.exclude", IMPORT_MAPPED,
                "kubernetes.pod_annotations: fluentbit.io/exclude of a pod is obeyed, or not");
    row_add_all(import, s, "use_kubelet", IMPORT_NEEDS_YOU,
                "kubernetes.source: kubelet, with its URL as kubernetes.endpoint");
}

void import_kubernetes(struct import *import)
{
    struct wishes wishes = {0};
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
    }
    if (!is_any) {
        return;
    }
    buf_append_string(&import->top, "# What the filter kubernetes asked of the API server.\n"
                                    "kubernetes:\n");
    buf_append_string(&import->top, wishes.labels ? "  labels: ['*']\n" : "");
    buf_append_string(&import->top, wishes.annotations ? "  annotations: ['*']\n" : "");
    buf_append_format(&import->top, "  pod_annotations: %s\n\n", wishes.exclude ? "true" : "false");
}

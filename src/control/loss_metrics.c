/* SPDX-License-Identifier: Apache-2.0 */
#include "control/loss_metrics.h"

#include <inttypes.h>
#include "base/shown.h"
#include "base/utf8.h"
#include "record/source.h"

static const char name[] = "clew_log_lost_bytes";
static const char help[] = "Lost bytes of one log: a container, or a file. The first hundred logs "
                           "have their own labels; clew_lost_bytes_total counts all.";

/* A path may hold anything: what is no printable UTF-8 is U+FFFD. */
static bool append_value(struct buf *out, struct slice text)
{
    bool fits = true;
    for (size_t i = 0; i < text.len && fits;) {
        size_t n = utf8_sequence_len(text.data + i, text.len - i);
        unsigned char c = (unsigned char)text.data[i];
        if (shown_len(text.data + i, text.len - i) == 0) {
            fits = buf_append_string(out, "\xef\xbf\xbd");
        } else if (c == '"' || c == '\\') {
            fits = buf_append_format(out, "\\%c", c);
        } else {
            fits = buf_append(out, text.data + i, n);
        }
        i += n > 0 ? n : 1;
    }
    return fits;
}

static bool append_label(struct buf *out, const char *label, struct slice value)
{
    return buf_append_string(out, label) && buf_append_string(out, "=\"") &&
           append_value(out, value) && buf_append_string(out, "\"");
}

static bool append_labels(struct buf *out, const char *path)
{
    struct kubernetes_path parts;
    if (!kubernetes_path_parse(path, &parts)) {
        return append_label(out, "log", slice_from_string(path));
    }
    return append_label(out, "namespace", parts.namespace_name) &&
           append_label(out, ",pod", parts.pod_name) &&
           append_label(out, ",container", parts.container_name);
}

bool loss_metrics_write(const struct losses *losses, struct buf *out)
{
    bool fits = buf_append_format(out, "# TYPE %s counter\n# UNIT %s bytes\n# HELP %s %s\n", name,
                                  name, name, help);
    for (size_t i = 0; i < losses->count && fits; i++) {
        fits = buf_append_format(out, "%s_total{", name) &&
               append_labels(out, losses->items[i].path) &&
               buf_append_format(out, "} %" PRIu64 "\n", losses->items[i].bytes);
    }
    return fits && (losses->others == 0 ||
                    buf_append_format(out, "%s_total{log=\"(others)\"} %" PRIu64 "\n", name,
                                      losses->others));
}

bool loss_metrics_write_reference(struct buf *out)
{
    return buf_append_format(out, "| `%s_total` | counter | %s |\n", name, help);
}

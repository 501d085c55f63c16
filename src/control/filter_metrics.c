/* SPDX-License-Identifier: Apache-2.0 */
#include "control/filter_metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include "base/mem.h"

static const struct {
    const char *name;
    const char *help;
    size_t offset;
} families[] = {
    {"clew_filtered_records", "Records that the filter dropped, or that match no route; their sum "
                              "is clew_discarded_records_total, unless one route drops what another "
                              "one keeps.",
     offsetof(struct filter_count, dropped)},
    {"clew_filter_errors", "Records that the filter could not process and left unchanged.",
     offsetof(struct filter_count, errors)},
    {"clew_filter_ids_removed", "Records that had a trace id before the filter and none after it.",
     offsetof(struct filter_count, ids_removed)},
    {"clew_filter_pattern_limits", "Searches in which a pattern of the filter, or of its condition, "
                                   "gave up: too many steps, or text that is not UTF-8 where (*UTF) "
                                   "requires it.",
     offsetof(struct filter_count, limits.count)},
};

bool filter_metrics_write(const struct filter_count *counts, size_t count, struct buf *out)
{
    bool fits = true;
    for (size_t f = 0; f < ARRAY_LEN(families) && count > 0 && fits; f++) {
        const char *name = families[f].name;
        fits = buf_append_format(out, "# TYPE %s counter\n# HELP %s %s\n", name, name,
                                 families[f].help);
        for (size_t i = 0; i < count && fits; i++) {
            const void *value = (const char *)&counts[i] + families[f].offset;
            fits = buf_append_format(out, "%s_total{filter=\"%s\"} %" PRIu64 "\n", name,
                                     counts[i].name, *(const uint64_t *)value);
        }
    }
    return fits;
}

bool filter_metrics_write_reference(struct buf *out)
{
    bool fits = true;
    for (size_t f = 0; f < ARRAY_LEN(families) && fits; f++) {
        fits = buf_append_format(out, "| `%s_total{filter}` | counter | %s |\n", families[f].name,
                                 families[f].help);
    }
    return fits;
}

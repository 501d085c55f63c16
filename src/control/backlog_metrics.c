/* SPDX-License-Identifier: Apache-2.0 */
#include "control/backlog_metrics.h"

#include "base/mem.h"

static const struct {
    const char *name;
    const char *unit;
    const char *help;
    size_t offset; /* in struct backlog */
    double scale;
} families[] = {
    {"clew_input_unread_bytes", "bytes",
     "Bytes of an input's files that are not read yet, as of the last look at each file.",
     offsetof(struct backlog, unread_bytes), 1},
    {"clew_input_deleted_bytes", "bytes",
     "Disk space held by deleted files that the input keeps open until they are read; "
     "inputs.deleted_bytes_max limits it.",
     offsetof(struct backlog, deleted_bytes), 1},
    {"clew_input_oldest_unread_seconds", "seconds",
     "Age of the oldest unread line, at most; 0 while all is read.",
     offsetof(struct backlog, oldest_ns), 1e9},
};

static uint64_t value(const struct backlog *backlog, size_t offset)
{
    return *(const uint64_t *)(const void *)((const char *)backlog + offset);
}

static bool write_value(double value, double scale, struct buf *out)
{
    return scale > 1 ? buf_append_format(out, "%.3f\n", value / scale)
                     : buf_append_format(out, "%.0f\n", value);
}

bool backlog_metrics_write(const struct backlog *backlogs, size_t count, struct buf *out)
{
    bool fits = true;
    for (size_t i = 0; i < ARRAY_LEN(families) && fits; i++) {
        fits = buf_append_format(out, "# TYPE %s gauge\n# UNIT %s %s\n# HELP %s %s\n", families[i].name,
                                 families[i].name, families[i].unit, families[i].name,
                                 families[i].help);
        for (size_t j = 0; j < count && fits; j++) {
            fits = buf_append_format(out, "%s{input=\"%s\"} ", families[i].name, backlogs[j].input) &&
                   write_value((double)value(&backlogs[j], families[i].offset), families[i].scale, out);
        }
    }
    return fits;
}

bool backlog_metrics_write_reference(struct buf *out)
{
    bool fits = true;
    for (size_t i = 0; i < ARRAY_LEN(families) && fits; i++) {
        fits = buf_append_format(out, "| `%s` | gauge | %s |\n", families[i].name, families[i].help);
    }
    return fits;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "control/metrics.h"

#include <inttypes.h>
#include "audit/coverage_metrics.h"
#include "base/mem.h"
#include "control/backlog_metrics.h"
#include "control/filter_metrics.h"
#include "control/loss_metrics.h"
#include "control/output_metrics.h"

/* The families beside the table of counters. The process_ names are those every Prometheus client
 * library uses, so that the usual dashboards find them. */
enum family {
    FAMILY_BUILD,
    FAMILY_CPU,
    FAMILY_START_TIME,
    FAMILY_RESIDENT,
    FAMILY_VIRTUAL,
    FAMILY_OPEN_FILES,
    FAMILIES,
};

static const struct {
    const char *name;
    const char *type;
    const char *unit;
    const char *help;
} families[FAMILIES] = {
    [FAMILY_BUILD] = {"clew_build", "info", NULL, "The version that runs."},
    [FAMILY_CPU] = {"process_cpu_seconds", "counter", "seconds",
                    "CPU time of the process, user and system."},
    [FAMILY_START_TIME] = {"process_start_time_seconds", "gauge", "seconds",
                           "When the process was started, in seconds since 1970."},
    [FAMILY_RESIDENT] = {"process_resident_memory_bytes", "gauge", "bytes",
                         "Memory of the process that is in RAM."},
    [FAMILY_VIRTUAL] = {"process_virtual_memory_bytes", "gauge", "bytes",
                        "Address space of the process."},
    [FAMILY_OPEN_FILES] = {"process_open_fds", "gauge", NULL,
                           "Open file descriptors of the process."},
};

static bool write_head(struct buf *out, const char *name, const char *type, const char *unit,
                       const char *help)
{
    return buf_append_format(out, "# TYPE %s %s\n", name, type) &&
           (unit == NULL || buf_append_format(out, "# UNIT %s %s\n", name, unit)) &&
           buf_append_format(out, "# HELP %s %s\n", name, help);
}

static bool write_family(struct buf *out, enum family family)
{
    return write_head(out, families[family].name, families[family].type, families[family].unit,
                      families[family].help);
}

static const char *type_name(enum counter_type type)
{
    return type == COUNTER_GAUGE ? "gauge" : "counter";
}

static const char *suffix(enum counter_type type)
{
    return type == COUNTER_GAUGE ? "" : "_total";
}

bool metrics_write_counters(const struct counters *counters, struct buf *out)
{
    bool fits = true;
    for (size_t i = 0; i < COUNTERS && fits; i++) {
        const struct counter_info *info = &counter_table[i];
        fits = write_head(out, info->name, type_name(info->type), info->unit, info->help) &&
               buf_append_format(out, "%s%s %" PRIu64 "\n", info->name, suffix(info->type),
                                 counters->values[i]);
    }
    return fits;
}

bool metrics_write_build(struct buf *out)
{
    return write_family(out, FAMILY_BUILD) &&
           buf_append_string(out, "clew_build_info{version=\"" CLEW_VERSION "\"} 1\n");
}

static bool write_integer(struct buf *out, enum family family, uint64_t value)
{
    return write_family(out, family) &&
           buf_append_format(out, "%s %" PRIu64 "\n", families[family].name, value);
}

bool metrics_write_process(const struct process_usage *usage, struct buf *out)
{
    return write_family(out, FAMILY_CPU) &&
           buf_append_format(out, "process_cpu_seconds_total %.2f\n", usage->cpu_seconds) &&
           write_family(out, FAMILY_START_TIME) &&
           buf_append_format(out, "process_start_time_seconds %.2f\n", usage->start_time) &&
           write_integer(out, FAMILY_RESIDENT, usage->resident_bytes) &&
           write_integer(out, FAMILY_VIRTUAL, usage->virtual_bytes) &&
           write_integer(out, FAMILY_OPEN_FILES, usage->open_files);
}

bool metrics_write_end(struct buf *out)
{
    return buf_append_string(out, "# EOF\n");
}

static bool write_row(struct buf *out, const char *name, const char *name_suffix, const char *type,
                      const char *help)
{
    return buf_append_format(out, "| `%s%s` | %s | %s |\n", name, name_suffix, type, help);
}

static const char reference_intro[] =
    "# Metrics\n"
    "\n"
    "`GET /metrics` of the control endpoint (`control.listen` in the config, loopback unless "
    "changed)\n"
    "answers in the OpenMetrics text format, for Prometheus and compatible scrapers.\n"
    "The table has every metric; a test compares it with `src/record/counters.c`.\n"
    "\n"
    "The counters balance at every scrape:\n"
    "\n"
    "- **Each output** (`clew_output_…`): given + restored = sent + rejected + refused + dropped + "
    "damaged + in flight.\n"
    "- **One output, no routes**: received + restored = sent + rejected + refused + dropped + "
    "damaged +\n"
    "  in flight + discarded (by a filter) + oversized (larger than any request).\n"
    "- **N outputs, no routes**: the counters after the sign are sums over the outputs:\n"
    "  (received − discarded − oversized) × N + restored = sent + rejected + refused + dropped + "
    "damaged + in flight.\n"
    "\n"
    "With routes a record counts once for each output that it goes to.\n"
    "\n"
    "| name | type | meaning |\n"
    "|---|---|---|\n";

bool metrics_write_reference(struct buf *out)
{
    bool fits = buf_append_string(out, reference_intro);
    for (size_t i = 0; i < COUNTERS && fits; i++) {
        const struct counter_info *info = &counter_table[i];
        fits = write_row(out, info->name, suffix(info->type), type_name(info->type), info->help);
    }
    for (size_t i = 0; i < FAMILIES && fits; i++) {
        const char *name_suffix = i == FAMILY_BUILD ? "_info" : i == FAMILY_CPU ? "_total" : "";
        fits = write_row(out, families[i].name, name_suffix, families[i].type, families[i].help);
    }
    return fits && filter_metrics_write_reference(out) && coverage_metrics_write_reference(out) &&
           output_metrics_write_reference(out) && loss_metrics_write_reference(out) &&
           backlog_metrics_write_reference(out);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/coverage_metrics.h"

#include <inttypes.h>
#include "base/mem.h"
#include "base/utf8.h"

enum family {
    FAMILY_RECORDS,
    FAMILY_VALID,
    FAMILY_COVERAGE,
    FAMILY_MINIMUM,
    FAMILY_BELOW,
    FAMILY_GROUPS,
    FAMILIES,
};

static const struct {
    const char *name;
    const char *type;
    const char *unit;
    const char *help;
} families[FAMILIES] = {
    [FAMILY_RECORDS] = {"clew_audit_records", "counter", NULL,
                        "Records of a service that the audit counted, before any filter."},
    [FAMILY_VALID] = {"clew_audit_valid_records", "counter", NULL,
                      "Records of a service with a valid trace id."},
    [FAMILY_COVERAGE] = {"clew_audit_coverage_ratio", "gauge", "ratio",
                         "Share of a service's records with a valid trace id in a window; no sample "
                         "without records."},
    [FAMILY_MINIMUM] = {"clew_audit_min_coverage_ratio", "gauge", "ratio",
                        "Minimum coverage of a service in the config."},
    [FAMILY_BELOW] = {"clew_audit_below", "gauge", NULL,
                      "1 while a service known to be traced is below its minimum."},
    [FAMILY_GROUPS] = {"clew_audit_groups", "gauge", NULL,
                       "Services with a group of their own in the audit; audit.groups_max limits "
                       "them."},
};

enum { LABELS_BYTES_MAX = 8192 }; /* names are cut long before */

/* A label's value: backslash, quote and newline escaped; what is not UTF-8 is U+FFFD. */
static void append_value(struct buf *out, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        size_t n = utf8_sequence_len(text + i, len - i);
        if (n == 0) {
            buf_append_string(out, "\xef\xbf\xbd");
        } else if (text[i] == '\n') {
            buf_append_string(out, "\\n");
        } else if (text[i] == '"' || text[i] == '\\') {
            buf_append_format(out, "\\%c", text[i]);
        } else {
            buf_append(out, text + i, n);
        }
        i += n > 0 ? n : 1;
    }
}

/* `service="a",namespace="b"`, in place of what was there. */
static const char *labels_of(struct buf *text, const char *service, const char *name_space)
{
    buf_clear(text);
    buf_append_string(text, "service=\"");
    append_value(text, service);
    if (name_space != NULL) {
        buf_append_string(text, "\",namespace=\"");
        append_value(text, name_space);
    }
    buf_append(text, "\"", 2);
    return text->data;
}

static bool write_share(const char *labels, const char *window, const struct audit_span *span,
                        struct buf *out)
{
    return span->records == 0 ||
           buf_append_format(out, "%s{%s,window=\"%s\"} %.6f\n", families[FAMILY_COVERAGE].name,
                             labels, window, audit_span_coverage(span));
}

static bool write_coverage(const struct audit_labelled *row, const char *labels, struct buf *out)
{
    bool fits = write_share(labels, "start", &row->start, out);
    for (unsigned w = 0; w < AUDIT_WINDOWS && fits; w++) {
        fits = write_share(labels, audit_window_names[w], &row->windows[w], out);
    }
    return fits;
}

static bool write_row(enum family family, const struct audit_labelled *row, const char *labels,
                      struct buf *out)
{
    const char *name = families[family].name;
    switch (family) {
    case FAMILY_RECORDS:
        return buf_append_format(out, "%s_total{%s} %" PRIu64 "\n", name, labels,
                                 row->start.records);
    case FAMILY_VALID:
        return buf_append_format(out, "%s_total{%s} %" PRIu64 "\n", name, labels, row->start.valid);
    case FAMILY_COVERAGE:
        return write_coverage(row, labels, out);
    case FAMILY_MINIMUM:
        return buf_append_format(out, "%s{%s} %.6f\n", name, labels, row->min_coverage);
    default:
        return buf_append_format(out, "%s{%s} %d\n", name, labels, row->is_below);
    }
}

/* All services without labels: their shares and minima are their own. */
static bool write_others(enum family family, const struct audit_history *history, struct buf *out)
{
    const struct audit_labelled others = {.start = audit_history_others(history)};
    const char *labels = "service=\"(others)\"";
    return others.start.records == 0 || family > FAMILY_COVERAGE ||
           write_row(family, &others, labels, out);
}

static bool write_head(enum family family, struct buf *out)
{
    const char *name = families[family].name;
    return buf_append_format(out, "# TYPE %s %s\n", name, families[family].type) &&
           (families[family].unit == NULL ||
            buf_append_format(out, "# UNIT %s %s\n", name, families[family].unit)) &&
           buf_append_format(out, "# HELP %s %s\n", name, families[family].help);
}

static bool write_last(const struct audit_history *history, struct buf *out)
{
    return write_head(FAMILY_GROUPS, out) &&
           buf_append_format(out, "%s %zu\n", families[FAMILY_GROUPS].name,
                             audit_history_services(history));
}

/* The head of a family, a row of it, or what follows its rows. */
static bool write_next(struct coverage_metrics *at, const struct audit_history *history,
                       struct buf *text, struct buf *out)
{
    struct audit_labelled row;
    if (!at->has_head) {
        at->has_head = true;
        at->row = NULL;
        return write_head((enum family)at->family, out);
    }
    if (audit_history_next_labelled(history, &at->row, &row)) {
        return write_row((enum family)at->family, &row,
                         labels_of(text, row.service, row.name_space), out);
    }
    at->has_head = false;
    return write_others((enum family)at->family++, history, out);
}

bool coverage_metrics_write(struct coverage_metrics *at, const struct audit_history *history,
                            size_t lines, struct buf *out)
{
    struct buf text;
    bool fits = true;
    buf_init(&text, LABELS_BYTES_MAX);
    for (; lines > 0 && fits && at->family < FAMILY_GROUPS; lines--) {
        fits = write_next(at, history, &text, out);
    }
    buf_fini(&text);
    if (fits && lines > 0 && !at->is_done) {
        fits = write_last(history, out);
        at->is_done = true;
    }
    return fits;
}

bool coverage_metrics_write_reference(struct buf *out)
{
    bool fits = true;
    for (size_t i = 0; i < FAMILIES && fits; i++) {
        const char *suffix = strcmp(families[i].type, "counter") == 0 ? "_total" : "";
        fits = buf_append_format(out, "| `%s%s` | %s | %s |\n", families[i].name, suffix,
                                 families[i].type, families[i].help);
    }
    return fits;
}

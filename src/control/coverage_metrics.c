/* SPDX-License-Identifier: Apache-2.0 */
#include "control/coverage_metrics.h"

#include <inttypes.h>
#include <stdlib.h>
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
                      "Of these, the records with a valid trace id."},
    [FAMILY_COVERAGE] = {"clew_audit_coverage_ratio", "gauge", "ratio",
                         "Valid records of all records of a service in a window; no sample when "
                         "there were none."},
    [FAMILY_MINIMUM] = {"clew_audit_min_coverage_ratio", "gauge", "ratio",
                        "What the config asks of a service."},
    [FAMILY_BELOW] = {"clew_audit_below", "gauge", NULL,
                      "1 while a service that is known to be traced is under its minimum."},
    [FAMILY_GROUPS] = {"clew_audit_groups", "gauge", NULL,
                       "Services that the audit tells apart; audit.groups_max limits them."},
};

/* One line of the report that has labels of its own, or all others together. */
struct row {
    const struct audit_entry *entry; /* NULL: the others */
    char *labels;                    /* `service="a",namespace="b"` */
    uint64_t records;
    uint64_t valid;
};

struct rows {
    struct row *items;
    size_t count;
    const struct audit_history *history;
};

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool looks_like_an_id(const char *name)
{
    size_t len = strlen(name);
    size_t digits = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_hex(name[i]) && name[i] != '-') {
            return false;
        }
        digits += is_hex(name[i]);
    }
    return (len == digits && (digits == 16 || digits == 32)) || (len == 36 && digits == 32);
}

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

static char *labels_of(const char *service, const char *name_space)
{
    enum { LABELS_BYTES_MAX = 8192 }; /* names are cut long before */
    struct buf text;
    buf_init(&text, LABELS_BYTES_MAX);
    buf_append_string(&text, "service=\"");
    append_value(&text, service);
    if (name_space != NULL) {
        buf_append_string(&text, "\",namespace=\"");
        append_value(&text, name_space);
    }
    buf_append_string(&text, "\"");
    return buf_take(&text);
}

static bool has_labels(const struct rows *rows, const struct audit_group *group, size_t max)
{
    return !group->is_overflow && audit_history_number(rows->history, group) < max &&
           !looks_like_an_id(group->service) &&
           (group->name_space == NULL || !looks_like_an_id(group->name_space));
}

static void list_rows(struct rows *rows, const struct audit_report *report, size_t services_max)
{
    struct row others = {0};
    rows->items = mem_array(report->count + 1, sizeof(*rows->items));
    for (size_t i = 0; i < report->count; i++) {
        const struct audit_group *group = report->entries[i].group;
        if (has_labels(rows, group, services_max)) {
            rows->items[rows->count++] =
                (struct row){&report->entries[i], labels_of(group->service, group->name_space),
                             group->book.records, group->book.valid};
        } else {
            others.records += group->book.records;
            others.valid += group->book.valid;
        }
    }
    if (others.records > 0) {
        others.labels = labels_of("(others)", NULL);
        rows->items[rows->count++] = others;
    }
}

static bool write_coverage(const struct rows *rows, const struct row *row, struct buf *out)
{
    static const char *const name = "clew_audit_coverage_ratio";
    bool fits = row->records == 0 ||
                buf_append_format(out, "%s{%s,window=\"start\"} %.6f\n", name, row->labels,
                                  (double)row->valid / (double)row->records);
    for (unsigned w = 0; row->entry != NULL && w < AUDIT_WINDOWS; w++) {
        struct audit_span span;
        if (audit_history_find(rows->history, row->entry->group, (enum audit_window)w, &span) &&
            span.records > 0) {
            fits = fits && buf_append_format(out, "%s{%s,window=\"%s\"} %.6f\n", name, row->labels,
                                             audit_window_names[w], audit_span_coverage(&span));
        }
    }
    return fits;
}

static bool write_row(const struct rows *rows, const struct row *row, enum family family,
                      struct buf *out)
{
    const char *name = families[family].name;
    switch (family) {
    case FAMILY_RECORDS:
        return buf_append_format(out, "%s_total{%s} %" PRIu64 "\n", name, row->labels,
                                 row->records);
    case FAMILY_VALID:
        return buf_append_format(out, "%s_total{%s} %" PRIu64 "\n", name, row->labels, row->valid);
    case FAMILY_COVERAGE:
        return write_coverage(rows, row, out);
    case FAMILY_MINIMUM:
        return row->entry == NULL || buf_append_format(out, "%s{%s} %.6f\n", name, row->labels,
                                                       row->entry->min_coverage);
    case FAMILY_BELOW:
        return row->entry == NULL ||
               buf_append_format(out, "%s{%s} %d\n", name, row->labels,
                                 audit_history_is_below(rows->history, row->entry->group));
    default:
        return true;
    }
}

static bool write_head(enum family family, struct buf *out)
{
    const char *name = families[family].name;
    return buf_append_format(out, "# TYPE %s %s\n", name, families[family].type) &&
           (families[family].unit == NULL ||
            buf_append_format(out, "# UNIT %s %s\n", name, families[family].unit)) &&
           buf_append_format(out, "# HELP %s %s\n", name, families[family].help);
}

bool coverage_metrics_write(const struct audit_report *report, const struct audit_history *history,
                            size_t services_max, struct buf *out)
{
    struct rows rows = {.history = history};
    bool fits = true;
    list_rows(&rows, report, services_max);
    for (unsigned family = 0; family < FAMILY_GROUPS && fits; family++) {
        fits = write_head((enum family)family, out);
        for (size_t i = 0; i < rows.count && fits; i++) {
            fits = write_row(&rows, &rows.items[i], (enum family)family, out);
        }
    }
    for (size_t i = 0; i < rows.count; i++) {
        free(rows.items[i].labels);
    }
    free(rows.items);
    return fits && write_head(FAMILY_GROUPS, out) &&
           buf_append_format(out, "%s %zu\n", families[FAMILY_GROUPS].name, report->count);
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

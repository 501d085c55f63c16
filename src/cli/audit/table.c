/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shown.h"
#include "cli/audit/views.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

/*
 *     SERVICE                  NAMESPACE     RECORDS  COVERAGE  VERDICT       WITHOUT A VALID ID
 *     24                       12                  9        8   12            27
 *
 * Names come from logs and may hold anything: they are cut to their column, and what could speak to
 * the terminal is shown as a question mark.
 */

enum {
    COLUMNS = 100,
    SERVICE_COLUMNS = 24,
    NAMESPACE_COLUMNS = 12,
    PARTS_MAX = 20, /* a group's, the worst ones */
    HINTS_MAX = 3,
};

/* Words at `indent`, broken at COLUMNS. The first line stands at the indent already. */
static void print_wrapped(const char *text, size_t indent, FILE *out)
{
    size_t at = indent;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (at > indent && at + 1 + len > COLUMNS) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        shown_put(out, slice_make(text, len));
        at += len;
        text += len + (text[len] == ' ');
    }
    fputc('\n', out);
}

static const char *colour_of(const struct audit_view *view, enum audit_verdict verdict)
{
    static const char *const colours[] = {
        [AUDIT_BELOW] = "\033[1;31m",
        [AUDIT_NOT_TRACED] = "\033[33m",
        [AUDIT_SMALL_SAMPLE] = "\033[2m",
        [AUDIT_MET] = "\033[32m",
    };
    return view->has_colour ? colours[verdict] : "";
}

static const char *plain(const struct audit_view *view)
{
    return view->has_colour ? "\033[0m" : "";
}

static bool has_namespaces(const struct audit_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->entries[i].group->name_space != NULL) {
            return true;
        }
    }
    return false;
}

static size_t name_columns(const struct audit_view *view)
{
    return SERVICE_COLUMNS + (view->has_namespaces ? 1 + NAMESPACE_COLUMNS : 0);
}

static void print_book(const struct audit_view *view, const struct book *book, bool is_instrumented,
                       const char *verdict, FILE *out)
{
    char records[48];
    char share[16];
    char gaps[96];
    audit_gaps_text(book, is_instrumented, gaps,
                    COLUMNS - name_columns(view) - 10 - 10 - 2 - 13 + 1);
    fprintf(out, " %9s  %8s  ", audit_number_text(book->records, records),
            audit_share_text(audit_book_coverage(book), share));
    fprintf(out, "%-12s %s\n", verdict, gaps);
}

static void print_entry(const struct audit_view *view, const struct audit_entry *entry, FILE *out)
{
    const struct audit_group *group = entry->group;
    audit_print_cell(group->service, SERVICE_COLUMNS, true, out);
    if (view->has_namespaces) {
        fputc(' ', out);
        audit_print_cell(group->name_space != NULL ? group->name_space : "-", NAMESPACE_COLUMNS,
                         true, out);
    }
    fputs(colour_of(view, entry->verdict), out);
    print_book(view, &group->book, entry->is_instrumented, audit_verdict_name(entry->verdict), out);
    if (entry->is_worse) {
        char share[16];
        fprintf(out, "  worse: was %s in the baseline\n", audit_share_text(entry->before, share));
    }
    fputs(plain(view), out);
}

/* What a service's line has no column for. */
static void print_more(const struct audit_view *view, const struct audit_group *group, FILE *out)
{
    char text[COLUMNS];
    audit_others_text(group, text, sizeof(text));
    if (*text != '\0') {
        fprintf(out, "  %s\n", text);
    }
    audit_ids_text(&group->book, text, sizeof(text) - 7);
    if (view->has_ids && *text != '\0') {
        fprintf(out, "  ids: %s\n", text);
    }
}

static void print_parts(const struct audit_view *view, const struct audit_entry *entry, FILE *out)
{
    for (size_t i = 0; view->has_parts && i < entry->part_count && i < PARTS_MAX; i++) {
        char *text = audit_part_text(view->report, entry->parts[i]);
        fputs("  ", out);
        audit_print_cell(text, name_columns(view) - 2, true, out);
        print_book(view, &entry->parts[i]->book, entry->is_instrumented, "", out);
        free(text);
    }
    if (view->has_parts && entry->part_count > PARTS_MAX) {
        fprintf(out, "  and %zu more\n", entry->part_count - PARTS_MAX);
    }
}

static void print_head(const struct audit_view *view, FILE *out)
{
    audit_print_cell("SERVICE", SERVICE_COLUMNS, true, out);
    if (view->has_namespaces) {
        fputc(' ', out);
        audit_print_cell("NAMESPACE", NAMESPACE_COLUMNS, true, out);
    }
    fputs("   RECORDS  COVERAGE  VERDICT      WITHOUT A VALID ID\n", out);
}

static void print_hint(const struct audit_view *view, const struct audit_entry *entry,
                       const struct audit_hint *hint, FILE *out)
{
    enum { INDENT = 6 };
    char records[48];
    fputs("  ", out);
    if (hint->part != NULL) {
        char *where = audit_part_text(view->report, hint->part);
        audit_print_cell(where, 60, false, out);
        fputs(": ", out);
        free(where);
    }
    fprintf(out, "%s, %s\n", hint->rule, audit_records_text(hint->records, records));
    fputs("  why ", out);
    print_wrapped(hint->cause, INDENT, out);
    fputs("  fix ", out);
    if (entry->ecosystem != ECOSYSTEM_UNKNOWN) {
        char *fix = mem_format("%s: %s", ecosystem_name(entry->ecosystem), hint->fix);
        print_wrapped(fix, INDENT, out);
        free(fix);
    } else {
        print_wrapped(hint->fix, INDENT, out);
    }
    if (hint->sample != NULL) {
        fputs("  e.g. ", out);
        audit_print_cell(hint->sample, COLUMNS - 7, false, out);
        fputc('\n', out);
    }
}

/* For those that failed, and those that have no ids at all. */
static void print_hints(const struct audit_view *view, const struct audit_entry *entry, FILE *out)
{
    if ((entry->verdict != AUDIT_BELOW && entry->verdict != AUDIT_NOT_TRACED && !entry->is_worse) ||
        entry->hint_count == 0) {
        return;
    }
    fputc('\n', out);
    audit_print_cell(entry->group->service, 60, false, out);
    fputs(":\n", out);
    for (size_t i = 0; i < entry->hint_count && i < HINTS_MAX; i++) {
        print_hint(view, entry, &entry->hints[i], out);
    }
}

void audit_table_print(const struct audit_view *asked, FILE *out)
{
    const struct audit_report *report = asked->report;
    struct audit_view with_columns = *asked;
    const struct audit_view *view = &with_columns;
    with_columns.has_namespaces = has_namespaces(report);
    print_head(view, out);
    for (size_t i = 0; i < report->count; i++) {
        print_entry(view, &report->entries[i], out);
        print_more(view, report->entries[i].group, out);
        print_parts(view, &report->entries[i], out);
    }
    audit_print_cell("TOTAL", name_columns(view), true, out);
    print_book(view, &report->total, false, "", out);
    for (size_t i = 0; view->has_hints && i < report->count; i++) {
        print_hints(view, &report->entries[i], out);
    }
    fputc('\n', out);
    char *verdict = audit_verdict_text(view);
    print_wrapped(verdict, 0, out);
    free(verdict);
}

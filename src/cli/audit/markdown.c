/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shown.h"
#include "cli/audit/views.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/utf8.h"

/* Names and samples come from logs. Writes one character of `text` as it may be shown, unless it is
 * one of `special`, which is left to the caller; returns its length. */
static size_t print_character(const char *text, const char *special, FILE *out)
{
    size_t n = utf8_sequence_len(text, strlen(text));
    if (shown_len(text, strlen(text)) == 0) {
        fputc(n == 0 ? '?' : ' ', out);
    } else if (n > 1 || strchr(special, *text) == NULL) {
        fwrite(text, 1, n, out);
    }
    return n > 0 ? n : 1;
}

/* What would be markup, a new cell or HTML is escaped. */
static void print_escaped(const char *text, FILE *out)
{
    static const char special[] = "<&\\`*_{}[]#|~!@";
    while (*text != '\0') {
        char c = *text;
        text += print_character(text, special, out);
        if (c == '<' || c == '&') {
            fputs(c == '<' ? "&lt;" : "&amp;", out);
        } else if (strchr(special, c) != NULL) {
            fprintf(out, "\\%c", c);
        }
    }
}

/* In a code span nothing is markup but the backtick itself. */
static void print_code(const char *text, FILE *out)
{
    fputs("`` ", out);
    while (*text != '\0') {
        fputs(*text == '`' ? "'" : "", out);
        text += print_character(text, "`", out);
    }
    fputs(" ``", out);
}

static void print_numbers(const struct book *book, bool is_instrumented, const char *verdict,
                          FILE *out)
{
    char records[48];
    char share[16];
    char gaps[512];
    audit_gaps_text(book, is_instrumented, gaps, sizeof(gaps));
    fprintf(out, " | %s | %s | %s | %s |\n", audit_number_text(book->records, records),
            audit_share_text(audit_book_coverage(book), share), verdict, gaps);
}

static void print_entry(const struct audit_view *view, const struct audit_entry *entry, FILE *out)
{
    fputs(entry->verdict == AUDIT_BELOW ? "| **" : "| ", out);
    print_escaped(entry->group->service, out);
    fputs(entry->verdict == AUDIT_BELOW ? "** | " : " | ", out);
    print_escaped(entry->group->name_space != NULL ? entry->group->name_space : "", out);
    char share[16];
    char verdict[64];
    snprintf(verdict, sizeof(verdict), entry->is_worse ? "%s, **worse**: was %s" : "%s",
             audit_verdict_name(entry->verdict), audit_share_text(entry->before, share));
    print_numbers(&entry->group->book, entry->is_instrumented, verdict, out);
    for (size_t i = 0; view->has_parts && i < entry->part_count; i++) {
        char *text = audit_part_text(view->report, entry->parts[i]);
        fputs("| &nbsp;&nbsp;", out);
        print_escaped(text, out);
        fputs(" |", out);
        print_numbers(&entry->parts[i]->book, entry->is_instrumented, "", out);
        free(text);
    }
}

/* Below the table: what its columns do not tell. */
static void print_more(const struct audit_view *view, const struct audit_group *group, FILE *out)
{
    char text[160];
    audit_others_text(group, text, sizeof(text));
    if (*text != '\0') {
        fputs("- ", out);
        print_escaped(group->service, out);
        fprintf(out, ": %s\n", text);
    }
    audit_ids_text(&group->book, text, sizeof(text));
    if (view->has_ids && *text != '\0') {
        fputs("- **", out);
        print_escaped(group->service, out);
        fprintf(out, "**, valid ids: %s\n", text);
    }
}

static void print_hints(const struct audit_view *view, const struct audit_entry *entry, FILE *out)
{
    if (entry->verdict != AUDIT_BELOW && entry->verdict != AUDIT_NOT_TRACED && !entry->is_worse) {
        return;
    }
    for (size_t i = 0; i < entry->hint_count; i++) {
        const struct audit_hint *hint = &entry->hints[i];
        char records[48];
        fputs("- **", out);
        print_escaped(entry->group->service, out);
        fputs("**: ", out);
        if (hint->part != NULL) {
            char *where = audit_part_text(view->report, hint->part);
            print_escaped(where, out);
            fputs(": ", out);
            free(where);
        }
        fprintf(out, "`%s`, %s: ", hint->rule, audit_records_text(hint->records, records));
        print_escaped(hint->cause, out);
        fputs(". **Fix**: ", out);
        print_escaped(hint->fix, out);
        fputs(".\n", out);
        if (hint->sample != NULL) {
            fputs("  ", out);
            print_code(hint->sample, out);
            fputc('\n', out);
        }
    }
}

void audit_markdown_print(const struct audit_view *view, FILE *out)
{
    const struct audit_report *report = view->report;
    fputs("### Trace coverage\n\n", out);
    fputs("| service | namespace | records | coverage | verdict | without a valid id |\n", out);
    fputs("| --- | --- | ---: | ---: | --- | --- |\n", out);
    for (size_t i = 0; i < report->count; i++) {
        print_entry(view, &report->entries[i], out);
    }
    fputs("| **total** | ", out);
    print_numbers(&report->total, false, "", out);
    fputc('\n', out);
    for (size_t i = 0; i < report->count; i++) {
        print_more(view, report->entries[i].group, out);
    }
    for (size_t i = 0; view->has_hints && i < report->count; i++) {
        print_hints(view, &report->entries[i], out);
    }
    fputs("\n", out);
    char *verdict = audit_verdict_text(view);
    fprintf(out, "%s\n", verdict);
    free(verdict);
}

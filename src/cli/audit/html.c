/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shown.h"
#include "cli/audit/views.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "base/utf8.h"

/*
 * One page that stands alone. There is no script in it and the page's own policy forbids any, so
 * even if something of a log became markup it could do nothing; and nothing does, for every text
 * goes through print_text().
 */

enum {
    SERVICES_MAX = 500, /* shown in full, the worst ones */
    PARTS_MAX = 20,
    TREND_HEIGHT = 40,
};

/* ---- text ---- */

/* What has no place in a page: control characters, and marks that turn the direction of what
 * follows, with which one text could look like another. */
static bool is_shown(const char *text, size_t n)
{
    return *text == '\n' || *text == '\t' || shown_len(text, n) > 0;
}

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Good between tags and in a quoted attribute. */
static void print_text(const char *text, FILE *out)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        size_t n = utf8_sequence_len(text + i, len - i);
        const char *entity = entity_of(text[i]);
        if (!is_shown(text + i, n)) {
            fputs("\xef\xbf\xbd", out);
        } else if (entity != NULL) {
            fputs(entity, out);
        } else {
            fwrite(text + i, 1, n, out);
        }
        i += n > 0 ? n : 1;
    }
}

static void print_element(const char *open, const char *text, const char *close, FILE *out)
{
    fputs(open, out);
    print_text(text, out);
    fputs(close, out);
}

/* ---- bars ---- */

/* In a bar from left to right: what is shipped, what nearly is, what is not. */
static const enum trace_class order[] = {
    TRACE_OK,          TRACE_UNSAMPLED,     TRACE_VENDOR_FORMAT,      TRACE_TRACE_WITHOUT_SPAN,
    TRACE_CONFLICT,    TRACE_MESSAGE_ONLY,  TRACE_MALFORMED_LENGTH,   TRACE_MALFORMED_OTHER,
    TRACE_NON_HEX,     TRACE_VENDOR_OPAQUE, TRACE_SPAN_WITHOUT_TRACE, TRACE_ALL_ZERO,
    TRACE_PLACEHOLDER, TRACE_ABSENT,
};
_Static_assert(ARRAY_LEN(order) == TRACE_CLASSES, "every class has its place");

static double percent_of(uint64_t n, const struct book *book)
{
    return book->records > 0 ? 100 * (double)n / (double)book->records : 0;
}

static void print_bar(const struct book *book, double min_coverage, FILE *out)
{
    char share[16];
    fprintf(out, "<div class=\"bar\" role=\"img\" aria-label=\"coverage %s\">",
            audit_share_text(audit_book_coverage(book), share));
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        uint64_t records = book->classes[order[i]];
        if (records > 0) {
            const char *name = trace_class_name(order[i]);
            char text[48];
            fprintf(out, "<i class=\"%s\" style=\"width:%.4f%%\" title=\"%s: %s\"></i>", name,
                    percent_of(records, book), name, audit_records_text(records, text));
        }
    }
    if (min_coverage > 0) {
        fprintf(out, "<b style=\"left:%.2f%%\" title=\"minimum\"></b>", 100 * min_coverage);
    }
    fputs("</div>\n", out);
}

static void print_classes(const struct book *book, bool is_instrumented, FILE *out)
{
    fputs("<ul class=\"classes\">", out);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        uint64_t records = book->classes[order[i]];
        if (records > 0) {
            const char *name = trace_class_name(order[i]);
            char number[32];
            char share[16];
            fprintf(out, "<li><i class=\"%s\"></i>%s%s <span class=\"num\">%s (%s)</span></li>",
                    name, name,
                    order[i] == TRACE_ABSENT && is_instrumented ? " (instrumented)" : "",
                    audit_number_text(records, number),
                    audit_share_text((double)records / (double)book->records, share));
        }
    }
    fputs("</ul>\n", out);
}

/* ---- trend ---- */

static void print_time(uint64_t time_s, FILE *out)
{
    char text[32];
    struct tm tm;
    time_t t = (time_t)time_s;
    if (gmtime_r(&t, &tm) != NULL && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &tm) > 0) {
        fputs(text, out);
    }
}

static void print_trend(const struct audit_trend *trend, FILE *out)
{
    uint32_t most = 1;
    if (trend == NULL || trend->count < 2) {
        return;
    }
    for (uint32_t i = 0; i < trend->count; i++) {
        most = trend->buckets[i].records > most ? trend->buckets[i].records : most;
    }
    fprintf(out,
            "<svg viewBox=\"0 0 %u %d\" preserveAspectRatio=\"none\" role=\"img\" "
            "aria-label=\"records over time, those with a valid id from the bottom\">",
            trend->count, TREND_HEIGHT);
    for (uint32_t i = 0; i < trend->count; i++) {
        double all = TREND_HEIGHT * (double)trend->buckets[i].records / most;
        double valid = TREND_HEIGHT * (double)trend->buckets[i].valid / most;
        if (trend->buckets[i].records > 0) {
            fprintf(out,
                    "<rect class=\"all\" x=\"%u.05\" width=\".9\" y=\"%.2f\" height=\"%.2f\"/>"
                    "<rect class=\"valid\" x=\"%u.05\" width=\".9\" y=\"%.2f\" height=\"%.2f\">"
                    "<title>%u of %u records</title></rect>",
                    i, TREND_HEIGHT - all, all - valid, i, TREND_HEIGHT - valid, valid,
                    trend->buckets[i].valid, trend->buckets[i].records);
        }
    }
    fputs("</svg>\n<div class=\"axis num\"><span>", out);
    print_time(trend->first * trend->width_s, out);
    fprintf(out, "</span><span>%" PRIu64 " s a bar, green: valid</span><span>", trend->width_s);
    print_time((trend->first + trend->count) * trend->width_s, out);
    fputs("</span></div>\n", out);
}

/* ---- services ---- */

static void print_hint(const struct audit_view *view, const struct audit_entry *entry,
                       const struct audit_hint *hint, FILE *out)
{
    char records[48];
    fprintf(out, "<div class=\"hint\" data-rule=\"%s\"><p><strong>%s</strong>, %s", hint->rule,
            hint->rule, audit_records_text(hint->records, records));
    if (hint->part != NULL) {
        char *where = audit_part_text(view->report, hint->part);
        print_element(", <bdi>", where, "</bdi>", out);
        free(where);
    }
    print_element(": ", hint->cause, ".</p>\n<p><strong>Fix", out);
    if (entry->ecosystem != ECOSYSTEM_UNKNOWN) {
        print_element(" (", ecosystem_name(entry->ecosystem), ")", out);
    }
    print_element("</strong>: ", hint->fix, ".</p>\n", out);
    if (hint->sample != NULL) {
        print_element("<pre>", hint->sample, "</pre>\n", out);
    }
    fputs("</div>\n", out);
}

static void print_parts(const struct audit_view *view, const struct audit_entry *entry, FILE *out)
{
    if (!view->has_parts || entry->part_count == 0) {
        return;
    }
    fputs("<table><tr><th>part<th class=\"num\">records<th class=\"num\">coverage\n", out);
    for (size_t i = 0; i < entry->part_count && i < PARTS_MAX; i++) {
        const struct book *book = &entry->parts[i]->book;
        char *text = audit_part_text(view->report, entry->parts[i]);
        char number[32];
        char share[16];
        print_element("<tr><td><bdi>", text, "</bdi>", out);
        fprintf(out, "<td class=\"num\">%s<td class=\"num\">%s\n",
                audit_number_text(book->records, number),
                audit_share_text(audit_book_coverage(book), share));
        free(text);
    }
    fputs("</table>\n", out);
    if (entry->part_count > PARTS_MAX) {
        fprintf(out, "<p class=\"soft\">and %zu more</p>\n", entry->part_count - PARTS_MAX);
    }
}

static void print_head(const struct audit_entry *entry, FILE *out)
{
    const struct audit_group *group = entry->group;
    char share[16];
    char records[48];
    print_element("<section class=\"service\" data-service=\"", group->service, "\"", out);
    fprintf(out, " data-records=\"%" PRIu64 "\" data-valid=\"%" PRIu64 "\">\n", group->book.records,
            group->book.valid);
    print_element("<div class=\"head\"><h2><bdi>", group->service, "</bdi>", out);
    if (group->name_space != NULL) {
        print_element(" <span class=\"soft\">of <bdi>", group->name_space, "</bdi></span>", out);
    }
    fprintf(out, "</h2><strong class=\"num coverage\">%s</strong>",
            audit_share_text(entry->coverage, share));
    fprintf(out, "<span class=\"soft num\">%s</span>",
            audit_records_text(group->book.records, records));
    if (entry->is_worse) {
        fprintf(out, "<strong class=\"worse\">worse: was %s</strong>",
                audit_share_text(entry->before, share));
    }
    const char *verdict = audit_verdict_name(entry->verdict);
    fprintf(out, "<span class=\"verdict %s\">%s</span></div>\n", verdict, verdict);
}

static void print_more(const struct audit_group *group, FILE *out)
{
    char text[160];
    audit_others_text(group, text, sizeof(text));
    if (*text != '\0') {
        print_element("<p class=\"soft num\">", text, "</p>\n", out);
    }
    audit_ids_text(&group->book, text, sizeof(text));
    if (*text != '\0') {
        print_element("<p class=\"soft num ids\">Valid ids: ", text, "</p>\n", out);
    }
}

static void print_entry(const struct audit_view *view, const struct audit_entry *entry, FILE *out)
{
    bool has_failed =
        entry->verdict == AUDIT_BELOW || entry->verdict == AUDIT_NOT_TRACED || entry->is_worse;
    print_head(entry, out);
    print_bar(&entry->group->book, entry->is_traced ? entry->min_coverage : 0, out);
    print_classes(&entry->group->book, entry->is_instrumented, out);
    print_more(entry->group, out);
    print_trend(entry->group->trend, out);
    print_parts(view, entry, out);
    for (size_t i = 0; view->has_hints && has_failed && i < entry->hint_count; i++) {
        print_hint(view, entry, &entry->hints[i], out);
    }
    fputs("</section>\n", out);
}

/* ---- the page ---- */

static void print_begin(FILE *out)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
          "<title>Trace coverage</title>\n<style>\n",
          out);
    fputs(audit_html_style, out);
    fputs("</style>\n", out);
}

static void print_total(const struct audit_view *view, FILE *out)
{
    const struct audit_report *report = view->report;
    char *verdict = audit_verdict_text(view);
    char share[16];
    char records[32];
    char valid[32];
    fprintf(out, "<h1>Trace coverage</h1>\n<section id=\"total\"><p class=\"big num\">%s</p>\n",
            audit_share_text(report->coverage, share));
    fprintf(out,
            "<p class=\"num\"><span id=\"valid\">%s</span> of <span id=\"records\">%s</span> "
            "records of <span id=\"services\">%zu</span> services carry a valid trace id.</p>\n",
            audit_number_text(report->total.valid, valid),
            audit_number_text(report->total.records, records), report->count);
    fprintf(out, "<p id=\"policy\" class=\"%s\">", report->is_met ? "met" : "below");
    print_element("", verdict, "</p>\n", out);
    print_bar(&report->total, 0, out);
    print_classes(&report->total, false, out);
    print_trend(&report->trend, out);
    fputs("</section>\n", out);
    free(verdict);
}

void audit_html_print(const struct audit_view *view, FILE *out)
{
    const struct audit_report *report = view->report;
    print_begin(out);
    print_total(view, out);
    for (size_t i = 0; i < report->count && i < SERVICES_MAX; i++) {
        print_entry(view, &report->entries[i], out);
    }
    if (report->count > SERVICES_MAX) {
        fprintf(out, "<p>and %zu more services, all of them better; the JSON report has them</p>\n",
                report->count - SERVICES_MAX);
    }
    fputs("<p class=\"soft\">The double line in a bar is the service's minimum. Made by clew "
          "audit; docs/coverage.md of clew defines every number.</p>\n</html>\n",
          out);
}

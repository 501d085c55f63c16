/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shown.h"
#include "cli/audit/views.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { PART_TEXT_MAX = 4096 };

void audit_print_cell(const char *text, size_t columns, bool is_padded, FILE *out)
{
    size_t len = strlen(text);
    size_t used = 0;
    size_t i = 0;
    while (i < len && used < columns) {
        size_t n = utf8_sequence_len(text + i, len - i);
        bool is_last = used + 1 == columns && i + (n > 0 ? n : 1) < len;
        if (is_last) {
            fputs("…", out);
        } else if (shown_len(text + i, len - i) == 0) {
            fputc('?', out);
        } else {
            fwrite(text + i, 1, n, out);
        }
        i += n > 0 ? n : 1;
        used++;
    }
    for (; is_padded && used < columns; used++) {
        fputc(' ', out);
    }
}

void audit_ids_text(const struct book *book, char *out, size_t out_max)
{
    static const char *const flags[] = {
        [BOOK_FLAGS_VARY] = "",
        [BOOK_FLAGS_NEVER_SAMPLED] = ", flags never sampled",
        [BOOK_FLAGS_ALWAYS_SAMPLED] = ", flags always sampled",
    };
    *out = '\0';
    if (book->valid == 0) {
        return;
    }
    double valid = (double)book->valid;
    const struct {
        double share;
        const char *words;
    } parts[] = {
        {(double)book->flagged[0] / valid, "unsampled"},
        {book_note_share(book, NOTE_SAMPLING_UNKNOWN), "without flags"},
        {book_note_share(book, NOTE_LOW64), "64 bits"},
        {book_note_share(book, NOTE_UUID), "UUIDs"},
        {(double)book_top_trace(book, NULL) / valid, "the most frequent"},
    };
    size_t len = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts) && len < out_max; i++) {
        char share[16];
        if (parts[i].share > 0) {
            len += (size_t)snprintf(out + len, out_max - len, "%s%s %s", len > 0 ? ", " : "",
                                    audit_share_text(parts[i].share, share), parts[i].words);
        }
    }
    if (len < out_max) {
        snprintf(out + len, out_max - len, "%s", flags[book_constant_flags(book)]);
    }
}

void audit_others_text(const struct audit_group *group, char *out, size_t out_max)
{
    char number[32];
    *out = '\0';
    if (group->distinct != NULL) {
        snprintf(out, out_max, "about %s services beyond audit.groups_max",
                 audit_number_text(distinct_estimate(group->distinct), number));
    }
}

const char *audit_number_text(uint64_t n, char out[32])
{
    char plain[24];
    int len = snprintf(plain, sizeof(plain), "%" PRIu64, n);
    char *at = out;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            *at++ = ',';
        }
        *at++ = plain[i];
    }
    *at = '\0';
    return out;
}

const char *audit_share_text(double share, char out[16])
{
    double percent = share * 100;
    if (percent > 99.9 && percent < 100) {
        percent = 99.9;
    } else if (percent > 0 && percent < 0.1) {
        percent = 0.1;
    }
    snprintf(out, 16, "%.1f %%", percent);
    return out;
}

const char *audit_records_text(uint64_t n, char out[48])
{
    char number[32];
    snprintf(out, 48, "%s record%s", audit_number_text(n, number), n == 1 ? "" : "s");
    return out;
}

/* Classes whose records have no id that is shipped. */
static const enum trace_class gaps[] = {
    TRACE_ABSENT,           TRACE_PLACEHOLDER,     TRACE_ALL_ZERO,      TRACE_NON_HEX,
    TRACE_MALFORMED_LENGTH, TRACE_MALFORMED_OTHER, TRACE_VENDOR_OPAQUE, TRACE_SPAN_WITHOUT_TRACE,
    TRACE_MESSAGE_ONLY,     TRACE_CONFLICT,
};

static const char *gap_name(enum trace_class c, bool is_instrumented)
{
    return c == TRACE_ABSENT && is_instrumented ? "absent (instrumented)" : trace_class_name(c);
}

/* The most frequent class that is not among `is_used`; TRACE_CLASSES: no more. */
static enum trace_class next_gap(const struct book *book, const bool is_used[TRACE_CLASSES])
{
    enum trace_class top = TRACE_CLASSES;
    for (size_t i = 0; i < ARRAY_LEN(gaps); i++) {
        enum trace_class c = gaps[i];
        if (!is_used[c] && book->classes[c] > 0 &&
            (top == TRACE_CLASSES || book->classes[c] > book->classes[top])) {
            top = c;
        }
    }
    return top;
}

/* False: not all of it fits; then `, …` says so where there is room for that. */
static bool write_gaps(const struct book *book, bool is_instrumented, char *out, size_t out_max)
{
    static const char more[] = ", …";
    bool is_used[TRACE_CLASSES] = {false};
    size_t len = 0;
    out[0] = '\0';
    for (;;) {
        enum trace_class c = next_gap(book, is_used);
        if (c == TRACE_CLASSES) {
            return true;
        }
        char number[32];
        char item[80];
        int n = snprintf(item, sizeof(item), "%s%s %s", len > 0 ? ", " : "",
                         gap_name(c, is_instrumented), audit_number_text(book->classes[c], number));
        is_used[c] = true;
        size_t wanted = (size_t)n + (next_gap(book, is_used) < TRACE_CLASSES ? sizeof(more) : 1);
        if (len + wanted > out_max) {
            snprintf(out + len, out_max - len, "%s", len + sizeof(more) <= out_max ? more : "");
            return false;
        }
        memcpy(out + len, item, (size_t)n + 1);
        len += (size_t)n;
    }
}

void audit_gaps_text(const struct book *book, bool is_instrumented, char *out, size_t out_max)
{
    if (!write_gaps(book, is_instrumented, out, out_max) && is_instrumented) {
        write_gaps(book, false, out, out_max);
    }
}

char *audit_part_text(const struct audit_report *report, const struct audit_part *part)
{
    struct buf text;
    buf_init(&text, PART_TEXT_MAX);
    if (part->is_overflow) {
        return mem_string("(others)");
    }
    for (size_t i = 0; i < report->dimension_count; i++) {
        buf_append_format(&text, "%s%s=%s", i > 0 ? " " : "",
                          audit_dimension_names[report->dimensions[i]],
                          part->values[i] != NULL ? part->values[i] : "(none)");
    }
    return buf_take(&text);
}

/* `checkout, payment and 3 more` */
static void print_below(const struct audit_report *report, FILE *out)
{
    enum { NAMED = 3, NAME_COLUMNS = 24 };
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++) {
        count += report->entries[i].verdict == AUDIT_BELOW;
    }
    for (size_t i = 0; i < count && i < NAMED; i++) { /* they stand first */
        const struct audit_entry *entry = &report->entries[i];
        char share[16];
        fputs(i > 0 ? ", " : "", out);
        audit_print_cell(entry->group->service, NAME_COLUMNS, false, out);
        fprintf(out, " (%s)", audit_share_text(entry->coverage, share));
    }
    if (count > NAMED) {
        fprintf(out, " and %zu more", count - NAMED);
    }
}

static void print_met_or_not(const struct audit_report *report, FILE *out)
{
    if (report->total.records == 0) {
        fputs("there are no records", out);
    } else if (report->is_nothing_traced) {
        fputs("not met, no record of any service has a valid trace id", out);
    } else if (report->count > 0 && report->entries[0].verdict == AUDIT_BELOW) {
        fputs("not met by ", out);
        print_below(report, out);
    } else {
        fputs("met", out);
    }
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        if ((report->failed_on & (1u << c)) != 0) {
            char records[48];
            fprintf(out, "; failed on class %s (%s)", trace_class_name((enum trace_class)c),
                    audit_records_text(report->total.classes[c], records));
        }
    }
}

/* `; worse than the baseline: checkout (98.0 % → 12.0 %) and 3 more` */
static void print_worse(const struct audit_report *report, FILE *out)
{
    enum { NAMED = 3, NAME_COLUMNS = 24 };
    size_t named = 0;
    fprintf(out, report->worse_count > 0 ? "; worse than the baseline: "
                                         : "; no service is worse than in the baseline");
    for (size_t i = 0; i < report->count && named < NAMED; i++) {
        const struct audit_entry *entry = &report->entries[i];
        if (entry->is_worse) {
            char before[16];
            char now[16];
            fputs(named++ > 0 ? ", " : "", out);
            audit_print_cell(entry->group->service, NAME_COLUMNS, false, out);
            fprintf(out, " (%s, was %s)", audit_share_text(entry->coverage, now),
                    audit_share_text(entry->before, before));
        }
    }
    if (report->worse_count > named) {
        fprintf(out, " and %zu more", report->worse_count - named);
    }
    if (report->gone_count > 0) {
        fprintf(out, "; %zu of the baseline's services %s no record here", report->gone_count,
                report->gone_count == 1 ? "has" : "have");
    }
}

char *audit_verdict_text(const struct audit_view *view)
{
    char *text = NULL;
    size_t len = 0;
    char share[16];
    FILE *memory = open_memstream(&text, &len);
    ENSURE(memory != NULL);
    fprintf(memory, "policy: %s of the records of each known traced service: ",
            audit_share_text(view->settings->min_coverage, share));
    print_met_or_not(view->report, memory);
    if (view->report->is_compared) {
        print_worse(view->report, memory);
    }
    fclose(memory);
    return text;
}

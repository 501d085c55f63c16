/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stages.h"

#include <stdlib.h>
#include "base/mem.h"
#include "base/shown.h"
#include "cli/plain_json.h"
#include "otlp/record_json.h"

/* The record as text, to be freed; NULL: it is too large to show. */
static char *show(const struct record *record, struct buf *scratch)
{
    buf_clear(scratch);
    bool fits = plain_json_write_record(record, scratch);
    return fits ? mem_string_from(buf_slice(scratch)) : NULL;
}

static void print_record(const char *stage, const char *text, FILE *out)
{
    shown_print(out, "%-9s", stage);
    shown_put_json(out, slice_from_string(text != NULL ? text : "(too large to show)"));
    fputc('\n', out);
}

static const char *result_name(enum filter_result result)
{
    static const char *const names[] = {
        [FILTER_SKIPPED] = "does not apply",
        [FILTER_DONE] = "done",
        [FILTER_FAILED] = "failed and left it unchanged",
        [FILTER_DROPPED] = "drops it",
    };
    return names[result];
}

static void print_filter(const struct filter_settings *item, const char *result, FILE *out)
{
    const struct settings_place *place = &item->place;
    shown_print(out, "%-9s%s", "filter", item->name);
    if (place->file != NULL) {
        shown_print(out, " (%s:%u)", place->file, place->line);
    }
    shown_print(out, ": %s\n", result);
}

void stages_print_line(const struct record *record, struct buf *scratch, FILE *out)
{
    fputs("line     ", out);
    shown_put(out, record->line);
    fputc('\n', out);
    shown_print(out, "%-9s%s\n", "format", record_format_name(record->format));
    char *text = show(record, scratch);
    print_record("record", text, out);
    free(text);
}

void stages_print_shipped(const struct record *record, const struct settings *settings,
                          struct buf *scratch, FILE *out)
{
    buf_clear(scratch);
    bool fits = otlp_json_write_record(record, settings, scratch);
    fputs("shipped  ", out);
    shown_put_json(out, fits ? buf_slice(scratch) : SLICE("(too large to show)"));
    fputc('\n', out);
}

enum filter_verdict stages_print_filters(struct filters *filters,
                                         const struct filter_settings *items,
                                         struct record *record, uint64_t now_ns,
                                         struct buf *scratch, FILE *out)
{
    size_t count;
    enum filter_result result = FILTER_DONE;
    (void)filters_counts(filters, &count);
    char *before = show(record, scratch);
    for (size_t i = 0; i < count && result != FILTER_DROPPED; i++) {
        result = filters_apply_one(filters, i, record, now_ns);
        char *after = show(record, scratch);
        bool is_same = before != NULL && after != NULL && strcmp(before, after) == 0;
        bool changes = result != FILTER_DROPPED && !is_same;
        print_filter(&items[i], result == FILTER_DONE && is_same ? "changes nothing"
                                                                 : result_name(result), out);
        if (changes) {
            print_record("record", after, out);
        }
        free(before);
        before = after;
    }
    free(before);
    return result == FILTER_DROPPED ? FILTER_DROP : FILTER_KEEP;
}

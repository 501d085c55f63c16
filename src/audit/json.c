/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/json.h"

#include <jansson.h>
#include <stdlib.h>
#include "base/mem.h"
#include "base/utf8.h"

char *audit_json_name(const char *name)
{
    if (name == NULL) {
        return NULL;
    }
    size_t len = strlen(name);
    char *clean = mem_alloc(3 * len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len;) {
        size_t sequence = utf8_sequence_len(name + i, len - i);
        memcpy(clean + n, sequence > 0 ? name + i : "\xef\xbf\xbd", sequence > 0 ? sequence : 3);
        n += sequence > 0 ? sequence : 3;
        i += sequence > 0 ? sequence : 1;
    }
    return clean;
}

static json_t *text(const char *string)
{
    char *clean = audit_json_name(string);
    json_t *made = clean != NULL ? json_string(clean) : json_null();
    free(clean);
    return made;
}

static void set(json_t *object, const char *name, json_t *value)
{
    ENSURE(json_object_set_new(object, name, value) == 0);
}

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

/* A share, to four digits behind the point: 0.9634. */
static json_t *share(double value)
{
    return json_real((double)(int64_t)(value * 10000 + 0.5) / 10000);
}

static json_t *classes_of(const struct book *book)
{
    json_t *classes = json_object();
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        set(classes, trace_class_name((enum trace_class)c), number(book->classes[c]));
    }
    return classes;
}

static json_t *notes_of(const struct book *book)
{
    json_t *notes = json_object();
    for (unsigned n = 0; n < ARRAY_LEN(book->notes); n++) {
        if (book->notes[n] > 0) {
            set(notes, trace_note_name(TRACE_CLASSES + n), number(book->notes[n]));
        }
    }
    return notes;
}

static void set_book(json_t *object, const struct book *book)
{
    set(object, "records", number(book->records));
    set(object, "valid", number(book->valid));
    set(object, "coverage", share(audit_book_coverage(book)));
    set(object, "classes", classes_of(book));
}

static json_t *top_trace_of(const struct book *book)
{
    uint8_t id[16];
    char hex[33];
    uint64_t records = book_top_trace(book, id);
    for (size_t i = 0; i < sizeof(id); i++) {
        snprintf(hex + 2 * i, 3, "%02x", id[i]);
    }
    json_t *top = json_object();
    set(top, "trace_id", json_string(hex));
    set(top, "records", number(records));
    set(top, "share", share(book->valid > 0 ? (double)records / (double)book->valid : 0));
    return top;
}

/* What the valid ids are worth: shares of the valid records. */
static json_t *ids_of(const struct book *book)
{
    static const struct {
        const char *name;
        enum trace_note note;
    } notes[] = {
        {"sampling_unknown", NOTE_SAMPLING_UNKNOWN},
        {"low64", NOTE_LOW64},
        {"uuid", NOTE_UUID},
        {"repaired", NOTE_REPAIRED},
    };
    json_t *ids = json_object();
    set(ids, "unsampled", share((double)book->flagged[0] / (double)book->valid));
    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        set(ids, notes[i].name, share(book_note_share(book, notes[i].note)));
    }
    enum book_flags flags = book_constant_flags(book);
    if (flags != BOOK_FLAGS_VARY) {
        set(ids, "constant_flags",
            json_string(flags == BOOK_FLAGS_NEVER_SAMPLED ? "unsampled" : "sampled"));
    }
    return ids;
}

static json_t *values_of(const struct audit_report *report, const struct audit_part *part)
{
    json_t *values = json_object();
    for (size_t i = 0; i < report->dimension_count; i++) {
        set(values, audit_dimension_names[report->dimensions[i]], text(part->values[i]));
    }
    return values;
}

static json_t *parts_of(const struct audit_report *report, const struct audit_entry *entry)
{
    json_t *parts = json_array();
    for (size_t i = 0; i < entry->part_count; i++) {
        json_t *part = json_object();
        set(part, "by", values_of(report, entry->parts[i]));
        set_book(part, &entry->parts[i]->book);
        if (entry->parts[i]->is_overflow) {
            set(part, "overflow", json_true());
        }
        json_array_append_new(parts, part);
    }
    return parts;
}

static json_t *hints_of(const struct audit_report *report, const struct audit_entry *entry)
{
    json_t *hints = json_array();
    for (size_t i = 0; i < entry->hint_count; i++) {
        const struct audit_hint *from = &entry->hints[i];
        json_t *hint = json_object();
        set(hint, "rule", json_string(from->rule));
        if (from->about < TRACE_CLASSES) {
            set(hint, "class", json_string(trace_class_name(from->about)));
        }
        set(hint, "records", number(from->records));
        set(hint, "cause", json_string(from->cause));
        set(hint, "fix", json_string(from->fix));
        if (from->part != NULL) {
            set(hint, "by", values_of(report, from->part));
        }
        if (from->sample != NULL) {
            set(hint, "sample", text(from->sample));
        }
        json_array_append_new(hints, hint);
    }
    return hints;
}

static json_t *samples_of(const struct audit_group *group)
{
    json_t *samples = json_object();
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        if (group->samples[c] != NULL) {
            set(samples, trace_class_name((enum trace_class)c), text(group->samples[c]));
        }
    }
    return samples;
}

/* NULL as group: all together. An absent service has an empty object. */
static json_t *windows_of(const struct audit_history *history, const struct audit_group *group)
{
    json_t *windows = json_object();
    for (unsigned w = 0; w < AUDIT_WINDOWS; w++) {
        struct audit_span span;
        if (audit_history_find(history, group, (enum audit_window)w, &span)) {
            json_t *window = json_object();
            set(window, "records", number(span.records));
            set(window, "valid", number(span.valid));
            set(window, "coverage", share(audit_span_coverage(&span)));
            set(windows, audit_window_names[w], window);
        }
    }
    return windows;
}

static json_t *group_of(const struct audit_report *report, const struct audit_entry *entry,
                        const struct audit_history *history)
{
    const struct audit_group *group = entry->group;
    json_t *object = json_object();
    set(object, "service", text(group->service));
    if (group->name_space != NULL) {
        set(object, "namespace", text(group->name_space));
    }
    set_book(object, &group->book);
    set(object, "notes", notes_of(&group->book));
    if (history != NULL) {
        set(object, "windows", windows_of(history, group));
    }
    set(object, "verdict", json_string(audit_verdict_name(entry->verdict)));
    set(object, "min_coverage", share(entry->min_coverage));
    set(object, "traced", json_boolean(entry->is_traced));
    set(object, "instrumented", json_boolean(entry->is_instrumented));
    if (entry->has_before) {
        json_t *baseline = json_object();
        set(baseline, "coverage", share(entry->before));
        set(baseline, "worse", json_boolean(entry->is_worse));
        set(object, "baseline", baseline);
    }
    if (entry->ecosystem != ECOSYSTEM_UNKNOWN) {
        set(object, "ecosystem", json_string(ecosystem_name(entry->ecosystem)));
    }
    if (group->book.valid > 0) {
        set(object, "top_trace", top_trace_of(&group->book));
        set(object, "ids", ids_of(&group->book));
    }
    if (group->is_overflow) {
        set(object, "overflow", json_true());
        set(object, "services", number(distinct_estimate(group->distinct)));
    }
    set(object, "hints", hints_of(report, entry));
    set(object, "samples", samples_of(group));
    if (report->dimension_count > 0) {
        set(object, "parts", parts_of(report, entry));
    }
    return object;
}

static json_t *policy_of(const struct audit_report *report, const struct audit_settings *settings)
{
    json_t *policy = json_object();
    json_t *failed = json_array();
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        if ((report->failed_on & (1u << c)) != 0) {
            json_array_append_new(failed, json_string(trace_class_name((enum trace_class)c)));
        }
    }
    set(policy, "min_coverage", share(settings->min_coverage));
    set(policy, "min_records", number(settings->min_records));
    set(policy, "met", json_boolean(report->is_met));
    set(policy, "failed_on", failed);
    return policy;
}

/* Names as OpenTelemetry writes them, so that a backend can ask for them. */
char *audit_json_summary(const struct audit_report *report, const struct audit_entry *entry,
                         const struct audit_history *history)
{
    const struct audit_group *group = entry != NULL ? entry->group : NULL;
    const struct book *book = group != NULL ? &group->book : &report->total;
    bool is_below = group != NULL && audit_history_is_below(history, group);
    json_t *line = json_object();
    set(line, "level", json_string(is_below ? "warn" : "info"));
    set(line, "message",
        json_string(group != NULL ? "trace coverage of a service"
                                  : "trace coverage of all services"));
    set(line, "logger", json_string("clew.audit"));
    if (group != NULL) {
        set(line, "clew.audit.service", text(group->service));
        if (group->name_space != NULL) {
            set(line, "clew.audit.namespace", text(group->name_space));
        }
        set(line, "clew.audit.verdict", json_string(audit_verdict_name(entry->verdict)));
        set(line, "clew.audit.min_coverage", share(entry->min_coverage));
        set(line, "clew.audit.below", json_boolean(is_below));
    }
    set(line, "clew.audit.records", number(book->records));
    set(line, "clew.audit.valid", number(book->valid));
    set(line, "clew.audit.coverage", share(audit_book_coverage(book)));
    set(line, "clew.audit.windows", windows_of(history, group));
    char *dumped = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    ENSURE(dumped != NULL);
    json_decref(line);
    return dumped;
}

#define DUMP_FLAGS (JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6))

static json_t *preservation_of(const struct audit_preservation *from)
{
    json_t *preservation = json_object();
    set(preservation, "ids_in", number(from->ids_in));
    set(preservation, "ids_out", number(from->ids_out));
    set(preservation, "fields_in", number(from->fields_in));
    set(preservation, "fields_out", number(from->fields_out));
    if (from->has_filters) {
        set(preservation, "ids_filtered", number(from->ids_filtered));
        set(preservation, "ids_added", number(from->ids_added));
    }
    return preservation;
}

static json_t *page_of(const struct audit_report *report, const struct audit_page *page)
{
    size_t end = page->first + page->count;
    json_t *object = json_object();
    set(object, "services", number(report->services));
    set(object, "offset", number(page->first));
    set(object, "limit", number(page->count));
    set(object, "next", end < report->services ? number(end) : json_null());
    return object;
}

static json_t *whole_of(const struct audit_report *report, const struct audit_settings *settings,
                        const struct audit_history *history, const struct audit_page *page)
{
    json_t *root = json_object();
    set(root, "version", json_integer(AUDIT_JSON_VERSION));
    set_book(root, &report->total);
    if (history != NULL) {
        set(root, "windows", windows_of(history, NULL));
    }
    set(root, "policy", policy_of(report, settings));
    set(root, "preservation", preservation_of(&report->preservation));
    if (report->is_compared) {
        json_t *baseline = json_object();
        set(baseline, "worse", number(report->worse_count));
        set(baseline, "gone", number(report->gone_count));
        set(root, "baseline", baseline);
    }
    if (page != NULL) {
        set(root, "page", page_of(report, page));
    }
    return root;
}

bool audit_json_begin(const struct audit_report *report, const struct audit_settings *settings,
                      const struct audit_history *history, const struct audit_page *page,
                      struct buf *out)
{
    json_t *root = whole_of(report, settings, history, page);
    char *text = json_dumps(root, DUMP_FLAGS);
    ENSURE(text != NULL);
    size_t len = strlen(text);
    ENSURE(len > 2 && memcmp(text + len - 2, "\n}", 2) == 0);
    bool fits = buf_append(out, text, len - 2) && buf_append_string(out, ",\n  \"groups\": [");
    free(text);
    json_decref(root);
    return fits;
}

/* Every line of it four columns further in. A newline in a text is written as two characters. */
static bool append_indented(struct buf *out, const char *text)
{
    bool fits = true;
    for (const char *line = text; fits && *line != '\0';) {
        size_t len = strcspn(line, "\n");
        fits = buf_append_string(out, "\n    ") && buf_append(out, line, len);
        line += len + (line[len] == '\n');
    }
    return fits;
}

bool audit_json_group(const struct audit_report *report, size_t index,
                      const struct audit_history *history, struct buf *out)
{
    json_t *group = group_of(report, &report->entries[index], history);
    char *text = json_dumps(group, DUMP_FLAGS);
    ENSURE(text != NULL);
    bool fits = (index == 0 || buf_append_string(out, ",")) && append_indented(out, text);
    free(text);
    json_decref(group);
    return fits;
}

bool audit_json_end(const struct audit_report *report, struct buf *out)
{
    return buf_append_string(out, report->count > 0 ? "\n  ]\n}\n" : "]\n}\n");
}

char *audit_json(const struct audit_report *report, const struct audit_settings *settings,
                 const struct audit_history *history)
{
    struct buf out;
    buf_init(&out, SIZE_MAX);
    audit_json_begin(report, settings, history, NULL, &out);
    for (size_t i = 0; i < report->count; i++) {
        audit_json_group(report, i, history, &out);
    }
    audit_json_end(report, &out);
    return buf_take(&out);
}

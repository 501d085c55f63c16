/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "base/mem.h"
#include "base/utf8.h"
#include "input/journal_entry.h"
#include "parse_case.h"
#include "parsers/journal_message.h"
#include "parsers/parsers.h"

/*
 * Entries of a journal with any bytes in them. What is written is one JSON object within its limit,
 * which read back gives each field as the journal had it, in order; only where it says so is something
 * left out. And what the message says never takes a field of the entry away.
 *
 * The first two bytes are the limit and the format, then come fields with a byte 0x1E between, of which
 * the first is the message.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEPARATOR = 0x1E, FIELDS_MAX = 64, LINE_MAX_BYTES = 1 << 20 };

struct entry {
    struct slice message;
    struct slice fields[FIELDS_MAX];
    size_t count;
};

static struct entry cut(struct slice text)
{
    struct entry entry = {.message = {NULL, 0}};
    bool is_message = true;
    while (text.len > 0) {
        const char *end = memchr(text.data, SEPARATOR, text.len);
        struct slice piece = slice_make(text.data, end != NULL ? (size_t)(end - text.data) : text.len);
        text = slice_skip(text, piece.len + (end != NULL ? 1 : 0));
        if (is_message) {
            entry.message = piece;
            is_message = false;
        } else if (entry.count < FIELDS_MAX) {
            entry.fields[entry.count++] = piece;
        }
    }
    return entry;
}

static bool write_entry(const struct entry *entry, struct buf *line)
{
    bool is_whole = journal_entry_begin(line, 1, entry->message);
    for (size_t i = 0; i < entry->count; i++) {
        is_whole &= journal_entry_add(line, entry->fields[i]);
    }
    journal_entry_end(line);
    return is_whole;
}

/* The names that become others, as docs/inputs.md has them. */
static struct slice rename_field(struct slice name)
{
    static const struct slice pairs[][2] = {
        {SLICE("_PID"), SLICE("process.pid")},
        {SLICE("_EXE"), SLICE("process.executable.path")},
        {SLICE("_CMDLINE"), SLICE("process.command_line")},
        {SLICE("_HOSTNAME"), SLICE("host.name")},
        {SLICE("SYSLOG_FACILITY"), SLICE("syslog.facility.code")},
        {SLICE("CODE_FILE"), SLICE("code.file.path")},
        {SLICE("CODE_LINE"), SLICE("code.line.number")},
        {SLICE("CODE_FUNC"), SLICE("code.function.name")},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        name = slice_is_equal(name, pairs[i][0]) ? pairs[i][1] : name;
    }
    return name.len > 0 ? name : SLICE("_"); /* OTLP has no empty names */
}

/* Is `value` the field's, or the next of its values? A field takes part once: what was compared is
 * marked as removed. */
static bool take_value(struct fields *fields, struct slice name, struct slice value)
{
    struct field *field = fields_find(fields, name);
    if (field == NULL) {
        return false;
    }
    uint32_t at = (uint32_t)(field - fields->items);
    uint32_t end = (field->flags & FIELD_REPEATED) != 0 ? field->next : at + 1;
    for (uint32_t i = (field->flags & FIELD_REPEATED) != 0 ? at + 1 : at; i < end; i++) {
        struct field *one = &fields->items[i];
        if ((one->flags & FIELD_REMOVED) == 0) {
            one->flags |= FIELD_REMOVED;
            return slice_is_equal(field_text(one), value);
        }
    }
    return false;
}

static bool has_name(struct slice field, struct slice *out_name)
{
    const char *equals = field.len > 0 ? memchr(field.data, '=', field.len) : NULL;
    *out_name = slice_make(field.data, equals != NULL ? (size_t)(equals - field.data) : 0);
    return equals != NULL;
}

static bool has_good_names(const struct entry *entry)
{
    for (size_t i = 0; i < entry->count; i++) {
        struct slice name;
        if (has_name(entry->fields[i], &name) && !utf8_is_valid(name.data, name.len)) {
            return false;
        }
    }
    return true;
}

static void check_fields(const struct entry *entry, struct fields *fields)
{
    ENSURE(take_value(fields, SLICE("__REALTIME_TIMESTAMP"), SLICE("1")));
    if (entry->message.data != NULL) {
        ENSURE(take_value(fields, SLICE("MESSAGE"), entry->message));
    }
    for (size_t i = 0; i < entry->count; i++) {
        struct slice name;
        if (has_name(entry->fields[i], &name)) {
            ENSURE(take_value(fields, rename_field(name),
                              slice_skip(entry->fields[i], name.len + 1)));
        }
    }
    for (uint32_t i = 0; i < fields->count; i++) {
        ENSURE((fields->items[i].flags & (FIELD_REMOVED | FIELD_REPEATED)) != 0);
    }
}

/* Every field of the entry but the message is there, alone or among the values of its name. */
static void check_kept(struct fields *all, const struct fields *entry)
{
    for (uint32_t i = 0; i < entry->count; i = entry->items[i].next) {
        const struct field *one = &entry->items[i];
        struct field *found = fields_find(all, field_key(one));
        ENSURE(found != NULL || slice_is_equal(field_key(one), SLICE("MESSAGE")));
        ENSURE(found == NULL || found->kind == one->kind || found->kind == FIELD_ARRAY ||
               slice_is_equal(field_key(one), SLICE("MESSAGE")));
    }
}

static void check_message(struct slice line, enum parse_format format)
{
    struct parse_case c;
    struct fields entry;
    parse_case_init(&c, &parser_json);
    fields_init(&entry, CASE_FIELDS_MAX);
    for (int round = 0; round < 2; round++) { /* the second time by a known shape */
        record_begin(&c.record);
        enum parse_result result = journal_message_parse(line, format, &c.limits, &entry, &c.record);
        ENSURE(result == PARSE_OK);
        check_kept(&c.record.fields, &entry);
        for (uint32_t i = 0; i < c.record.fields.count; i = c.record.fields.items[i].next) {
            const struct field *field = &c.record.fields.items[i];
            ENSURE(field->next > i && field->next <= c.record.fields.count);
            ENSURE(fields_find(&c.record.fields, field_key(field)) == field);
        }
    }
    fields_fini(&entry);
    parse_case_fini(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct entry entry = cut(slice_make((const char *)data + 2, size - 2));
    size_t limit = data[0] < 128 ? 64 + 4 * (size_t)data[0] : LINE_MAX_BYTES;
    struct buf line;
    struct parse_case c;
    buf_init(&line, limit);
    parse_case_init(&c, &parser_json);
    bool is_whole = write_entry(&entry, &line);
    ENSURE(line.len <= limit);
    if (has_good_names(&entry)) { /* a journal has no others */
        ENSURE(parse_case_run(&c, buf_slice(&line)) == PARSE_OK);
        if (is_whole) {
            check_fields(&entry, &c.record.fields);
        }
        check_message(buf_slice(&line), (enum parse_format)(data[1] % (PARSE_FORMAT_SYSLOG + 1)));
    }
    parse_case_fini(&c);
    buf_fini(&line);
    return 0;
}

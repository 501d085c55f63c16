/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/journal_message.h"

#include "base/mem.h"
#include "parsers/parsers.h"

#define MESSAGE SLICE("MESSAGE")

static bool may_try(const struct parser *parser, enum parse_format format)
{
    return format == PARSE_FORMAT_AUTO ||
           (format == PARSE_FORMAT_JSON && parser->format == FORMAT_JSON) ||
           (format == PARSE_FORMAT_LOGFMT && parser->format == FORMAT_LOGFMT);
}

/* The message's own fields into the record's table. False: it is a text. */
static bool parse_message(const struct field *message, enum parse_format format,
                          const struct parse_limits *limits, struct record *record)
{
    static const struct parser *const parsers[] = {&parser_json, &parser_logfmt};
    bool is_text = message != NULL && message->kind == FIELD_STRING;
    for (size_t i = 0; is_text && i < sizeof(parsers) / sizeof(*parsers); i++) {
        if (may_try(parsers[i], format) &&
            parsers[i]->parse(field_text(message), limits, record) == PARSE_OK) {
            return true;
        }
    }
    return false;
}

/* A field of the entry and all it holds, at the end. */
static bool append(struct fields *fields, const struct field *items, uint32_t at)
{
    uint32_t count = items[at].next - at;
    uint32_t begin = fields->count;
    for (uint32_t i = 0; i < count; i++) {
        struct field *field = fields_add(fields);
        if (field == NULL) {
            return false;
        }
        *field = items[at + i];
        field->next = items[at + i].next - at + begin;
    }
    return true;
}

/* All fields of the entry but `except`, behind those that are there. */
static bool append_all(struct fields *fields, const struct fields *entry,
                       const struct field *except)
{
    bool is_repeated = false;
    fields->shape = NULL; /* that is what the message has in common with others, not this table */
    for (uint32_t i = 0; i < entry->count; i = entry->items[i].next) {
        const struct field *field = &entry->items[i];
        if (field == except) {
            continue;
        }
        is_repeated = is_repeated ||
                      (except != NULL && fields_find(fields, field_key(field)) != NULL);
        if (!append(fields, entry->items, i)) {
            return false;
        }
    }
    return !is_repeated || fields_merge_repeated(fields);
}

enum parse_result journal_message_parse(struct slice line, enum parse_format format,
                                        const struct parse_limits *limits, struct fields *entry,
                                        struct record *record)
{
    struct record outer = {.fields = *entry, .arena = record->arena};
    enum parse_result result = parser_json.parse(line, limits, &outer);
    *entry = outer.fields; /* its memory may have moved */
    if (result != PARSE_OK) {
        return result;
    }
    const struct field *message = fields_find(entry, MESSAGE);
    if (parse_message(message, format, limits, record) &&
        append_all(&record->fields, entry, message)) {
        return PARSE_OK;
    }
    fields_clear(&record->fields);
    record->format = FORMAT_JSON;
    bool fits = append_all(&record->fields, entry, NULL);
    ENSURE(fits); /* its own table was no larger */
    return PARSE_OK;
}

struct slice journal_message_unit(struct fields *fields)
{
    static const struct slice end = {".service", 8};
    const struct field *field = fields_find(fields, SLICE("_SYSTEMD_UNIT"));
    struct slice unit = field != NULL && field->kind == FIELD_STRING ? field_text(field)
                                                                    : slice_make(NULL, 0);
    if (unit.len <= end.len ||
        !slice_is_equal(slice_skip(unit, unit.len - end.len), end)) {
        return slice_make(NULL, 0);
    }
    const char *at = memchr(unit.data, '@', unit.len);
    return slice_make(unit.data, at != NULL ? (size_t)(at - unit.data) : unit.len - end.len);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/otlp_line.h"

#include "record/keys.h"
#include "resolve/severity.h"
#include "resolve/time/timestamp.h"

/* The member `key` of object `parent`, NULL if there is none; NULL has none. */
static const struct field *member(const struct fields *fields, const struct field *parent,
                                  struct slice key)
{
    if (parent == NULL || parent->kind != FIELD_OBJECT) {
        return NULL;
    }
    uint32_t index = (uint32_t)(parent - fields->items);
    for (uint32_t i = index + 1; i < parent->next; i = fields->items[i].next) {
        if (slice_is_equal(field_key(&fields->items[i]), key)) {
            return &fields->items[i];
        }
    }
    return NULL;
}

static const struct field *first_element(const struct fields *fields, const struct field *array)
{
    if (array == NULL || array->kind != FIELD_ARRAY) {
        return NULL;
    }
    uint32_t index = (uint32_t)(array - fields->items) + 1;
    return index < array->next ? &fields->items[index] : NULL;
}

static struct slice string_of(const struct field *field)
{
    return field != NULL && field->kind == FIELD_STRING ? field_text(field) : slice_make(NULL, 0);
}

/* The string under `key` in a list of `{"key":…,"value":{"stringValue":…}}`. */
static struct slice attribute(const struct fields *fields, const struct field *list,
                              struct slice key)
{
    if (list == NULL || list->kind != FIELD_ARRAY) {
        return slice_make(NULL, 0);
    }
    uint32_t index = (uint32_t)(list - fields->items);
    for (uint32_t i = index + 1; i < list->next; i = fields->items[i].next) {
        const struct field *entry = &fields->items[i];
        if (slice_is_equal(string_of(member(fields, entry, SLICE("key"))), key)) {
            const struct field *value = member(fields, entry, SLICE("value"));
            return string_of(member(fields, value, SLICE("stringValue")));
        }
    }
    return slice_make(NULL, 0);
}

/* Both are decimal text, in a JSON number or in a string. */
static uint64_t read_nanos(const struct field *field)
{
    uint64_t ns;
    return field != NULL && timestamp_from_units(field_text(field), 1000000000, &ns) ? ns : 0;
}

static void read_log_record(const struct fields *fields, const struct field *log,
                            struct record *record)
{
    const struct field *number = member(fields, log, SLICE("severityNumber"));
    record->time_ns = read_nanos(member(fields, log, SLICE("timeUnixNano")));
    if (record->time_ns == 0) {
        record->time_ns = read_nanos(member(fields, log, SLICE("observedTimeUnixNano")));
    }
    if (number != NULL && number->kind == FIELD_INT) {
        record->severity_number = severity_from_number(number->value.i, SCALE_OTLP);
    }
    record->severity_text = string_of(member(fields, log, SLICE("severityText")));
    if (record->severity_number == 0) {
        record->severity_number = severity_from_text(record->severity_text, SEVERITY_SYSLOG);
    }
    const struct field *body = member(fields, log, SLICE("body"));
    record->body_text = string_of(member(fields, body, SLICE("stringValue")));
    record->has_body_text = record->body_text.len > 0;
}

bool otlp_line_read(struct record *record)
{
    const struct fields *fields = &record->fields;
    const struct field *top = fields->count > 0 ? &fields->items[0] : NULL;
    if (top == NULL || top->key_id != KEY_RESOURCE_LOGS || top->kind != FIELD_ARRAY) {
        return false;
    }
    record->format = FORMAT_OTLP;
    const struct field *group = first_element(fields, top);
    const struct field *resource = member(fields, group, SLICE("resource"));
    const struct field *attributes = member(fields, resource, SLICE("attributes"));
    const struct field *scope = first_element(fields, member(fields, group, SLICE("scopeLogs")));
    const struct field *logs = member(fields, scope, SLICE("logRecords"));
    record->service = attribute(fields, attributes, SLICE("service.name"));
    record->service_namespace = attribute(fields, attributes, SLICE("service.namespace"));
    record->logger =
        string_of(member(fields, member(fields, scope, SLICE("scope")), SLICE("name")));
    read_log_record(fields, first_element(fields, logs), record);
    return true;
}

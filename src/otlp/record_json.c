/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/record_json.h"

#include <inttypes.h>
#include "base/json_write.h"
#include "base/utf8.h"
#include "otlp/nesting.h"
#include "record/extra_attributes.h"

/* Whether a comma is due is seen from the last byte; whether all of it did fit is asked at the end.
 */
struct writer {
    struct buf *out;
    bool fits;
};

static void put(struct writer *writer, const char *text)
{
    writer->fits = writer->fits && buf_append_string(writer->out, text);
}

static void put_comma(struct writer *writer)
{
    char last = writer->out->data[writer->out->len - 1];
    if (last != '{' && last != '[') {
        put(writer, ",");
    }
}

static void put_name(struct writer *writer, const char *name)
{
    put_comma(writer);
    put(writer, "\"");
    put(writer, name);
    put(writer, "\":");
}

static void put_string(struct writer *writer, struct slice text)
{
    writer->fits = writer->fits && json_write_string(writer->out, text);
}

static void put_number(struct writer *writer, const char *name, uint64_t number)
{
    put_name(writer, name);
    writer->fits = writer->fits && buf_append_format(writer->out, "%" PRIu64, number);
}

static void put_time(struct writer *writer, const char *name, uint64_t time_ns)
{
    if (time_ns != 0) {
        put_name(writer, name);
        writer->fits = writer->fits && json_write_uint64(writer->out, time_ns);
    }
}

static void put_id(struct writer *writer, const char *name, const uint8_t *id, size_t len)
{
    put_name(writer, name);
    writer->fits = writer->fits && json_write_hex(writer->out, slice_make((const char *)id, len));
}

static bool is_shipped(const struct field *field)
{
    return (field->flags & (FIELD_MOVED | FIELD_REMOVED)) == 0;
}

/* ---- values ---- */

static void put_string_value(struct writer *writer, struct slice text)
{
    put(writer, "{\"stringValue\":");
    put_string(writer, text);
    put(writer, "}");
}

static void put_bytes_value(struct writer *writer, struct slice bytes)
{
    put(writer, "{\"bytesValue\":");
    writer->fits = writer->fits && json_write_base64(writer->out, bytes);
    put(writer, "}");
}

static void put_scalar(struct writer *writer, const struct field *field)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_BOOL:
        put(writer, field->value.b ? "{\"boolValue\":true}" : "{\"boolValue\":false}");
        break;
    case FIELD_INT:
        put(writer, "{\"intValue\":");
        writer->fits = writer->fits && json_write_int64(writer->out, field->value.i);
        put(writer, "}");
        break;
    case FIELD_DOUBLE:
        put(writer, "{\"doubleValue\":");
        writer->fits = writer->fits && json_write_double(writer->out, field->value.d);
        put(writer, "}");
        break;
    case FIELD_NUMBER:
    case FIELD_STRING:
        put_string_value(writer, field_text(field));
        break;
    case FIELD_BYTES:
        put_bytes_value(writer, field_text(field));
        break;
    case FIELD_NULL:
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        put(writer, "{}");
        break;
    }
}

static void put_value(struct writer *writer, const struct field *items, uint32_t index,
                      uint32_t levels);

/* A KeyValue, or the bare value of an array's element. */
static void put_item(struct writer *writer, const struct field *items, uint32_t index, bool has_key,
                     uint32_t levels)
{
    put_comma(writer);
    if (has_key) {
        put(writer, "{\"key\":");
        put_string(writer, field_key(&items[index]));
        put(writer, ",\"value\":");
    }
    put_value(writer, items, index, levels);
    put(writer, has_key ? "}" : "");
}

static void put_items(struct writer *writer, const struct field *items, uint32_t begin,
                      uint32_t end, bool has_key, uint32_t levels)
{
    for (uint32_t i = begin; i < end && writer->fits; i = items[i].next) {
        if (is_shipped(&items[i])) {
            put_item(writer, items, i, has_key, levels);
        }
    }
}

/* What is nested too deep, as the encoder has it. */
static void put_text_value(struct writer *writer, const struct field *items, uint32_t index)
{
    struct buf text;
    buf_init(&text, writer->out->limit);
    writer->fits = writer->fits && nesting_write_text(items, index, &text);
    bool is_utf8 = utf8_is_valid(text.data, text.len);
    (is_utf8 ? put_string_value : put_bytes_value)(writer, buf_slice(&text));
    buf_fini(&text);
}

/* `levels`: how many containers may be nested here, this one included. */
static void put_value(struct writer *writer, const struct field *items, uint32_t index,
                      uint32_t levels)
{
    const struct field *field = &items[index];
    if (field->kind != FIELD_OBJECT && field->kind != FIELD_ARRAY) {
        put_scalar(writer, field);
        return;
    }
    if (levels == 0) {
        put_text_value(writer, items, index);
        return;
    }
    bool has_keys = field->kind == FIELD_OBJECT;
    put(writer, has_keys ? "{\"kvlistValue\":{\"values\":[" : "{\"arrayValue\":{\"values\":[");
    put_items(writer, items, index + 1, field->next, has_keys, levels - 1);
    put(writer, "]}}");
}

/* ---- the parts of the object ---- */

static void put_body(struct writer *writer, const struct record *record, uint32_t levels)
{
    struct slice text = record->body_text;
    if (record->has_body_text) {
        put_name(writer, "body");
        bool is_utf8 = utf8_is_valid(text.data, text.len);
        (is_utf8 ? put_string_value : put_bytes_value)(writer, text);
    } else if (record->body_field != NO_FIELD) {
        put_name(writer, "body");
        put_value(writer, record->fields.items, record->body_field, levels);
    }
}

static void put_attributes(struct writer *writer, const struct record *record, uint32_t levels)
{
    struct extra_attributes extra;
    extra_attributes_fill(record, &extra);
    put_name(writer, "attributes");
    put(writer, "[");
    put_items(writer, record->fields.items, 0, record->fields.count, true, levels);
    for (uint32_t i = 0; i < extra.count; i++) {
        put_item(writer, extra.items, i, true, levels);
    }
    put(writer, "]");
}

static void put_resource(struct writer *writer, const struct record *record,
                         const struct settings *settings)
{
    struct field fields[RESOURCE_FIELDS];
    put_name(writer, "resource");
    put(writer, "{\"attributes\":[");
    for (struct resource_walk walk = resource_walk_begin(record, settings);
         resource_walk_next(&walk, fields);) {
        put_item(writer, fields, 0, true, RESOURCE_FIELDS);
    }
    put(writer, "]}");
}

static void put_findings(struct writer *writer, const struct record *record)
{
    put_name(writer, "clew");
    put(writer, "{\"format\":");
    put_string(writer, slice_from_string(record_format_name(record->format)));
    put(writer, ",\"trace_class\":");
    put_string(writer, slice_from_string(trace_class_name(record->trace_class)));
    put(writer, ",\"also\":[");
    for (unsigned bit = 0; bit < TRACE_NOTES_END; bit++) {
        if ((record->also >> bit & 1) != 0) {
            put_comma(writer);
            put_string(writer, slice_from_string(trace_note_name(bit)));
        }
    }
    put(writer, "]}");
}

static void put_severity(struct writer *writer, const struct record *record)
{
    struct slice text = record->severity_text;
    if (record->severity_number != 0) {
        put_number(writer, "severityNumber", record->severity_number);
    }
    /* As the encoder has it: a level that is not UTF-8 is none. */
    if (text.len > 0 && utf8_is_valid(text.data, text.len)) {
        put_name(writer, "severityText");
        put_string(writer, text);
    }
}

static void put_ids(struct writer *writer, const struct record *record)
{
    if (record->dropped_attributes != 0) {
        put_number(writer, "droppedAttributesCount", record->dropped_attributes);
    }
    if (record->has_flags) {
        put_number(writer, "flags", record->flags);
    }
    if (record->has_trace_id) {
        put_id(writer, "traceId", record->trace_id, sizeof(record->trace_id));
    }
    if (record->has_span_id) {
        put_id(writer, "spanId", record->span_id, sizeof(record->span_id));
    }
}

bool otlp_json_write_record(const struct record *record, const struct settings *settings,
                            struct buf *out)
{
    struct writer writer = {.out = out, .fits = buf_append(out, "{", 1)};
    uint32_t levels = nesting_levels(settings->parse.depth_max);
    if (!writer.fits) {
        return false;
    }
    put_time(&writer, "timeUnixNano", record->time_ns);
    put_time(&writer, "observedTimeUnixNano", record->observed_time_ns);
    put_severity(&writer, record);
    put_body(&writer, record, levels);
    put_attributes(&writer, record, levels);
    put_ids(&writer, record);
    put_resource(&writer, record, settings);
    put_findings(&writer, record);
    put(&writer, "}");
    return writer.fits;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/write_json.h"

/*
 * Whether a comma is due is seen from the last byte written: none behind a bracket that opens. A
 * buf that is full stays full of what it has, so errors are looked for once, at the end.
 */

#include "base/json_write.h"
#include "otlp.pb-c.h"

struct writer {
    struct buf *out;
    bool fits;
};

static struct slice bytes_of(ProtobufCBinaryData data)
{
    return slice_make((const char *)data.data, data.len);
}

static void put(struct writer *writer, const char *text)
{
    writer->fits = writer->fits && buf_append_string(writer->out, text);
}

static void put_comma(struct writer *writer)
{
    char last = writer->out->len > 0 ? writer->out->data[writer->out->len - 1] : '{';
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

static void put_string(struct writer *writer, ProtobufCBinaryData text)
{
    writer->fits = writer->fits && json_write_string(writer->out, bytes_of(text));
}

static void put_text_member(struct writer *writer, const char *name, ProtobufCBinaryData text)
{
    if (text.len > 0) {
        put_name(writer, name);
        put_string(writer, text);
    }
}

static void put_id_member(struct writer *writer, const char *name, ProtobufCBinaryData id)
{
    if (id.len > 0) {
        put_name(writer, name);
        writer->fits = writer->fits && json_write_hex(writer->out, bytes_of(id));
    }
}

static void put_number_member(struct writer *writer, const char *name, int64_t number)
{
    if (number != 0) {
        put_name(writer, name);
        writer->fits = writer->fits && buf_append_format(writer->out, "%lld", (long long)number);
    }
}

static void put_time_member(struct writer *writer, const char *name, uint64_t time_ns)
{
    if (time_ns != 0) {
        put_name(writer, name);
        writer->fits = writer->fits && json_write_uint64(writer->out, time_ns);
    }
}

static void put_value(struct writer *writer, const Otlp__AnyValue *value);

static void put_attributes(struct writer *writer, const char *name,
                           Otlp__KeyValue *const *attributes, size_t n)
{
    put_name(writer, name);
    put(writer, "[");
    for (size_t i = 0; i < n && writer->fits; i++) {
        put_comma(writer);
        put(writer, "{\"key\":");
        put_string(writer, attributes[i]->key);
        if (attributes[i]->value != NULL) {
            put_name(writer, "value");
            put_value(writer, attributes[i]->value);
        }
        put(writer, "}");
    }
    put(writer, "]");
}

static void put_array(struct writer *writer, const Otlp__ArrayValue *array)
{
    put(writer, "{\"values\":[");
    for (size_t i = 0; i < array->n_values && writer->fits; i++) {
        put_comma(writer);
        put_value(writer, array->values[i]);
    }
    put(writer, "]}");
}

/* Inside a oneof a default value is a value: it is written. */
static void put_value(struct writer *writer, const Otlp__AnyValue *value)
{
    put(writer, "{");
    switch (value->value_case) {
    case OTLP__ANY_VALUE__VALUE_STRING_VALUE:
        put_name(writer, "stringValue");
        put_string(writer, value->string_value);
        break;
    case OTLP__ANY_VALUE__VALUE_BOOL_VALUE:
        put_name(writer, "boolValue");
        put(writer, value->bool_value ? "true" : "false");
        break;
    case OTLP__ANY_VALUE__VALUE_INT_VALUE:
        put_name(writer, "intValue");
        writer->fits = writer->fits && json_write_int64(writer->out, value->int_value);
        break;
    case OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE:
        put_name(writer, "doubleValue");
        writer->fits = writer->fits && json_write_double(writer->out, value->double_value);
        break;
    case OTLP__ANY_VALUE__VALUE_ARRAY_VALUE:
        put_name(writer, "arrayValue");
        put_array(writer, value->array_value);
        break;
    case OTLP__ANY_VALUE__VALUE_KVLIST_VALUE:
        put_name(writer, "kvlistValue");
        put(writer, "{");
        put_attributes(writer, "values", value->kvlist_value->values,
                       value->kvlist_value->n_values);
        put(writer, "}");
        break;
    case OTLP__ANY_VALUE__VALUE_BYTES_VALUE:
        put_name(writer, "bytesValue");
        writer->fits = writer->fits && json_write_base64(writer->out, bytes_of(value->bytes_value));
        break;
    default: /* none: a null */
        break;
    }
    put(writer, "}");
}

static void put_record(struct writer *writer, const Otlp__LogRecord *record)
{
    put(writer, "{");
    put_time_member(writer, "timeUnixNano", record->time_unix_nano);
    put_time_member(writer, "observedTimeUnixNano", record->observed_time_unix_nano);
    put_number_member(writer, "severityNumber", record->severity_number);
    put_text_member(writer, "severityText", record->severity_text);
    put_text_member(writer, "eventName", record->event_name);
    if (record->body != NULL) {
        put_name(writer, "body");
        put_value(writer, record->body);
    }
    if (record->n_attributes > 0) {
        put_attributes(writer, "attributes", record->attributes, record->n_attributes);
    }
    put_number_member(writer, "droppedAttributesCount", record->dropped_attributes_count);
    put_number_member(writer, "flags", record->flags);
    put_id_member(writer, "traceId", record->trace_id);
    put_id_member(writer, "spanId", record->span_id);
    put(writer, "}");
}

static void put_scope(struct writer *writer, const Otlp__InstrumentationScope *scope)
{
    put_name(writer, "scope");
    put(writer, "{");
    put_text_member(writer, "name", scope->name);
    put_text_member(writer, "version", scope->version);
    if (scope->n_attributes > 0) {
        put_attributes(writer, "attributes", scope->attributes, scope->n_attributes);
    }
    put_number_member(writer, "droppedAttributesCount", scope->dropped_attributes_count);
    put(writer, "}");
}

static void put_scope_logs(struct writer *writer, const Otlp__ScopeLogs *logs)
{
    put(writer, "{");
    if (logs->scope != NULL) {
        put_scope(writer, logs->scope);
    }
    put_name(writer, "logRecords");
    put(writer, "[");
    for (size_t i = 0; i < logs->n_log_records && writer->fits; i++) {
        put_comma(writer);
        put_record(writer, logs->log_records[i]);
    }
    put(writer, "]");
    put_text_member(writer, "schemaUrl", logs->schema_url);
    put(writer, "}");
}

static void put_resource(struct writer *writer, const Otlp__Resource *resource)
{
    put_name(writer, "resource");
    put(writer, "{");
    if (resource->n_attributes > 0) {
        put_attributes(writer, "attributes", resource->attributes, resource->n_attributes);
    }
    put_number_member(writer, "droppedAttributesCount", resource->dropped_attributes_count);
    put(writer, "}");
}

static void put_resource_logs(struct writer *writer, const Otlp__ResourceLogs *logs)
{
    put(writer, "{");
    if (logs->resource != NULL) {
        put_resource(writer, logs->resource);
    }
    put_name(writer, "scopeLogs");
    put(writer, "[");
    for (size_t i = 0; i < logs->n_scope_logs && writer->fits; i++) {
        put_comma(writer);
        put_scope_logs(writer, logs->scope_logs[i]);
    }
    put(writer, "]");
    put_text_member(writer, "schemaUrl", logs->schema_url);
    put(writer, "}");
}

bool write_request(struct buf *out, const Otlp__ExportLogsServiceRequest *request)
{
    struct writer writer = {.out = out, .fits = true};
    put(&writer, "{\"resourceLogs\":[");
    for (size_t i = 0; i < request->n_resource_logs && writer.fits; i++) {
        put_comma(&writer);
        put_resource_logs(&writer, request->resource_logs[i]);
    }
    put(&writer, "]}\n");
    return writer.fits;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/decoder.h"

/*
 * One walk over a decoded request. Ids of a wrong length are refused with the whole request, as the
 * OpenTelemetry Collector does ("invalid TraceID length"); strings that are not UTF-8 are no
 * protobuf strings. Empty keys and repeated keys are against the data model, but receivers take
 * them, and what was sent is to be seen.
 */

#include "base/utf8.h"
#include "otlp.pb-c.h"

enum {
    TRACE_ID_BYTES = 16,
    SPAN_ID_BYTES = 8
};

static bool check_text(struct decoder *decoder, const ProtobufCBinaryData *text, const char *where)
{
    if (!utf8_is_valid((const char *)text->data, text->len)) {
        decoder_refuse(decoder, "%s is not UTF-8", where);
        return false;
    }
    return true;
}

static bool check_id(struct decoder *decoder, const ProtobufCBinaryData *id, size_t bytes,
                     const char *where)
{
    if (id->len != 0 && id->len != bytes) {
        decoder_refuse(decoder, "invalid %s length: %zu bytes, not %zu", where, id->len, bytes);
        return false;
    }
    return true;
}

static bool check_attributes(struct decoder *decoder, Otlp__KeyValue *const *attributes, size_t n);

static bool check_value(struct decoder *decoder, const Otlp__AnyValue *value)
{
    bool is_good = true;
    switch (value->value_case) {
    case OTLP__ANY_VALUE__VALUE_STRING_VALUE:
        return check_text(decoder, &value->string_value, "a stringValue");
    case OTLP__ANY_VALUE__VALUE_ARRAY_VALUE:
        for (size_t i = 0; i < value->array_value->n_values && is_good; i++) {
            is_good = check_value(decoder, value->array_value->values[i]);
        }
        return is_good;
    case OTLP__ANY_VALUE__VALUE_KVLIST_VALUE:
        return check_attributes(decoder, value->kvlist_value->values,
                                value->kvlist_value->n_values);
    default:
        return true;
    }
}

static bool check_attributes(struct decoder *decoder, Otlp__KeyValue *const *attributes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!check_text(decoder, &attributes[i]->key, "an attribute's key") ||
            (attributes[i]->value != NULL && !check_value(decoder, attributes[i]->value))) {
            return false;
        }
    }
    return true;
}

static bool check_record(struct decoder *decoder, const Otlp__LogRecord *record)
{
    return check_id(decoder, &record->trace_id, TRACE_ID_BYTES, "traceId") &&
           check_id(decoder, &record->span_id, SPAN_ID_BYTES, "spanId") &&
           check_text(decoder, &record->severity_text, "severityText") &&
           check_text(decoder, &record->event_name, "eventName") &&
           (record->body == NULL || check_value(decoder, record->body)) &&
           check_attributes(decoder, record->attributes, record->n_attributes);
}

static bool check_scope(struct decoder *decoder, const Otlp__InstrumentationScope *scope)
{
    return scope == NULL || (check_text(decoder, &scope->name, "the name of a scope") &&
                             check_text(decoder, &scope->version, "the version of a scope") &&
                             check_attributes(decoder, scope->attributes, scope->n_attributes));
}

static bool check_scope_logs(struct decoder *decoder, const Otlp__ScopeLogs *logs)
{
    bool is_good =
        check_scope(decoder, logs->scope) && check_text(decoder, &logs->schema_url, "a schemaUrl");
    for (size_t i = 0; i < logs->n_log_records && is_good; i++) {
        is_good = check_record(decoder, logs->log_records[i]);
    }
    return is_good;
}

static bool check_resource_logs(struct decoder *decoder, const Otlp__ResourceLogs *logs)
{
    const Otlp__Resource *resource = logs->resource;
    bool is_good = check_text(decoder, &logs->schema_url, "a schemaUrl") &&
                   (resource == NULL ||
                    check_attributes(decoder, resource->attributes, resource->n_attributes));
    for (size_t i = 0; i < logs->n_scope_logs && is_good; i++) {
        is_good = check_scope_logs(decoder, logs->scope_logs[i]);
    }
    return is_good;
}

enum decode_result decoder_check(struct decoder *decoder,
                                 const Otlp__ExportLogsServiceRequest *request)
{
    for (size_t i = 0; i < request->n_resource_logs; i++) {
        if (!check_resource_logs(decoder, request->resource_logs[i])) {
            return DECODE_MALFORMED;
        }
    }
    return DECODE_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/decoder.h"

/*
 * OTLP/JSON to the messages of otlp.proto: jansson reads the text, the rest is one function a
 * message. Reading goes on after a mistake as if the member were not there; the first mistake is
 * the one that is told, and it ends the request.
 *
 * jansson has no limit on memory but on depth, so what its tree will take is estimated before; and
 * it refuses integers beyond 64 bits, which in OTLP/JSON are good doubles, so those are given an
 * exponent first and are read as reals.
 */

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include "base/buf.h"
#include "otlp.pb-c.h"
#include "otlp/measure.h"

enum {
    CONTAINER_BYTES = 320, /* what jansson takes for an object or array … */
    MEMBER_BYTES = 160,    /* … and for a value within, at most, without its text */
    INT64_DIGITS_SAFE = 18,
    DEPTH_MAX = WIRE_DEPTH_MAX / 2, /* of values: two messages each at least */
};

struct reader {
    struct decoder *decoder;
    enum decode_result result;
};

static void refuse(struct reader *reader, const char *member, const char *expected)
{
    if (reader->result == DECODE_OK) {
        reader->result = decoder_refuse(reader->decoder, "%s is not %s", member, expected);
    }
}

static void *allocate(struct reader *reader, size_t size)
{
    void *piece = arena_alloc(&reader->decoder->arena, size);
    if (piece == NULL && reader->result == DECODE_OK) {
        decoder_refuse(reader->decoder, "the body takes too much memory to decode");
        reader->result = DECODE_TOO_LARGE;
    }
    return piece;
}

/* ---- scalars ---- */

/* The member, NULL if it is missing or null, which is the same. */
static json_t *find(const json_t *object, const char *name)
{
    json_t *member = json_object_get(object, name);
    return json_is_null(member) ? NULL : member;
}

static ProtobufCBinaryData text_of(const json_t *string)
{
    /* The tree outlives the messages, and nothing writes to them. */
    return (ProtobufCBinaryData){json_string_length(string),
                                 (uint8_t *)(uintptr_t)json_string_value(string)};
}

static void read_text(struct reader *reader, const json_t *object, const char *name,
                      ProtobufCBinaryData *out)
{
    const json_t *member = find(object, name);
    if (json_is_string(member)) {
        *out = text_of(member);
    } else if (member != NULL) {
        refuse(reader, name, "a string");
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_id(struct reader *reader, const json_t *object, const char *name,
                    ProtobufCBinaryData *out)
{
    ProtobufCBinaryData hex = {0};
    read_text(reader, object, name, &hex);
    uint8_t *bytes = hex.len > 0 ? allocate(reader, hex.len) : NULL;
    bool is_hex = hex.len % 2 == 0;
    for (size_t i = 0; bytes != NULL && is_hex && i < hex.len; i += 2) {
        int high = hex_digit((char)hex.data[i]);
        int low = hex_digit((char)hex.data[i + 1]);
        is_hex = high >= 0 && low >= 0;
        bytes[i / 2] = (uint8_t)((high & 15) << 4 | (low & 15));
    }
    if (!is_hex) {
        refuse(reader, name, "hexadecimal");
    } else if (bytes != NULL) {
        *out = (ProtobufCBinaryData){hex.len / 2, bytes};
    }
}

/* Digits with an optional minus, nothing else, within the range. */
static bool parse_int64(const json_t *value, int64_t *out)
{
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    if (!json_is_string(value)) {
        return false;
    }
    const char *text = json_string_value(value);
    size_t digits = strspn(text + (text[0] == '-'), "0123456789");
    char *end = NULL;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return digits > 0 && errno == 0 && end == text + json_string_length(value);
}

static bool parse_uint64(const json_t *value, uint64_t *out)
{
    if (json_is_integer(value)) {
        *out = (uint64_t)json_integer_value(value);
        return json_integer_value(value) >= 0;
    }
    if (!json_is_string(value) || json_string_length(value) == 0) {
        return false;
    }
    const char *text = json_string_value(value);
    errno = 0;
    *out = strtoull(text, NULL, 10);
    return strspn(text, "0123456789") == json_string_length(value) && errno == 0;
}

static uint64_t read_time(struct reader *reader, const json_t *object, const char *name)
{
    const json_t *member = find(object, name);
    uint64_t time_ns = 0;
    if (member != NULL && !parse_uint64(member, &time_ns)) {
        refuse(reader, name, "an unsigned 64-bit integer");
        return 0;
    }
    return time_ns;
}

static uint32_t read_uint32(struct reader *reader, const json_t *object, const char *name)
{
    uint64_t number = read_time(reader, object, name);
    if (number > UINT32_MAX) {
        refuse(reader, name, "an unsigned 32-bit integer");
    }
    return (uint32_t)number;
}

/* Enums are integers in OTLP/JSON, never names. */
static int32_t read_enum(struct reader *reader, const json_t *object, const char *name)
{
    const json_t *member = find(object, name);
    json_int_t number = json_integer_value(member);
    if (member != NULL && (!json_is_integer(member) || number < INT32_MIN || number > INT32_MAX)) {
        refuse(reader, name, "an integer");
        return 0;
    }
    return (int32_t)number;
}

static bool parse_double(const json_t *value, double *out)
{
    if (json_is_number(value)) {
        *out = json_number_value(value);
        return true;
    }
    if (!json_is_string(value)) {
        return false;
    }
    const char *text = json_string_value(value);
    static const struct {
        const char *name;
        double value;
    } named[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(text, named[i].name) == 0) {
            *out = named[i].value;
            return true;
        }
    }
    char *end = NULL;
    *out = strtod(text, &end);
    return strspn(text, "0123456789+-.eE") == json_string_length(value) && end != text &&
           *end == '\0';
}

/* Standard and URL-safe alphabet, padding or not, as protobuf's JSON readers take them. */
static int base64_digit(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    if (found != NULL) {
        return (int)(found - digits);
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool parse_base64(ProtobufCBinaryData text, ProtobufCBinaryData *out)
{
    size_t len = text.len;
    while (len > 0 && text.len - len < 2 && text.data[len - 1] == '=') {
        len--;
    }
    unsigned bits = 0;
    out->len = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = base64_digit(text.data[i]);
        if (digit < 0) {
            return false;
        }
        bits = bits << 6 | (unsigned)digit;
        if (i % 4 != 0) {
            out->data[out->len++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
        }
    }
    return len % 4 != 1;
}

/* ---- messages ---- */

typedef void *read_message_fn(struct reader *reader, const json_t *object, unsigned depth);

/* A repeated field: all of its messages, or none after a mistake. */
static void **read_list(struct reader *reader, const json_t *object, const char *name,
                        read_message_fn *read_message, unsigned depth, size_t *out_count)
{
    const json_t *list = find(object, name);
    if (list == NULL) {
        return NULL;
    }
    if (!json_is_array(list)) {
        refuse(reader, name, "an array");
        return NULL;
    }
    size_t count = json_array_size(list);
    void **items = count > 0 ? allocate(reader, count * sizeof(*items)) : NULL;
    for (size_t i = 0; items != NULL && i < count; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_object(item)) {
            refuse(reader, name, "an array of objects");
        }
        items[i] = reader->result == DECODE_OK ? read_message(reader, item, depth) : NULL;
        if (items[i] == NULL) {
            return NULL;
        }
    }
    *out_count = items != NULL ? count : 0;
    return items;
}

/* A message within; NULL if there is none. */
static void *read_within(struct reader *reader, const json_t *object, const char *name,
                         read_message_fn *read_message, unsigned depth)
{
    const json_t *member = find(object, name);
    if (member != NULL && !json_is_object(member)) {
        refuse(reader, name, "an object");
        return NULL;
    }
    return member != NULL ? read_message(reader, member, depth) : NULL;
}

static void *read_value(struct reader *reader, const json_t *object, unsigned depth);

static void *read_key_value(struct reader *reader, const json_t *object, unsigned depth)
{
    Otlp__KeyValue *message = allocate(reader, sizeof(*message));
    if (message != NULL) {
        otlp__key_value__init(message);
        read_text(reader, object, "key", &message->key);
        message->value = read_within(reader, object, "value", read_value, depth);
    }
    return message;
}

static void *read_array_value(struct reader *reader, const json_t *object, unsigned depth)
{
    Otlp__ArrayValue *message = allocate(reader, sizeof(*message));
    if (message != NULL) {
        otlp__array_value__init(message);
        message->values = (Otlp__AnyValue **)read_list(reader, object, "values", read_value, depth,
                                                       &message->n_values);
    }
    return message;
}

static void *read_kvlist_value(struct reader *reader, const json_t *object, unsigned depth)
{
    Otlp__KeyValueList *message = allocate(reader, sizeof(*message));
    if (message != NULL) {
        otlp__key_value_list__init(message);
        message->values = (Otlp__KeyValue **)read_list(reader, object, "values", read_key_value,
                                                       depth, &message->n_values);
    }
    return message;
}

static void read_bytes(struct reader *reader, const json_t *object, ProtobufCBinaryData *out)
{
    ProtobufCBinaryData text = {0};
    read_text(reader, object, "bytesValue", &text);
    *out = (ProtobufCBinaryData){0, text.len > 0 ? allocate(reader, text.len) : NULL};
    if (out->data != NULL && !parse_base64(text, out)) {
        refuse(reader, "bytesValue", "base64");
    }
}

static void read_value_of_case(struct reader *reader, const json_t *object, unsigned depth,
                               Otlp__AnyValue *message)
{
    switch (message->value_case) {
    case OTLP__ANY_VALUE__VALUE_STRING_VALUE:
        read_text(reader, object, "stringValue", &message->string_value);
        break;
    case OTLP__ANY_VALUE__VALUE_BOOL_VALUE:
        message->bool_value = json_is_true(json_object_get(object, "boolValue"));
        if (!json_is_boolean(json_object_get(object, "boolValue"))) {
            refuse(reader, "boolValue", "a boolean");
        }
        break;
    case OTLP__ANY_VALUE__VALUE_INT_VALUE:
        if (!parse_int64(json_object_get(object, "intValue"), &message->int_value)) {
            refuse(reader, "intValue", "a 64-bit integer");
        }
        break;
    case OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE:
        if (!parse_double(json_object_get(object, "doubleValue"), &message->double_value)) {
            refuse(reader, "doubleValue", "a number");
        }
        break;
    case OTLP__ANY_VALUE__VALUE_ARRAY_VALUE:
        message->array_value = read_within(reader, object, "arrayValue", read_array_value, depth);
        break;
    case OTLP__ANY_VALUE__VALUE_KVLIST_VALUE:
        message->kvlist_value =
            read_within(reader, object, "kvlistValue", read_kvlist_value, depth);
        break;
    case OTLP__ANY_VALUE__VALUE_BYTES_VALUE:
        read_bytes(reader, object, &message->bytes_value);
        break;
    default:
        break;
    }
}

/* The member of the oneof that is there; of several the last in this order. */
static Otlp__AnyValue__ValueCase find_case(const json_t *object)
{
    static const struct {
        const char *name;
        Otlp__AnyValue__ValueCase value_case;
    } cases[] = {
        {"stringValue", OTLP__ANY_VALUE__VALUE_STRING_VALUE},
        {"boolValue", OTLP__ANY_VALUE__VALUE_BOOL_VALUE},
        {"intValue", OTLP__ANY_VALUE__VALUE_INT_VALUE},
        {"doubleValue", OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE},
        {"arrayValue", OTLP__ANY_VALUE__VALUE_ARRAY_VALUE},
        {"kvlistValue", OTLP__ANY_VALUE__VALUE_KVLIST_VALUE},
        {"bytesValue", OTLP__ANY_VALUE__VALUE_BYTES_VALUE},
    };
    Otlp__AnyValue__ValueCase found = OTLP__ANY_VALUE__VALUE__NOT_SET;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        found = find(object, cases[i].name) != NULL ? cases[i].value_case : found;
    }
    return found;
}

static void *read_value(struct reader *reader, const json_t *object, unsigned depth)
{
    if (depth > DEPTH_MAX) {
        refuse(reader, "the nesting of values", "within the limit");
        return NULL;
    }
    Otlp__AnyValue *message = allocate(reader, sizeof(*message));
    if (message != NULL) {
        otlp__any_value__init(message);
        message->value_case = find_case(object);
        read_value_of_case(reader, object, depth + 1, message);
    }
    return message;
}

static void *read_record(struct reader *reader, const json_t *object, unsigned depth)
{
    Otlp__LogRecord *message = allocate(reader, sizeof(*message));
    if (message == NULL) {
        return NULL;
    }
    otlp__log_record__init(message);
    message->time_unix_nano = read_time(reader, object, "timeUnixNano");
    message->observed_time_unix_nano = read_time(reader, object, "observedTimeUnixNano");
    message->severity_number = read_enum(reader, object, "severityNumber");
    read_text(reader, object, "severityText", &message->severity_text);
    read_text(reader, object, "eventName", &message->event_name);
    message->body = read_within(reader, object, "body", read_value, depth);
    message->attributes = (Otlp__KeyValue **)read_list(reader, object, "attributes", read_key_value,
                                                       depth, &message->n_attributes);
    message->dropped_attributes_count = read_uint32(reader, object, "droppedAttributesCount");
    message->flags = read_uint32(reader, object, "flags");
    read_id(reader, object, "traceId", &message->trace_id);
    read_id(reader, object, "spanId", &message->span_id);
    return message;
}

static void *read_scope(struct reader *reader, const json_t *object, unsigned depth)
{
    Otlp__InstrumentationScope *message = allocate(reader, sizeof(*message));
    if (message != NULL) {
        otlp__instrumentation_scope__init(message);
        read_text(reader, object, "name", &message->name);
        read_text(reader, object, "version", &message->version);
        message->attributes = (Otlp__KeyValue **)read_list(
            reader, object, "attributes", read_key_value, depth, &message->n_attributes);
        message->dropped_attributes_count = read_uint32(reader, object, "droppedAttributesCount");
    }
    return message;
}

static void *read_resource(struct reader *reader, const json_t *object, unsigned depth)
{
    Otlp__Resource *message = allocate(reader, sizeof(*message));
    if (message != NULL) {
        otlp__resource__init(message);
        message->attributes = (Otlp__KeyValue **)read_list(
            reader, object, "attributes", read_key_value, depth, &message->n_attributes);
        message->dropped_attributes_count = read_uint32(reader, object, "droppedAttributesCount");
    }
    return message;
}

static void *read_scope_logs(struct reader *reader, const json_t *object, unsigned depth)
{
    Otlp__ScopeLogs *message = allocate(reader, sizeof(*message));
    if (message != NULL) {
        otlp__scope_logs__init(message);
        message->scope = read_within(reader, object, "scope", read_scope, depth);
        message->log_records = (Otlp__LogRecord **)read_list(
            reader, object, "logRecords", read_record, depth, &message->n_log_records);
        read_text(reader, object, "schemaUrl", &message->schema_url);
    }
    return message;
}

static void *read_resource_logs(struct reader *reader, const json_t *object, unsigned depth)
{
    Otlp__ResourceLogs *message = allocate(reader, sizeof(*message));
    if (message != NULL) {
        otlp__resource_logs__init(message);
        message->resource = read_within(reader, object, "resource", read_resource, depth);
        message->scope_logs = (Otlp__ScopeLogs **)read_list(
            reader, object, "scopeLogs", read_scope_logs, depth, &message->n_scope_logs);
        read_text(reader, object, "schemaUrl", &message->schema_url);
    }
    return message;
}

static Otlp__ExportLogsServiceRequest *read_request(struct reader *reader, const json_t *root)
{
    Otlp__ExportLogsServiceRequest *message = allocate(reader, sizeof(*message));
    if (!json_is_object(root)) {
        refuse(reader, "the body", "a JSON object");
    } else if (message != NULL) {
        otlp__export_logs_service_request__init(message);
        message->resource_logs = (Otlp__ResourceLogs **)read_list(
            reader, root, "resourceLogs", read_resource_logs, 0, &message->n_resource_logs);
    }
    return message;
}

/* ---- the text ---- */

/* What one look over the text tells. */
struct survey {
    size_t tree_bytes; /* what jansson's tree will take, at most */
    bool has_long_integers;
};

/* The end of a string whose opening quote is at `at`. */
static size_t skip_string(struct slice text, size_t at)
{
    for (at++; at < text.len && text.data[at] != '"'; at++) {
        at += text.data[at] == '\\' ? 1 : 0;
    }
    return at < text.len ? at + 1 : text.len;
}

/* The end of the number at `at`; *out_is_long if it is an integer that int64 may not hold. */
static size_t skip_number(struct slice text, size_t at, bool *out_is_long)
{
    size_t begin = at;
    bool is_integer = true;
    while (at < text.len && strchr("0123456789+-.eE", text.data[at]) != NULL &&
           text.data[at] != '\0') {
        is_integer &= text.data[at] != '.' && (text.data[at] | 0x20) != 'e';
        at++;
    }
    *out_is_long = is_integer && at - begin > INT64_DIGITS_SAFE;
    return at;
}

static bool begins_number(char c)
{
    return c == '-' || (c >= '0' && c <= '9');
}

static struct survey survey_text(struct slice text)
{
    struct survey survey = {.tree_bytes = text.len};
    for (size_t at = 0; at < text.len;) {
        char c = text.data[at];
        bool is_long = false;
        if (c == '"') {
            at = skip_string(text, at);
        } else if (begins_number(c)) {
            at = skip_number(text, at, &is_long);
        } else {
            survey.tree_bytes += c == '{' || c == '[' ? CONTAINER_BYTES : 0;
            survey.tree_bytes += c == ',' || c == ':' ? MEMBER_BYTES : 0;
            at++;
        }
        survey.has_long_integers |= is_long;
    }
    return survey;
}

static bool fits_int64(struct slice digits)
{
    char text[24] = "";
    if (digits.len >= sizeof(text)) {
        return false;
    }
    memcpy(text, digits.data, digits.len);
    errno = 0;
    strtoll(text, NULL, 10);
    return errno == 0;
}

/* A copy in which integers that int64 does not hold have an exponent of zero. */
static void mark_long_integers(struct slice text, struct buf *out)
{
    size_t copied = 0;
    for (size_t at = 0; at < text.len;) {
        bool is_long = false;
        size_t begin = at;
        if (text.data[at] == '"') {
            at = skip_string(text, at);
        } else if (begins_number(text.data[at])) {
            at = skip_number(text, at, &is_long);
        } else {
            at++;
        }
        if (is_long && !fits_int64(slice_make(text.data + begin, at - begin))) {
            buf_append(out, text.data + copied, at - copied);
            buf_append_string(out, "e0");
            copied = at;
        }
    }
    buf_append_slice(out, slice_skip(text, copied));
}

static json_t *load(struct slice text, struct survey survey, json_error_t *error)
{
    struct buf marked;
    buf_init(&marked, text.len + text.len / 8 + 16);
    if (survey.has_long_integers) {
        mark_long_integers(text, &marked);
        text = buf_slice(&marked);
    }
    json_t *root = json_loadb(text.data != NULL ? text.data : "", text.len, JSON_ALLOW_NUL, error);
    buf_fini(&marked);
    return root;
}

enum decode_result decoder_read_json(struct decoder *decoder, struct slice body,
                                     Otlp__ExportLogsServiceRequest **out_request)
{
    struct survey survey = survey_text(body);
    if (survey.tree_bytes > decoder->memory_max) {
        decoder_refuse(decoder, "the body takes too much memory to decode");
        return DECODE_TOO_LARGE;
    }
    json_error_t error;
    decoder->json = load(body, survey, &error);
    if (decoder->json == NULL) {
        return decoder_refuse(decoder, "the body is not JSON: line %d column %d: %s", error.line,
                              error.column, error.text);
    }
    struct reader reader = {.decoder = decoder, .result = DECODE_OK};
    Otlp__ExportLogsServiceRequest *request = read_request(&reader, decoder->json);
    if (reader.result == DECODE_OK) {
        *out_request = request;
    }
    return reader.result;
}

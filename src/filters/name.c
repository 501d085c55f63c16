/* SPDX-License-Identifier: Apache-2.0 */
#include "filters/name.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "record/extra_attributes.h"
#include "record/trace_class.h"

enum { NUMBER_CHARS_MAX = 64 };

struct name name_make(const char *text, struct name_index *index)
{
    struct slice slice = slice_from_string(text);
    struct name name = {
        .text = text,
        .len = (uint32_t)slice.len,
        .number = NAME_NO_NUMBER,
        .has_dot = memchr(text, '.', slice.len) != NULL,
        .own = own_value_find(slice),
    };
    if (name.own == OWN_NONE && index != NULL) {
        name.number = name_index_add(index, slice);
    }
    return name;
}

static bool is_there(const struct field *field)
{
    return (field->flags & FIELD_REMOVED) == 0;
}

static uint32_t find_key(const struct fields *fields, uint32_t begin, uint32_t end,
                         struct slice key)
{
    const struct field *items = fields->items;
    for (uint32_t i = begin; i < end; i = items[i].next) {
        if (items[i].key_len == key.len && items[i].key != NULL &&
            items[i].key[0] == key.data[0] && is_there(&items[i]) &&
            memcmp(items[i].key, key.data, key.len) == 0) {
            return i;
        }
    }
    return NO_FIELD;
}

/* The literal name first, then each of its dots from the left as the step into an object. */
static uint32_t find_path(const struct fields *fields, uint32_t begin, uint32_t end,
                          struct slice name)
{
    uint32_t found = find_key(fields, begin, end, name);
    for (size_t i = 1; i + 1 < name.len && found == NO_FIELD; i++) {
        if (name.data[i] != '.') {
            continue;
        }
        uint32_t object = find_key(fields, begin, end, slice_make(name.data, i));
        if (object != NO_FIELD && fields->items[object].kind == FIELD_OBJECT) {
            found = find_path(fields, object + 1, fields->items[object].next,
                              slice_skip(name, i + 1));
        }
    }
    return found;
}

uint32_t name_find(const struct name *name, const struct fields *fields)
{
    struct slice text = slice_make(name->text, name->len);
    const struct name_place *place;
    if (!name_may_be_there(name, fields)) {
        return NO_FIELD;
    }
    if (name_index_find(fields->index, name->number, &place) &&
        is_there(&fields->items[place->first])) {
        return place->first;
    }
    return name->has_dot ? find_path(fields, 0, fields->count, text)
                         : find_key(fields, 0, fields->count, text);
}

uint32_t name_find_home(const struct name *name, const struct fields *fields,
                        struct slice *out_key)
{
    struct slice text = slice_make(name->text, name->len);
    *out_key = text;
    for (size_t i = name->has_dot ? text.len : 0; i-- > 1;) {
        if (text.data[i] != '.' || i + 1 == text.len) {
            continue;
        }
        uint32_t object = find_path(fields, 0, fields->count, slice_make(text.data, i));
        if (object != NO_FIELD && fields->items[object].kind == FIELD_OBJECT) {
            *out_key = slice_skip(text, i + 1);
            return object;
        }
    }
    return NO_FIELD;
}

/* ---- values ---- */

static bool set_text(struct value *out, struct slice text)
{
    out->kind = FIELD_STRING;
    out->text = text;
    return text.len > 0;
}

static bool set_string(struct value *out, const char *text)
{
    return set_text(out, slice_from_string(text));
}

static bool set_hex(struct value *out, bool has, const uint8_t *id, size_t len)
{
    for (size_t i = 0; has && i < len; i++) {
        out->made[2 * i] = "0123456789abcdef"[id[i] >> 4];
        out->made[2 * i + 1] = "0123456789abcdef"[id[i] & 15];
    }
    return set_text(out, slice_make(out->made, has ? 2 * len : 0));
}

static bool set_int(struct value *out, bool has, int64_t number)
{
    char text[VALUE_TEXT_MAX];
    int len = snprintf(text, sizeof(text), "%" PRId64, number);
    memcpy(out->made, text, sizeof(text));
    out->kind = FIELD_INT;
    out->i = number;
    out->d = (double)number;
    out->text = slice_make(out->made, (size_t)len);
    return has;
}

void value_of_field(const struct fields *fields, uint32_t index, struct value *out)
{
    const struct field *field = &fields->items[index];
    out->kind = (enum field_kind)field->kind;
    out->text = field_text(field);
    out->field = index;
    if (field->kind == FIELD_INT) {
        out->i = field->value.i;
        out->d = (double)field->value.i;
    } else if (field->kind == FIELD_DOUBLE) {
        out->d = field->value.d;
    } else if (field->kind == FIELD_OBJECT || field->kind == FIELD_ARRAY) {
        out->text = slice_make(NULL, 0);
    } else if (field->kind == FIELD_BOOL) {
        out->b = field->value.b;
        out->text = field->value.b ? SLICE("true") : SLICE("false");
    }
}

static bool read_body(const struct record *record, struct value *out)
{
    if (record->has_body_text) {
        set_text(out, record->body_text);
        return true; /* an empty one is one */
    }
    if (record->body_field == NO_FIELD) {
        return false;
    }
    value_of_field(&record->fields, record->body_field, out);
    return true;
}

static bool read_resource(const struct name *name, const struct record *record,
                          const struct settings *settings, struct value *out)
{
    struct slice key = own_value_resource_key(slice_make(name->text, name->len));
    struct field fields[RESOURCE_FIELDS];
    for (struct resource_walk walk = resource_walk_begin(record, settings);
         resource_walk_next(&walk, fields);) {
        if (slice_is_equal(field_key(fields), key)) {
            const struct field *first = &fields[fields[0].next - 1]; /* an array has one item */
            return first->kind == FIELD_INT ? set_int(out, true, first->value.i)
                                            : set_text(out, field_text(first));
        }
    }
    return false;
}

static const char *iostream_name(enum iostream iostream)
{
    return iostream == IOSTREAM_STDOUT ? "stdout" : iostream == IOSTREAM_STDERR ? "stderr" : NULL;
}

static bool read_own(const struct name *name, const struct record *record,
                     const struct settings *settings, struct value *out)
{
    switch (name->own) {
    case OWN_TRACE_ID:
        return set_hex(out, record->has_trace_id, record->trace_id, sizeof(record->trace_id));
    case OWN_SPAN_ID:
        return set_hex(out, record->has_span_id, record->span_id, sizeof(record->span_id));
    case OWN_TRACE_FLAGS:
        return set_int(out, record->has_flags, record->flags);
    case OWN_TIME:
        return set_int(out, record->time_ns != 0, (int64_t)record->time_ns);
    case OWN_OBSERVED_TIME:
        return set_int(out, record->observed_time_ns != 0, (int64_t)record->observed_time_ns);
    case OWN_SEVERITY:
        return set_int(out, record->severity_number != 0, record->severity_number);
    case OWN_SEVERITY_TEXT:
        return set_text(out, record->severity_text);
    case OWN_BODY:
        return read_body(record, out);
    case OWN_SERVICE:
        return set_text(out, resource_service_name(record, settings));
    case OWN_SERVICE_NAMESPACE:
        return set_text(out, record->service_namespace);
    case OWN_LOGGER:
        return set_text(out, record->logger);
    case OWN_FORMAT:
        return set_string(out, record_format_name(record->format));
    case OWN_TRACE_CLASS:
        return set_string(out, trace_class_name(record->trace_class));
    case OWN_IOSTREAM:
        return set_string(out, iostream_name(record->iostream));
    case OWN_PATH:
        return set_string(out, record->source->path);
    case OWN_INPUT:
        return set_string(out, record->source->input);
    case OWN_LINE:
        return set_text(out, record->line);
    case OWN_RESOURCE:
        return read_resource(name, record, settings, out);
    case OWN_NONE:
    case OWN_VALUES:
        break;
    }
    return false;
}

bool value_read(const struct name *name, const struct record *record,
                const struct settings *settings, struct value *out)
{
    out->field = NO_FIELD;
    if (name->own != OWN_NONE) {
        return read_own(name, record, settings, out);
    }
    uint32_t index = name_find(name, &record->fields);
    if (index != NO_FIELD) {
        value_of_field(&record->fields, index, out);
    }
    return index != NO_FIELD;
}

bool value_number(const struct value *value, double *out)
{
    char text[NUMBER_CHARS_MAX];
    if (value->kind == FIELD_INT || value->kind == FIELD_DOUBLE) {
        *out = value->d;
        return true;
    }
    bool may_be = (value->kind == FIELD_STRING || value->kind == FIELD_NUMBER) &&
                  value->text.len > 0 && value->text.len < sizeof(text) &&
                  strchr("+-.0123456789", value->text.data[0]) != NULL;
    if (!may_be || memchr(value->text.data, 'x', value->text.len) != NULL) {
        return false;
    }
    memcpy(text, value->text.data, value->text.len);
    text[value->text.len] = '\0';
    char *end;
    double number = strtod(text, &end);
    if (end != text + value->text.len || !__builtin_isfinite(number)) {
        return false;
    }
    *out = number;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "filters/edit.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "resolve/severity.h"
#include "resolve/trace/id.h"

static const struct slice nothing = {NULL, 0};

/* ---- the record's own ---- */

void edit_remove_own(struct record *record, enum own_value own)
{
    switch (own) {
    case OWN_TRACE_ID:
        record->has_trace_id = false;
        break;
    case OWN_SPAN_ID:
        record->has_span_id = false;
        break;
    case OWN_TRACE_FLAGS:
        record->has_flags = false;
        break;
    case OWN_TIME:
        record->time_ns = 0;
        record->time_zone_assumed = false;
        break;
    case OWN_SEVERITY:
        record->severity_number = 0;
        break;
    case OWN_SEVERITY_TEXT:
        record->severity_text = nothing;
        break;
    case OWN_BODY:
        record->has_body_text = false;
        record->body_field = NO_FIELD;
        break;
    case OWN_SERVICE:
        record->service = nothing;
        break;
    case OWN_SERVICE_NAMESPACE:
        record->service_namespace = nothing;
        break;
    default:
        break;
    }
}

/* ---- the table ---- */

uint32_t edit_parent(const struct fields *fields, uint32_t index)
{
    for (uint32_t i = index; i-- > 0;) {
        uint8_t kind = fields->items[i].kind;
        if (fields->items[i].next > index && (kind == FIELD_OBJECT || kind == FIELD_ARRAY)) {
            return i;
        }
    }
    return NO_FIELD;
}

void edit_empty(struct fields *fields, uint32_t index)
{
    struct field *items = fields->items;
    for (uint32_t i = index + 1; i < items[index].next; i = items[i].next) {
        items[i].flags |= FIELD_REMOVED;
    }
    items[index].next = index + 1;
}

static bool has_room(struct fields *fields, uint32_t count)
{
    while (fields->cap - fields->count < count) {
        if (!fields_grow(fields)) {
            return false;
        }
    }
    return true;
}

/*
 * `count` places at the end of the object's subtree, or of the table: the index of the first, all
 * else still to be filled in. What lies behind moves; the object and all that it is in become longer.
 */
static uint32_t open_gap(struct record *record, uint32_t object, uint32_t count)
{
    struct fields *fields = &record->fields;
    if (!has_room(fields, count)) {
        return NO_FIELD;
    }
    struct field *items = fields->items;
    uint32_t at = object == NO_FIELD ? fields->count : items[object].next;
    if (at < fields->count) {
        name_index_move(fields->index);
    }
    memmove(&items[at + count], &items[at], (fields->count - at) * sizeof(*items));
    fields->count += count;
    for (uint32_t i = at + count; i < fields->count; i++) {
        items[i].next += count;
    }
    for (uint32_t i = 0; object != NO_FIELD && i <= object; i++) {
        items[i].next += items[i].next >= at ? count : 0;
    }
    if (record->body_field != NO_FIELD && record->body_field >= at) {
        record->body_field += count;
    }
    return at;
}

static uint32_t find_member(const struct fields *fields, uint32_t object, struct slice key)
{
    uint32_t begin = object == NO_FIELD ? 0 : object + 1;
    uint32_t end = object == NO_FIELD ? fields->count : fields->items[object].next;
    for (uint32_t i = begin; i < end; i = fields->items[i].next) {
        const struct field *field = &fields->items[i];
        if ((field->flags & FIELD_REMOVED) == 0 && field->key != NULL &&
            slice_is_equal(field_key(field), key)) {
            return i;
        }
    }
    return NO_FIELD;
}

void edit_remove_others(struct record *record, uint32_t object, struct slice key,
                        uint32_t except)
{
    struct fields *fields = &record->fields;
    bool except_is_removed = except != NO_FIELD && (fields->items[except].flags & FIELD_REMOVED);
    if (except != NO_FIELD) {
        fields->items[except].flags |= FIELD_REMOVED; /* for the search */
    }
    uint32_t other = find_member(fields, object, key); /* keys are unique */
    if (other != NO_FIELD) {
        fields->items[other].flags |= FIELD_REMOVED;
    }
    if (except != NO_FIELD && !except_is_removed) {
        fields->items[except].flags &= (uint8_t)~FIELD_REMOVED;
    }
}

void edit_name_field(struct fields *fields, uint32_t index, struct slice key)
{
    struct field *field = &fields->items[index];
    name_index_note(fields->index, key);
    field->key = key.data;
    field->key_len = (uint32_t)key.len;
    field->key_id = 0;
    field->flags &= FIELD_REPEATED;
}

/* The index of the copy, NO_FIELD: no room. */
static uint32_t add_copy(struct record *record, uint32_t object, struct slice key, uint32_t from)
{
    uint32_t count = record->fields.items[from].next - from;
    uint32_t at = open_gap(record, object, count);
    if (at == NO_FIELD) {
        return NO_FIELD;
    }
    from += from >= at ? count : 0;
    struct field *items = record->fields.items;
    for (uint32_t i = 0; i < count; i++) {
        items[at + i] = items[from + i];
        items[at + i].next += at - from;
    }
    items[at].next = at + count; /* its own may have grown just now */
    edit_name_field(&record->fields, at, key);
    return at;
}

bool edit_add_copy(struct record *record, uint32_t object, struct slice key, uint32_t from)
{
    uint32_t at = add_copy(record, object, key, from);
    if (at != NO_FIELD) {
        edit_remove_others(record, object, key, at);
    }
    return at != NO_FIELD;
}

bool edit_add_all(struct record *record, uint32_t object, const struct fields *other)
{
    uint32_t at = open_gap(record, object, other->count);
    if (at == NO_FIELD) {
        return false;
    }
    struct fields *fields = &record->fields;
    for (uint32_t i = 0; i < other->count; i++) {
        fields->items[at + i] = other->items[i];
        fields->items[at + i].next += at;
        name_index_note(fields->index, field_key(&other->items[i]));
    }
    for (uint32_t i = at; i < at + other->count; i = fields->items[i].next) {
        edit_name_field(fields, i, field_key(&fields->items[i]));
    }
    fields_keep_last(fields, object);
    return true;
}

uint32_t edit_object(struct record *record, struct slice key)
{
    uint32_t index = find_member(&record->fields, NO_FIELD, key);
    if (index != NO_FIELD && record->fields.items[index].kind == FIELD_OBJECT) {
        return index;
    }
    struct field *field = fields_add(&record->fields);
    if (field == NULL) {
        return NO_FIELD;
    }
    field->kind = FIELD_OBJECT;
    index = record->fields.count - 1;
    edit_name_field(&record->fields, index, key);
    edit_remove_others(record, NO_FIELD, key, index);
    return index;
}

static void shift(struct field *items, uint32_t count, uint32_t by)
{
    for (uint32_t i = 0; i < count; i++) {
        items[i].next += by;
    }
}

void edit_rotate(struct record *record, uint32_t begin, uint32_t middle, uint32_t end)
{
    struct fields *fields = &record->fields;
    struct field *items = fields->items;
    uint32_t first = middle - begin;
    uint32_t second = end - middle;
    struct field *spare = fields_spare(fields);
    name_index_move(fields->index);
    memcpy(spare, &items[begin], first * sizeof(*items));
    memmove(&items[begin], &items[middle], second * sizeof(*items));
    memcpy(&items[begin + second], spare, first * sizeof(*items));
    shift(&items[begin], second, 0 - first);
    shift(&items[begin + second], first, second);
    uint32_t *body = &record->body_field;
    if (*body != NO_FIELD && *body >= begin && *body < end) {
        *body = *body < middle ? *body + second : *body - first;
    }
}

/* ---- values ---- */

static bool is_container(const struct value *value)
{
    return value->kind == FIELD_OBJECT || value->kind == FIELD_ARRAY;
}

static bool is_text(const struct value *value)
{
    return value->kind == FIELD_STRING && value->text.len > 0;
}

/* A scalar; its name and place in the table stay. */
static void put_scalar(struct field *field, const struct value *value)
{
    field->kind = (uint8_t)value->kind;
    field->flags = 0;
    field->text = value->text.data;
    field->text_len = (uint32_t)value->text.len;
    field->value.i = 0;
    if (value->kind == FIELD_INT) {
        field->value.i = value->i;
    } else if (value->kind == FIELD_DOUBLE) {
        field->value.d = value->d;
    } else if (value->kind == FIELD_BOOL) {
        field->value.b = value->b;
    }
}

static bool set_scalar(struct record *record, const struct name *name, const struct value *value)
{
    uint32_t index = name_find(name, &record->fields);
    if (index == NO_FIELD) {
        struct slice key;
        uint32_t home = name_find_home(name, &record->fields, &key);
        index = open_gap(record, home, 1);
        if (index == NO_FIELD) {
            return false;
        }
        record->fields.items[index] = (struct field){.next = index + 1};
        edit_name_field(&record->fields, index, key);
    }
    edit_empty(&record->fields, index);
    put_scalar(&record->fields.items[index], value);
    return true;
}

static bool set_container(struct record *record, const struct name *name, uint32_t from)
{
    struct fields *fields = &record->fields;
    uint32_t index = name_find(name, fields);
    struct slice key;
    uint32_t home = name_find_home(name, fields, &key);
    if (index == from) {
        return true;
    }
    if (index != NO_FIELD) {
        home = edit_parent(fields, index);
        key = field_key(&fields->items[index]);
    }
    return edit_add_copy(record, home, key, from);
}

/* ---- the record's own, set ---- */

/* Hexadecimal digits of the full length, not all of them 0. */
static bool set_id(const struct value *value, uint8_t *id, size_t len, bool *has)
{
    struct id_value parsed = {0};
    if (value->kind != FIELD_STRING || !id_set_usual(&parsed, value->text, 2 * len) ||
        !parsed.is_valid) {
        return false;
    }
    memcpy(id, parsed.bytes, len);
    *has = true;
    return true;
}

static bool set_flags(struct record *record, const struct value *value)
{
    if (value->kind != FIELD_INT || value->i < 0 || value->i > UINT8_MAX) {
        return false;
    }
    record->flags = (uint8_t)value->i;
    record->has_flags = true;
    return true;
}

static bool set_time(struct record *record, const struct value *value)
{
    if (value->kind != FIELD_INT || value->i <= 0) {
        return false;
    }
    record->time_ns = (uint64_t)value->i;
    record->time_zone_assumed = false;
    return true;
}

/* A name brings its text with it. */
static bool set_severity(struct record *record, const struct value *value)
{
    bool is_number = value->kind == FIELD_INT && value->i >= 1 && value->i <= 24;
    uint8_t number = is_number        ? (uint8_t)value->i
                     : is_text(value) ? severity_from_text(severity_clean(value->text),
                                                           SEVERITY_SYSLOG)
                                      : 0;
    if (number != 0) {
        record->severity_number = number;
        record->severity_text = is_text(value) ? value->text : record->severity_text;
    }
    return number != 0;
}

/* A body that is no text is a field of the table which is no attribute. */
static bool set_body(struct record *record, const struct value *value)
{
    if (value->kind == FIELD_STRING || value->kind == FIELD_BYTES) {
        record->has_body_text = true;
        record->body_text = value->text;
        return true;
    }
    uint32_t index = record->fields.count;
    if (is_container(value)) {
        if (add_copy(record, NO_FIELD, nothing, value->field) == NO_FIELD) {
            return false;
        }
    } else if (fields_add(&record->fields) == NULL) {
        return false;
    } else {
        put_scalar(&record->fields.items[index], value);
    }
    record->fields.items[index].key = "";
    record->fields.items[index].flags |= FIELD_MOVED;
    record->has_body_text = false;
    record->body_field = index;
    return true;
}

static bool set_slice(struct slice *out, const struct value *value)
{
    bool is_good = is_text(value) && utf8_is_valid(value->text.data, value->text.len);
    *out = is_good ? value->text : *out;
    return is_good;
}

static bool set_own(struct record *record, enum own_value own, const struct value *value)
{
    switch (own) {
    case OWN_TRACE_ID:
        return set_id(value, record->trace_id, sizeof(record->trace_id), &record->has_trace_id);
    case OWN_SPAN_ID:
        return set_id(value, record->span_id, sizeof(record->span_id), &record->has_span_id);
    case OWN_TRACE_FLAGS:
        return set_flags(record, value);
    case OWN_TIME:
        return set_time(record, value);
    case OWN_SEVERITY:
        return set_severity(record, value);
    case OWN_SEVERITY_TEXT:
        return set_slice(&record->severity_text, value);
    case OWN_BODY:
        return set_body(record, value);
    case OWN_SERVICE:
        return set_slice(&record->service, value);
    case OWN_SERVICE_NAMESPACE:
        return set_slice(&record->service_namespace, value);
    default:
        return false;
    }
}

bool edit_set(struct record *record, const struct name *name, const struct value *value)
{
    struct value lasting = *value;
    if (value->text.data == value->made && value->text.len > 0) {
        lasting.text = arena_copy(record->arena, value->text);
        if (lasting.text.data == NULL) {
            return false;
        }
    }
    if (name->own != OWN_NONE) {
        return set_own(record, name->own, &lasting);
    }
    if (value->kind == FIELD_STRING && value->field == NO_FIELD &&
        !utf8_is_valid(lasting.text.data, lasting.text.len)) {
        lasting.kind = FIELD_BYTES; /* a body, a path: whatever bytes there were */
    }
    return is_container(value) ? set_container(record, name, value->field)
                               : set_scalar(record, name, &lasting);
}

void edit_remove(struct record *record, const struct name *name)
{
    if (name->own != OWN_NONE) {
        edit_remove_own(record, name->own);
        return;
    }
    uint32_t index = name_find(name, &record->fields);
    if (index != NO_FIELD) {
        record->fields.items[index].flags |= FIELD_REMOVED;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plain_json.h"

#include <inttypes.h>
#include "base/json_write.h"
#include "base/utf8.h"

struct writer {
    struct buf *out;
    bool fits;
};

static void put(struct writer *w, const char *text)
{
    w->fits = w->fits && buf_append_string(w->out, text);
}

/* A string, valid runs of it at a time. */
static void put_text(struct writer *w, struct slice text)
{
    if (text.len == 0 || utf8_is_valid(text.data, text.len)) {
        w->fits = w->fits && json_write_string(w->out, text);
        return;
    }
    put(w, "\"");
    while (text.len > 0 && w->fits) {
        size_t len = utf8_sequence_len(text.data, text.len);
        bool is_plain = len > 1 || (len == 1 && (unsigned char)text.data[0] >= 0x20 &&
                                    text.data[0] != '"' && text.data[0] != '\\');
        w->fits = is_plain ? buf_append(w->out, text.data, len)
                           : buf_append_string(w->out, "\xEF\xBF\xBD");
        text = slice_skip(text, len > 0 ? len : 1);
    }
    put(w, "\"");
}

static void put_name(struct writer *w, struct slice name)
{
    char last = w->out->data[w->out->len - 1];
    put(w, last != '{' ? "," : "");
    put_text(w, name);
    put(w, ":");
}

static void put_field(struct writer *w, const struct field *items, uint32_t index);

static void put_items(struct writer *w, const struct field *items, uint32_t begin, uint32_t end,
                      bool has_keys)
{
    for (uint32_t i = begin; i < end && w->fits; i = items[i].next) {
        if ((items[i].flags & (FIELD_MOVED | FIELD_REMOVED)) != 0) {
            continue;
        }
        if (has_keys) {
            put_name(w, field_key(&items[i]));
        } else if (w->out->data[w->out->len - 1] != '[') {
            put(w, ",");
        }
        put_field(w, items, i);
    }
}

static void put_field(struct writer *w, const struct field *items, uint32_t index)
{
    const struct field *field = &items[index];
    bool has_keys = field->kind == FIELD_OBJECT;
    switch ((enum field_kind)field->kind) {
    case FIELD_NULL:
        put(w, "null");
        break;
    case FIELD_BOOL:
        put(w, field->value.b ? "true" : "false");
        break;
    case FIELD_INT:
        w->fits = w->fits && buf_append_format(w->out, "%" PRId64, field->value.i);
        break;
    case FIELD_DOUBLE:
        w->fits = w->fits && json_write_double(w->out, field->value.d);
        break;
    case FIELD_NUMBER:
    case FIELD_STRING:
    case FIELD_BYTES:
        put_text(w, field_text(field));
        break;
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        put(w, has_keys ? "{" : "[");
        put_items(w, items, index + 1, field->next, has_keys);
        put(w, has_keys ? "}" : "]");
        break;
    }
}

static void put_own_text(struct writer *w, const char *name, struct slice text)
{
    if (text.len > 0) {
        put_name(w, slice_from_string(name));
        put_text(w, text);
    }
}

static void put_own_number(struct writer *w, const char *name, unsigned number)
{
    put_name(w, slice_from_string(name));
    w->fits = w->fits && buf_append_format(w->out, "%u", number);
}

static void put_id(struct writer *w, const char *name, const uint8_t *id, size_t len)
{
    put_name(w, slice_from_string(name));
    w->fits = w->fits && json_write_hex(w->out, slice_make((const char *)id, len));
}

static void put_body(struct writer *w, const struct record *record)
{
    if (record->has_body_text) {
        put_name(w, SLICE("$body"));
        put_text(w, record->body_text);
    } else if (record->body_field != NO_FIELD) {
        put_name(w, SLICE("$body"));
        put_field(w, record->fields.items, record->body_field);
    }
}

bool plain_json_write_record(const struct record *record, struct buf *out)
{
    struct writer w = {out, buf_append(out, "{", 1)};
    if (!w.fits) {
        return false;
    }
    put_items(&w, record->fields.items, 0, record->fields.count, true);
    if (record->severity_number != 0) {
        put_own_number(&w, "$severity", record->severity_number);
    }
    put_own_text(&w, "$severity_text", record->severity_text);
    put_body(&w, record);
    if (record->has_trace_id) {
        put_id(&w, "$trace_id", record->trace_id, sizeof(record->trace_id));
    }
    if (record->has_span_id) {
        put_id(&w, "$span_id", record->span_id, sizeof(record->span_id));
    }
    if (record->has_flags) {
        put_own_number(&w, "$trace_flags", record->flags);
    }
    put_own_text(&w, "$service", record->service);
    put_own_text(&w, "$service_namespace", record->service_namespace);
    if (record->dropped_attributes != 0) {
        put_own_number(&w, "$dropped", record->dropped_attributes);
    }
    put(&w, "}");
    return w.fits;
}

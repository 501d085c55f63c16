/* SPDX-License-Identifier: Apache-2.0 */
#include "record/extra_attributes.h"

#include "base/mem.h"
#include "base/utf8.h"

#define SERVICE_NAME      SLICE("service.name")
#define SERVICE_NAMESPACE SLICE("service.namespace")

static const struct slice extra_keys[EXTRA_ATTRIBUTES_MAX] = {
    [EXTRA_IOSTREAM] = {"log.iostream", 12},
    [EXTRA_FILE_PATH] = {"log.file.path", 13},
    [EXTRA_UID] = {"log.record.uid", 14},
    [EXTRA_MALFORMED] = {"clew.frame.malformed", 20},
    [EXTRA_TRUNCATED] = {"clew.record.truncated", 21},
    [EXTRA_LOW64] = {"clew.trace.low64", 16},
    [EXTRA_ZONE_ASSUMED] = {"clew.time.zone_assumed", 22},
};

static struct field named_field(struct slice key, enum field_kind kind)
{
    return (struct field){
        .key = key.data, .key_len = (uint32_t)key.len, .kind = (uint8_t)kind, .next = 1};
}

/* A string, or bytes where it is not UTF-8: OTLP's strings must be. */
static struct field text_field(struct slice key, struct slice text)
{
    bool is_utf8 = utf8_is_valid(text.data, text.len);
    struct field field = named_field(key, is_utf8 ? FIELD_STRING : FIELD_BYTES);
    field.text = text.data;
    field.text_len = (uint32_t)text.len;
    return field;
}

static struct field true_field(struct slice key)
{
    struct field field = named_field(key, FIELD_BOOL);
    field.text = "true";
    field.text_len = 4;
    field.value.b = true;
    return field;
}

/* One bit an extra that the line has itself. */
static unsigned find_own(const struct fields *fields)
{
    unsigned own = 0;
    for (uint32_t i = 0; i < fields->count; i = fields->items[i].next) {
        const struct field *field = &fields->items[i];
        if (!extra_may_be(field) ||
            (field->flags & (FIELD_MOVED | FIELD_REMOVED)) != 0) {
            continue;
        }
        for (unsigned extra = 0; extra < EXTRA_ATTRIBUTES_MAX; extra++) {
            own |= slice_is_equal(field_key(field), extra_keys[extra]) ? 1U << extra : 0;
        }
    }
    return own;
}

static void write_hex(uint64_t number, char out[16])
{
    for (int i = 0; i < 16; i++) {
        out[i] = "0123456789abcdef"[(number >> (60 - 4 * i)) & 15];
    }
}

unsigned extra_attributes_wanted(const struct record *record)
{
    unsigned wanted = 0;
    wanted |= record->iostream != IOSTREAM_NONE ? 1U << EXTRA_IOSTREAM : 0;
    wanted |= record->source->path != NULL ? 1U << EXTRA_FILE_PATH : 0;
    wanted |= record->file_hash != 0 ? 1U << EXTRA_UID : 0;
    wanted |= record->malformed ? 1U << EXTRA_MALFORMED : 0;
    wanted |= record->truncated ? 1U << EXTRA_TRUNCATED : 0;
    wanted |= record->has_trace_id && (record->also >> NOTE_LOW64 & 1) != 0 ? 1U << EXTRA_LOW64 : 0;
    wanted |= record->time_zone_assumed ? 1U << EXTRA_ZONE_ASSUMED : 0;
    return wanted;
}

struct field extra_attribute_make(const struct record *record, enum extra extra, char uid[32])
{
    switch (extra) {
    case EXTRA_IOSTREAM:
        return text_field(extra_keys[extra], record->iostream == IOSTREAM_STDOUT
                                                 ? SLICE("stdout")
                                                 : SLICE("stderr"));
    case EXTRA_FILE_PATH:
        return text_field(extra_keys[extra], slice_from_string(record->source->path));
    case EXTRA_UID:
        write_hex(record->file_hash, uid);
        write_hex(record->offset, uid + 16);
        return text_field(extra_keys[extra], slice_make(uid, 32));
    case EXTRA_MALFORMED:
    case EXTRA_TRUNCATED:
    case EXTRA_LOW64:
    case EXTRA_ZONE_ASSUMED:
        return true_field(extra_keys[extra]);
    case EXTRA_ATTRIBUTES_MAX:
        break;
    }
    ensure_failed("every extra has its case", __FILE__, __LINE__);
}

unsigned extra_attributes_select(const struct record *record)
{
    unsigned wanted = extra_attributes_wanted(record);
    return wanted != 0 ? wanted & ~find_own(&record->fields) : 0;
}

void extra_attributes_fill(const struct record *record, struct extra_attributes *out)
{
    unsigned wanted = extra_attributes_select(record);
    out->count = 0;
    for (unsigned extra = 0; extra < EXTRA_ATTRIBUTES_MAX; extra++) {
        if ((wanted >> extra & 1) != 0) {
            out->items[out->count++] = extra_attribute_make(record, (enum extra)extra, out->uid);
        }
    }
}

static const struct key_value *find_setting(const struct settings *settings, struct slice key)
{
    for (size_t i = 0; i < settings->resource.count; i++) {
        if (slice_is_equal(slice_from_string(settings->resource.items[i].key), key)) {
            return &settings->resource.items[i];
        }
    }
    return NULL;
}

static const char *find_fallback_service(const struct record *record,
                                         const struct settings *settings)
{
    const struct key_value *setting = find_setting(settings, SERVICE_NAME);
    const char *names[] = {
        record->source->default_service,
        settings->service,
        setting != NULL ? setting->value : NULL,
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i] != NULL && names[i][0] != '\0') {
            return names[i];
        }
    }
    return "unknown_service";
}

struct slice resource_service_name(const struct record *record, const struct settings *settings)
{
    return record->service.len > 0
               ? record->service
               : slice_from_string(find_fallback_service(record, settings));
}

/* An attribute with this key has been told before those of the source. */
static bool is_of_line(const struct record *record, struct slice key)
{
    return slice_is_equal(key, SERVICE_NAME) ||
           (record->service_namespace.len > 0 && slice_is_equal(key, SERVICE_NAMESPACE));
}

static bool is_of_source(const struct source *source, struct slice key)
{
    for (size_t i = 0; i < source->attribute_count; i++) {
        if (slice_is_equal(slice_from_string(source->attributes[i].key), key)) {
            return true;
        }
    }
    return false;
}

static bool take_of_source(const struct record *record, size_t index,
                           struct field out_fields[RESOURCE_FIELDS])
{
    const struct attribute *attribute = &record->source->attributes[index];
    struct slice key = slice_from_string(attribute->key);
    if (is_of_line(record, key)) {
        return false;
    }
    if (attribute->is_int) {
        out_fields[0] = named_field(key, FIELD_INT);
        out_fields[0].value.i = attribute->number;
    } else if (attribute->is_list) {
        out_fields[0] = named_field(key, FIELD_ARRAY);
        out_fields[0].next = 2;
        out_fields[1] = text_field((struct slice){NULL, 0}, slice_from_string(attribute->value));
        out_fields[1].next = 2;
    } else {
        out_fields[0] = text_field(key, slice_from_string(attribute->value));
    }
    return true;
}

static bool take_of_settings(const struct resource_walk *walk, size_t index,
                             struct field *out_field)
{
    const struct key_value *setting = &walk->settings->resource.items[index];
    struct slice key = slice_from_string(setting->key);
    if (is_of_line(walk->record, key) || is_of_source(walk->record->source, key) ||
        find_setting(walk->settings, key) != setting) {
        return false;
    }
    *out_field = text_field(key, slice_from_string(setting->value));
    return true;
}

bool resource_walk_next(struct resource_walk *walk, struct field out_fields[RESOURCE_FIELDS])
{
    const struct record *record = walk->record;
    size_t source_end = 2 + record->source->attribute_count;
    size_t end = source_end + walk->settings->resource.count;
    while (walk->next < end) {
        size_t at = walk->next++;
        bool found;
        if (at == 0) {
            out_fields[0] = text_field(SERVICE_NAME, resource_service_name(record, walk->settings));
            found = true;
        } else if (at == 1) {
            out_fields[0] = text_field(SERVICE_NAMESPACE, record->service_namespace);
            found = record->service_namespace.len > 0;
        } else if (at < source_end) {
            found = take_of_source(record, at - 2, out_fields);
        } else {
            found = take_of_settings(walk, at - source_end, out_fields);
        }
        if (found) {
            return true;
        }
    }
    return false;
}

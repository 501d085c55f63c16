/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/measure.h"

#include <stddef.h>
#include "base/mem.h"

enum message {
    NO_MESSAGE,
    REQUEST,
    RESOURCE_LOGS,
    SCOPE_LOGS,
    RESOURCE,
    SCOPE,
    LOG_RECORD,
    KEY_VALUE,
    ANY_VALUE,
    ARRAY_VALUE,
    KVLIST_VALUE,
    MESSAGES,
};

enum {
    FIELDS_MAX = 7,     /* no message is in a field with a higher number */
    TRACE_ID_FIELD = 9, /* of a LogRecord */
    TRACE_ID_BYTES = 16,
};

/* Which message a field of a message holds; see otlp.proto. */
static const unsigned char messages_within[MESSAGES][FIELDS_MAX] = {
    [REQUEST] = {[1] = RESOURCE_LOGS},
    [RESOURCE_LOGS] = {[1] = RESOURCE, [2] = SCOPE_LOGS},
    [SCOPE_LOGS] = {[1] = SCOPE, [2] = LOG_RECORD},
    [RESOURCE] = {[1] = KEY_VALUE},
    [SCOPE] = {[3] = KEY_VALUE},
    [LOG_RECORD] = {[5] = ANY_VALUE, [6] = KEY_VALUE},
    [KEY_VALUE] = {[2] = ANY_VALUE},
    [ANY_VALUE] = {[5] = ARRAY_VALUE, [6] = KVLIST_VALUE},
    [ARRAY_VALUE] = {[1] = ANY_VALUE},
    [KVLIST_VALUE] = {[1] = KEY_VALUE},
};

struct walk {
    struct wire_counts counts;
    bool is_light; /* records are counted, not walked */
};

struct wire_field {
    uint64_t number;
    struct slice bytes; /* of a length-delimited field */
    bool has_bytes;
};

static bool read_varint(struct slice *rest, uint64_t *out_value)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 10 && i < rest->len; i++) {
        unsigned char byte = (unsigned char)rest->data[i];
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80) {
            *rest = slice_skip(*rest, i + 1);
            *out_value = value;
            return true;
        }
    }
    return false;
}

static bool skip_bytes(struct slice *rest, uint64_t n)
{
    if (n > rest->len) {
        return false;
    }
    *rest = slice_skip(*rest, (size_t)n);
    return true;
}

/* Groups (wire types 3 and 4) are not in proto3. */
static bool read_field(struct slice *rest, struct wire_field *out)
{
    uint64_t tag = 0;
    uint64_t value = 0;
    if (!read_varint(rest, &tag) || tag >> 3 == 0) {
        return false;
    }
    out->number = tag >> 3;
    out->has_bytes = false;
    switch (tag & 7) {
    case 0:
        return read_varint(rest, &value);
    case 1:
        return skip_bytes(rest, 8);
    case 2:
        if (!read_varint(rest, &value) || value > rest->len) {
            return false;
        }
        out->bytes = slice_make(rest->data, (size_t)value);
        out->has_bytes = true;
        return skip_bytes(rest, value);
    case 5:
        return skip_bytes(rest, 4);
    default:
        return false;
    }
}

static bool is_valid_id(struct slice id)
{
    unsigned char any = 0;
    for (size_t i = 0; i < id.len; i++) {
        any |= (unsigned char)id.data[i];
    }
    return id.len == TRACE_ID_BYTES && any != 0;
}

static enum message find_message(enum message parent, const struct wire_field *field)
{
    bool may_hold = field->has_bytes && field->number < FIELDS_MAX;
    return may_hold ? (enum message)messages_within[parent][field->number] : NO_MESSAGE;
}

static enum wire_result walk_message(struct walk *walk, struct slice rest, enum message message,
                                     unsigned depth)
{
    if (depth > WIRE_DEPTH_MAX) {
        return WIRE_TOO_DEEP;
    }
    bool is_traced = false;
    enum wire_result result = WIRE_OK;
    while (rest.len > 0 && result == WIRE_OK) {
        struct wire_field field;
        if (!read_field(&rest, &field)) {
            return WIRE_MALFORMED;
        }
        enum message within = find_message(message, &field);
        if (within != NO_MESSAGE && !(walk->is_light && message == LOG_RECORD)) {
            result = walk_message(walk, field.bytes, within, depth + 1);
        } else if (message == LOG_RECORD && field.number == TRACE_ID_FIELD && field.has_bytes) {
            is_traced = is_valid_id(field.bytes);
        }
    }
    if (message == LOG_RECORD) {
        walk->counts.records++;
        walk->counts.traced += is_traced ? 1 : 0;
    }
    return result;
}

enum wire_result wire_check(struct slice request)
{
    struct walk walk = {.is_light = false};
    return walk_message(&walk, request, REQUEST, 0);
}

enum wire_result wire_count(struct slice request, struct wire_counts *out_counts)
{
    struct walk walk = {.is_light = true};
    enum wire_result result = walk_message(&walk, request, REQUEST, 0);
    *out_counts = walk.counts;
    return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/split.h"

/*
 * The request is walked three levels deep: ResourceLogs, ScopeLogs, LogRecord; records and heads
 * are copied as they stand. A level is opened with a length of fixed width, and taken back if none
 * of the wanted records was in it, so that no empty envelope is sent.
 */

#include "otlp/read.h"
#include "otlp/wire.h"

enum { IN_REQUEST, IN_RESOURCE_LOGS, IN_SCOPE_LOGS };

struct split {
    uint32_t next;  /* number of the next record met */
    uint32_t first; /* the wanted ones: first <= number < end */
    uint64_t end;
    struct buf *out;
};

/* The field number that goes a level down; in a ScopeLogs those are the records. */
static bool is_way_down(int level, const struct wire_field *field)
{
    return field->type == WIRE_BYTES && field->number == (level == IN_REQUEST ? 1 : 2);
}

static bool copy_level(struct split *split, int level, struct slice in);

static bool copy_below(struct split *split, int level, const struct wire_field *field)
{
    struct buf *out = split->out;
    size_t before = out->len;
    uint32_t first_met = split->next;
    char head[1 + WIRE_FIXED_LEN_BYTES] = {(char)(field->number << 3 | WIRE_BYTES)};
    if (!buf_append(out, head, sizeof(head)) || !copy_level(split, level + 1, field->bytes)) {
        return false;
    }
    if (split->next > split->first && first_met < split->end && split->next > first_met) {
        put_fixed_len(out->data + before + 1, out->len - before - sizeof(head));
    } else {
        out->len = before;
    }
    return true;
}

static bool copy_field(struct split *split, int level, const struct wire_field *field)
{
    if (!is_way_down(level, field)) {
        return buf_append_slice(split->out, field->whole);
    }
    if (level < IN_SCOPE_LOGS) {
        return copy_below(split, level, field);
    }
    uint32_t number = split->next++;
    return number < split->first || number >= split->end ||
           buf_append_slice(split->out, field->whole);
}

static bool copy_level(struct split *split, int level, struct slice in)
{
    struct wire_field field;
    enum wire_result result;
    while ((result = wire_next(&in, &field)) == WIRE_FIELD) {
        if (!copy_field(split, level, &field)) {
            return false;
        }
    }
    return result == WIRE_END;
}

bool otlp_split_copy(struct slice request, uint32_t first, uint32_t count, struct buf *out)
{
    struct split split = {.first = first, .end = (uint64_t)first + count, .out = out};
    buf_clear(out);
    return copy_level(&split, IN_REQUEST, request);
}

static bool count_level(int level, struct slice in, uint32_t *count)
{
    struct wire_field field;
    enum wire_result result;
    while ((result = wire_next(&in, &field)) == WIRE_FIELD) {
        if (!is_way_down(level, &field)) {
            continue;
        }
        if (level == IN_SCOPE_LOGS) {
            ++*count;
        } else if (!count_level(level + 1, field.bytes, count)) {
            return false;
        }
    }
    return result == WIRE_END;
}

bool otlp_split_count(struct slice request, uint32_t *out_count)
{
    uint32_t count = 0;
    bool is_good = count_level(IN_REQUEST, request, &count);
    *out_count = is_good ? count : *out_count;
    return is_good;
}

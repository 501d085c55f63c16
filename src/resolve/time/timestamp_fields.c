/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/time/timestamp_fields.h"

static struct slice text_of(const struct hits *hits, uint16_t id)
{
    const struct field *field = hits_find(hits, id);
    return field != NULL ? field_text(field) : slice_make(NULL, 0);
}

static bool is_number(const struct field *field)
{
    return field->kind == FIELD_INT || field->kind == FIELD_DOUBLE || field->kind == FIELD_NUMBER;
}

/* Keys whose name says the unit, or that come in two parts; false leaves the key to its text. */
static bool read_named_unit(const struct hits *hits, uint16_t id, struct slice text,
                            uint64_t *out_ns)
{
    switch (id) {
    case KEY_TIME_UNIX_NANO:
        return timestamp_from_units(text, 1000000000, out_ns);
    case KEY_TIME_MILLIS:
        return timestamp_from_units(text, 1000, out_ns);
    case KEY_REALTIME_TIMESTAMP:
        return timestamp_from_units(text, 1000000, out_ns);
    case KEY_INSTANT_SECOND:
        return timestamp_from_parts(text, text_of(hits, KEY_INSTANT_NANO), out_ns);
    case KEY_TIMESTAMP_SECONDS:
        return timestamp_from_parts(text, text_of(hits, KEY_TIMESTAMP_NANOS), out_ns);
    default:
        return false;
    }
}

static bool read_number(const struct field *field, uint64_t *out_ns)
{
    return field->kind == FIELD_INT ? timestamp_from_integer(field->value.i, out_ns)
                                    : timestamp_from_number(field_text(field), out_ns);
}

static bool read_field(const struct hits *hits, uint16_t id, const struct field *field,
                       const struct timestamp_env *env, struct timestamp *out)
{
    struct slice text = field_text(field);
    uint64_t ns;
    bool number = is_number(field);
    if ((!number && field->kind != FIELD_STRING) || id == KEY_INSTANT_NANO ||
        id == KEY_TIMESTAMP_NANOS || (number && id == KEY_TIME_SHORT)) {
        return false;
    }
    if (read_named_unit(hits, id, text, &ns) || (number && read_number(field, &ns))) {
        *out = (struct timestamp){.ns = ns};
        return true;
    }
    return !number && timestamp_from_text(text, env, out);
}

bool timestamp_from_fields(const struct hits *hits, const struct timestamp_env *env,
                           struct timestamp *out)
{
    uint16_t id = KEY_TIME_UNIX_NANO - 1;
    for (const struct field *field; (field = hits_next(hits, id, KEY_DATE, &id)) != NULL;) {
        if (read_field(hits, id, field, env, out)) {
            return true;
        }
    }
    return false;
}

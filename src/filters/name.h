/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_NAME_H
#define CLEW_FILTERS_NAME_H

/*
 * The names that filters are told, and what they find in a record.
 *
 * `a.b.c` is the top-level field of exactly that name; if there is none, the field `b.c` (by the
 * same rule) in the object `a`; if there is none, the field `c` in the object `a.b`. Elements of arrays
 * have no names. A field that an earlier filter has removed is not found. One that has become the
 * body or an id is: it can be read, but is no attribute.
 */

#include "filters/name_index.h"
#include "record/own_value.h"
#include "record/record.h"
#include "record/settings.h"

struct name {
    const char *text; /* as in the config; not owned */
    uint32_t len;
    uint32_t number;    /* in the chain's index; NAME_NO_NUMBER: in none */
    bool has_dot;
    enum own_value own; /* OWN_NONE: a field */
};

/* `index` NULL: of no chain. */
struct name name_make(const char *text, struct name_index *index);

/* The bit without which there is nothing of that name in a record: one of name_index.present. */
static inline uint64_t name_bit(const struct name *name)
{
    return name->number == NAME_NO_NUMBER ? NAME_BIT_ALWAYS : name_index_bit(name->number);
}

/* False for certain, true perhaps: is there a field of that name? */
static inline bool name_may_be_there(const struct name *name, const struct fields *fields)
{
    return name->own == OWN_NONE && name_index_has(fields->index, name->number);
}

/* The index of the field; NO_FIELD if there is none, or the name is not that of a field. */
uint32_t name_find(const struct name *name, const struct fields *fields);

/* The object that a new field of this name goes into, the one with the longest name that is there:
 * *out_key is what is left of the name. NO_FIELD: the top level. */
uint32_t name_find_home(const struct name *name, const struct fields *fields,
                        struct slice *out_key);

enum { VALUE_TEXT_MAX = 32 };

/* A value, of a field or of the record's own. `text` points into the record or, for those that have
 * no text of their own, `made`, so a struct value stays where it was filled. */
struct value {
    enum field_kind kind;
    struct slice text; /* none of a container: its raw text may hold what a filter has removed */
    int64_t i;         /* of FIELD_INT */
    double d;          /* of FIELD_INT and FIELD_DOUBLE */
    bool b;
    uint32_t field;    /* NO_FIELD: the record's own */
    char made[VALUE_TEXT_MAX];
};

/* False if there is nothing of that name. */
bool value_read(const struct name *name, const struct record *record,
                const struct settings *settings, struct value *out);

void value_of_field(const struct fields *fields, uint32_t index, struct value *out);

/* The whole value as a text: what a template writes. */
static inline struct slice value_text(const struct value *value)
{
    return value->text;
}

/* A number, also one that is written as a text. */
bool value_number(const struct value *value, double *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_FIELDS_H
#define CLEW_RECORD_FIELDS_H

/*
 * The field table: every member of a line, flat, in the order of the line.
 *
 * A tree without pointers. A container (object or array) is followed by what it holds, and `next`
 * of every field is the index just behind its subtree, i.e. its sibling. Walking the top level is
 *
 *     for (uint32_t i = 0; i < fields->count; i = fields->items[i].next)
 *
 * and walking what container `c` holds is the same from c + 1 to items[c].next.
 *
 * Nothing is owned: keys and values are slices of the line, or of the record's arena where they had
 * to be unescaped. They live until the next record.
 *
 * Member names may be repeated; a parser merges them before it returns (see fields_merge_repeated):
 * one field, whose value is an array of all values in order, FIELD_REPEATED set. So within one
 * object every key is unique, as OTLP demands.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/slice.h"
#include "record/key_set.h"

enum field_kind {
    FIELD_NULL,
    FIELD_BOOL,
    FIELD_INT,     /* value.i, exact to 64 bits; `text` is the token */
    FIELD_DOUBLE,  /* value.d, the nearest double; `text` is the token */
    FIELD_NUMBER,  /* beyond int64 and double: shipped as a string, its decimal text in `text` */
    FIELD_STRING,  /* valid UTF-8, unescaped, in `text` */
    FIELD_BYTES,   /* a string that is not UTF-8, in `text`; a lone surrogate escape (\ud800) is
                      there as the three bytes that UTF-8 would have for it, so it is not lost */
    FIELD_OBJECT,
    FIELD_ARRAY,
};

enum field_flags {
    FIELD_MOVED = 1,    /* now in a field of the record's own (body, ids): not an attribute */
    FIELD_REMOVED = 2,  /* removed by a filter: not an attribute */
    FIELD_REPEATED = 4, /* an array made of several members of one name; it has no raw text */
    FIELD_NAMED = 8,    /* key_id is what the key means, KEY_UNKNOWN too: it has been looked up */
};

struct field {
    const char *key;  /* NULL for the elements of an array */
    const char *text; /* see enum field_kind; for containers, bools and null the raw text */
    uint32_t key_len;
    uint32_t text_len;
    union {
        int64_t i;
        double d;
        bool b;
    } value;
    uint32_t next; /* index behind this field and all it holds */
    uint16_t key_id; /* what the key means (record/keys.h), 0 for nothing known or not looked up */
    uint8_t kind;
    uint8_t flags;
};

struct fields {
    struct field *items;
    uint32_t count;
    uint32_t cap;
    uint32_t count_max; /* fields a record; a line with more is shipped as text */
    struct key_cache *keys; /* what names mean, not owned; NULL: parsers do not look names up */
    struct shapes *shapes;  /* what lines have in common (record/shapes.h), not owned; may be NULL */
    struct shape *shape;    /* what this line has in common with others, until members are added,
                               renamed or taken out; NULL: nobody knows */
    struct name_index *index; /* of the filters at work (filters/name_index.h), not owned; or NULL */
    struct key_set names;  /* member names seen in this record, for fields_note_name() */
    struct field *spare;   /* fields_merge_repeated() writes here, then swaps; see fields_spare() */
    uint32_t *scratch;     /* it and fields_keep_last() keep their books here */
    uint32_t spare_cap;
    uint32_t scratch_cap;
};

void fields_init(struct fields *fields, uint32_t count_max);
void fields_fini(struct fields *fields);

static inline void fields_clear(struct fields *fields)
{
    fields->count = 0;
    fields->shape = NULL;
    fields->index = NULL;
    key_set_clear(&fields->names);
}

/* Room for one more; false at count_max. Slow path of fields_add(). */
bool fields_grow(struct fields *fields);

/* A zeroed field at the end, its `next` right behind it; NULL at count_max. The pointer is good
 * until the next add. */
static inline struct field *fields_add(struct fields *fields)
{
    if (fields->count == fields->cap && !fields_grow(fields)) {
        return NULL;
    }
    struct field *field = &fields->items[fields->count++];
    *field = (struct field){.next = fields->count};
    fields->shape = NULL;
    return field;
}

/*
 * Note that the object at index `object` (NO_OBJECT: the top level) has a member `name`. True if it
 * may have had one of that name before: the parser then calls fields_merge_repeated() at its end,
 * which looks closely. False is certain. Costs one hash of the name, whatever the object's size.
 */
static inline bool fields_note_name(struct fields *fields, uint32_t object, struct slice name)
{
    return key_set_add(&fields->names, key_set_hash(name.data, name.len, object));
}

#define NO_OBJECT UINT32_MAX

/* Where key_cache_note() of record/keys.h left a member's name. */
enum key_note {
    KEY_NOTE_NEW,      /* not seen in this round */
    KEY_NOTE_SEEN,     /* seen in this round, or in one that had the same number */
    KEY_NOTE_NO_PLACE, /* not kept: somebody else has to remember it */
};

enum key_note key_cache_note(struct key_cache *keys, uint32_t round, struct field *field);

/*
 * What fields_note_name() does, for the field that is being added, of which the key is set. Where
 * the table knows `keys`, a name of the top level is looked up on the way, which costs no more: one
 * hash and one compare serve both questions.
 */
static inline bool fields_note_member(struct fields *fields, uint32_t object, struct field *field)
{
    if (object == NO_OBJECT && fields->keys != NULL) {
        enum key_note note = key_cache_note(fields->keys, fields->names.generation, field);
        if (__builtin_expect(note != KEY_NOTE_NO_PLACE, 1)) {
            return note == KEY_NOTE_SEEN;
        }
    }
    return fields_note_name(fields, object, (struct slice){field->key, field->key_len});
}

static inline struct slice field_key(const struct field *field)
{
    return slice_make(field->key, field->key_len);
}

static inline struct slice field_text(const struct field *field)
{
    return slice_make(field->text, field->text_len);
}

/* Add a top-level string field (FIELD_BYTES when it is not UTF-8); false at count_max. */
bool fields_add_string(struct fields *fields, struct slice key, struct slice value);

/* The top-level field of exactly this name; NULL if there is none. Linear. */
struct field *fields_find(struct fields *fields, struct slice key);

/*
 * Merge members of one name, in every object of the table, as the OpenTelemetry attribute mapping
 * asks: the first one's place, an array of all values in order. Called by a parser that has seen a
 * name twice, never otherwise: it rewrites the table. False at count_max: the line is then text.
 * n log n in the number of fields; calls itself as deep as the containers are nested.
 */
bool fields_merge_repeated(struct fields *fields);

/*
 * Of the members of one name in the object at index `object` (NO_OBJECT: the top level) the last stays,
 * the others are FIELD_REMOVED: what filters make of names that they bring together. Linear where
 * no name comes twice, else n log n.
 */
void fields_keep_last(struct fields *fields, uint32_t object);

/* Room for as many fields as the table has, for whoever moves them about. It holds nothing between
 * two calls. */
struct field *fields_spare(struct fields *fields);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_NAME_INDEX_H
#define CLEW_FILTERS_NAME_INDEX_H

/*
 * Which names of a chain are in a record, and where.
 *
 * The names that a chain of filters is told are known when it is made, and most of them are in few of
 * the records. So they are numbered, and one walk over a record's field table says for each whether
 * it may be there at all, and at which index. A filter none of whose names is there is not even called
 * (`present`); one that asks for a name gets its place without a search.
 *
 *     making a chain    name_index_add(), one a name
 *     a record          name_index_read(), before the first filter
 *     filters           name_find() and its like (filters/name.h); whoever adds or renames a field says
 *                       so by name_index_note(), whoever makes fields move by name_index_move()
 *
 * What it says to be absent is absent for certain. What it knows no place of is searched for, as if
 * there were no index: so a note too many costs time, never a wrong answer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/slice.h"
#include "record/fields.h"

/* A bit that is always set in `present`: of what is to be asked of every record. */
#define NAME_BIT_ALWAYS (UINT64_C(1) << 63)

#define NAME_NO_NUMBER UINT32_MAX

/* A key of the table that concerns a name. */
struct name_key {
    struct slice text;
    uint32_t number; /* of the name */
    uint32_t next;   /* with the same hash, + 1; 0: none */
    uint8_t kind;    /* enum name_key_kind, private */
};

struct name_place {
    uint64_t round; /* of the index, when the name is there */
    uint32_t first; /* its field; UINT32_MAX: to be searched for */
    uint32_t last;  /* the last one, of a name that counts wherever it stands */
};

enum {
    NAME_HASHES = 256,
    NAME_MEMOS = 256, /* more than there are shapes at a time */
    NAME_MEMO_PLACES = 8,
};

/* What the walk has found in a line of some shape (record/shapes.h), and would find in the next one. */
struct name_memo {
    uint64_t serial; /* of the shape; 0: of none */
    uint64_t present;
    uint32_t count;
    struct {
        uint32_t number;
        uint32_t first;
        uint32_t last;
    } places[NAME_MEMO_PLACES];
};

struct name_index {
    uint32_t heads[NAME_HASHES]; /* of keys, + 1; 0: none */
    struct name_key *keys;
    uint32_t key_count;
    struct name_place *places; /* one a name */
    uint32_t count;
    uint64_t round; /* the record in hand; never 0 */
    uint64_t present; /* bits of names that are there, and NAME_BIT_ALWAYS */
    bool is_placed; /* no field has moved since the walk */
    bool has_anywhere; /* a name of name_index_add_anywhere() */
    struct name_memo *memos; /* by the serial of the shape */
};

void name_index_init(struct name_index *index);
void name_index_fini(struct name_index *index);

/* A name as name_find() takes it; its number. `text` must outlive the index. */
uint32_t name_index_add(struct name_index *index, struct slice text);

/* A key of the top level, dots and all. */
uint32_t name_index_add_key(struct name_index *index, struct slice text);

/* A key at any depth, in any case. */
uint32_t name_index_add_anywhere(struct name_index *index, struct slice text);

/* The name's bit of `present`, which others may share. */
static inline uint64_t name_index_bit(uint32_t number)
{
    return UINT64_C(1) << (number % 63);
}

/* Walk the table, or remember what that found where the line has a shape that is known, and be its
 * index from now on: until name_index_leave(). */
void name_index_read(struct name_index *index, struct fields *fields);

static inline void name_index_leave(struct fields *fields)
{
    fields->index = NULL;
}

/* There may be a field `key` now that was not there. `index` may be NULL, here and below. */
void name_index_note(struct name_index *index, struct slice key);

/* The name is no more, or not only, where it was. */
static inline void name_index_forget(struct name_index *index, uint32_t number)
{
    if (index != NULL && number != NAME_NO_NUMBER) {
        index->places[number].first = UINT32_MAX;
    }
}

/* Fields are about to move. */
static inline void name_index_move(struct name_index *index)
{
    if (index != NULL) {
        index->is_placed = false;
    }
}

static inline bool name_index_has(const struct name_index *index, uint32_t number)
{
    return index == NULL || number == NAME_NO_NUMBER ||
           index->places[number].round == index->round;
}

/* Of a name that is there: where it is. False: that has to be searched for. */
static inline bool name_index_find(const struct name_index *index, uint32_t number,
                                   const struct name_place **out_place)
{
    if (index == NULL || number == NAME_NO_NUMBER || !index->is_placed) {
        return false;
    }
    *out_place = &index->places[number];
    return (*out_place)->first != UINT32_MAX;
}

#endif

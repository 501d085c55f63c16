/* SPDX-License-Identifier: Apache-2.0 */
#include "filters/name_index.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "record/shape_answers.h"

/*
 * A name of one part is there when the top level has its key. One of several parts (`a.b.c`) may be
 * a top-level key, or end as `b.c` or `c` in some object: each of these keys says that it may be there,
 * only the first one where.
 *
 * All of it follows from the names of a line and where they stand, so what was found is kept for each
 * shape of lines.
 */
enum name_key_kind {
    NAME_TOP,      /* the whole name, at the top level */
    NAME_KEY,      /* the same, of what is no name but a key */
    NAME_END,      /* the end of a name of several parts, in an object */
    NAME_ANYWHERE, /* at any depth, in any case */
};

void name_index_init(struct name_index *index)
{
    *index = (struct name_index){.round = 1, .present = NAME_BIT_ALWAYS};
    index->memos = mem_array(NAME_MEMOS, sizeof(*index->memos));
}

void name_index_fini(struct name_index *index)
{
    free(index->keys);
    free(index->places);
    free(index->memos);
}

/* Of few names there is hardly ever a second one. It is asked of every field: so the walk does not
 * fold capitals, a key in any case has two places instead. */
static inline uint8_t hash(unsigned char first, uint32_t len)
{
    return (uint8_t)(first + len * 8);
}

static inline uint8_t hash_of(struct slice key)
{
    return hash(key.len > 0 ? (unsigned char)key.data[0] : 0, (uint32_t)key.len);
}

static uint32_t find_number(const struct name_index *index, struct slice text,
                            enum name_key_kind kind)
{
    uint32_t head = index->heads[hash_of(text)];
    for (; head != 0; head = index->keys[head - 1].next) {
        if (index->keys[head - 1].kind == kind &&
            slice_is_equal(index->keys[head - 1].text, text)) {
            return index->keys[head - 1].number;
        }
    }
    return NAME_NO_NUMBER;
}

static void add_key_at(struct name_index *index, uint8_t place, struct slice text,
                       enum name_key_kind kind, uint32_t number)
{
    uint32_t *head = &index->heads[place];
    index->keys = mem_resize(index->keys, index->key_count + 1, sizeof(*index->keys));
    index->keys[index->key_count] = (struct name_key){text, number, *head, (uint8_t)kind};
    *head = ++index->key_count;
}

static void add_key(struct name_index *index, struct slice text, enum name_key_kind kind,
                    uint32_t number)
{
    uint8_t place = hash_of(text);
    bool is_letter = text.len > 0 && ((text.data[0] | 0x20) >= 'a' && (text.data[0] | 0x20) <= 'z');
    add_key_at(index, place, text, kind, number);
    if (kind == NAME_ANYWHERE && is_letter) {
        add_key_at(index, hash((unsigned char)text.data[0] ^ 0x20, (uint32_t)text.len), text, kind,
                   number);
    }
}

static uint32_t add_number(struct name_index *index)
{
    index->places = mem_resize(index->places, index->count + 1, sizeof(*index->places));
    index->places[index->count] = (struct name_place){0};
    return index->count++;
}

uint32_t name_index_add(struct name_index *index, struct slice text)
{
    uint32_t number = find_number(index, text, NAME_TOP);
    if (number != NAME_NO_NUMBER) {
        return number;
    }
    number = add_number(index);
    add_key(index, text, NAME_TOP, number);
    for (size_t i = 1; i + 1 < text.len; i++) {
        if (text.data[i] == '.') {
            add_key(index, slice_skip(text, i + 1), NAME_END, number);
        }
    }
    return number;
}

static uint32_t add_one(struct name_index *index, struct slice text, enum name_key_kind kind)
{
    uint32_t number = find_number(index, text, kind);
    if (number == NAME_NO_NUMBER) {
        number = add_number(index);
        add_key(index, text, kind, number);
    }
    return number;
}

uint32_t name_index_add_key(struct name_index *index, struct slice text)
{
    return add_one(index, text, NAME_KEY);
}

uint32_t name_index_add_anywhere(struct name_index *index, struct slice text)
{
    index->has_anywhere = true;
    return add_one(index, text, NAME_ANYWHERE);
}

static bool is_key(const struct name_key *key, struct slice text)
{
    return key->kind == NAME_ANYWHERE ? slice_is_equal_nocase(key->text, text)
                                     : slice_is_equal(key->text, text);
}

/* `at` UINT32_MAX: somewhere. */
static void put(struct name_index *index, const struct name_key *key, uint32_t at)
{
    struct name_place *place = &index->places[key->number];
    bool is_new = place->round != index->round;
    if (is_new) {
        *place = (struct name_place){index->round, at, at};
        index->present |= name_index_bit(key->number);
    } else if (at == UINT32_MAX) {
        place->first = at;
    } else {
        place->last = at;
    }
}

/* The field has the hash of some name. *top is a field of the top level at or before it, and is moved
 * on as far as it goes. */
static __attribute__((noinline)) void look(struct name_index *index, const struct fields *fields,
                                           uint32_t at, uint32_t *top)
{
    const struct field *field = &fields->items[at];
    uint32_t head = index->heads[hash_of(field_key(field))];
    while (*top < at) {
        *top = fields->items[*top].next;
    }
    for (; head != 0; head = index->keys[head - 1].next) {
        const struct name_key *key = &index->keys[head - 1];
        bool is_for_top = key->kind == NAME_TOP || key->kind == NAME_KEY;
        if (field->key != NULL && (!is_for_top || *top == at) &&
            is_key(key, field_key(field))) {
            put(index, key, key->kind == NAME_END ? UINT32_MAX : at);
        }
    }
}

static void walk(struct name_index *index, const struct fields *fields)
{
    const struct field *end = fields->items + fields->count;
    uint32_t top = 0;
    index->present = NAME_BIT_ALWAYS;
    for (const struct field *field = fields->items; field < end; field++) {
        uint32_t len = field->key_len;
        uint8_t place = len > 0 ? hash((unsigned char)field->key[0], len) : 0;
        if (__builtin_expect(index->heads[place] != 0, 0)) {
            look(index, fields, (uint32_t)(field - fields->items), &top);
        }
    }
}

/* What an array holds is no part of a shape. */
static bool has_full_array(const struct fields *fields)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        if (fields->items[i].kind == FIELD_ARRAY && fields->items[i].next > i + 1) {
            return true;
        }
    }
    return false;
}

/* Where more names are there than find a place, the next line is walked over, too. */
static __attribute__((noinline)) void learn(const struct name_index *index,
                                            const struct fields *fields, struct name_memo *memo)
{
    *memo = (struct name_memo){.present = index->present};
    if (index->has_anywhere && has_full_array(fields)) {
        return;
    }
    for (uint32_t i = 0; i < index->count; i++) {
        const struct name_place *place = &index->places[i];
        if (place->round != index->round) {
            continue;
        }
        if (memo->count == NAME_MEMO_PLACES) {
            return;
        }
        memo->places[memo->count].number = i;
        memo->places[memo->count].first = place->first;
        memo->places[memo->count++].last = place->last;
    }
    memo->serial = fields->shape->serial;
}

static void remember(struct name_index *index, const struct name_memo *memo)
{
    index->present = memo->present;
    for (uint32_t i = 0; i < memo->count; i++) {
        index->places[memo->places[i].number] =
            (struct name_place){index->round, memo->places[i].first, memo->places[i].last};
    }
}

void name_index_read(struct name_index *index, struct fields *fields)
{
    const struct shape *shape = fields->shape;
    struct name_memo *memo =
        shape != NULL ? &index->memos[shape->serial % NAME_MEMOS] : NULL;
    index->round++;
    index->is_placed = true;
    fields->index = index;
    if (memo != NULL && memo->serial == shape->serial) {
        remember(index, memo);
        return;
    }
    walk(index, fields);
    if (memo != NULL) {
        learn(index, fields, memo);
    }
}

void name_index_note(struct name_index *index, struct slice key)
{
    uint32_t head = index != NULL ? index->heads[hash_of(key)] : 0;
    for (; head != 0; head = index->keys[head - 1].next) {
        if (is_key(&index->keys[head - 1], key)) {
            put(index, &index->keys[head - 1], UINT32_MAX);
        }
    }
}

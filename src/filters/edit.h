/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_EDIT_H
#define CLEW_FILTERS_EDIT_H

/*
 * Changes to a record that several filters make.
 *
 * A field is taken away by a mark; a new one goes to the end of the table, or of its object, where
 * the fields behind it make room. So indices of fields are good until the next call that adds one.
 * What says false had no room (fields_max, arena_bytes_max), or a value that its place cannot
 * hold; the record is then as it was.
 */

#include "filters/name.h"
#include "record/record.h"

/* Take away what the name means; nothing happens where there is nothing. */
void edit_remove(struct record *record, const struct name *name);

/* Take a value of the record's own away: one that own_value_is_writable(). */
void edit_remove_own(struct record *record, enum own_value own);

/*
 * Give `name` the value. A field that is there is set in its place, also one that had become the
 * body or an id: it is an attribute then, beside that. The value's text must live as long as the
 * record's; a container is copied from value->field. `value` may point into the record.
 */
bool edit_set(struct record *record, const struct name *name, const struct value *value);

/* Add a copy of the subtree at `from`, named `key`, to the object (NO_FIELD: the top level), in the
 * place of one of that name. */
bool edit_add_copy(struct record *record, uint32_t object, struct slice key, uint32_t from);

/* Add a copy of all that another table holds, likewise. Linear in both. */
bool edit_add_all(struct record *record, uint32_t object, const struct fields *other);

/* Call the field `key`: an attribute of that name, whatever it was before. */
void edit_name_field(struct fields *fields, uint32_t index, struct slice key);

/* Add an empty object at the top level, or find the one that is there: its index. NO_FIELD: no room. */
uint32_t edit_object(struct record *record, struct slice key);

/*
 * The fields from `middle` up to `end` change places with those in front of them, from `begin` on. Each
 * of the two runs is of whole siblings, all of one parent, which is none of them. Linear, and needs
 * no room in the table.
 */
void edit_rotate(struct record *record, uint32_t begin, uint32_t middle, uint32_t end);

/* Remove every member `key` of the object but the field `except`. */
void edit_remove_others(struct record *record, uint32_t object, struct slice key,
                        uint32_t except);

/* A container is to become a scalar: what it held is removed, and is its sibling from now on, for only
 * containers hold fields. */
void edit_empty(struct fields *fields, uint32_t index);

/* The object or array that holds the field; NO_FIELD: the top level. */
uint32_t edit_parent(const struct fields *fields, uint32_t index);

#endif

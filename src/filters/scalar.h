/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_SCALAR_H
#define CLEW_FILTERS_SCALAR_H

/*
 * From one type to another, nothing lost on the way:
 *
 *     string   the text of a number or a bool
 *     int      a text that is a whole number within 64 bits, a double without fraction, 1 and 0 of a bool
 *     double   a text that is a finite number, an int
 *     bool     true, yes, on, 1 and false, no, off, 0, in any case; 1 and 0
 */

#include "filters/name.h"
#include "record/filter_settings.h"

/* The type of that name; SCALAR_TYPES: none. */
enum scalar_type scalar_type_find(const char *name);

/* False where it cannot be: the value is as it was. A new text lies in value->made. */
bool scalar_convert(struct value *value, enum scalar_type type);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_EDIT_H
#define CLEW_FILTERS_EDIT_H

/* Changes to a record that several filters make. */

#include "core/record.h"
#include "filters/name.h"

/* Take away what the name means; nothing happens where there is nothing. */
void edit_remove(struct record *record, const struct name *name);

/* Take a value of the record's own away: one that own_value_is_writable(). */
void edit_remove_own(struct record *record, enum own_value own);

#endif

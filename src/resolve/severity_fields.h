/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_SEVERITY_FIELDS_H
#define CLEW_RESOLVE_SEVERITY_FIELDS_H

#include "record/hits.h"
#include "record/record.h"

/* The record's severity from the members of its line; false if they tell none. A level that no
 * table knows is still the record's severity_text. */
bool severity_from_fields(const struct hits *hits, struct record *record);

#endif

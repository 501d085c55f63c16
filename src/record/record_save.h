/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_RECORD_SAVE_H
#define CLEW_RECORD_RECORD_SAVE_H

/*
 * A record as it was before filters work on it, so that each route's can begin with that. The fields
 * are copied, what they point to is not: a copy is good until the record's next line.
 */

#include "record/record.h"

struct record_save {
    struct record record;
    struct field *items; /* room that is used again */
    uint32_t cap;
};

void record_save_make(struct record_save *copy, const struct record *record);

/* Of the record that was saved. What filters have put into its arena stays there until the next line. */
void record_save_restore(const struct record_save *copy, struct record *record);

void record_save_fini(struct record_save *copy);

#endif

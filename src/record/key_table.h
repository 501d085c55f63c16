/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_KEY_TABLE_H
#define CLEW_RECORD_KEY_TABLE_H

/*
 * The table of names behind record/keys.h, as data. To add a name: a row in key_table.c beside its
 * kin, its count here; a new meaning also wants its id in record/key_id.h and, where it belongs to
 * the trace conventions, its row in resolve/trace/candidates.c.
 */

#include <stdbool.h>
#include <stdint.h>
#include "record/key_id.h"

struct key_table_row {
    const char *name; /* canonical, or as spelled when `exact` */
    uint16_t id;
    bool exact; /* counts only as spelled; tried before the others */
};

#define KEY_TABLE_ROWS 260

extern const struct key_table_row key_table[KEY_TABLE_ROWS];

#endif

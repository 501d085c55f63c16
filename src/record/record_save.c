/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record_save.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

void record_save_make(struct record_save *copy, const struct record *record)
{
    uint32_t count = record->fields.count;
    if (copy->cap < count) {
        copy->cap = count > 2 * copy->cap ? count : 2 * copy->cap;
        copy->items = mem_resize(copy->items, copy->cap, sizeof(*copy->items));
    }
    copy->record = *record;
    if (count > 0) { /* a table that never had a field has no memory */
        memcpy(copy->items, record->fields.items, count * sizeof(*copy->items));
    }
}

/* The table keeps its own memory, which may have grown meanwhile. */
void record_save_restore(const struct record_save *copy, struct record *record)
{
    struct fields fields = record->fields;
    uint32_t count = copy->record.fields.count;
    while (fields.cap < count) {
        fields.count = fields.cap;
        ENSURE(fields_grow(&fields));
    }
    if (count > 0) {
        memcpy(fields.items, copy->items, count * sizeof(*fields.items));
    }
    fields.count = count;
    *record = copy->record;
    record->fields = fields;
}

void record_save_fini(struct record_save *copy)
{
    free(copy->items);
}

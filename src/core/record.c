/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include "base/mem.h"

const char *record_format_name(enum record_format format)
{
    static const char *const names[] = {
        [FORMAT_TEXT] = "text",
        [FORMAT_JSON] = "json",
        [FORMAT_LOGFMT] = "logfmt",
        [FORMAT_OTLP] = "json",
    };
    ENSURE((size_t)format < ARRAY_LEN(names));
    return names[format];
}

/* The table keeps its memory and the arena its blocks; around them everything is zero again. Clearing
 * the two parts apart is much cheaper than saving and restoring what lies between. */
void record_begin(struct record *record)
{
    struct arena *arena = record->arena;
    size_t behind = offsetof(struct record, fields) + sizeof(record->fields);
    memset(record, 0, offsetof(struct record, fields));
    memset((char *)record + behind, 0, sizeof(*record) - behind);
    record->arena = arena;
    record->trace_class = TRACE_ABSENT;
    record->body_field = NO_FIELD;
    fields_clear(&record->fields);
    arena_clear(arena);
}

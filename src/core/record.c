/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include "base/mem.h"

const char *record_format_name(enum record_format format)
{
    static const char *const names[] = {
        [FORMAT_TEXT] = "text",
        [FORMAT_JSON] = "json",
        [FORMAT_LOGFMT] = "logfmt",
        [FORMAT_OTLP] = "otlp_json",
    };
    ENSURE((size_t)format < ARRAY_LEN(names));
    return names[format];
}

void record_begin(struct record *record)
{
    struct fields fields = record->fields;
    struct arena *arena = record->arena;
    *record = (struct record){
        .fields = fields,
        .arena = arena,
        .trace_class = TRACE_ABSENT,
        .body_field = NO_FIELD,
    };
    fields_clear(&record->fields);
    arena_clear(arena);
}

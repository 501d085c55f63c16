/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record.h"

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

/* In pieces that are a few stores each: of all at once the compiler makes a `rep stos`, which alone
 * would take a tenth of the time that parsing a line does, or a call. */
static inline __attribute__((always_inline)) void clear(void *begin, const void *end)
{
    enum { PIECE_BYTES = 64 };
    char *p = begin;
    size_t left = (size_t)((const char *)end - p);
    for (; left >= PIECE_BYTES; left -= PIECE_BYTES) {
        memset(p, 0, PIECE_BYTES);
        p += PIECE_BYTES;
    }
    memset(p, 0, left);
}

/* The table keeps its memory and the arena its blocks; around them everything is zero again. */
void record_begin(struct record *record)
{
    struct arena *arena = record->arena;
    clear(record, &record->fields);
    clear(&record->fields + 1, record + 1);
    record->arena = arena;
    record->trace_class = TRACE_ABSENT;
    record->body_field = NO_FIELD;
    fields_clear(&record->fields);
    arena_clear(arena);
}

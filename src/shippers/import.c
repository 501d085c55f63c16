/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/import.h"

#include <errno.h>
#include <stdlib.h>
#include "base/mem.h"
#include "shippers/dialects.h"

enum { ARENA_BYTES_MAX = 512 << 20 };

const char *const import_fate_names[] = {"mapped", "default", "changed", "ignored", "needs_you"};
const char *const import_fate_titles[] = {"mapped", "kept by default", "changed on purpose",
                                          "ignored", "needs you"};

struct import {
    struct foreign foreign;
    struct import_work *work; /* NULL until a first file was read */
};

struct import *import_new(void)
{
    struct import *import = mem_alloc(sizeof(*import));
    arena_init(&import->foreign.arena, ARENA_BYTES_MAX);
    return import;
}

void import_free(struct import *import)
{
    if (import == NULL) {
        return;
    }
    if (import->work != NULL) {
        free(import->work->rows);
        import->work->dialect->import_end(import->work);
    }
    arena_fini(&import->foreign.arena);
    free(import);
}

static int read_one(struct import *import, const struct foreign_text *text)
{
    if (import->work != NULL) {
        return import->work->dialect->import_more(import->work, text) ? IMPORT_READ
                                                                      : IMPORT_NOT_A_CONFIG;
    }
    for (size_t i = 0; dialects[i] != NULL && import->work == NULL; i++) {
        if (dialects[i]->import_begin != NULL) {
            import->work = dialects[i]->import_begin(&import->foreign, text);
        }
    }
    return import->work != NULL ? IMPORT_READ : IMPORT_NOT_A_CONFIG;
}

int import_file(struct import *import, const char *path)
{
    struct foreign_text text;
    int result = foreign_read(&import->foreign, path, &text);
    return result < 0 ? result : read_one(import, &text);
}

int import_text(struct import *import, const char *name, const char *text, size_t len)
{
    struct foreign_text whole;
    int result = foreign_take(&import->foreign, name, slice_make(text, len), &whole);
    return result < 0 ? result : read_one(import, &whole);
}

struct slice import_convert(struct import *import)
{
    ENSURE(import->work != NULL);
    return import->work->dialect->import_convert(import->work);
}

const struct import_row *import_rows(const struct import *import, size_t *out_count)
{
    *out_count = import->work->row_count;
    return import->work->rows;
}

size_t import_count(const struct import *import, enum import_fate fate)
{
    size_t count = 0;
    for (size_t i = 0; i < import->work->row_count; i++) {
        count += import->work->rows[i].fate == fate ? 1 : 0;
    }
    return count;
}

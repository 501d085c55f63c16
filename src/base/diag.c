/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/shown.h"

enum { NAME_LEN_MAX = 63 };

void diag_init(struct diag *diag)
{
    *diag = (struct diag){0};
}

void diag_fini(struct diag *diag)
{
    for (size_t i = 0; i < diag->count; i++) {
        free(diag->entries[i].file);
        free(diag->entries[i].text);
    }
    free(diag->entries);
    *diag = (struct diag){0};
}

void diag_add(struct diag *diag, enum diag_level level, struct diag_place place,
              const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    ENSURE(len >= 0);
    diag->entries = mem_resize(diag->entries, diag->count + 1, sizeof(*diag->entries));
    diag->entries[diag->count++] = (struct diag_entry){
        level, mem_string(place.file), place.line, place.column, text,
    };
    diag->errors += level == DIAG_ERROR;
}

static bool is_same_file(const struct diag_entry *a, const struct diag_entry *b)
{
    return a->file != NULL && b->file != NULL && strcmp(a->file, b->file) == 0;
}

static bool is_behind(const struct diag_entry *a, const struct diag_entry *b)
{
    return is_same_file(a, b) &&
           (a->line > b->line || (a->line == b->line && a->column > b->column));
}

/* Insertion: lists are short, and entries of other files keep their places. */
void diag_sort(struct diag *diag)
{
    for (size_t i = 1; i < diag->count; i++) {
        struct diag_entry entry = diag->entries[i];
        size_t at = i;
        for (; at > 0 && is_behind(&diag->entries[at - 1], &entry); at--) {
            diag->entries[at] = diag->entries[at - 1];
        }
        diag->entries[at] = entry;
    }
}

void diag_print(const struct diag *diag, FILE *out)
{
    for (size_t i = 0; i < diag->count; i++) {
        const struct diag_entry *entry = &diag->entries[i];
        if (entry->file != NULL) {
            shown_print(out, "%s:", entry->file);
        } else {
            fputs("clew:", out);
        }
        if (entry->file != NULL && entry->line > 0) {
            fprintf(out, "%u:%u:", entry->line, entry->column);
        }
        shown_print(out, " %s: %s\n", entry->level == DIAG_ERROR ? "error" : "warning", entry->text);
    }
}

/* Levenshtein distance of two short names. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NAME_LEN_MAX + 2];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    if (a_len > NAME_LEN_MAX || b_len > NAME_LEN_MAX) {
        return NAME_LEN_MAX;
    }
    for (size_t j = 0; j <= b_len; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            unsigned skip = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < skip ? change : skip;
        }
    }
    return row[b_len];
}

const char *diag_nearest(const char *misspelt, const char *const *names)
{
    const char *nearest = NULL;
    unsigned best = (unsigned)strlen(misspelt) / 3 + 2; /* more changes than this are a guess */
    for (; *names != NULL; names++) {
        unsigned d = distance(misspelt, *names);
        if (d < best) {
            best = d;
            nearest = *names;
        }
    }
    return nearest;
}

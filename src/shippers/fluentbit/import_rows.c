/* SPDX-License-Identifier: Apache-2.0 */

/* The table: what became of every section and option. */

#include "shippers/fluentbit/import.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/utf8.h"

enum { VALUE_BYTES_MAX = 60 };

bool key_is_secret(const char *key)
{
    static const char *const words[] = {"passw", "secret", "token", "apikey", "api_key",
                                        "licensekey", "license_key", "shared_key", "header",
                                        "sasl", "http_user", "connection_options", "credential"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasestr(key, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* One line of printable text, not too long. */
static const char *one_line(struct fb_import *import, const char *value)
{
    char out[VALUE_BYTES_MAX + 8];
    size_t n = 0;
    size_t len = strlen(value);
    size_t i = 0;
    while (i < len && n < VALUE_BYTES_MAX && value[i] != '\n') {
        size_t step = utf8_sequence_len(value + i, len - i);
        if (text_is_printable(value + i, step) && n + step <= VALUE_BYTES_MAX) {
            memcpy(out + n, value + i, step);
            n += step;
        } else if (n < VALUE_BYTES_MAX) {
            out[n++] = '?';
        }
        i += step > 0 ? step : 1;
    }
    if (i < len) {
        memcpy(out + n, " …", sizeof(" …") - 1);
        n += sizeof(" …") - 1;
    }
    return foreign_copy(import_arena(import), slice_make(out, n));
}

static bool is_reference(const char *value)
{
    return strstr(value, "${") != NULL || strstr(value, "{{") != NULL || value[0] == '$';
}

const char *section_title(struct fb_import *import, const struct fb_section *section)
{
    static const char *const kinds[] = {"SERVICE", "PARSER", "MULTILINE_PARSER", "INPUT",
                                        "FILTER",  "OUTPUT"};
    const char *name = one_line(import, fb_name(section));
    const char *kind = section->kind == FB_OTHER ? one_line(import, section->header)
                                                 : kinds[section->kind];
    return foreign_format(import_arena(import), "%s%s%s", kind, *name != '\0' ? " " : "", name);
}

static void put(struct fb_import *import, struct import_row row)
{
    enum { CAP_MIN = 64 };
    size_t n = import->work.row_count;
    if (n == IMPORT_ROWS_MAX) {
        return;
    }
    if (n == 0 || (n >= CAP_MIN && (n & (n - 1)) == 0)) {
        size_t cap = n == 0 ? CAP_MIN : n * 2;
        import->work.rows = mem_resize(import->work.rows, cap, sizeof(*import->work.rows));
    }
    import->work.rows[n] = row;
    import->work.row_count++;
}

void row_add(struct fb_import *import, const struct fb_section *section,
             const struct fb_property *property, enum import_fate fate, const char *format, ...)
{
    va_list args;
    char *what = NULL;
    va_start(args, format);
    int len = vasprintf(&what, format, args);
    va_end(args);
    ENSURE(len >= 0);
    bool is_hidden = property != NULL && key_is_secret(property->key) &&
                     !is_reference(property->raw);
    put(import,
        (struct import_row){
            .place = property != NULL ? property->place : section->place,
            .section = section_title(import, section),
            .option = property != NULL ? one_line(import, property->key) : "",
            .value = property == NULL ? "" : is_hidden ? "[hidden]"
                                                       : one_line(import, property->raw),
            .fate = fate,
            .what = foreign_copy(import_arena(import), slice_make(what, (size_t)len)),
        });
    if (property != NULL) {
        *property->is_told = true;
    }
    free(what);
}

void row_add_all(struct fb_import *import, const struct fb_section *section, const char *key,
                 enum import_fate fate, const char *what)
{
    const struct fb_property *p = fb_next(section->first, key);
    for (; p != NULL; p = fb_next(p->next, key)) {
        row_add(import, section, p, fate, "%s", what);
    }
}

void row_add_unwritten(struct fb_import *import, const struct fb_section *section, const char *option,
                       enum import_fate fate, const char *what)
{
    put(import,
        (struct import_row){
            .place = section->place,
            .section = section_title(import, section),
            .option = option,
            .value = "(not written)",
            .fate = fate,
            .what = what,
        });
}

void row_add_note(struct fb_import *import, const struct fb_note *note)
{
    put(import,
        (struct import_row){
            .place = note->place,
            .section = "",
            .option = "",
            .value = one_line(import, note->text),
            .fate = IMPORT_NEEDS_YOU,
            .what = note->why,
        });
}

/* ---- what was not converted one by one ---- */

/* An option given again: the last one counts, and has its row. */
static bool is_told_again(const struct fb_property *p)
{
    for (const struct fb_property *next = p->next; next != NULL; next = next->next) {
        if (*next->is_told && strcmp(next->key, p->key) == 0) {
            return true;
        }
    }
    return false;
}

static void finish_section(struct fb_import *import, const struct fb_section *section)
{
    const char *plugin = fb_name(section);
    for (const struct fb_property *p = section->first; p != NULL; p = p->next) {
        if (*p->is_told || fb_is_key(p, "name")) {
            continue;
        }
        const struct known_option *known = known_find(section->kind, plugin, p->key);
        if (is_told_again(p)) {
            row_add(import, section, p, IMPORT_IGNORED, "given again: the last one counts");
        } else if (known != NULL) {
            row_add(import, section, p, known->fate, "%s", known->what);
        } else {
            row_add(import, section, p, IMPORT_NEEDS_YOU,
                    "clew does not know this option: check whether it matters");
        }
    }
}

/* Those of an input that is converted are told already, as filters. */
static void finish_processors(struct fb_import *import, const struct fb_section *owner)
{
    for (const struct fb_section *s = owner->processors; s != NULL; s = s->next) {
        bool is_told = false;
        for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
            is_told = is_told || *p->is_told;
        }
        if (!is_told) {
            row_add(import, s, NULL, IMPORT_NEEDS_YOU,
                    "a processor of this one %s: say it as a filter of clew's",
                    owner->kind == FB_OUTPUT ? "output" : "input");
        }
        for (const struct fb_property *p = s->first; p != NULL && !is_told; p = p->next) {
            if (!fb_is_key(p, "name")) {
                row_add(import, s, p, IMPORT_NEEDS_YOU, "part of a processor that is not converted");
            }
        }
        finish_section(import, s);
    }
}

void rows_finish(struct fb_import *import, enum fb_kind kind)
{
    for (const struct fb_section *s = import->config->first[kind]; s != NULL; s = s->next) {
        finish_section(import, s);
        finish_processors(import, s);
    }
}

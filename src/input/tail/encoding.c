/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/encoding.h"

#include <string.h>
#include "base/mem.h"
#include "base/utf8.h"

static bool is_wide(enum text_form form)
{
    return form == TEXT_FORM_UTF16LE || form == TEXT_FORM_UTF16BE;
}

enum text_form text_form_of(enum encoding setting, const char *bytes, size_t len)
{
    switch (setting) {
    case ENCODING_UTF_8:
        return TEXT_FORM_BYTES;
    case ENCODING_UTF_16LE:
        return TEXT_FORM_UTF16LE;
    case ENCODING_UTF_16BE:
        return TEXT_FORM_UTF16BE;
    case ENCODING_AUTO:
        break;
    }
    if (len >= 2) {
        return memcmp(bytes, "\xff\xfe", 2) == 0   ? TEXT_FORM_UTF16LE
               : memcmp(bytes, "\xfe\xff", 2) == 0 ? TEXT_FORM_UTF16BE
                                                   : TEXT_FORM_BYTES;
    }
    return TEXT_FORM_UNKNOWN;
}

size_t text_form_bom_len(enum text_form form, const char *bytes, size_t len)
{
    static const struct {
        const char *mark;
        size_t len;
    } marks[] = {
        [TEXT_FORM_UNKNOWN] = {"", 0},
        [TEXT_FORM_BYTES] = {"\xef\xbb\xbf", 3},
        [TEXT_FORM_UTF16LE] = {"\xff\xfe", 2},
        [TEXT_FORM_UTF16BE] = {"\xfe\xff", 2},
    };
    size_t mark_len = marks[form].len;
    return len >= mark_len && memcmp(bytes, marks[form].mark, mark_len) == 0 ? mark_len : 0;
}

size_t text_form_unit(enum text_form form)
{
    return is_wide(form) ? 2 : 1;
}

static uint32_t unit_at(enum text_form form, const char *data)
{
    uint32_t first = (unsigned char)data[0];
    uint32_t second = (unsigned char)data[1];
    return form == TEXT_FORM_UTF16LE ? second << 8 | first : first << 8 | second;
}

const char *text_form_find_newline(enum text_form form, const char *data, size_t len)
{
    if (!is_wide(form)) {
        return memchr(data, '\n', len);
    }
    size_t at = form == TEXT_FORM_UTF16LE ? 0 : 1; /* of the newline's byte in its unit */
    const char *end = data + len / 2 * 2;
    for (const char *from = data; from < end;) {
        const char *found = memchr(from, '\n', (size_t)(end - from));
        if (found == NULL) {
            return NULL;
        }
        const char *unit = data + (found - data) / 2 * 2;
        if ((size_t)(found - unit) == at && unit_at(form, unit) == '\n') {
            return unit;
        }
        from = found + 1;
    }
    return NULL;
}

const char *text_form_find_last_newline(enum text_form form, const char *data, size_t len)
{
    const char *last = NULL;
    size_t unit = text_form_unit(form);
    const char *end = data + len;
    for (const char *from = data, *found;
         (found = text_form_find_newline(form, from, (size_t)(end - from))) != NULL;
         from = found + unit) {
        last = found;
    }
    return last;
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

/* One unit is at most three bytes of UTF-8. */
size_t text_form_cut(enum text_form form, const char *data, size_t len)
{
    size_t cut = len / 3 * 2;
    cut = cut > 4 ? cut : 4;
    return is_high(unit_at(form, data + cut - 2)) ? cut - 2 : cut;
}

bool text_form_append_utf8(enum text_form form, const char *data, size_t len, struct buf *out)
{
    bool is_right = len % 2 == 0;
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint32_t c = unit_at(form, data + i);
        if (is_high(c) && i + 3 < len && is_low(unit_at(form, data + i + 2))) {
            c = 0x10000 + ((c - 0xD800) << 10) + (unit_at(form, data + i + 2) - 0xDC00);
            i += 2;
        } else if (is_high(c) || is_low(c)) {
            c = 0xFFFD;
            is_right = false;
        }
        char bytes[4];
        ENSURE(buf_append(out, bytes, utf8_encode(c, bytes)));
    }
    return is_right;
}

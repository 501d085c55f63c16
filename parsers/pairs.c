/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/pairs.h"

#include "base/utf8.h"
#include "parsers/escape.h"
#include "parsers/scan.h"

enum {
    KEY = 1,   /* may stand in a key */
    VALUE = 2, /* may stand in a value without quotes */
    BOTH = KEY | VALUE,
    HIGH = BOTH | 4, /* part of a UTF-8 sequence, to be checked */
};

static const uint8_t classes[256] = {
    ['!'] = BOTH,         ['"'] = 0,           ['#'] = BOTH,        ['$'] = BOTH,
    ['%'] = BOTH,         ['&'] = BOTH,        ['\''] = VALUE,      ['('] = VALUE,
    [')'] = VALUE,        ['*'] = BOTH,        ['+'] = BOTH,        [','] = VALUE,
    ['-'] = BOTH,         ['.'] = BOTH,        ['/'] = BOTH,        ['0' ... '9'] = BOTH,
    [':'] = BOTH,         [';'] = VALUE,       ['<'] = VALUE,       ['='] = VALUE,
    ['>'] = VALUE,        ['?'] = VALUE,       ['@'] = BOTH,        ['A' ... 'Z'] = BOTH,
    ['['] = VALUE,        ['\\'] = VALUE,      [']'] = VALUE,       ['^'] = BOTH,
    ['_'] = BOTH,         ['`'] = VALUE,       ['a' ... 'z'] = BOTH, ['{'] = VALUE,
    ['|'] = VALUE,        ['}'] = VALUE,       ['~'] = BOTH,        [0x80 ... 0xFF] = HIGH,
};

/* The end of the run of `wanted` bytes; *out_high tells whether one was >= 0x80. */
static inline const char *skip_class(const char *p, const char *end, uint8_t wanted, bool *out_high)
{
    uint8_t seen = 0;
    for (; p < end; p++) {
        uint8_t class = classes[(unsigned char)*p];
        if ((class & wanted) == 0) {
            break;
        }
        seen |= class;
    }
    *out_high = (seen & HIGH) == HIGH;
    return p;
}

/* What scan_pair_word() marks is what may not stand in a value (see `classes`). */
static inline const char *skip_value(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t ends = scan_pair_word(scan_load(p));
        if (ends != 0) {
            return p + __builtin_ctzll(ends) / 8;
        }
    }
    bool has_high;
    return skip_class(p, end, VALUE, &has_high);
}

/* `p` is behind the opening quote, the result behind the closing one. NULL: there is none. */
static const char *scan_quoted(const char *p, const char *end, struct pair *pair)
{
    const char *begin = p;
    for (;;) {
        p = scan_string(p, end);
        if (p == end) {
            return NULL;
        }
        if (*p == '"') {
            break;
        }
        bool is_escape = *p == '\\';
        if (is_escape && end - p < 2) {
            return NULL;
        }
        pair->has_escape |= is_escape;
        p += is_escape ? 2 : 1;
    }
    pair->value = slice_make(begin, (size_t)(p - begin));
    return p + 1;
}

/* Behind the '='. Quoted or not. */
static inline const char *scan_value(const char *p, const char *end, struct pair *pair)
{
    if (p < end && *p == '"') {
        return scan_quoted(p + 1, end, pair);
    }
    const char *begin = p;
    p = skip_value(p, end);
    pair->value = slice_make(begin, (size_t)(p - begin));
    return p;
}

static inline const char *end_value(const char *p, const char *end)
{
    return p == NULL || (p < end && !pair_is_blank(*p)) ? NULL : p;
}

const char *pair_scan_value(const char *p, const char *end, struct pair *out_pair)
{
    out_pair->has_escape = false;
    return end_value(scan_value(p, end, out_pair), end);
}

/* Written member by member: a copy of a whole struct just written would wait for the writes. */
const char *pair_scan(const char *p, const char *end, struct pair *out_pair)
{
    const char *begin = p;
    bool has_high;
    p = skip_class(p, end, KEY, &has_high);
    if (p == begin || (has_high && !utf8_is_valid(begin, (size_t)(p - begin)))) {
        return NULL;
    }
    out_pair->key = slice_make(begin, (size_t)(p - begin));
    out_pair->value = slice_make(NULL, 0);
    out_pair->has_escape = false;
    out_pair->is_bare = p == end || *p != '=';
    if (!out_pair->is_bare) {
        p = scan_value(p + 1, end, out_pair);
    }
    return end_value(p, end);
}

static enum parse_result set_escaped(struct field *field, const struct pair *pair,
                                     struct arena *arena)
{
    struct slice decoded;
    enum parse_result result = escape_decode(pair->value, ESCAPE_LOGFMT, arena, &decoded);
    if (result == PARSE_OK) {
        field->text = decoded.data;
        field->text_len = (uint32_t)decoded.len;
    }
    return result;
}

enum parse_result pair_set_value(struct field *field, const struct pair *pair, bool is_utf8,
                                 struct arena *arena)
{
    field->text = pair->value.data;
    field->text_len = (uint32_t)pair->value.len;
    if (pair->has_escape) {
        enum parse_result result = set_escaped(field, pair, arena);
        if (result != PARSE_OK) {
            return result;
        }
        is_utf8 = false; /* \xff */
    }
    is_utf8 = is_utf8 || utf8_is_valid(field->text, field->text_len);
    field->kind = is_utf8 ? FIELD_STRING : FIELD_BYTES;
    return PARSE_OK;
}

enum parse_result pair_add(const struct pair *pair, bool is_utf8, struct record *record,
                           bool *io_repeated)
{
    struct field *field = fields_add(&record->fields);
    if (field == NULL) {
        return PARSE_LIMIT;
    }
    field->key = pair->key.data;
    field->key_len = (uint32_t)pair->key.len;
    *io_repeated |= fields_note_member(&record->fields, NO_OBJECT, field);
    return pair_set_value(field, pair, is_utf8, record->arena);
}

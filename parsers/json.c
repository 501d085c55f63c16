/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/parsers.h"

#include "base/utf8.h"
#include "parsers/escape.h"
#include "parsers/number.h"
#include "parsers/scan.h"

/*
 * The JSON scanner: one pass over a line into the flat field table, no tree, no recursion.
 *
 * It owes its speed to two checks made once a line. The first byte is '{', so most text is refused
 * at a glance. The last byte is '}', and '}' ends every token but a string: blanks, digits and
 * punctuation can be read without asking for the end of the line, since none of them runs over it.
 * Only strings (bounded in scan.h), the words true, false, null, and what follows a '}' need to ask.
 *
 * The way back out of a container is kept in the table itself: while a container is open its `next`
 * holds the index of the one around it.
 *
 * Refused, so that the line becomes text: whatever RFC 8259 does not allow, anything that is not one
 * object, and a member name that is not UTF-8 (a lone surrogate included), since OTLP has no place
 * for such a name. A value that is not UTF-8 is kept as bytes.
 */

#define likely(x)   __builtin_expect((x), 1)
#define unlikely(x) __builtin_expect((x), 0)

/* More than any log nests; bounds the recursion of fields_merge_repeated(). */
enum { DEPTH_CAP = 4096 };

enum { INT_DIGITS_FAST = 18 }; /* always fit int64 */

struct json {
    const char *end; /* behind the last '}' */
    struct fields *fields;
    struct arena *arena;
    uint32_t open;      /* the innermost open container, NO_OBJECT for the line itself */
    uint32_t depth_left;
    bool is_object;     /* what is open holds members, not elements */
    bool has_repeated;  /* a member name may have come twice */
    enum parse_result failure; /* why, where a function returned NULL */
};

struct text {
    const char *data;
    uint32_t len;
    bool is_utf8;
};

/* Every failure passes here. */
static const char *fail(struct json *json, enum parse_result why)
{
    json->failure = why;
    return NULL;
}

/* One blank is what common printers write; more are rare. */
static inline const char *skip_blanks(const char *p)
{
    if (likely(*p > ' ')) {
        return p;
    }
    while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') {
        p++;
    }
    return p;
}

/* A string with an escape at `stop`: find its end, then decode it. */
static __attribute__((noinline)) const char *take_escaped(struct json *json, const char *p,
                                                          const char *stop, struct text *text)
{
    uint64_t high = 0;
    while (stop < json->end && *stop == '\\') {
        const char *next = json->end - stop > 2 ? stop + 2 : json->end;
        stop = scan_string(next, json->end, &high);
    }
    if (stop == json->end || *stop != '"') {
        return fail(json, PARSE_NO);
    }
    struct slice decoded;
    struct slice raw = slice_make(p, (size_t)(stop - p));
    enum parse_result result = escape_decode(raw, ESCAPE_JSON, json->arena, &decoded);
    if (result != PARSE_OK) {
        return fail(json, result);
    }
    *text = (struct text){decoded.data, (uint32_t)decoded.len,
                          utf8_is_valid(decoded.data, decoded.len)};
    return stop + 1;
}

/* `p` is behind the opening quote; the result behind the closing one. */
static inline const char *take_string(struct json *json, const char *p, struct text *text)
{
    uint64_t high = 0;
    const char *stop = scan_string(p, json->end, &high);
    if (unlikely(stop == json->end)) {
        return fail(json, PARSE_NO);
    }
    if (likely(*stop == '"')) {
        *text = (struct text){p, (uint32_t)(stop - p), true};
        if (unlikely(high != 0)) {
            text->is_utf8 = utf8_is_valid(p, (size_t)(stop - p));
        }
        return stop + 1;
    }
    return take_escaped(json, p, stop, text);
}

/* `p` at the name; the result at the value. */
static inline const char *take_name(struct json *json, const char *p, struct field *field)
{
    struct text name;
    if (unlikely(*p != '"')) {
        return fail(json, PARSE_NO);
    }
    p = take_string(json, p + 1, &name);
    if (unlikely(p == NULL)) {
        return NULL;
    }
    if (unlikely(!name.is_utf8)) {
        return fail(json, PARSE_NO);
    }
    field->key = name.data;
    field->key_len = name.len;
    json->has_repeated |=
        fields_note_name(json->fields, json->open, slice_make(name.data, name.len));
    p = skip_blanks(p);
    if (unlikely(*p != ':')) {
        return fail(json, PARSE_NO);
    }
    return skip_blanks(p + 1);
}

static __attribute__((noinline)) const char *take_any_number(struct json *json, const char *p,
                                                             struct field *field)
{
    struct number number = number_parse(slice_make(p, (size_t)(json->end - p)));
    switch (number.kind) {
    case NUMBER_NONE:
        return fail(json, PARSE_NO);
    case NUMBER_INT:
        field->kind = FIELD_INT;
        field->value.i = number.i;
        break;
    case NUMBER_DOUBLE:
        field->kind = FIELD_DOUBLE;
        field->value.d = number.d;
        break;
    case NUMBER_TEXT:
        field->kind = FIELD_NUMBER;
        break;
    }
    field->text_len = (uint32_t)number.len;
    return p + number.len;
}

/* Plain integers here, everything else out of line. */
static inline const char *take_number(struct json *json, const char *p, struct field *field)
{
    bool is_negative = *p == '-';
    const char *digits = p + is_negative;
    const char *stop = digits;
    uint64_t value = 0;
    while ((unsigned char)(*stop - '0') < 10) {
        value = value * 10 + (unsigned char)(*stop - '0');
        stop++;
    }
    bool is_plain = *stop != '.' && (*stop | 0x20) != 'e';
    bool is_short = stop - digits <= INT_DIGITS_FAST && stop > digits;
    bool has_zero = *digits == '0' && (stop - digits > 1 || is_negative);
    field->text = p;
    if (unlikely(!is_plain || !is_short || has_zero)) {
        return take_any_number(json, p, field);
    }
    field->text_len = (uint32_t)(stop - p);
    field->kind = FIELD_INT;
    field->value.i = is_negative ? -(int64_t)value : (int64_t)value;
    return stop;
}

static inline const char *take_word(struct json *json, const char *p, struct slice word,
                                    enum field_kind kind, struct field *field)
{
    if ((size_t)(json->end - p) < word.len || memcmp(p, word.data, word.len) != 0) {
        return fail(json, PARSE_NO);
    }
    field->text = p;
    field->text_len = (uint32_t)word.len;
    field->kind = (uint8_t)kind;
    field->value.b = word.data[0] == 't';
    return p + word.len;
}

static inline const char *take_text(struct json *json, const char *p, struct field *field)
{
    struct text text;
    p = take_string(json, p + 1, &text);
    if (unlikely(p == NULL)) {
        return NULL;
    }
    field->text = text.data;
    field->text_len = text.len;
    field->kind = text.is_utf8 ? FIELD_STRING : FIELD_BYTES;
    return p;
}

/* What it holds follows; pop() completes it. */
static const char *push(struct json *json, const char *p, struct field *field)
{
    if (json->depth_left == 0) {
        return fail(json, PARSE_LIMIT);
    }
    json->depth_left--;
    json->is_object = *p == '{';
    field->kind = json->is_object ? FIELD_OBJECT : FIELD_ARRAY;
    field->text = p;
    field->next = json->open;
    json->open = (uint32_t)(field - json->fields->items);
    return skip_blanks(p + 1);
}

/* `p` is behind the closing bracket. */
static void pop(struct json *json, const char *p)
{
    struct field *field = &json->fields->items[json->open];
    field->text_len = (uint32_t)(p - field->text);
    json->open = field->next;
    json->depth_left++;
    json->is_object =
        json->open == NO_OBJECT || json->fields->items[json->open].kind == FIELD_OBJECT;
    field->next = json->fields->count;
}

static inline const char *take_value(struct json *json, const char *p, struct field *field)
{
    switch (*p) {
    case '"':
        return take_text(json, p, field);
    case '-':
    case '0' ... '9':
        return take_number(json, p, field);
    case 't':
        return take_word(json, p, SLICE("true"), FIELD_BOOL, field);
    case 'f':
        return take_word(json, p, SLICE("false"), FIELD_BOOL, field);
    case 'n':
        return take_word(json, p, SLICE("null"), FIELD_NULL, field);
    case '{':
    case '[':
        return push(json, p, field);
    default:
        return fail(json, PARSE_NO);
    }
}

/* One member or element. */
static inline const char *take_field(struct json *json, const char *p)
{
    struct field *field = fields_add(json->fields);
    if (unlikely(field == NULL)) {
        return fail(json, PARSE_LIMIT);
    }
    if (likely(json->is_object)) {
        p = take_name(json, p, field);
        if (unlikely(p == NULL)) {
            return NULL;
        }
    }
    return take_value(json, p, field);
}

/* Everything between the line's '{' and its end, which is what is returned if it is JSON. */
static const char *take_members(struct json *json, const char *p)
{
    bool may_close = true; /* right behind an opening bracket, or behind a value */
    bool is_first = true;
    for (;;) {
        p = skip_blanks(p);
        if (may_close && *p == (json->is_object ? '}' : ']')) {
            p++;
            if (json->open == NO_OBJECT) {
                return p == json->end ? p : fail(json, PARSE_NO);
            }
            if (unlikely(p == json->end)) {
                return fail(json, PARSE_NO);
            }
            pop(json, p);
            is_first = false;
            continue;
        }
        if (!is_first) {
            if (unlikely(*p != ',')) {
                return fail(json, PARSE_NO);
            }
            p = skip_blanks(p + 1);
        }
        uint32_t open = json->open;
        p = take_field(json, p);
        if (unlikely(p == NULL)) {
            return NULL;
        }
        is_first = json->open != open;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct slice trim(struct slice line)
{
    while (line.len > 0 && is_blank(line.data[0])) {
        line = slice_skip(line, 1);
    }
    while (line.len > 0 && is_blank(line.data[line.len - 1])) {
        line.len--;
    }
    return line;
}

static enum parse_result parse_json(struct slice line, const struct parse_limits *limits,
                                    struct record *record)
{
    line = trim(line);
    if (line.len < 2 || line.data[0] != '{' || line.data[line.len - 1] != '}') {
        return PARSE_NO;
    }
    if (line.len > UINT32_MAX || limits->depth_max == 0) {
        return PARSE_LIMIT;
    }
    fields_clear(&record->fields);
    record->format = FORMAT_JSON;
    struct json json = {
        .end = line.data + line.len,
        .fields = &record->fields,
        .arena = record->arena,
        .open = NO_OBJECT,
        .depth_left = (limits->depth_max < DEPTH_CAP ? limits->depth_max : DEPTH_CAP) - 1,
        .is_object = true,
    };
    if (take_members(&json, line.data + 1) == NULL) {
        return json.failure;
    }
    if (json.has_repeated && !fields_merge_repeated(&record->fields)) {
        return PARSE_LIMIT;
    }
    return PARSE_OK;
}

const struct parser parser_json = {
    .name = "json",
    .format = FORMAT_JSON,
    .parse = parse_json,
};

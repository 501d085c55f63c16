/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/parsers.h"

#include "base/utf8.h"
#include "parsers/escape.h"
#include "parsers/number.h"
#include "parsers/scan.h"

/*
 * The JSON scanner: one pass over a line into the flat field table, no tree, no recursion.
 *
 * First scan.h finds where the special bytes are: quotes, backslashes, control characters. Parsing
 * then takes them one by one, in order, beside the bytes: a string ends at the next one, wherever
 * that is. All of them are accounted for. Outside of strings only quotes and the three blanks that
 * are control characters may stand, and whoever steps over one takes it; so if the next special
 * byte is not where a quote was just seen, something was stepped over that is no JSON.
 *
 * Two checks a line save many a byte. The first byte is '{', so most text is refused at a glance.
 * The last byte is '}', and '}' ends every token but a string: blanks, digits and punctuation are
 * read without asking for the end of the line, since none of them runs over it. Only strings (the
 * bit at the end stops them), the words true, false, null, and what follows a '}' need to ask.
 *
 * The way back out of a container is kept in the table itself: while a container is open its `next`
 * holds the index of the one around it.
 *
 * Refused, so that the line becomes text: whatever RFC 8259 does not allow, anything that is not
 * one object, and a member name that is not UTF-8 (a lone surrogate included), since OTLP has no
 * place for such a name. A value that is not UTF-8 is kept as bytes.
 */

#define likely(x)   __builtin_expect((x), 1)
#define unlikely(x) __builtin_expect((x), 0)
#define inlined     static inline __attribute__((always_inline))
#define outlined    static __attribute__((noinline))

/* More than any log nests; bounds the recursion of fields_merge_repeated(). */
enum { DEPTH_CAP = 4096 };

struct json {
    const char *end; /* behind the last '}' */
    struct fields *fields;
    struct arena *arena;
    uint32_t open;      /* the innermost open container, NO_OBJECT for the line itself */
    uint32_t depth_left;
    bool is_object;     /* what is open holds members, not elements */
    bool has_repeated;  /* a member name may have come twice */
    enum parse_result failure; /* why, where a function returned false */
    const char *begin;  /* of the window */
    struct scan_window window;
};

/* Where the parser is. A local variable whose address is only given to functions compiled into its
 * owner: it stays in registers, which is a good part of the speed. */
struct place {
    const char *p;
    const char *block;  /* the 64 bytes … */
    uint64_t specials;  /* … whose special bytes not yet taken are these bits */
};

struct text {
    const char *data;
    uint32_t len;
    bool is_utf8;
};

/* Every failure passes here. */
outlined bool fail(struct json *json, enum parse_result why)
{
    json->failure = why;
    return false;
}

outlined uint64_t next_window(struct json *json, const char *begin)
{
    json->begin = begin;
    scan_fill(begin, json->end, &json->window);
    return json->window.words[0];
}

/* The place of the next special byte, json->end if there is none. Never called again after that. */
inlined const char *take_special(struct json *json, struct place *at)
{
    while (unlikely(at->specials == 0)) {
        at->block += SCAN_BLOCK_BYTES;
        size_t word = (size_t)(at->block - json->begin) / SCAN_BLOCK_BYTES;
        at->specials = likely(word < SCAN_WINDOW_WORDS) ? json->window.words[word]
                                                        : next_window(json, at->block);
    }
    const char *found = at->block + __builtin_ctzll(at->specials);
    at->specials &= at->specials - 1;
    return found;
}

/* Most lines have none, or one behind each comma and colon. */
inlined void skip_blanks(struct json *json, struct place *at)
{
    while (unlikely(*at->p <= ' ')) {
        if (*at->p == '\t' || *at->p == '\n' || *at->p == '\r') {
            take_special(json, at);
        } else if (*at->p != ' ') {
            break;
        }
        at->p++;
    }
}

/* A string that holds the backslash at `stop`: find its end, then decode it. */
outlined struct place take_escaped(struct json *json, struct place at, const char *stop,
                                   struct text *text)
{
    const char *begin = at.p;
    while (stop < json->end && *stop == '\\') {
        const char *escaped = stop + 1;
        stop = take_special(json, &at);
        if (stop == escaped && stop < json->end) {
            stop = take_special(json, &at);
        }
    }
    at.p = NULL;
    if (stop == json->end || *stop != '"') {
        fail(json, PARSE_NO);
        return at;
    }
    struct slice decoded;
    struct slice raw = slice_make(begin, (size_t)(stop - begin));
    enum parse_result result = escape_decode(raw, ESCAPE_JSON, json->arena, &decoded);
    if (result != PARSE_OK) {
        fail(json, result);
        return at;
    }
    *text = (struct text){decoded.data, (uint32_t)decoded.len,
                          utf8_is_valid(decoded.data, decoded.len)};
    at.p = stop + 1;
    return at;
}

/* At an opening quote, then behind the closing one. */
inlined bool take_string(struct json *json, struct place *at, struct text *text)
{
    take_special(json, at);
    const char *stop = take_special(json, at);
    const char *begin = ++at->p;
    if (unlikely(stop == json->end)) {
        return fail(json, PARSE_NO);
    }
    if (unlikely(*stop != '"')) {
        struct text decoded = {0};
        *at = take_escaped(json, *at, stop, &decoded);
        *text = decoded;
        return at->p != NULL;
    }
    *text = (struct text){begin, (uint32_t)(stop - begin), true};
    if (unlikely(json->window.high != 0)) {
        text->is_utf8 = utf8_is_valid(begin, (size_t)(stop - begin));
    }
    at->p = stop + 1;
    return true;
}

/* At the name, then at the value. */
inlined bool take_name(struct json *json, struct place *at, struct field *field)
{
    struct text name = {0};
    if (unlikely(*at->p != '"')) {
        return fail(json, PARSE_NO);
    }
    if (unlikely(!take_string(json, at, &name))) {
        return false;
    }
    if (unlikely(!name.is_utf8)) {
        return fail(json, PARSE_NO);
    }
    field->key = name.data;
    field->key_len = name.len;
    json->has_repeated |= fields_note_member(json->fields, json->open, field);
    skip_blanks(json, at);
    if (unlikely(*at->p != ':')) {
        return fail(json, PARSE_NO);
    }
    at->p++;
    skip_blanks(json, at);
    return true;
}

/* Any number. Its length, 0 if it is none. */
outlined size_t read_number(const char *p, const char *end, struct field *field)
{
    struct number number = number_parse(slice_make(p, (size_t)(end - p)));
    switch (number.kind) {
    case NUMBER_NONE:
        break;
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
    return number.len;
}

inlined bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/*
 * The fraction behind the integer digits from `digits` to `point`, which are `value`. Up to 15 digits
 * in all and the power of ten that divides them are doubles, so the division rounds once and is
 * exact, as in number.c. The number's end; NULL: read_number() has to see to it.
 */
inlined const char *take_fraction(const char *digits, const char *point, uint64_t value,
                                  double *out)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    const char *p = point + 1;
    for (; is_digit(*p); p++) {
        value = value * 10 + (unsigned char)(*p - '0');
    }
    size_t whole = (size_t)(point - digits);
    size_t fraction = (size_t)(p - point - 1);
    if (whole == 0 || fraction == 0 || whole + fraction > 15 || (*p | 0x20) == 'e' ||
        (*digits == '0' && whole > 1)) {
        return NULL;
    }
    *out = (double)value / powers[fraction];
    return p;
}

/* Plain integers and decimals here, everything else out of line. */
inlined bool take_number(struct json *json, struct place *at, struct field *field)
{
    const char *begin = at->p;
    bool is_negative = *begin == '-';
    const char *digits = begin + is_negative;
    const char *stop = digits;
    uint64_t value = 0;
    for (; is_digit(*stop); stop++) {
        value = value * 10 + (unsigned char)(*stop - '0');
    }
    size_t count = (size_t)(stop - digits);
    bool is_odd = *stop == '.' || (*stop | 0x20) == 'e' || count == 0 ||
                  count >= NUMBER_DIGITS_FAST || (*digits == '0' && count + is_negative > 1);
    field->text = begin;
    double real;
    const char *decimal = *stop == '.' ? take_fraction(digits, stop, value, &real) : NULL;
    if (decimal != NULL) {
        field->kind = FIELD_DOUBLE;
        field->value.d = is_negative ? -real : real;
        stop = decimal;
    } else if (unlikely(is_odd)) {
        stop = begin + read_number(begin, json->end, field);
        if (stop == begin) {
            return fail(json, PARSE_NO);
        }
    } else {
        field->kind = FIELD_INT;
        field->value.i = is_negative ? -(int64_t)value : (int64_t)value;
    }
    field->text_len = (uint32_t)(stop - begin);
    at->p = stop;
    return true;
}

inlined bool take_word(struct json *json, struct place *at, struct slice word,
                       enum field_kind kind, struct field *field)
{
    if ((size_t)(json->end - at->p) < word.len || memcmp(at->p, word.data, word.len) != 0) {
        return fail(json, PARSE_NO);
    }
    field->text = at->p;
    field->text_len = (uint32_t)word.len;
    field->kind = (uint8_t)kind;
    field->value.b = word.data[0] == 't';
    at->p += word.len;
    return true;
}

inlined bool take_text(struct json *json, struct place *at, struct field *field)
{
    struct text text = {0};
    if (unlikely(!take_string(json, at, &text))) {
        return false;
    }
    field->text = text.data;
    field->text_len = text.len;
    field->kind = text.is_utf8 ? FIELD_STRING : FIELD_BYTES;
    return true;
}

/* What it holds follows; pop() completes it. */
inlined bool push(struct json *json, struct place *at, struct field *field)
{
    if (json->depth_left == 0) {
        return fail(json, PARSE_LIMIT);
    }
    json->depth_left--;
    json->is_object = *at->p == '{';
    field->kind = json->is_object ? FIELD_OBJECT : FIELD_ARRAY;
    field->text = at->p;
    field->next = json->open;
    json->open = (uint32_t)(field - json->fields->items);
    at->p++;
    return true;
}

/* `p` is behind the closing bracket. */
inlined void pop(struct json *json, const char *p)
{
    struct field *field = &json->fields->items[json->open];
    field->text_len = (uint32_t)(p - field->text);
    json->open = field->next;
    json->depth_left++;
    json->is_object =
        json->open == NO_OBJECT || json->fields->items[json->open].kind == FIELD_OBJECT;
    field->next = json->fields->count;
}

inlined bool take_value(struct json *json, struct place *at, struct field *field)
{
    switch (*at->p) {
    case '"':
        return take_text(json, at, field);
    case '-':
    case '0' ... '9':
        return take_number(json, at, field);
    case 't':
        return take_word(json, at, SLICE("true"), FIELD_BOOL, field);
    case 'f':
        return take_word(json, at, SLICE("false"), FIELD_BOOL, field);
    case 'n':
        return take_word(json, at, SLICE("null"), FIELD_NULL, field);
    case '{':
    case '[':
        return push(json, at, field);
    default:
        return fail(json, PARSE_NO);
    }
}

/* One member or element. */
inlined bool take_field(struct json *json, struct place *at)
{
    struct field *field = fields_add(json->fields);
    if (unlikely(field == NULL)) {
        return fail(json, PARSE_LIMIT);
    }
    if (likely(json->is_object) && unlikely(!take_name(json, at, field))) {
        return false;
    }
    return take_value(json, at, field);
}

/* Everything behind the line's '{', to its end. False: json->failure says why. */
static bool take_members(struct json *json, const char *p)
{
    struct place at = {p, p, next_window(json, p)};
    bool is_first = true; /* in what is open */
    for (;;) {
        skip_blanks(json, &at);
        if (*at.p == ',' && likely(!is_first)) {
            at.p++;
            skip_blanks(json, &at);
        } else if (*at.p == (json->is_object ? '}' : ']')) {
            at.p++;
            if (json->open == NO_OBJECT) {
                return at.p == json->end || fail(json, PARSE_NO);
            }
            if (unlikely(at.p == json->end)) {
                return fail(json, PARSE_NO);
            }
            pop(json, at.p);
            is_first = false;
            continue;
        } else if (!is_first) {
            return fail(json, PARSE_NO);
        }
        uint32_t open = json->open;
        if (unlikely(!take_field(json, &at))) {
            return false;
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
    /* Not an initializer, which would clear the window. */
    struct json json;
    json.end = line.data + line.len;
    json.fields = &record->fields;
    json.arena = record->arena;
    json.open = NO_OBJECT;
    json.depth_left = (limits->depth_max < DEPTH_CAP ? limits->depth_max : DEPTH_CAP) - 1;
    json.is_object = true;
    json.has_repeated = false;
    json.window.high = 0;
    if (!take_members(&json, line.data + 1)) {
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

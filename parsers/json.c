/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/parsers.h"

#include "base/utf8.h"
#include "parsers/escape.h"
#include "parsers/known.h"
#include "parsers/number.h"
#include "parsers/scan.h"
#include "record/shapes.h"

/*
 * The JSON scanner: one pass over a line into the flat field table, no tree, no recursion.
 *
 * First scan.h finds where the special bytes are: quotes, backslashes, control characters. A string
 * then ends at the next one behind its opening quote, wherever that is.
 *
 * Names are read by shape (record/shapes.h) where the line is like one before it: what stands between
 * two values is compared with what stood there then. Where it differs, names are read one by one
 * from there to the end, and the path is learnt. Arrays are always read element by element: they
 * may hold any number.
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


/* OTLP allows no empty names, and a backend may take one for the message. */
#define NAMELESS "_"

struct json {
    const char *end; /* behind the last '}' */
    struct fields *fields;
    struct arena *arena;
    uint32_t open;      /* the innermost open container, NO_OBJECT for the line itself */
    uint32_t depth_left;
    bool is_object;     /* what is open holds members, not elements */
    bool has_repeated;  /* a member name may have come twice */
    enum parse_result failure; /* why, where a function returned false */
    struct slice line;
    struct shapes *shapes;
    const char *mark;   /* behind the last value, or bracket that opened one: where a run begins */
    const char *value;  /* behind the last name and its colon */
    uint32_t node;      /* where the path is; 0: no longer followed */
    enum shape_class class; /* of the last value */
    uint32_t array;     /* the outermost open array, NO_OBJECT if there is none */
    uint32_t arrays;    /* outermost ones until now */
    uint8_t closes;     /* containers closed right behind `mark` */
    bool has_missed;    /* names are read one by one, and those before have been noted */
    enum utf8_state { UTF8_ASCII, UTF8_GOOD, UTF8_BAD } utf8; /* the line, as far as looked at */
    const char *begin;  /* of the window */
    struct scan_window window;
};

struct text {
    const char *data;
    uint32_t len;
    bool is_utf8;
};

/* Every failure passes here. */
outlined const char *fail(struct json *json, enum parse_result why)
{
    json->failure = why;
    return NULL;
}

/* Quotes are ASCII: where the line is UTF-8, so is every text in it. The window ends at the last '}',
 * which is found like a special byte, so that what is found can always be looked at. */
outlined void next_window(struct json *json, const char *begin)
{
    json->begin = begin;
    scan_fill(begin, json->end - 1, &json->window);
    if (unlikely(json->window.high != 0) && json->utf8 == UTF8_ASCII) {
        json->utf8 = utf8_is_valid(json->line.data, json->line.len) ? UTF8_GOOD : UTF8_BAD;
    }
}

/* What find_special() leaves over: it is not within 64 bytes from `p`. */
outlined const char *find_special_far(struct json *json, const char *p)
{
    for (;;) {
        size_t word = (size_t)(p - json->begin) / SCAN_BLOCK_BYTES;
        if (word >= SCAN_WINDOW_WORDS) {
            next_window(json, p);
            word = 0;
        }
        size_t bit = (size_t)(p - json->begin) % SCAN_BLOCK_BYTES;
        uint64_t specials = json->window.words[word] >> bit;
        if (specials != 0) {
            return p + __builtin_ctzll(specials);
        }
        p = json->begin + (word + 1) * SCAN_BLOCK_BYTES;
    }
}

/* The first special byte at or behind `p`, which is no further than the last '}'; else that one. */
inlined const char *find_special(struct json *json, const char *p)
{
    size_t at = (size_t)(p - json->begin);
    if (likely(at < SCAN_WINDOW_BYTES)) {
        uint64_t specials = scan_from(&json->window, at);
        if (likely(specials != 0)) {
            return p + (unsigned)__builtin_ctzll(specials);
        }
    }
    return find_special_far(json, p);
}

/* Most lines have none, or one behind each comma and colon. */
inlined const char *skip_blanks(const char *p)
{
    while (unlikely(*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) {
        p++;
    }
    return p;
}

/* A string from `begin` that holds the backslash at `stop`: find its end, then decode it. Behind its
 * closing quote, or NULL. */
outlined const char *take_escaped(struct json *json, const char *begin, const char *stop,
                                  struct text *text)
{
    while (*stop == '\\') {
        const char *escaped = stop + 1;
        stop = find_special(json, escaped);
        if (stop == escaped && stop < json->end - 1) {
            stop = find_special(json, escaped + 1);
        }
    }
    if (*stop != '"') {
        return fail(json, PARSE_NO);
    }
    struct slice decoded;
    struct slice raw = slice_make(begin, (size_t)(stop - begin));
    enum parse_result result = escape_decode(raw, ESCAPE_JSON, json->arena, &decoded);
    if (result != PARSE_OK) {
        return fail(json, result);
    }
    *text = (struct text){decoded.data, (uint32_t)decoded.len,
                          utf8_is_valid(decoded.data, decoded.len)};
    return stop + 1;
}

inlined bool is_utf8(const struct json *json, const char *begin, const char *end)
{
    return likely(json->utf8 != UTF8_BAD) || utf8_is_valid(begin, (size_t)(end - begin));
}

/* At an opening quote; behind the closing one, NULL if that is not there. */
inlined const char *take_string(struct json *json, const char *p, struct text *text)
{
    const char *begin = p + 1;
    const char *stop = find_special(json, begin);
    if (unlikely(*stop != '"')) {
        return take_escaped(json, begin, stop, text);
    }
    *text = (struct text){begin, (uint32_t)(stop - begin), is_utf8(json, begin, stop)};
    return stop + 1;
}

/*
 * The line leaves the known paths: what they have read until here has been noted nowhere. Members of
 * containers that are closed can get no further ones, so the open ones are enough.
 */
outlined void note_names(struct json *json)
{
    const struct field *items = json->fields->items;
    uint32_t inner = json->fields->count - 1; /* the field that is being read has no name yet */
    uint32_t open = json->open;
    json->has_missed = true;
    json->shapes->misses++;
    for (;;) {
        uint32_t i = open == NO_OBJECT ? 0 : open + 1;
        while (i < inner) {
            if (items[i].key != NULL) {
                fields_note_member(json->fields, open, &json->fields->items[i]);
            }
            i = items[i].next;
        }
        if (i == inner && inner < json->fields->count - 1) {
            fields_note_member(json->fields, open, &json->fields->items[i]);
        }
        if (open == NO_OBJECT) {
            return;
        }
        inner = open;
        open = items[open].next;
    }
}

/* At the name; at the value, or NULL. */
inlined const char *take_name(struct json *json, const char *p, struct field *field)
{
    struct text name = {0};
    if (unlikely(*p != '"')) {
        return fail(json, PARSE_NO);
    }
    p = take_string(json, p, &name);
    if (unlikely(p == NULL)) {
        return NULL;
    }
    if (unlikely(!name.is_utf8)) {
        return fail(json, PARSE_NO);
    }
    if (unlikely(!json->has_missed && json->array == NO_OBJECT)) {
        note_names(json);
    }
    if (unlikely(name.len == 0)) {
        name = (struct text){NAMELESS, sizeof(NAMELESS) - 1, true};
    }
    field->key = name.data;
    field->key_len = name.len;
    json->has_repeated |= fields_note_member(json->fields, json->open, field);
    p = skip_blanks(p);
    if (unlikely(*p != ':')) {
        return fail(json, PARSE_NO);
    }
    return skip_blanks(p + 1);
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

static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};

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
inlined const char *take_number(struct json *json, const char *begin, struct field *field)
{
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
    return stop;
}

inlined const char *take_word(struct json *json, const char *p, struct slice word,
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

inlined const char *take_text(struct json *json, const char *p, struct field *field)
{
    struct text text = {0};
    p = take_string(json, p, &text);
    if (unlikely(p == NULL)) {
        return NULL;
    }
    field->text = text.data;
    field->text_len = text.len;
    field->kind = text.is_utf8 ? FIELD_STRING : FIELD_BYTES;
    return p;
}

/* What it holds follows; pop() completes it. */
inlined const char *push(struct json *json, const char *p, struct field *field)
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
    if (!json->is_object && json->array == NO_OBJECT) {
        json->array = json->open;
        json->arrays++;
    }
    return p + 1;
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

/* The same for a bracket that is no part of a known run. */
inlined void close(struct json *json, const char *p)
{
    if (json->array == json->open) {
        json->array = NO_OBJECT;
        json->mark = p;
        json->closes = 0;
    } else if (json->array == NO_OBJECT) {
        if (p != json->mark + json->closes + 1 || json->closes == UINT8_MAX) {
            json->node = 0; /* blanks between brackets: not worth a path */
        }
        json->closes++;
    }
    pop(json, p);
}

/* The value at `p`; what is behind it, or NULL. */
inlined const char *take_value(struct json *json, const char *p, struct field *field)
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

inlined enum shape_class class_of(const struct field *field)
{
    return likely(field->kind < FIELD_OBJECT)  ? SHAPE_SCALAR
           : field->kind == FIELD_OBJECT       ? SHAPE_OBJECT
                                               : SHAPE_ARRAY;
}

/* All that take_known() does not read by itself, behind blanks as well: the known ones may be fewer. */
outlined const char *take_other_value(struct json *json, const char *p, struct field *field)
{
    return take_value(json, skip_blanks(p), field);
}

outlined void close_known(struct json *json, const char *p, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++) {
        pop(json, p + i + 1);
    }
}

/* The word `true` or `false` at `p`, or NULL. */
inlined const char *take_bool(const char *p, const char *end, struct field *field)
{
    enum { TRUE = 4, FALSE = 5 };
    if (end - p <= FALSE) {
        return NULL;
    }
    bool is_true = memcmp(p, "true", TRUE) == 0;
    if (!is_true && memcmp(p, "false", FALSE) != 0) {
        return NULL;
    }
    field->text = p;
    field->text_len = is_true ? TRUE : FALSE;
    field->kind = FIELD_BOOL;
    field->value.b = is_true;
    return p + field->text_len;
}

/*
 * As many members as follow the known path. Most values are strings that hold nothing special, or
 * short numbers; they are read here, by way of nothing but registers. Behind the last one, or NULL.
 */
outlined const char *take_known(struct json *json, const char *p)
{
    struct fields *fields = json->fields;
    const struct shape_node *nodes = json->shapes->nodes;
    const struct shape_node *node = &nodes[json->node];
    enum shape_class class = json->class;
    for (;;) {
        const struct shape_node *next = shapes_find(nodes, node, class, p, json->end);
        if (next == NULL) {
            break;
        }
        if (unlikely(next->closes != 0)) {
            close_known(json, p, next->closes);
        }
        struct field *field = known_add(fields, next, p);
        if (unlikely(field == NULL)) {
            return fail(json, PARSE_LIMIT);
        }
        node = next;
        class = SHAPE_SCALAR;
        p += node->run_len;
        if (likely(*p == '"')) {
            const char *text = p + 1;
            const char *stop = find_special(json, text);
            if (likely(*stop == '"') && is_utf8(json, text, stop)) {
                field->text = text;
                field->text_len = (uint32_t)(stop - text);
                p = stop + 1;
                continue;
            }
        } else if (is_digit(*p)) {
            const char *stop = short_number_take(p, json->end, json->line.len, field);
            if (likely(stop != NULL)) {
                p = stop;
                continue;
            }
        } else if (*p == 't' || *p == 'f') {
            const char *stop = take_bool(p, json->end, field);
            if (likely(stop != NULL)) {
                p = stop;
                continue;
            }
        }
        p = take_other_value(json, p, field);
        if (unlikely(p == NULL)) {
            return NULL;
        }
        class = class_of(field);
        if (class == SHAPE_ARRAY) {
            break;
        }
    }
    json->node = (uint32_t)(node - nodes);
    json->class = class;
    json->mark = p;
    json->closes = 0;
    return p;
}

/* The member before `field`'s value, which has been read by itself, becomes a step of the path. */
outlined void learn(struct json *json, const struct field *field)
{
    struct slice run = slice_make(json->mark, (size_t)(json->value - json->mark));
    bool is_plain = field->key >= json->mark && field->key < json->value; /* not unescaped */
    if (json->has_repeated || !is_plain) {
        json->node = 0;
        return;
    }
    const struct shape_step step = {
        run,           (size_t)(field->key - json->mark), field->key_len,
        field->key_id, field->flags,                      json->closes,
    };
    json->node = shapes_learn(json->shapes, json->node, json->class, &step);
}

/* One member or element; behind it, or NULL. */
inlined const char *take_field(struct json *json, const char *p)
{
    bool is_step = json->node != 0 && json->array == NO_OBJECT;
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
    json->value = p;
    if (unlikely(is_step)) {
        learn(json, field);
    }
    p = take_value(json, p, field);
    if (unlikely(is_step && p != NULL)) {
        json->class = class_of(field);
        json->mark = p;
        json->closes = 0;
    }
    return p;
}

/* Everything behind the line's '{'; its end, or NULL: json->failure says why. */
static const char *take_members(struct json *json, const char *p)
{
    bool is_first = true; /* in what is open */
    next_window(json, p);
    json->mark = p;
    for (;;) {
        if (p == json->mark && !json->has_missed && json->array == NO_OBJECT) {
            uint32_t count = json->fields->count;
            p = take_known(json, p);
            if (unlikely(p == NULL)) {
                return NULL;
            }
            is_first = count == json->fields->count ? is_first : json->class != SHAPE_SCALAR;
        }
        p = skip_blanks(p);
        if (*p == ',' && likely(!is_first)) {
            p = skip_blanks(p + 1);
        } else if (*p == (json->is_object ? '}' : ']')) {
            p++;
            if (json->open == NO_OBJECT) {
                return p == json->end ? p : fail(json, PARSE_NO);
            }
            if (unlikely(p == json->end)) {
                return fail(json, PARSE_NO);
            }
            close(json, p);
            is_first = false;
            continue;
        } else if (!is_first) {
            return fail(json, PARSE_NO);
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
    /* Not an initializer, which would clear the window. */
    struct json json;
    json.end = line.data + line.len;
    json.fields = &record->fields;
    json.arena = record->arena;
    json.open = NO_OBJECT;
    json.depth_left =
        (limits->depth_max < PARSE_DEPTH_MAX ? limits->depth_max : PARSE_DEPTH_MAX) - 1;
    json.is_object = true;
    json.has_repeated = false;
    json.line = line;
    json.shapes = record->fields.shapes;
    json.node = json.shapes != NULL ? SHAPE_ROOT_JSON : 0;
    json.class = SHAPE_SCALAR;
    json.array = NO_OBJECT;
    json.arrays = 0;
    json.closes = 0;
    json.has_missed = json.shapes == NULL;
    json.utf8 = UTF8_ASCII;
    json.window.high = 0;
    if (json.shapes != NULL) {
        shapes_begin(json.shapes);
    }
    if (take_members(&json, line.data + 1) == NULL) {
        return json.failure;
    }
    if (json.has_repeated) {
        return fields_merge_repeated(&record->fields) ? PARSE_OK : PARSE_LIMIT;
    }
    if (likely(json.node != 0 && json.arrays <= 1)) {
        record->fields.shape =
            shapes_end(json.shapes, json.node, json.class, record->fields.count);
    }
    return PARSE_OK;
}

const struct parser parser_json = {
    .name = "json",
    .format = FORMAT_JSON,
    .parse = parse_json,
};

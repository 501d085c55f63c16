/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/parsers.h"

#include "base/utf8.h"
#include "core/shapes.h"
#include "parsers/escape.h"
#include "parsers/number.h"
#include "parsers/scan.h"

/*
 * The JSON scanner: one pass over a line into the flat field table, no tree, no recursion.
 *
 * First scan.h finds where the special bytes are: quotes, backslashes, control characters. A string
 * then ends at the next one behind its opening quote, wherever that is.
 *
 * Names are read by shape (core/shapes.h) where the line is like one before it: what stands between
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
    enum utf8_state { UTF8_ASKED_NOT, UTF8_GOOD, UTF8_BAD } utf8; /* of the whole line */
    const char *begin;  /* of the window */
    struct scan_window window;
};

/* Where the parser is. A local variable whose address is only given to functions compiled into its
 * owner: it stays in a register, which is a good part of the speed. */
struct place {
    const char *p;
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

outlined void next_window(struct json *json, const char *begin)
{
    json->begin = begin;
    scan_fill(begin, json->end, &json->window);
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

/* The first special byte at or behind `p`, json->end if there is none. */
inlined const char *find_special(struct json *json, const char *p)
{
    size_t at = (size_t)(p - json->begin);
    if (likely(at < SCAN_WINDOW_BYTES)) {
        const uint64_t *word = &json->window.words[at / SCAN_BLOCK_BYTES];
        size_t bit = at % SCAN_BLOCK_BYTES;
        /* The next word's too; what is behind the end of the text has the end's own bit before it. */
        uint64_t specials = word[0] >> bit | word[1] << 1 << (SCAN_BLOCK_BYTES - 1 - bit);
        if (likely(specials != 0)) {
            return p + __builtin_ctzll(specials);
        }
    }
    return find_special_far(json, p);
}

/* Most lines have none, or one behind each comma and colon. */
inlined void skip_blanks(struct place *at)
{
    while (unlikely(*at->p == ' ' || *at->p == '\t' || *at->p == '\n' || *at->p == '\r')) {
        at->p++;
    }
}

/* A string from `begin` that holds the backslash at `stop`: find its end, then decode it. Behind its
 * closing quote, or NULL. */
outlined const char *take_escaped(struct json *json, const char *begin, const char *stop,
                                  struct text *text)
{
    while (stop < json->end && *stop == '\\') {
        const char *escaped = stop + 1;
        stop = find_special(json, escaped);
        if (stop == escaped && stop < json->end) {
            stop = find_special(json, escaped + 1);
        }
    }
    if (stop >= json->end || *stop != '"') {
        fail(json, PARSE_NO);
        return NULL;
    }
    struct slice decoded;
    struct slice raw = slice_make(begin, (size_t)(stop - begin));
    enum parse_result result = escape_decode(raw, ESCAPE_JSON, json->arena, &decoded);
    if (result != PARSE_OK) {
        fail(json, result);
        return NULL;
    }
    *text = (struct text){decoded.data, (uint32_t)decoded.len,
                          utf8_is_valid(decoded.data, decoded.len)};
    return stop + 1;
}

/* Whether a text of a line that is not all ASCII is UTF-8. Quotes are ASCII: where the line is
 * valid, so is every text in it. */
outlined bool is_utf8(struct json *json, const char *begin, const char *end)
{
    if (json->utf8 == UTF8_ASKED_NOT) {
        json->utf8 = utf8_is_valid(json->line.data, json->line.len) ? UTF8_GOOD : UTF8_BAD;
    }
    return json->utf8 == UTF8_GOOD || utf8_is_valid(begin, (size_t)(end - begin));
}

/* At an opening quote, then behind the closing one. */
inlined bool take_string(struct json *json, struct place *at, struct text *text)
{
    const char *begin = at->p + 1;
    const char *stop = find_special(json, begin);
    if (unlikely(stop >= json->end)) {
        return fail(json, PARSE_NO);
    }
    if (unlikely(*stop != '"')) {
        struct text decoded = {0};
        at->p = take_escaped(json, begin, stop, &decoded);
        *text = decoded;
        return at->p != NULL;
    }
    bool is_good = likely(json->window.high == 0) || is_utf8(json, begin, stop);
    *text = (struct text){begin, (uint32_t)(stop - begin), is_good};
    at->p = stop + 1;
    return true;
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
    if (unlikely(!json->has_missed && json->array == NO_OBJECT)) {
        note_names(json);
    }
    field->key = name.data;
    field->key_len = name.len;
    json->has_repeated |= fields_note_member(json->fields, json->open, field);
    skip_blanks(at);
    if (unlikely(*at->p != ':')) {
        return fail(json, PARSE_NO);
    }
    at->p++;
    skip_blanks(at);
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
    if (!json->is_object && json->array == NO_OBJECT) {
        json->array = json->open;
        json->arrays++;
    }
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

inlined enum shape_class class_of(const struct field *field)
{
    return likely(field->kind < FIELD_OBJECT)  ? SHAPE_SCALAR
           : field->kind == FIELD_OBJECT       ? SHAPE_OBJECT
                                               : SHAPE_ARRAY;
}

/* All that is not a plain string. */
outlined bool take_other_value(struct json *json, struct place *at, struct field *field)
{
    return take_value(json, at, field);
}

outlined void close_known(struct json *json, const char *p, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++) {
        pop(json, p + i + 1);
    }
}

/* A field at the end of the table, whose members the caller sets, value and kind apart: all others.
 */
inlined struct field *add_known(struct fields *fields, const struct shape_node *node, const char *p)
{
    if (unlikely(fields->count == fields->cap) && !fields_grow(fields)) {
        return NULL;
    }
    struct field *field = &fields->items[fields->count++];
    field->key = p + node->key_at;
    field->key_len = node->key_len;
    field->key_id = node->key_id;
    field->flags = node->flags;
    field->next = fields->count;
    field->value.i = 0;
    return field;
}

/*
 * As many members as follow the known path. Most values are strings that hold nothing special; they
 * are read here, by way of nothing but registers.
 */
outlined bool take_known(struct json *json, struct place *at)
{
    const char *p = at->p;
    uint32_t node = json->node;
    enum shape_class class = json->class;
    bool is_good = true;
    for (;;) {
        uint32_t found = shapes_find(json->shapes, node, class, p, json->end);
        const struct shape_node *step = &json->shapes->nodes[found];
        if (found == 0 || (unsigned char)p[step->run_len] <= ' ') {
            break;
        }
        if (unlikely(step->closes != 0)) {
            close_known(json, p, step->closes);
        }
        struct field *field = add_known(json->fields, step, p);
        if (unlikely(field == NULL)) {
            is_good = fail(json, PARSE_LIMIT);
            break;
        }
        node = found;
        class = SHAPE_SCALAR;
        p += step->run_len;
        const char *stop = *p == '"' ? find_special(json, p + 1) : json->end;
        if (likely(stop < json->end) && likely(*stop == '"') &&
            (likely(json->window.high == 0) || is_utf8(json, p + 1, stop))) {
            field->text = p + 1;
            field->text_len = (uint32_t)(stop - p - 1);
            field->kind = FIELD_STRING;
            p = stop + 1;
            continue;
        }
        at->p = p;
        if (unlikely(!take_other_value(json, at, field))) {
            is_good = false;
            break;
        }
        p = at->p;
        class = class_of(field);
        if (class == SHAPE_ARRAY) {
            break;
        }
    }
    at->p = p;
    json->node = node;
    json->class = class;
    json->mark = p;
    json->closes = 0;
    return is_good;
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

/* One member or element. */
inlined bool take_field(struct json *json, struct place *at)
{
    bool is_step = json->node != 0 && json->array == NO_OBJECT;
    struct field *field = fields_add(json->fields);
    if (unlikely(field == NULL)) {
        return fail(json, PARSE_LIMIT);
    }
    if (likely(json->is_object) && unlikely(!take_name(json, at, field))) {
        return false;
    }
    json->value = at->p;
    if (unlikely(is_step)) {
        learn(json, field);
    }
    if (unlikely(!take_value(json, at, field))) {
        return false;
    }
    if (unlikely(is_step)) {
        json->class = class_of(field);
        json->mark = at->p;
        json->closes = 0;
    }
    return true;
}

/* Everything behind the line's '{', to its end. False: json->failure says why. */
static bool take_members(struct json *json, const char *p)
{
    struct place at = {p};
    bool is_first = true; /* in what is open */
    next_window(json, p);
    json->mark = p;
    for (;;) {
        if (at.p == json->mark && !json->has_missed && json->array == NO_OBJECT) {
            uint32_t count = json->fields->count;
            if (unlikely(!take_known(json, &at))) {
                return false;
            }
            is_first = count == json->fields->count ? is_first : json->class != SHAPE_SCALAR;
        }
        skip_blanks(&at);
        if (*at.p == ',' && likely(!is_first)) {
            at.p++;
            skip_blanks(&at);
        } else if (*at.p == (json->is_object ? '}' : ']')) {
            at.p++;
            if (json->open == NO_OBJECT) {
                return at.p == json->end || fail(json, PARSE_NO);
            }
            if (unlikely(at.p == json->end)) {
                return fail(json, PARSE_NO);
            }
            close(json, at.p);
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
    json.line = line;
    json.shapes = record->fields.shapes;
    json.node = json.shapes != NULL ? SHAPE_ROOT_JSON : 0;
    json.class = SHAPE_SCALAR;
    json.array = NO_OBJECT;
    json.arrays = 0;
    json.closes = 0;
    json.has_missed = json.shapes == NULL;
    json.utf8 = UTF8_ASKED_NOT;
    json.window.high = 0;
    if (json.shapes != NULL) {
        shapes_begin(json.shapes);
    }
    if (!take_members(&json, line.data + 1)) {
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/parsers.h"

#include "base/arena.h"
#include "base/utf8.h"

/*
 * A line of syslog, RFC 5424 or 3164. It stays the body, whole; on top of that come the fields of its
 * message, be that JSON, key=value or text with pairs, and those of its head: host.name, process.pid,
 * syslog.facility.code, syslog.msg.id and, from structured data, syslog.structured_data.ID.NAME. Time,
 * severity and service are read from the head as of any text (resolve/head_forms.h).
 *
 * What does not fit into the table is left out: the body has it.
 */

enum { PRIORITY_MAX = 191, NAME_MAX_BYTES = 512 };

struct reader {
    struct slice rest;
    struct slice host;
    struct slice process;
    struct slice message_id;
    struct slice data; /* RFC 5424: from the first bracket to the last */
    unsigned facility;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct slice take_word(struct reader *r)
{
    const char *blank = r->rest.len > 0 ? memchr(r->rest.data, ' ', r->rest.len) : NULL;
    size_t len = blank != NULL ? (size_t)(blank - r->rest.data) : r->rest.len;
    struct slice word = slice_make(r->rest.data, len);
    r->rest = slice_skip(r->rest, len + (blank != NULL ? 1 : 0));
    return slice_is_equal(word, SLICE("-")) ? slice_make(NULL, 0) : word;
}

static bool take_priority(struct reader *r)
{
    unsigned priority = 0;
    size_t i = 1;
    if (r->rest.len < 3 || r->rest.data[0] != '<') {
        return false;
    }
    for (; i < r->rest.len && i < 4 && is_digit(r->rest.data[i]); i++) {
        priority = priority * 10 + (unsigned)(r->rest.data[i] - '0');
    }
    if (i == 1 || i == r->rest.len || r->rest.data[i] != '>' || priority > PRIORITY_MAX) {
        return false;
    }
    r->facility = priority >> 3;
    r->rest = slice_skip(r->rest, i + 1);
    return true;
}

/* Behind the value of a parameter: the quote that is not escaped. */
static size_t value_len(struct slice text)
{
    size_t i = 0;
    while (i < text.len && text.data[i] != '"') {
        i += text.data[i] == '\\' && i + 1 < text.len ? 2 : 1;
    }
    return i < text.len ? i : text.len;
}

/* `[id a="b" c="d"][id2]`: its bytes, 0 if it does not end. */
static size_t data_len(struct slice text)
{
    size_t i = 0;
    while (i < text.len && text.data[i] == '[') {
        for (i++; i < text.len && text.data[i] != ']'; i++) {
            if (text.data[i] == '"') {
                i += 1 + value_len(slice_skip(text, i + 1));
            }
        }
        if (i >= text.len) {
            return 0;
        }
        i++;
    }
    return i;
}

/* Behind `<165>1 `. */
static void read_5424(struct reader *r)
{
    take_word(r); /* time */
    r->host = take_word(r);
    take_word(r); /* app-name */
    r->process = take_word(r);
    r->message_id = take_word(r);
    if (r->rest.len > 0 && r->rest.data[0] == '[') {
        size_t len = data_len(r->rest);
        r->data = slice_make(r->rest.data, len);
        r->rest = slice_skip(r->rest, len);
        r->rest = slice_skip(r->rest, r->rest.len > 0 && r->rest.data[0] == ' ' ? 1 : 0);
    } else {
        take_word(r);
    }
    if (slice_has_prefix(r->rest, SLICE("\xef\xbb\xbf"))) {
        r->rest = slice_skip(r->rest, 3);
    }
}

/* `app[12]:` or `app:` */
static bool read_tag(struct slice word, struct slice *out_process)
{
    if (word.len < 2 || word.data[word.len - 1] != ':') {
        return false;
    }
    const char *open = memchr(word.data, '[', word.len);
    if (open != NULL && word.data[word.len - 2] == ']') {
        *out_process = slice_make(open + 1, (size_t)(word.data + word.len - 2 - (open + 1)));
    }
    return true;
}

/* `Mar  2 10:11:12 host app[1]: ` or with a time of RFC 3339, as rsyslog has it. */
static void read_3164(struct reader *r)
{
    bool is_month_first = r->rest.len > 15 && r->rest.data[3] == ' ' && r->rest.data[6] == ' ';
    if (is_month_first) {
        r->rest = slice_skip(r->rest, 16);
    } else if (r->rest.len > 0 && is_digit(r->rest.data[0])) {
        take_word(r);
    } else {
        return;
    }
    struct reader try = *r;
    struct slice word = take_word(&try);
    if (!read_tag(word, &r->process)) {
        r->host = word;
        *r = (struct reader){.rest = try.rest, .host = word, .facility = r->facility};
        try = *r;
        word = take_word(&try);
        if (!read_tag(word, &r->process)) {
            return;
        }
    }
    r->rest = try.rest;
}

/* ---- fields ---- */

static void add_text(struct record *record, struct slice name, struct slice value)
{
    if (value.len > 0 && fields_find(&record->fields, name) == NULL) {
        fields_add_string(&record->fields, name, value);
    }
}

static void add_number(struct record *record, struct slice name, struct slice digits, int64_t number)
{
    struct field *field =
        fields_find(&record->fields, name) == NULL ? fields_add(&record->fields) : NULL;
    if (field != NULL) {
        field->key = name.data;
        field->key_len = (uint32_t)name.len;
        field->kind = FIELD_INT;
        field->value.i = number;
        field->text = digits.data;
        field->text_len = (uint32_t)digits.len;
    }
}

static void add_process(struct record *record, struct slice process)
{
    int64_t number = 0;
    size_t i = 0;
    for (; i < process.len && i < 9 && is_digit(process.data[i]); i++) {
        number = number * 10 + (process.data[i] - '0');
    }
    if (process.len > 0 && i == process.len) {
        add_number(record, SLICE("process.pid"), process, number);
    } else {
        add_text(record, SLICE("syslog.procid"), process);
    }
}

static struct slice unescape(struct record *record, struct slice value)
{
    if (memchr(value.data, '\\', value.len) == NULL) {
        return value;
    }
    char *copy = arena_alloc(record->arena, value.len);
    size_t len = 0;
    for (size_t i = 0; copy != NULL && i < value.len; i++) {
        bool is_escape = value.data[i] == '\\' && i + 1 < value.len &&
                         memchr("\"\\]", value.data[i + 1], 3) != NULL;
        copy[len++] = value.data[i += is_escape ? 1 : 0];
    }
    return copy != NULL ? slice_make(copy, len) : value;
}

static void add_parameter(struct record *record, struct slice id, struct slice name,
                          struct slice value)
{
    static const struct slice lead = {"syslog.structured_data.", 23};
    size_t len = lead.len + id.len + 1 + name.len;
    char *key = len <= NAME_MAX_BYTES ? arena_alloc(record->arena, len) : NULL;
    bool is_utf8 = utf8_is_valid(id.data, id.len) && utf8_is_valid(name.data, name.len);
    if (key == NULL || name.len == 0 || value.len == 0 || !is_utf8) {
        return;
    }
    memcpy(key, lead.data, lead.len);
    memcpy(key + lead.len, id.data, id.len);
    key[lead.len + id.len] = '.';
    memcpy(key + lead.len + id.len + 1, name.data, name.len);
    add_text(record, slice_make(key, len), unescape(record, value));
}

static size_t word_len(struct slice text)
{
    size_t i = 0;
    while (i < text.len && text.data[i] != ' ' && text.data[i] != ']' && text.data[i] != '=') {
        i++;
    }
    return i;
}

/* data_len() has seen that brackets and quotes are closed. */
static void add_data(struct record *record, struct slice data)
{
    while (data.len > 0 && data.data[0] == '[') {
        data = slice_skip(data, 1);
        struct slice id = slice_make(data.data, word_len(data));
        data = slice_skip(data, id.len);
        while (data.len > 0 && data.data[0] != ']') {
            data = slice_skip(data, data.data[0] == ' ' ? 1 : 0);
            struct slice name = slice_make(data.data, word_len(data));
            data = slice_skip(data, name.len);
            if (!slice_has_prefix(data, SLICE("=\""))) {
                data = slice_skip(data, data.len > 0 && data.data[0] != ']' ? 1 : 0);
                continue;
            }
            data = slice_skip(data, 2);
            struct slice value = slice_make(data.data, value_len(data));
            add_parameter(record, id, name, value);
            data = slice_skip(data, value.len + 1);
        }
        data = slice_skip(data, 1);
    }
}

static void parse_message(struct slice message, const struct parse_limits *limits,
                          struct record *record)
{
    static const struct parser *const parsers[] = {&parser_json, &parser_logfmt, &parser_text};
    for (size_t i = 0; i < sizeof(parsers) / sizeof(*parsers); i++) {
        fields_clear(&record->fields);
        if (parsers[i]->parse(message, limits, record) == PARSE_OK) {
            return;
        }
    }
    fields_clear(&record->fields);
}

static enum parse_result parse_syslog(struct slice line, const struct parse_limits *limits,
                                      struct record *record)
{
    struct reader r = {.rest = line};
    bool has_priority = take_priority(&r);
    if (has_priority && slice_has_prefix(r.rest, SLICE("1 "))) {
        r.rest = slice_skip(r.rest, 2);
        read_5424(&r);
    } else {
        read_3164(&r);
    }
    parse_message(r.rest, limits, record);
    record->format = FORMAT_TEXT;
    record->text = line;
    add_text(record, SLICE("host.name"), r.host);
    add_process(record, r.process);
    if (has_priority) {
        add_number(record, SLICE("syslog.facility.code"), slice_make(NULL, 0), r.facility);
    }
    add_text(record, SLICE("syslog.msg.id"), r.message_id);
    add_data(record, r.data);
    return PARSE_OK;
}

const struct parser parser_syslog = {
    .name = "syslog",
    .format = FORMAT_TEXT,
    .parse = parse_syslog,
};

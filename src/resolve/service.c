/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/service.h"

#define TEXT_BYTES_MAX 4096
#define LABELS_MAX     16

/* The first letters of all that service_is_placeholder() knows. */
static bool may_be_placeholder(char first)
{
    switch (first) {
    case '-':
    case 's':
    case 'n':
    case 'N':
    case 'u':
    case '$':
    case '%':
        return true;
    default:
        return false;
    }
}

bool service_is_placeholder(struct slice name)
{
    if (name.len > 0 && !may_be_placeholder(name.data[0])) {
        return false;
    }
    static const struct slice words[] = {SLICE("-"),    SLICE("service_undefined"), SLICE("null"),
                                         SLICE("None"), SLICE("undefined"),         SLICE("N/A")};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_is_equal(name, words[i])) {
            return true;
        }
    }
    return name.len == 0 || slice_has_prefix(name, SLICE("unknown_service")) ||
           slice_has_prefix(name, SLICE("${")) || slice_has_prefix(name, SLICE("%X{"));
}

/* ------------------------------------------------------------------ members */

/* Kong's `service` object is the upstream it called. */
static bool is_kong(const struct hits *hits)
{
    return hits_has(hits, KEY_STARTED_AT);
}

/* bunyan's `name` is the application; anybody else's is the logger. */
static bool is_bunyan(const struct hits *hits)
{
    const struct field *v = hits_find(hits, KEY_V);
    return v != NULL && v->kind == FIELD_INT &&
           (hits_has(hits, KEY_PID) || hits_has(hits, KEY_HOSTNAME));
}

static bool is_gelf(const struct hits *hits)
{
    return hits_has(hits, KEY_SHORT_MESSAGE) && hits_has(hits, KEY_VERSION);
}

/* The name in a field, trimmed; empty if it is none. */
static struct slice read_name(const struct field *field)
{
    struct slice name =
        field->kind == FIELD_STRING ? slice_trim(field_text(field)) : slice_make(NULL, 0);
    return service_is_placeholder(name) ? slice_make(NULL, 0) : name;
}

static bool may_name(const struct hits *hits, uint16_t id, const struct field *field)
{
    if (id == KEY_HOST) {
        return is_gelf(hits);
    }
    /* `service.name` from inside of `service`: its key is `name`. */
    bool nested = id == KEY_SERVICE_DOT_NAME && field->key_len == 4;
    return !nested || !is_kong(hits);
}

static struct slice find_service(const struct hits *hits)
{
    uint16_t id = KEY_SERVICE_DOT_NAME - 1;
    for (const struct field *field;
         (field = hits_next(hits, id, KEY_SYSLOG_IDENTIFIER, &id)) != NULL;) {
        struct slice name = may_name(hits, id, field) ? read_name(field) : slice_make(NULL, 0);
        if (name.len > 0) {
            return name;
        }
    }
    const struct field *name = is_bunyan(hits) ? hits_find(hits, KEY_NAME) : NULL;
    return name != NULL ? read_name(name) : slice_make(NULL, 0);
}

static struct slice find_logger(const struct hits *hits)
{
    uint16_t last = is_bunyan(hits) ? KEY_NAME_ZAP : KEY_NAME;
    uint16_t id = KEY_LOG_LOGGER - 1;
    for (const struct field *field; (field = hits_next(hits, id, last, &id)) != NULL;) {
        if (field->kind == FIELD_STRING && field->text_len > 0) {
            return field_text(field);
        }
    }
    return slice_make(NULL, 0);
}

void service_from_fields(const struct hits *hits, struct record *record)
{
    const struct field *namespace = hits_find(hits, KEY_SERVICE_NAMESPACE);
    record->service = find_service(hits);
    record->logger = find_logger(hits);
    if (namespace != NULL) {
        record->service_namespace = read_name(namespace);
    }
}

/* A name that nobody would trim or take for none, from `place`; false if it is not one. */
static bool read_usual_name(const struct fields *fields, uint32_t place, struct slice *out)
{
    *out = slice_make(NULL, 0);
    if (place >= ANSWER_ASK) {
        return place == ANSWER_NONE;
    }
    const struct field *field = &fields->items[place];
    *out = field_text(field);
    return field->kind == FIELD_STRING && out->len > 0;
}

static bool is_usual_service(struct slice name)
{
    return name.len == 0 || ((unsigned char)name.data[0] > ' ' &&
                             (unsigned char)name.data[name.len - 1] > ' ' &&
                             !service_is_placeholder(name));
}

bool service_from_answers(const struct fields *fields, const struct shape_answers *answers,
                          struct record *record)
{
    struct slice service;
    struct slice logger;
    if (!read_usual_name(fields, answers->service, &service) || !is_usual_service(service) ||
        !read_usual_name(fields, answers->logger, &logger)) {
        return false;
    }
    record->service = service;
    record->logger = logger;
    return true;
}

/* ------------------------------------------------------------------ text */

static bool is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

static bool ends_value(char c, char quote)
{
    return quote != 0 ? c == quote : c == '\0' || strchr(" \t,;\"'])}|", c) != NULL;
}

/* Behind a label: `=shop`, `="shop"`, and `":"shop"` where the label is quoted. */
static struct slice read_label_value(const char *p, const char *end)
{
    bool quoted = p < end && *p == '"';
    p += quoted ? 1 : 0;
    if (p >= end || *p != (quoted ? ':' : '=')) {
        return slice_make(NULL, 0);
    }
    p++;
    while (quoted && p < end && *p == ' ') {
        p++;
    }
    char quote = p < end && (*p == '"' || *p == '\'') ? *p++ : '\0';
    const char *begin = p;
    while (p < end && !ends_value(*p, quote)) {
        p++;
    }
    return slice_make(begin, (size_t)(p - begin));
}

/* The label around `hit`, which is somewhere inside of it. */
static struct slice find_label(struct slice text, const char *hit)
{
    const char *begin = hit;
    const char *end = hit;
    while (begin > text.data && is_label_char(begin[-1])) {
        begin--;
    }
    while (end < text.data + text.len && is_label_char(*end)) {
        end++;
    }
    return slice_make(begin, (size_t)(end - begin));
}

/* The next "service" or "Service" in `s`, at its `v`: the rarest of its letters. */
static const char *find_service_word(struct slice s)
{
    const char *end = s.data + s.len;
    const char *v = s.len > 0 ? memchr(s.data, 'v', s.len) : NULL;
    while (v != NULL) {
        if (v - s.data >= 3 && end - v >= 4 && memcmp(v - 2, "ervice", 6) == 0) {
            return v;
        }
        v = memchr(v + 1, 'v', (size_t)(end - v - 1));
    }
    return NULL;
}

static bool is_service_label(uint16_t id)
{
    return id >= KEY_SERVICE_DOT_NAME && id <= KEY_SERVICE;
}

static int hex_value(char c)
{
    char low = (char)(c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* `%20` and the like; the slice itself where there is nothing to decode. */
static struct slice decode_url(struct slice s, struct arena *arena)
{
    char *out = memchr(s.data, '%', s.len) != NULL ? arena_alloc(arena, s.len) : NULL;
    size_t len = 0;
    if (out == NULL) {
        return s;
    }
    for (size_t i = 0; i < s.len; i++) {
        int high = s.data[i] == '%' && i + 2 < s.len ? hex_value(s.data[i + 1]) : -1;
        int low = high >= 0 ? hex_value(s.data[i + 2]) : -1;
        out[len++] = low >= 0 ? (char)(high * 16 + low) : s.data[i];
        i += low >= 0 ? 2 : 0;
    }
    return slice_make(out, len);
}

/* `<guid>|<host>|<trace>|<span>|<entity name>|`, the name URL-encoded. */
static struct slice read_nr_linking(struct slice text, struct arena *arena)
{
    struct slice mark = SLICE("NR-LINKING|");
    const char *bar_of_mark = memchr(text.data, '|', text.len); /* nearly no line has one */
    const char *p = bar_of_mark != NULL ? memmem(text.data, text.len, mark.data, mark.len) : NULL;
    if (p == NULL) {
        return slice_make(NULL, 0);
    }
    struct slice rest = slice_skip(text, (size_t)(p - text.data) + mark.len);
    for (int part = 0; part < 4; part++) {
        const char *bar = memchr(rest.data, '|', rest.len);
        if (bar == NULL) {
            return slice_make(NULL, 0);
        }
        rest = slice_skip(rest, (size_t)(bar + 1 - rest.data));
    }
    const char *bar = rest.len > 0 ? memchr(rest.data, '|', rest.len) : NULL;
    struct slice name = slice_make(rest.data, bar != NULL ? (size_t)(bar - rest.data) : rest.len);
    return name.len > 0 ? decode_url(name, arena) : name;
}

void service_from_text(struct key_cache *cache, struct slice text, struct record *record)
{
    text.len = text.len < TEXT_BYTES_MAX ? text.len : TEXT_BYTES_MAX;
    if (text.len == 0) {
        return;
    }
    uint16_t best = KEY_SERVICE + 1;
    struct slice rest = text;
    for (int i = 0; i < LABELS_MAX; i++) {
        const char *hit = find_service_word(rest);
        if (hit == NULL) {
            break;
        }
        struct slice label = find_label(text, hit);
        const char *end = text.data + text.len;
        struct slice value = read_label_value(label.data + label.len, end);
        uint16_t id = value.len > 0 ? key_lookup(cache, label) : KEY_UNKNOWN;
        if (is_service_label(id) && id < best && !service_is_placeholder(value)) {
            best = id;
            record->service = value;
        }
        rest = slice_make(label.data + label.len, (size_t)(end - label.data) - label.len);
    }
    if (record->service.len == 0) {
        record->service = read_nr_linking(text, record->arena);
    }
}

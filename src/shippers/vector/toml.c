/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/vector/toml.h"

#include <ctype.h>
#include <string.h>
#include "base/buf.h"

enum {
    KEYS_MAX = 16,
    DEPTH_MAX = 16,
};

struct toml {
    struct lint *lint;
    const char *file;
    const char *at;
    const char *end;
    const char *line_start;
    unsigned line;
};

struct key {
    const char *parts[KEYS_MAX];
    size_t count;
};

static struct foreign_place here(const struct toml *t)
{
    return (struct foreign_place){t->file, t->line, (unsigned)(t->at - t->line_start) + 1};
}

static char peek(const struct toml *t)
{
    return t->at < t->end ? *t->at : '\0';
}

static void advance(struct toml *t)
{
    if (t->at < t->end && *t->at++ == '\n') {
        t->line++;
        t->line_start = t->at;
    }
}

static void skip_blank(struct toml *t)
{
    while (peek(t) == ' ' || peek(t) == '\t' || peek(t) == '\r') {
        advance(t);
    }
}

static void skip_line(struct toml *t)
{
    while (t->at < t->end && peek(t) != '\n') {
        advance(t);
    }
}

/* Blanks, line ends and comments. */
static void skip_space(struct toml *t)
{
    for (;;) {
        skip_blank(t);
        if (peek(t) == '#') {
            skip_line(t);
        } else if (peek(t) == '\n') {
            advance(t);
        } else {
            return;
        }
    }
}

static struct yaml *new_node(struct toml *t, enum yaml_kind kind)
{
    struct yaml *node = foreign_alloc(&t->lint->foreign.arena, sizeof(*node));
    node->kind = kind;
    node->place = here(t);
    node->text = "";
    return node;
}

static void put(struct toml *t, struct yaml *parent, const char *key, struct foreign_place place,
                struct yaml *value)
{
    struct yaml_entry *entry = foreign_alloc(&t->lint->foreign.arena, sizeof(*entry));
    *entry = (struct yaml_entry){NULL, key, place, value};
    if (parent->last == NULL) {
        parent->first = entry;
    } else {
        parent->last->next = entry;
    }
    parent->last = entry;
}

static bool has(const struct toml *t, const char *mark)
{
    size_t len = strlen(mark);
    return (size_t)(t->end - t->at) >= len && memcmp(t->at, mark, len) == 0;
}

static void escape(struct toml *t, struct buf *out)
{
    advance(t);
    char c = peek(t);
    char plain = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
    if (c == '\n' || c == '\r') {
        skip_space(t);
        return;
    }
    buf_append(out, &plain, 1);
    advance(t);
}

/* A string at its quote; a text of several lines begins where its first line does. */
static struct yaml *read_string(struct toml *t)
{
    char quote = peek(t);
    char three[4] = {quote, quote, quote, '\0'};
    bool is_long = has(t, three);
    struct buf out;
    buf_init(&out, FOREIGN_TEXT_BYTES_MAX);
    for (int i = 0; i < (is_long ? 3 : 1); i++) {
        advance(t);
    }
    if (is_long && (peek(t) == '\n' || has(t, "\r\n"))) {
        skip_blank(t);
        advance(t);
    }
    struct yaml *node = new_node(t, YAML_TEXT);
    node->is_block = is_long;
    while (t->at < t->end && !(is_long ? has(t, three) : peek(t) == quote || peek(t) == '\n')) {
        if (quote == '"' && peek(t) == '\\') {
            escape(t, &out);
        } else {
            buf_append(&out, t->at, 1);
            advance(t);
        }
    }
    for (int i = 0; i < (is_long ? 3 : 1) && peek(t) == quote; i++) {
        advance(t);
    }
    node->text = foreign_copy(&t->lint->foreign.arena, buf_slice(&out));
    buf_fini(&out);
    return node;
}

static struct yaml *read_bare(struct toml *t)
{
    struct yaml *node = new_node(t, YAML_TEXT);
    const char *begin = t->at;
    while (t->at < t->end && strchr(",]}#\n\r", peek(t)) == NULL) {
        advance(t);
    }
    node->text = foreign_copy(&t->lint->foreign.arena,
                           slice_trim(slice_make(begin, (size_t)(t->at - begin))));
    return node;
}

static bool read_key(struct toml *t, struct key *key)
{
    key->count = 0;
    for (;;) {
        skip_blank(t);
        const char *part = NULL;
        if (peek(t) == '"' || peek(t) == '\'') {
            part = read_string(t)->text;
        } else {
            const char *begin = t->at;
            while (isalnum((unsigned char)peek(t)) || peek(t) == '_' || peek(t) == '-' ||
                   peek(t) == '$' || peek(t) == '*') {
                advance(t);
            }
            if (t->at == begin) {
                return false;
            }
            part = foreign_copy(&t->lint->foreign.arena, slice_make(begin, (size_t)(t->at - begin)));
        }
        if (key->count < KEYS_MAX) {
            key->parts[key->count++] = part;
        }
        skip_blank(t);
        if (peek(t) != '.') {
            return true;
        }
        advance(t);
    }
}

/* The map under the first `count` parts, made where it is missing; of a list its last one. */
static struct yaml *descend(struct toml *t, struct yaml *map, const struct key *key, size_t count,
                            struct foreign_place place)
{
    for (size_t i = 0; i < count; i++) {
        struct yaml *next = NULL;
        for (struct yaml_entry *e = map->first; e != NULL; e = e->next) {
            next = strcmp(e->key, key->parts[i]) == 0 ? e->value : next;
        }
        if (next != NULL && next->kind == YAML_LIST && next->last != NULL) {
            next = next->last->value;
        }
        if (next == NULL || next->kind != YAML_MAP) {
            next = new_node(t, YAML_MAP);
            next->place = place;
            put(t, map, key->parts[i], place, next);
        }
        map = next;
    }
    return map;
}

static struct yaml *read_value(struct toml *t, unsigned depth);

static bool read_pair(struct toml *t, struct yaml *map, unsigned depth)
{
    struct key key;
    struct foreign_place place = here(t);
    if (!read_key(t, &key) || peek(t) != '=' || key.count == 0) {
        return false;
    }
    advance(t);
    skip_blank(t);
    struct yaml *value = read_value(t, depth);
    if (value != NULL) {
        struct yaml *parent = descend(t, map, &key, key.count - 1, place);
        put(t, parent, key.parts[key.count - 1], place, value);
    }
    return true;
}

static struct yaml *read_collection(struct toml *t, unsigned depth)
{
    bool is_map = peek(t) == '{';
    char close = is_map ? '}' : ']';
    struct yaml *node = new_node(t, is_map ? YAML_MAP : YAML_LIST);
    advance(t);
    skip_space(t);
    while (t->at < t->end && peek(t) != close) {
        const char *before = t->at;
        struct foreign_place place = here(t);
        if (is_map) {
            (void)read_pair(t, node, depth + 1);
        } else {
            struct yaml *value = read_value(t, depth + 1);
            if (value != NULL) {
                put(t, node, "", place, value);
            }
        }
        skip_space(t);
        if (peek(t) == ',' || t->at == before) {
            advance(t);
        }
        skip_space(t);
    }
    advance(t);
    return node;
}

static struct yaml *read_value(struct toml *t, unsigned depth)
{
    char c = peek(t);
    if (depth > DEPTH_MAX) {
        return NULL;
    }
    if (c == '"' || c == '\'') {
        return read_string(t);
    }
    return c == '{' || c == '[' ? read_collection(t, depth) : read_bare(t);
}

/* `[a.b]` or `[[a.b]]`: the map that follows is for. */
static struct yaml *read_head(struct toml *t, struct yaml *root)
{
    struct foreign_place place = here(t);
    struct key key;
    advance(t);
    bool is_list = peek(t) == '[';
    if (is_list) {
        advance(t);
    }
    bool is_good = read_key(t, &key) && key.count > 0;
    skip_line(t);
    if (!is_good) {
        return root;
    }
    if (!is_list) {
        return descend(t, root, &key, key.count, place);
    }
    struct yaml *parent = descend(t, root, &key, key.count - 1, place);
    const struct yaml *old = yaml_get(parent, key.parts[key.count - 1]);
    struct yaml *list = NULL;
    for (struct yaml_entry *e = parent->first; e != NULL; e = e->next) {
        list = e->value == old && old != NULL && old->kind == YAML_LIST ? e->value : list;
    }
    if (list == NULL) {
        list = new_node(t, YAML_LIST);
        put(t, parent, key.parts[key.count - 1], place, list);
    }
    struct yaml *map = new_node(t, YAML_MAP);
    map->place = place;
    put(t, list, "", place, map);
    return map;
}

struct yaml *toml_read(struct lint *lint, const struct foreign_text *text)
{
    struct toml t = {lint, text->path, text->text.data, text->text.data + text->text.len,
                     text->text.data, 1};
    struct yaml *root = new_node(&t, YAML_MAP);
    struct yaml *map = root;
    for (skip_space(&t); t.at < t.end; skip_space(&t)) {
        if (peek(&t) == '[') {
            map = read_head(&t, root);
        } else if (!read_pair(&t, map, 0)) {
            skip_line(&t);
        }
    }
    return root;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Logstash's config language, read tolerantly: hashes with and without commas, both quotes, bare
 * words, codecs with options, conditions kept as text. */

#include <ctype.h>
#include <string.h>
#include "base/mem.h"
#include "shippers/logstash/read.h"

enum { DEPTH_MAX = 24 };

struct reading {
    struct lint *lint;
    const char *file;
    const char *at;
    const char *end;
    const char *line_start;
    unsigned line;
};

static char peek(const struct reading *r)
{
    return r->at < r->end ? *r->at : '\0';
}

static void advance(struct reading *r)
{
    if (r->at < r->end && *r->at++ == '\n') {
        r->line++;
        r->line_start = r->at;
    }
}

static void skip(struct reading *r)
{
    while (r->at < r->end && (isspace((unsigned char)*r->at) || *r->at == '#' || *r->at == ',')) {
        bool is_comment = *r->at == '#';
        while (is_comment && r->at < r->end && *r->at != '\n') {
            advance(r);
        }
        advance(r);
    }
}

static struct foreign_place here(const struct reading *r)
{
    return (struct foreign_place){r->file, r->line, (unsigned)(r->at - r->line_start) + 1};
}

static bool has(const struct reading *r, const char *mark)
{
    size_t len = strlen(mark);
    return (size_t)(r->end - r->at) >= len && memcmp(r->at, mark, len) == 0;
}

static bool take(struct reading *r, const char *mark)
{
    size_t len = strlen(mark);
    bool goes_on = r->at + len < r->end &&
                   (isalnum((unsigned char)r->at[len]) || r->at[len] == '_');
    if (!has(r, mark) || goes_on) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        advance(r);
    }
    return true;
}

static struct yaml *new_node(struct reading *r, enum yaml_kind kind)
{
    struct yaml *node = foreign_alloc(&r->lint->foreign.arena, sizeof(*node));
    node->kind = kind;
    node->place = here(r);
    node->text = "";
    return node;
}

static void put(struct reading *r, struct yaml *parent, const char *key, struct foreign_place place,
                struct yaml *value)
{
    struct yaml_entry *entry = foreign_alloc(&r->lint->foreign.arena, sizeof(*entry));
    *entry = (struct yaml_entry){NULL, key, place, value};
    if (parent->last == NULL) {
        parent->first = entry;
    } else {
        parent->last->next = entry;
    }
    parent->last = entry;
}

/* A text in quotes, or a bare word. Backslashes stay: patterns need them. */
static const char *read_text(struct reading *r)
{
    char quote = peek(r);
    const char *begin = r->at;
    if (quote == '"' || quote == '\'') {
        advance(r);
        begin = r->at;
        while (r->at < r->end && *r->at != quote) {
            if (*r->at == '\\') {
                advance(r);
            }
            advance(r);
        }
        const char *text = foreign_copy(&r->lint->foreign.arena, slice_make(begin, (size_t)(r->at - begin)));
        advance(r);
        return text;
    }
    unsigned brackets = 0;
    while (r->at < r->end && !isspace((unsigned char)*r->at) && *r->at != '#' && *r->at != '{' &&
           *r->at != '}' && *r->at != ',' && !has(r, "=>") && (brackets > 0 || *r->at != ']')) {
        brackets += *r->at == '[' ? 1 : 0;
        brackets -= *r->at == ']' ? 1 : 0;
        advance(r);
    }
    if (r->at == begin) {
        advance(r);
    }
    return foreign_copy(&r->lint->foreign.arena, slice_make(begin, (size_t)(r->at - begin)));
}

static struct yaml *read_value(struct reading *r, unsigned depth);

/* `{ key => value … }`, at the brace. */
static struct yaml *read_map(struct reading *r, unsigned depth)
{
    struct yaml *map = new_node(r, YAML_MAP);
    advance(r);
    for (skip(r); r->at < r->end && peek(r) != '}'; skip(r)) {
        struct foreign_place place = here(r);
        const char *key = read_text(r);
        skip(r);
        if (has(r, "=>")) {
            advance(r);
            advance(r);
            skip(r);
            struct yaml *value = read_value(r, depth + 1);
            if (value != NULL) {
                put(r, map, key, place, value);
            }
        }
    }
    advance(r);
    return map;
}

static struct yaml *read_value(struct reading *r, unsigned depth)
{
    if (depth > DEPTH_MAX) {
        return NULL;
    }
    if (peek(r) == '{') {
        return read_map(r, depth);
    }
    if (peek(r) == '[') {
        struct yaml *list = new_node(r, YAML_LIST);
        advance(r);
        for (skip(r); r->at < r->end && peek(r) != ']'; skip(r)) {
            struct foreign_place place = here(r);
            struct yaml *value = read_value(r, depth + 1);
            if (value == NULL) {
                break;
            }
            put(r, list, "", place, value);
        }
        advance(r);
        return list;
    }
    struct yaml *text = new_node(r, YAML_TEXT);
    text->text = read_text(r);
    const char *behind = r->at;
    unsigned line = r->line;
    const char *line_start = r->line_start;
    skip(r);
    if (peek(r) == '{') { /* codec => json { … } */
        struct yaml *options = read_map(r, depth + 1);
        text->first = options != NULL ? options->first : NULL;
        return text;
    }
    r->at = behind;
    r->line = line;
    r->line_start = line_start;
    return text;
}

static struct ls_node *read_body(struct reading *r, unsigned depth);

/* Up to the `{` that is not within a string or a pattern. */
static const char *read_condition(struct reading *r)
{
    const char *begin = r->at;
    char quote = '\0';
    while (r->at < r->end && (quote != '\0' || *r->at != '{')) {
        char c = *r->at;
        if (quote != '\0') {
            if (c == '\\') {
                advance(r);
            } else if (c == quote) {
                quote = '\0';
            }
        } else if (c == '"' || c == '\'' ||
                   (c == '/' && memchr("~ ", r->at[-1], 2) != NULL)) {
            quote = c;
        }
        advance(r);
    }
    return foreign_copy(&r->lint->foreign.arena, slice_trim(slice_make(begin, (size_t)(r->at - begin))));
}

/* After `if`. */
static struct ls_node *read_if(struct reading *r, struct foreign_place place, unsigned depth)
{
    struct ls_node *node = foreign_alloc(&r->lint->foreign.arena, sizeof(*node));
    node->kind = LS_IF;
    node->place = place;
    skip(r);
    node->condition = read_condition(r);
    node->body = read_body(r, depth + 1);
    skip(r);
    place = here(r);
    if (take(r, "else")) {
        skip(r);
        node->otherwise = take(r, "if") ? (depth < DEPTH_MAX ? read_if(r, place, depth + 1) : NULL)
                                        : read_body(r, depth + 1);
    }
    return node;
}

/* `{ plugin { … } if … { … } }`, at the brace. */
static struct ls_node *read_body(struct reading *r, unsigned depth)
{
    struct ls_node *first = NULL;
    struct ls_node **link = &first;
    skip(r);
    if (peek(r) != '{' || depth > DEPTH_MAX) {
        return NULL;
    }
    advance(r);
    for (skip(r); r->at < r->end && peek(r) != '}'; skip(r)) {
        struct foreign_place place = here(r);
        struct ls_node *node;
        if (take(r, "if")) {
            node = read_if(r, place, depth);
        } else {
            node = foreign_alloc(&r->lint->foreign.arena, sizeof(*node));
            node->place = place;
            node->name = read_text(r);
            skip(r);
            if (peek(r) != '{') {
                continue;
            }
            node->options = read_map(r, depth);
        }
        *link = node;
        link = &node->next;
    }
    advance(r);
    return first;
}

static void append(struct ls_node **list, struct ls_node *more)
{
    while (*list != NULL) {
        list = &(*list)->next;
    }
    *list = more;
}

bool ls_read(struct lint *lint, const struct foreign_text *text, struct ls_pipeline *out)
{
    struct reading r = {lint, text->path, text->text.data, text->text.data + text->text.len,
                        text->text.data, 1};
    bool is_any = false;
    *out = (struct ls_pipeline){0};
    for (skip(&r); r.at < r.end; skip(&r)) {
        struct ls_node **section = take(&r, "input")    ? &out->inputs
                                   : take(&r, "filter") ? &out->filters
                                   : take(&r, "output") ? &out->outputs
                                                        : NULL;
        skip(&r);
        if (section == NULL || peek(&r) != '{') {
            return is_any; /* anything else at the top: not of this language */
        }
        append(section, read_body(&r, 0));
        is_any = true;
    }
    return is_any;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/vrl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "lint/vrl_functions.h"

enum {
    PATH_PARTS_MAX = 16,
    DEPTH_MAX = 40,
    STEPS_MAX = 20000,
};

/* `.a."b c"[0]`, `var.a`: where it begins, and the keys. */
struct path {
    const char *variable; /* NULL: the event */
    const char *parts[PATH_PARTS_MAX];
    size_t count;
};

struct vrl {
    struct arena *arena;
    const char *text;
    const char *at;
    struct item *event;
    struct item *variables;
    struct vrl_result *out;
    unsigned places; /* of the event before the statement */
    unsigned depth;
    unsigned steps;
    bool is_idle;       /* a branch that is not taken: read, not run */
    bool is_branch;     /* a branch that may be taken */
    bool is_stopped;    /* aborted, or an error that was not handled */
    bool has_error;     /* of the last expression */
    bool has_encoded;   /* the last statement encoded the whole event */
};

static struct item *expression(struct vrl *v);
static struct item *block(struct vrl *v);

/* ---- reading ---- */

static void skip_comment(struct vrl *v)
{
    while (*v->at != '\0' && *v->at != '\n') {
        v->at++;
    }
}

static void skip_blank(struct vrl *v)
{
    for (;;) {
        while (*v->at == ' ' || *v->at == '\t' || *v->at == '\r') {
            v->at++;
        }
        if (*v->at == '\\' && v->at[1] == '\n') {
            v->at += 2;
        } else if (*v->at == '#') {
            skip_comment(v);
        } else {
            return;
        }
    }
}

static void skip_space(struct vrl *v)
{
    skip_blank(v);
    while (*v->at == '\n' || *v->at == ';') {
        v->at++;
        skip_blank(v);
    }
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '@';
}

static const char *read_word(struct vrl *v)
{
    const char *begin = v->at;
    while (is_word_char(*v->at)) {
        v->at++;
    }
    return lint_copy(v->arena, slice_make(begin, (size_t)(v->at - begin)));
}

static bool take(struct vrl *v, const char *mark)
{
    size_t len = strlen(mark);
    bool is_word = is_word_char(mark[0]);
    if (strncmp(v->at, mark, len) != 0 || (is_word && is_word_char(v->at[len]))) {
        return false;
    }
    v->at += len;
    return true;
}

/* The text of a string at its quote. `s'…'` and `r'…'` have no escapes. */
static const char *read_string(struct vrl *v, bool is_raw)
{
    char quote = *v->at++;
    char *out = mem_alloc(strlen(v->at) + 1);
    size_t n = 0;
    while (*v->at != '\0' && *v->at != quote) {
        if (*v->at == '\\' && v->at[1] != '\0') {
            if (is_raw && v->at[1] != quote) {
                out[n++] = *v->at;
            }
            v->at++;
            char c = *v->at++;
            out[n++] = is_raw ? c : c == 'n' ? '\n' : c == 't' ? '\t' : c;
        } else {
            out[n++] = *v->at++;
        }
    }
    v->at += *v->at == quote ? 1 : 0;
    const char *text = lint_copy(v->arena, slice_make(out, n));
    free(out);
    return text;
}

static void path_add(struct path *path, const char *part)
{
    if (path->count < PATH_PARTS_MAX) {
        path->parts[path->count++] = part;
    }
}

/* The parts behind where a path begins. */
static void read_parts(struct vrl *v, struct path *path)
{
    for (;;) {
        if (*v->at == '.' && (is_word_char(v->at[1]) || v->at[1] == '"')) {
            v->at++;
            path_add(path, *v->at == '"' ? read_string(v, false) : read_word(v));
        } else if (*v->at == '[') {
            const char *close = strchr(v->at, ']');
            if (close == NULL) {
                return;
            }
            v->at++;
            path_add(path, *v->at == '"' ? read_string(v, false)
                                         : lint_copy(v->arena, slice_make(v->at, (size_t)(close - v->at))));
            close = strchr(v->at, ']');
            v->at = close != NULL ? close + 1 : v->at;
        } else {
            return;
        }
    }
}

/* `.`, `.a`, `%meta.a`: false if no path begins here. */
static bool read_path(struct vrl *v, struct path *path)
{
    *path = (struct path){0};
    if (*v->at == '%' && is_word_char(v->at[1])) {
        v->at++;
        path->variable = "%";
        path_add(path, read_word(v));
        read_parts(v, path);
        return true;
    }
    if (*v->at != '.') {
        return false;
    }
    if (v->at[1] == '"' || is_word_char(v->at[1])) {
        read_parts(v, path);
    } else {
        v->at++;
        read_parts(v, path);
    }
    return true;
}

/* ---- paths ---- */

static struct item *child(const struct item *item, const char *part)
{
    if (item != NULL && item->kind == ITEM_LIST) {
        long index = strtol(part, NULL, 10);
        for (struct member *m = item->first; m != NULL; m = m->next) {
            if (index-- == 0) {
                return m->value;
            }
        }
        return NULL;
    }
    return item_get(item, part);
}

static struct item *path_get(struct vrl *v, const struct path *path)
{
    struct item *item = path->variable != NULL ? item_get(v->variables, path->variable) : v->event;
    for (size_t i = 0; i < path->count && item != NULL; i++) {
        item = child(item, path->parts[i]);
    }
    return item;
}

/* Maps are made where there are none. A list's places are looked up, not made. */
static void put_in(struct vrl *v, struct item *item, const struct path *path, struct item *value)
{
    for (size_t i = 0; i + 1 < path->count; i++) {
        struct item *next = child(item, path->parts[i]);
        if (next == NULL || (next->kind != ITEM_MAP && next->kind != ITEM_LIST)) {
            next = item_map(v->arena);
            if (item->kind == ITEM_MAP) {
                item_put(v->arena, item, path->parts[i], next);
            }
        }
        item = next;
    }
    const char *last = path->parts[path->count - 1];
    if (item->kind == ITEM_MAP) {
        item_put(v->arena, item, last, value);
        return;
    }
    long index = strtol(last, NULL, 10);
    for (struct member *m = item->first; m != NULL; m = m->next) {
        if (index-- == 0) {
            m->value = value;
        }
    }
}

static struct item *null_item(struct vrl *v)
{
    struct item *item = item_string(v->arena, "null");
    item->kind = ITEM_OTHER;
    return item;
}

static void path_set(struct vrl *v, const struct path *path, struct item *value)
{
    value = value != NULL ? item_copy(v->arena, value) : null_item(v);
    if (path->count == 0 && path->variable == NULL) {
        if (value->kind == ITEM_MAP) {
            v->event = value;
        } else if (value->kind == ITEM_LIST && value->first != NULL) {
            v->event = value->first->value; /* an event each */
        } else {
            v->event = item_map(v->arena);
            item_put(v->arena, v->event, "message", value);
        }
    } else if (path->count == 0) {
        item_put(v->arena, v->variables, path->variable, value);
    } else if (path->variable == NULL) {
        put_in(v, v->event, path, value);
    } else {
        struct item *variable = item_get(v->variables, path->variable);
        if (variable == NULL || variable->kind == ITEM_TEXT) {
            variable = item_map(v->arena);
            item_put(v->arena, v->variables, path->variable, variable);
        }
        put_in(v, variable, path, value);
    }
}

static struct item *path_delete(struct vrl *v, const struct path *path)
{
    struct item *item = path->variable != NULL ? item_get(v->variables, path->variable) : v->event;
    for (size_t i = 0; i + 1 < path->count && item != NULL; i++) {
        item = child(item, path->parts[i]);
    }
    if (path->count == 0 && path->variable == NULL) {
        struct item *whole = v->event;
        v->event = item_map(v->arena);
        return whole;
    }
    return path->count > 0 ? item_remove(item, path->parts[path->count - 1]) : NULL;
}

/* ---- statements ---- */

static unsigned line_of(const struct vrl *v, const char *at)
{
    unsigned line = 1;
    for (const char *c = v->text; c < at; c++) {
        line += *c == '\n' ? 1 : 0;
    }
    return line;
}

static bool has_any(unsigned places)
{
    return (places & (PLACE_TRACE_FIELD | PLACE_TRACE_TEXT)) != 0;
}

/* What the statement that began at `begin` did to the ids in the event. */
static void note(struct vrl *v, const char *begin)
{
    unsigned after = item_places(v->event);
    struct vrl_result *out = v->out;
    if (has_any(v->places) && !has_any(after)) {
        out->lost_line = line_of(v, begin);
    } else if (has_any(after)) {
        out->lost_line = 0;
    }
    if ((v->places & PLACE_TRACE_FIELD) != 0 && (after & PLACE_TRACE_FIELD) == 0) {
        out->demoted_line = line_of(v, begin);
        out->is_encoding = v->has_encoded;
    } else if ((after & PLACE_TRACE_FIELD) != 0) {
        out->demoted_line = 0;
    }
    v->places = after;
    v->has_encoded = false;
}

/* `target =`, `target, err =`, `target |=`, `target ??=`: true if it is one, `at` behind the `=`. */
static bool read_targets(struct vrl *v, struct path targets[2], size_t *out_count, char *out_kind)
{
    const char *begin = v->at;
    *out_count = 0;
    for (;;) {
        struct path *path = &targets[*out_count];
        if (!read_path(v, path)) {
            if (!isalpha((unsigned char)*v->at) && *v->at != '_') {
                break;
            }
            *path = (struct path){.variable = read_word(v)};
            read_parts(v, path);
        }
        ++*out_count;
        skip_blank(v);
        if (*v->at == ',' && *out_count < 2) {
            v->at++;
            skip_blank(v);
            continue;
        }
        *out_kind = *v->at == '|' && v->at[1] == '=' ? '|'
                    : strncmp(v->at, "\?\?=", 3) == 0 ? '?' : '=';
        v->at += *out_kind == '|' ? 1 : *out_kind == '?' ? 2 : 0;
        if (*v->at == '=' && v->at[1] != '=') {
            v->at++;
            return true;
        }
        break;
    }
    v->at = begin;
    return false;
}

static void assign(struct vrl *v, const struct path targets[2], size_t count, char kind)
{
    skip_space(v);
    struct item *value = expression(v);
    if (v->is_idle || v->is_stopped) {
        return;
    }
    if (count == 2) {
        path_set(v, &targets[1], v->has_error ? item_string(v->arena, "error") : NULL);
        value = v->has_error ? NULL : value;
        v->has_error = false;
    }
    if (kind == '|') {
        struct item *old = path_get(v, &targets[0]);
        value = vrl_merge(v->arena, old, value);
    } else if (kind == '?' && path_get(v, &targets[0]) != NULL) {
        return;
    }
    path_set(v, &targets[0], value);
}

static struct item *statement(struct vrl *v)
{
    struct path targets[2];
    size_t count;
    char kind;
    const char *begin = v->at;
    struct item *value = NULL;
    v->has_error = false;
    if (read_targets(v, targets, &count, &kind)) {
        assign(v, targets, count, kind);
    } else {
        value = expression(v);
    }
    if (!v->is_idle) {
        note(v, begin);
    }
    return value;
}

/* Up to `}` or the end; the last statement's value. */
static struct item *statements(struct vrl *v)
{
    struct item *value = NULL;
    for (skip_space(v); *v->at != '\0' && *v->at != '}'; skip_space(v)) {
        const char *before = v->at;
        if (++v->steps > STEPS_MAX) {
            v->at += strlen(v->at);
            return value;
        }
        value = statement(v);
        if (v->at == before) {
            v->at++;
        }
        if (v->is_stopped) {
            v->is_idle = true;
        }
    }
    return value;
}

static struct item *block(struct vrl *v)
{
    struct item *value = NULL;
    skip_space(v);
    if (*v->at == '{' && v->depth < DEPTH_MAX) {
        v->at++;
        v->depth++;
        value = statements(v);
        v->depth--;
        v->at += *v->at == '}' ? 1 : 0;
    }
    return value;
}

static struct item *idle_block(struct vrl *v)
{
    bool was_idle = v->is_idle;
    v->is_idle = true;
    (void)block(v);
    v->is_idle = was_idle;
    return NULL;
}

/* A block that may be taken: its losses are conditional, the event goes on as it was unless the
 * branch keeps the ids. */
static struct item *maybe_block(struct vrl *v)
{
    struct item *event = item_copy(v->arena, v->event);
    struct item *variables = item_copy(v->arena, v->variables);
    struct vrl_result before = *v->out;
    unsigned places = v->places;
    struct item *value = block(v);
    if (v->out->lost_line != before.lost_line && has_any(places) && !v->is_stopped) {
        unsigned line = v->out->lost_line;
        *v->out = before;
        v->out->lost_line = line;
        v->out->is_conditional = true;
        v->event = event;
        v->variables = variables;
        v->places = 0; /* what is found lost stays found */
    }
    if (v->is_stopped) {
        v->is_stopped = false;
        v->is_idle = false;
        v->out->is_aborted = before.is_aborted;
        v->event = event;
    }
    return value;
}

/* After `if`. */
static struct item *conditional(struct vrl *v)
{
    skip_space(v);
    struct item *condition = expression(v);
    enum vrl_truth truth = vrl_truth(condition);
    bool is_taken = truth == VRL_TRUE && !v->is_idle;
    struct item *value = v->is_idle || truth == VRL_FALSE ? idle_block(v)
                         : is_taken                       ? block(v)
                                                          : maybe_block(v);
    const char *behind = v->at;
    skip_space(v);
    if (!take(v, "else")) {
        v->at = behind;
        return value;
    }
    skip_space(v);
    bool was_idle = v->is_idle;
    v->is_idle = was_idle || is_taken;
    struct item *other;
    if (take(v, "if")) {
        other = conditional(v);
    } else {
        other = truth == VRL_UNKNOWN && !v->is_idle ? maybe_block(v) : block(v);
    }
    v->is_idle = was_idle || v->is_stopped;
    return is_taken ? value : other != NULL ? other : value;
}

/* ---- expressions ---- */

static struct item *read_object(struct vrl *v)
{
    struct item *map = item_map(v->arena);
    v->at++;
    for (skip_space(v); *v->at != '\0' && *v->at != '}'; skip_space(v)) {
        const char *before = v->at;
        const char *key = *v->at == '"' ? read_string(v, false) : read_word(v);
        skip_space(v);
        if (*v->at == ':') {
            v->at++;
            skip_space(v);
            struct item *value = expression(v);
            item_put(v->arena, map, key,
                     value != NULL ? item_copy(v->arena, value) : null_item(v));
        }
        skip_space(v);
        v->at += *v->at == ',' || v->at == before ? (*v->at != '\0' ? 1 : 0) : 0;
    }
    v->at += *v->at == '}' ? 1 : 0;
    return map;
}

static struct item *read_array(struct vrl *v)
{
    struct item *list = item_map(v->arena);
    list->kind = ITEM_LIST;
    v->at++;
    for (skip_space(v); *v->at != '\0' && *v->at != ']'; skip_space(v)) {
        const char *before = v->at;
        struct item *value = expression(v);
        item_add(v->arena, list, "", value != NULL ? item_copy(v->arena, value) : null_item(v));
        skip_space(v);
        v->at += *v->at == ',' || v->at == before ? (*v->at != '\0' ? 1 : 0) : 0;
    }
    v->at += *v->at == ']' ? 1 : 0;
    return list;
}

static bool is_object(const struct vrl *v)
{
    const char *c = v->at + 1;
    while (isspace((unsigned char)*c)) {
        c++;
    }
    if (*c == '}') {
        return true;
    }
    if (*c == '"') {
        for (c++; *c != '\0' && *c != '"'; c++) {
            c += *c == '\\' && c[1] != '\0' ? 1 : 0;
        }
        c += *c == '"' ? 1 : 0;
        while (*c == ' ') {
            c++;
        }
        return *c == ':';
    }
    return false;
}

/* `-> |a, b| { … }` behind a call: its body is read for removals, once, as something that may be. */
static void closure(struct vrl *v)
{
    const char *behind = v->at;
    skip_space(v);
    if (strncmp(v->at, "->", 2) != 0) {
        v->at = behind;
        return;
    }
    const char *bar = strchr(v->at, '|');
    const char *close = bar != NULL ? strchr(bar + 1, '|') : NULL;
    if (close != NULL) {
        v->at = close + 1;
        (void)idle_block(v);
    }
}

struct arguments {
    struct item *items[8];
    size_t count;
    struct path path; /* of the first, if it is one */
    bool has_path;
};

static void read_arguments(struct vrl *v, struct arguments *a)
{
    v->at++;
    for (skip_space(v); *v->at != '\0' && *v->at != ')'; skip_space(v)) {
        const char *before = v->at;
        const char *word = v->at;
        while (is_word_char(*word)) {
            word++;
        }
        if (word > v->at && *word == ':' && word[1] != ':') {
            v->at = word + 1; /* a named argument */
            skip_space(v);
        }
        const char *begin = v->at;
        if (a->count == 0) {
            a->has_path = read_path(v, &a->path);
            if (!a->has_path && isalpha((unsigned char)*v->at)) {
                a->path = (struct path){.variable = read_word(v)};
                read_parts(v, &a->path);
                a->has_path = item_get(v->variables, a->path.variable) != NULL;
            }
            v->at = begin;
        }
        struct item *value = expression(v);
        if (a->count < ARRAY_LEN(a->items)) {
            a->items[a->count++] = value;
        }
        skip_space(v);
        v->at += *v->at == ',' || v->at == before ? (*v->at != '\0' ? 1 : 0) : 0;
    }
    v->at += *v->at == ')' ? 1 : 0;
}

static struct item *call(struct vrl *v, const char *name)
{
    struct arguments a = {.count = 0};
    bool is_strict = take(v, "!");
    v->depth++;
    read_arguments(v, &a);
    v->depth--;
    closure(v);
    if (v->is_idle) {
        return NULL;
    }
    if (strcmp(name, "del") == 0 || strcmp(name, "exists") == 0) {
        struct item *there = a.has_path ? path_get(v, &a.path) : NULL;
        if (name[0] == 'e') {
            return vrl_bool(v->arena, there != NULL);
        }
        return a.has_path ? path_delete(v, &a.path) : NULL;
    }
    bool has_error = false;
    struct item *value = vrl_call(v->arena, name, a.items, a.count, &has_error);
    v->has_encoded = v->has_encoded || (strncmp(name, "encode_", 7) == 0 && a.count > 0 &&
                                        a.items[0] == v->event);
    if (has_error && is_strict) {
        v->is_stopped = true; /* the event passes as it is, or is dropped: no field loss */
        v->is_idle = true;
    }
    v->has_error = has_error;
    return value;
}

static struct item *literal(struct vrl *v)
{
    if ((*v->at == 'r' || *v->at == 's' || *v->at == 't') && v->at[1] == '\'') {
        v->at++;
        return item_string(v->arena, read_string(v, true));
    }
    if (*v->at == '"') {
        const char *text = read_string(v, false);
        return item_string(v->arena, text);
    }
    const char *begin = v->at;
    while (isalnum((unsigned char)*v->at) || *v->at == '.' || *v->at == '_') {
        v->at++;
    }
    struct item *number = item_text(v->arena, slice_make(begin, (size_t)(v->at - begin)));
    number->kind = ITEM_OTHER;
    return number;
}

static struct item *word(struct vrl *v)
{
    const char *name = read_word(v);
    struct path path = {.variable = name};
    if (strcmp(name, "if") == 0) {
        return conditional(v);
    }
    if (strcmp(name, "abort") == 0) {
        if (!v->is_idle) {
            v->out->is_aborted = true;
            v->is_stopped = true;
            v->is_idle = true;
        }
        skip_comment(v);
        return NULL;
    }
    if (strcmp(name, "null") == 0) {
        return NULL;
    }
    if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0) {
        return vrl_bool(v->arena, name[0] == 't');
    }
    if (*v->at == '(' || (*v->at == '!' && v->at[1] == '(')) {
        return call(v, name);
    }
    read_parts(v, &path);
    return path_get(v, &path);
}

static struct item *primary(struct vrl *v)
{
    struct path path;
    struct item *value;
    if (read_path(v, &path)) {
        return path_get(v, &path);
    }
    if (*v->at == '(') {
        v->at++;
        skip_space(v);
        value = expression(v);
        skip_space(v);
        v->at += *v->at == ')' ? 1 : 0;
    } else if (*v->at == '{') {
        value = is_object(v) ? read_object(v) : block(v);
    } else if (*v->at == '[') {
        value = read_array(v);
    } else if (*v->at == '"' || isdigit((unsigned char)*v->at) ||
               (strchr("rst", *v->at) != NULL && v->at[1] == '\'')) {
        value = literal(v);
    } else if (isalpha((unsigned char)*v->at) || *v->at == '_') {
        return word(v);
    } else {
        return NULL;
    }
    path = (struct path){0};
    const char *begin = v->at;
    if (*v->at == '.' || *v->at == '[') {
        read_parts(v, &path);
        for (size_t i = 0; i < path.count && value != NULL; i++) {
            value = child(value, path.parts[i]);
        }
    }
    (void)begin;
    return value;
}

static struct item *unary(struct vrl *v)
{
    skip_blank(v);
    if (*v->at == '!' && v->at[1] != '=') {
        v->at++;
        struct item *value = unary(v);
        enum vrl_truth truth = vrl_truth(value);
        return truth == VRL_UNKNOWN ? vrl_unknown(v->arena) : vrl_bool(v->arena, truth == VRL_FALSE);
    }
    if (*v->at == '-') {
        v->at++;
    }
    return primary(v);
}

static const char *const operators[] = {"??", "||", "&&", "==", "!=", ">=", "<=", ">", "<", "+",
                                        "-",  "*",  "/",  "%",  NULL};

/* 1 binds loosest. */
static unsigned binding(const char *op)
{
    return strcmp(op, "??") == 0                        ? 1
           : strcmp(op, "||") == 0                      ? 2
           : strcmp(op, "&&") == 0                      ? 3
           : strchr("=!<>", op[0]) != NULL              ? 4
                                                        : 5;
}

static const char *read_operator(struct vrl *v, unsigned loosest)
{
    for (size_t i = 0; operators[i] != NULL; i++) {
        const char *op = operators[i];
        if (strncmp(v->at, op, strlen(op)) == 0 && !(op[0] == '-' && v->at[1] == '>') &&
            !(op[0] == '|' && v->at[1] == '=')) {
            return binding(op) >= loosest ? op : NULL;
        }
    }
    return NULL;
}

/* An operator may stand at the beginning of the next line. */
static const char *next_operator(struct vrl *v, unsigned loosest)
{
    skip_blank(v);
    const char *op = read_operator(v, loosest);
    if (op != NULL || *v->at != '\n') {
        return op;
    }
    const char *behind = v->at;
    while (*v->at == '\n') {
        v->at++;
        skip_blank(v);
    }
    op = strncmp(v->at, "??", 2) == 0 || strncmp(v->at, "||", 2) == 0 ||
                 strncmp(v->at, "&&", 2) == 0 || *v->at == '+'
             ? read_operator(v, loosest) : NULL;
    if (op == NULL) {
        v->at = behind;
    }
    return op;
}

static struct item *binary(struct vrl *v, unsigned loosest)
{
    struct item *left = unary(v);
    const char *op;
    while (v->depth < DEPTH_MAX && (op = next_operator(v, loosest)) != NULL) {
        v->at += strlen(op);
        skip_space(v);
        bool was_idle = v->is_idle;
        bool had_error = v->has_error;
        if (strcmp(op, "??") == 0) {
            v->is_idle = was_idle || !had_error;
            v->has_error = false;
        }
        v->depth++;
        struct item *right = binary(v, binding(op) + 1);
        v->depth--;
        if (strcmp(op, "??") == 0) {
            left = had_error ? right : left;
            v->is_idle = was_idle || v->is_stopped;
        } else {
            left = vrl_operate(v->arena, op, left, right);
        }
    }
    return left;
}

static struct item *expression(struct vrl *v)
{
    if (v->depth >= DEPTH_MAX) {
        return NULL;
    }
    v->depth++;
    struct item *value = binary(v, 1);
    v->depth--;
    return value;
}

void vrl_run(struct arena *arena, const char *program, struct item *event, struct vrl_result *out)
{
    *out = (struct vrl_result){.event = event};
    struct vrl v = {.arena = arena, .text = program, .at = program,
                    .event = item_copy(arena, event), .variables = item_map(arena), .out = out,
                    .places = item_places(event)};
    while (*v.at != '\0') {
        (void)statements(&v);
        v.at += *v.at == '}' ? 1 : 0;
    }
    if (!v.is_stopped) {
        out->event = v.event;
    } else {
        out->lost_line = 0;
        out->demoted_line = 0;
    }
}

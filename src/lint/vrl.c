/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/vrl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "lint/vrl_functions.h"
#include "lint/vrl_path.h"
#include "lint/vrl_reader.h"

enum {
    DEPTH_MAX = 40,
    STEPS_MAX = 20000,
};

struct vrl {
    struct arena *arena;
    struct vrl_reader in;
    struct vrl_scope scope;
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

/* ---- statements ---- */

static unsigned line_of(const struct vrl *v, const char *at)
{
    unsigned line = 1;
    for (const char *c = v->in.text; c < at; c++) {
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
    unsigned after = item_places(v->scope.event);
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
    const char *begin = v->in.at;
    *out_count = 0;
    for (;;) {
        struct path *path = &targets[*out_count];
        if (!vrl_read_path(&v->in, path)) {
            if (!isalpha((unsigned char)*v->in.at) && *v->in.at != '_') {
                break;
            }
            *path = (struct path){.variable = vrl_read_word(&v->in)};
            vrl_read_parts(&v->in, path);
        }
        ++*out_count;
        vrl_skip_blank(&v->in);
        if (*v->in.at == ',' && *out_count < 2) {
            v->in.at++;
            vrl_skip_blank(&v->in);
            continue;
        }
        *out_kind = *v->in.at == '|' && v->in.at[1] == '=' ? '|'
                    : strncmp(v->in.at, "\?\?=", 3) == 0 ? '?' : '=';
        v->in.at += *out_kind == '|' ? 1 : *out_kind == '?' ? 2 : 0;
        if (*v->in.at == '=' && v->in.at[1] != '=') {
            v->in.at++;
            return true;
        }
        break;
    }
    v->in.at = begin;
    return false;
}

static void assign(struct vrl *v, const struct path targets[2], size_t count, char kind)
{
    vrl_skip_space(&v->in);
    struct item *value = expression(v);
    if (v->is_idle || v->is_stopped) {
        return;
    }
    if (count == 2) {
        path_set(&v->scope, &targets[1], v->has_error ? item_string(v->arena, "error") : NULL);
        value = v->has_error ? NULL : value;
        v->has_error = false;
    }
    if (kind == '|') {
        struct item *old = path_get(&v->scope, &targets[0]);
        value = vrl_merge(v->arena, old, value);
    } else if (kind == '?' && path_get(&v->scope, &targets[0]) != NULL) {
        return;
    }
    path_set(&v->scope, &targets[0], value);
}

static struct item *statement(struct vrl *v)
{
    struct path targets[2];
    size_t count;
    char kind;
    const char *begin = v->in.at;
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
    for (vrl_skip_space(&v->in); *v->in.at != '\0' && *v->in.at != '}'; vrl_skip_space(&v->in)) {
        const char *before = v->in.at;
        if (++v->steps > STEPS_MAX) {
            v->in.at += strlen(v->in.at);
            return value;
        }
        value = statement(v);
        if (v->in.at == before) {
            v->in.at++;
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
    vrl_skip_space(&v->in);
    if (*v->in.at == '{' && v->depth < DEPTH_MAX) {
        v->in.at++;
        v->depth++;
        value = statements(v);
        v->depth--;
        v->in.at += *v->in.at == '}' ? 1 : 0;
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
    struct item *event = item_copy(v->arena, v->scope.event);
    struct item *variables = item_copy(v->arena, v->scope.variables);
    struct vrl_result before = *v->out;
    unsigned places = v->places;
    struct item *value = block(v);
    if (has_any(places) && !has_any(item_places(v->scope.event)) && !v->is_stopped) {
        unsigned line = v->out->lost_line;
        *v->out = before;
        v->out->maybe_line = line;
        v->scope.event = event;
        v->scope.variables = variables;
        v->places = places;
    }
    if (v->is_stopped) {
        v->is_stopped = false;
        v->is_idle = false;
        v->out->is_aborted = before.is_aborted;
        v->scope.event = event;
    }
    return value;
}

/* After `if`. */
static struct item *conditional(struct vrl *v)
{
    vrl_skip_space(&v->in);
    struct item *condition = expression(v);
    enum vrl_truth truth = vrl_truth(condition);
    bool is_taken = truth == VRL_TRUE && !v->is_idle;
    struct item *value = v->is_idle || truth == VRL_FALSE ? idle_block(v)
                         : is_taken                       ? block(v)
                                                          : maybe_block(v);
    const char *behind = v->in.at;
    vrl_skip_space(&v->in);
    if (!vrl_take(&v->in, "else")) {
        v->in.at = behind;
        return value;
    }
    vrl_skip_space(&v->in);
    bool was_idle = v->is_idle;
    v->is_idle = was_idle || is_taken;
    struct item *other;
    if (vrl_take(&v->in, "if")) {
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
    v->in.at++;
    for (vrl_skip_space(&v->in); *v->in.at != '\0' && *v->in.at != '}'; vrl_skip_space(&v->in)) {
        const char *before = v->in.at;
        const char *key = *v->in.at == '"' ? vrl_read_string(&v->in, false) : vrl_read_word(&v->in);
        vrl_skip_space(&v->in);
        if (*v->in.at == ':') {
            v->in.at++;
            vrl_skip_space(&v->in);
            struct item *value = expression(v);
            item_put(v->arena, map, key,
                     value != NULL ? item_copy(v->arena, value) : item_null(v->arena));
        }
        vrl_skip_space(&v->in);
        v->in.at += *v->in.at == ',' || v->in.at == before ? (*v->in.at != '\0' ? 1 : 0) : 0;
    }
    v->in.at += *v->in.at == '}' ? 1 : 0;
    return map;
}

static struct item *read_array(struct vrl *v)
{
    struct item *list = item_map(v->arena);
    list->kind = ITEM_LIST;
    v->in.at++;
    for (vrl_skip_space(&v->in); *v->in.at != '\0' && *v->in.at != ']'; vrl_skip_space(&v->in)) {
        const char *before = v->in.at;
        struct item *value = expression(v);
        item_add(v->arena, list, "", value != NULL ? item_copy(v->arena, value) : item_null(v->arena));
        vrl_skip_space(&v->in);
        v->in.at += *v->in.at == ',' || v->in.at == before ? (*v->in.at != '\0' ? 1 : 0) : 0;
    }
    v->in.at += *v->in.at == ']' ? 1 : 0;
    return list;
}

static bool is_object(const struct vrl *v)
{
    const char *c = v->in.at + 1;
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
    const char *behind = v->in.at;
    vrl_skip_space(&v->in);
    if (strncmp(v->in.at, "->", 2) != 0) {
        v->in.at = behind;
        return;
    }
    const char *bar = strchr(v->in.at, '|');
    const char *close = bar != NULL ? strchr(bar + 1, '|') : NULL;
    if (close != NULL) {
        v->in.at = close + 1;
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
    v->in.at++;
    for (vrl_skip_space(&v->in); *v->in.at != '\0' && *v->in.at != ')'; vrl_skip_space(&v->in)) {
        const char *before = v->in.at;
        const char *word = v->in.at;
        while (vrl_is_word_char(*word)) {
            word++;
        }
        if (word > v->in.at && *word == ':' && word[1] != ':') {
            v->in.at = word + 1; /* a named argument */
            vrl_skip_space(&v->in);
        }
        const char *begin = v->in.at;
        if (a->count == 0) {
            a->has_path = vrl_read_path(&v->in, &a->path);
            if (!a->has_path && isalpha((unsigned char)*v->in.at)) {
                a->path = (struct path){.variable = vrl_read_word(&v->in)};
                vrl_read_parts(&v->in, &a->path);
                a->has_path = item_get(v->scope.variables, a->path.variable) != NULL;
            }
            v->in.at = begin;
        }
        struct item *value = expression(v);
        if (a->count < ARRAY_LEN(a->items)) {
            a->items[a->count++] = value;
        }
        vrl_skip_space(&v->in);
        v->in.at += *v->in.at == ',' || v->in.at == before ? (*v->in.at != '\0' ? 1 : 0) : 0;
    }
    v->in.at += *v->in.at == ')' ? 1 : 0;
}

static struct item *call(struct vrl *v, const char *name)
{
    struct arguments a = {.count = 0};
    bool is_strict = vrl_take(&v->in, "!");
    v->depth++;
    read_arguments(v, &a);
    v->depth--;
    closure(v);
    if (v->is_idle) {
        return NULL;
    }
    if (strcmp(name, "del") == 0 || strcmp(name, "exists") == 0) {
        struct item *there = a.has_path ? path_get(&v->scope, &a.path) : NULL;
        if (name[0] == 'e') {
            return vrl_bool(v->arena, there != NULL);
        }
        return a.has_path ? path_delete(&v->scope, &a.path) : NULL;
    }
    bool has_error = false;
    struct item *value = vrl_call(v->arena, name, a.items, a.count, &has_error);
    v->has_encoded = v->has_encoded || (strncmp(name, "encode_", 7) == 0 && a.count > 0 &&
                                        a.items[0] == v->scope.event);
    if (has_error && is_strict) {
        v->is_stopped = true; /* the event passes as it is, or is dropped: no field loss */
        v->is_idle = true;
    }
    v->has_error = has_error;
    return value;
}

static struct item *literal(struct vrl *v)
{
    if ((*v->in.at == 'r' || *v->in.at == 's' || *v->in.at == 't') && v->in.at[1] == '\'') {
        v->in.at++;
        return item_string(v->arena, vrl_read_string(&v->in, true));
    }
    if (*v->in.at == '"') {
        const char *text = vrl_read_string(&v->in, false);
        return item_string(v->arena, text);
    }
    const char *begin = v->in.at;
    while (isalnum((unsigned char)*v->in.at) || *v->in.at == '.' || *v->in.at == '_') {
        v->in.at++;
    }
    struct item *number = item_text(v->arena, slice_make(begin, (size_t)(v->in.at - begin)));
    number->kind = ITEM_OTHER;
    return number;
}

static struct item *word(struct vrl *v)
{
    const char *name = vrl_read_word(&v->in);
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
        vrl_skip_comment(&v->in);
        return NULL;
    }
    if (strcmp(name, "null") == 0) {
        return NULL;
    }
    if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0) {
        return vrl_bool(v->arena, name[0] == 't');
    }
    if (*v->in.at == '(' || (*v->in.at == '!' && v->in.at[1] == '(')) {
        return call(v, name);
    }
    vrl_read_parts(&v->in, &path);
    return path_get(&v->scope, &path);
}

static struct item *primary(struct vrl *v)
{
    struct path path;
    struct item *value;
    if (vrl_read_path(&v->in, &path)) {
        return path_get(&v->scope, &path);
    }
    if (*v->in.at == '(') {
        v->in.at++;
        vrl_skip_space(&v->in);
        value = expression(v);
        vrl_skip_space(&v->in);
        v->in.at += *v->in.at == ')' ? 1 : 0;
    } else if (*v->in.at == '{') {
        value = is_object(v) ? read_object(v) : block(v);
    } else if (*v->in.at == '[') {
        value = read_array(v);
    } else if (*v->in.at == '"' || isdigit((unsigned char)*v->in.at) ||
               (strchr("rst", *v->in.at) != NULL && v->in.at[1] == '\'')) {
        value = literal(v);
    } else if (isalpha((unsigned char)*v->in.at) || *v->in.at == '_') {
        return word(v);
    } else {
        return NULL;
    }
    path = (struct path){0};
    if (*v->in.at == '.' || *v->in.at == '[') {
        vrl_read_parts(&v->in, &path);
        for (size_t i = 0; i < path.count && value != NULL; i++) {
            value = path_child(value, path.parts[i]);
        }
    }
    return value;
}

static struct item *unary(struct vrl *v)
{
    vrl_skip_blank(&v->in);
    if (*v->in.at == '!' && v->in.at[1] != '=') {
        v->in.at++;
        struct item *value = unary(v);
        enum vrl_truth truth = vrl_truth(value);
        return truth == VRL_UNKNOWN ? vrl_unknown(v->arena) : vrl_bool(v->arena, truth == VRL_FALSE);
    }
    if (*v->in.at == '-') {
        v->in.at++;
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
        if (strncmp(v->in.at, op, strlen(op)) == 0 && !(op[0] == '-' && v->in.at[1] == '>') &&
            !(op[0] == '|' && v->in.at[1] == '=')) {
            return binding(op) >= loosest ? op : NULL;
        }
    }
    return NULL;
}

/* An operator may stand at the beginning of the next line. */
static const char *next_operator(struct vrl *v, unsigned loosest)
{
    vrl_skip_blank(&v->in);
    const char *op = read_operator(v, loosest);
    if (op != NULL || *v->in.at != '\n') {
        return op;
    }
    const char *behind = v->in.at;
    while (*v->in.at == '\n') {
        v->in.at++;
        vrl_skip_blank(&v->in);
    }
    op = strncmp(v->in.at, "??", 2) == 0 || strncmp(v->in.at, "||", 2) == 0 ||
                 strncmp(v->in.at, "&&", 2) == 0 || *v->in.at == '+'
             ? read_operator(v, loosest) : NULL;
    if (op == NULL) {
        v->in.at = behind;
    }
    return op;
}

static struct item *binary(struct vrl *v, unsigned loosest)
{
    struct item *left = unary(v);
    const char *op;
    while (v->depth < DEPTH_MAX && (op = next_operator(v, loosest)) != NULL) {
        v->in.at += strlen(op);
        vrl_skip_space(&v->in);
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
    struct vrl v = {.arena = arena, .in = {arena, program, program}, .out = out,
                    .scope = {arena, item_copy(arena, event), item_map(arena)},
                    .places = item_places(event)};
    while (*v.in.at != '\0') {
        (void)statements(&v);
        v.in.at += *v.in.at == '}' ? 1 : 0;
    }
    if (!v.is_stopped) {
        out->event = v.scope.event;
    } else {
        out->lost_line = 0;
        out->demoted_line = 0;
    }
}

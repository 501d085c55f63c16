/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/probe/vrl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "shippers/probe/vrl_functions.h"
#include "shippers/probe/vrl_path.h"
#include "shippers/probe/vrl_reader.h"

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
    bool is_open;       /* … whether it has one is not known: a table is asked */
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

/* The value, for `.a = .b = 1`. */
static struct item *assign(struct vrl *v, const struct path targets[2], size_t count, char kind)
{
    struct path inner[2];
    size_t inner_count;
    char inner_kind;
    vrl_skip_space(&v->in);
    struct item *value = NULL;
    if (v->depth < DEPTH_MAX && read_targets(v, inner, &inner_count, &inner_kind)) {
        v->depth++;
        value = assign(v, inner, inner_count, inner_kind);
        v->depth--;
    } else {
        value = expression(v);
    }
    if (v->is_idle || v->is_stopped) {
        return NULL;
    }
    if (count == 1 && kind == '=' && v->has_error) {
        v->is_stopped = true; /* nobody handles it: as if the function had its `!` */
        v->is_idle = true;
        return NULL;
    }
    if (count == 2) {
        struct item *error = v->has_error ? item_string(v->arena, "error") : NULL;
        path_set(&v->scope, &targets[1], v->is_open ? vrl_unknown(v->arena) : error);
        value = v->has_error ? NULL : value;
        v->has_error = false;
    }
    if (kind == '|') {
        struct item *old = path_get(&v->scope, &targets[0]);
        value = vrl_merge(v->arena, old, value);
    } else if (kind == '?' && path_get(&v->scope, &targets[0]) != NULL) {
        return value;
    }
    path_set(&v->scope, &targets[0], value);
    return value;
}

static struct item *statement(struct vrl *v)
{
    struct path targets[2];
    size_t count;
    char kind;
    const char *begin = v->in.at;
    struct item *value = NULL;
    v->has_error = false;
    v->is_open = false;
    if (read_targets(v, targets, &count, &kind)) {
        value = assign(v, targets, count, kind);
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

/* The event and what was found of it so far, before a branch that may be taken. */
struct crossing {
    struct item *event;
    struct item *variables;
    struct vrl_result out;
    unsigned places;
};

static struct crossing stand_at(const struct vrl *v)
{
    return (struct crossing){item_copy(v->arena, v->scope.event),
                             item_copy(v->arena, v->scope.variables), *v->out, v->places};
}

static void go_back(struct vrl *v, const struct crossing *to)
{
    unsigned maybe = v->out->maybe_line;
    v->scope.event = item_copy(v->arena, to->event);
    v->scope.variables = item_copy(v->arena, to->variables);
    *v->out = to->out;
    v->out->maybe_line = maybe > 0 ? maybe : to->out.maybe_line;
    v->places = to->places;
}

enum way { WAY_ON, WAY_LOST, WAY_STOPPED };

/* How a branch that may be taken has ended. One that stops (abort, an error) is no way on. */
static enum way end_of_branch(struct vrl *v, const struct crossing *before)
{
    if (v->is_stopped) {
        v->is_stopped = false;
        v->is_idle = false;
        go_back(v, before);
        return WAY_STOPPED;
    }
    return has_any(before->places) && !has_any(item_places(v->scope.event)) ? WAY_LOST : WAY_ON;
}

static struct item *conditional(struct vrl *v);

/* Behind the condition's block: `else`, `else if`; false if there is none. */
static bool take_else(struct vrl *v)
{
    const char *behind = v->in.at;
    vrl_skip_space(&v->in);
    if (!vrl_take(&v->in, "else")) {
        v->in.at = behind;
        return false;
    }
    vrl_skip_space(&v->in);
    return true;
}

static struct item *else_block(struct vrl *v)
{
    return vrl_take(&v->in, "if") ? conditional(v) : block(v);
}

/* Either branch may be taken: both are run, each on the event as it was. The event goes on from
 * one that has the ids still; a loss is sure where every way on has it. */
static struct item *both_ways(struct vrl *v)
{
    struct crossing before = stand_at(v);
    struct item *value = block(v);
    enum way first = end_of_branch(v, &before);
    struct crossing after = stand_at(v);
    go_back(v, &before);
    enum way second = WAY_ON; /* without an `else` the event may pass as it was */
    if (take_else(v)) {
        struct item *other = else_block(v);
        value = value != NULL ? value : other;
        second = end_of_branch(v, &before);
    }
    unsigned lost = first == WAY_LOST ? after.out.lost_line
                    : second == WAY_LOST ? v->out->lost_line : 0;
    if (first == WAY_ON || (first == WAY_LOST && second != WAY_ON)) {
        go_back(v, &after);
    }
    if (lost > 0 && (first == WAY_ON || second == WAY_ON)) {
        v->out->maybe_line = lost;
    }
    return value;
}

/* After `if`. */
static struct item *conditional(struct vrl *v)
{
    vrl_skip_space(&v->in);
    enum vrl_truth truth = vrl_truth(expression(v));
    bool was_idle = v->is_idle;
    if (truth == VRL_UNKNOWN && !was_idle) {
        return both_ways(v);
    }
    bool is_taken = truth == VRL_TRUE && !was_idle;
    struct item *value = is_taken ? block(v) : idle_block(v);
    if (take_else(v)) {
        v->is_idle = was_idle || is_taken;
        struct item *other = else_block(v);
        value = is_taken ? value : other;
    }
    v->is_idle = was_idle || v->is_stopped;
    return value;
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

/* What an iterating function makes of one member and the value of its body. */
static void gather(struct vrl *v, const char *name, const struct member *m, struct item *value,
                   struct item *result)
{
    const char *key = m->key;
    if (strcmp(name, "filter") == 0 && value != NULL && vrl_truth(value) == VRL_FALSE) {
        return;
    }
    if (strcmp(name, "map_keys") == 0 && value != NULL && value->kind == ITEM_TEXT) {
        key = value->text;
    }
    bool is_new = strcmp(name, "map_values") == 0 && value != NULL && value->kind != ITEM_OTHER;
    item_add(v->arena, result, key, item_copy(v->arena, is_new ? value : m->value));
}

/* The body at `v->in.at`, once for each member. */
static struct item *iterate(struct vrl *v, const char *name, const char *const params[2],
                            const struct item *over)
{
    const char *body = v->in.at;
    struct item *result = item_map(v->arena);
    result->kind = over->kind;
    for (const struct member *m = over->first; m != NULL && !v->is_stopped; m = m->next) {
        bool is_value = strcmp(name, "map_values") == 0;
        struct item *key = item_string(v->arena, m->key);
        item_put(v->arena, v->scope.variables, params[0], is_value ? m->value : key);
        item_put(v->arena, v->scope.variables, params[1], m->value);
        v->in.at = body;
        gather(v, name, m, block(v), result);
    }
    return result;
}

/* `-> |a, b| { … }` behind a call that iterates; NULL if there is none, or none that is followed. */
static struct item *closure(struct vrl *v, const char *name, const struct item *over)
{
    const char *behind = v->in.at;
    vrl_skip_space(&v->in);
    const char *bar = strncmp(v->in.at, "->", 2) == 0 ? strchr(v->in.at, '|') : NULL;
    if (bar == NULL) {
        v->in.at = behind;
        return NULL;
    }
    const char *params[2] = {"_", "_"};
    v->in.at = bar + 1;
    for (size_t i = 0; i < 2; i++) {
        vrl_skip_blank(&v->in);
        params[i] = vrl_read_word(&v->in);
        vrl_skip_blank(&v->in);
        v->in.at += *v->in.at == ',' ? 1 : 0;
    }
    v->in.at += *v->in.at == '|' ? 1 : 0;
    vrl_skip_space(&v->in);
    bool is_known = strcmp(name, "for_each") == 0 || strcmp(name, "filter") == 0 ||
                    strcmp(name, "map_keys") == 0 || strcmp(name, "map_values") == 0;
    if (v->is_idle || !is_known || over == NULL || over->first == NULL) {
        return idle_block(v);
    }
    return iterate(v, name, params, over);
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
    struct item *made = closure(v, name, a.items[0]);
    if (v->is_idle) {
        return NULL;
    }
    if (made != NULL) {
        return strcmp(name, "for_each") == 0 ? NULL : made;
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
    v->is_open = strstr(name, "enrichment_table") != NULL;
    return v->is_open ? vrl_unknown(v->arena) : value;
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
        return item_null(v->arena); /* a field that is not there is NULL */
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

static struct item *binary(struct vrl *v, unsigned loosest)
{
    struct item *left = unary(v);
    const char *op;
    while (v->depth < DEPTH_MAX && (op = vrl_next_operator(&v->in, loosest)) != NULL) {
        v->in.at += strlen(op);
        vrl_skip_space(&v->in);
        bool was_idle = v->is_idle;
        bool had_error = v->has_error;
        enum vrl_truth truth = vrl_truth(left);
        bool is_logic = strcmp(op, "&&") == 0 || strcmp(op, "||") == 0;
        bool is_needed = !is_logic || truth != (op[0] == '&' ? VRL_FALSE : VRL_TRUE);
        if (strcmp(op, "??") == 0) {
            is_needed = had_error;
            v->has_error = false;
        }
        v->is_idle = was_idle || !is_needed;
        v->depth++;
        struct item *right = binary(v, vrl_binding(op) + 1);
        v->depth--;
        if (is_logic && truth == VRL_UNKNOWN && v->is_stopped && !was_idle) {
            v->is_stopped = false; /* what fails here may not be asked at all */
            right = vrl_unknown(v->arena);
        }
        v->is_idle = was_idle || v->is_stopped;
        if (strcmp(op, "??") == 0) {
            left = had_error ? right : left;
        } else if (is_needed) {
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
    out->steps = v.steps;
    if (!v.is_stopped) {
        out->event = v.scope.event;
    } else {
        out->lost_line = 0;
        out->demoted_line = 0;
    }
}

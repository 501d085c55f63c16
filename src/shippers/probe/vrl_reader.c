/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/probe/vrl_reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

void vrl_skip_comment(struct vrl_reader *v)
{
    while (*v->at != '\0' && *v->at != '\n') {
        v->at++;
    }
}

void vrl_skip_blank(struct vrl_reader *v)
{
    for (;;) {
        while (*v->at == ' ' || *v->at == '\t' || *v->at == '\r') {
            v->at++;
        }
        if (*v->at == '\\' && v->at[1] == '\n') {
            v->at += 2;
        } else if (*v->at == '#') {
            vrl_skip_comment(v);
        } else {
            return;
        }
    }
}

void vrl_skip_space(struct vrl_reader *v)
{
    vrl_skip_blank(v);
    while (*v->at == '\n' || *v->at == ';') {
        v->at++;
        vrl_skip_blank(v);
    }
}

bool vrl_is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '@';
}

const char *vrl_read_word(struct vrl_reader *v)
{
    const char *begin = v->at;
    while (vrl_is_word_char(*v->at)) {
        v->at++;
    }
    return foreign_copy(v->arena, slice_make(begin, (size_t)(v->at - begin)));
}

bool vrl_take(struct vrl_reader *v, const char *mark)
{
    size_t len = strlen(mark);
    bool is_word = vrl_is_word_char(mark[0]);
    if (strncmp(v->at, mark, len) != 0 || (is_word && vrl_is_word_char(v->at[len]))) {
        return false;
    }
    v->at += len;
    return true;
}

/* The text of a string at its quote. `s'…'` and `r'…'` have no escapes. */
const char *vrl_read_string(struct vrl_reader *v, bool is_raw)
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
    const char *text = foreign_copy(v->arena, slice_make(out, n));
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
void vrl_read_parts(struct vrl_reader *v, struct path *path)
{
    for (;;) {
        if (*v->at == '.' && (vrl_is_word_char(v->at[1]) || v->at[1] == '"')) {
            v->at++;
            path_add(path, *v->at == '"' ? vrl_read_string(v, false) : vrl_read_word(v));
        } else if (*v->at == '[') {
            const char *close = strchr(v->at, ']');
            if (close == NULL) {
                return;
            }
            v->at++;
            struct slice bare = slice_make(v->at, (size_t)(close - v->at));
            path_add(path, *v->at == '"' ? vrl_read_string(v, false)
                                         : foreign_copy(v->arena, bare));
            close = strchr(v->at, ']');
            v->at = close != NULL ? close + 1 : v->at;
        } else {
            return;
        }
    }
}

/* `.`, `.a`, `%meta.a`: false if no path begins here. */
bool vrl_read_path(struct vrl_reader *v, struct path *path)
{
    *path = (struct path){0};
    if (*v->at == '%' && vrl_is_word_char(v->at[1])) {
        v->at++;
        path->variable = "%";
        path_add(path, vrl_read_word(v));
        vrl_read_parts(v, path);
        return true;
    }
    if (*v->at != '.') {
        return false;
    }
    if (v->at[1] == '"' || vrl_is_word_char(v->at[1])) {
        vrl_read_parts(v, path);
    } else {
        v->at++;
        vrl_read_parts(v, path);
    }
    return true;
}

/* ---- operators ---- */

static const char *const operators[] = {"??", "||", "&&", "==", "!=", ">=", "<=", ">", "<", "+",
                                        "-",  "*",  "/",  "%",  NULL};

unsigned vrl_binding(const char *op)
{
    return strcmp(op, "??") == 0                        ? 1
           : strcmp(op, "||") == 0                      ? 2
           : strcmp(op, "&&") == 0                      ? 3
           : strchr("=!<>", op[0]) != NULL              ? 4
                                                        : 5;
}

static const char *read_operator(struct vrl_reader *v, unsigned loosest)
{
    for (size_t i = 0; operators[i] != NULL; i++) {
        const char *op = operators[i];
        if (strncmp(v->at, op, strlen(op)) == 0 && !(op[0] == '-' && v->at[1] == '>') &&
            !(op[0] == '|' && v->at[1] == '=')) {
            return vrl_binding(op) >= loosest ? op : NULL;
        }
    }
    return NULL;
}

const char *vrl_next_operator(struct vrl_reader *v, unsigned loosest)
{
    vrl_skip_blank(v);
    const char *op = read_operator(v, loosest);
    if (op != NULL || *v->at != '\n') {
        return op;
    }
    const char *behind = v->at;
    while (*v->at == '\n') {
        v->at++;
        vrl_skip_blank(v);
    }
    op = strncmp(v->at, "??", 2) == 0 || strncmp(v->at, "||", 2) == 0 ||
                 strncmp(v->at, "&&", 2) == 0 || *v->at == '+'
             ? read_operator(v, loosest) : NULL;
    if (op == NULL) {
        v->at = behind;
    }
    return op;
}

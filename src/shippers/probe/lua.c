/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/probe/lua.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"

enum {
    NAME_BYTES_MAX = 64,
    CALLS_DEPTH_MAX = 4,
};

/* A function of the script: its body, and the name of its last parameter, the record. */
struct function {
    struct slice body;
    char record[NAME_BYTES_MAX];
};

struct analysis {
    struct arena *arena;
    struct slice script;
    const struct item *record;
    struct lua_outcome *out;
    size_t count;
    unsigned depth;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Comments become blanks; lines stay where they are. */
static char *without_comments(struct slice script)
{
    char *text = mem_string_from(script);
    char quote = '\0';
    for (char *c = text; *c != '\0'; c++) {
        if (quote != '\0') {
            c += *c == '\\' && c[1] != '\0' ? 1 : 0;
            quote = *c == quote || *c == '\n' ? '\0' : quote;
        } else if (*c == '"' || *c == '\'') {
            quote = *c;
        } else if (strncmp(c, "--[[", 4) == 0) {
            for (; *c != '\0' && strncmp(c, "]]", 2) != 0; c++) {
                *c = *c == '\n' ? '\n' : ' ';
            }
            if (*c == '\0') {
                break;
            }
        } else if (strncmp(c, "--", 2) == 0) {
            for (; *c != '\0' && *c != '\n'; c++) {
                *c = ' ';
            }
            if (*c == '\0') {
                break;
            }
        }
    }
    return text;
}

/* `word` at or behind `from`, not part of a longer one. */
static const char *find_word(const char *from, const char *end, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = from; at + len <= end; at++) {
        if (memcmp(at, word, len) == 0 && (at == from || !is_word(at[-1])) &&
            (at + len == end || !is_word(at[len]))) {
            return at;
        }
    }
    return NULL;
}

/* The end of the block that the word at `from` opens: `function`, `if`, `do` (of for and while),
 * `repeat` go with `end` and `until`. */
static const char *block_end(const char *from, const char *end)
{
    unsigned depth = 0;
    char quote = '\0';
    for (const char *c = from; c < end; c++) {
        if (quote != '\0') {
            c += *c == '\\' ? 1 : 0;
            quote = *c == quote ? '\0' : quote;
            continue;
        }
        if (*c == '"' || *c == '\'') {
            quote = *c;
            continue;
        }
        if (!is_word(*c) || (c > from && is_word(c[-1]))) {
            continue;
        }
        size_t len = 0;
        while (c + len < end && is_word(c[len])) {
            len++;
        }
        struct slice word = slice_make(c, len);
        if (slice_is_equal(word, SLICE("function")) || slice_is_equal(word, SLICE("if")) ||
            slice_is_equal(word, SLICE("do")) || slice_is_equal(word, SLICE("repeat"))) {
            depth++;
        } else if (slice_is_equal(word, SLICE("end")) || slice_is_equal(word, SLICE("until"))) {
            if (--depth == 0) {
                return c;
            }
        }
        c += len - 1;
    }
    return end;
}

static bool find_function(struct slice script, const char *name, struct function *out)
{
    const char *end = script.data + script.len;
    for (const char *at = script.data;
         (at = find_word(at, end, "function")) != NULL; at += 8) {
        const char *open = memchr(at, '(', (size_t)(end - at));
        const char *close = open != NULL ? memchr(open, ')', (size_t)(end - open)) : NULL;
        struct slice before = slice_make(at, open != NULL ? (size_t)(open - at) : 0);
        bool is_named = close != NULL && find_word(before.data, before.data + before.len, name);
        if (!is_named) { /* name = function(…) */
            const char *line = at;
            while (line > script.data && line[-1] != '\n') {
                line--;
            }
            is_named = close != NULL && find_word(line, at, name) != NULL;
        }
        if (!is_named) {
            continue;
        }
        const char *last = close;
        while (last > open && !is_word(last[-1])) {
            last--;
        }
        const char *begin = last;
        while (begin > open && is_word(begin[-1])) {
            begin--;
        }
        size_t len = (size_t)(last - begin);
        if (len == 0 || len >= NAME_BYTES_MAX) {
            return false;
        }
        memcpy(out->record, begin, len);
        out->record[len] = '\0';
        const char *stop = block_end(at, end);
        out->body = slice_make(close + 1, (size_t)(stop - close) - 1);
        return true;
    }
    return false;
}

static unsigned line_of(const struct analysis *a, const char *at)
{
    unsigned line = 1;
    for (const char *c = a->script.data; c < at; c++) {
        line += *c == '\n' ? 1 : 0;
    }
    return line;
}

/* `["key"]`, `['key']` or `.key` at `at`; *out_end behind it. */
static bool read_key(const char *at, const char *end, char key[NAME_BYTES_MAX],
                     const char **out_end)
{
    size_t len = 0;
    if (at + 3 < end && at[0] == '[' && (at[1] == '"' || at[1] == '\'')) {
        const char *close = memchr(at + 2, at[1], (size_t)(end - at) - 2);
        len = close != NULL ? (size_t)(close - at) - 2 : 0;
        at += 2;
        *out_end = close != NULL ? close + 2 : end;
    } else if (at + 1 < end && at[0] == '.' && is_word(at[1])) {
        at++;
        while (at + len < end && is_word(at[len])) {
            len++;
        }
        *out_end = at + len;
    }
    if (len == 0 || len >= NAME_BYTES_MAX) {
        return false;
    }
    memcpy(key, at, len);
    key[len] = '\0';
    return true;
}

static const char *skip_blank(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return at;
}

/* Is it on the left of an assignment? */
static bool is_assigned(const char *at, const char *end)
{
    at = skip_blank(at, end);
    return at + 1 < end && at[0] == '=' && at[1] != '=';
}

/* The record whole: looped over, given to a function, put under a key, assigned. */
static bool hands_on_whole(struct slice body, const char *record)
{
    const char *end = body.data + body.len;
    for (const char *at = body.data; (at = find_word(at, end, record)) != NULL;
         at += strlen(record)) {
        const char *behind = skip_blank(at + strlen(record), end);
        bool is_part = behind < end && (*behind == '[' || *behind == '.' || *behind == ':');
        const char *before = at;
        while (before > body.data && (before[-1] == ' ' || before[-1] == '\t')) {
            before--;
        }
        bool is_argument = before > body.data && strchr("(,=", before[-1]) != NULL;
        /* `type(record)` and `return 0, ts, record` say nothing about another table. */
        bool is_type = before - body.data >= 5 && memcmp(before - 5, "type(", 5) == 0;
        const char *line = before;
        while (line > body.data && line[-1] != '\n') {
            line--;
        }
        bool returns = find_word(line, before, "return") != NULL;
        if (!is_part && is_argument && !is_type && !returns) {
            return true;
        }
    }
    return false;
}

/* What a table has that is filled from the record: every key the body reads. */
static struct item *keys_read(struct analysis *a, struct slice body, const char *record)
{
    struct item *result = item_map(a->arena);
    const char *end = body.data + body.len;
    for (const char *at = body.data; (at = find_word(at, end, record)) != NULL;
         at += strlen(record)) {
        char key[NAME_BYTES_MAX];
        const char *behind;
        if (read_key(at + strlen(record), end, key, &behind) && !is_assigned(behind, end)) {
            struct item *item = item_get(a->record, key);
            if (item != NULL) {
                item_put(a->arena, result, key, item);
            }
        }
    }
    return result;
}

/* The record less what is set to nil, unless the value was read before. */
static struct item *less_removed(struct analysis *a, struct slice body, const char *record)
{
    struct item *result = item_copy(a->arena, a->record);
    const char *end = body.data + body.len;
    struct item *read = keys_read(a, body, record);
    for (const char *at = body.data; (at = find_word(at, end, record)) != NULL;
         at += strlen(record)) {
        char key[NAME_BYTES_MAX];
        const char *behind;
        if (!read_key(at + strlen(record), end, key, &behind) || !is_assigned(behind, end)) {
            continue;
        }
        behind = skip_blank(skip_blank(behind, end) + 1, end);
        if (end - behind >= 3 && memcmp(behind, "nil", 3) == 0 && item_get(read, key) == NULL) {
            item_remove(result, key);
        }
    }
    return result;
}

/* Where `name = {` stands; NULL: nowhere. */
static const char *table_of(struct slice body, const char *name)
{
    const char *end = body.data + body.len;
    for (const char *at = body.data; (at = find_word(at, end, name)) != NULL; at += strlen(name)) {
        const char *behind = skip_blank(at + strlen(name), end);
        if (behind < end && *behind == '=') {
            behind = skip_blank(behind + 1, end);
            if (behind < end && *behind == '{') {
                return at;
            }
        }
    }
    return NULL;
}

static bool is_alias(struct slice body, const char *name, const char *record)
{
    const char *end = body.data + body.len;
    for (const char *at = body.data; (at = find_word(at, end, name)) != NULL; at += strlen(name)) {
        const char *behind = skip_blank(at + strlen(name), end);
        if (behind < end && *behind == '=' && behind[1] != '=') {
            behind = skip_blank(behind + 1, end);
            const char *found = find_word(behind, end, record);
            if (found == behind) {
                const char *rest = skip_blank(behind + strlen(record), end);
                return rest >= end || (*rest != '[' && *rest != '.');
            }
        }
    }
    return false;
}

static void analyse(struct analysis *a, const struct function *f);

static struct lua_outcome *add(struct analysis *a, enum lua_outcome_kind kind, const char *at)
{
    if (a->count == LUA_OUTCOMES_MAX) {
        return &a->out[LUA_OUTCOMES_MAX - 1];
    }
    struct lua_outcome *o = &a->out[a->count++];
    *o = (struct lua_outcome){.kind = kind, .line = line_of(a, at)};
    return o;
}

/* The condition that `at` stands under: behind the last `if` before it. */
static struct slice condition_of(struct slice body, const char *at)
{
    const char *begin = NULL;
    for (const char *from = body.data; (from = find_word(from, at, "if")) != NULL; from += 2) {
        begin = from + 2;
    }
    const char *end = begin != NULL ? find_word(begin, at, "then") : NULL;
    return end != NULL ? slice_make(begin, (size_t)(end - begin)) : slice_make(at, 0);
}

/* `record[k] = nil` where no condition is asked, or one about the key. A condition about the value
 * alone (nil, empty, a table) takes no id. */
static bool removes_by_name(struct slice body, const char *record)
{
    const char *end = body.data + body.len;
    for (const char *at = body.data; (at = find_word(at, end, record)) != NULL;
         at += strlen(record)) {
        const char *open = at + strlen(record);
        char key[NAME_BYTES_MAX] = "";
        size_t len = 0;
        while (open + 1 + len < end && is_word(open[1 + len]) && len < NAME_BYTES_MAX - 1) {
            key[len] = open[1 + len];
            len++;
        }
        const char *close = open + 1 + len;
        if (len == 0 || open >= end || *open != '[' || close >= end || *close != ']' ||
            !is_assigned(close + 1, end)) {
            continue;
        }
        const char *value = skip_blank(skip_blank(close + 1, end) + 1, end);
        struct slice condition = condition_of(body, at);
        if (end - value >= 3 && memcmp(value, "nil", 3) == 0 &&
            (condition.len == 0 ||
             find_word(condition.data, condition.data + condition.len, key) != NULL)) {
            return true;
        }
    }
    return false;
}

static void add_same(struct analysis *a, const struct function *f, const char *at)
{
    struct lua_outcome *o = add(a, LUA_SAME, at);
    o->record = less_removed(a, f->body, f->record);
    o->is_by_name = removes_by_name(f->body, f->record);
}

static void add_new(struct analysis *a, const struct function *f, const char *at,
                    const char *table)
{
    struct lua_outcome *o = add(a, LUA_NEW, at);
    o->table_line = table != NULL ? line_of(a, table) : 0;
    o->record = hands_on_whole(f->body, f->record) ? item_copy(a->arena, a->record)
                                                   : keys_read(a, f->body, f->record);
}

/* The third value of a return statement. */
static void judge_value(struct analysis *a, const struct function *f, const char *at,
                        const char *value, const char *end)
{
    char name[NAME_BYTES_MAX];
    size_t len = 0;
    while (value + len < end && is_word(value[len]) && len < NAME_BYTES_MAX - 1) {
        name[len] = value[len];
        len++;
    }
    name[len] = '\0';
    const char *behind = skip_blank(value + len, end);
    const char *table = len > 0 ? table_of(f->body, name) : NULL;
    bool is_part = behind < end && (*behind == '[' || *behind == '.');
    if (len > 0 && !is_part && (strcmp(name, f->record) == 0 || is_alias(f->body, name, f->record))) {
        if (table != NULL && strcmp(name, f->record) != 0) {
            add_new(a, f, at, table);
        } else {
            add_same(a, f, at);
        }
    } else if (*value == '{' || table != NULL || is_part) {
        add_new(a, f, at, table);
    } else {
        struct lua_outcome *o = add(a, LUA_UNKNOWN, at);
        o->record = item_copy(a->arena, a->record);
    }
}

/* `return g(tag, timestamp, record)`. */
static bool follow_call(struct analysis *a, const char *value, const char *end)
{
    char name[NAME_BYTES_MAX];
    size_t len = 0;
    while (value + len < end && is_word(value[len]) && len < NAME_BYTES_MAX - 1) {
        name[len] = value[len];
        len++;
    }
    name[len] = '\0';
    struct function g;
    if (len == 0 || value + len >= end || value[len] != '(' || a->depth >= CALLS_DEPTH_MAX ||
        !find_function(a->script, name, &g)) {
        return false;
    }
    a->depth++;
    analyse(a, &g);
    a->depth--;
    return true;
}

/* Behind the comma that follows `from`, brackets counted. */
static const char *next_value(const char *from, const char *end)
{
    unsigned depth = 0;
    for (const char *c = from; c < end && *c != '\n'; c++) {
        depth += strchr("([{", *c) != NULL ? 1 : 0;
        depth -= depth > 0 && strchr(")]}", *c) != NULL ? 1 : 0;
        if (*c == ',' && depth == 0) {
            return skip_blank(c + 1, end);
        }
    }
    return NULL;
}

/* Returns of a function within this one are not its own: they give one value, and are passed by. */
static void analyse(struct analysis *a, const struct function *f)
{
    const char *end = f->body.data + f->body.len;
    for (const char *at = f->body.data; (at = find_word(at, end, "return")) != NULL; at += 6) {
        const char *code = skip_blank(at + 6, end);
        if (code < end && *code == '-') {
            continue;
        }
        const char *time = next_value(code, end);
        const char *value = time != NULL ? next_value(time, end) : NULL;
        if (value == NULL) {
            (void)follow_call(a, code, end);
        } else if (*code == '0') {
            add(a, LUA_SAME, at)->record = item_copy(a->arena, a->record);
        } else {
            judge_value(a, f, at, value, end);
        }
    }
}

size_t lua_outcomes(struct arena *arena, struct slice script, const char *call,
                    const struct item *record, struct lua_outcome out[LUA_OUTCOMES_MAX],
                    bool *out_is_found)
{
    char *text = without_comments(script);
    struct analysis a = {.arena = arena, .script = slice_from_string(text), .record = record,
                         .out = out};
    struct function f;
    *out_is_found = find_function(a.script, call, &f);
    if (*out_is_found) {
        analyse(&a, &f);
    }
    free(text);
    return a.count;
}

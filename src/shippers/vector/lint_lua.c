/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Vector's Lua transforms, by their form: `event.log.a = nil` takes a field away, `emit(event)`
 * hands the event on. A program that makes an event of its own, replaces the whole log, writes over
 * the message, or removes by a name it has computed is not followed.
 */

#include "shippers/vector/lint_lua.h"

#include <ctype.h>
#include <string.h>

/* What follows is `[…]`: a quoted name, or one that is computed. */
static bool read_bracket(const char **at, struct slice *out_name)
{
    const char *open = *at + 1 + strspn(*at + 1, " ");
    const char *close = strchr(*at, ']');
    bool is_quoted = *open == '"' || *open == '\'';
    const char *end = is_quoted ? strchr(open + 1, *open) : NULL;
    if (close == NULL || (is_quoted && (end == NULL || end > close))) {
        return false;
    }
    *out_name = is_quoted ? slice_make(open + 1, (size_t)(end - open) - 1) : SLICE("");
    *at = close + 1;
    return true;
}

static bool read_dotted(const char **at, struct slice *out_name)
{
    const char *begin = *at + 1;
    size_t len = 0;
    while (isalnum((unsigned char)begin[len]) || begin[len] == '_') {
        len++;
    }
    *out_name = slice_make(begin, len);
    *at = begin + len;
    return len > 0;
}

/* `event.log.a.b = nil`: taken out of `record`. False where what it does cannot be told. */
static bool follow_one(struct arena *arena, const char *at, struct item *record,
                       bool *out_is_filled)
{
    const char *key = NULL;
    struct item *map = record;
    struct slice name;
    while (*at == '.' || *at == '[') {
        bool is_bracket = *at == '[';
        if (is_bracket ? !read_bracket(&at, &name) : !read_dotted(&at, &name)) {
            return false;
        }
        if (key != NULL) {
            map = item_get(map, key);
        }
        key = foreign_copy(arena, name);
    }
    at += strspn(at, " \t");
    if (*at != '=' || at[1] == '=') {
        return true; /* it is read, not written */
    }
    at += 1 + strspn(at + 1, " \t");
    bool is_removal = strncmp(at, "nil", 3) == 0;
    if (key == NULL || (*key == '\0' && is_removal)) {
        return false;
    }
    if (is_removal) {
        item_remove(map, key);
        return true;
    }
    *out_is_filled = *out_is_filled || *key == '\0';
    return *key == '\0' || item_places(item_get(map, key)) == 0;
}

bool vector_lua(struct arena *arena, const char *program, struct item *record)
{
    bool is_old = strstr(program, "event.log") == NULL; /* version 1: event["field"] */
    const char *log = is_old ? "event" : "event.log";
    bool is_filled = false; /* fields of computed names are set, of what was removed perhaps */
    for (const char *at = program; (at = strstr(at, log)) != NULL; at++) {
        bool is_word = at > program && (isalnum((unsigned char)at[-1]) || at[-1] == '_');
        const char *behind = at + strlen(log);
        bool is_longer = isalnum((unsigned char)*behind) || *behind == '_';
        if (!is_word && !is_longer && !follow_one(arena, behind, record, &is_filled)) {
            return false;
        }
    }
    for (const char *at = program; (at = strstr(at, "emit")) != NULL; at++) {
        const char *open = at + 4 + strspn(at + 4, " ");
        const char *what = *open == '(' ? open + 1 + strspn(open + 1, " ") : "event";
        if (strncmp(what, "event", 5) != 0 || isalnum((unsigned char)what[5]) || what[5] == '_') {
            return false;
        }
    }
    return !is_filled || item_places(record) != 0;
}

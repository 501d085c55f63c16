/* SPDX-License-Identifier: Apache-2.0 */
#include "config/expand.h"

#include "base/mem.h"

const char *expand_variable(char *const *environ, struct slice name)
{
    for (size_t i = 0; environ != NULL && environ[i] != NULL; i++) {
        struct slice entry = slice_from_string(environ[i]);
        if (slice_has_prefix(entry, name) && entry.data[name.len] == '=') {
            return environ[i] + name.len + 1;
        }
    }
    return NULL;
}

static bool is_name_byte(char c, bool first)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (!first && c >= '0' && c <= '9');
}

static size_t name_len(struct slice text)
{
    size_t len = 0;
    while (len < text.len && is_name_byte(text.data[len], len == 0)) {
        len++;
    }
    return len;
}

static bool fail(char **out_error, char *sentence)
{
    *out_error = sentence;
    return false;
}

static bool put(struct buf *out, struct slice value, char **out_error)
{
    if (!buf_append_slice(out, value)) {
        return fail(out_error, mem_format("the value is longer than %zu bytes", out->limit));
    }
    return true;
}

/* `name` has no usable value; `rest` is what follows it inside the braces. */
static bool put_substitute(struct slice name, struct slice rest, struct buf *out, char **out_error)
{
    if (slice_has_prefix(rest, SLICE(":-"))) {
        return put(out, slice_skip(rest, 2), out_error);
    }
    if (rest.len > 2) {
        return fail(out_error, mem_format("%.*s: %.*s", (int)name.len, name.data, (int)rest.len - 2,
                                          rest.data + 2));
    }
    return fail(out_error,
                mem_format("the environment variable %.*s is not set; write ${%.*s:-} for an empty "
                           "value",
                           (int)name.len, name.data, (int)name.len, name.data));
}

/* `inner` is what stands between the braces. */
static bool put_variable(struct slice inner, char *const *environ, struct buf *out,
                         char **out_error)
{
    struct slice name = slice_make(inner.data, name_len(inner));
    struct slice rest = slice_skip(inner, name.len);
    bool has_rule = slice_has_prefix(rest, SLICE(":-")) || slice_has_prefix(rest, SLICE(":?"));
    if (name.len == 0 || (rest.len > 0 && !has_rule)) {
        return fail(out_error, mem_format("${%.*s} is not one of ${VAR}, ${VAR:-default}, "
                                          "${VAR:?message}; a dollar sign is $$",
                                          (int)inner.len, inner.data));
    }
    const char *value = expand_variable(environ, name);
    if (value == NULL || (*value == '\0' && has_rule)) {
        return put_substitute(name, rest, out, out_error);
    }
    return put(out, slice_from_string(value), out_error);
}

bool expand(struct slice text, char *const *environ, struct buf *out, char **out_error)
{
    while (text.len > 0) {
        const char *dollar = memchr(text.data, '$', text.len);
        size_t plain = dollar != NULL ? (size_t)(dollar - text.data) : text.len;
        if (!put(out, slice_make(text.data, plain), out_error)) {
            return false;
        }
        text = slice_skip(text, plain);
        if (slice_has_prefix(text, SLICE("${"))) {
            const char *end = memchr(text.data, '}', text.len);
            if (end == NULL) {
                return fail(out_error, mem_string("a ${ without its }; a dollar sign is $$"));
            }
            struct slice inner = slice_make(text.data + 2, (size_t)(end - text.data) - 2);
            if (!put_variable(inner, environ, out, out_error)) {
                return false;
            }
            text = slice_skip(text, inner.len + 3);
        } else if (text.len > 0) {
            if (!put(out, SLICE("$"), out_error)) {
                return false;
            }
            text = slice_skip(text, slice_has_prefix(text, SLICE("$$")) ? 2 : 1);
        }
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "record/credential.h"

#include <string.h>
#include <strings.h>
#include "base/mem.h"

/*
 * One walk, word by word: a word is a run of letters, digits and `_-.`, and what stands behind it says
 * whether it is a name that has a value.
 *
 * A value may be quoted, once or within a text that is quoted itself (`\"`, `\\\"`), an object, an
 * array, or bare. Where it ends is a guess for bare ones; it is made so that rather a byte too many is
 * hidden than one too few.
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
    return is_digit(c) || is_letter(c);
}

static size_t count_blanks(struct slice s)
{
    size_t n = 0;
    while (n < s.len && (s.data[n] == ' ' || s.data[n] == '\t')) {
        n++;
    }
    return n;
}

static bool is_name_byte(char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static bool contains(struct slice s, struct slice word)
{
    for (size_t i = 0; i + word.len <= s.len; i++) {
        if (((s.data[i] ^ word.data[0]) & 0x1F) == 0 &&
            strncasecmp(s.data + i, word.data, word.len) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_last_part(struct slice name, struct slice part)
{
    size_t at = name.len - part.len;
    return name.len >= part.len && slice_is_equal_nocase(slice_skip(name, at), part) &&
           (at == 0 || !is_alnum(name.data[at - 1]));
}

bool credential_is_name(struct slice name)
{
    static const struct slice parts[] = {
        SLICE("password"),    SLICE("passwd"),      SLICE("pwd"),        SLICE("passphrase"),
        SLICE("secret"),      SLICE("token"),       SLICE("authorization"), SLICE("apikey"),
        SLICE("api_key"),     SLICE("api-key"),     SLICE("cookie"),     SLICE("credential"),
        SLICE("privatekey"),  SLICE("private_key"), SLICE("private-key"), SLICE("accesskey"),
        SLICE("access_key"),  SLICE("access-key"),  SLICE("accountkey"), SLICE("signature"),
        SLICE("sessionid"),   SLICE("session_id"),  SLICE("session-id"), SLICE("sessid"),
    };
    static const struct slice ends[] = {
        SLICE("pass"), SLICE("pw"),  SLICE("pin"),  SLICE("cvv"), SLICE("cvc"),
        SLICE("ssn"),  SLICE("otp"), SLICE("auth"), SLICE("jwt"), SLICE("sig"),
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (contains(name, parts[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (has_last_part(name, ends[i])) {
            return true;
        }
    }
    return false;
}

static size_t count_backslashes(struct slice s)
{
    size_t n = 0;
    while (n < s.len && s.data[n] == '\\') {
        n++;
    }
    return n;
}

/* How many bytes of quoting begin `s`: `"`, `'`, `\"`, … */
static size_t quote_len(struct slice s)
{
    size_t n = count_backslashes(s);
    return n < s.len && (s.data[n] == '"' || s.data[n] == '\'') ? n + 1 : 0;
}

/* The length of what is quoted, up to a quote that is escaped as the opening one was, or to the end. */
static size_t quoted_len(struct slice s, struct slice open)
{
    size_t level = open.len; /* a backslash of the text is written as that many twice */
    for (size_t n = 0; n < s.len; n++) {
        size_t run = count_backslashes(slice_skip(s, n));
        n += run;
        if (n < s.len && s.data[n] == open.data[open.len - 1] && run % (2 * level) == level - 1) {
            return n - (level - 1);
        }
    }
    return s.len;
}

/* `=`, `:`, `=>`, and what a URL or a JSON writer makes of `=`. */
static size_t operator_len(struct slice s)
{
    static const struct slice operators[] = {
        SLICE("=>"), SLICE(":="), SLICE("="), SLICE(":"), SLICE("%3D"), SLICE("%3d"),
    };
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (slice_has_prefix(s, operators[i])) {
            return operators[i].len;
        }
    }
    static const struct slice code = SLICE("u003d");
    size_t run = count_backslashes(s);
    struct slice behind = slice_skip(s, run);
    return run > 0 && behind.len >= code.len &&
                   slice_is_equal_nocase(slice_make(behind.data, code.len), code)
               ? run + code.len
               : 0;
}

/* What stands between a name and its value: `":"`, `=`, `: `, `>` of a tag, the blank behind `--name`; 0
 * if no value follows. */
static size_t assignment_len(struct slice text, size_t begin, size_t end)
{
    struct slice s = slice_skip(text, end);
    size_t n = quote_len(s);
    n += count_blanks(slice_skip(s, n));
    size_t sign = operator_len(slice_skip(s, n));
    if (sign > 0) {
        return n + sign + count_blanks(slice_skip(s, n + sign));
    }
    if (begin > 0 && text.data[begin - 1] == '<' && s.len > 0 && s.data[0] == '>') {
        return 1;
    }
    return slice_has_prefix(slice_skip(text, begin), SLICE("--")) ? count_blanks(s) : 0;
}

/* What ends a value that is not quoted: not a comma in the midst of it. */
static bool ends_value(struct slice s)
{
    if (strchr(" \t\r\n\"'<", s.data[0]) != NULL) {
        return true;
    }
    if (strchr(",;&}])", s.data[0]) == NULL) {
        return false;
    }
    size_t n = 1;
    while (n < s.len && is_name_byte(s.data[n])) {
        n++;
    }
    return n == 1 || operator_len(slice_skip(s, n)) > 0;
}

static size_t bare_len(struct slice s)
{
    size_t n = 0;
    while (n < s.len && !ends_value(slice_skip(s, n))) {
        size_t run = count_backslashes(slice_skip(s, n));
        if (run % 2 == 1) {
            return n + run - 1; /* it escapes what ends the value */
        }
        n += run > 0 ? run : 1;
    }
    return n;
}

/* An object or an array, to the bracket that closes it. */
static size_t container_len(struct slice s)
{
    size_t depth = 0;
    for (size_t n = 0; n < s.len; n++) {
        struct slice rest = slice_skip(s, n);
        size_t quote = quote_len(rest);
        if (quote > 0) {
            struct slice inner = slice_skip(rest, quote);
            n += quote + quoted_len(inner, slice_make(rest.data, quote)) + quote - 1;
            continue;
        }
        size_t run = count_backslashes(rest);
        n += run > 0 ? run - 1 : 0;
        depth += rest.data[0] == '{' || rest.data[0] == '[';
        depth -= rest.data[0] == '}' || rest.data[0] == ']';
        if (depth == 0) {
            return n + 1;
        }
    }
    return s.len;
}

static size_t value_len(struct slice s, size_t *out_quote)
{
    *out_quote = quote_len(s);
    if (*out_quote > 0) {
        return quoted_len(slice_skip(s, *out_quote), slice_make(s.data, *out_quote));
    }
    return s.len > 0 && (s.data[0] == '{' || s.data[0] == '[') ? container_len(s) : bare_len(s);
}

/* `name=value` or `name="value"`; 0: none. */
static size_t parameter_len(struct slice s)
{
    size_t end = 0;
    while (end < s.len && is_name_byte(s.data[end])) {
        end++;
    }
    if (end == 0 || end == s.len || s.data[end] != '=') {
        return 0;
    }
    size_t quote;
    size_t len = end + 1 + value_len(slice_skip(s, end + 1), &quote) + 2 * quote;
    return len < s.len ? len : s.len;
}

/* More of them behind the first, as cookies and authorizations have them. */
static size_t more_values_len(struct slice s)
{
    size_t n = 0;
    while (n < s.len && (s.data[n] == ';' || s.data[n] == ',')) {
        size_t at = n + 1 + count_blanks(slice_skip(s, n + 1));
        size_t len = parameter_len(slice_skip(s, at));
        if (len == 0) {
            break;
        }
        n = at + len;
    }
    return n;
}

/* The scheme of an authorization, and the blanks behind it. */
static size_t scheme_len(struct slice s)
{
    size_t n = 0;
    while (n < s.len && n < 20 && (is_alnum(s.data[n]) || s.data[n] == '-')) {
        n++;
    }
    size_t blanks = count_blanks(slice_skip(s, n));
    bool has_more = n + blanks < s.len && is_alnum(s.data[n + blanks]);
    return n > 0 && is_letter(s.data[0]) && blanks > 0 && has_more ? n + blanks : 0;
}

static size_t secret_value_len(struct slice name, struct slice s, size_t *out_quote)
{
    bool is_header = contains(name, SLICE("authorization"));
    size_t head = is_header ? scheme_len(s) : 0;
    size_t parameter = head > 0 ? parameter_len(slice_skip(s, head)) : 0;
    *out_quote = 0;
    size_t len = head + (parameter > 0 ? parameter : value_len(slice_skip(s, head), out_quote));
    is_header = is_header || contains(name, SLICE("cookie"));
    return *out_quote == 0 && is_header ? len + more_values_len(slice_skip(s, len)) : len;
}

bool credential_search(struct slice text, size_t from, size_t *out_at, size_t *out_len)
{
    size_t end;
    for (size_t i = from; i < text.len; i = end) {
        end = i + 1;
        if (!is_name_byte(text.data[i])) {
            continue;
        }
        while (end < text.len && is_name_byte(text.data[end])) {
            end++;
        }
        struct slice name = slice_make(text.data + i, end - i);
        size_t head = assignment_len(text, i, end);
        if (head == 0 || !credential_is_name(name)) {
            continue;
        }
        size_t quote;
        size_t len = secret_value_len(name, slice_skip(text, end + head), &quote);
        if (len > 0) {
            *out_at = end + head + quote;
            *out_len = len;
            return true;
        }
        end += head;
    }
    return false;
}

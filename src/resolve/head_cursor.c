/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/head_cursor.h"

#define GROUP_BYTES_MAX 400

static bool is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* What ends a token wherever it stands; a colon only sometimes. */
static bool ends_token(char c)
{
    static const bool ends[256] = {
        ['\0'] = true, [' '] = true, ['\t'] = true, ['['] = true, [']'] = true,
        ['('] = true,  [')'] = true, ['{'] = true,  ['}'] = true, ['"'] = true,
        ['\''] = true, ['|'] = true, [','] = true,  [';'] = true, ['\x1b'] = true,
    };
    return ends[(unsigned char)c];
}

/* Behind the colour that begins at p, or p. */
static const char *skip_colour(const char *p, const char *end)
{
    if (end - p < 3 || p[0] != '\x1b' || p[1] != '[') {
        return p;
    }
    for (const char *q = p + 2; q < end && q - p < 24; q++) {
        if (is_letter(*q)) {
            return q + 1;
        }
    }
    return p;
}

char cursor_skip_space(struct cursor *c)
{
    char last = 0;
    while (c->p < c->end) {
        if (*c->p == ' ' || *c->p == '\t') {
            last = *c->p++;
            continue;
        }
        const char *behind = skip_colour(c->p, c->end);
        if (behind == c->p) {
            break;
        }
        c->p = behind;
    }
    return last;
}

struct slice cursor_take_token(struct cursor *c)
{
    const char *begin = c->p;
    while (c->p < c->end) {
        char k = *c->p;
        bool last = c->p + 1 == c->end;
        if (k == ':' && (last || c->p[1] == ' ' || c->p[1] == '\t' || c->p[1] == '\x1b')) {
            break;
        }
        if (k == ':' && c->p > begin && c->p[1] != ':' && c->p[-1] != ':') {
            break;
        }
        if (ends_token(k)) {
            break;
        }
        c->p++;
    }
    return slice_make(begin, (size_t)(c->p - begin));
}

bool cursor_peek_group(const struct cursor *c, struct slice *out_inner)
{
    char close = *c->p == '[' ? ']' : *c->p == '(' ? ')' : '}';
    struct slice rest = slice_skip(cursor_rest(c), 1);
    size_t len = rest.len < GROUP_BYTES_MAX ? rest.len : GROUP_BYTES_MAX;
    const char *end = len > 0 ? memchr(rest.data, close, len) : NULL;
    if (end == NULL) {
        return false;
    }
    *out_inner = slice_make(rest.data, (size_t)(end - rest.data));
    return true;
}

size_t letters_len(struct slice s)
{
    size_t len = 0;
    while (len < s.len && is_letter(s.data[len])) {
        len++;
    }
    return len;
}

bool is_number(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.data[i])) {
            return false;
        }
    }
    return s.len > 0;
}

bool is_identifier(struct slice s)
{
    if (s.len == 0 || (!is_letter(s.data[0]) && s.data[0] != '_')) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        char k = s.data[i];
        if (!is_letter(k) && !is_digit(k) && k != '_' && k != '.' && k != '-' && k != '$') {
            return false;
        }
    }
    return true;
}

bool is_logger_name(struct slice s)
{
    bool dotted = false;
    if (s.len < 3 || (!is_letter(s.data[0]) && s.data[0] != '_')) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        char k = s.data[i];
        bool inside = i > 0 && i + 1 < s.len;
        if ((k == '.' || k == ':') && inside) {
            dotted = true;
        } else if (!is_letter(k) && !is_digit(k) && k != '_' && k != '$' && k != '-') {
            return false;
        }
    }
    return dotted;
}

bool is_correlation(struct slice s)
{
    if (s.len != 49) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        char k = s.data[i];
        char low = (char)(k | 0x20);
        bool hex = is_digit(k) || (low >= 'a' && low <= 'f');
        if (!hex && k != ' ' && !(k == '-' && i == 32)) {
            return false;
        }
    }
    return true;
}

bool bar_follows(struct slice rest)
{
    size_t i = 0;
    while (i < rest.len && rest.data[i] == ' ') {
        i++;
    }
    return i < rest.len && rest.data[i] == '|';
}

bool next_word_is_pair(struct slice rest)
{
    size_t i = 0;
    while (i < rest.len && rest.data[i] == ' ') {
        i++;
    }
    struct slice word = slice_skip(rest, i);
    size_t len = 0;
    while (len < word.len && is_identifier(slice_make(word.data, len + 1))) {
        len++;
    }
    return i > 0 && len > 0 && len < word.len && word.data[len] == '=';
}

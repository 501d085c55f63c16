/* SPDX-License-Identifier: Apache-2.0 */
#include "core/redact.h"

#include <stdint.h>
#include <strings.h>
#include "base/mem.h"
#include "base/utf8.h"

/*
 * One walk over the line, word by word. A word is a run of letters, digits and `_-.`; what stands
 * before and behind it says whether it is a name whose value has to go, or itself has to.
 */

struct writer {
    char *out;
    size_t len;
    size_t max;
    bool is_full;
};

static const char mark[] = "[redacted]";
static const char ellipsis[] = "\xe2\x80\xa6";

/* All or nothing; room for the ellipsis is always left. */
static void put(struct writer *w, const char *bytes, size_t n)
{
    if (w->is_full || w->len + n + sizeof(ellipsis) - 1 > w->max) {
        w->is_full = true;
        return;
    }
    memcpy(w->out + w->len, bytes, n);
    w->len += n;
}

/* One character of `s` as it may be shown; how many bytes it took. */
static size_t put_character(struct writer *w, struct slice s)
{
    size_t n = utf8_sequence_len(s.data, s.len);
    unsigned char c = (unsigned char)s.data[0];
    bool is_control = c < 0x20 || c == 0x7f || (n == 2 && c == 0xc2 && (s.data[1] & 0xe0) == 0x80);
    if (n == 0) {
        put(w, "\xef\xbf\xbd", 3);
        return 1;
    }
    if (is_control) {
        put(w, " ", 1);
    } else {
        put(w, s.data, n);
    }
    return n;
}

static void put_all(struct writer *w, struct slice s)
{
    while (s.len > 0 && !w->is_full) {
        s = slice_skip(s, put_character(w, s));
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '-' ||
           c == '.';
}

static bool contains(struct slice s, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= s.len; i++) {
        if (strncasecmp(s.data + i, word, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_secret_name(struct slice word)
{
    static const char *const parts[] = {
        "password",      "passwd",      "pwd",         "passphrase", "secret",     "token",
        "authorization", "apikey",      "api_key",     "api-key",    "cookie",     "credential",
        "privatekey",    "private_key", "private-key", "accesskey",  "access_key", "access-key",
        "signature",     "sessionid",   "session_id",
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (contains(word, parts[i])) {
            return true;
        }
    }
    return false;
}

static bool is_scheme(struct slice word)
{
    return slice_is_equal_nocase(word, SLICE("bearer")) ||
           slice_is_equal_nocase(word, SLICE("basic"));
}

/* The checksum of payment cards. */
static bool is_card(struct slice word)
{
    unsigned sum = 0;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[word.len - 1 - i];
        if (!is_digit(c)) {
            return false;
        }
        unsigned digit = (unsigned)(c - '0') * (i % 2 == 1 ? 2 : 1);
        sum += digit > 9 ? digit - 9 : digit;
    }
    return word.len >= 13 && word.len <= 19 && sum % 10 == 0 && sum > 0;
}

static bool is_secret_itself(struct slice word)
{
    static const struct {
        struct slice prefix;
        size_t len_min;
    } kinds[] = {
        {SLICE("eyJ"), 20},         {SLICE("AKIA"), 20},  {SLICE("ASIA"), 20},
        {SLICE("ghp_"), 20},        {SLICE("gho_"), 20},  {SLICE("ghs_"), 20},
        {SLICE("github_pat_"), 30}, {SLICE("xoxb-"), 20}, {SLICE("xoxp-"), 20},
        {SLICE("sk_live_"), 16},    {SLICE("sk-"), 20},   {SLICE("glpat-"), 20},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (word.len >= kinds[i].len_min && slice_has_prefix(word, kinds[i].prefix)) {
            return true;
        }
    }
    return is_card(word);
}

static size_t count_blanks(struct slice s)
{
    size_t n = 0;
    while (n < s.len && (s.data[n] == ' ' || s.data[n] == '\t')) {
        n++;
    }
    return n;
}

/* How many bytes of quoting begin `s`: `"`, `'`, `\"`, … */
static size_t quote_len(struct slice s)
{
    size_t n = 0;
    while (n < s.len && s.data[n] == '\\') {
        n++;
    }
    return n < s.len && (s.data[n] == '"' || s.data[n] == '\'') ? n + 1 : 0;
}

/* What stands between a name and its value: `":"`, `=`, `: [`; 0 if no value follows. */
static size_t assignment_len(struct slice s)
{
    size_t n = quote_len(s);
    n += count_blanks(slice_skip(s, n));
    if (n >= s.len || (s.data[n] != ':' && s.data[n] != '=')) {
        return 0;
    }
    n++;
    n += count_blanks(slice_skip(s, n));
    while (n < s.len && s.data[n] == '[') {
        n++;
    }
    return n;
}

/* The length of a value up to its closing quote, which `open` is like. */
static size_t quoted_len(struct slice s, struct slice open)
{
    size_t n = 0;
    while (n + open.len <= s.len && memcmp(s.data + n, open.data, open.len) != 0) {
        n += s.data[n] == '\\' ? 2 : 1;
    }
    return n + open.len <= s.len ? n : s.len;
}

static size_t bare_len(struct slice s)
{
    size_t n = 0;
    while (n < s.len && strchr(" \t,;&\"'}])\\", s.data[n]) == NULL) {
        n++;
    }
    return n;
}

/* An authorization header: the scheme stays, what follows goes. */
static size_t scheme_len(struct slice s)
{
    size_t n = bare_len(s);
    size_t blanks = count_blanks(slice_skip(s, n));
    return blanks > 0 && is_scheme(slice_make(s.data, n)) ? n + blanks : 0;
}

/* `s` begins behind a secret's name: write up to its value, and the mark for that. */
static size_t put_assignment(struct writer *w, struct slice s)
{
    size_t head = assignment_len(s);
    size_t quote = quote_len(slice_skip(s, head));
    struct slice value = slice_skip(s, head + quote);
    size_t len = quote > 0 ? quoted_len(value, slice_make(s.data + head, quote))
                           : scheme_len(value) + bare_len(slice_skip(value, scheme_len(value)));
    if (len == 0 || (quote == 0 && value.data[0] == '{')) {
        put_all(w, slice_make(s.data, head));
        return head;
    }
    put_all(w, slice_make(s.data, head + quote));
    put(w, mark, sizeof(mark) - 1);
    return head + quote + len;
}

/* `://user:password@`: `s` begins behind the scheme's name. */
static size_t put_url(struct writer *w, struct slice s)
{
    if (!slice_has_prefix(s, SLICE("://"))) {
        return 0;
    }
    for (size_t n = 3; n < s.len && s.data[n] != '/' && s.data[n] != ' ' && s.data[n] != '"'; n++) {
        if (s.data[n] == '@') {
            put(w, s.data, 3);
            put(w, mark, sizeof(mark) - 1);
            return n;
        }
    }
    return 0;
}

/* A word and what belongs to it; how many bytes of `s` that was. */
static size_t put_word(struct writer *w, struct slice s)
{
    size_t len = 1;
    while (len < s.len && is_word(s.data[len])) {
        len++;
    }
    struct slice word = slice_make(s.data, len);
    struct slice rest = slice_skip(s, len);
    if (is_secret_itself(word)) {
        put(w, mark, sizeof(mark) - 1);
        return len;
    }
    put_all(w, word);
    if (is_scheme(word) && count_blanks(rest) > 0) {
        size_t blanks = count_blanks(rest);
        size_t value = bare_len(slice_skip(rest, blanks));
        put(w, " ", 1);
        put(w, value >= 8 ? mark : rest.data + blanks, value >= 8 ? sizeof(mark) - 1 : 0);
        return len + blanks + (value >= 8 ? value : 0);
    }
    if (is_secret_name(word) && assignment_len(rest) > 0) {
        return len + put_assignment(w, rest);
    }
    return len + put_url(w, rest);
}

static size_t finish(struct writer *w, size_t out_max)
{
    if (w->is_full && w->len + sizeof(ellipsis) - 1 <= out_max) {
        memcpy(w->out + w->len, ellipsis, sizeof(ellipsis) - 1);
        w->len += sizeof(ellipsis) - 1;
    }
    return w->len;
}

size_t redact(struct slice line, char *out, size_t out_max)
{
    struct writer w = {.out = out, .max = out_max};
    while (line.len > 0 && !w.is_full) {
        line =
            slice_skip(line, is_word(line.data[0]) ? put_word(&w, line) : put_character(&w, line));
    }
    return finish(&w, out_max);
}

size_t redact_nothing(struct slice line, char *out, size_t out_max)
{
    struct writer w = {.out = out, .max = out_max};
    while (line.len > 0 && !w.is_full) {
        line = slice_skip(line, put_character(&w, line));
    }
    return finish(&w, out_max);
}

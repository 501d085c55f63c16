/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A text that a regular expression matches, made by walking through the pattern: the first branch
 * of each choice, one turn of each repetition, a likely byte of each class. No backtracking: the
 * caller's engine says in the end whether the text does match, and a second walk, that leaves out
 * what is optional, is tried if it does not.
 */

#include "shippers/probe/regex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "shippers/common/names.h"

enum {
    SAMPLE_BYTES_MAX = 4096,
    GROUPS_DEPTH_MAX = 32,
};

struct walk {
    const char *at;
    struct buf *out;
    bool is_sparse; /* leave out what is optional */
    unsigned depth;
};

typedef bool class_set[256];

static void class_of_escape(char letter, class_set set)
{
    for (int c = 1; c < 128; c++) {
        bool in = false;
        switch (tolower((unsigned char)letter)) {
        case 'd':
            in = isdigit(c) != 0;
            break;
        case 'w':
            in = isalnum(c) || c == '_';
            break;
        case 's':
            in = c == ' ' || c == '\t';
            break;
        case 'h': /* Onigmo: a hex digit */
            in = isxdigit(c) != 0;
            break;
        default:
            in = c == letter;
            break;
        }
        bool is_negated = letter == 'D' || letter == 'W' || letter == 'S' || letter == 'H';
        set[c] = set[c] || (is_negated ? !in && c >= ' ' && c < 127 : in);
    }
}

static char plain_escape(char letter)
{
    return letter == 'n' ? '\n' : letter == 't' ? '\t' : letter == 'r' ? '\r' : letter;
}

static bool is_class_escape(char letter)
{
    return strchr("dDwWsShH", letter) != NULL && letter != '\0';
}

/* [[:alpha:]] and its like, at `[:`. */
static bool posix_class(struct walk *w, class_set set)
{
    const char *end = strstr(w->at, ":]");
    if (strncmp(w->at, "[:", 2) != 0 || end == NULL || end - w->at > 12) {
        return false;
    }
    struct slice name = slice_make(w->at + 2, (size_t)(end - w->at) - 2);
    for (int c = 1; c < 128; c++) {
        set[c] = set[c] || (slice_is_equal(name, SLICE("space")) ? c == ' ' : isalnum(c) != 0);
    }
    w->at = end + 2;
    return true;
}

/* After `[`; leaves `at` behind `]`. */
static void read_class(struct walk *w, class_set set)
{
    bool is_negated = *w->at == '^';
    bool is_first = true;
    w->at += is_negated ? 1 : 0;
    while (*w->at != '\0' && (*w->at != ']' || is_first)) {
        is_first = false;
        if (posix_class(w, set)) {
            continue;
        }
        unsigned char low = (unsigned char)*w->at++;
        if (low == '\\' && *w->at != '\0') {
            char letter = *w->at++;
            if (is_class_escape(letter)) {
                class_of_escape(letter, set);
                continue;
            }
            low = (unsigned char)plain_escape(letter);
        }
        unsigned char high = low;
        if (w->at[0] == '-' && w->at[1] != ']' && w->at[1] != '\0') {
            high = (unsigned char)w->at[1] == '\\' ? low : (unsigned char)w->at[1];
            w->at += 2;
        }
        for (unsigned c = low; c <= high; c++) {
            set[c] = true;
        }
    }
    w->at += *w->at == ']' ? 1 : 0;
    for (unsigned c = 1; is_negated && c < 256; c++) {
        set[c] = !set[c] && c >= ' ' && c < 127;
    }
}

static char pick(const class_set set)
{
    static const char liked[] = "1aAxI:-/._ ";
    for (const char *c = liked; *c != '\0'; c++) {
        if (set[(unsigned char)*c]) {
            return *c;
        }
    }
    for (unsigned c = ' '; c < 127; c++) {
        if (set[c]) {
            return (char)c;
        }
    }
    return '\0';
}

/* How often what stands before is to be repeated; `at` behind the quantifier. */
static unsigned read_quantifier(struct walk *w)
{
    unsigned times = 1;
    char *end;
    if (*w->at == '?' || *w->at == '*') {
        times = w->is_sparse ? 0 : 1;
        w->at++;
    } else if (*w->at == '+') {
        w->at++;
    } else if (*w->at == '{' && (isdigit((unsigned char)w->at[1]) || w->at[1] == ',')) {
        times = (unsigned)strtoul(w->at + 1, &end, 10);
        if (times == 0 && !w->is_sparse) {
            times = 1;
        }
        times = times > 256 ? 256 : times;
        const char *close = strchr(w->at, '}');
        w->at = close != NULL ? close + 1 : w->at + 1;
    } else {
        return 1;
    }
    if (*w->at == '?' || *w->at == '+') {
        w->at++;
    }
    return times;
}

static void repeat(struct walk *w, size_t begin, unsigned times)
{
    size_t len = w->out->len - begin;
    if (times == 0) {
        w->out->len = begin;
    }
    for (unsigned i = 1; i < times && buf_reserve(w->out, len); i++) {
        memcpy(w->out->data + w->out->len, w->out->data + begin, len);
        w->out->len += len;
    }
}

static void walk_choice(struct walk *w);

/* Up to the `)` that closes the group we are in. */
static void skip_to_close(struct walk *w)
{
    unsigned depth = 0;
    for (; *w->at != '\0'; w->at++) {
        if (*w->at == '\\' && w->at[1] != '\0') {
            w->at++;
        } else if (*w->at == '[') {
            class_set unused = {0};
            w->at++;
            read_class(w, unused);
            w->at--;
        } else if (*w->at == '(') {
            depth++;
        } else if (*w->at == ')' && depth-- == 0) {
            return;
        }
    }
}

static const char *id_of_name(struct slice name)
{
    return name_is_trace_id(name) ? PROBE_TRACE_ID : name_is_span_id(name) ? PROBE_SPAN_ID : NULL;
}

/* After `(`. */
static void walk_group(struct walk *w)
{
    size_t begin = w->out->len;
    const char *id = NULL;
    bool is_look = false;
    if (*w->at == '?') {
        bool is_named = (w->at[1] == '<' || (w->at[1] == 'P' && w->at[2] == '<')) &&
                        strncmp(w->at, "?<=", 3) != 0 && strncmp(w->at, "?<!", 3) != 0;
        is_look = !is_named && (strchr("=!", w->at[1]) != NULL || w->at[1] == '<');
        if (is_named) {
            const char *name = strchr(w->at, '<') + 1;
            const char *close = strchr(name, '>');
            w->at = close != NULL ? close + 1 : name + strlen(name);
            id = close != NULL ? id_of_name(slice_make(name, (size_t)(close - name))) : NULL;
        } else {
            w->at++;
            while (*w->at != '\0' && (isalpha((unsigned char)*w->at) || *w->at == '-')) {
                w->at++;
            }
            if (*w->at == ')') {
                w->at++; /* (?i) */
                return;
            }
            w->at += *w->at != '\0' ? 1 : 0;
        }
    }
    if (is_look || w->depth >= GROUPS_DEPTH_MAX) {
        skip_to_close(w);
    } else {
        w->depth++;
        walk_choice(w);
        w->depth--;
    }
    w->at += *w->at == ')' ? 1 : 0;
    if (id != NULL) {
        w->out->len = begin;
        buf_append_string(w->out, id);
    }
    repeat(w, begin, read_quantifier(w));
}

static void emit(struct walk *w, char c)
{
    size_t begin = w->out->len;
    if (c != '\0') {
        buf_append(w->out, &c, 1);
    }
    repeat(w, begin, read_quantifier(w));
}

static void walk_escape(struct walk *w)
{
    char letter = *w->at;
    w->at += letter != '\0' ? 1 : 0;
    if (strchr("bBAzZGK", letter) != NULL) {
        return;
    }
    class_set set = {0};
    if (is_class_escape(letter)) {
        class_of_escape(letter, set);
        emit(w, pick(set));
    } else {
        emit(w, plain_escape(letter));
    }
}

static void walk_atom(struct walk *w)
{
    char c = *w->at++;
    class_set set = {0};
    switch (c) {
    case '(':
        walk_group(w);
        break;
    case '[':
        read_class(w, set);
        emit(w, pick(set));
        break;
    case '\\':
        walk_escape(w);
        break;
    case '.':
        emit(w, 'x');
        break;
    case '^':
    case '$':
        break;
    default:
        emit(w, c);
        break;
    }
}

/* The first branch; `at` is left at the `)` or the end. */
static void walk_choice(struct walk *w)
{
    while (*w->at != '\0' && *w->at != ')' && *w->at != '|') {
        walk_atom(w);
    }
    if (*w->at == '|') {
        skip_to_close(w);
    }
}

static const char *try_walk(struct arena *arena, const char *pattern, const struct regex *regex,
                            bool is_sparse)
{
    struct buf out;
    buf_init(&out, SAMPLE_BYTES_MAX);
    struct walk w = {.at = pattern, .out = &out, .is_sparse = is_sparse};
    walk_choice(&w);
    const char *sample = NULL;
    if (out.len > 0 && regex_is_match(regex, buf_slice(&out))) {
        sample = foreign_copy(arena, buf_slice(&out));
    }
    buf_fini(&out);
    return sample;
}

const char *regex_sample(struct arena *arena, const char *pattern)
{
    size_t len = strlen(pattern);
    char *inner = len >= 2 && pattern[0] == '/' && pattern[len - 1] == '/'
                      ? mem_string_from(slice_make(pattern + 1, len - 2))
                      : mem_string(pattern);
    struct regex *regex = regex_new(inner);
    const char *sample = NULL;
    if (regex != NULL) {
        sample = try_walk(arena, inner, regex, false);
        sample = sample != NULL ? sample : try_walk(arena, inner, regex, true);
    }
    regex_free(regex);
    free(inner);
    return sample;
}

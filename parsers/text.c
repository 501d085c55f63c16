/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/parsers.h"

#include "parsers/pairs.h"

/*
 * Text: what no other parser took. The body is the whole line, always; on top of that
 *
 * 1. A mixed line ends in key=value tokens: `… INFO checkout trace_id=… user=92041`. The
 *    longest run of such tokens that reaches the end becomes string fields. A key here begins
 *    with a letter, '_' or '@' and goes on with those, digits, '.', '/', '-'. A comma behind a value
 *    without quotes separates, it is no part of the value. A value that closes a bracket it did not
 *    open (`(trace_id=…)`, `http{a=b}:`) is punctuation around the pair, so it ends no run.
 * 2. LTSV: columns separated by tabs, two or more, each `label:value`; labels as keys above.
 *
 * The fields come on top, so whenever there is no room for them they are left out and nothing is
 * lost: text takes every line.
 */

static bool is_letter(char c)
{
    char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || c == '_' || c == '@';
}

static bool is_name(struct slice s)
{
    if (s.len == 0 || !is_letter(s.data[0])) {
        return false;
    }
    for (size_t i = 1; i < s.len; i++) {
        char c = s.data[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '.' && c != '/' && c != '-') {
            return false;
        }
    }
    return true;
}

/* No bracket is closed before it was opened. Kinds of brackets are not told apart. */
static bool is_balanced(struct slice s)
{
    size_t open = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        bool opens = c == '(' || c == '[' || c == '{';
        bool closes = c == ')' || c == ']' || c == '}';
        if (closes && open == 0) {
            return false;
        }
        open += opens;
        open -= closes;
    }
    return true;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && pair_is_blank(*p)) {
        p++;
    }
    return p;
}

static const char *skip_word(const char *p, const char *end)
{
    while (p < end && !pair_is_blank(*p)) {
        p++;
    }
    return p;
}

/* A pair as a mixed line has it; NULL if there is none at `p`. */
static const char *scan_pair(const char *p, const char *end, struct pair *pair)
{
    p = pair_scan(p, end, pair);
    if (p == NULL || pair->is_bare || !is_name(pair->key)) {
        return NULL;
    }
    if (p[-1] == '"') {
        return p;
    }
    if (pair->value.len > 0 && p < end && p[-1] == ',') {
        pair->value.len--;
    }
    return is_balanced(pair->value) ? p : NULL;
}

/* Where the run of pairs that reaches the end begins; `end` if there is none. From the left, since
 * only so it is known what stands inside quotes. */
static const char *find_run(const char *p, const char *end)
{
    const char *run = NULL;
    for (p = skip_blanks(p, end); p < end; p = skip_blanks(p, end)) {
        struct pair pair;
        const char *next = is_letter(*p) ? scan_pair(p, end, &pair) : NULL;
        if (next == NULL) {
            run = NULL;
            p = skip_word(p, end);
            continue;
        }
        run = run != NULL ? run : p;
        p = next;
    }
    return run != NULL ? run : end;
}

static bool add_run(const char *p, const char *end, struct record *record, bool *out_repeated)
{
    while (p < end) {
        struct pair pair;
        p = scan_pair(p, end, &pair);
        if (p == NULL || pair_add(&pair, false, record, out_repeated) != PARSE_OK) {
            return false;
        }
        p = skip_blanks(p, end);
    }
    return true;
}

/* True if every column is `label:value`; they are then in the table. */
static bool add_columns(struct slice line, struct record *record, bool *out_repeated)
{
    for (struct slice rest = line; rest.len > 0;) {
        const char *tab = memchr(rest.data, '\t', rest.len);
        size_t len = tab != NULL ? (size_t)(tab - rest.data) : rest.len;
        const char *colon = memchr(rest.data, ':', len);
        if (colon == NULL) {
            return false;
        }
        size_t label = (size_t)(colon - rest.data);
        struct pair pair = {
            .key = slice_make(rest.data, label),
            .value = slice_make(colon + 1, len - label - 1),
        };
        if (!is_name(pair.key) || pair_add(&pair, false, record, out_repeated) != PARSE_OK) {
            return false;
        }
        rest = slice_skip(rest, len + 1);
    }
    return true;
}

static bool add_fields(struct slice line, struct record *record)
{
    bool has_repeated = false;
    const char *end = line.data + line.len;
    bool is_done = false;
    if (memchr(line.data, '\t', line.len) != NULL) {
        is_done = add_columns(line, record, &has_repeated);
    }
    if (!is_done) {
        fields_clear(&record->fields);
        has_repeated = false;
        is_done = memchr(line.data, '=', line.len) == NULL ||
                  add_run(find_run(line.data, end), end, record, &has_repeated);
    }
    return is_done && (!has_repeated || fields_merge_repeated(&record->fields));
}

static enum parse_result parse_text(struct slice line, const struct parse_limits *limits,
                                    struct record *record)
{
    (void)limits;
    fields_clear(&record->fields);
    record->format = FORMAT_TEXT;
    record->text = line;
    struct slice trimmed = slice_trim(line);
    bool is_sane = trimmed.len > 0 && trimmed.len <= UINT32_MAX;
    if (is_sane && !add_fields(trimmed, record)) {
        fields_clear(&record->fields);
    }
    return PARSE_OK;
}

const struct parser parser_text = {
    .name = "text",
    .format = FORMAT_TEXT,
    .parse = parse_text,
};

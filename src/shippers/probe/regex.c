/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "shippers/probe/regex.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

enum { MATCH_LIMIT = 200000 };

struct regex {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
};

static char *without_slashes(const char *pattern)
{
    size_t len = strlen(pattern);
    if (len >= 2 && pattern[0] == '/' && pattern[len - 1] == '/') {
        return mem_string_from(slice_make(pattern + 1, len - 2));
    }
    return mem_string(pattern);
}

struct regex *regex_new(const char *pattern)
{
    int error;
    size_t offset;
    char *text = without_slashes(pattern);
    pcre2_code *code = pcre2_compile((const unsigned char *)text, PCRE2_ZERO_TERMINATED,
                                     PCRE2_DUPNAMES, &error, &offset, NULL);
    free(text);
    if (code == NULL) {
        return NULL;
    }
    struct regex *regex = mem_alloc(sizeof(*regex));
    regex->code = code;
    regex->match = pcre2_match_data_create_from_pattern(code, NULL);
    regex->limits = pcre2_match_context_create(NULL);
    (void)pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(regex->limits, MATCH_LIMIT);
    return regex;
}

void regex_free(struct regex *regex)
{
    if (regex != NULL) {
        pcre2_match_data_free(regex->match);
        pcre2_match_context_free(regex->limits);
        pcre2_code_free(regex->code);
        free(regex);
    }
}

static bool run(const struct regex *regex, struct slice text)
{
    return pcre2_match(regex->code, (const unsigned char *)(text.data != NULL ? text.data : ""),
                       text.len, 0, 0, regex->match, regex->limits) > 0;
}

bool regex_is_match(const struct regex *regex, struct slice text)
{
    return run(regex, text);
}

unsigned regex_named_groups(const struct regex *regex)
{
    uint32_t count = 0;
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
    return count;
}

/* One row of PCRE2's table of names: two bytes of number, then the name. */
static void add_capture(const struct regex *regex, struct arena *arena, struct slice text,
                        const unsigned char *row, struct item *map)
{
    const size_t *at = pcre2_get_ovector_pointer(regex->match);
    size_t group = ((size_t)row[0] << 8) | row[1];
    if (group >= pcre2_get_ovector_count(regex->match) || at[2 * group] == PCRE2_UNSET ||
        at[2 * group + 1] <= at[2 * group]) {
        return;
    }
    struct slice found = slice_make(text.data + at[2 * group], at[2 * group + 1] - at[2 * group]);
    item_put(arena, map, (const char *)row + 2, item_text(arena, found));
}

struct item *regex_captures(const struct regex *regex, struct arena *arena, struct slice text,
                             size_t *out_begin, size_t *out_end)
{
    uint32_t row_bytes = 0;
    const unsigned char *table = NULL;
    if (!run(regex, text)) {
        return NULL;
    }
    struct item *map = item_map(arena);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &row_bytes);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
    for (unsigned i = 0; i < regex_named_groups(regex); i++) {
        add_capture(regex, arena, text, table + (size_t)i * row_bytes, map);
    }
    const size_t *at = pcre2_get_ovector_pointer(regex->match);
    if (out_begin != NULL) {
        *out_begin = at[0];
    }
    if (out_end != NULL) {
        *out_end = at[1] >= at[0] ? at[1] : at[0];
    }
    return map;
}

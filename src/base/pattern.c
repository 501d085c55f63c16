/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include "base/mem.h"

enum {
    MATCH_LIMIT = 100000, /* steps of one search: some milliseconds at the very worst */
};

struct named_group {
    char *name;
    uint32_t number;
};

struct pattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    struct named_group *names;
    uint32_t name_count;
    char *text;
    struct pattern_limits *watch; /* NULL: nobody counts */
    const char *answer;
};

static char *describe_error(int code, size_t offset)
{
    unsigned char text[256];
    pcre2_get_error_message(code, text, sizeof(text));
    return mem_format("is not a valid pattern: %s at character %zu", (const char *)text, offset + 1);
}

static int compare_numbers(const void *a, const void *b)
{
    const struct named_group *x = a;
    const struct named_group *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Rows of the name table are two bytes of number and a NUL-terminated name. */
static void list_names(struct pattern *pattern)
{
    PCRE2_SPTR row = NULL;
    uint32_t row_len = 0;
    uint32_t count = 0;
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &count);
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &row);
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &row_len);
    pattern->names = mem_array(count + 1, sizeof(*pattern->names));
    for (; pattern->name_count < count; row += row_len) {
        struct named_group *name = &pattern->names[pattern->name_count++];
        name->number = (uint32_t)row[0] << 8 | row[1];
        name->name = mem_string((const char *)row + 2);
    }
    qsort(pattern->names, pattern->name_count, sizeof(*pattern->names), compare_numbers);
}

struct pattern *pattern_new(const char *text, char **out_error)
{
    int error;
    size_t offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                     PCRE2_NEVER_BACKSLASH_C, &error, &offset, NULL);
    if (code == NULL) {
        *out_error = describe_error(error, offset);
        return NULL;
    }
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without JIT it is slower, not wrong */
    struct pattern *pattern = mem_alloc(sizeof(*pattern));
    pattern->code = code;
    pattern->text = mem_string(text);
    pattern->match = pcre2_match_data_create_from_pattern(code, NULL);
    pattern->limits = pcre2_match_context_create(NULL);
    ENSURE(pattern->match != NULL && pattern->limits != NULL);
    (void)pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
    list_names(pattern);
    return pattern;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern == NULL) {
        return;
    }
    for (uint32_t i = 0; i < pattern->name_count; i++) {
        free(pattern->names[i].name);
    }
    free(pattern->names);
    free(pattern->text);
    pcre2_match_data_free(pattern->match);
    pcre2_match_context_free(pattern->limits);
    pcre2_code_free(pattern->code);
    free(pattern);
}

void pattern_watch(struct pattern *pattern, struct pattern_limits *limits, const char *answer)
{
    pattern->watch = limits;
    pattern->answer = answer;
}

static __attribute__((noinline, cold)) enum pattern_result give_up(const struct pattern *pattern)
{
    struct pattern_limits *limits = pattern->watch;
    if (limits != NULL) {
        limits->count++;
        if (limits->pattern == NULL) {
            limits->pattern = pattern->text;
            limits->answer = pattern->answer;
        }
    }
    return PATTERN_FAILED;
}

enum pattern_result pattern_search(const struct pattern *pattern, struct slice text, size_t from)
{
    const char *data = text.data != NULL ? text.data : "";
    int count = pcre2_match(pattern->code, (PCRE2_SPTR)data, text.len, from, 0, pattern->match,
                            pattern->limits);
    return count > 0 ? PATTERN_YES : count == PCRE2_ERROR_NOMATCH ? PATTERN_NO
                                                                      : give_up(pattern);
}

bool pattern_group(const struct pattern *pattern, struct slice text, uint32_t number,
                   struct slice *out_match)
{
    const size_t *at = pcre2_get_ovector_pointer(pattern->match);
    if (number >= pcre2_get_ovector_count(pattern->match) || at[2 * number] == PCRE2_UNSET ||
        at[2 * number] > at[2 * number + 1]) { /* \K in a look-ahead can turn them round */
        return false;
    }
    *out_match = slice_make(text.data + at[2 * number], at[2 * number + 1] - at[2 * number]);
    return true;
}

uint32_t pattern_name_count(const struct pattern *pattern)
{
    return pattern->name_count;
}

const char *pattern_name(const struct pattern *pattern, uint32_t index, uint32_t *out_number)
{
    *out_number = pattern->names[index].number;
    return pattern->names[index].name;
}

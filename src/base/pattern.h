/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_PATTERN_H
#define CLEW_BASE_PATTERN_H

/*
 * A user's pattern: PCRE2, compiled with JIT once, bounded in time when it is matched.
 *
 * Bytes are matched as bytes, whatever they are; `.` is one byte and \w is ASCII unless the pattern
 * begins with (*UTF). A match that would take more than its share of steps counts as failed, not
 * as "no".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/slice.h"

struct pattern;

/* Searches that gave up, of the patterns that are watched with it; it is told once, so the first is kept. */
struct pattern_limits {
    uint64_t count;
    const char *pattern; /* the text of the first; lives as long as it */
    const char *answer;  /* what pattern_watch() was given for it */
    bool is_told;
};

/* NULL when it is no pattern: *out_error is a sentence for behind its name ("is no pattern: … at
 * character 7"), which the caller frees. */
struct pattern *pattern_new(const char *text, char **out_error);
void pattern_free(struct pattern *pattern); /* NULL is fine */

/* Count in *limits from now on, which must outlive it, where a search gives up. `answer` is a sentence's
 * part about what is done then, and a constant. */
void pattern_watch(struct pattern *pattern, struct pattern_limits *limits, const char *answer);

enum pattern_result {
    PATTERN_NO,
    PATTERN_YES,
    PATTERN_FAILED, /* at the limit of steps, or a pattern that asks for UTF and bytes that are not */
};

/* Search `text` from byte `from` on. */
enum pattern_result pattern_search(const struct pattern *pattern, struct slice text, size_t from);

/* Of the last search that said yes: the bytes that group `number` took, with 0 for the whole match;
 * false where that group took no part. */
bool pattern_group(const struct pattern *pattern, struct slice text, uint32_t number,
                   struct slice *out_match);

/* The named groups, in the order of their numbers. */
uint32_t pattern_name_count(const struct pattern *pattern);
const char *pattern_name(const struct pattern *pattern, uint32_t index, uint32_t *out_number);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TRACE_SCAN_H
#define CLEW_RESOLVE_TRACE_SCAN_H

/*
 * What the two halves of the text scan share: the pass with the ids by position (text.c), and
 * the labels (label.c). Nobody else includes it.
 */

#include "resolve/trace/text.h"

/* One pass over one text. Offsets are into `s`; every function keeps inside of its `n` bytes. */
struct scan {
    const struct trace_text *scanner;
    const char *s;
    size_t n;
    bool is_message;
    size_t marked_until; /* labels before this place are inside a marker's brackets */
    struct trace_candidates *out;
};

static inline bool scan_is_hex(char c)
{
    char folded = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (folded >= 'a' && folded <= 'f');
}

static inline bool scan_is_word(char c)
{
    char folded = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (folded >= 'a' && folded <= 'z') || c == '_';
}

static inline bool scan_is_label(char c)
{
    return scan_is_word(c) || c == '.' || c == '-' || c == '@';
}

static inline struct slice scan_part(const struct scan *scan, size_t from, size_t to)
{
    return slice_make(scan->s + from, to - from);
}

static inline bool scan_ends_at(const struct scan *scan, size_t at, struct slice word)
{
    return at >= word.len && memcmp(scan->s + at - word.len, word.data, word.len) == 0;
}

static inline struct candidate_place scan_place(const struct scan *scan, bool is_marker)
{
    return (struct candidate_place){NO_FIELD, scan->is_message && !is_marker};
}

static inline bool scan_may_end_label(const struct trace_text *scanner, char before_last, char last)
{
    return (scanner->label_ends[before_last & 31] >> (last & 31) & 1) != 0;
}

/* The label in front of the `=` or `:` at `separator`, if it is one of ours, and its value. Returns
 * where the pass goes on. */
size_t scan_take_label(struct scan *scan, size_t separator);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_HEAD_CURSOR_H
#define CLEW_RESOLVE_HEAD_CURSOR_H

/* The small steps with which the head of a text line is read; nothing here knows a layout. */

#include <stdbool.h>
#include "base/slice.h"

struct cursor {
    const char *p;
    const char *end;
};

static inline struct slice cursor_rest(const struct cursor *c)
{
    return slice_make(c->p, (size_t)(c->end - c->p));
}

static inline bool cursor_is_at(const struct cursor *c, char wanted)
{
    return c->p < c->end && *c->p == wanted;
}

/* At an opening bracket. */
static inline bool cursor_is_at_group(const struct cursor *c)
{
    return cursor_is_at(c, '[') || cursor_is_at(c, '(') || cursor_is_at(c, '{');
}

/* At punctuation that stands behind a time. */
static inline bool cursor_is_at_mark(const struct cursor *c)
{
    return cursor_is_at(c, ':') || cursor_is_at(c, ';') || cursor_is_at(c, ',');
}

/* Over blanks, tabs and terminal colours; the last blank or tab, 0 if there was none. */
char cursor_skip_space(struct cursor *c);

/* Up to a blank, a bracket, a quote, a bar, a colon that ends a word, a comma, a colour or the end.
 * A colon inside of a token stays in it (`shop::db`, `a:b`); one that is its last does not. */
struct slice cursor_take_token(struct cursor *c);

/* What stands between the bracket at hand and its closing one. */
bool cursor_peek_group(const struct cursor *c, struct slice *out_inner);

size_t letters_len(struct slice s);
bool is_number(struct slice s);     /* digits only, at least one */
bool is_identifier(struct slice s); /* letters, digits, `_ . - $` and a letter or `_` in front */

/* A dotted or `::` name of identifiers: `c.a.shop.Cart`, `shop::db`. */
bool is_logger_name(struct slice s);

/* Spring's correlation: 32 and 16 places with a dash between, hex or blank, or nothing but blanks.
 */
bool is_correlation(struct slice s);

bool bar_follows(struct slice rest);       /* blanks, then `|` */
bool next_word_is_pair(struct slice rest); /* blanks, then `name=` */

#endif

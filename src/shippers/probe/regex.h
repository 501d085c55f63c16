/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_PROBE_REGEX_H
#define CLEW_SHIPPERS_PROBE_REGEX_H

/*
 * The regular expressions of foreign configs, run for real (PCRE2, which knows the named groups
 * `(?<name>…)` of Onigmo, Rust and Go), and a line made up that one of them matches: so that what
 * a parser does to "a line of the format it expects" can be tried instead of guessed.
 */

#include "base/arena.h"
#include "base/slice.h"
#include "shippers/probe/item.h"

struct regex; /* freed with regex_free() */

/* NULL if it is not a pattern PCRE2 knows. Slashes around it (`/…/`) are taken off. */
struct regex *regex_new(const char *pattern);
void regex_free(struct regex *regex);

/* Found anywhere in `text`? */
bool regex_is_match(const struct regex *regex, struct slice text);

/* How many named groups it has. */
unsigned regex_named_groups(const struct regex *regex);

/* The non-empty named groups of a match as a map of texts; NULL if it does not match. `out_begin`
 * and `out_end` (may be NULL) get where in `text` the match lies. */
struct item *regex_captures(const struct regex *regex, struct arena *arena, struct slice text,
                             size_t *out_begin, size_t *out_end);

/* A text that `pattern` matches, as short as is natural, with the probes' ids in groups that are
 * named after them; NULL if none was found. */
const char *regex_sample(struct arena *arena, const char *pattern);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_GLOB_H
#define CLEW_BASE_GLOB_H

/*
 * Patterns for paths: `*` and `?` (never a slash, never a leading dot), `[a-z]`, `{a,b}`, and `**`
 * as a whole component for any number of directories. A backslash takes the next character as it
 * is.
 */

#include <stdbool.h>
#include <stddef.h>

struct glob {
    char *root;        /* the directory before the first pattern, "." or "/" at least */
    char **components; /* what follows; at least one, unless the pattern was a root only */
    size_t count;
    bool is_literal;   /* no pattern in it at all */
};

struct glob_list {
    struct glob *items;
    size_t count;
};

/* Adds the globs of one pattern to the list (several for `{a,b}`); false if there would be more than
 * GLOBS_MAX. */
enum { GLOBS_MAX = 1024 };
bool glob_list_add(struct glob_list *list, const char *pattern);
void glob_list_fini(struct glob_list *list);

bool glob_is_any_depth(const char *component); /* `**` */

/* One component against one name. */
bool glob_matches_name(const char *component, const char *name);

/* A whole path against any of the list. A pattern without a slash is compared with the last
 * component only, so that `*.gz` excludes what one expects. */
bool glob_list_matches(const struct glob_list *list, const char *path);

#endif

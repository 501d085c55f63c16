/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_DIAG_H
#define CLEW_BASE_DIAG_H

/*
 * What is wrong with something the user wrote: a list of sentences, each with its place.
 *
 * Readers of configs add to it and go on, so that one run shows every mistake. Printed as
 * `file:line:column: error: sentence`, the form editors understand.
 */

#include <stdbool.h>
#include <stdio.h>

enum diag_level {
    DIAG_WARNING,
    DIAG_ERROR,
};

/* Where in a text. `line` and `column` count from 1; 0 is "not known". */
struct diag_place {
    const char *file; /* borrowed; NULL is "not from a file" */
    unsigned line;
    unsigned column;
};

struct diag_entry {
    enum diag_level level;
    char *file;
    unsigned line;
    unsigned column;
    char *text;
};

struct diag {
    struct diag_entry *entries;
    size_t count;
    size_t errors;
};

void diag_init(struct diag *diag);
void diag_fini(struct diag *diag);

/* A sentence that says what is wrong and, where it can, what to do; no newline at its end. */
void diag_add(struct diag *diag, enum diag_level level, struct diag_place place,
              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Entries of the same file in the order of their places; files stay in the order they came. */
void diag_sort(struct diag *diag);

void diag_print(const struct diag *diag, FILE *out);

/* The name among `names` (NULL at the end) that is nearest to a misspelt one; NULL if none is near
 * enough to be what was meant. */
const char *diag_nearest(const char *misspelt, const char *const *names);

#endif

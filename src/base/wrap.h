/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_WRAP_H
#define CLEW_BASE_WRAP_H

/* Text for people, broken between words. Widths are bytes: help texts are ASCII, but for a few. */

#include <stddef.h>
#include <stdio.h>

/* How much of `text` stands on its next line of at most `width`; more only for a longer word. */
size_t wrap_line(const char *text, size_t width);

/* Print `text` in lines of at most `columns`, each begun with `indent` blanks and `lead`. */
void wrap_print(FILE *out, const char *text, unsigned indent, const char *lead, unsigned columns);

#endif

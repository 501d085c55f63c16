/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_SHOWN_H
#define CLEW_BASE_SHOWN_H

/*
 * The one way for foreign bytes to a terminal: log lines, names of files and pods, values of configs,
 * answers of backends.
 *
 * A terminal obeys what it is sent: titles, colours, the clipboard, keys pressed as if by its user. So
 * whatever is no printable character is shown as `\xNN`, byte by byte: control characters, those of
 * U+0080 to U+009F too, the marks that turn the direction of what follows or break a line (U+061C, U+200E,
 * U+200F, U+2028 to U+202E, U+2066 to U+2069), and bytes that are no UTF-8.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include "base/slice.h"

/* How many bytes the character at `text` takes, 1 to 4, if it may be shown as it is; 0: it may not. */
size_t shown_len(const char *text, size_t len);

/*
 * printf(3) to `out`, but that of the arguments only what may be shown is written as it is. The format is
 * ours: its line ends, tabs and colours stay. A line end in an argument is written `\n`.
 */
void shown_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void shown_print_list(FILE *out, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* The text, as an argument above. */
void shown_put(FILE *out, struct slice text);

/* A text of JSON, of which the strings may hold such characters: they become `\uNNNN`, so that it is
 * still the same JSON. */
void shown_put_json(FILE *out, struct slice json);

#endif

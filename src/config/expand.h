/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_EXPAND_H
#define CLEW_CONFIG_EXPAND_H

/*
 * Environment variables in a value:
 *
 *     ${VAR}            its value; an error if it is not set
 *     ${VAR:-default}   the default if it is not set or empty
 *     ${VAR:?message}   an error with the message if it is not set or empty
 *     $$                a dollar sign
 *
 * Any other `$` is itself, so patterns such as `^a$` need no escape. Values are expanded after YAML
 * has been read: what a variable holds is text, never structure, and is not expanded again.
 */

#include <stdbool.h>
#include "base/buf.h"
#include "base/slice.h"

/* The value of a variable in `environ` (as environ(7)), NULL if it is not set. Borrowed. */
const char *expand_variable(char *const *environ, struct slice name);

/* Append the expanded `text` to `out`. False: *out_error is a sentence that the caller frees. */
bool expand(struct slice text, char *const *environ, struct buf *out, char **out_error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_YAML_TEXT_H
#define CLEW_CONFIG_YAML_TEXT_H

/* Scalars of YAML, written so that clew's own reader (and any other) reads the same text back. */

#include <stdio.h>

/* A value: `$` is doubled where the reader would see a variable. */
void yaml_print_text(FILE *out, const char *text);
void yaml_print_quoted(FILE *out, const char *text); /* … in quotes in any case */

/* A key: keys are not expanded. */
void yaml_print_key(FILE *out, const char *key);

#endif

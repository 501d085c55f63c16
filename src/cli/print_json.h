/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_PRINT_JSON_H
#define CLEW_CLI_PRINT_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

/* A line of JSON, or several with `flags` of json_dumps(3): ASCII only, so that nothing in its strings
 * speaks to a terminal. */
void cli_print_json(const json_t *json, size_t flags, FILE *out);

/* A text of somebody else's, a path or a name, for `o` of json_pack(3): a byte that is no UTF-8 is
 * U+FFFD, so that no report is missing for it. NULL becomes null. */
json_t *cli_json_text(const char *text);

#endif

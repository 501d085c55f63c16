/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_MANUAL_H
#define CLEW_CLI_MANUAL_H

/* Man pages (man(7)) and completions of shells, made from the tables that --help is made from, so that
 * they cannot say anything else. */

#include <stdio.h>
#include "cli/cli.h"

void manual_print_program(FILE *out);                                /* clew(1) */
void manual_print_command(const struct command *command, FILE *out); /* clew-NAME(1) */
void manual_print_config(FILE *out);                                 /* clew.yaml(5) */

enum completion_shell {
    COMPLETION_BASH,
    COMPLETION_ZSH,
    COMPLETION_FISH,
};

void completion_print(enum completion_shell shell, FILE *out);

#endif

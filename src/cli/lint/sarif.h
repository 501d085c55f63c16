/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_LINT_SARIF_H
#define CLEW_CLI_LINT_SARIF_H

/* The findings as SARIF 2.1.0, the form in which a code host shows them beside the line. */

#include <stdio.h>

struct lint;

void lint_print_sarif(struct lint *lint, FILE *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_SETS_H
#define CLEW_CONFIG_SETS_H

/*
 * What the command line changes in a tree before it is read.
 *
 *     --set outputs.0.timeout=5s       places in a list count from 0; the one behind the last adds
 *     --set outputs.timeout=5s         the only one (or a first one) needs no number
 *     --set resource.host.name=a       what stands behind the name of a map is its key, dots and
 * all
 *     --set inputs.include='[a, b]'    a value that begins with [ or { is YAML, any other is text
 */

#include "config/tree.h"

void sets_apply(struct tree *tree, const char *assignment, struct diag *diag);

/* Files named on the command line, and `-` for standard input, take the place of all inputs; what the
 * first of these says of `envelope`, `format` and `multiline` holds for them. */
void sets_use_paths(struct tree *tree, const char *const *paths);

#endif

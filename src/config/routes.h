/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_ROUTES_H
#define CLEW_CONFIG_ROUTES_H

/* What concerns routes together with inputs and outputs. */

#include <stdbool.h>
#include "config/tree.h"
#include "record/settings.h"

enum { ROUTES_MAX = 64 };

/* Name the routes without a name, and say what is wrong with them, each at its place in the tree that
 * they were read from. After inputs and outputs have their names. Without `has_own_inputs` the command
 * line has put others in the place of the config's: what routes say of those is not held against them. */
void routes_settle(struct settings *settings, const struct node *root, bool has_own_inputs,
                   struct diag *diag);

#endif

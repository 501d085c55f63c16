/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_ROUTES_H
#define CLEW_CONFIG_ROUTES_H

/* What concerns routes together with inputs and outputs. */

#include "config/tree.h"
#include "core/settings.h"

enum { ROUTES_MAX = 64 };

/* Name the routes without a name, and say what is wrong with them, each at its place in the tree that
 * they were read from. After inputs and outputs have their names. */
void routes_settle(struct settings *settings, const struct node *root, struct diag *diag);

#endif

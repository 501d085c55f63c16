/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_INPUT_TYPES_H
#define CLEW_CONFIG_INPUT_TYPES_H

/* Which options belong to which type of input. */

#include "base/diag.h"
#include "config/option.h"
#include "config/tree.h"
#include "record/settings.h"

extern const char *const input_type_names[]; /* NULL at the end */

/* An option that is written for an input of another type than its own says something that would not
 * be done: an error, at its place, unless it says what would be so in any case. `options` are those
 * of an input, `root` is the tree that was read. */
void input_types_settle(const struct settings *settings, const struct option *options,
                        const struct node *root, struct diag *diag);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_MULTILINE_OPTIONS_H
#define CLEW_CONFIG_MULTILINE_OPTIONS_H

/* The options for records of several lines: tables for config/options.c, and their checks. */

#include "config/option.h"
#include "config/tree.h"
#include "record/settings.h"

extern const struct option multiline_options[];      /* of an input */
extern const struct option multiline_rule_options[]; /* of a rule set of the config's own */

char *check_multiline_rule(const void *section);

/* What concerns several sections: that the rule sets an input names are there, and that each has a
 * name of its own. `root` is the tree that was read, for the places. */
void multiline_settle(const struct settings *settings, const struct node *root, struct diag *diag);

#endif

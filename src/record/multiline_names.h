/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_MULTILINE_NAMES_H
#define CLEW_RECORD_MULTILINE_NAMES_H

/* What the config and the machine of parsers/multiline_rules.h both have to know of rule sets. */

#include "record/settings.h"

#define MULTILINE_ALL   "all"   /* stands for every built-in rule set */
#define MULTILINE_START "start" /* the state in which no record has begun */

enum {
    MULTILINE_STATES_MAX = 64,    /* of all rule sets of an input together: a bit each */
    MULTILINE_OWN_STATES_MAX = 20, /* of those of the config's own among them */
};

/* Of one of the config's own: by start, continuation and end it is within a record or behind it. */
static inline size_t multiline_rule_states(const struct multiline_rule_settings *rule)
{
    return rule->step_count > 0 ? rule->step_count : 2;
}

/* "java", …; NULL at the end. */
extern const char *const multiline_builtin_names[];

#endif

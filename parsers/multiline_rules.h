/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_MULTILINE_RULES_H
#define CLEW_PARSERS_MULTILINE_RULES_H

/*
 * The rules by which lines are joined: one little machine of states for each chosen rule set, the
 * built-in ones and the config's own.
 *
 * All of them watch the same lines. A machine that has begun takes, of its rules for the state it
 * is in, the first one that the line meets, and is out of it when there is none. A record goes on
 * as long as any machine is in it.
 *
 * A line may be taken for certain or only maybe: a blank line behind a Python traceback is part of
 * it if "During handling of …" follows, and is a line of its own if not. Lines taken maybe belong to
 * the record once a later one is taken for certain.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"
#include "record/settings.h"

struct multiline_rules;

/* The rules that the input names, NULL if it names none. Whatever is wrong in a name or pattern was
 * said when the config was read; here it ends the process. The settings must outlive it. */
struct multiline_rules *multiline_rules_new(const struct settings *settings,
                                            const struct input_settings *input);
void multiline_rules_free(struct multiline_rules *rules); /* NULL is fine */

/* The machines that are in a record, and where: a bit a state. 0: none. */
typedef uint64_t multiline_states;

/*
 * The states after a line with which a record may begin. With `at_begin`, of a line that is held
 * against the record before it: nothing may stand before the trace in it; *out_maybe tells that it
 * takes a further line to be certain. */
multiline_states multiline_rules_start(const struct multiline_rules *rules, struct slice line,
                                       bool at_begin, bool *out_maybe);

/* The states after one more line, 0 if it does not belong to the record. */
multiline_states multiline_rules_next(const struct multiline_rules *rules, multiline_states states,
                                      struct slice line, bool *out_maybe);

/* Could any line belong to the record still? */
bool multiline_rules_may_go_on(const struct multiline_rules *rules, multiline_states states);

#endif

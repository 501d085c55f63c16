/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_HEAD_H
#define CLEW_RESOLVE_HEAD_H

/*
 * The head of a text line: what stands before the message in the usual layouts.
 *
 * Only the head counts. A level in prose ("no error found") is no level, so a level must stand
 * where layouts put it, in the form they give it; docs/fields.md has the rule. Terminal colours
 * between the parts are passed over.
 */

#include "resolve/head_forms.h"

void head_read(struct slice line, const struct timestamp_env *env, struct head *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_VECTOR_LINT_LUA_H
#define CLEW_SHIPPERS_VECTOR_LINT_LUA_H

/* What a Lua transform of Vector takes out of a record. */

#include "shippers/probe/trail.h"

/* Changes `record` as `program` does; false if that cannot be told, and then `record` is as it came
 * or less. */
bool vector_lua(struct arena *arena, const char *program, struct item *record);

#endif

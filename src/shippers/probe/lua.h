/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_PROBE_LUA_H
#define CLEW_SHIPPERS_PROBE_LUA_H

/*
 * What a Lua callback of Fluent Bit, `function f(tag, timestamp, record)`, gives back: by pattern,
 * not by running it. Every `return code, time, what` of the function is one outcome. The record
 * itself is kept, less the keys set to nil; a table built anew has what the function reads of the
 * record, or all of it where it loops over it or hands it on whole.
 */

#include "shippers/probe/trail.h"

enum lua_outcome_kind {
    LUA_SAME,    /* the record itself */
    LUA_NEW,     /* a table built anew */
    LUA_UNKNOWN, /* cannot be followed */
};

struct lua_outcome {
    enum lua_outcome_kind kind;
    unsigned line;       /* of the statement, counted from 1 */
    unsigned table_line; /* of where the new table is made; 0: at the return */
    bool is_conditional; /* of the function's outcomes others keep the record */
    bool is_by_name; /* keys are removed by a name that is computed, as a condition on it says */
    struct item *record; /* what is given back */
};

enum { LUA_OUTCOMES_MAX = 16 };

/* The outcomes for this record; 0: the function is not there, or only ever drops records. Sets
 * *out_is_found. Removals (`record["k"] = nil`) are in the outcomes' records. */
size_t lua_outcomes(struct arena *arena, struct slice script, const char *call,
                    const struct item *record, struct lua_outcome out[LUA_OUTCOMES_MAX],
                    bool *out_is_found);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_PROBE_VRL_FUNCTIONS_H
#define CLEW_SHIPPERS_PROBE_VRL_FUNCTIONS_H

/* The functions and operators of VRL on values alone. NULL is null. */

#include "shippers/probe/item.h"

enum vrl_truth {
    VRL_FALSE,
    VRL_TRUE,
    VRL_UNKNOWN,
};

struct item *vrl_unknown(struct arena *arena);
struct item *vrl_bool(struct arena *arena, bool is_true);
enum vrl_truth vrl_truth(const struct item *item);

struct item *vrl_merge(struct arena *arena, const struct item *to, const struct item *from);
struct item *vrl_operate(struct arena *arena, const char *op, struct item *left,
                         struct item *right);

/* A function that is not known gives back its first argument. *out_error: it would have failed. */
struct item *vrl_call(struct arena *arena, const char *name, struct item *const *arguments,
                      size_t count, bool *out_error);

#endif

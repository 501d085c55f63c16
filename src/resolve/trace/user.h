/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TRACE_USER_H
#define CLEW_RESOLVE_TRACE_USER_H

/*
 * What the config adds to the trace conventions: names of members, and patterns for text lines.
 *
 * A name is compared in canonical form, like those of clew's own table. `my.req.trace` is found as
 * a flat member of that name (my_req_trace too) and as a member of nested objects, at any split.
 */

#include "record/fields.h"
#include "record/keys.h"
#include "record/settings.h"
#include "resolve/trace/candidates.h"

struct trace_user;

/* NULL when the config adds nothing, or when a pattern is wrong: then *out_error is a sentence that
 * the caller frees. Everything is copied. */
struct trace_user *trace_user_new(const struct trace_settings *settings, char **out_error);
void trace_user_free(struct trace_user *user); /* NULL is fine */

/* What a member's name means to the config: KEY_ROLE_TRACE_ID, _SPAN_ID, _FLAGS, or _NONE. */
enum key_role trace_user_role(const struct trace_user *user, struct slice name);

struct user_hit {
    enum key_role role;
    uint32_t field;
    bool is_nested;
};

#define USER_HITS_MAX 16

/* The members the config names, flat and nested; their number, at most USER_HITS_MAX. */
size_t trace_user_find(const struct trace_user *user, const struct fields *fields,
                       struct user_hit out[USER_HITS_MAX]);

bool trace_user_has_patterns(const struct trace_user *user); /* false for NULL */

/* Try the patterns in order until one matches, and add what its groups caught. */
void trace_user_match(struct trace_user *user, struct slice text, unsigned options,
                      struct trace_candidates *out);

#endif

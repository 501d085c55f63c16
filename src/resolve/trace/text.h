/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TRACE_TEXT_H
#define CLEW_RESOLVE_TRACE_TEXT_H

/*
 * Trace context inside free text: one pass, no regular expression.
 *
 * Knows the labels of the key table (`trace_id=…`, `"dd.trace_id":"…"`, `:span_id=>"…"`), the
 * markers (NR-LINKING, X-Ray, SkyWalking, sqlcommenter, `[!dt …]`, `[opentelemetry …]`), and ids by
 * position in brackets (Spring, Sleuth, Brave). An unlabelled 32-digit id is only reported.
 */

#include "record/keys.h"
#include "resolve/trace/candidates.h"
#include "resolve/trace/user.h"

struct trace_text {
    struct key_cache *keys;        /* clew's own table; not owned */
    const struct trace_user *user; /* not owned; may be NULL */
    unsigned options;              /* enum id_option */
    uint32_t label_ends[32];       /* which pairs of last letters a label may have */
};

/* `keys` and `user` must outlive it. */
void trace_text_init(struct trace_text *text, struct key_cache *keys, const struct trace_user *user,
                     unsigned options);

/* What the forms of `text` say, added to `out`. `is_message`: the text is the message of a
 * structured line, where a label is no more than a mention. */
void trace_text_scan(struct trace_text *scanner, struct slice text, bool is_message,
                     struct trace_candidates *out);

#endif

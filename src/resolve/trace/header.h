/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TRACE_HEADER_H
#define CLEW_RESOLVE_TRACE_HEADER_H

/*
 * Composed values: one text that holds a trace id, a span id and flags, mostly a propagation header
 * that was copied into a log. Each reader sets what it finds in `out`, whose parts must be
 * TRACE_ABSENT and FLAGS_NONE before; none of them fails.
 */

#include "resolve/trace/normalise.h"

/* 00-<32>-<16>-<2>, a higher version may have more behind it. */
bool header_is_traceparent(struct slice text);
void header_read_traceparent(struct slice text, struct context_value *out); /* of that shape */

/* Any other text under a traceparent's name: what is wrong with it. */
void header_judge_traceparent(struct slice text, struct id_value *trace);

/* Root=1-…;Parent=…;Sampled=1, 1-…-…@segment, or a root alone. */
bool header_is_xray(struct slice text);
void header_read_xray(struct slice text, unsigned options, struct context_value *out);

/* b3 and sentry-trace: T-S-sampled, and b3's lone sampling decision. */
void header_read_dashed(struct slice text, unsigned options, struct context_value *out);

/* uber-trace-id: T:S:parent:flags */
void header_read_uber(struct slice text, struct context_value *out);

/* X-Cloud-Trace-Context: T/S;o=1, S in decimal */
void header_read_cloud(struct slice text, unsigned options, struct context_value *out);

/* NR-LINKING|guid|host|T|S|name| */
void header_read_nr_linking(struct slice text, unsigned options, struct context_value *out);

/* SkyWalking's id or context: never 128 bits, so only "none" or "some" can be told. */
bool header_is_skywalking(struct slice text); /* can be nothing else */
void header_read_skywalking(struct slice text, struct context_value *out);

#endif

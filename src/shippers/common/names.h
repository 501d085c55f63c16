/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_COMMON_NAMES_H
#define CLEW_SHIPPERS_COMMON_NAMES_H

/* The names under which applications and backends keep ids: trace_id, traceId, trace.id, TraceID,
 * dd.trace_id, X-B3-TraceId, @tr, logging.googleapis.com/trace, traceparent, … */

#include <stdbool.h>
#include "base/slice.h"

bool name_is_trace_id(struct slice name);
bool name_is_span_id(struct slice name);

#endif

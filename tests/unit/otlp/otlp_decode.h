/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_OTLP_DECODE_H
#define CLEW_TESTS_OTLP_DECODE_H

/*
 * A reader of ExportLogsServiceRequest bytes that shares nothing with the encoder: a generic walker
 * of the protobuf wire format and the field numbers as opentelemetry-proto has them. It prints what
 * it finds as text, so that a case is a string:
 *
 *     resource{service.name=s"cart"} scope{clew} 1=t5 9=sev "WARN" …
 *
 * AnyValue: null `n`, bool `T` `F`, int `i-5`, double `d0.5`, string `s"…"`, bytes `b"…"` (hex),
 * array `[a,b]`, kvlist `{k=v,…}`. Anything that breaks a rule prints `!` and a reason, and is what
 * a test then shows.
 */

#include "base/buf.h"

/* A whole request, one line a resource, scope and record. */
void otlp_decode_request(struct slice bytes, struct buf *out);

#endif

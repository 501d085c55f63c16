/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_WRITE_JSON_H
#define CLEW_OTLP_WRITE_JSON_H

/*
 * A decoded request as one line of OTLP/JSON, `{"resourceLogs":[…]}`, the shape in which the
 * OpenTelemetry Collector's file exporter writes: 64-bit integers as decimal strings, ids as lower
 * case hex, enums as integers, bytes as base64. Members with their default value are left out.
 */

#include <stdbool.h>
#include "base/buf.h"

struct Otlp__ExportLogsServiceRequest;

/* Appends the line with its newline; false, and may have written a part, at out->limit. */
bool write_request(struct buf *out, const struct Otlp__ExportLogsServiceRequest *request);

#endif

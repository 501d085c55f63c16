/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_OTLP_LINE_H
#define CLEW_RESOLVE_OTLP_LINE_H

/*
 * A line that is OTLP/JSON itself (`{"resourceLogs":[…]}`, as OpenTelemetry's file exporters
 * write).
 *
 * Such exporters write one request a line and mostly one log record a request; the record's values
 * are those of the first. All of it stays in the field table.
 */

#include <stdbool.h>
#include "record/record.h"

/* Severity, time, body, service, namespace and logger (the scope's name). False if the line is not
 * OTLP/JSON; the record is then as it was. */
bool otlp_line_read(struct record *record);

#endif

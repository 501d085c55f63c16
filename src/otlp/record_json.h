/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_RECORD_JSON_H
#define CLEW_OTLP_RECORD_JSON_H

/*
 * One record as JSON, for `clew parse`: an OTLP/JSON LogRecord with two members more.
 *
 *     {"timeUnixNano":"…","observedTimeUnixNano":"…","severityNumber":9,"severityText":"info",
 *      "body":{…},"attributes":[…],"droppedAttributesCount":1,"flags":1,"traceId":"…","spanId":"…",
 *      "resource":{"attributes":[…]},
 *      "clew":{"format":"json","trace_class":"ok","also":["unsampled"]}}
 *
 * What is not known is left out. The attributes are those that the OTLP encoder ships: the fields
 * of the line that were not moved or removed, then those of record/extra_attributes.h. Not the hot
 * path.
 */

#include <stdbool.h>
#include "base/buf.h"
#include "record/record.h"
#include "record/settings.h"

/* Appends the object, without newline. False, and may have written a part, at out->limit. */
bool otlp_json_write_record(const struct record *record, const struct settings *settings,
                            struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_PLAIN_JSON_H
#define CLEW_CLI_PLAIN_JSON_H

/*
 * A record for people: its attributes as plain JSON, and with a `$` what it has of its own.
 *
 *     {"path":"/cart","user":{"id":7},"$severity":9,"$severity_text":"info","$body":"paid",
 *      "$trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","$service":"shop"}
 *
 * Without times and without what clew adds of the file. Bytes that are not UTF-8 are U+FFFD. Not for
 * machines: otlp/record_json.h is.
 */

#include <stdbool.h>
#include "base/buf.h"
#include "record/record.h"

/* Appends the object, without newline. False, and may have written a part, at out->limit. */
bool plain_json_write_record(const struct record *record, struct buf *out);

#endif

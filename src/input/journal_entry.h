/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_JOURNAL_ENTRY_H
#define CLEW_INPUT_JOURNAL_ENTRY_H

/*
 * An entry of a systemd journal as a line: one JSON object of its fields, as `journalctl -o json`
 * writes it, for the parsers know that form. Fields that the semantic conventions have a name for
 * have that one; see docs/inputs.md. Bytes that are no UTF-8 stay what they are.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

/* Begin with the time (microseconds since 1970) and the message (data NULL: there is none), then add
 * fields as the journal has them (`NAME=value`), then end. What would pass line->limit is left out,
 * of a message its end: then false. */
bool journal_entry_begin(struct buf *line, uint64_t realtime_us, struct slice message);
bool journal_entry_add(struct buf *line, struct slice field);
void journal_entry_end(struct buf *line);

#endif

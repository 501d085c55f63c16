/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_JOURNAL_MESSAGE_H
#define CLEW_PARSERS_JOURNAL_MESSAGE_H

/*
 * An entry of a journal is two lines in one: the entry itself, a JSON object of its fields
 * (input/journal_entry.h), and what a program has written, in the member MESSAGE. Where that is a JSON
 * object or key=value, it is read as the same line in a file would be, and the other fields of the entry
 * stand behind its own; a name that both have gets an array of both values, as it does where a line
 * repeats a name. Otherwise MESSAGE stays a text among the fields of the entry, and becomes the body.
 */

#include "record/parser.h"
#include "record/settings.h"

/* `entry` is the room for the entry's fields, used again for each, of the same count_max as the record's.
 * On any result but PARSE_OK the record is as it was. */
enum parse_result journal_message_parse(struct slice line, enum parse_format format,
                                        const struct parse_limits *limits, struct fields *entry,
                                        struct record *record);

/* The name of the unit, without `.service` and an instance, where it is a service; else empty. */
struct slice journal_message_unit(struct fields *fields);

#endif

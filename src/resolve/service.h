/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_SERVICE_H
#define CLEW_RESOLVE_SERVICE_H

/*
 * Who wrote a line: service.name, service.namespace and the logger. docs/fields.md has the order of
 * the keys.
 */

#include "record/record.h"
#include "record/shape_answers.h"

/* A name that says "nobody set one": empty, `-`, `service_undefined`, `unknown_service…`. */
bool service_is_placeholder(struct slice name);

/* service_from_fields() for a line whose names tell where service and logger are; false, with the
 * record as it was, where what is there is not simply a name. */
bool service_from_answers(const struct fields *fields, const struct shape_answers *answers,
                          struct record *record);

/* Sets the record's service, service_namespace and logger from the members of its line, each where
 * they tell one. */
void service_from_fields(const struct hits *hits, struct record *record);

/*
 * A service that a text line names by a label anywhere in it: `[… resource.service.name=orders …]`,
 * `"dd.service":"shop"`, or New Relic's ` NR-LINKING|…|Shop|`. Sets record->service if it finds
 * one.
 */
void service_from_text(struct key_cache *cache, struct slice text, struct record *record);

#endif

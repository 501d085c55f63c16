/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_TIME_TIMESTAMP_FIELDS_H
#define CLEW_RESOLVE_TIME_TIMESTAMP_FIELDS_H

#include "record/hits.h"
#include "resolve/time/timestamp.h"

/* The time of a record from the members of its line: the first, in the order of enum key_id, that
 * is one. False if none is. */
bool timestamp_from_fields(const struct hits *hits, const struct timestamp_env *env,
                           struct timestamp *out);

#endif

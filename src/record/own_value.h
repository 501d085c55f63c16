/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_OWN_VALUE_H
#define CLEW_RECORD_OWN_VALUE_H

/*
 * What a record has beside the fields of its line, by name: `$trace_id`, `$severity`, `$body`, …
 *
 * A config that means one of these writes its `$`; a name without is always a field of the line. So
 * no filter touches an id, the severity, the time, the body or the resource by accident.
 */

#include <stdbool.h>
#include "base/slice.h"

enum own_value {
    OWN_NONE, /* a field of the line */
    OWN_TRACE_ID,
    OWN_SPAN_ID,
    OWN_TRACE_FLAGS,
    OWN_TIME,
    OWN_OBSERVED_TIME,
    OWN_SEVERITY,
    OWN_SEVERITY_TEXT,
    OWN_BODY,
    OWN_SERVICE,
    OWN_SERVICE_NAMESPACE,
    OWN_LOGGER,
    OWN_FORMAT,
    OWN_TRACE_CLASS,
    OWN_IOSTREAM,
    OWN_PATH,
    OWN_INPUT,
    OWN_LINE,
    OWN_RESOURCE, /* $resource.NAME: an attribute of the resource, but service.name */
    OWN_VALUES,
};

/* Which one `name` (with its `$`) is. OWN_VALUES: it has a `$`, but there is none of that name. */
enum own_value own_value_find(struct slice name);

/* What stands behind `$resource.`. */
struct slice own_value_resource_key(struct slice name);

/* May a filter give it another value, or take it away? */
bool own_value_is_writable(enum own_value own);

/* `trace_id`, without the `$`; NULL for OWN_NONE and OWN_RESOURCE. */
const char *own_value_name(enum own_value own);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_FILTER_COUNT_H
#define CLEW_RECORD_FILTER_COUNT_H

#include <stdint.h>
#include "base/pattern.h"

/* What one filter of the config did. Names come from the config, so there are only so many. */
struct filter_count {
    const char *name;     /* `route/name`, or `name` in the config's own chain; printable, no
                             quote and no backslash */
    uint64_t dropped;     /* records */
    uint64_t errors;      /* records that it could not treat and left as they were */
    uint64_t ids_removed; /* records that had a trace id before it and none behind it */
    struct pattern_limits limits; /* of its own patterns and those of its condition */
};

#endif

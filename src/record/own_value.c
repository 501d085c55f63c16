/* SPDX-License-Identifier: Apache-2.0 */
#include "record/own_value.h"

static const struct {
    const char *name;
    bool is_writable;
} table[OWN_VALUES] = {
    [OWN_TRACE_ID] = {"trace_id", true},
    [OWN_SPAN_ID] = {"span_id", true},
    [OWN_TRACE_FLAGS] = {"trace_flags", true},
    [OWN_TIME] = {"time", true},
    [OWN_OBSERVED_TIME] = {"observed_time", false},
    [OWN_SEVERITY] = {"severity", true},
    [OWN_SEVERITY_TEXT] = {"severity_text", true},
    [OWN_BODY] = {"body", true},
    [OWN_SERVICE] = {"service", true},
    [OWN_SERVICE_NAMESPACE] = {"service_namespace", true},
    [OWN_LOGGER] = {"logger", false},
    [OWN_FORMAT] = {"format", false},
    [OWN_TRACE_CLASS] = {"trace_class", false},
    [OWN_IOSTREAM] = {"iostream", false},
    [OWN_PATH] = {"path", false},
    [OWN_INPUT] = {"input", false},
    [OWN_LINE] = {"line", false},
};

#define RESOURCE SLICE("$resource.")

enum own_value own_value_find(struct slice name)
{
    if (name.len == 0 || name.data[0] != '$') {
        return OWN_NONE;
    }
    if (slice_has_prefix(name, RESOURCE)) {
        return name.len > RESOURCE.len ? OWN_RESOURCE : OWN_VALUES;
    }
    for (enum own_value own = 0; own < OWN_VALUES; own++) {
        if (slice_is_equal(slice_from_string(table[own].name), slice_skip(name, 1)) &&
            name.len > 1) {
            return own;
        }
    }
    return OWN_VALUES;
}

struct slice own_value_resource_key(struct slice name)
{
    return slice_skip(name, RESOURCE.len);
}

bool own_value_is_writable(enum own_value own)
{
    return table[own].is_writable;
}

const char *own_value_name(enum own_value own)
{
    return table[own].name;
}

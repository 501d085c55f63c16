/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/common/names.h"

#include <ctype.h>

enum { NAME_BYTES_MAX = 64 };

/* Letters and digits only, small: `X-B3-TraceId` is xb3traceid. */
static struct slice squeeze(struct slice name, char out[NAME_BYTES_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < NAME_BYTES_MAX; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (isalnum(c) || c == '@') {
            out[len++] = (char)tolower(c);
        }
    }
    return slice_make(out, len);
}

static bool has_suffix(struct slice s, const char *suffix)
{
    struct slice end = slice_from_string(suffix);
    return s.len >= end.len && memcmp(s.data + s.len - end.len, end.data, end.len) == 0;
}

bool name_is_trace_id(struct slice name)
{
    char squeezed[NAME_BYTES_MAX];
    struct slice s = squeeze(name, squeezed);
    return has_suffix(s, "traceid") || has_suffix(s, "traceparent") ||
           has_suffix(s, "googleapiscomtrace") || slice_is_equal(s, SLICE("@tr"));
}

bool name_is_span_id(struct slice name)
{
    char squeezed[NAME_BYTES_MAX];
    struct slice s = squeeze(name, squeezed);
    return has_suffix(s, "spanid") || slice_is_equal(s, SLICE("@sp"));
}

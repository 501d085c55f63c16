/* SPDX-License-Identifier: Apache-2.0 */
#include "filters/edit.h"

static const struct slice nothing = {NULL, 0};

void edit_remove_own(struct record *record, enum own_value own)
{
    switch (own) {
    case OWN_TRACE_ID:
        record->has_trace_id = false;
        break;
    case OWN_SPAN_ID:
        record->has_span_id = false;
        break;
    case OWN_TRACE_FLAGS:
        record->has_flags = false;
        break;
    case OWN_TIME:
        record->time_ns = 0;
        record->time_zone_assumed = false;
        break;
    case OWN_SEVERITY:
        record->severity_number = 0;
        break;
    case OWN_SEVERITY_TEXT:
        record->severity_text = nothing;
        break;
    case OWN_BODY:
        record->has_body_text = false;
        record->body_field = NO_FIELD;
        break;
    case OWN_SERVICE:
        record->service = nothing;
        break;
    case OWN_SERVICE_NAMESPACE:
        record->service_namespace = nothing;
        break;
    default:
        break;
    }
}

void edit_remove(struct record *record, const struct name *name)
{
    if (name->own != OWN_NONE) {
        edit_remove_own(record, name->own);
        return;
    }
    uint32_t index = name_find(name, &record->fields);
    if (index != NO_FIELD) {
        record->fields.items[index].flags |= FIELD_REMOVED;
    }
}

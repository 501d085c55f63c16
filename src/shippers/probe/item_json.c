/* SPDX-License-Identifier: Apache-2.0 */

/* JSON to values, by jansson. */

#include "shippers/probe/item.h"

#include <jansson.h>

static struct item *convert(struct arena *arena, json_t *json, unsigned depth);

static struct item *collection(struct arena *arena, json_t *json, unsigned depth)
{
    struct item *value = item_map(arena);
    const char *key;
    json_t *item;
    size_t i;
    if (depth >= ITEM_DEPTH_MAX) {
        return value;
    }
    json_object_foreach(json, key, item) {
        item_add(arena, value, key, convert(arena, item, depth + 1));
    }
    if (json_is_array(json)) {
        value->kind = ITEM_LIST;
        json_array_foreach(json, i, item) {
            item_add(arena, value, "", convert(arena, item, depth + 1));
        }
    }
    return value;
}

static struct item *convert(struct arena *arena, json_t *json, unsigned depth)
{
    struct item *value;
    if (json_is_object(json) || json_is_array(json)) {
        return collection(arena, json, depth);
    }
    if (json_is_string(json)) {
        return item_text(arena, slice_make(json_string_value(json), json_string_length(json)));
    }
    char number[64] = "null";
    if (json_is_number(json)) {
        snprintf(number, sizeof(number), "%.17g", json_number_value(json));
    } else if (json_is_boolean(json)) {
        snprintf(number, sizeof(number), "%s", json_is_true(json) ? "true" : "false");
    }
    value = item_string(arena, number);
    value->kind = ITEM_OTHER;
    return value;
}

struct item *item_from_json(struct arena *arena, struct slice text, bool may_trail)
{
    json_error_t error;
    size_t flags = may_trail ? JSON_DISABLE_EOF_CHECK : 0;
    json_t *json = text.len > 0 ? json_loadb(text.data, text.len, flags, &error) : NULL;
    struct item *value = json_is_object(json) ? convert(arena, json, 0) : NULL;
    json_decref(json);
    return value;
}

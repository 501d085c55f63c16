/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/fluentbit/import_fields.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "shippers/common/names.h"

/* What filter_kubernetes puts into `kubernetes` is in the resource. */
static const struct {
    const char *theirs;
    const char *ours;
} facts[] = {
    {"namespace_name", "k8s.namespace.name"}, {"pod_name", "k8s.pod.name"},
    {"container_name", "k8s.container.name"}, {"host", "k8s.node.name"},
    {"pod_id", "k8s.pod.uid"},                {"docker_id", "container.id"},
    {"container_image", "container.image.name"},
};

/* `$a['b']["c"]` as `a.b.c`; NULL if it is none of that form. */
static const char *accessor(struct fb_import *import, const char *text)
{
    struct buf out;
    buf_init(&out, 1024);
    text += *text == '$' ? 1 : 0;
    while (*text != '\0') {
        if (*text == '[') {
            char quote = text[1];
            const char *end = quote == '\'' || quote == '"' ? strchr(text + 2, quote) : NULL;
            if (end == NULL || end[1] != ']') {
                buf_fini(&out);
                return NULL; /* an element of an array */
            }
            buf_append_string(&out, ".");
            buf_append(&out, text + 2, (size_t)(end - text) - 2);
            text = end + 2;
        } else {
            buf_append(&out, text++, 1);
        }
    }
    const char *copy = foreign_copy(import_arena(import), buf_slice(&out));
    buf_fini(&out);
    return copy;
}

static const char *kubernetes_name(struct fb_import *import, const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        if (strcmp(facts[i].theirs, key) == 0) {
            return foreign_format(import_arena(import), "$resource.%s", facts[i].ours);
        }
    }
    if (strncmp(key, "labels.", 7) == 0) {
        return foreign_format(import_arena(import), "$resource.k8s.pod.label.%s", key + 7);
    }
    if (strncmp(key, "annotations.", 12) == 0) {
        return foreign_format(import_arena(import), "$resource.k8s.pod.annotation.%s", key + 12);
    }
    return NULL;
}

bool field_is_envelope(const char *key)
{
    static const char *const names[] = {"log", "stream", "time", "_p", "logtag", "log_tag"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], key) == 0) {
            return true;
        }
    }
    return false;
}

bool field_is_good(const char *name)
{
    enum { NAME_BYTES_MAX = 128 }; /* of a key in a config of clew's */
    size_t len = strlen(name);
    bool is_good = len > 0 && len <= NAME_BYTES_MAX && name[0] != '$' && name[0] != '.' &&
                   name[len - 1] != '.' && strstr(name, "..") == NULL &&
                   strstr(name, "${") == NULL && !text_has_template(name);
    for (size_t i = 0; i < len && is_good; i++) {
        is_good = (unsigned char)name[i] > ' ' && (unsigned char)name[i] < 0x7f;
    }
    return is_good;
}

const char *field_name(struct fb_import *import, const char *key)
{
    const char *name = accessor(import, key);
    if (name == NULL) {
        return NULL;
    }
    if (strncmp(name, "kubernetes.", 11) == 0) {
        return kubernetes_name(import, name + 11);
    }
    if (strcmp(name, "log") == 0) {
        return "$line";
    }
    if (strcmp(name, "stream") == 0) {
        return "$iostream";
    }
    return field_is_good(name) ? name : NULL;
}

bool field_is_id(const char *key)
{
    struct slice name = slice_from_string(key);
    return name_is_trace_id(name) || name_is_span_id(name);
}

static const char *const ids[] = {"trace_id", "traceId", "TraceId", "traceID", "TRACE_ID",
                                  "trace.id", "span_id", "spanId", "SpanId", "SPAN_ID",
                                  "dd.trace_id", "dd.span_id", "traceparent", "trace_flags"};

bool pattern_takes_ids(const char *pattern)
{
    char *error = NULL;
    bool takes = false;
    struct pattern *compiled = pattern_new(pattern, &error);
    for (size_t i = 0; compiled != NULL && i < ARRAY_LEN(ids); i++) {
        takes = takes || pattern_search(compiled, slice_from_string(ids[i]), 0) != PATTERN_NO;
    }
    pattern_free(compiled);
    free(error);
    return takes;
}

bool prefix_takes_ids(const char *prefix)
{
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (strncasecmp(ids[i], prefix, strlen(prefix)) == 0) {
            return true;
        }
    }
    return false;
}

/* A `%{` would be a template of clew's. */
const char *constant_text(struct fb_import *import, const char *value)
{
    const char *at = strstr(value, "%{");
    if (text_has_template(value)) {
        return NULL;
    }
    while (at != NULL) {
        value = foreign_format(import_arena(import), "%.*s%%%s", (int)(at - value), value, at);
        at = strstr(strstr(value, "%%{") + 3, "%{");
        if (strlen(value) > 4096) {
            return NULL;
        }
    }
    return yaml_quote(import, value);
}

/* ---- conditions ---- */

const char *condition_test(struct fb_import *import, const char *key, const char *name,
                           const char *value)
{
    const char *field = field_name(import, key);
    return field == NULL || value == NULL
               ? NULL
               : foreign_format(import_arena(import), "{field: %s, %s: %s}",
                                yaml_quote_literal(import, field), name, value);
}

const char *condition_matches(struct fb_import *import, const char *key, const char *regex)
{
    const char *pattern = pattern_text(import, regex);
    return pattern == NULL ? NULL
                           : condition_test(import, key, "matches", yaml_quote_literal(import, pattern));
}

const char *condition_exists(struct fb_import *import, const char *key, bool exists)
{
    return condition_test(import, key, "exists", exists ? "true" : "false");
}

const char *condition_equals(struct fb_import *import, const char *key, const char *value)
{
    return condition_test(import, key, "equals", constant_text(import, value));
}

const char *condition_but_not(struct fb_import *import, const char *key, const char *condition)
{
    const char *is_there = condition_exists(import, key, true);
    return condition == NULL || is_there == NULL
               ? NULL
               : foreign_format(import_arena(import), "{all: [%s, {not: %s}]}", is_there, condition);
}

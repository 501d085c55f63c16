/* SPDX-License-Identifier: Apache-2.0 */
#include "config/filter_check.h"

#include <stdlib.h>
#include <string.h>
#include "base/diag.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "config/check.h"
#include "record/filter_settings.h"
#include "record/own_value.h"
#include "record/secret.h"

char *check_field(const char *key, const char *value)
{
    (void)key;
    if (*value == '\0') {
        return mem_string("names no field");
    }
    if (own_value_find(slice_from_string(value)) != OWN_VALUES) {
        return NULL;
    }
    const char *names[OWN_VALUES + 1] = {NULL};
    size_t count = 0;
    for (enum own_value own = OWN_TRACE_ID; own < OWN_RESOURCE; own++) {
        names[count++] = own_value_name(own);
    }
    const char *nearest = diag_nearest(value + 1, names);
    return mem_format("is not a built-in value of the record%s%s%s",
                      nearest != NULL ? "; did you mean $" : "",
                      nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
}

char *check_target(const char *key, const char *value)
{
    char *error = check_field(key, value);
    enum own_value own = own_value_find(slice_from_string(value));
    if (error == NULL && own != OWN_NONE && !own_value_is_writable(own)) {
        error = mem_string("is read-only");
    }
    return error;
}

char *check_plain_field(const char *key, const char *value)
{
    (void)key;
    return *value == '\0' || *value == '$' ? mem_string("must be the name of a field") : NULL;
}

char *check_redact_key(const char *key, const char *value)
{
    return strcmp(value, "$body") == 0 ? NULL
           : *value == '$' ? mem_string("must be names of fields, or $body")
                           : check_plain_field(key, value);
}

char *check_rename(const char *key, const char *value)
{
    return *key == '$' || *value == '$'
               ? mem_string("renames fields only; `move` moves values to and from $names")
           : *value == '\0' ? mem_string("gives a field an empty name")
                            : check_plain_field(NULL, key);
}

char *check_copy(const char *key, const char *value)
{
    char *error = check_field(NULL, key);
    return error != NULL ? error : check_target(NULL, value);
}

char *check_move(const char *key, const char *value)
{
    char *error = check_target(NULL, key);
    return error != NULL ? error : check_target(NULL, value);
}

/* What stands between `%{` and `}`, at `name`. */
static char *check_reference(const char *name, const char *end)
{
    char *inner = mem_string_from(slice_make(name, (size_t)(end - name)));
    char *error = check_field(NULL, inner);
    char *sentence = error != NULL ? mem_format("has a %%{%s} that %s", inner, error) : NULL;
    free(error);
    free(inner);
    return sentence;
}

char *check_assignment(const char *key, const char *value)
{
    char *error = check_target(NULL, key);
    const char *at = value;
    while (error == NULL && (at = strstr(at, "%{")) != NULL) {
        const char *end = strchr(at, '}');
        if (at > value && at[-1] == '%') {
            at += 2;
        } else if (end == NULL) {
            error = mem_string("has a %{ without its }; write %%{ for a literal %{");
        } else {
            error = check_reference(at + 2, end);
            at = end;
        }
    }
    return error;
}

char *check_expected(const char *key, const char *value)
{
    (void)value;
    return check_field(NULL, key);
}

char *check_type(const char *key, const char *value)
{
    (void)key;
    for (size_t i = 0; scalar_type_names[i] != NULL; i++) {
        if (strcmp(scalar_type_names[i], value) == 0) {
            return NULL;
        }
    }
    return mem_string("must be int, double, bool or string");
}

char *check_convert(const char *key, const char *value)
{
    char *error = check_plain_field(NULL, key);
    return error != NULL ? error : check_type(NULL, value);
}

char *check_groups(const char *key, const char *value)
{
    (void)key;
    char *error = NULL;
    struct pattern *pattern = pattern_new(value, &error);
    if (pattern != NULL && pattern_name_count(pattern) == 0) {
        error = mem_string("has no named group: write (?<status>\\d+)");
    }
    pattern_free(pattern);
    return error;
}

char *check_secret(const char *key, const char *value)
{
    return secret_find_name(value) != SECRETS ? NULL
           : *value == '\0' ? mem_string("is an empty pattern")
                            : check_pattern(key, value);
}

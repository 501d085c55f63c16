/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/trace/user.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include "base/mem.h"

/*
 * A user's name is kept as its canonical segments with dots between them: "my.req.trace". A
 * member's name is compared against that while it is read, without a copy: it either uses up the
 * whole name (found), or ends where a segment ends (a container to look into with the rest), or
 * differs.
 *
 * Patterns run on text lines only, compiled with JIT, with limits on matching: a pattern that
 * backtracks without end costs a bounded time a line and then counts as no match.
 */

struct user_key {
    char *path;
    enum key_role role;
};

struct user_pattern {
    pcre2_code *code;
    int groups[3]; /* numbers of trace_id, span_id, trace_flags; -1: the pattern has none */
};

struct trace_user {
    struct user_key *keys;
    size_t key_count;
    struct user_pattern *patterns;
    size_t pattern_count;
    pcre2_match_data *match;
    pcre2_match_context *limits;
};

#define MATCH_LIMIT 100000
#define NESTED_MAX  8 /* containers deep */

/* "My.req.Trace" to "my.req.trace": canonical, but for single dots between segments. */
static char *canonical_path(const char *name)
{
    char *path = mem_alloc(strlen(name) + 1);
    size_t len = 0;
    for (; *name != '\0'; name++) {
        char byte[KEY_NAME_MAX];
        if (*name == '.' && len > 0 && path[len - 1] != '.') {
            path[len++] = '.';
        } else if (key_canonical(slice_make(name, 1), byte) == 1) {
            path[len++] = byte[0];
        }
    }
    len -= len > 0 && path[len - 1] == '.';
    path[len] = '\0';
    return path;
}

static void add_keys(struct trace_user *user, const struct string_list *names, enum key_role role)
{
    for (size_t i = 0; i < names->count; i++) {
        char *path = canonical_path(names->items[i]);
        if (*path == '\0') {
            free(path);
            continue;
        }
        user->keys[user->key_count++] = (struct user_key){path, role};
    }
}

static char *describe_error(const char *pattern, int code, size_t offset)
{
    unsigned char text[256];
    pcre2_get_error_message(code, text, sizeof(text));
    return mem_format("trace pattern \"%s\": %s at character %zu", pattern, (const char *)text,
                      offset + 1);
}

/* The number of a named group, -1 if the pattern has none of that name. */
static int find_group(const pcre2_code *code, const char *name)
{
    const unsigned char *bytes = (const unsigned char *)name;
    int number = pcre2_substring_number_from_name(code, bytes);
    return number > 0 ? number : -1;
}

static bool add_pattern(struct trace_user *user, const char *pattern, char **out_error)
{
    int error;
    size_t offset;
    pcre2_code *code = pcre2_compile((const unsigned char *)pattern, PCRE2_ZERO_TERMINATED, 0,
                                     &error, &offset, NULL);
    if (code == NULL) {
        *out_error = describe_error(pattern, error, offset);
        return false;
    }
    struct user_pattern *added = &user->patterns[user->pattern_count++];
    added->code = code;
    added->groups[0] = find_group(code, "trace_id");
    added->groups[1] = find_group(code, "span_id");
    added->groups[2] = find_group(code, "trace_flags");
    if (added->groups[0] < 0 && added->groups[1] < 0 && added->groups[2] < 0) {
        *out_error = mem_format("trace pattern \"%s\" has no group named trace_id, span_id or "
                                "trace_flags: write (?<trace_id>[0-9a-f]{32})",
                                pattern);
        return false;
    }
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without JIT it is slower, not wrong */
    return true;
}

static bool add_patterns(struct trace_user *user, const struct string_list *patterns,
                         char **out_error)
{
    user->patterns = mem_array(patterns->count + 1, sizeof(*user->patterns));
    uint32_t groups = 1;
    for (size_t i = 0; i < patterns->count; i++) {
        if (!add_pattern(user, patterns->items[i], out_error)) {
            return false;
        }
        uint32_t count = 0;
        (void)pcre2_pattern_info(user->patterns[i].code, PCRE2_INFO_CAPTURECOUNT, &count);
        groups = count + 1 > groups ? count + 1 : groups;
    }
    user->match = pcre2_match_data_create(groups, NULL);
    user->limits = pcre2_match_context_create(NULL);
    ENSURE(user->match != NULL && user->limits != NULL);
    (void)pcre2_set_match_limit(user->limits, MATCH_LIMIT);
    return true;
}

struct trace_user *trace_user_new(const struct trace_settings *settings, char **out_error)
{
    size_t key_count = settings->trace_id_keys.count + settings->span_id_keys.count +
                       settings->trace_flags_keys.count;
    if (key_count == 0 && settings->patterns.count == 0) {
        return NULL;
    }
    struct trace_user *user = mem_alloc(sizeof(*user));
    user->keys = mem_array(key_count + 1, sizeof(*user->keys));
    add_keys(user, &settings->trace_id_keys, KEY_ROLE_TRACE_ID);
    add_keys(user, &settings->span_id_keys, KEY_ROLE_SPAN_ID);
    add_keys(user, &settings->trace_flags_keys, KEY_ROLE_FLAGS);
    if (!add_patterns(user, &settings->patterns, out_error)) {
        trace_user_free(user);
        return NULL;
    }
    return user;
}

void trace_user_free(struct trace_user *user)
{
    if (user == NULL) {
        return;
    }
    for (size_t i = 0; i < user->key_count; i++) {
        free(user->keys[i].path);
    }
    for (size_t i = 0; i < user->pattern_count; i++) {
        pcre2_code_free(user->patterns[i].code);
    }
    pcre2_match_data_free(user->match);
    pcre2_match_context_free(user->limits);
    free(user->patterns);
    free(user->keys);
    free(user);
}

/* Read `name` against `path`: what is left of the path behind it, or NULL if it differs. What is
 * left is empty, or begins behind the dot where the name ended. */
static const char *match_name(struct slice name, const char *path)
{
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.data[i];
        if (byte >= 'A' && byte <= 'Z') {
            byte = (char)(byte | 0x20);
        }
        if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))) {
            continue;
        }
        path += *path == '.';
        if (*path != byte) {
            return NULL;
        }
        path++;
    }
    if (*path == '.') {
        return path + 1;
    }
    return *path == '\0' ? path : NULL;
}

enum key_role trace_user_role(const struct trace_user *user, struct slice name)
{
    for (size_t i = 0; i < user->key_count; i++) {
        const char *rest = match_name(name, user->keys[i].path);
        if (rest != NULL && *rest == '\0' && name.len > 0) {
            return user->keys[i].role;
        }
    }
    return KEY_ROLE_NONE;
}

/* The member named by `path` between `begin` and `end`; NO_FIELD if there is none. */
static uint32_t find_path(const struct fields *fields, uint32_t begin, uint32_t end,
                          const char *path, unsigned depth)
{
    for (uint32_t i = begin; i < end; i = fields->items[i].next) {
        const struct field *field = &fields->items[i];
        const char *rest =
            field->key != NULL && field->key_len > 0 ? match_name(field_key(field), path) : NULL;
        if (rest == NULL || rest == path) {
            continue;
        }
        if (*rest == '\0') {
            return i;
        }
        if (field->kind == FIELD_OBJECT && depth < NESTED_MAX) {
            uint32_t found = find_path(fields, i + 1, field->next, rest, depth + 1);
            if (found != NO_FIELD) {
                return found;
            }
        }
    }
    return NO_FIELD;
}

static bool is_top_level(const struct fields *fields, uint32_t i)
{
    uint32_t top = 0;
    while (top < i) {
        top = fields->items[top].next;
    }
    return top == i;
}

size_t trace_user_find(const struct trace_user *user, const struct fields *fields,
                       struct user_hit out[USER_HITS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < user->key_count && count < USER_HITS_MAX; i++) {
        uint32_t found = find_path(fields, 0, fields->count, user->keys[i].path, 0);
        if (found != NO_FIELD) {
            out[count++] =
                (struct user_hit){user->keys[i].role, found, !is_top_level(fields, found)};
        }
    }
    return count;
}

bool trace_user_has_patterns(const struct trace_user *user)
{
    return user != NULL && user->pattern_count > 0;
}

/* What the group caught; false if it took no part in the match. */
static bool get_group(const struct trace_user *user, int group, struct slice text,
                      struct slice *out)
{
    const size_t *offsets = pcre2_get_ovector_pointer(user->match);
    if (group < 0 || offsets[2 * group] == PCRE2_UNSET) {
        return false;
    }
    *out = slice_make(text.data + offsets[2 * group], offsets[2 * group + 1] - offsets[2 * group]);
    return true;
}

static void add_groups(const struct trace_user *user, const struct user_pattern *pattern,
                       struct slice text, unsigned options, struct trace_candidates *out)
{
    struct candidate_place place = {.field = NO_FIELD};
    struct slice value;
    if (get_group(user, pattern->groups[0], text, &value)) {
        struct context_value context;
        normalise_trace(value, FORM_HEX, options, &context);
        candidates_add_context(out, FAMILY_USER, &context, place);
    }
    if (get_group(user, pattern->groups[1], text, &value)) {
        struct id_value span;
        normalise_span(value, FORM_HEX, options, &span);
        candidates_add_span(out, FAMILY_USER, &span, place);
    }
    if (get_group(user, pattern->groups[2], text, &value)) {
        struct flags_value flags;
        normalise_flags(value, false, &flags);
        candidates_add_flags(out, FAMILY_USER, &flags, place);
    }
}

void trace_user_match(struct trace_user *user, struct slice text, unsigned options,
                      struct trace_candidates *out)
{
    for (size_t i = 0; i < user->pattern_count && text.len > 0; i++) {
        const struct user_pattern *pattern = &user->patterns[i];
        int result = pcre2_match(pattern->code, (const unsigned char *)text.data, text.len, 0, 0,
                                 user->match, user->limits);
        if (result > 0) {
            add_groups(user, pattern, text, options, out);
            return;
        }
    }
}

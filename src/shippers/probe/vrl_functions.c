/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/probe/vrl_functions.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "shippers/probe/regex.h"

struct item *vrl_unknown(struct arena *arena)
{
    struct item *item = item_string(arena, "?");
    item->kind = ITEM_OTHER;
    return item;
}

struct item *vrl_bool(struct arena *arena, bool is_true)
{
    struct item *item = item_string(arena, is_true ? "true" : "false");
    item->kind = ITEM_OTHER;
    return item;
}

enum vrl_truth vrl_truth(const struct item *item)
{
    if (item == NULL) {
        return VRL_FALSE;
    }
    if (item->kind != ITEM_OTHER || strcmp(item->text, "?") == 0) {
        return VRL_UNKNOWN;
    }
    return strcmp(item->text, "false") == 0 || strcmp(item->text, "null") == 0 ? VRL_FALSE
                                                                               : VRL_TRUE;
}

static bool is_null(const struct item *item)
{
    return item == NULL || (item->kind == ITEM_OTHER && strcmp(item->text, "null") == 0);
}

static bool is_unknown(const struct item *item)
{
    return item != NULL && item->kind == ITEM_OTHER && strcmp(item->text, "?") == 0;
}

struct item *vrl_merge(struct arena *arena, const struct item *to, const struct item *from)
{
    struct item *result = to != NULL ? item_copy(arena, to) : item_map(arena);
    if (from == NULL || result->kind != ITEM_MAP) {
        return result;
    }
    for (const struct member *m = from->first; m != NULL; m = m->next) {
        item_put(arena, result, m->key, m->value);
    }
    return result;
}

static struct item *compare(struct arena *arena, const char *op, const struct item *left,
                            const struct item *right)
{
    bool is_equal;
    if (is_unknown(left) || is_unknown(right) || (op[0] != '=' && op[0] != '!')) {
        return vrl_unknown(arena);
    }
    bool is_missing = (left == NULL) != (right == NULL);
    if (is_missing && !(is_null(left) && is_null(right))) {
        return vrl_unknown(arena); /* another event may have the field */
    }
    if (is_null(left) || is_null(right)) {
        is_equal = is_null(left) && is_null(right);
    } else if (left->kind == ITEM_MAP || left->kind == ITEM_LIST || left->kind != right->kind) {
        is_equal = false;
    } else {
        is_equal = strcmp(left->text, right->text) == 0;
    }
    return vrl_bool(arena, is_equal == (op[0] == '='));
}

static struct item *join(struct arena *arena, const struct item *left, const struct item *right)
{
    bool is_text = (left != NULL && left->kind == ITEM_TEXT) ||
                   (right != NULL && right->kind == ITEM_TEXT);
    if (!is_text) {
        return vrl_unknown(arena);
    }
    const char *a = left != NULL && left->text != NULL ? left->text : "";
    const char *b = right != NULL && right->text != NULL ? right->text : "";
    return item_string(arena, foreign_format(arena, "%s%s", a, b));
}

struct item *vrl_operate(struct arena *arena, const char *op, struct item *left, struct item *right)
{
    enum vrl_truth a = vrl_truth(left);
    enum vrl_truth b = vrl_truth(right);
    if (strcmp(op, "||") == 0) {
        bool is_value = left != NULL && left->kind != ITEM_OTHER;
        return is_value || a == VRL_TRUE ? left : a == VRL_FALSE ? right
               : b == VRL_TRUE           ? right : vrl_unknown(arena);
    }
    if (strcmp(op, "&&") == 0) {
        return a == VRL_FALSE || b == VRL_FALSE       ? vrl_bool(arena, false)
               : a == VRL_TRUE && b == VRL_TRUE       ? vrl_bool(arena, true)
                                                      : vrl_unknown(arena);
    }
    if (strcmp(op, "+") == 0) {
        return join(arena, left, right);
    }
    return strchr("=!<>", op[0]) != NULL ? compare(arena, op, left, right) : vrl_unknown(arena);
}

/* ---- functions ---- */

static const char *text_of(const struct item *item)
{
    return item != NULL && item->kind == ITEM_TEXT ? item->text : NULL;
}

static struct item *parse_json(struct arena *arena, const char *text)
{
    return text != NULL ? item_from_json(arena, slice_from_string(text), false) : NULL;
}

static struct item *parse_regex(struct arena *arena, const char *text, const char *pattern)
{
    struct regex *regex = text != NULL && pattern != NULL ? regex_new(pattern) : NULL;
    struct item *map =
        regex != NULL ? regex_captures(regex, arena, slice_from_string(text), NULL, NULL) : NULL;
    regex_free(regex);
    return map;
}

/* logfmt: only of lines that look like it. */
static struct item *parse_pairs(struct arena *arena, const char *text)
{
    struct item *map = item_map(arena);
    if (text == NULL || strchr(text, '=') == NULL || text[0] == '{') {
        return NULL;
    }
    while (*text != '\0') {
        text += strspn(text, " ");
        size_t len = strcspn(text, " ");
        const char *mark = memchr(text, '=', len);
        if (mark != NULL) {
            item_put(arena, map, foreign_copy(arena, slice_make(text, (size_t)(mark - text))),
                     item_text(arena, slice_make(mark + 1, len - (size_t)(mark - text) - 1)));
        }
        text += len;
    }
    return map;
}

static bool is_one_of(const char *name, const char *list)
{
    size_t len = strlen(name);
    for (const char *at = strstr(list, name); at != NULL; at = strstr(at + 1, name)) {
        if (at > list && at[-1] == ' ' && at[len] == ' ') {
            return true;
        }
    }
    return false;
}

/* Parsers whose lines none of the probes is: they fail. */
static const char failing[] =
    " parse_grok parse_groks parse_syslog parse_common_log parse_apache_log parse_nginx_log "
    "parse_csv parse_cef parse_xml parse_klog parse_linux_authorization parse_glog parse_aws_alb_log "
    "parse_aws_vpc_flow_log parse_cbor parse_etld parse_influxdb parse_timestamp parse_int "
    "parse_float parse_duration parse_bytes parse_tokens parse_url parse_query_string "
    "parse_ruby_hash parse_user_agent parse_logfmt parse_key_value parse_regex parse_json "
    "parse_regex_all parse_proto to_timestamp ip_aton decode_base64 get_env_var object array ";

/* Functions that say something about a value, or make one of their own. */
static const char telling[] =
    " now get_hostname uuid_v4 uuid_v7 random_int random_float random_bool length match_any "
    "includes ip_cidr_contains keys from_unix_timestamp "
    "to_unix_timestamp to_int to_float to_bool int float bool timestamp format_timestamp "
    "get_env_var get_timezone_name find count match_datadog_query type_def md5 sha1 sha2 sha3 "
    "hmac crc32 seahash log assert assert_eq ";

/* Of this text it is so; of another it may not be. */
static struct item *holds(struct arena *arena, bool is_so)
{
    return is_so ? vrl_bool(arena, true) : vrl_unknown(arena);
}

/* starts_with, ends_with, contains, match, is_json: NULL if it is none of them. */
static struct item *text_test(struct arena *arena, const char *name, struct item *const *arguments,
                              size_t count)
{
    const char *text = count > 0 ? text_of(arguments[0]) : NULL;
    const char *what = count > 1 ? text_of(arguments[1]) : NULL;
    if (strcmp(name, "is_json") == 0) {
        return holds(arena, parse_json(arena, text) != NULL);
    }
    bool is_match = strcmp(name, "match") == 0;
    bool is_begin = strcmp(name, "starts_with") == 0;
    bool is_end = strcmp(name, "ends_with") == 0;
    if (!is_match && !is_begin && !is_end && strcmp(name, "contains") != 0) {
        return NULL;
    }
    if (text == NULL || what == NULL) {
        return vrl_unknown(arena);
    }
    if (is_match) {
        struct regex *regex = regex_new(what);
        bool is_so = regex != NULL && regex_is_match(regex, slice_from_string(text));
        regex_free(regex);
        return holds(arena, is_so);
    }
    struct slice all = slice_from_string(text);
    struct slice part = slice_from_string(what);
    return holds(arena, is_begin ? strncmp(text, what, part.len) == 0
                        : is_end ? part.len <= all.len &&
                                   strcmp(text + all.len - part.len, what) == 0
                                 : strstr(text, what) != NULL);
}

static bool number_of(const struct item *item, long *out_number)
{
    char *end = NULL;
    *out_number = item != NULL && item->kind == ITEM_OTHER ? strtol(item->text, &end, 10) : 0;
    return end != NULL && end > item->text && *end == '\0';
}

/* truncate(text, limit), slice(text, start, end): the text that is left of the probe's. */
static struct item *cut(struct arena *arena, const char *name, struct item *const *arguments,
                        size_t count)
{
    const char *text = count > 0 ? text_of(arguments[0]) : NULL;
    bool is_slice = strcmp(name, "slice") == 0;
    long first = 0;
    long end = 0;
    size_t len = text != NULL ? strlen(text) : 0;
    if (text == NULL || !number_of(count > 1 ? arguments[1] : NULL, is_slice ? &first : &end) ||
        (is_slice && count > 2 && !number_of(arguments[2], &end))) {
        return count > 0 ? arguments[0] : NULL;
    }
    first = first < 0 ? first + (long)len : first;
    end = is_slice && count < 3 ? (long)len : end < 0 ? end + (long)len : end;
    end = end > (long)len ? (long)len : end;
    return first < 0 || first > end ? arguments[0]
                                    : item_text(arena, slice_make(text + first, (size_t)(end - first)));
}

static struct item *split(struct arena *arena, struct item *const *arguments, size_t count)
{
    const char *text = count > 0 ? text_of(arguments[0]) : NULL;
    const char *by = count > 1 ? text_of(arguments[1]) : NULL;
    if (text == NULL || by == NULL || *by == '\0') {
        return count > 0 ? arguments[0] : NULL;
    }
    struct item *list = item_map(arena);
    list->kind = ITEM_LIST;
    const char *next;
    while ((next = strstr(text, by)) != NULL) {
        item_add(arena, list, "", item_text(arena, slice_make(text, (size_t)(next - text))));
        text = next + strlen(by);
    }
    item_add(arena, list, "", item_string(arena, text));
    return list;
}

static struct item *kind_test(struct arena *arena, const char *name, const struct item *item)
{
    if (is_unknown(item)) {
        return vrl_unknown(arena);
    }
    bool is_it = strcmp(name, "is_object") == 0   ? item != NULL && item->kind == ITEM_MAP
                 : strcmp(name, "is_array") == 0  ? item != NULL && item->kind == ITEM_LIST
                 : strcmp(name, "is_string") == 0 ? item != NULL && item->kind == ITEM_TEXT
                 : strcmp(name, "is_null") == 0   ? is_null(item)
                 : strcmp(name, "is_nullish") == 0
                     ? is_null(item) || (item->kind == ITEM_TEXT && *item->text == '\0')
                     : false;
    return vrl_bool(arena, is_it);
}

static struct item *in_case(struct arena *arena, const struct item *item, bool is_up)
{
    const char *text = text_of(item);
    if (text == NULL) {
        return vrl_unknown(arena);
    }
    char *copy = mem_string(text);
    for (char *c = copy; *c != '\0'; c++) {
        bool is_low = *c >= 'a' && *c <= 'z';
        bool is_high = *c >= 'A' && *c <= 'Z';
        *c = (char)(is_up && is_low ? *c - 32 : !is_up && is_high ? *c + 32 : *c);
    }
    /* An id in capitals is the id still. */
    struct item *result = item_places(item) != 0 ? item_copy(arena, item) : item_string(arena, copy);
    free(copy);
    return result;
}

static struct item *to_text(struct arena *arena, const struct item *item, bool *out_error)
{
    if (item != NULL && item->kind == ITEM_MAP) {
        *out_error = true;
        return NULL;
    }
    return item == NULL || is_null(item) ? item_string(arena, "")
           : is_unknown(item)            ? vrl_unknown(arena)
                                         : item_string(arena, item->text);
}

/* remove(., ["a", "b"]), get(., ["a"]), set(., ["a"], v): the path is a list of keys. */
static struct item *by_path(struct arena *arena, const char *name, struct item *const *arguments,
                            size_t count)
{
    bool is_get = strcmp(name, "get") == 0;
    bool is_set = strcmp(name, "set") == 0;
    const struct item *path = arguments[1];
    const struct member *part = path != NULL && path->kind == ITEM_LIST ? path->first : NULL;
    if (part == NULL || arguments[0] == NULL) {
        return arguments[0];
    }
    struct item *result = is_get ? arguments[0] : item_copy(arena, arguments[0]);
    struct item *at = result;
    for (; part != NULL && at != NULL; part = part->next) {
        const char *key = text_of(part->value);
        if (key == NULL || at->kind != ITEM_MAP) {
            return is_get ? NULL : result;
        }
        if (part->next == NULL && strcmp(name, "remove") == 0) {
            item_remove(at, key);
        } else if (part->next == NULL && is_set && count > 2 && arguments[2] != NULL) {
            item_put(arena, at, key, arguments[2]);
        } else if (is_set && item_get(at, key) == NULL) {
            item_put(arena, at, key, item_map(arena));
        }
        at = item_get(at, key);
    }
    return is_get ? at : result;
}

static struct item *parse(struct arena *arena, const char *name, struct item *const *arguments,
                          size_t count)
{
    const char *text = count > 0 ? text_of(arguments[0]) : NULL;
    if (strcmp(name, "parse_json") == 0) {
        return parse_json(arena, text);
    }
    if (strcmp(name, "parse_key_value") == 0 || strcmp(name, "parse_logfmt") == 0) {
        return parse_pairs(arena, text);
    }
    if (strcmp(name, "parse_regex") == 0 && count > 1) {
        return parse_regex(arena, text, text_of(arguments[1]));
    }
    if (strcmp(name, "object") == 0) {
        return count > 0 && arguments[0] != NULL && arguments[0]->kind == ITEM_MAP ? arguments[0]
                                                                                    : NULL;
    }
    if (strcmp(name, "array") == 0) {
        return count > 0 && arguments[0] != NULL && arguments[0]->kind == ITEM_LIST ? arguments[0]
                                                                                     : NULL;
    }
    return strncmp(name, "parse_t", 7) == 0 || strncmp(name, "parse_i", 7) == 0 ||
                   strncmp(name, "parse_d", 7) == 0 || strncmp(name, "parse_f", 7) == 0 ||
                   strncmp(name, "parse_u", 7) == 0 || name[0] != 'p'
               ? vrl_unknown(arena)
               : NULL;
}

struct item *vrl_call(struct arena *arena, const char *name, struct item *const *arguments,
                      size_t count, bool *out_error)
{
    struct item *first = count > 0 ? arguments[0] : NULL;
    if (is_one_of(name, failing)) {
        struct item *value = parse(arena, name, arguments, count);
        *out_error = value == NULL;
        return value;
    }
    struct item *told = text_test(arena, name, arguments, count);
    if (told != NULL) {
        return told;
    }
    if (strcmp(name, "truncate") == 0 || strcmp(name, "slice") == 0) {
        return cut(arena, name, arguments, count);
    }
    if (strcmp(name, "split") == 0) {
        return split(arena, arguments, count);
    }
    if (strcmp(name, "unnest") == 0) {
        *out_error = first == NULL || first->kind != ITEM_LIST;
        return first;
    }
    if (strncmp(name, "is_", 3) == 0 && !is_one_of(name, telling)) {
        return kind_test(arena, name, first);
    }
    if (is_one_of(name, telling)) {
        return vrl_unknown(arena);
    }
    if (strncmp(name, "encode_", 7) == 0 && first != NULL) {
        return item_string(arena, item_to_json(arena, first));
    }
    if (strcmp(name, "upcase") == 0 || strcmp(name, "downcase") == 0) {
        return in_case(arena, first, name[0] == 'u');
    }
    if (strcmp(name, "to_string") == 0) {
        return to_text(arena, first, out_error);
    }
    if (strcmp(name, "string") == 0) {
        *out_error = first == NULL || (first->kind != ITEM_TEXT && !is_unknown(first));
        return *out_error ? NULL : first;
    }
    if (strcmp(name, "merge") == 0 && count > 1) {
        return vrl_merge(arena, first, arguments[1]);
    }
    if ((strcmp(name, "push") == 0 || strcmp(name, "append") == 0) && count > 1 && first != NULL) {
        struct item *list = item_copy(arena, first);
        if (arguments[1] != NULL) {
            item_add(arena, list, "", item_copy(arena, arguments[1]));
        }
        return list;
    }
    bool is_path = strcmp(name, "get") == 0 || strcmp(name, "set") == 0 ||
                   strcmp(name, "remove") == 0;
    return is_path && count > 1 ? by_path(arena, name, arguments, count) : first;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "config/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "base/utf8.h"
#include "config/units.h"
#include "config/url.h"
#include "record/settings.h"

enum {
    PORT_MAX = 65535,
    SOCKET_PATH_MAX = 108, /* of struct sockaddr_un, with its NUL */
    LABEL_BYTES_MAX = 64,
};

static bool has_control_bytes(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool is_port(struct slice digits)
{
    char *text = mem_string_from(digits);
    uint64_t port = 0;
    bool good = units_parse_count(text, &port) && port <= PORT_MAX;
    free(text);
    return good;
}

static char *check_any_url(const char *value, const char *schemes, struct url *url)
{
    if (!url_parse(value, url)) {
        return mem_format("must be a URL such as %s://host:port", schemes);
    }
    if (has_control_bytes(value) || strchr(value, ' ') != NULL) {
        return mem_string("contains a blank or control character, which URLs cannot have");
    }
    if (url->port.len > 0 && !is_port(url->port)) {
        return mem_string("has a port above 65535");
    }
    return NULL;
}

char *check_url(const char *key, const char *value)
{
    (void)key;
    struct url url;
    char *complaint = check_any_url(value, "http", &url);
    if (complaint == NULL && !slice_is_equal_nocase(url.scheme, SLICE("http")) &&
        !slice_is_equal_nocase(url.scheme, SLICE("https"))) {
        complaint = mem_string("must begin with http:// or https://");
    }
    return complaint;
}

char *check_proxy(const char *key, const char *value)
{
    (void)key;
    struct url url;
    return *value != '\0' ? check_any_url(value, "http", &url) : NULL;
}

char *check_not_empty(const char *key, const char *value)
{
    (void)key;
    return *value == '\0' ? mem_string("must not be empty") : NULL;
}

char *check_file_name(const char *key, const char *value)
{
    (void)key;
    size_t len = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    if (len == 0 || len > 100 || value[len] != '\0' || value[0] == '.') {
        return mem_string("must consist of letters, digits, `.`, `_` and `-`, at most 100 of them, "
                          "and must not begin with a dot");
    }
    return NULL;
}

/* RFC 9110, 5.6.2. */
static bool is_token(const char *text)
{
    size_t len = strspn(text, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz");
    return len > 0 && text[len] == '\0';
}

char *check_header(const char *key, const char *value)
{
    static const char *const own[] = {
        "content-type", "content-length", "content-encoding", "transfer-encoding", "connection",
    };
    if (!is_token(key)) {
        return mem_string("is not a valid header name");
    }
    if (has_control_bytes(value)) {
        return mem_string("contains a control character, which headers cannot have");
    }
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        if (slice_is_equal_nocase(slice_from_string(key), slice_from_string(own[i]))) {
            return mem_string("is set by clew itself");
        }
    }
    return NULL;
}

/* The name without case and separators, and of `a.b.c` also its parts `b.c` and `c`. */
static bool is_id_part(const char *name)
{
    static const char *const ids[] = {
        "traceid",   "spanid",   "traceparent", "parentspanid", "oteltraceid",  "otelspanid",
        "ddtraceid", "ddspanid", "xb3traceid",  "xb3spanid",    "xamzntraceid", "b3",
    };
    char folded[32];
    size_t len = 0;
    for (; *name != '\0' && len < sizeof(folded) - 1; name++) {
        if (strchr("._-", *name) == NULL) {
            folded[len++] = (char)(*name >= 'A' && *name <= 'Z' ? *name + 32 : *name);
        }
    }
    folded[len] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (strcmp(folded, ids[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool is_id_name(const char *name)
{
    while (name != NULL) {
        if (is_id_part(name)) {
            return true;
        }
        name = strchr(name, '.');
        name = name != NULL ? name + 1 : NULL;
    }
    return false;
}

char *check_resource(const char *key, const char *value)
{
    (void)value;
    if (*key == '\0') {
        return mem_string("has an attribute without a name");
    }
    if (is_id_name(key)) {
        return mem_string(
            "is an id, and ids cannot be resource attributes: each value would be a new stream or "
            "time series in the backend. clew ships trace_id and span_id as each record's own "
            "fields");
    }
    return NULL;
}

char *check_pod_label(const char *key, const char *value)
{
    (void)value;
    return *key == '\0' ? mem_string("has a label without a name") : NULL;
}

char *check_listen(const char *key, const char *value)
{
    (void)key;
    if (strcmp(value, "off") == 0) {
        return NULL;
    }
    const char *colon = strrchr(value, ':');
    bool has_host = colon != NULL && colon > value;
    bool is_bare_v6 = has_host && value[0] != '[' && memchr(value, ':', (size_t)(colon - value));
    if (!has_host || is_bare_v6 || !is_port(slice_from_string(colon + 1))) {
        return mem_string("must be ADDRESS:PORT, such as 127.0.0.1:9464 or [::1]:9464, or `off`");
    }
    return NULL;
}

/* `+02:00` */
static bool is_offset(const char *value)
{
    static const char form[] = "+00:00";
    for (size_t i = 0; i < sizeof(form); i++) {
        bool good = form[i] == '+'   ? value[i] == '+' || value[i] == '-'
                    : form[i] == '0' ? value[i] >= '0' && value[i] <= '9'
                                     : value[i] == form[i];
        if (!good) {
            return false;
        }
    }
    return strncmp(value + 1, "23", 2) <= 0 && value[4] <= '5';
}

char *check_zone(const char *key, const char *value)
{
    (void)key;
    if (strcmp(value, "UTC") == 0 || strcmp(value, "Z") == 0 || is_offset(value)) {
        return NULL;
    }
    bool is_name = *value != '\0' && *value != '/' && strstr(value, "..") == NULL;
    char *path = mem_format("/usr/share/zoneinfo/%s", value);
    bool is_known = is_name && access(path, R_OK) == 0;
    free(path);
    return is_known ? NULL
                    : mem_string("must be UTC, an offset such as +02:00, or a name of the time zone "
                                 "database such as Europe/Berlin (package tzdata)");
}

static bool is_type(const struct input_settings *input, const char *type)
{
    return input->type != NULL && strcmp(input->type, type) == 0;
}

char *check_syslog_listen(const char *key, const char *value)
{
    (void)key;
    static const char *const networks[] = {"tcp://", "udp://"};
    static const char *const paths[] = {"unix://", "unixgram://"};
    for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
        if (strncmp(value, networks[i], strlen(networks[i])) == 0) {
            return check_listen(NULL, value + 6);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        size_t len = strlen(paths[i]);
        if (strncmp(value, paths[i], len) == 0 && value[len] == '/') {
            return strlen(value + len) < SOCKET_PATH_MAX
                       ? NULL
                       : mem_string("has a path too long for a socket");
        }
    }
    return mem_string("must be udp://ADDRESS:PORT, tcp://ADDRESS:PORT, unix:///PATH or "
                      "unixgram:///PATH");
}

char *check_input(const void *section)
{
    const struct input_settings *input = section;
    if (is_type(input, "tail") && input->include.count == 0) {
        return mem_string("needs `include`: the files to read");
    }
    if (is_type(input, "syslog") && input->listen.count == 0) {
        return mem_string("needs `listen`: the addresses for messages, such as udp://127.0.0.1:5514");
    }
    if (input->record_bytes_max < input->line_bytes_max) {
        return mem_string("has a `record_bytes_max` below its `line_bytes_max`");
    }
    return NULL;
}

char *check_output(const void *section)
{
    const struct output_settings *output = section;
    if ((output->certificate_file == NULL) != (output->key_file == NULL)) {
        return mem_string("needs both or neither of `tls.certificate_file` and `tls.key_file`");
    }
    if (output->retry_max_ms < output->retry_initial_ms) {
        return mem_string("has a `retry.max` below its `retry.initial`");
    }
    return NULL;
}

char *check_pattern(const char *key, const char *value)
{
    (void)key;
    char *error = NULL;
    pattern_free(pattern_new(value, &error));
    return error;
}

char *check_label(const char *key, const char *value)
{
    (void)key;
    size_t len = strlen(value);
    if (len == 0 || len > LABEL_BYTES_MAX || has_control_bytes(value) ||
        strpbrk(value, "\"\\") != NULL || !utf8_is_valid(value, len)) {
        return mem_string("must be 1 to 64 bytes of text without quotes, backslashes and control "
                          "characters");
    }
    return NULL;
}

char *check_route(const void *section)
{
    const struct route_settings *route = section;
    bool has_match = route->inputs.count + route->namespaces.count + route->pods.count +
                         route->containers.count + route->paths.count + route->labels.count >
                     0;
    if (route->otherwise && has_match) {
        return mem_string("has both `match` and `otherwise`; use one of them");
    }
    return NULL;
}

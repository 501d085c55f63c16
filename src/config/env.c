/* SPDX-License-Identifier: Apache-2.0 */
#include "config/env.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "config/expand.h"
#include "config/units.h"
#include "config/url.h"

struct reading {
    struct tree *tree;
    char *const *environ;
    struct diag *diag;
    struct node *output; /* the section that stands behind each output */
};

/* A variable that is set. */
struct variable {
    const char *name; /* lives as long as the tree */
    const char *value;
};

static bool get(const struct reading *r, const char *name, struct variable *out)
{
    const char *value = expand_variable(r->environ, slice_from_string(name));
    if (value == NULL || *value == '\0') {
        return false;
    }
    out->name = tree_copy(r->tree, slice_from_string(name));
    out->value = value;
    return true;
}

/* The exporter's variable `suffix`: the one for logs, else the one for all signals. */
static bool get_otlp(const struct reading *r, const char *suffix, struct variable *out)
{
    char *logs = mem_format("OTEL_EXPORTER_OTLP_LOGS_%s", suffix);
    char *all = mem_format("OTEL_EXPORTER_OTLP_%s", suffix);
    bool found = get(r, logs, out) || get(r, all, out);
    free(logs);
    free(all);
    return found;
}

static struct diag_place place(const struct variable *variable)
{
    return (struct diag_place){variable->name, 0, 0};
}

static void put(const struct reading *r, struct node *map, const char *key,
                const struct variable *variable, const char *value)
{
    node_put(r->tree, map, key, place(variable),
             tree_text(r->tree, slice_from_string(value), place(variable)));
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* `%41` is A. A percent sign without its digits stays as it is; `%00` too, no value holds a NUL. */
static char *decode_percent(struct slice s)
{
    char *text = mem_alloc(s.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool is_code = s.data[i] == '%' && i + 2 < s.len && hex_digit(s.data[i + 1]) >= 0 &&
                       hex_digit(s.data[i + 2]) >= 0;
        int byte = is_code ? hex_digit(s.data[i + 1]) * 16 + hex_digit(s.data[i + 2]) : 0;
        text[len++] = byte != 0 ? (char)byte : s.data[i];
        i += byte != 0 ? 2 : 0;
    }
    return text;
}

static bool put_pair(const struct reading *r, struct node *map, struct slice pair,
                     const struct variable *variable)
{
    const char *equals = memchr(pair.data, '=', pair.len);
    if (equals == NULL) {
        return false;
    }
    size_t len = (size_t)(equals - pair.data);
    char *key = decode_percent(slice_trim(slice_make(pair.data, len)));
    char *value = decode_percent(slice_trim(slice_skip(pair, len + 1)));
    bool good = *key != '\0';
    if (good) {
        put(r, map, key, variable, value);
    }
    free(key);
    free(value);
    return good;
}

/* `a=1,b=2`, percent-encoded as W3C Baggage is. */
static struct node *read_pairs(const struct reading *r, const struct variable *variable)
{
    struct node *map = tree_new(r->tree, NODE_MAP, place(variable));
    struct slice rest = slice_from_string(variable->value);
    unsigned number = 0;
    while (rest.len > 0) {
        const char *comma = memchr(rest.data, ',', rest.len);
        size_t len = comma != NULL ? (size_t)(comma - rest.data) : rest.len;
        struct slice pair = slice_trim(slice_make(rest.data, len));
        number++;
        if (pair.len > 0 && !put_pair(r, map, pair, variable)) {
            diag_add(r->diag, DIAG_WARNING, place(variable),
                     "entry %u is not key=value and is ignored", number);
        }
        rest = slice_skip(rest, len + 1);
    }
    return map;
}

/* The general endpoint is a base that /v1/logs is added to; the one for logs is taken as it is,
 * which is the root where it has no path. */
static void read_endpoint(const struct reading *r)
{
    struct variable variable;
    char *url = NULL;
    if (get(r, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &variable)) {
        struct url parts;
        bool is_bare =
            url_parse(variable.value, &parts) && parts.path.len == 0 && parts.query.len == 0;
        url = mem_format("%s%s", variable.value, is_bare ? "/" : "");
    } else if (get(r, "OTEL_EXPORTER_OTLP_ENDPOINT", &variable)) {
        size_t len = strlen(variable.value);
        url = mem_format("%s%sv1/logs", variable.value, variable.value[len - 1] == '/' ? "" : "/");
    }
    if (url != NULL) {
        put(r, r->output, "endpoint", &variable, url);
    }
    free(url);
}

static void read_headers(const struct reading *r)
{
    struct variable variable;
    if (get_otlp(r, "HEADERS", &variable)) {
        node_put(r->tree, r->output, "headers", place(&variable), read_pairs(r, &variable));
    }
}

static void read_compression(const struct reading *r)
{
    struct variable variable;
    if (!get_otlp(r, "COMPRESSION", &variable)) {
        return;
    }
    if (strcmp(variable.value, "gzip") == 0 || strcmp(variable.value, "none") == 0 ||
        strcmp(variable.value, "zstd") == 0) {
        put(r, r->output, "compression", &variable, variable.value);
    } else {
        diag_add(r->diag, DIAG_WARNING, place(&variable),
                 "must be gzip, none or zstd, not \"%s\"; ignored", variable.value);
    }
}

static void read_timeout(const struct reading *r)
{
    struct variable variable;
    uint64_t ms;
    if (!get_otlp(r, "TIMEOUT", &variable)) {
        return;
    }
    if (units_parse_count(variable.value, &ms) && ms >= 1 && ms <= 3600000) {
        char text[UNITS_TEXT_MAX];
        units_print_duration(ms, text);
        put(r, r->output, "timeout", &variable, text);
    } else {
        diag_add(r->diag, DIAG_WARNING, place(&variable),
                 "must be milliseconds from 1 to 3600000, not \"%s\"; ignored", variable.value);
    }
}

/* clew speaks one protocol; what asks for another is most likely meant for port 4317. */
static void read_protocol(const struct reading *r)
{
    struct variable variable;
    if (get_otlp(r, "PROTOCOL", &variable) && strcmp(variable.value, "http/protobuf") != 0) {
        diag_add(r->diag, DIAG_WARNING, place(&variable),
                 "clew sends http/protobuf, not \"%s\"; the endpoint must be OTLP/HTTP (normally "
                 "port 4318; gRPC is 4317)",
                 variable.value);
    }
}

static void read_tls(const struct reading *r)
{
    static const struct {
        const char *suffix;
        const char *option;
    } files[] = {
        {"CERTIFICATE", "ca_file"},
        {"CLIENT_CERTIFICATE", "certificate_file"},
        {"CLIENT_KEY", "key_file"},
    };
    struct node *tls = tree_new(r->tree, NODE_MAP, (struct diag_place){0});
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct variable variable;
        if (get_otlp(r, files[i].suffix, &variable)) {
            put(r, tls, files[i].option, &variable, variable.value);
        }
    }
    node_put(r->tree, r->output, "tls", tls->place, tls);
}

/* OTEL_SERVICE_NAME goes before service.name among the attributes. */
static void read_resource(const struct reading *r, struct node *fallbacks)
{
    struct variable variable;
    if (get(r, "OTEL_RESOURCE_ATTRIBUTES", &variable)) {
        node_put(r->tree, fallbacks, "resource", place(&variable), read_pairs(r, &variable));
    }
    if (get(r, "OTEL_SERVICE_NAME", &variable)) {
        put(r, fallbacks, "service", &variable, variable.value);
    }
}

/* What a pod is given by the kubelet, and what the downward API is asked for by custom. */
static void read_kubernetes(const struct reading *r, struct node *fallbacks)
{
    static const char *const node_names[] = {"NODE_NAME", "K8S_NODE_NAME", "KUBERNETES_NODE_NAME"};
    struct node *section = tree_new(r->tree, NODE_MAP, (struct diag_place){0});
    struct variable host;
    struct variable port;
    struct variable name;
    if (get(r, "KUBERNETES_SERVICE_HOST", &host) && get(r, "KUBERNETES_SERVICE_PORT", &port)) {
        bool is_ipv6 = strchr(host.value, ':') != NULL;
        char *url = mem_format("https://%s%s%s:%s", is_ipv6 ? "[" : "", host.value,
                               is_ipv6 ? "]" : "", port.value);
        put(r, section, "endpoint", &host, url);
        free(url);
    }
    for (size_t i = 0; i < ARRAY_LEN(node_names); i++) {
        if (get(r, node_names[i], &name)) {
            put(r, section, "node", &name, name.value);
            break;
        }
    }
    if (get(r, "K8S_CLUSTER_NAME", &name)) {
        put(r, section, "cluster", &name, name.value);
    }
    node_put(r->tree, fallbacks, "kubernetes", section->place, section);
}

void env_read(struct tree *tree, struct node *fallbacks, char *const *environ, struct diag *diag)
{
    struct node *output = tree_new(tree, NODE_MAP, (struct diag_place){0});
    struct reading r = {tree, environ, diag, output};
    read_endpoint(&r);
    read_headers(&r);
    read_compression(&r);
    read_timeout(&r);
    read_protocol(&r);
    read_tls(&r);
    read_resource(&r, fallbacks);
    read_kubernetes(&r, fallbacks);
    node_put(tree, fallbacks, "outputs", output->place, output);
}

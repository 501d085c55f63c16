/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Outputs: to the OTLP endpoint of the same backend, where it has one. For the others a Collector
 * stands in: one output to the place where one would listen, whose exporter writes what the old
 * output wrote; the row says which.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/import.h"

struct target {
    struct fb_import *import;
    const struct fb_section *section;
    struct buf yaml;
    const char *headers; /* `a: 'b', c: 'd'` */
};

static const char collector_url[] = "http://localhost:4318/v1/logs";

static bool is_output_taken(const struct fb_import *import, const char *name)
{
    for (size_t i = 0; i < import->output_count; i++) {
        if (strcmp(import->outputs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* One of a name: the first that was given. */
static bool has_header(const struct target *t, const char *name)
{
    const char *at = strcasestr(t->headers, foreign_format(import_arena(t->import), "'%s':", name));
    return at != NULL;
}

static void add_header(struct target *t, const char *name, const char *value)
{
    struct arena *arena = import_arena(t->import);
    if (has_header(t, name)) {
        return;
    }
    t->headers = foreign_format(arena, "%s%s%s: %s", t->headers, *t->headers != '\0' ? ", " : "",
                                yaml_quote_literal(t->import, name),
                                yaml_quote(t->import, value));
}

/* ---- addresses ---- */

/* What may stand in a URL. */
static bool is_host(const char *text)
{
    return *text != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789.-_") == strlen(text);
}

/* `host` or `host:port`. */
static bool is_authority(struct fb_import *import, const char *text)
{
    size_t len = strcspn(text, ":");
    return is_host(foreign_copy(import_arena(import), slice_make(text, len))) &&
           (text[len] == '\0' || text_is_number(text + len + 1));
}

static bool is_port(const char *text)
{
    return text_is_number(text) && atoi(text) > 0 && atoi(text) < 65536;
}

static bool is_uri(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || strchr("\"'<>\\^`{|}$", *c)) {
            return false;
        }
    }
    return *text == '/';
}

/* `${HOST}` with something to stand in for it, so that the config can be read before it is set. */
static const char *variable_or(struct fb_import *import, const char *text, const char *otherwise,
                               bool (*is_good)(const char *text), bool *out_is_known)
{
    size_t len = strlen(text);
    struct arena *arena = import_arena(import);
    bool is_variable = len > 3 && strncmp(text, "${", 2) == 0 && text[len - 1] == '}' &&
                       strchr(text + 2, '$') == NULL && strchr(text, '}') == text + len - 1;
    size_t name_len = strcspn(text + (is_variable ? 2 : 0), ":}");
    bool has_name = is_variable && name_len > 0 && !isdigit((unsigned char)text[2]);
    for (size_t i = 0; has_name && i < name_len; i++) {
        has_name = isalnum((unsigned char)text[2 + i]) || text[2 + i] == '_';
    }
    *out_is_known = false;
    if (has_name && strncmp(text + 2 + name_len, ":-", 2) == 0 &&
        is_good(foreign_copy(arena, slice_make(text + name_len + 4, len - name_len - 5)))) {
        *out_is_known = true;
        return text;
    }
    if (has_name) {
        return foreign_format(arena, "${%.*s:-%s}", (int)name_len, text + 2, otherwise);
    }
    return NULL;
}

static const char *host_text(struct target *t, const char *otherwise)
{
    const struct fb_property *p = fb_get(t->section, "host");
    bool is_known;
    if (p == NULL) {
        return otherwise;
    }
    if (is_host(p->raw)) {
        row_add(t->import, t->section, p, IMPORT_MAPPED, "endpoint");
        return p->raw;
    }
    const char *text = variable_or(t->import, p->raw, otherwise, is_host, &is_known);
    row_add(t->import, t->section, p, text != NULL && is_known ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
            text != NULL ? "endpoint; %s if the variable is not set"
                         : "not known here: put it into the endpoint in place of %s", otherwise);
    return text != NULL ? text : otherwise;
}

static const char *port_text(struct target *t, const char *otherwise)
{
    const struct fb_property *p = fb_get(t->section, "port");
    bool is_known;
    if (p == NULL) {
        return otherwise;
    }
    if (is_port(p->raw)) {
        row_add(t->import, t->section, p, IMPORT_MAPPED, "endpoint");
        return p->raw;
    }
    const char *text = variable_or(t->import, p->raw, otherwise, is_port, &is_known);
    row_add(t->import, t->section, p, text != NULL ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
            text != NULL ? "endpoint; %s if the variable is not set"
                         : "not known here: put it into the endpoint in place of %s", otherwise);
    return text != NULL ? text : otherwise;
}

static bool uses_tls(struct target *t, bool otherwise)
{
    const struct fb_property *p = fb_get(t->section, "tls");
    if (p == NULL) {
        return otherwise;
    }
    bool is_on = fb_is_true(p->value);
    row_add(t->import, t->section, p, fb_is_unknown(p->value) ? IMPORT_NEEDS_YOU : IMPORT_MAPPED,
            "endpoint: %s", is_on ? "https" : "http");
    return is_on;
}

static void put_endpoint(struct target *t, const char *url)
{
    buf_append_format(&t->yaml, "    endpoint: %s\n", yaml_quote(t->import, url));
}

/* `tls://host:port` of the options, and the path of the backend's OTLP endpoint. */
static void put_address(struct target *t, const char *host, const char *port, bool tls,
                        const char *path)
{
    bool is_on = uses_tls(t, tls);
    const char *name = host_text(t, host);
    const char *number = port_text(t, port);
    put_endpoint(t, foreign_format(import_arena(t->import), "%s://%s:%s%s",
                                   is_on ? "https" : "http", name, number, path));
}

/* ---- who may write ---- */

static const char *base64(struct fb_import *import, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(text);
    char *out = mem_alloc(len * 2 + 8);
    size_t n = 0;
    for (size_t i = 0; i < len; i += 3) {
        unsigned b = (unsigned)(unsigned char)text[i] << 16;
        b |= i + 1 < len ? (unsigned)(unsigned char)text[i + 1] << 8 : 0;
        b |= i + 2 < len ? (unsigned char)text[i + 2] : 0U;
        out[n++] = digits[b >> 18];
        out[n++] = digits[b >> 12 & 63];
        out[n++] = i + 1 < len ? digits[b >> 6 & 63] : '=';
        out[n++] = i + 2 < len ? digits[b & 63] : '=';
    }
    const char *copy = foreign_copy(import_arena(import), slice_make(out, n));
    free(out);
    return copy;
}

static void basic_auth(struct target *t)
{
    const struct fb_property *user = fb_get(t->section, "http_user");
    const struct fb_property *password = fb_get(t->section, "http_passwd");
    if (user == NULL) {
        row_add_all(t->import, t->section, "http_passwd", IMPORT_IGNORED, "there is no http_user");
        return;
    }
    const char *secret = password != NULL ? password->raw : "";
    if (strchr(user->raw, '$') != NULL || strchr(secret, '$') != NULL ||
        text_has_template(user->raw) || text_has_template(secret) || strlen(secret) > 1000 ||
        strlen(user->raw) > 1000) {
        add_header(t, "authorization", "${CLEW_AUTHORIZATION:-}");
        row_add_all(t->import, t->section, "http_user", IMPORT_NEEDS_YOU,
                    "set CLEW_AUTHORIZATION to `Basic ` and base64 of user:password");
        row_add_all(t->import, t->section, "http_passwd", IMPORT_NEEDS_YOU, "as http_user");
        return;
    }
    const char *both = foreign_format(import_arena(t->import), "%s:%s", user->raw, secret);
    add_header(t, "authorization", foreign_format(import_arena(t->import), "Basic %s",
                                                  base64(t->import, both)));
    row_add_all(t->import, t->section, "http_user", IMPORT_MAPPED, "headers.authorization");
    row_add_all(t->import, t->section, "http_passwd", IMPORT_MAPPED, "headers.authorization");
}

/* What a header may hold: no control character, and nothing that is not ASCII. */
static bool is_header_value(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f) {
            return false;
        }
    }
    return !text_has_template(text);
}

static void copy_header(struct target *t, const char *option, const char *header,
                        const char *prefix)
{
    const struct fb_property *p = fb_get(t->section, option);
    if (p == NULL) {
        return;
    }
    bool is_known = is_header_value(p->raw);
    add_header(t, header, is_known ? foreign_format(import_arena(t->import), "%s%s", prefix, p->raw)
                                   : "");
    row_add(t->import, t->section, p, is_known ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
            "headers: %s%s", header, is_known ? "" : " is yours to fill in");
}

static bool is_header_name(const char *text)
{
    return *text != '\0' && strlen(text) < 100 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
               strlen(text);
}

static void own_headers(struct target *t)
{
    const struct fb_property *p = fb_next(t->section->first, "header");
    for (; p != NULL; p = fb_next(p->next, "header")) {
        const char *value;
        const char *name = fb_word(import_arena(t->import), p->raw, &value);
        bool is_content = strncasecmp(name, "content-", 8) == 0;
        if (!is_header_name(name) || !is_header_value(value)) {
            row_add(t->import, t->section, p, IMPORT_NEEDS_YOU,
             "not known here: see outputs.headers");
        } else if (is_content || strcasecmp(name, "host") == 0) {
            row_add(t->import, t->section, p, IMPORT_IGNORED, "OTLP says it itself");
        } else {
            add_header(t, name, value);
            row_add(t->import, t->section, p, IMPORT_MAPPED, "headers");
        }
    }
}

static void compression(struct target *t)
{
    const struct fb_property *p = fb_get(t->section, "compress");
    if (p == NULL) {
        return;
    }
    bool is_zstd = strcasecmp(p->value, "zstd") == 0;
    bool is_none = strcasecmp(p->value, "off") == 0 || strcasecmp(p->value, "false") == 0 ||
                   strcasecmp(p->value, "none") == 0;
    const char *name = is_zstd ? "zstd" : is_none ? "none" : "gzip";
    buf_append_format(&t->yaml, "    compression: %s\n", name);
    row_add(t->import, t->section, p, is_zstd || is_none || strcasecmp(p->value, "gzip") == 0
                                          ? IMPORT_MAPPED : IMPORT_CHANGED, "compression: %s", name);
}

static void put_file(struct target *t, const char *option, const char *ours)
{
    const struct fb_property *p = fb_get(t->section, option);
    bool is_known = p != NULL && !text_has_template(p->raw) && *p->raw != '\0';
    if (is_known) {
        buf_append_format(&t->yaml, "      %s: %s\n", ours, yaml_quote(t->import, p->raw));
        row_add(t->import, t->section, p, IMPORT_MAPPED, "tls.%s", ours);
    } else if (p != NULL) {
        row_add(t->import, t->section, p, IMPORT_NEEDS_YOU, "not known here: set tls.%s", ours);
    }
}

static void tls_options(struct target *t)
{
    const struct fb_section *s = t->section;
    const struct fb_property *verify = fb_get(s, "tls.verify");
    bool has_pair = fb_get(s, "tls.crt_file") != NULL && fb_get(s, "tls.key_file") != NULL &&
                    !text_has_template(fb_value(s, "tls.crt_file", "{{")) &&
                    !text_has_template(fb_value(s, "tls.key_file", "{{"));
    if (verify == NULL && fb_get(s, "tls.ca_file") == NULL && !has_pair) {
        return;
    }
    buf_append_string(&t->yaml, "    tls:\n");
    bool is_off = verify != NULL && !fb_is_true(verify->value) && !fb_is_unknown(verify->value);
    buf_append_format(&t->yaml, "      verify: %s\n", is_off ? "false" : "true");
    if (verify != NULL) {
        row_add(t->import, s, verify, IMPORT_MAPPED, "tls.verify");
    }
    put_file(t, "tls.ca_file", "ca_file");
    if (has_pair) {
        put_file(t, "tls.crt_file", "certificate_file");
        put_file(t, "tls.key_file", "key_file");
    }
}

/* ---- backends ---- */

static void to_otlp(struct target *t)
{
    const struct fb_property *p = fb_get(t->section, "logs_uri");
    bool is_grpc = fb_bool(t->section, "grpc", false, NULL);
    bool is_known = p == NULL || is_uri(p->raw);
    put_address(t, "localhost", "4318", false, p != NULL && is_known ? p->raw : "/v1/logs");
    if (p != NULL) {
        row_add(t->import, t->section, p, is_known ? IMPORT_MAPPED : IMPORT_NEEDS_YOU, "endpoint");
    }
    row_add_all(t->import, t->section, "grpc", is_grpc ? IMPORT_NEEDS_YOU : IMPORT_DEFAULT,
                is_grpc ? "clew speaks OTLP over HTTP: give the endpoint for that, mostly port 4318"
                        : "OTLP over HTTP");
}

static void to_loki(struct target *t)
{
    put_address(t, "127.0.0.1", "3100", false, "/otlp/v1/logs");
    copy_header(t, "tenant_id", "x-scope-orgid", "");
    copy_header(t, "bearer_token", "authorization", "Bearer ");
    row_add_all(t->import, t->section, "tenant_id_key", IMPORT_NEEDS_YOU,
                "one output has one tenant: an output and a route for each");
}

static void to_elasticsearch(struct target *t)
{
    put_address(t, "127.0.0.1", "9200", false, "/_otlp/v1/logs");
    row_add_unwritten(t->import, t->section, "", IMPORT_NEEDS_YOU,
                      "Elasticsearch of a version without /_otlp/v1/logs, and Elastic Cloud, have "
                      "another endpoint: see the backend's own page");
}

/* The Go plugin takes one URL. */
static void to_loki_url(struct target *t)
{
    const struct fb_property *p = fb_get(t->section, "url");
    const char *path = p != NULL ? strstr(p->raw, "/loki/api/v1/push") : NULL;
    const char *authority = p != NULL ? strstr(p->raw, "://") : NULL;
    if (path == NULL || authority == NULL || authority > path ||
        !is_authority(t->import,
                      foreign_copy(import_arena(t->import),
                                   slice_make(authority + 3, (size_t)(path - authority) - 3)))) {
        put_endpoint(t, "${LOKI_OTLP:-http://127.0.0.1:3100/otlp/v1/logs}");
        row_add_all(t->import, t->section, "url", IMPORT_NEEDS_YOU,
                    "set LOKI_OTLP to the same address with /otlp/v1/logs");
        return;
    }
    put_endpoint(t, foreign_format(import_arena(t->import), "%s://%.*s/otlp/v1/logs",
                                   strncmp(p->raw, "https", 5) == 0 ? "https" : "http",
                                   (int)(path - authority) - 3, authority + 3));
    row_add(t->import, t->section, p, IMPORT_MAPPED, "endpoint, with /otlp/v1/logs");
}

static void to_datadog(struct target *t)
{
    const struct fb_property *host = fb_get(t->section, "host");
    const char *site = host != NULL ? strstr(host->raw, "datadoghq") : "datadoghq.com";
    site = site == NULL && host != NULL ? strstr(host->raw, "ddog-gov") : site;
    bool is_known = site != NULL && is_host(site);
    put_endpoint(t, foreign_format(import_arena(t->import), "https://otlp.%s/v1/logs",
                                   is_known ? site : "datadoghq.com"));
    row_add_all(t->import, t->section, "host", is_known ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
                "endpoint: the OTLP intake of the site");
    row_add_all(t->import, t->section, "tls", IMPORT_MAPPED, "endpoint: https");
    copy_header(t, "apikey", "dd-api-key", "");
}

static void to_newrelic(struct target *t)
{
    const struct fb_property *p = fb_get(t->section, "endpoint");
    const struct fb_property *base = fb_get(t->section, "base_uri");
    const char *text = p != NULL ? p->raw : base != NULL ? base->raw : "";
    put_endpoint(t, strstr(text, ".eu") != NULL ? "https://otlp.eu01.nr-data.net/v1/logs"
                                                : "https://otlp.nr-data.net/v1/logs");
    row_add_all(t->import, t->section, "endpoint", IMPORT_MAPPED, "endpoint: the OTLP one");
    row_add_all(t->import, t->section, "base_uri", IMPORT_MAPPED, "endpoint: the OTLP one");
    copy_header(t, fb_get(t->section, "licensekey") != NULL ? "licensekey"
                   : fb_get(t->section, "license_key") != NULL ? "license_key" : "apikey",
                "api-key", "");
}

static void to_cloudwatch(struct target *t)
{
    const struct fb_property *p = fb_get(t->section, "region");
    bool is_known = false;
    const char *region = p == NULL ? "us-east-1" : is_host(p->raw) ? p->raw
                         : variable_or(t->import, p->raw, "us-east-1", is_host, &is_known);
    put_endpoint(t, foreign_format(import_arena(t->import), "https://logs.%s.amazonaws.com/v1/logs",
                                   region != NULL ? region : "us-east-1"));
    row_add_all(t->import, t->section, "region", region != NULL ? IMPORT_MAPPED : IMPORT_NEEDS_YOU,
                "endpoint: CloudWatch's OTLP endpoint of the region");
    copy_header(t, "log_group_name", "x-aws-log-group", "");
    copy_header(t, "log_stream_name", "x-aws-log-stream", "");
    if (fb_get(t->section, "log_stream_name") == NULL) {
        add_header(t, "x-aws-log-stream", "${HOSTNAME:-clew}");
    }
    row_add_all(t->import, t->section, "log_stream_prefix", IMPORT_CHANGED,
                "one log stream for each clew: x-aws-log-stream; records say their pod themselves");
    add_header(t, "authorization", "Bearer ${CLOUDWATCH_TOKEN:-}");
    row_add_unwritten(t->import, t->section, "", IMPORT_NEEDS_YOU,
                      "clew does not sign requests for AWS: set CLOUDWATCH_TOKEN to a bearer token "
                      "for CloudWatch Logs, or put a Collector with sigv4auth in between");
}

/* The generic HTTP output: some addresses are those of backends that take OTLP beside. */
static bool to_http(struct target *t)
{
    const struct fb_property *uri = fb_get(t->section, "uri");
    const char *path = uri != NULL ? uri->raw : "/";
    const char *host = fb_value(t->section, "host", "127.0.0.1");
    struct arena *arena = import_arena(t->import);
    const char *end = strncmp(path, "/api/", 5) == 0 ? strchr(path + 5, '/') : NULL;
    if (end != NULL && (strstr(end, "/_json") != NULL || strstr(end, "/_bulk") != NULL ||
                        strstr(end, "/_multi") != NULL) && is_uri(path)) {
        put_address(t, "127.0.0.1", "5080", false,
                    foreign_format(arena, "/api/%.*s/v1/logs", (int)(end - path) - 5, path + 5));
        add_header(t, "stream-name", foreign_copy(arena, slice_make(end + 1, strcspn(end + 1, "/"))));
        row_add(t->import, t->section, uri, IMPORT_MAPPED,
                "endpoint: OpenObserve's OTLP endpoint, its stream in the header stream-name");
    } else if (strncmp(path, "/insert/jsonline", 16) == 0) {
        put_address(t, "127.0.0.1", "9428", false, "/insert/opentelemetry/v1/logs");
        row_add(t->import, t->section, uri, IMPORT_MAPPED, "endpoint: VictoriaLogs' OTLP endpoint");
    } else if (strstr(path, "/loki/api/v1/push") != NULL) {
        put_address(t, "127.0.0.1", "3100", false, "/otlp/v1/logs");
        row_add(t->import, t->section, uri, IMPORT_MAPPED, "endpoint: Loki's OTLP endpoint");
    } else if (strstr(path, "/v1/logs") != NULL && is_uri(path)) {
        put_address(t, "127.0.0.1", "80", false, path);
        row_add(t->import, t->section, uri, IMPORT_MAPPED, "endpoint: OTLP it is already");
    } else if (strstr(host, "honeycomb.io") != NULL) {
        put_address(t, "api.honeycomb.io", "443", true, "/v1/logs");
        row_add_all(t->import, t->section, "uri", IMPORT_MAPPED,
         "endpoint: Honeycomb's OTLP endpoint");
    } else if (strstr(host, "dynatrace.com") != NULL) {
        put_address(t, "localhost", "443", true, "/api/v2/otlp/v1/logs");
        row_add_all(t->import, t->section, "uri", IMPORT_MAPPED,
         "endpoint: Dynatrace's OTLP endpoint");
    } else {
        return false;
    }
    return true;
}

static const struct {
    const char *name;
    void (*convert)(struct target *t);
    const char *backend;
} backends[] = {
    {"opentelemetry", to_otlp, "OTLP"},
    {"loki", to_loki, "Loki's OTLP endpoint"},
    {"grafana-loki", to_loki_url, "Loki's OTLP endpoint"},
    {"es", to_elasticsearch, "Elasticsearch's OTLP endpoint"},
    {"datadog", to_datadog, "Datadog's OTLP intake"},
    {"newrelic", to_newrelic, "New Relic's OTLP endpoint"},
    {"nrlogs", to_newrelic, "New Relic's OTLP endpoint"},
    {"cloudwatch_logs", to_cloudwatch, "CloudWatch's OTLP endpoint"},
    {"cloudwatch", to_cloudwatch, "CloudWatch's OTLP endpoint"},
};

/* ---- what has no OTLP endpoint ---- */

static const struct {
    const char *name;
    enum import_fate fate;
    const char *why;
} others[] = {
    {"null", IMPORT_IGNORED, "records are discarded: remove such inputs, or drop them in a filter"},
    {"stdout", IMPORT_IGNORED, "a look at records: `clew parse` shows them"},
    {"prometheus_exporter", IMPORT_DEFAULT, "clew's own metrics are at /metrics of control.listen"},
    {"prometheus_remote_write", IMPORT_NEEDS_YOU, "metrics: Prometheus reads clew's at /metrics"},
    {"opensearch", IMPORT_NEEDS_YOU,
     "OpenSearch has no OTLP endpoint: a Collector with the opensearch exporter, or Data "
     "Prepper's otel_logs source"},
    {"kafka", IMPORT_NEEDS_YOU, "a Collector with the kafka exporter"},
    {"kafka-rest", IMPORT_NEEDS_YOU, "a Collector with the kafka exporter"},
    {"s3", IMPORT_NEEDS_YOU, "a Collector with the awss3 exporter"},
    {"splunk", IMPORT_NEEDS_YOU,
     "Splunk's HEC takes no OTLP: a Collector with the splunk_hec exporter"},
    {"forward", IMPORT_NEEDS_YOU,
     "an aggregator: let it be a Collector with an OTLP receiver, or one with the fluentforward "
     "exporter"},
    {"file", IMPORT_NEEDS_YOU,
     "a Collector with the file exporter; the lines are in files already"},
    {"kinesis_streams", IMPORT_NEEDS_YOU, "a Collector with the awskinesis exporter"},
    {"kinesis", IMPORT_NEEDS_YOU, "a Collector with the awskinesis exporter"},
    {"kinesis_firehose", IMPORT_NEEDS_YOU,
     "Firehose has no OTLP endpoint for logs: a Collector that writes to S3 or CloudWatch"},
    {"firehose", IMPORT_NEEDS_YOU,
     "Firehose has no OTLP endpoint for logs: a Collector that writes to S3 or CloudWatch"},
    {"stackdriver", IMPORT_NEEDS_YOU,
     "Google's telemetry.googleapis.com takes OTLP with OAuth: a Collector with the googlecloud "
     "exporter"},
    {"azure", IMPORT_NEEDS_YOU, "a Collector with the azuremonitor exporter"},
    {"azure_blob", IMPORT_NEEDS_YOU, "a Collector with the azureblob exporter"},
    {"azure_kusto", IMPORT_NEEDS_YOU, "a Collector with the azuredataexplorer exporter"},
    {"azure_logs_ingestion", IMPORT_NEEDS_YOU, "a Collector with the azuremonitor exporter"},
    {"gelf", IMPORT_NEEDS_YOU,
     "Graylog has an OpenTelemetry input over gRPC: a Collector in between"},
    {"logzio", IMPORT_NEEDS_YOU, "a Collector with the logzio exporter"},
    {"http", IMPORT_NEEDS_YOU,
     "a service of your own: let it take OTLP, or put a Collector in between"},
    {"logstash", IMPORT_NEEDS_YOU,
     "a Collector whose exporter writes to the backend of Logstash"},
    {"tcp", IMPORT_NEEDS_YOU, "a Collector with an exporter for what listens there"},
    {"udp", IMPORT_NEEDS_YOU, "a Collector with an exporter for what listens there"},
    {"syslog", IMPORT_NEEDS_YOU, "a Collector with the syslog exporter"},
    {"pgsql", IMPORT_NEEDS_YOU, "no Collector writes to PostgreSQL by itself: a backend for logs"},
    {"", IMPORT_NEEDS_YOU, "no OTLP endpoint is known for it: a Collector with its exporter"},
};

static size_t find_other(const char *name)
{
    size_t i = 0;
    while (*others[i].name != '\0' && strcasecmp(others[i].name, name) != 0) {
        i++;
    }
    return i;
}

static struct draft_output *new_output(struct fb_import *import, const struct fb_section *s,
                                       const char *name)
{
    if (import->output_count == IMPORT_OUTPUTS_MAX) {
        return NULL;
    }
    struct draft_output *output = &import->outputs[import->output_count];
    *output = (struct draft_output){.section = s};
    output->name = draft_name(import, name, is_output_taken);
    buf_init(&output->yaml, IMPORT_YAML_BYTES_MAX);
    import->output_count++;
    return output;
}

static void refuse(struct fb_import *import, const struct fb_section *s)
{
    size_t i = find_other(fb_name(s));
    bool is_collector = others[i].fate == IMPORT_NEEDS_YOU &&
                        strncasecmp(fb_name(s), "prometheus", 10) != 0;
    struct draft_output *output = is_collector ? new_output(import, s, "collector") : NULL;
    if (output != NULL) {
        output->is_collector = true;
        buf_append_format(&output->yaml,
                          "    # not replaced: %s\n    endpoint: %s\n", others[i].why, collector_url);
    }
    row_add(import, s, NULL, others[i].fate, "%s%s", output != NULL ? "not replaced: " : "",
            others[i].why);
    for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
        bool is_match = fb_is_key(p, "match") || fb_is_key(p, "match_regex");
        if (!fb_is_key(p, "name") && !(is_match && output != NULL)) {
            row_add(import, s, p, others[i].fate, "part of an output that is not converted");
        }
    }
}

static void finish_output(struct fb_import *import, struct target *t, const char *backend)
{
    const char *alias = fb_value(t->section, "alias", NULL);
    struct draft_output *output = new_output(import, t->section,
                                             alias != NULL && !fb_is_unknown(alias)
                                                 ? alias : fb_name(t->section));
    if (output == NULL) {
        buf_fini(&t->yaml);
        row_add(import, t->section, NULL, IMPORT_NEEDS_YOU, "more outputs than clew has");
        return;
    }
    basic_auth(t);
    own_headers(t);
    compression(t);
    tls_options(t);
    if (*t->headers != '\0') {
        buf_append_format(&t->yaml, "    headers: {%s}\n", t->headers);
    }
    buf_append_slice(&output->yaml, buf_slice(&t->yaml));
    buf_append_slice(&output->yaml, buf_slice(&import->retry));
    buf_fini(&t->yaml);
    row_add(import, t->section, NULL, IMPORT_MAPPED, "outputs: %s, %s", output->name, backend);
}

static void convert_output(struct fb_import *import, const struct fb_section *s)
{
    struct target t = {import, s, .headers = ""};
    buf_init(&t.yaml, IMPORT_YAML_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
        if (strcasecmp(backends[i].name, fb_name(s)) == 0) {
            backends[i].convert(&t);
            finish_output(import, &t, backends[i].backend);
            return;
        }
    }
    if (strcasecmp(fb_name(s), "http") == 0 && to_http(&t)) {
        finish_output(import, &t, "the OTLP endpoint there");
        return;
    }
    buf_fini(&t.yaml);
    refuse(import, s);
}

void import_outputs(struct fb_import *import)
{
    for (const struct fb_section *s = import->config->first[FB_OUTPUT]; s != NULL; s = s->next) {
        convert_output(import, s);
    }
}

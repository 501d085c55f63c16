/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/endpoint.h"

#include <string.h>
#include "base/mem.h"
#include "base/slice.h"

#define LOGS "/v1/logs"

struct parts {
    struct slice base; /* scheme, host and port */
    struct slice host; /* scheme and host */
    struct slice port; /* empty: none */
    struct slice path; /* without slashes at its end */
};

/* Backends that take OTLP below a path of their own, by the port they have by custom. */
static const struct backend {
    const char *port;
    const char *prefix; /* what stands in front of /v1/logs begins so */
    const char *path;
    const char *name;
} backends[] = {
    {"9428", "/insert/opentelemetry", "/insert/opentelemetry" LOGS, "VictoriaLogs"},
    {"5080", "/api/", "/api/ORGANISATION" LOGS, "OpenObserve"},
    {"3100", "/otlp", "/otlp" LOGS, "Loki"},
};

static size_t span_until(struct slice s, const char *stops)
{
    size_t len = 0;
    while (len < s.len && strchr(stops, s.data[len]) == NULL) {
        len++;
    }
    return len;
}

static struct parts take_apart(const char *url)
{
    struct parts parts = {0};
    struct slice whole = slice_from_string(url);
    const char *colon = strstr(url, "://");
    size_t scheme = colon != NULL ? (size_t)(colon - url) + 3 : 0;
    struct slice rest = slice_skip(whole, scheme);
    size_t host = scheme + span_until(rest, slice_has_prefix(rest, SLICE("[")) ? "]/?#" : ":/?#");
    host += host < whole.len && whole.data[host] == ']' ? 1 : 0;
    size_t base = host + span_until(slice_skip(whole, host), "/?#");
    parts.host = slice_make(url, host);
    parts.base = slice_make(url, base);
    parts.port = slice_skip(parts.base, host < base ? host + 1 : base);
    parts.path = slice_make(url + base, span_until(slice_skip(whole, base), "?#"));
    while (parts.path.len > 0 && parts.path.data[parts.path.len - 1] == '/') {
        parts.path.len--;
    }
    return parts;
}

static bool has_suffix(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_is_equal(slice_skip(s, s.len - suffix.len), suffix);
}

bool endpoint_is_for_logs(const char *url)
{
    size_t len = strcspn(url, "?#");
    return has_suffix(slice_make(url, len), SLICE(LOGS));
}

bool endpoint_is_of_grpc(const char *url)
{
    return slice_is_equal(take_apart(url).port, SLICE("4317"));
}

/* The path as it would be for logs, where it has another end or none. */
static char *advise_path(const struct parts *parts)
{
    static const char *const others[] = {"/v1/traces", "/v1/metrics", LOGS};
    struct slice path = parts->path;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct slice other = slice_from_string(others[i]);
        path.len -= has_suffix(path, other) ? other.len : 0;
    }
    return mem_format("write %.*s%.*s" LOGS, (int)parts->base.len, parts->base.data, (int)path.len,
                      path.data);
}

static char *advise_backend(const struct parts *parts, const struct backend *backend)
{
    return mem_format("port %s is normally %s, which accepts logs at %.*s%s", backend->port,
                      backend->name, (int)parts->base.len, parts->base.data, backend->path);
}

char *endpoint_advise(const char *url)
{
    struct parts parts = take_apart(url);
    if (endpoint_is_of_grpc(url)) {
        return mem_format("port 4317 is normally OTLP/gRPC; clew sends OTLP/HTTP: use %.*s:4318" LOGS,
                          (int)parts.host.len, parts.host.data);
    }
    for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
        if (slice_is_equal(parts.port, slice_from_string(backends[i].port)) &&
            !slice_has_prefix(parts.path, slice_from_string(backends[i].prefix))) {
            return advise_backend(&parts, &backends[i]);
        }
    }
    if (!endpoint_is_for_logs(url)) {
        return advise_path(&parts);
    }
    if (parts.path.len > strlen(LOGS)) {
        return mem_string("check the path in front of " LOGS ", such as the organisation or "
                                                                "tenant");
    }
    return mem_string("many backends accept logs below their own path, such as "
                      "/insert/opentelemetry" LOGS " (VictoriaLogs), /api/ORGANISATION" LOGS
                      " (OpenObserve) or /otlp" LOGS " (Loki): use theirs");
}

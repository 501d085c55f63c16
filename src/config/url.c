/* SPDX-License-Identifier: Apache-2.0 */
#include "config/url.h"

#include <stdlib.h>
#include "base/mem.h"

static bool is_scheme_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
}

static size_t span_until(struct slice s, const char *stops)
{
    size_t len = 0;
    while (len < s.len && strchr(stops, s.data[len]) == NULL) {
        len++;
    }
    return len;
}

/* `name:password@host:port` */
static bool parse_authority(struct slice text, struct url *url)
{
    const char *at = text.len > 0 ? memrchr(text.data, '@', text.len) : NULL;
    if (at != NULL) {
        url->user = slice_make(text.data, (size_t)(at - text.data));
        text = slice_skip(text, url->user.len + 1);
    }
    size_t host = span_until(text, ":");
    if (slice_has_prefix(text, SLICE("["))) {
        host = span_until(text, "]");
        if (host == text.len) {
            return false;
        }
        host++;
    }
    url->host = slice_make(text.data, host);
    text = slice_skip(text, host);
    if (text.len > 0 && text.data[0] != ':') {
        return false;
    }
    url->port = slice_skip(text, 1);
    return url->host.len > 0 && url->port.len == strspn(url->port.data, "0123456789");
}

bool url_parse(const char *text, struct url *out_url)
{
    struct slice rest = slice_from_string(text);
    struct url url = {0};
    while (url.scheme.len < rest.len && is_scheme_byte(rest.data[url.scheme.len])) {
        url.scheme.len++;
    }
    url.scheme.data = rest.data;
    rest = slice_skip(rest, url.scheme.len);
    if (url.scheme.len == 0 || !slice_has_prefix(rest, SLICE("://"))) {
        return false;
    }
    rest = slice_skip(rest, 3);
    struct slice authority = slice_make(rest.data, span_until(rest, "/?#"));
    if (!parse_authority(authority, &url)) {
        return false;
    }
    rest = slice_skip(rest, authority.len);
    url.path = slice_make(rest.data, span_until(rest, "?#"));
    rest = slice_skip(rest, url.path.len);
    if (slice_has_prefix(rest, SLICE("?"))) {
        url.query = slice_skip(slice_make(rest.data, span_until(rest, "#")), 1);
    }
    *out_url = url;
    return true;
}

bool is_secret_name(struct slice name)
{
    static const char *const parts[] = {
        "auth", "cookie", "credential", "key", "pass", "pwd", "secret", "session", "sig", "token",
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct slice part = slice_from_string(parts[i]);
        for (size_t at = 0; at + part.len <= name.len; at++) {
            if (slice_is_equal_nocase(slice_make(name.data + at, part.len), part)) {
                return true;
            }
        }
    }
    return false;
}

/* `a=1&token=[hidden]`, appended to `shown`. */
static char *add_query(char *shown, struct slice query)
{
    const char *separator = "?";
    while (query.len > 0) {
        struct slice pair = slice_make(query.data, span_until(query, "&"));
        struct slice name = slice_make(pair.data, span_until(pair, "="));
        bool hide = name.len < pair.len && is_secret_name(name);
        struct slice kept = hide ? name : pair;
        char *longer = mem_format("%s%s%.*s%s", shown, separator, (int)kept.len, kept.data,
                                  hide ? "=[hidden]" : "");
        free(shown);
        shown = longer;
        separator = "&";
        query = slice_skip(query, pair.len + 1);
    }
    return shown;
}

char *url_hide_secrets(const char *text)
{
    struct url url;
    if (!url_parse(text, &url)) {
        return mem_string("[hidden]"); /* what cannot be read cannot be cleaned */
    }
    char *shown = mem_format("%.*s://%s%.*s%s%.*s%.*s", (int)url.scheme.len, url.scheme.data,
                             url.user.len > 0 ? "[hidden]@" : "", (int)url.host.len, url.host.data,
                             url.port.len > 0 ? ":" : "", (int)url.port.len, url.port.data,
                             (int)url.path.len, url.path.data);
    return add_query(shown, url.query);
}

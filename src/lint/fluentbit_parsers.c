/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Parsers: those of the config and, by name, what Fluent Bit's own parsers.conf is known to do.
 * The stock ones are written here anew, for what they keep and what they drop of a line: which
 * parts they capture, and whether the end of the line must match.
 */

#include "lint/fluentbit.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"

#define ACCESS_HEAD                                                                                \
    "^(?<host>\\S*) \\S* (?<user>\\S*) \\[(?<time>[^\\]]*)\\] "                                    \
    "\"(?<method>\\w+) (?<path>\\S*)[^\"]*\" (?<code>\\S*) (?<size>\\S*)"

static const struct stock {
    const char *name;
    const char *format;
    const char *regex;
} stock[] = {
    {"apache", "regex",
     ACCESS_HEAD "(?: \"(?<referer>[^\"]*)\" \"(?<agent>[^\"]*)\")?$"},
    {"apache2", "regex", ACCESS_HEAD "(?: \"(?<referer>[^\"]*)\" \"(?<agent>.*)\")?$"},
    {"apache_error", "regex",
     "^\\[\\S* (?<time>[^\\]]*)\\] \\[(?<level>[^\\]]*)\\] (?<message>.*)$"},
    {"nginx", "regex",
     "^(?<remote>\\S*) (?<host>\\S*) (?<user>\\S*) \\[(?<time>[^\\]]*)\\] "
     "\"(?<method>\\w+) (?<path>\\S*)[^\"]*\" (?<code>\\S*) (?<size>\\S*) "
     "\"(?<referer>[^\"]*)\" \"(?<agent>[^\"]*)\""},
    {"k8s-nginx-ingress", "regex",
     "^(?<host>\\S*) - \\[(?<real_ip>\\S*)\\] - (?<user>\\S*) \\[(?<time>[^\\]]*)\\] "
     "\"(?<method>\\w+) (?<path>\\S*)[^\"]*\" (?<code>\\S*) (?<size>\\S*) \"(?<referer>[^\"]*)\" "
     "\"(?<agent>[^\"]*)\" (?<request_length>\\S*) (?<request_time>\\S*) "
     "\\[(?<proxy_upstream_name>\\S*)\\] (?<last>.*)"},
    {"json", "json", NULL},
    {"docker", "json", NULL},
    {"logfmt", "logfmt", NULL},
    {"docker-daemon", "regex", "time=\"(?<time>\\S*)\" level=(?<level>\\S*) msg=\"(?<msg>[^ ].*)\""},
    {"syslog-rfc5424", "regex",
     "^<(?<pri>[0-9]{1,5})>1 (?<time>\\S+) (?<host>\\S+) (?<ident>\\S+) (?<pid>[-0-9]+) "
     "(?<msgid>\\S+) (?<extradata>\\[.*\\]|-) (?<message>.+)$"},
    {"syslog-rfc3164-local", "regex",
     "^<(?<pri>[0-9]+)>(?<time>\\S+ +\\S+ \\S+) (?<ident>[\\w/.-]*)(?:\\[(?<pid>[0-9]+)\\])?: *"
     "(?<message>.*)$"},
    {"syslog-rfc3164", "regex",
     "^<(?<pri>[0-9]+)>(?<time>\\S+ +\\S+ \\S+) (?<host>\\S*) (?<ident>[\\w/.-]*)"
     "(?:\\[(?<pid>[0-9]+)\\])?: *(?<message>.*)$"},
    {"mongodb", "regex",
     "^(?<time>\\S*)\\s+(?<severity>\\w)\\s+(?<component>\\S+)\\s+\\[(?<context>[^\\]]+)\\]\\s+"
     "(?<message>.*)$"},
    {"envoy", "regex",
     "^\\[(?<start_time>[^\\]]*)\\] \"(?<method>\\w+) (?<path>\\S*) (?<protocol>\\S+)\" "
     "(?<code>\\S*) (?<response_flags>\\S*) (?<bytes_received>\\S*) (?<bytes_sent>\\S*) "
     "(?<duration>\\S*) (?<x_envoy_upstream_service_time>\\S*) \"(?<x_forwarded_for>[^ \"]*)\" "
     "\"(?<user_agent>[^\"]*)\" \"(?<request_id>[^\"]*)\" \"(?<authority>[^ \"]*)\" "
     "\"(?<upstream_host>[^ \"]*)\""},
    {"istio-envoy-proxy", "regex",
     "^\\[(?<start_time>[^\\]]*)\\] \"(?<method>\\w+) (?<path>\\S*) (?<protocol>\\S+)\" "
     "(?<code>\\S*) (?<response_flags>\\S*) (?<details>.*)$"},
    {"cri", "regex", "^(?<time>\\S+) (?<stream>stdout|stderr) (?<logtag>\\S*) (?<message>.*)$"},
};

static struct fb_section *make_stock(struct fb_config *config, const struct stock *s)
{
    struct lint_place nowhere = {config->path, 0, 0};
    struct fb_section *parser = fb_section_new(config, FB_PARSER, nowhere);
    fb_property_add(config, parser, SLICE("name"), slice_from_string(s->name), nowhere, false);
    fb_property_add(config, parser, SLICE("format"), slice_from_string(s->format), nowhere, false);
    if (s->regex != NULL) {
        fb_property_add(config, parser, SLICE("regex"), slice_from_string(s->regex), nowhere,
                        false);
    }
    fb_section_append(config, parser);
    return parser;
}

const struct fb_section *fb_parser(struct fb_config *config, const char *name)
{
    for (const struct fb_section *s = config->first[FB_PARSER]; s != NULL; s = s->next) {
        if (strcmp(fb_name(s), name) == 0) {
            return s;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(stock); i++) {
        if (strcmp(stock[i].name, name) == 0) {
            return make_stock(config, &stock[i]);
        }
    }
    return NULL;
}

/* `key=value key2="v v" bare`, the separators given: logfmt and ltsv. */
static struct item *parse_pairs(struct arena *arena, const char *text, const char *between,
                                 char equals)
{
    struct item *map = item_map(arena);
    while (*text != '\0') {
        text += strspn(text, between);
        size_t len = strcspn(text, between);
        const char *mark = memchr(text, equals, len);
        size_t key_len = mark != NULL ? (size_t)(mark - text) : len;
        const char *key = lint_copy(arena, slice_make(text, key_len));
        struct slice value = mark != NULL ? slice_make(mark + 1, len - key_len - 1) : SLICE("true");
        if (mark != NULL && mark[1] == '"') {
            const char *close = strchr(mark + 2, '"');
            size_t quoted = close != NULL ? (size_t)(close - mark) - 2 : strlen(mark + 2);
            value = slice_make(mark + 2, quoted);
            len = (size_t)(mark - text) + 2 + quoted + (close != NULL ? 1 : 0);
        }
        if (key_len > 0) {
            item_put(arena, map, key, item_text(arena, value));
        }
        text += len;
    }
    return map;
}

/* Decode_Field[_As] json key: a text that is JSON becomes a map. */
static void decode_fields(struct fb_config *config, const struct fb_section *parser,
                          struct item *map)
{
    struct arena *arena = &config->lint->scratch;
    for (const struct fb_property *p = parser->first; p != NULL; p = p->next) {
        char kind[32] = "";
        char key[128] = "";
        if (strncmp(p->key, "decode_field", 12) != 0 ||
            sscanf(p->value, "%31s %127s", kind, key) != 2 || strcmp(kind, "json") != 0) {
            continue;
        }
        struct item *text = item_get(map, key);
        struct item *inner = text != NULL && text->kind == ITEM_TEXT
                                  ? item_from_json(arena, slice_from_string(text->text), true)
                                  : NULL;
        if (inner != NULL) {
            item_put(arena, map, key, inner);
        }
    }
}

static struct item *parse_regex(struct arena *arena, const char *pattern, const char *text)
{
    struct regex *regex = regex_new(pattern);
    struct item *map = NULL;
    if (regex != NULL && regex_named_groups(regex) > 0) { /* without one the parse fails */
        map = regex_captures(regex, arena, slice_from_string(text), NULL, NULL);
    }
    regex_free(regex);
    return map;
}

struct item *fb_parse(struct fb_config *config, const struct fb_section *parser, const char *text)
{
    struct arena *arena = &config->lint->scratch;
    const char *format = fb_value(parser, "format", "");
    struct item *map = NULL;
    if (strcasecmp(format, "json") == 0) {
        map = item_from_json(arena, slice_from_string(text), true);
    } else if (strcasecmp(format, "regex") == 0) {
        map = parse_regex(arena, fb_value(parser, "regex", ""), text);
    } else if (strcasecmp(format, "logfmt") == 0) {
        map = parse_pairs(arena, text, " ", '=');
    } else if (strcasecmp(format, "ltsv") == 0) {
        map = parse_pairs(arena, text, "\t", ':');
    }
    if (map != NULL) {
        decode_fields(config, parser, map);
    }
    return map;
}

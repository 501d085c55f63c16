/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Parsers: those of the config and, by name, what Fluent Bit's own parsers.conf is known to do.
 * The stock ones are written here anew, for what they keep and what they drop of a line: which
 * parts they capture, and whether the end of the line must match.
 */

#include "shippers/fluentbit/read.h"

#include <string.h>
#include <strings.h>
#include "base/mem.h"

/* `"GET /a b HTTP/1.1"`, and what clients send that is no request. */
#define REQUEST "\"(?<method>\\S+)(?: +(?<path>[^\"]*?)(?: +\\S*)?)?\""

#define ACCESS_HEAD                                                                                \
    "^(?<host>\\S*) \\S* (?<user>\\S*) \\[(?<time>[^\\]]*)\\] "                                    \
    REQUEST " (?<code>\\S*) (?<size>\\S*)"

#define ENVOY_REQUEST                                                                              \
    "^\\[(?<start_time>[^\\]]*)\\] "                                                               \
    "\"(?<method>\\S+)(?: +(?<path>[^\"]*?)(?: +\\S*)?)? (?<protocol>\\S+)\""

static const struct stock {
    const char *name;
    const char *format;
    const char *regex;
} stock[] = {
    {"apache", "regex",
     ACCESS_HEAD "(?: \"(?<referer>[^\"]*)\" \"(?<agent>[^\"]*)\")?$"},
    {"apache2", "regex", ACCESS_HEAD "(?: \"(?<referer>[^\"]*)\" \"(?<agent>.*)\")?$"},
    {"apache_error", "regex",
     "^\\[\\S* (?<time>[^\\]]*)\\] \\[(?<level>[^\\]]*)\\](?: \\[pid (?<pid>[^\\]]*)\\])?"
     "(?: \\[client (?<client>[^\\]]*)\\])? (?<message>.*)$"},
    {"nginx", "regex",
     "^(?<remote>\\S*) (?<host>\\S*) (?<user>\\S*) \\[(?<time>[^\\]]*)\\] "
     REQUEST " (?<code>\\S*) (?<size>\\S*) \"(?<referer>[^\"]*)\" \"(?<agent>[^\"]*)\""},
    {"k8s-nginx-ingress", "regex",
     "^(?<host>\\S*) - (?<user>\\S*) \\[(?<time>[^\\]]*)\\] " REQUEST " (?<code>\\S*) "
     "(?<size>\\S*) \"(?<referer>[^\"]*)\" \"(?<agent>[^\"]*)\" (?<request_length>\\S*) "
     "(?<request_time>\\S*) \\[(?<proxy_upstream_name>[^ \\]]*)\\] "
     "(?:\\[(?<proxy_alternative_upstream_name>[^ \\]]*)\\] )?(?<upstream_addr>\\S*) "
     "(?<upstream_response_length>\\S*) (?<upstream_response_time>\\S*) "
     "(?<upstream_status>\\S*) (?<reg_id>\\S*).*$"},
    {"json", "json", NULL},
    {"docker", "json", NULL},
    {"logfmt", "logfmt", NULL},
    {"docker-daemon", "regex", "time=\"(?<time>\\S*)\" level=(?<level>\\S*) msg=\"(?<msg>[^ ].*)\""},
    {"syslog-rfc5424", "regex",
     "^<(?<pri>[0-9]{1,5})>1 (?<time>\\S+) (?<host>\\S+) (?<ident>\\S+) (?<pid>[-0-9]+) "
     "(?<msgid>\\S+) (?<extradata>\\[.*\\]|-) (?<message>.+)$"},
    {"syslog-rfc3164-local", "regex",
     "^<(?<pri>[0-9]+)>(?<time>\\S+ +\\S+ \\S+) (?<ident>[\\w/.-]*)(?:\\[(?<pid>[0-9]+)\\])?(?:[^:]*:)? *"
     "(?<message>.*)$"},
    {"syslog-rfc3164", "regex",
     "^<(?<pri>[0-9]+)>(?<time>\\S+ +\\S+ \\S+) (?<host>\\S*) (?<ident>[\\w/.-]*)"
     "(?:\\[(?<pid>[0-9]+)\\])?(?:[^:]*:)? *(?<message>.*)$"},
    {"mongodb", "regex",
     "^(?<time>\\S*)\\s+(?<severity>\\w)\\s+(?<component>\\S+)\\s+\\[(?<context>[^\\]]+)\\]\\s+"
     "(?<message>.*?) *(?<ms>[0-9]+)?(?::?ms)?$"},
    {"envoy", "regex",
     ENVOY_REQUEST " (?<code>\\S*) (?<response_flags>\\S*) (?<bytes_received>\\S*) "
     "(?<bytes_sent>\\S*) (?<duration>\\S*) (?<x_envoy_upstream_service_time>\\S*) "
     "\"(?<x_forwarded_for>[^ ]*)\" \"(?<user_agent>[^\"]*)\" \"(?<request_id>[^\"]*)\" "
     "\"(?<authority>[^ ]*)\" \"(?<upstream_host>[^ ]*)\""},
    {"istio-envoy-proxy", "regex",
     ENVOY_REQUEST " (?<response_code>\\S*) (?<response_flags>\\S*) "
     "(?<response_code_details>\\S*) (?<connection_termination_details>\\S*) "
     "\"(?<upstream_transport_failure_reason>[^ ]*)\" (?<bytes_received>\\S*) "
     "(?<bytes_sent>\\S*) (?<duration>\\S*) (?<x_envoy_upstream_service_time>\\S*) "
     "\"(?<x_forwarded_for>[^ ]*)\" \"(?<user_agent>[^\"]*)\" \"(?<x_request_id>[^\"]*)\" "
     "\"(?<authority>[^ ]*)\" \"(?<upstream_host>[^ ]*)\" (?<upstream_cluster>\\S*) "
     "(?<upstream_local_address>\\S*) (?<downstream_local_address>\\S*) "
     "(?<downstream_remote_address>\\S*) (?<requested_server_name>\\S*) (?<route_name>\\S*)$"},
    {"cri", "regex", "^(?<time>\\S+) (?<stream>stdout|stderr) (?<logtag>\\S*) (?<message>.*)$"},
};

static struct fb_section *make_stock(struct fb_config *config, const struct stock *s)
{
    struct foreign_place nowhere = {config->path, 0, 0};
    struct fb_section *parser = fb_section_new(config, FB_PARSER, SLICE("PARSER"), nowhere);
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

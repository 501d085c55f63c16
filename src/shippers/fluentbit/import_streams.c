/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Inputs that lines come to: syslog, standard input and the systemd journal.
 *
 * Options and defaults are those of Fluent Bit's plugins in_syslog, in_stdin and in_systemd
 * (in_syslog: mode unix_udp, listen 0.0.0.0, port 5140; parser syslog-rfc5424 of networks,
 * syslog-rfc3164-local of sockets).
 */

#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/import.h"

enum { SOCKET_PATH_MAX = 108 /* of struct sockaddr_un, with its NUL */ };

struct mode {
    const char *name;
    const char *scheme;
    bool is_path;
};

static const struct mode modes[] = {
    {"unix_udp", "unixgram", true}, /* the default of Fluent Bit */
    {"unix_tcp", "unix", true},
    {"tcp", "tcp", false},
    {"udp", "udp", false},
};

static const struct mode *find_mode(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        if (strcasecmp(modes[i].name, name) == 0) {
            return &modes[i];
        }
    }
    return NULL;
}

/* ---- where it listens ---- */

static bool is_of(const char *text, const char *allowed)
{
    return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* A value that is one variable: with `other` where the variable is not set. NULL: it is none. */
static const char *variable_or(struct fb_import *import, const char *raw, const char *other)
{
    size_t len = strlen(raw);
    if (len < 4 || strncmp(raw, "${", 2) != 0 || raw[len - 1] != '}') {
        return NULL;
    }
    struct arena *arena = import_arena(import);
    const char *name = foreign_copy(arena, slice_make(raw + 2, len - 3));
    return is_of(name, ALNUM "_") && strchr("0123456789", *name) == NULL
               ? foreign_format(arena, "${%s:-%s}", name, other)
               : NULL;
}

/* A part of the address: `otherwise` where the option is not written, `other` where it says nothing
 * that can be used. */
static const char *part(struct fb_import *import, const struct fb_section *s, const char *key,
                        bool (*is_good)(const char *), const char *otherwise, const char *other)
{
    const struct fb_property *p = fb_get(s, key);
    if (p == NULL) {
        return otherwise;
    }
    if (is_good(p->raw)) {
        row_add(import, s, p, IMPORT_MAPPED, "listen");
        return p->raw;
    }
    const char *variable = variable_or(import, p->raw, other);
    row_add(import, s, p, IMPORT_NEEDS_YOU,
            variable != NULL ? "listen; %s if the variable is not set"
                             : "listen: the address cannot be used unchanged, %s instead", other);
    return variable != NULL ? variable : other;
}

static bool is_host(const char *text)
{
    enum { HOST_BYTES_MAX = 253 };
    bool is_v6 = is_of(text, "0123456789abcdefABCDEF:.") && strchr(text, ':') != NULL;
    return strlen(text) <= HOST_BYTES_MAX && (is_v6 || is_of(text, ALNUM ".-"));
}

static bool is_port(const char *text)
{
    enum { DIGITS_MAX = 5, PORT_MAX = 65535 };
    unsigned number = 0;
    for (const char *c = text; *c >= '0' && *c <= '9' && c - text < DIGITS_MAX; c++) {
        number = number * 10 + (unsigned)(*c - '0');
    }
    return strlen(text) <= DIGITS_MAX && is_of(text, "0123456789") && number > 0 &&
           number <= PORT_MAX;
}

static bool is_path(const char *text)
{
    return *text == '/' && strlen(text) < SOCKET_PATH_MAX && strchr(text, '$') == NULL &&
           !text_has_template(text);
}

static void put_listen(struct fb_import *import, struct draft_input *input, const struct mode *mode)
{
    const struct fb_section *s = input->section;
    const char *where = NULL;
    if (mode->is_path) {
        where = part(import, s, "path", is_path, "/run/clew/syslog.sock", "/run/clew/syslog.sock");
        row_add_all(import, s, "listen", IMPORT_IGNORED, "Fluent Bit ignores it in this mode");
        row_add_all(import, s, "port", IMPORT_IGNORED, "Fluent Bit ignores it in this mode");
    } else {
        const char *host = part(import, s, "listen", is_host, "0.0.0.0", "127.0.0.1");
        const char *port = part(import, s, "port", is_port, "5140", "5140");
        bool is_v6 = strncmp(host, "${", 2) != 0 && strchr(host, ':') != NULL;
        where = foreign_format(import_arena(import), is_v6 ? "[%s]:%s" : "%s:%s", host, port);
        row_add_all(import, s, "path", IMPORT_IGNORED, "Fluent Bit ignores it in this mode");
        row_add_all(import, s, "unix_perm", IMPORT_IGNORED, "Fluent Bit ignores it in this mode");
    }
    const char *url = foreign_format(import_arena(import), "%s://%s", mode->scheme, where);
    buf_append_format(&input->yaml, "    listen: %s\n", yaml_list(import, &url, 1));
}

static const struct mode *syslog_mode(struct fb_import *import, const struct fb_section *s)
{
    const struct fb_property *p = fb_get(s, "mode");
    const struct mode *mode = p != NULL ? find_mode(p->value) : &modes[0];
    if (mode == NULL) {
        row_add(import, s, p, IMPORT_NEEDS_YOU,
                "none of unix_udp, unix_tcp, udp and tcp: say in `listen` where to take messages");
    } else if (p != NULL) {
        row_add(import, s, p, IMPORT_MAPPED, "listen: %s://", mode->scheme);
    }
    if (mode != NULL && mode->is_path && fb_get(s, "path") == NULL) {
        row_add_unwritten(import, s, "path", IMPORT_NEEDS_YOU,
                          "Fluent Bit does not start without the socket's path");
        return NULL;
    }
    return mode;
}

/* ---- parsers ---- */

#define NAMES "format: syslog: RFC 5424 and RFC 3164, detected from the message; host, ident, pid " \
              "and msgid are host.name, service.name, process.pid and syslog.msg.id"

/* What follows in the old config goes by the names that the parser gave. */
static bool has_filters(struct fb_import *import, const struct fb_section *s)
{
    return import->config->first[FB_FILTER] != NULL || s->processors != NULL;
}

static void syslog_parser(struct fb_import *import, struct draft_input *input,
                          const struct mode *mode)
{
    const struct fb_section *s = input->section;
    const struct fb_property *p = fb_get(s, "parser");
    const char *name = p != NULL         ? p->value
                       : mode->is_path ? "syslog-rfc3164-local"
                                       : "syslog-rfc5424";
    const struct fb_section *parser = fb_parser(import->config, name);
    bool is_syslog = parser != NULL ? strstr(fb_value(parser, "regex", ""), "(?<pri>") != NULL
                                    : strncasecmp(name, "syslog-rfc", 10) == 0;
    bool is_json = parser != NULL && strcasecmp(fb_value(parser, "format", ""), "json") == 0;
    if (!is_syslog && p != NULL && is_json) {
        buf_append_string(&input->yaml, "    format: json\n");
        row_add(import, s, p, IMPORT_MAPPED, "format: json; other lines are kept whole");
        return;
    }
    if (!is_syslog && p != NULL && parser == NULL) {
        buf_append_string(&input->yaml, "    format: syslog\n");
        row_add(import, s, p, IMPORT_NEEDS_YOU,
                "the parser was not found: messages are read as syslog, others kept whole");
        return;
    }
    if (!is_syslog && p != NULL) {
        input_parser(import, input, p);
        return;
    }
    const char *why = "";
    bool is_parsed = parser != NULL && has_filters(import, s) &&
                     input_parse_lines(import, input, parser, &why);
    const char *what = is_parsed ? NAMES "; the old names are kept too, for filters that use them"
                                 : NAMES;
    buf_append_string(&input->yaml, "    format: syslog\n");
    if (p != NULL) {
        row_add(import, s, p, IMPORT_CHANGED, "%s", what);
    } else {
        row_add_unwritten(import, s, "parser", IMPORT_CHANGED, what);
    }
}

/* ---- the inputs ---- */

/* TLS, and what belongs to it. */
static void syslog_tls(struct fb_import *import, const struct fb_section *s)
{
    bool is_on = fb_bool(s, "tls", false, NULL);
    for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
        if (fb_is_key(p, "tls") || strncasecmp(p->key, "tls.", 4) == 0) {
            row_add(import, s, p, is_on ? IMPORT_NEEDS_YOU : IMPORT_IGNORED, "%s",
                    is_on ? "clew takes syslog without TLS: let rsyslog relay it to a unix socket"
                          : "TLS is off, there as here");
        }
    }
}

bool convert_syslog(struct fb_import *import, struct draft_input *input)
{
    static const char *const sizes[] = {"buffer_max_size", "buffer_chunk_size", NULL};
    const struct mode *mode = syslog_mode(import, input->section);
    if (mode == NULL) {
        return false;
    }
    buf_append_string(&input->yaml, "    type: syslog\n");
    put_listen(import, input, mode);
    syslog_parser(import, input, mode);
    syslog_tls(import, input->section);
    input_longest(import, input, sizes);
    return true;
}

bool convert_stdin(struct fb_import *import, struct draft_input *input)
{
    static const char *const sizes[] = {"buffer_size", NULL};
    const struct fb_section *s = input->section;
    for (const struct draft_input *one = import->inputs; one < input; one++) {
        if (strcasecmp(fb_name(one->section), "stdin") == 0) {
            return false;
        }
    }
    const struct fb_property *parser = fb_get(s, "parser");
    buf_append_string(&input->yaml, "    type: stdin\n");
    if (parser != NULL) {
        input_parser(import, input, parser);
    } else {
        row_add_unwritten(import, s, "parser", IMPORT_CHANGED,
                          "format: auto parses lines of JSON, others are kept whole; Fluent Bit "
                          "dropped what is no JSON");
    }
    input_longest(import, input, sizes);
    return true;
}

/* `_SYSTEMD_UNIT=x.service` is a unit; any other match clew has no option for. Fluent Bit takes what
 * one of several filters matches, unless systemd_filter_type says And. */
static void journal_units(struct fb_import *import, struct draft_input *input)
{
    static const char unit[] = "_SYSTEMD_UNIT=";
    const struct fb_section *s = input->section;
    bool is_and = strcasecmp(fb_value(s, "systemd_filter_type", "or"), "and") == 0;
    bool has_other = false;
    size_t count = 0;
    for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
        if (fb_is_key(p, "systemd_filter")) {
            count++;
            has_other = has_other || strncmp(p->raw, unit, sizeof(unit) - 1) != 0 ||
                        p->raw[sizeof(unit) - 1] == '\0' || fb_is_unknown(p->value);
        }
    }
    bool is_mapped = count > 0 && !has_other && !(is_and && count > 1);
    const char *open = "    units: [";
    for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
        if (!fb_is_key(p, "systemd_filter")) {
            continue;
        }
        if (is_mapped) {
            buf_append_format(&input->yaml, "%s%s", open,
                              yaml_quote_literal(import, p->raw + sizeof(unit) - 1));
            row_add(import, s, p, IMPORT_MAPPED, "units");
            open = ", ";
        } else {
            row_add(import, s, p, IMPORT_NEEDS_YOU,
                    "units are the only match clew has, one of them enough; all entries are read: drop "
                    "the others by a filter");
        }
    }
    buf_append_string(&input->yaml, is_mapped ? "]\n" : "");
    row_add_all(import, s, "systemd_filter_type", is_mapped ? IMPORT_DEFAULT : IMPORT_NEEDS_YOU,
                "units: one of them is enough");
}

bool convert_systemd(struct fb_import *import, struct draft_input *input)
{
    const struct fb_section *s = input->section;
    const struct fb_property *path = fb_get(s, "path");
    const struct fb_property *tail = fb_get(s, "read_from_tail");
    bool is_unknown = path != NULL && fb_is_unknown(path->value);
    buf_append_string(&input->yaml, "    type: journal\n");
    if (path != NULL && !is_unknown && *path->value == '/') {
        buf_append_format(&input->yaml, "    directory: %s\n",
                          yaml_quote_literal(import, path->value));
        row_add(import, s, path, IMPORT_MAPPED, "directory");
    } else if (path != NULL) {
        row_add(import, s, path, IMPORT_NEEDS_YOU,
                "the directory is unknown: the system's own journal is read");
    }
    journal_units(import, input);
    if (tail != NULL && fb_is_true(tail->value)) {
        buf_append_string(&input->yaml, "    read_from: end\n");
        row_add(import, s, tail, IMPORT_MAPPED, "read_from: end");
    } else if (tail != NULL) {
        row_add(import, s, tail, IMPORT_DEFAULT, "read_from: beginning");
    }
    row_add_unwritten(import, s, "fields", IMPORT_CHANGED,
                      "MESSAGE is the body, PRIORITY the severity, some fields have names of semantic "
                      "conventions (docs/inputs.md): look at filters that name them");
    return true;
}

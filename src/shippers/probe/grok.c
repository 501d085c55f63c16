/* SPDX-License-Identifier: Apache-2.0 */

/* Grok: `%{NAME:field}` in a regular expression. The library's patterns are stood for by simpler
 * ones of the same reach. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "shippers/logstash/read.h"

enum { COMPOUND_DEPTH_MAX = 4 };

static const struct {
    const char *name;
    const char *regex;
} patterns[] = {
    {"DATA", ".*?"},
    {"GREEDYDATA", ".*"},
    {"GREEDYMULTILINE", "(?s:.*)"},
    {"SPACE", "\\s*"},
    {"WORD", "\\w+"},
    {"NOTSPACE", "\\S+"},
    {"INT", "[+-]?\\d+"},
    {"POSINT", "[1-9]\\d*"},
    {"NONNEGINT", "\\d+"},
    {"NUMBER", "[+-]?\\d+(?:\\.\\d+)?"},
    {"BASE10NUM", "[+-]?\\d+(?:\\.\\d+)?"},
    {"LOGLEVEL", "(?:[A-Za-z]{3,})"},
    {"UUID", "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"},
    {"IP", "[0-9a-fA-F.:]+"},
    {"IPORHOST", "[\\w.:-]+"},
    {"HOSTNAME", "[\\w.-]+"},
    {"SYSLOGHOST", "[\\w.:-]+"},
    {"TIMESTAMP_ISO8601",
     "\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:?\\d\\d(?::?\\d\\d(?:[.,]\\d+)?)?"
     "(?:Z|[+-]\\d\\d:?\\d\\d)?"},
    {"SYSLOGTIMESTAMP", "[A-Z][a-z]{2} +\\d+ \\d\\d:\\d\\d:\\d\\d"},
    {"HTTPDATE", "\\d\\d/\\w+/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}"},
    {"SYSLOG5424PRI", "<\\d+>"},
    {"QUOTEDSTRING", "\"[^\"]*\""},
    {"QS", "\"[^\"]*\""},
    {"JAVACLASS", "[\\w.$]+"},
    {"URIPATHPARAM", "/\\S*"},
    {"URIPATH", "/[^ ?]*"},
    {"USER", "[\\w.-]+"},
    {"USERNAME", "[\\w.-]+"},
    {"PROG", "[!-Z\\\\^-~]+"},
    {"BASE16NUM", "(?:0[xX])?[0-9a-fA-F]+"},
    {"PATH", "(?:/[^\\s/]*)+"},
    {"UNIXPATH", "(?:/[^\\s/]*)+"},
    {"URI", "\\w+://\\S*"},
    {"URIPROTO", "[A-Za-z][\\w+.-]*"},
    {"URIHOST", "[\\w.:-]+"},
    {"URIPARAM", "\\?\\S*"},
    {"HOSTPORT", "[\\w.-]+:\\d+"},
    {"EMAILADDRESS", "[\\w.+-]+@[\\w.-]+"},
    {"MAC", "[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}"},
    {"YEAR", "\\d{2,4}"},
    {"MONTH", "[A-Z][a-z]{2,8}"},
    {"MONTHNUM", "\\d{1,2}"},
    {"MONTHDAY", "\\d{1,2}"},
    {"DAY", "[A-Z][a-z]{2,8}"},
    {"HOUR", "\\d{1,2}"},
    {"MINUTE", "\\d{2}"},
    {"SECOND", "\\d{1,2}(?:[.,]\\d+)?"},
    {"TIME", "\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d+)?)?"},
    {"DATE", "\\d{1,4}[./-]\\d{1,2}[./-]\\d{1,4}"},
    {"DATESTAMP", "\\d{1,4}[./-]\\d{1,2}[./-]\\d{1,4}[- ]\\d{1,2}:\\d{2}:\\d{2}(?:[.,]\\d+)?"},
    {"TZ", "[A-Z]{3,4}"},
    {"ISO8601_TIMEZONE", "(?:Z|[+-]\\d\\d:?\\d\\d)"},
};

/* Made of others. */
static const struct {
    const char *name;
    const char *grok;
} compounds[] = {
    {"COMMONAPACHELOG",
     "%{IPORHOST:clientip} %{NOTSPACE:ident} %{NOTSPACE:auth} \\[%{HTTPDATE:timestamp}\\] "
     "\"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})\" "
     "%{INT:response} (?:%{NUMBER:bytes}|-)"},
    {"COMBINEDAPACHELOG", "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}"},
    {"HTTPD_COMMONLOG", "%{COMMONAPACHELOG}"},
    {"HTTPD_COMBINEDLOG", "%{COMBINEDAPACHELOG}"},
    {"SYSLOGPROG", "%{PROG:program}(?:\\[%{POSINT:pid}\\])?"},
    {"SYSLOGBASE", "%{SYSLOGTIMESTAMP:timestamp} %{SYSLOGHOST:logsource} %{SYSLOGPROG}:"},
    {"SYSLOGBASE2",
     "(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) "
     "%{SYSLOGHOST:logsource} %{SYSLOGPROG}:"},
    {"SYSLOGLINE", "%{SYSLOGBASE2} %{GREEDYDATA:message}"},
    {"SYSLOG5424LINE",
     "%{SYSLOG5424PRI}%{NONNEGINT:ver} +%{NOTSPACE:ts} +%{NOTSPACE:host} +%{NOTSPACE:app} "
     "+%{NOTSPACE:proc} +%{NOTSPACE:msgid} +(?:\\[%{DATA:sd}\\]|-) +%{GREEDYDATA:msg}"},
};

static const char *find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
        if (slice_is_equal(name, slice_from_string(patterns[i].name))) {
            return patterns[i].regex;
        }
    }
    return "\\S+";
}

static const char *find_compound(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(compounds); i++) {
        if (slice_is_equal(name, slice_from_string(compounds[i].name))) {
            return compounds[i].grok;
        }
    }
    return NULL;
}

static void translate(struct lint *lint, const char *pattern, struct buf *regex, struct grok *out,
                      unsigned depth);

static void group(struct lint *lint, struct buf *out, struct grok *grok, struct slice name)
{
    if (grok->count == GROK_FIELDS_MAX) {
        buf_append_string(out, "(?:");
        return;
    }
    grok->names[grok->count] = foreign_copy(&lint->foreign.arena, name);
    buf_append_format(out, "(?<f%zu>", grok->count++);
}

/* `%{NAME:field:type}` at `at`; the bytes it takes. */
static size_t reference(struct lint *lint, const char *at, struct buf *out, struct grok *grok,
                        unsigned depth)
{
    const char *close = strchr(at, '}');
    if (close == NULL) {
        return 0;
    }
    struct slice inner = slice_make(at + 2, (size_t)(close - at) - 2);
    const char *colon = memchr(inner.data, ':', inner.len);
    struct slice name = colon != NULL ? slice_make(inner.data, (size_t)(colon - inner.data)) : inner;
    if (colon != NULL) {
        struct slice field = slice_skip(inner, name.len + 1);
        const char *type = memchr(field.data, ':', field.len);
        field.len = type != NULL ? (size_t)(type - field.data) : field.len;
        group(lint, out, grok, field);
    } else {
        buf_append_string(out, "(?:");
    }
    const char *compound = depth < COMPOUND_DEPTH_MAX ? find_compound(name) : NULL;
    if (compound != NULL) {
        translate(lint, compound, out, grok, depth + 1);
    } else {
        buf_append_string(out, find(name));
    }
    buf_append_string(out, ")");
    return (size_t)(close - at) + 1;
}

static void translate(struct lint *lint, const char *pattern, struct buf *regex, struct grok *out,
                      unsigned depth)
{
    while (*pattern != '\0') {
        size_t taken = strncmp(pattern, "%{", 2) == 0 ? reference(lint, pattern, regex, out, depth)
                                                      : 0;
        const char *close = strncmp(pattern, "(?<", 3) == 0 && strchr("=!", pattern[3]) == NULL
                                ? strchr(pattern, '>') : NULL;
        if (close != NULL) {
            group(lint, regex, out, slice_make(pattern + 3, (size_t)(close - pattern) - 3));
            taken = (size_t)(close - pattern) + 1;
        }
        if (taken == 0) {
            buf_append(regex, pattern, 1);
            taken = 1;
        }
        pattern += taken;
    }
}

void grok_translate(struct lint *lint, const char *pattern, struct grok *out)
{
    struct buf regex;
    buf_init(&regex, FOREIGN_TEXT_BYTES_MAX);
    out->count = 0;
    translate(lint, pattern, &regex, out, 0);
    out->regex = foreign_copy(&lint->foreign.arena, buf_slice(&regex));
    buf_fini(&regex);
}

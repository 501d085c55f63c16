/* SPDX-License-Identifier: Apache-2.0 */

/* Grok: `%{NAME:field}` in a regular expression. The library's patterns are stood for by simpler
 * ones of the same reach. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "lint/logstash.h"

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
static size_t reference(struct lint *lint, const char *at, struct buf *out, struct grok *grok)
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
    buf_append_string(out, find(name));
    buf_append_string(out, ")");
    return (size_t)(close - at) + 1;
}

void grok_translate(struct lint *lint, const char *pattern, struct grok *out)
{
    struct buf regex;
    buf_init(&regex, FOREIGN_TEXT_BYTES_MAX);
    out->count = 0;
    while (*pattern != '\0') {
        size_t taken = strncmp(pattern, "%{", 2) == 0 ? reference(lint, pattern, &regex, out) : 0;
        const char *close = strncmp(pattern, "(?<", 3) == 0 && strchr("=!", pattern[3]) == NULL
                                ? strchr(pattern, '>') : NULL;
        if (close != NULL) {
            group(lint, &regex, out, slice_make(pattern + 3, (size_t)(close - pattern) - 3));
            taken = (size_t)(close - pattern) + 1;
        }
        if (taken == 0) {
            buf_append(&regex, pattern, 1);
            taken = 1;
        }
        pattern += taken;
    }
    out->regex = foreign_copy(&lint->foreign.arena, buf_slice(&regex));
    buf_fini(&regex);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Parsers and multi-line parsers, where they are used. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/import_fields.h"

static bool is_container_path(const struct fb_section *input)
{
    const char *path = fb_value(input, "path", "");
    return strstr(path, "containers") != NULL || strstr(path, "/pods") != NULL;
}

/* The envelope of a container runtime, by whatever name. */
static bool is_envelope(const struct fb_section *parser)
{
    const char *regex = fb_value(parser, "regex", "");
    bool is_cri = strstr(regex, "stdout|stderr") != NULL ||
                  (strstr(regex, "<stream>") != NULL && strstr(regex, "<time>") != NULL);
    return is_cri || strcmp(fb_name(parser), "docker") == 0;
}

bool filter_has_room(struct fb_import *import)
{
    return import->filter_count++ < IMPORT_FILTERS_MAX;
}

/* `code:integer size:float`: as clew's types, ids left texts. */
static const char *types_text(struct fb_import *import, const struct fb_section *parser,
                              const char *pattern)
{
    static const struct {
        const char *theirs;
        const char *ours;
    } types[] = {{"integer", "int"}, {"int", "int"}, {"float", "double"}, {"bool", "bool"}};
    struct arena *arena = import_arena(import);
    const char *rest = fb_value(parser, "types", "");
    const char *out = NULL;
    while (*rest != '\0') {
        const char *word = fb_word(arena, rest, &rest);
        const char *colon = strrchr(word, ':');
        for (size_t i = 0; colon != NULL && i < ARRAY_LEN(types); i++) {
            const char *key = foreign_copy(arena, slice_make(word, (size_t)(colon - word)));
            const char *group = foreign_format(arena, "<%s>", key);
            if (strcasecmp(colon + 1, types[i].theirs) == 0 && !field_is_id(key) &&
                strstr(pattern, group) != NULL && (out == NULL || strstr(out, key) == NULL)) {
                out = foreign_format(arena, "%s%s%s: %s", out != NULL ? out : "",
                                     out != NULL ? ", " : "", yaml_quote_literal(import, key),
                                     types[i].ours);
            }
        }
    }
    return out;
}

bool parse_filter(struct fb_import *import, const struct fb_section *parser, const char *field,
                  const char *when, struct buf *out, const char **out_why)
{
    const char *format = fb_value(parser, "format", "");
    bool is_regex = strcasecmp(format, "regex") == 0;
    const char *pattern = is_regex ? pattern_text(import, fb_value(parser, "regex", "")) : NULL;
    if (is_regex && pattern == NULL) {
        *out_why = "clew cannot run its pattern";
        return false;
    }
    if (is_regex && strstr(pattern, "(?<") == NULL && strstr(pattern, "(?P<") == NULL) {
        *out_why = "without a named group it parses nothing, there as here";
        return false;
    }
    if (!is_regex && strcasecmp(format, "json") != 0 && strcasecmp(format, "logfmt") != 0 &&
        strcasecmp(format, "ltsv") != 0) {
        *out_why = "its format is not regex, json, logfmt or ltsv";
        return false;
    }
    if (!filter_has_room(import)) {
        *out_why = "it would be one more filter than clew has";
        return false;
    }
    buf_append_format(out, "  - parse:\n      field: %s\n", field);
    if (is_regex) {
        buf_append_format(out, "      format: regex\n      pattern: %s\n",
                          yaml_quote_literal(import, pattern));
        const char *types = types_text(import, parser, pattern);
        if (types != NULL) {
            buf_append_format(out, "      types: {%s}\n", types);
        }
    } else {
        buf_append_format(out, "      format: %s\n", strcasecmp(format, "json") == 0 ? "json"
                                                     : strcasecmp(format, "ltsv") == 0 ? "ltsv"
                                                                                       : "logfmt");
    }
    if (when != NULL) {
        buf_append_format(out, "    when: %s\n", when);
    }
    return true;
}

bool input_parse_lines(struct fb_import *import, struct draft_input *input,
                       const struct fb_section *parser, const char **out_why)
{
    const char *when = foreign_format(import_arena(import), "{input: %s}",
                                      yaml_quote_literal(import, input->name));
    yaml_comment_section(import, &import->filters, parser, "  ");
    return parse_filter(import, parser, "$body", when, &import->filters, out_why);
}

static void parse_lines(struct fb_import *import, struct draft_input *input,
                        const struct fb_property *p, const struct fb_section *parser)
{
    const char *why = "";
    if (input_parse_lines(import, input, parser, &why)) {
        row_add(import, input->section, p, IMPORT_MAPPED,
                "a filter that parses the lines; the line itself is kept as the body");
    } else {
        row_add(import, input->section, p, IMPORT_NEEDS_YOU, "%s; the line is kept whole", why);
    }
}

void input_parser(struct fb_import *import, struct draft_input *input, const struct fb_property *p)
{
    const struct fb_section *parser = fb_parser(import->config, p->value);
    const struct fb_section *s = input->section;
    const char *format = parser != NULL ? fb_value(parser, "format", "") : "";
    if (parser == NULL) {
        row_add(import, s, p, IMPORT_NEEDS_YOU,
                "the parser was not found: clew detects JSON and logfmt in each line");
    } else if (is_envelope(parser) || (strcasecmp(format, "json") == 0 && is_container_path(s))) {
        row_add(import, s, p, IMPORT_DEFAULT, "envelope: auto takes the runtime's envelope off, "
                                              "partial lines are joined, and JSON in it is parsed");
    } else if (strcasecmp(format, "json") == 0) {
        row_add(import, s, p, IMPORT_DEFAULT,
                "format: auto parses lines of JSON, others are kept whole");
    } else if (strcasecmp(format, "logfmt") == 0) {
        buf_append_string(&input->yaml, "    format: logfmt\n");
        row_add(import, s, p, IMPORT_MAPPED, "format: logfmt; other lines are kept whole");
    } else {
        parse_lines(import, input, p, parser);
    }
}

/* ---- rows ---- */

static bool is_named(const struct fb_section *list, const char *name)
{
    for (const struct fb_section *s = list; s != NULL; s = s->next) {
        for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
            if (strstr(p->key, "parser") != NULL && strstr(p->value, name) != NULL) {
                return true;
            }
        }
        if (s->processors != NULL && is_named(s->processors, name)) {
            return true;
        }
    }
    return false;
}

static void finish_parsers(struct fb_import *import, enum fb_kind kind)
{
    const struct fb_config *config = import->config;
    for (const struct fb_section *s = config->first[kind]; s != NULL; s = s->next) {
        const char *name = fb_name(s);
        if (s->place.line == 0) {
            continue; /* a stock one is in no file */
        }
        if (is_named(config->first[FB_INPUT], name) || is_named(config->first[FB_FILTER], name)) {
            row_add(import, s, NULL, IMPORT_MAPPED, "where it is used");
            if (fb_get(s, "time_keep") == NULL && fb_get(s, "time_key") != NULL) {
                row_add_unwritten(import, s, "time_keep", IMPORT_CHANGED,
                                  "the field is kept, and is the record's time as well");
            }
            continue;
        }
        row_add(import, s, NULL, IMPORT_IGNORED, "nothing here uses it");
        for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
            if (!fb_is_key(p, "name")) {
                row_add(import, s, p, IMPORT_IGNORED, "part of an unused parser");
            }
        }
    }
}

void import_parsers(struct fb_import *import)
{
    finish_parsers(import, FB_PARSER);
    finish_parsers(import, FB_MULTILINE_PARSER);
}

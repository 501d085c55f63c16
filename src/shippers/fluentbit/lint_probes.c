/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/fluentbit/lint_probes.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"

#define IDS "\"trace_id\":\"" PROBE_TRACE_ID "\",\"span_id\":\"" PROBE_SPAN_ID "\""
#define JSON_LINE "{\"level\":\"info\",\"message\":\"hello\"," IDS "}"
#define NESTED_LINE "{\"level\":\"info\",\"message\":\"hello\",\"context\":{" IDS "}}"
#define TEXT_COLUMN " trace_id=" PROBE_TRACE_ID " span_id=" PROBE_SPAN_ID
#define STAMP "2024-05-05T05:05:05.000000000Z"

/* ---- formats ---- */

static void add_format(struct fb_config *config, struct fb_formats *formats, const char *name,
                       const char *key)
{
    const struct fb_section *parser = fb_parser(config, name);
    if (parser == NULL || formats->count == FB_FORMATS_MAX) {
        return;
    }
    const char *format = fb_value(parser, "format", "");
    bool is_field = key != NULL && strcmp(key, "log") != 0; /* `log` is the line itself */
    const char *sample =
        strcasecmp(format, "regex") == 0
            ? regex_sample(&config->foreign->arena, fb_value(parser, "regex", ""))
        : strcasecmp(format, "json") == 0 && is_field ? "{\"user\":\"u1\"}" : NULL;
    if (sample != NULL) {
        formats->items[formats->count++] = (struct fb_format){parser, key, sample};
    }
}

void fb_formats_add(struct fb_config *config, struct fb_formats *formats,
                    const struct fb_section *section)
{
    bool is_filter = section->kind == FB_FILTER;
    const char *merge = fb_value(section, "merge_parser", NULL);
    if (is_filter && strcasecmp(fb_name(section), "kubernetes") == 0 && merge != NULL) {
        add_format(config, formats, merge, "log");
    }
    if (is_filter && strcasecmp(fb_name(section), "parser") != 0) {
        return;
    }
    const char *key = is_filter ? fb_value(section, "key_name", "log") : NULL;
    const struct fb_property *p = fb_next(section->first, "parser");
    for (; p != NULL; p = fb_next(p->next, "parser")) {
        add_format(config, formats, p->value, key);
    }
}

/* ---- what an input makes of a line ---- */

static struct item *map_of(struct arena *arena, const char *key, const char *text)
{
    struct item *map = item_map(arena);
    item_put(arena, map, key, item_string(arena, text));
    return map;
}

static const char *docker_line(struct arena *arena, const char *line)
{
    struct item *map = map_of(arena, "log", foreign_format(arena, "%s\n", line));
    item_put(arena, map, "stream", item_string(arena, "stdout"));
    item_put(arena, map, "time", item_string(arena, STAMP));
    return item_to_json(arena, map);
}

static bool is_container_path(const struct fb_section *input)
{
    const char *path = fb_value(input, "path", "");
    return strstr(path, "containers") != NULL || strstr(path, "/pods") != NULL;
}

/* One of the captures is the whole line. */
static bool has_captured(const struct item *map, const char *line)
{
    for (const struct member *m = map != NULL ? map->first : NULL; m != NULL; m = m->next) {
        if (m->value->kind == ITEM_TEXT && strcmp(m->value->text, line) == 0 &&
            map->first->next != NULL) {
            return true;
        }
    }
    return false;
}

static struct item *tail_parsed(struct fb_config *config, const struct fb_section *input,
                                 const struct fb_section *parser, const char *line)
{
    struct arena *arena = &fb_lint(config)->scratch;
    const char *key = fb_value(input, "key", "log");
    bool is_json = strcasecmp(fb_value(parser, "format", ""), "json") == 0;
    const char *name = fb_name(parser);
    const char *text = line;
    struct item *map = NULL;
    if (is_json && (is_container_path(input) || strstr(name, "docker") != NULL)) {
        text = docker_line(arena, line);
    } else if (!is_json) {
        const char *cri = foreign_format(arena, STAMP " stdout F %s", line);
        map = fb_parse(config, parser, cri);
        if (has_captured(map, line)) {
            return map;
        }
    }
    map = fb_parse(config, parser, text);
    return map != NULL ? map : map_of(arena, key, text);
}

static bool list_names_message(const struct fb_section *list)
{
    for (const struct fb_section *s = list; s != NULL; s = s->next) {
        for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
            if (strcmp(p->value, "message") == 0 || strstr(p->value, "{message}") != NULL ||
                strstr(p->value, "$message") != NULL) {
                return true;
            }
        }
    }
    return false;
}

static bool names_message(const struct fb_config *config)
{
    return list_names_message(config->first[FB_FILTER]) ||
           list_names_message(config->first[FB_OUTPUT]);
}

static struct item *tail_record(struct fb_config *config, const struct fb_section *input,
                                 const char *line)
{
    struct arena *arena = &fb_lint(config)->scratch;
    const char *multiline = fb_value(input, "multiline.parser", "");
    const struct fb_property *name = fb_get(input, "parser");
    const struct fb_section *parser = name != NULL ? fb_parser(config, name->value) : NULL;
    if (strstr(multiline, "cri") != NULL || strstr(multiline, "docker") != NULL) {
        struct item *map = map_of(arena, "log", line);
        item_put(arena, map, "stream", item_string(arena, "stdout"));
        item_put(arena, map, "time", item_string(arena, STAMP));
        return map;
    }
    if (parser != NULL && *multiline == '\0') {
        return tail_parsed(config, input, parser, line);
    }
    /* A parser for containers that is not to be found: its text is where the rest looks for it. */
    bool is_message = name != NULL && is_container_path(input) && names_message(config);
    return map_of(arena, is_message ? "message" : fb_value(input, "key", "log"), line);
}

static struct item *syslog_record(struct fb_config *config, const struct fb_section *input,
                                   const char *line)
{
    struct arena *arena = &fb_lint(config)->scratch;
    const char *name = fb_value(input, "parser", "syslog-rfc3164");
    const struct fb_section *parser = fb_parser(config, name);
    const char *old = foreign_format(arena, "<13>May  5 05:05:05 host app[1]: %s", line);
    const char *new = foreign_format(arena, "<13>1 " STAMP " host app 1 - - %s", line);
    struct item *map = parser != NULL ? fb_parse(config, parser, old) : NULL;
    map = map == NULL && parser != NULL ? fb_parse(config, parser, new) : map;
    map = map == NULL && parser != NULL ? fb_parse(config, parser, line) : map;
    return map != NULL ? map : map_of(arena, "message", line);
}

static struct item *journal_record(struct arena *arena, const char *line)
{
    struct item *map = map_of(arena, "MESSAGE", line);
    item_put(arena, map, "PRIORITY", item_string(arena, "6"));
    item_put(arena, map, "_SYSTEMD_UNIT", item_string(arena, "app.service"));
    item_put(arena, map, "_HOSTNAME", item_string(arena, "host"));
    item_put(arena, map, "SYSLOG_IDENTIFIER", item_string(arena, "app"));
    return map;
}

static struct item *forward_record(struct arena *arena, const char *line)
{
    struct item *map = map_of(arena, "container_id", "0123456789ab");
    item_put(arena, map, "container_name", item_string(arena, "/app"));
    item_put(arena, map, "source", item_string(arena, "stdout"));
    item_put(arena, map, "log", item_string(arena, line));
    return map;
}

static struct item *json_record(struct arena *arena, const char *key, const char *line)
{
    struct item *map = item_from_json(arena, slice_from_string(line), true);
    return map != NULL ? map : map_of(arena, key, line);
}

/* The record an author made up: the line in the place of its text. */
static struct item *dummy_record(struct arena *arena, const struct fb_section *input,
                                  const char *line)
{
    static const char *const texts[] = {"log", "message", "msg", "body", "data"};
    const char *json = fb_value(input, "dummy", "{\"message\":\"dummy\"}");
    struct item *map = item_from_json(arena, slice_from_string(json), true);
    for (size_t i = 0; map != NULL && i < ARRAY_LEN(texts); i++) {
        struct item *text = item_get(map, texts[i]);
        if (text != NULL && text->kind == ITEM_TEXT) {
            item_put(arena, map, texts[i], item_string(arena, line));
            return map;
        }
    }
    return map_of(arena, "message", line);
}

enum input_kind {
    INPUT_NONE,
    INPUT_TAIL,
    INPUT_JSON, /* fields at once */
    INPUT_FORWARD,
    INPUT_JOURNAL,
    INPUT_SYSLOG,
    INPUT_DUMMY,
    INPUT_TEXT,
};

static enum input_kind kind_of(const struct fb_section *input)
{
    static const struct {
        const char *name;
        enum input_kind kind;
    } kinds[] = {
        {"tail", INPUT_TAIL},
        {"head", INPUT_TEXT},
        {"systemd", INPUT_JOURNAL},
        {"syslog", INPUT_SYSLOG},
        {"forward", INPUT_FORWARD},
        {"http", INPUT_JSON},
        {"opentelemetry", INPUT_JSON},
        {"splunk", INPUT_JSON},
        {"elasticsearch", INPUT_JSON},
        {"mqtt", INPUT_JSON},
        {"stdin", INPUT_JSON},
        {"dummy", INPUT_DUMMY},
        {"exec", INPUT_TEXT},
        {"kafka", INPUT_TEXT},
        {"winlog", INPUT_TEXT},
        {"winevtlog", INPUT_TEXT},
        {"serial", INPUT_TEXT},
        {"unix_socket", INPUT_TEXT},
    };
    const char *name = fb_name(input);
    if (strcasecmp(name, "tcp") == 0 || strcasecmp(name, "udp") == 0) {
        return strcasecmp(fb_value(input, "format", "json"), "json") == 0 ? INPUT_JSON : INPUT_TEXT;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcasecmp(name, kinds[i].name) == 0) {
            return kinds[i].kind;
        }
    }
    return INPUT_NONE;
}

static struct item *record_of(struct fb_config *config, const struct fb_section *input,
                               const char *line)
{
    struct arena *arena = &fb_lint(config)->scratch;
    switch (kind_of(input)) {
    case INPUT_TAIL:
        return tail_record(config, input, line);
    case INPUT_JSON:
        return json_record(arena, "log", line);
    case INPUT_FORWARD:
        return forward_record(arena, line);
    case INPUT_JOURNAL:
        return journal_record(arena, line);
    case INPUT_SYSLOG:
        return syslog_record(config, input, line);
    case INPUT_DUMMY:
        return dummy_record(arena, input, line);
    default:
        return map_of(arena, "log", line);
    }
}

/* ---- the probes ---- */

static struct fb_start *add_start(struct fb_starts *starts, const char *when, bool is_variant,
                                  struct item *record)
{
    if (starts->count == FB_STARTS_MAX) {
        return &starts->items[FB_STARTS_MAX - 1];
    }
    struct fb_start *start = &starts->items[starts->count++];
    *start = (struct fb_start){.probe = {when, is_variant}, .record = record};
    return start;
}

static void add_line(struct fb_config *config, const struct fb_section *input,
                     struct fb_starts *starts, const char *when, bool is_variant, const char *line)
{
    struct fb_start *start = add_start(starts, when, is_variant, record_of(config, input, line));
    const struct fb_property *parser = fb_get(input, "parser");
    start->line = line;
    start->parser = parser != NULL ? fb_parser(config, parser->value) : NULL;
}

/* The ids stand beside the line as fields of the record, `key` being the line. */
static void add_beside(struct fb_config *config, struct fb_starts *starts, const char *when,
                       struct item *record, const char *trace_key, const char *span_key)
{
    struct arena *arena = &fb_lint(config)->scratch;
    item_put(arena, record, trace_key, item_string(arena, PROBE_TRACE_ID));
    item_put(arena, record, span_key, item_string(arena, PROBE_SPAN_ID));
    add_start(starts, when, true, record);
}

static void add_format_probes(struct fb_config *config, const struct fb_section *input,
                              const struct fb_format *format, struct fb_starts *starts)
{
    struct arena *arena = &fb_lint(config)->scratch;
    const char *when = foreign_format(&config->foreign->arena,
                                   "lines that the parser %s matches", fb_name(format->parser));
    if (format->sample[0] != '{') {
        add_line(config, input, starts, when, true,
                 foreign_format(arena, "%s" TEXT_COLUMN, format->sample));
    }
    if (strstr(format->sample, PROBE_TRACE_ID) != NULL) {
        add_line(config, input, starts, when, true, format->sample);
    }
    if (format->key == NULL) {
        return;
    }
    struct item *json = map_of(arena, format->key, format->sample);
    item_put(arena, json, "trace_id", item_string(arena, PROBE_TRACE_ID));
    item_put(arena, json, "span_id", item_string(arena, PROBE_SPAN_ID));
    const char *beside = foreign_format(&config->foreign->arena,
                                     "records whose %s the parser %s matches, ids beside it",
                                     format->key, fb_name(format->parser));
    add_line(config, input, starts, beside, true, item_to_json(arena, json));
    if (kind_of(input) == INPUT_FORWARD) {
        struct item *record = forward_record(arena, "hello");
        item_put(arena, record, format->key, item_string(arena, format->sample));
        add_beside(config, starts, beside, record, "trace_id", "span_id");
    }
}

void fb_starts_make(struct fb_config *config, const struct fb_section *input,
                    const struct fb_formats *formats, struct fb_starts *starts)
{
    struct arena *arena = &fb_lint(config)->scratch;
    enum input_kind kind = kind_of(input);
    if (kind == INPUT_NONE) {
        return;
    }
    add_line(config, input, starts, "always", false, JSON_LINE);
    add_line(config, input, starts, "ids in a nested object", true, NESTED_LINE);
    starts->items[starts->count - 1].probe.is_note = true;
    if (kind == INPUT_TAIL || kind == INPUT_FORWARD) {
        add_line(config, input, starts, "lines that are not JSON", true, "hello" TEXT_COLUMN);
        starts->items[starts->count - 1].probe.is_note = true;
        starts->items[starts->count - 1].probe.is_text = true;
    }
    if (kind == INPUT_FORWARD) {
        add_beside(config, starts, "ids that are fields already at the input, beside log",
                   forward_record(arena, "{\"level\":\"info\",\"message\":\"hello\"}"), "trace_id",
                   "span_id");
        add_beside(config, starts, "ids that are fields already at the input, beside log",
                   forward_record(arena, "hello"), "trace_id", "span_id");
    } else if (kind == INPUT_JOURNAL) {
        add_beside(config, starts, "ids that are fields of the journal",
                   journal_record(arena, "hello"), "TRACE_ID", "SPAN_ID");
    }
    for (size_t i = 0; i < formats->count; i++) {
        add_format_probes(config, input, &formats->items[i], starts);
    }
}

void fb_judge_input(struct fb_config *config, const struct fb_section *input,
                    const struct fb_start *start, struct trail *trail)
{
    unsigned any = PLACE_TRACE_FIELD | PLACE_TRACE_TEXT;
    if (start->line == NULL || (trail->places & any) != 0 || start->parser == NULL) {
        return;
    }
    struct stage stage = fb_stage(config, input, fb_get(input, "parser"),
                                  "the parser keeps its captures only, and the ids are in none",
                                  "let the pattern end in (?<rest>.*)$, or capture the ids");
    bool is_sure = !trail->probe->is_variant;
    lint_report(fb_lint(config), &stage, is_sure ? LINT_LOST : LINT_MAY_BE_LOST,
                is_sure ? LINT_STRIPS : LINT_DEPENDS, trail->probe->when);
    const struct fb_property *regex = fb_get(start->parser, "regex");
    if (regex != NULL && regex->place.line > 0) {
        stage = fb_stage(config, start->parser, regex,
                         "the text after the last capture is dropped",
                         "let the pattern end in (?<rest>.*)$, or capture the ids");
        lint_report(fb_lint(config), &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, trail->probe->when);
    }
    trail->is_over = true;
}

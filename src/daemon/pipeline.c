/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pipeline.h"

#include <stdlib.h>
#include "base/mem.h"
#include "filters/filters.h"
#include "parsers/journal_message.h"
#include "parsers/parsers.h"
#include "record/shapes.h"
#include "resolve/resolve.h"

struct pipeline {
    struct counters *counters;
    struct parse_limits limits;
    struct resolver *resolver;
    struct filter_tools tools;
    struct arena arena;
    struct record record;
    struct fields entry; /* of a journal, beside what its message says */
};

struct pipeline *pipeline_new(const struct settings *settings, struct counters *counters,
                              char **out_error)
{
    struct resolver *resolver = resolver_new(&settings->trace, out_error);
    if (resolver == NULL) {
        return NULL;
    }
    struct pipeline *pipeline = mem_alloc(sizeof(*pipeline));
    pipeline->counters = counters;
    pipeline->limits.depth_max = PARSE_DEPTH_MAX;
    pipeline->resolver = resolver;
    pipeline->tools = (struct filter_tools){settings, resolver, parsers_tried};
    arena_init(&pipeline->arena, settings->parse.arena_bytes_max);
    fields_init(&pipeline->record.fields, (uint32_t)settings->parse.fields_max);
    pipeline->record.fields.keys = resolver_keys(resolver);
    pipeline->record.fields.shapes = resolver_shapes(resolver);
    pipeline->record.fields.shapes->counters = pipeline->counters;
    pipeline->record.arena = &pipeline->arena;
    fields_init(&pipeline->entry, (uint32_t)settings->parse.fields_max);
    return pipeline;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (pipeline == NULL) {
        return;
    }
    resolver_free(pipeline->resolver);
    fields_fini(&pipeline->record.fields);
    fields_fini(&pipeline->entry);
    arena_fini(&pipeline->arena);
    free(pipeline);
}

const struct filter_tools *pipeline_filter_tools(const struct pipeline *pipeline)
{
    return &pipeline->tools;
}

static void take_frame(struct record *record, const struct framed *framed)
{
    record->line = framed->line;
    record->source = framed->source;
    record->runtime_time_ns = framed->runtime_time_ns;
    record->observed_time_ns = framed->read_ns;
    record->file_hash = framed->file_hash;
    record->offset = framed->offset;
    record->iostream = framed->iostream;
    record->malformed = framed->malformed;
    record->truncated = framed->truncated;
}

/* The format an input is told to expect is tried first of all; text, which takes every line, is
 * what is left for one that does not look like it. */
static bool may_try(const struct parser *parser, enum parse_format format)
{
    switch (format) {
    case PARSE_FORMAT_AUTO:
        return true;
    case PARSE_FORMAT_JSON:
        return parser->format != FORMAT_LOGFMT;
    case PARSE_FORMAT_LOGFMT:
        return parser->format != FORMAT_JSON;
    case PARSE_FORMAT_TEXT:
        return parser->format == FORMAT_TEXT;
    case PARSE_FORMAT_SYSLOG:
        return false;
    }
    return true;
}

/* True if the line is an entry of a journal, and is parsed. */
static bool parse_entry(struct pipeline *pipeline, struct record *record, enum parse_format format)
{
    return record->source->is_journal &&
           journal_message_parse(record->line, format, &pipeline->limits, &pipeline->entry,
                                 record) == PARSE_OK;
}

static void parse(struct pipeline *pipeline, struct record *record, enum parse_format format)
{
    if (parse_entry(pipeline, record, format)) {
        return;
    }
    if (format == PARSE_FORMAT_SYSLOG) {
        (void)parser_syslog.parse(record->line, &pipeline->limits, record);
        return;
    }
    for (size_t i = 0; parsers_tried[i] != NULL; i++) {
        const struct parser *parser = parsers_tried[i];
        if (!may_try(parser, format)) {
            continue;
        }
        record->format = parser->format;
        enum parse_result result = parser->parse(record->line, &pipeline->limits, record);
        if (result == PARSE_OK) {
            return;
        }
        fields_clear(&record->fields);
        if (result == PARSE_LIMIT) {
            counters_add(pipeline->counters, C_PARSE_LIMITS, 1);
            break;
        }
    }
    record->format = FORMAT_TEXT;
    record->text = record->line;
}

static void count(struct counters *counters, enum record_format format)
{
    static const enum counter by_format[] = {
        [FORMAT_TEXT] = C_RECORDS_TEXT,
        [FORMAT_JSON] = C_RECORDS_JSON,
        [FORMAT_LOGFMT] = C_RECORDS_LOGFMT,
        [FORMAT_OTLP] = C_RECORDS_OTLP,
    };
    counters_add(counters, C_RECORDS, 1);
    counters_add(counters, by_format[format], 1);
}

/* What a line says of its service stays among its fields. */
static void settle_service(struct record *record)
{
    if (record->source->is_journal && record->service.len == 0) {
        record->service = journal_message_unit(&record->fields);
    }
    if (record->source->is_service_first && record->source->default_service != NULL) {
        record->service = slice_from_string(record->source->default_service);
        record->service_namespace = (struct slice){NULL, 0};
    }
}

/* Where the further lines of a joined record have no place of their own, all of it is text. */
static void make_text(struct pipeline *pipeline, struct record *record)
{
    fields_clear(&record->fields);
    record->format = FORMAT_TEXT;
    record->text = record->line;
    resolver_resolve(pipeline->resolver, record);
}

static bool add_more(struct record *record, const struct framed *framed)
{
    struct slice name = slice_from_string(framed->more_name);
    if (fields_find(&record->fields, name) != NULL) {
        name = SLICE("clew.multiline.text");
    }
    return fields_find(&record->fields, name) == NULL &&
           fields_add_string(&record->fields, name, slice_skip(framed->more, 1));
}

/* The further lines of a joined record: the ids are those of the first, so nothing is looked for in
 * them. Behind a text they are the rest of the body, behind anything else an attribute. */
static void take_more(struct pipeline *pipeline, const struct framed *framed,
                      struct record *record)
{
    if (record->format != FORMAT_TEXT && add_more(record, framed)) {
        return;
    }
    if (record->format != FORMAT_TEXT) {
        make_text(pipeline, record);
    }
    record->body_text = slice_make(framed->line.data, framed->line.len + framed->more.len);
}

struct record *pipeline_parse(struct pipeline *pipeline, const struct framed *framed,
                              enum parse_format format)
{
    struct record *record = &pipeline->record;
    const struct source_policy *policy = &framed->source->policy;
    record_begin(record);
    take_frame(record, framed);
    parse(pipeline, record, policy->has_format ? (enum parse_format)policy->format : format);
    resolver_resolve(pipeline->resolver, record);
    if (framed->more.len > 0) {
        take_more(pipeline, framed, record);
    }
    settle_service(record);
    count(pipeline->counters, record->format);
    return record;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_PARSE_CASE_H
#define CLEW_TESTS_PARSE_CASE_H

/* One parser, one record, one line: what the tests of the parsers share. */

#include "field_dump.h"
#include "record/keys.h"
#include "record/parser.h"
#include "record/shapes.h"

enum { CASE_FIELDS_MAX = 20000, CASE_DEPTH_MAX = 64, CASE_ARENA_MAX = 1 << 24 };

struct parse_case {
    const struct parser *parser;
    struct parse_limits limits;
    struct record record;
    struct arena arena;
    struct buf dump;
};

static inline void parse_case_init(struct parse_case *c, const struct parser *parser)
{
    *c = (struct parse_case){.parser = parser, .limits.depth_max = CASE_DEPTH_MAX};
    arena_init(&c->arena, CASE_ARENA_MAX);
    fields_init(&c->record.fields, CASE_FIELDS_MAX);
    buf_init(&c->dump, 1 << 24);
    c->record.fields.keys = key_cache_new();
    c->record.fields.shapes = shapes_new();
    c->record.arena = &c->arena;
}

static inline void parse_case_fini(struct parse_case *c)
{
    key_cache_free(c->record.fields.keys);
    shapes_free(c->record.fields.shapes);
    fields_fini(&c->record.fields);
    arena_fini(&c->arena);
    buf_fini(&c->dump);
}

static inline enum parse_result parse_case_run(struct parse_case *c, struct slice line)
{
    record_begin(&c->record);
    c->record.line = line;
    return c->parser->parse(line, &c->limits, &c->record);
}

static inline struct slice parse_case_dump(struct parse_case *c)
{
    return dump_fields(&c->dump, &c->record.fields);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_SAME_RECORD_H
#define CLEW_TESTS_SAME_RECORD_H

/*
 * Lines one after the other through two chains of parse, resolve and encode: one that keeps what
 * lines have in common (record/shapes.h), one that looks at each line as if it were the first. Both
 * must come to the same record and the same bytes; shared by a unit test and a fuzz target.
 */

#include "base/mem.h"
#include "otlp/encode.h"
#include "parsers/parsers.h"
#include "record/shapes.h"
#include "resolve/resolve.h"

struct chain {
    struct settings settings;
    struct source source;
    struct resolver *resolver;
    struct otlp_encoder *encoder;
    struct arena arena;
    struct record record;
    struct buf request;
};

struct two_chains {
    struct chain with;
    struct chain without;
    size_t shaped; /* lines that were of a shape */
};

static inline void chain_init(struct chain *c, bool has_shapes)
{
    char *error = NULL;
    *c = (struct chain){.source.id = 1};
    c->settings.trace.message_fallback = MESSAGE_FALLBACK_LABELLED;
    c->resolver = resolver_new(&c->settings.trace, &error);
    ENSURE(c->resolver != NULL);
    c->encoder = otlp_encoder_new(&c->settings);
    arena_init(&c->arena, 1 << 24);
    fields_init(&c->record.fields, 20000);
    buf_init(&c->request, 1 << 26);
    c->record.arena = &c->arena;
    c->record.fields.keys = resolver_keys(c->resolver);
    c->record.fields.shapes = has_shapes ? resolver_shapes(c->resolver) : NULL;
}

static inline void chain_fini(struct chain *c)
{
    resolver_free(c->resolver);
    otlp_encoder_free(c->encoder);
    arena_fini(&c->arena);
    fields_fini(&c->record.fields);
    buf_fini(&c->request);
}

/* As src/daemon/pipeline.c has them. */
static inline void chain_parse(struct record *record)
{
    static const struct parser *const parsers[] = {&parser_json, &parser_logfmt, &parser_text};
    const struct parse_limits limits = {.depth_max = 64};
    for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
        record->format = parsers[i]->format;
        if (parsers[i]->parse(record->line, &limits, record) == PARSE_OK) {
            return;
        }
        fields_clear(&record->fields);
    }
    record->format = FORMAT_TEXT;
    record->text = record->line;
}

static inline void chain_run(struct chain *c, struct slice line)
{
    struct record *record = &c->record;
    record_begin(record);
    record->line = line;
    record->source = &c->source;
    record->runtime_time_ns = UINT64_C(1778465000000000000);
    chain_parse(record);
    resolver_resolve(c->resolver, record);
    c->request.len = 0;
    /* Behind another record of its resource, or it would not be written in one walk. */
    for (int i = 0; i < 2; i++) {
        ENSURE(otlp_encoder_add(c->encoder, record, &c->request));
    }
    otlp_encoder_end(c->encoder, &c->request);
}

static inline void two_chains_init(struct two_chains *t)
{
    chain_init(&t->with, true);
    chain_init(&t->without, false);
    t->shaped = 0;
}

static inline void two_chains_fini(struct two_chains *t)
{
    chain_fini(&t->with);
    chain_fini(&t->without);
}

/* What nothing on the wire tells. */
static inline bool is_same_verdict(const struct record *a, const struct record *b)
{
    return a->trace_class == b->trace_class && a->also == b->also && a->format == b->format &&
           slice_is_equal(a->logger, b->logger) && slice_is_equal(a->service, b->service) &&
           a->time_zone_assumed == b->time_zone_assumed;
}

static inline bool two_chains_agree(struct two_chains *t, struct slice line)
{
    chain_run(&t->with, line);
    chain_run(&t->without, line);
    t->shaped += t->with.record.fields.shape != NULL;
    return is_same_verdict(&t->with.record, &t->without.record) &&
           slice_is_equal(buf_slice(&t->with.request), buf_slice(&t->without.request));
}

#endif

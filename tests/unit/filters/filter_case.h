/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_FILTER_CASE_H
#define CLEW_TESTS_FILTER_CASE_H

/*
 * Chains of filters for tests: made of a config's text, or drawn from a table of filters that says of
 * each what it names, so that whatever it does not name must come out as it went in.
 */

#include "base/diag.h"
#include "base/mem.h"
#include "config/config.h"
#include "daemon/pipeline.h"
#include "field_dump.h"
#include "filters/filters.h"
#include "otlp/encode.h"

enum { FILTER_CASE_ROOM = 1 << 24 };

struct filter_case {
    struct settings *settings;
    struct counters counters;
    struct pipeline *pipeline;
    struct filters *filters;
    struct filters *twin; /* the same chain, for filter_case_apply_singly() */
    struct source *source;
    struct record *record; /* of filter_case_parse() */
    struct buf dump;
};

static inline void filter_case_init(struct filter_case *c, const char *config)
{
    char *environment[] = {NULL};
    const struct config_sources sources = {.environ = environment};
    struct diag diag;
    char *error = NULL;
    *c = (struct filter_case){0};
    diag_init(&diag);
    c->settings = config_load_text(config, "test", &sources, &diag);
    diag_print(&diag, stderr);
    ENSURE(c->settings != NULL);
    diag_fini(&diag);
    c->pipeline = pipeline_new(c->settings, &c->counters, &error);
    ENSURE(c->pipeline != NULL);
    c->filters = filters_new(c->settings->filters, c->settings->filter_count, "",
                             pipeline_filter_tools(c->pipeline), &error);
    ENSURE(error == NULL);
    c->twin = filters_new(c->settings->filters, c->settings->filter_count, "",
                          pipeline_filter_tools(c->pipeline), &error);
    c->source = source_new("/var/log/pods/shop_web-1_0/app/0.log", "tail", 1);
    buf_init(&c->dump, FILTER_CASE_ROOM);
}

static inline void filter_case_fini(struct filter_case *c)
{
    buf_fini(&c->dump);
    source_free(c->source);
    filters_free(c->filters);
    filters_free(c->twin);
    pipeline_free(c->pipeline);
    settings_free(c->settings);
}

static inline void filter_case_parse(struct filter_case *c, struct slice line)
{
    const struct framed framed = {
        .line = line, .source = c->source, .read_ns = 1772447696000000000, .file_hash = 7};
    c->record = pipeline_parse(c->pipeline, &framed, PARSE_FORMAT_AUTO);
}

/* The chain's filters one by one, which knows nothing of names that are noted and filters that are
 * passed by: what filters_apply() has to come to. */
static inline enum filter_verdict filter_case_apply_singly(struct filter_case *c, uint64_t now_ns)
{
    for (size_t i = 0; i < c->settings->filter_count; i++) {
        if (filters_apply_one(c->twin, i, c->record, now_ns) == FILTER_DROPPED) {
            return FILTER_DROP;
        }
    }
    return FILTER_KEEP;
}

/* The record as it is sent. */
static inline void filter_case_encode(struct filter_case *c, struct buf *out)
{
    struct otlp_encoder *encoder = otlp_encoder_new(c->settings);
    buf_clear(out);
    ENSURE(otlp_encoder_add(encoder, c->record, out));
    otlp_encoder_end(encoder, out);
    otlp_encoder_free(encoder);
}

/* The attributes as they are shipped, at every depth; good until the next call. */
static inline void dump_shipped(struct buf *out, const struct fields *fields, uint32_t begin,
                                uint32_t end, bool is_object)
{
    bool is_first = true;
    buf_append_string(out, is_object ? "{" : "[");
    for (uint32_t i = begin; i < end; i = fields->items[i].next) {
        const struct field *field = &fields->items[i];
        if ((field->flags & (FIELD_MOVED | FIELD_REMOVED)) != 0) {
            continue;
        }
        buf_append_string(out, is_first ? "" : ",");
        is_first = false;
        if (is_object) {
            dump_text(out, field_key(field));
            buf_append_string(out, ":");
        }
        if (field->kind == FIELD_OBJECT || field->kind == FIELD_ARRAY) {
            dump_shipped(out, fields, i + 1, field->next, field->kind == FIELD_OBJECT);
        } else {
            dump_value(out, fields, i);
        }
    }
    buf_append_string(out, is_object ? "}" : "]");
}

static inline const char *filter_case_dump(struct filter_case *c)
{
    const struct fields *fields = &c->record->fields;
    buf_clear(&c->dump);
    dump_shipped(&c->dump, fields, 0, fields->count, true);
    buf_append(&c->dump, "", 1);
    return c->dump.data;
}

/* ---- chains by chance ---- */

enum touch {
    TOUCH_IDS = 1,
    TOUCH_SEVERITY = 2,
    TOUCH_TIME = 4,
    TOUCH_BODY = 8,
    TOUCH_SERVICE = 16,
    TOUCH_WITNESS = 32, /* a field whose name no filter of the table has */
};

/* The lines are made of these names, too: `a`, `b`, `c`, `log`, `m_x`, `m_y`, `a.b`, `trace_id`, `msg`. */
static const struct {
    const char *yaml;
    unsigned touches;
} filter_table[] = {
    {"drop: {field: c, equals: gone}", 0},
    {"keep: {any: [{field: c, exists: false}, {not: {field: c, matches: '^go'}}]}", 0},
    {"remove: {names: [a, a.b, trace_id, traceparent, msg, level]}", 0},
    {"remove: {names: [b.c.d], prefixes: [m_], patterns: ['^[ab]$']}", 0},
    {"remove: {names: [$severity_text]}", TOUCH_SEVERITY},
    {"remove: {names: [$trace_id, $span_id, $trace_flags]}", TOUCH_IDS},
    {"remove: {names: [$body]}", TOUCH_BODY},
    {"remove: {names: [$severity, $time, $service]}",
     TOUCH_SEVERITY | TOUCH_TIME | TOUCH_SERVICE},
    {"rename: {a: b, b: c, trace_id: a, msg: message, a.b: x.y}", 0},
    {"rename: {c: a, log: trace_id, m_x: msg}", 0},
    {"copy: {a: a.b, b: a.c.d, $trace_id: trace_id, $body: b, a.b: c}", 0},
    {"copy: {$severity: a, $time: b.t, $line: c, $path: a.p, $resource.k8s.pod.name: log}", 0},
    {"copy: {a: $body}", TOUCH_BODY},
    {"copy: {c: $severity, a: $time}", TOUCH_SEVERITY | TOUCH_TIME},
    {"move: {a: a.b.c, b: a, a.b: log, log: b}", 0},
    {"move: {a.b: a, c: $trace_id, b: $service}", TOUCH_IDS | TOUCH_SERVICE},
    {"move: {b: $body, $body: a}", TOUCH_BODY},
    {"set: {a: 1, a.b: '%{c}', b: '%{a}-%{b}-%{$trace_id}', c: '%{$body}', msg: null}", 0},
    {"set: {log: '%{a}', m_x: '%{b}', m_y: 2.5, x.y: true}", 0},
    {"set: {$severity: '%{c}', $body: 'x%{a}'}", TOUCH_SEVERITY | TOUCH_BODY},
    {"set: {$trace_id: '%{a}', $span_id: '00f067aa0ba902b7'}", TOUCH_IDS},
    {"add: {a: '%{b}', b: x, c: '%{log}', a.z: 1}", 0},
    {"nest: {names: [a, b, c, log], prefixes: [m_], under: a, strip_prefix: true}", 0},
    {"nest: {names: [a], under: b}", 0},
    {"nest: {names: [b, msg], under: c}", 0},
    {"lift: {from: a}", 0},
    {"lift: {from: a.b, prefix: m_}", 0},
    {"lift: {from: b, prefix: log}", 0},
    {"parse: {field: log, format: json}", TOUCH_IDS | TOUCH_SEVERITY | TOUCH_TIME | TOUCH_BODY |
                                               TOUCH_SERVICE}, /* what was not known */
    {"parse: {field: a, format: logfmt, prefix: m_, keep: false}",
     TOUCH_IDS | TOUCH_SEVERITY | TOUCH_TIME | TOUCH_BODY | TOUCH_SERVICE},
    {"parse: {field: b, format: ltsv, under: c}",
     TOUCH_IDS | TOUCH_SEVERITY | TOUCH_TIME | TOUCH_BODY | TOUCH_SERVICE},
    {"parse: {format: regex, pattern: '(?<a>\\d+)(?<b>x)?', types: {a: int}, keep: false}",
     TOUCH_IDS | TOUCH_SEVERITY | TOUCH_TIME | TOUCH_BODY | TOUCH_SERVICE},
    {"convert: {a: int, b: double, c: bool, log: string, a.b: int, trace_id: int}", 0},
    {"convert: {a: string, b: string, c: int}", 0},
    {"redact: {keys: [a, b.c, password], with: hash, salt: s}", 0},
    {"redact: {patterns: [card, email, token, ipv4, 'x*', '(?<=a).']}",
     TOUCH_BODY | TOUCH_WITNESS},
    {"redact: {keys: [msg, $body]}", TOUCH_BODY},
    {"limit: {value_bytes: 3}", TOUCH_WITNESS},
    {"limit: {body_bytes: 5, attributes: 3}", TOUCH_BODY | TOUCH_WITNESS},
    {"throttle: {by: [a, $service], rate: 1000}", 0},
    {"sample: {ratio: 90%, without_id: sample}", 0},
};

/* A config of a list of filters, each chosen by one byte, which may also give it a condition; what they
 * touch together is in *out_touches. */
static inline char *filter_chain_draw(const uint8_t *choices, size_t count, unsigned *out_touches)
{
    static const char *const conditions[] = {
        "",
        ", when: {field: a}",
        ", when: [{severity: {at_least: WARN}}, {not: {field: b, less: 5}}]",
        ", when: {any: [{body: {contains: x}}, {trace_id: {exists: true}}]}",
    };
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_append_string(&text, count == 0 ? "filters: []\n" : "filters:\n");
    *out_touches = 0;
    for (size_t i = 0; i < count; i++) {
        size_t item = choices[i] % ARRAY_LEN(filter_table);
        bool has_own = item <= 1; /* drop and keep */
        size_t condition = has_own ? 0 : choices[i] / ARRAY_LEN(filter_table) % 4;
        buf_append_format(&text, "- {%s%s}\n", filter_table[item].yaml, conditions[condition]);
        *out_touches |= filter_table[item].touches;
    }
    return buf_take(&text);
}

/* The record's own values, and the witness, for comparing. */
struct filter_witness {
    struct record own;
    char *witness; /* dump of the field `witness`; NULL: there is none */
};

static inline struct filter_witness filter_case_witness(struct filter_case *c)
{
    struct filter_witness w = {.own = *c->record};
    struct field *field = fields_find(&c->record->fields, SLICE("witness"));
    if (field != NULL && (field->flags & (FIELD_REMOVED | FIELD_MOVED)) == 0) {
        buf_clear(&c->dump);
        dump_value(&c->dump, &c->record->fields, (uint32_t)(field - c->record->fields.items));
        buf_append(&c->dump, "", 1);
        w.witness = mem_string(c->dump.data);
    }
    return w;
}

/* Aborts where something was touched that is not in `touches`. */
static inline void filter_case_compare(struct filter_case *c, const struct filter_witness *before,
                                       unsigned touches)
{
    struct filter_witness after = filter_case_witness(c);
    const struct record *a = &before->own;
    const struct record *b = &after.own;
    ENSURE((touches & TOUCH_IDS) != 0 ||
           (a->has_trace_id == b->has_trace_id && a->has_span_id == b->has_span_id &&
            a->has_flags == b->has_flags && a->flags == b->flags &&
            memcmp(a->trace_id, b->trace_id, sizeof(a->trace_id)) == 0 &&
            memcmp(a->span_id, b->span_id, sizeof(a->span_id)) == 0));
    ENSURE((touches & TOUCH_SEVERITY) != 0 ||
           (a->severity_number == b->severity_number &&
            slice_is_equal(a->severity_text, b->severity_text)));
    ENSURE((touches & TOUCH_TIME) != 0 || a->time_ns == b->time_ns);
    ENSURE((touches & TOUCH_BODY) != 0 || (a->has_body_text == b->has_body_text &&
                                           slice_is_equal(a->body_text, b->body_text)));
    ENSURE((touches & TOUCH_SERVICE) != 0 ||
           (slice_is_equal(a->service, b->service) &&
            slice_is_equal(a->service_namespace, b->service_namespace)));
    ENSURE(a->source == b->source && a->offset == b->offset && a->file_hash == b->file_hash);
    ENSURE((touches & TOUCH_WITNESS) != 0 ||
           (before->witness != NULL) == (after.witness != NULL));
    ENSURE((touches & TOUCH_WITNESS) != 0 || before->witness == NULL ||
           strcmp(before->witness, after.witness) == 0);
    free(after.witness);
}

/* What every table must be, whatever was done to it. */
static inline void filter_case_check_table(const struct filter_case *c)
{
    const struct fields *fields = &c->record->fields;
    uint32_t ends[1024];
    uint32_t depth = 0;
    ENSURE(fields->count <= fields->count_max && fields->count <= fields->cap);
    for (uint32_t i = 0; i < fields->count; i++) {
        uint32_t next = fields->items[i].next;
        while (depth > 0 && ends[depth - 1] <= i) {
            depth--;
        }
        ENSURE(next > i && next <= (depth > 0 ? ends[depth - 1] : fields->count));
        uint8_t kind = fields->items[i].kind;
        ENSURE(next == i + 1 || kind == FIELD_OBJECT || kind == FIELD_ARRAY);
        if (next > i + 1) {
            ENSURE(depth < ARRAY_LEN(ends));
            ends[depth++] = next;
        }
    }
}

#endif

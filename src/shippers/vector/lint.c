/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Vector: sources, transforms and sinks named by tables, each saying whose output it takes. Every
 * source's probes go down every path of that graph. An input that the file does not define (a
 * fragment of a larger config) is taken for a source of log lines.
 */

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/common/names.h"
#include "shippers/dialects.h"
#include "shippers/probe/regex.h"
#include "shippers/probe/vrl.h"
#include "shippers/vector/lint_lua.h"
#include "shippers/vector/toml.h"

enum {
    COMPONENTS_MAX = 256,
    PATH_DEPTH_MAX = 32,
    PATTERNS_MAX = 16,
    STATEMENTS_MAX = 100000, /* of VRL for a whole config; large ones need a fifth of it */
};

#define IDS "\"trace_id\":\"" PROBE_TRACE_ID "\",\"span_id\":\"" PROBE_SPAN_ID "\""
#define JSON_LINE "{\"level\":\"info\",\"message\":\"hello\"," IDS "}"
#define NESTED_LINE "{\"level\":\"info\",\"message\":\"hello\",\"context\":{" IDS "}}"
#define TEXT_COLUMN " trace_id=" PROBE_TRACE_ID " span_id=" PROBE_SPAN_ID

enum role { ROLE_SOURCE, ROLE_TRANSFORM, ROLE_SINK };

struct component {
    enum role role;
    const char *name;
    const char *type;
    const struct yaml *map;
    struct foreign_place place; /* of its type */
};

struct vector {
    struct lint *lint;
    struct component items[COMPONENTS_MAX];
    size_t count;
    const char *patterns[PATTERNS_MAX]; /* of parse_regex, for lines of their format */
    size_t pattern_count;
    const char *path;
    unsigned statements; /* of VRL that all probes have run together */
};

/* `encoding.codec`: nested, or with the dots in the key. */
static const struct yaml *dig(const struct yaml *map, const char *path,
                              struct foreign_place *out_place)
{
    const struct yaml_entry *entry = yaml_entry(map, path);
    const char *dot = strchr(path, '.');
    if (entry == NULL && dot != NULL) {
        char first[64];
        size_t len = (size_t)(dot - path);
        if (len < sizeof(first)) {
            memcpy(first, path, len);
            first[len] = '\0';
            const struct yaml *inner = yaml_get(map, first);
            return inner != NULL ? dig(inner, dot + 1, out_place) : NULL;
        }
    }
    if (entry != NULL && out_place != NULL) {
        *out_place = entry->place;
    }
    return entry != NULL ? entry->value : NULL;
}

static const char *dig_text(const struct yaml *map, const char *path, const char *otherwise)
{
    const struct yaml *value = dig(map, path, NULL);
    return value != NULL && value->kind == YAML_TEXT ? value->text : otherwise;
}

static void collect(struct vector *v, enum role role, const struct yaml *table)
{
    for (const struct yaml_entry *e = table != NULL ? table->first : NULL; e != NULL; e = e->next) {
        if (v->count == COMPONENTS_MAX || e->value->kind != YAML_MAP) {
            continue;
        }
        struct foreign_place place = e->place;
        (void)dig(e->value, "type", &place);
        v->items[v->count++] = (struct component){role, e->key, dig_text(e->value, "type", ""),
                                                  e->value, place};
    }
}

static struct stage stage_of(struct vector *v, const struct component *c, const char *why,
                             const char *fix)
{
    static const char *const roles[] = {"source", "transform", "sink"};
    return (struct stage){
        .place = c->place,
        .name = foreign_format(&v->lint->foreign.arena, "%s %s", roles[c->role], c->name),
        .why = why,
        .fix = fix,
    };
}

/* ---- transforms ---- */

static struct foreign_place place_at(struct foreign_place program, unsigned line, bool is_block)
{
    return (struct foreign_place){program.file, program.line + (is_block ? line - 1 : 0),
                               is_block ? 1 : program.column};
}

static void judge_program(struct vector *v, const struct component *c, struct trail *trail,
                          const struct vrl_result *r, struct foreign_place place, bool is_block)
{
    struct stage stage = stage_of(v, c, "the program replaces or removes the fields that hold the "
                                        "ids", "keep them: .trace_id = …, or merge(., …) instead of "
                                               "assigning a new value");
    unsigned line = r->lost_line > 0 ? r->lost_line : r->demoted_line;
    if (line > 0) {
        stage.place = place_at(place, line, is_block);
    }
    if (r->maybe_line > 0) { /* a branch loses them, the event here has them still */
        struct stage branch = stage;
        branch.place = place_at(place, r->maybe_line, is_block);
        lint_report(v->lint, &branch, LINT_MAY_BE_LOST,
                    trail->probe->is_note ? LINT_KEEPS : LINT_DEPENDS, trail->probe->when);
    }
    trail->record = r->event;
    trail->is_encoding = r->is_encoding;
    trail_judge(trail, &stage);
}

static void transform_remap(struct vector *v, const struct component *c, struct trail *trail)
{
    struct foreign_place place = c->place;
    const struct yaml *source = dig(c->map, "source", &place);
    const char *file = dig_text(c->map, "file", NULL);
    struct foreign_text text;
    const char *program = source != NULL ? source->text : NULL;
    bool is_block = true;
    if (source != NULL) {
        place = source->place;
        is_block = source->is_block || strchr(source->text, '\n') != NULL;
    } else if (file != NULL && foreign_find(&v->lint->foreign, v->path, file, &text)) {
        program = text.text.data;
        place = (struct foreign_place){text.path, 1, 1};
    }
    if (program == NULL) {
        struct stage stage = stage_of(v, c, "the program's file is not to be found", "");
        lint_report(v->lint, &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, "cannot be proved");
        return;
    }
    struct vrl_result result;
    vrl_run(&v->lint->scratch, program, trail->record, &result);
    v->statements += result.steps;
    if (v->statements > STATEMENTS_MAX) {
        v->lint->steps = LINT_STEPS_MAX; /* what is not followed any more cannot be proved */
    }
    if (result.is_aborted) {
        trail->is_over = true;
        return;
    }
    judge_program(v, c, trail, &result, place, is_block);
}

static struct item *only(struct vector *v, const struct item *record, const struct yaml *list,
                         bool is_removal)
{
    struct arena *arena = &v->lint->scratch;
    struct item *result = is_removal ? item_copy(arena, record) : item_map(arena);
    for (const struct yaml_entry *e = list != NULL ? list->first : NULL; e != NULL; e = e->next) {
        if (is_removal) {
            item_remove_path(arena, result, e->value->text);
        } else {
            item_copy_path(arena, result, record, e->value->text);
        }
    }
    return result;
}

/* The transforms of old, before VRL. */
static void transform_old(struct vector *v, const struct component *c, struct trail *trail)
{
    struct arena *arena = &v->lint->scratch;
    struct stage stage = stage_of(v, c, "the parsed field is dropped, and the parsed value has no "
                                        "ids", "drop_field = false");
    const char *field = dig_text(c->map, "field", "message");
    struct item *text = item_get(trail->record, field);
    struct item *map = NULL;
    if (strcmp(c->type, "remove_fields") == 0) {
        trail->record = only(v, trail->record, dig(c->map, "fields", NULL), true);
    } else if (text != NULL && text->kind == ITEM_TEXT && strcmp(c->type, "json_parser") == 0) {
        map = item_from_json(arena, slice_from_string(text->text), false);
    } else if (text != NULL && text->kind == ITEM_TEXT && strcmp(c->type, "regex_parser") == 0) {
        const char *pattern = dig_text(c->map, "regex", NULL);
        struct regex *regex = pattern != NULL ? regex_new(pattern) : NULL;
        map = regex != NULL ? regex_captures(regex, arena, slice_from_string(text->text), NULL, NULL)
                            : NULL;
        regex_free(regex);
    }
    if (map != NULL) {
        if (strcmp(dig_text(c->map, "drop_field", "true"), "false") != 0) {
            item_remove(trail->record, field);
        }
        for (const struct member *m = map->first; m != NULL; m = m->next) {
            item_put(arena, trail->record, m->key, m->value);
        }
    }
    trail_judge(trail, &stage);
}

static void transform_lua(struct vector *v, const struct component *c, struct trail *trail)
{
    static const char *const options[] = {"source", "hooks.init", "hooks.process", "hooks.shutdown",
                                          NULL};
    struct stage stage = stage_of(v, c, "what the Lua program does to an event is not followed",
                                  "");
    struct item *record = item_copy(&v->lint->scratch, trail->record);
    const char *program = "";
    for (size_t i = 0; options[i] != NULL; i++) {
        program = foreign_format(&v->lint->scratch, "%s\n%s", program,
                                 dig_text(c->map, options[i], ""));
    }
    if (program[strspn(program, "\n")] != '\0' &&
        vector_lua(&v->lint->scratch, program, record)) {
        stage.why = "the Lua program removes the fields that hold the ids";
        trail->record = record;
        trail_judge(trail, &stage);
    } else if (trail->places != 0) {
        lint_report(v->lint, &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, "cannot be proved");
    }
}

static void transform(struct vector *v, const struct component *c, struct trail *trail)
{
    if (strcmp(c->type, "remap") == 0) {
        transform_remap(v, c, trail);
    } else if (strcmp(c->type, "lua") == 0) {
        transform_lua(v, c, trail);
    } else if (strcmp(c->type, "log_to_metric") == 0) {
        trail->is_over = true;
    } else {
        transform_old(v, c, trail);
    }
}

/* ---- sinks ---- */

/* Does a path of the list end in the name of an id, or name a map that may hold ids? */
static bool lists_id(const struct yaml *list)
{
    for (const struct yaml_entry *e = list->first; e != NULL; e = e->next) {
        const char *leaf = strrchr(e->value->text, '.');
        leaf = leaf != NULL ? leaf + 1 : e->value->text;
        if (name_is_trace_id(slice_from_string(leaf)) || strcmp(leaf, "trace") == 0 ||
            strcmp(e->value->text, "trace.id") == 0) {
            return true;
        }
    }
    return false;
}

static void sink_fields(struct vector *v, const struct component *c, struct trail *trail)
{
    struct foreign_place place = c->place;
    const struct yaml *list = dig(c->map, "encoding.only_fields", &place);
    struct stage stage = stage_of(v, c, "only the listed fields are sent",
                                  "add \"trace_id\" and \"span_id\" to only_fields");
    stage.place = place;
    if (list != NULL) {
        trail->record = only(v, trail->record, list, false);
        trail_judge(trail, &stage);
        if (!trail->is_over && !lists_id(list) && trail->places != 0 &&
            (trail->places & PLACE_TRACE_FIELD) == 0) {
            lint_report(v->lint, &stage, LINT_MAY_BE_LOST, LINT_DEPENDS,
                        "ids that are fields of the event");
        }
    }
    list = dig(c->map, "encoding.except_fields", &place);
    if (list != NULL && !trail->is_over) {
        trail->record = only(v, trail->record, list, true);
        stage.why = "the listed fields are not sent";
        stage.place = place;
        trail_judge(trail, &stage);
    }
}

/* Loki's labels and structured metadata: templates of fields, which no codec takes part in. */
static void add_templates(struct vector *v, const struct yaml *map, const struct item *record,
                          struct item *out)
{
    for (const struct yaml_entry *e = map != NULL ? map->first : NULL; e != NULL; e = e->next) {
        const char *open = e->value->kind == YAML_TEXT ? strstr(e->value->text, "{{") : NULL;
        const char *close = open != NULL ? strstr(open, "}}") : NULL;
        struct slice name = close != NULL
                                ? slice_trim(slice_make(open + 2, (size_t)(close - open) - 2))
                                : SLICE("");
        name = name.len > 0 && name.data[0] == '.' ? slice_skip(name, 1) : name;
        const struct item *field = record;
        while (field != NULL && name.len > 0) {
            const char *dot = memchr(name.data, '.', name.len);
            size_t len = dot != NULL ? (size_t)(dot - name.data) : name.len;
            field = item_get(field, foreign_copy(&v->lint->scratch, slice_make(name.data, len)));
            name = slice_skip(name, dot != NULL ? len + 1 : len);
        }
        if (close != NULL && field != NULL) {
            item_put(&v->lint->scratch, out, e->key, item_copy(&v->lint->scratch, field));
        }
    }
}

static struct item *templates_of(struct vector *v, const struct component *c,
                                 const struct item *record)
{
    struct item *out = item_map(&v->lint->scratch);
    if (strcmp(c->type, "loki") == 0) {
        add_templates(v, dig(c->map, "labels", NULL), record, out);
        add_templates(v, dig(c->map, "structured_metadata", NULL), record, out);
    }
    return out;
}

/* Only `.message` is sent. */
static bool is_text_codec(const struct component *c)
{
    const char *codec = dig_text(c->map, "encoding.codec", "");
    codec = *codec == '\0' ? dig_text(c->map, "encoding", "") : codec;
    return strcmp(codec, "text") == 0 || strcmp(codec, "raw_message") == 0;
}

static void sink_codec(struct vector *v, const struct component *c, struct trail *trail)
{
    struct foreign_place place = c->place;
    const char *codec = dig_text(c->map, "encoding.codec", "");
    struct stage stage = stage_of(v, c, "the codec sends the message alone, without any field",
                                  "encoding.codec = \"json\"");
    (void)dig(c->map, "encoding.codec", &place);
    stage.place = place;
    if (is_text_codec(c)) {
        struct item *message = item_get(trail->record, "message");
        trail->record = templates_of(v, c, trail->record);
        if (message != NULL) {
            item_put(&v->lint->scratch, trail->record, "message", message);
        }
        trail_judge(trail, &stage);
    } else if (strcmp(codec, "csv") == 0) {
        stage.why = "only the columns listed are sent";
        stage.fix = "add trace_id and span_id to csv.fields";
        trail->record = only(v, trail->record, dig(c->map, "encoding.csv.fields", NULL), false);
        trail_judge(trail, &stage);
    } else if (strcmp(codec, "protobuf") == 0 || strcmp(codec, "avro") == 0) {
        /* The fields the schema has not got are gone, and a schema has few. */
        (void)dig(c->map, "encoding.protobuf.message_type", &stage.place);
        stage.why = "the schema says which fields are sent, and drops every other";
        stage.fix = "a schema with trace_id and span_id";
        trail->record = item_map(&v->lint->scratch);
        trail_judge(trail, &stage);
    }
}

static void sink_columns(struct vector *v, const struct component *c, struct trail *trail)
{
    struct stage stage = stage_of(v, c, "only what the table has columns for is stored",
                                  "add columns trace_id and span_id to the table");
    bool is_table = strcmp(c->type, "postgres") == 0 ||
                    (strcmp(c->type, "clickhouse") == 0 &&
                     strcmp(dig_text(c->map, "skip_unknown_fields", ""), "true") == 0);
    if (is_table && trail->places != 0) {
        lint_report(v->lint, &stage, LINT_MAY_BE_LOST, LINT_DEPENDS,
                    "the table has no column of that name");
    }
}

static void sink(struct vector *v, const struct component *c, struct trail *trail)
{
    if (strcmp(c->type, "blackhole") == 0 || strncmp(c->type, "prometheus", 10) == 0) {
        return;
    }
    sink_fields(v, c, trail);
    if (!trail->is_over) {
        sink_codec(v, c, trail);
    }
    if (!trail->is_over) {
        sink_columns(v, c, trail);
        trail_end(trail, (trail->places & PLACE_TRACE_FIELD) != 0, NULL);
    }
}

/* ---- the graph ---- */

/* Inputs may have stars, and name one way out of a component: `routes.backend`. */
static bool takes(const struct component *c, const char *name)
{
    const struct yaml *inputs = yaml_get(c->map, "inputs");
    size_t len = strlen(name);
    for (const struct yaml_entry *e = inputs != NULL ? inputs->first : NULL; e != NULL;
         e = e->next) {
        const char *input = e->value->text;
        if (fnmatch(input, name, 0) == 0 ||
            (strncmp(input, name, len) == 0 && input[len] == '.')) {
            return true;
        }
    }
    return false;
}

static void go_on(struct vector *v, const char *from, const struct trail *trail, unsigned depth)
{
    for (size_t i = 0; i < v->count && depth < PATH_DEPTH_MAX; i++) {
        const struct component *c = &v->items[i];
        if (c->role == ROLE_SOURCE || !takes(c, from) || !lint_step(v->lint)) {
            continue;
        }
        struct trail fork = trail_fork(trail);
        if (c->role == ROLE_SINK) {
            sink(v, c, &fork);
            continue;
        }
        transform(v, c, &fork);
        if (!fork.is_over) {
            go_on(v, c->name, &fork, depth + 1);
        }
    }
}

static bool is_consumed(const struct vector *v, const char *name)
{
    for (size_t i = 0; i < v->count; i++) {
        if (v->items[i].role != ROLE_SOURCE && takes(&v->items[i], name)) {
            return true;
        }
    }
    return false;
}

static struct item *event_of(struct vector *v, const char *line)
{
    struct arena *arena = &v->lint->scratch;
    struct item *event = item_map(arena);
    item_put(arena, event, "message", item_string(arena, line));
    item_put(arena, event, "timestamp", item_string(arena, "2024-05-05T05:05:05Z"));
    item_put(arena, event, "host", item_string(arena, "host"));
    item_put(arena, event, "source_type", item_string(arena, "file"));
    return event;
}

struct source {
    const struct component *component;
    const char *name;
    struct foreign_place place;
    bool is_decoded; /* fields at once */
    const char *program; /* of a vrl decoder */
};

static void send_probe(struct vector *v, const struct source *source, const struct probe *probe,
                       struct item *event)
{
    struct trail trail = {.lint = v->lint, .probe = probe, .source = source->place,
                          .source_name = foreign_format(&v->lint->foreign.arena, "source %s", source->name),
                          .source_fix = "a remap with . = merge(., object!(parse_json!(.message)))"};
    if (source->program != NULL) {
        struct vrl_result result;
        vrl_run(&v->lint->scratch, source->program, event, &result);
        event = result.event;
    }
    trail_begin(&trail, event);
    if (is_consumed(v, source->name)) {
        go_on(v, source->name, &trail, 0);
    }
}

static void send_line(struct vector *v, const struct source *source, const struct probe *probe,
                      const char *line)
{
    struct item *event = source->is_decoded
                             ? item_from_json(&v->lint->scratch, slice_from_string(line), false)
                             : NULL;
    send_probe(v, source, probe, event != NULL ? event : event_of(v, line));
}

static void run_source(struct vector *v, const struct source *source)
{
    struct arena *arena = &v->lint->scratch;
    struct probe first = {.when = "always"};
    struct probe nested = {.when = "ids in a nested object", .is_variant = true, .is_note = true};
    struct probe text = {.when = "lines that the program's pattern matches", .is_variant = true};
    struct probe pairs = {.when = "lines of key=value", .is_variant = true};
    send_line(v, source, &first, JSON_LINE);
    send_line(v, source, &nested, NESTED_LINE);
    if (source->program != NULL) {
        send_line(v, source, &pairs, "level=info msg=hello" TEXT_COLUMN);
    }
    for (size_t i = 0; i < v->pattern_count && !source->is_decoded; i++) {
        const char *sample = regex_sample(arena, v->patterns[i]);
        if (sample != NULL) {
            const char *line = strstr(sample, PROBE_TRACE_ID) != NULL
                                   ? sample : foreign_format(arena, "%s" TEXT_COLUMN, sample);
            send_line(v, source, &text, line);
        }
    }
    arena_clear(arena);
}

static bool is_metrics(const char *type)
{
    return strstr(type, "metrics") != NULL || strncmp(type, "prometheus", 10) == 0 ||
           strcmp(type, "statsd") == 0;
}

static void run_component(struct vector *v, const struct component *c)
{
    static const char *const decoded[] = {"opentelemetry", "fluent", "logstash", "vector",
                                          "datadog_agent", NULL};
    struct source source = {c, c->name, c->place, false, NULL};
    const char *codec = dig_text(c->map, "decoding.codec", dig_text(c->map, "encoding", ""));
    source.is_decoded = strcmp(codec, "json") == 0 || strcmp(codec, "ndjson") == 0;
    for (size_t i = 0; decoded[i] != NULL; i++) {
        source.is_decoded = source.is_decoded || strcmp(c->type, decoded[i]) == 0;
    }
    if (strcmp(codec, "vrl") == 0) {
        source.program = dig_text(c->map, "decoding.vrl.source", NULL);
    }
    if (!is_metrics(c->type)) {
        run_source(v, &source);
    }
}

static bool is_defined(const struct vector *v, const char *input)
{
    if (strpbrk(input, "*?[") != NULL) {
        return true;
    }
    for (size_t i = 0; i < v->count; i++) {
        size_t len = strlen(v->items[i].name);
        if (strncmp(input, v->items[i].name, len) == 0 &&
            (input[len] == '\0' || input[len] == '.')) {
            return true;
        }
    }
    return false;
}

/* Is this the first mention of that input? Its probes go to all that take it. */
static bool is_first(const struct vector *v, size_t component, const struct yaml_entry *entry)
{
    for (size_t i = 0; i <= component; i++) {
        const struct yaml *inputs = yaml_get(v->items[i].map, "inputs");
        for (const struct yaml_entry *e = inputs != NULL ? inputs->first : NULL; e != NULL;
             e = e->next) {
            if (strcmp(e->value->text, entry->value->text) == 0) {
                return e == entry;
            }
        }
    }
    return true;
}

static void run_undefined(struct vector *v)
{
    for (size_t i = 0; i < v->count; i++) {
        const struct yaml *inputs = yaml_get(v->items[i].map, "inputs");
        for (const struct yaml_entry *e = inputs != NULL ? inputs->first : NULL; e != NULL;
             e = e->next) {
            if (!is_defined(v, e->value->text) && is_first(v, i, e)) {
                struct source source = {NULL, e->value->text, v->items[i].place, false, NULL};
                run_source(v, &source);
            }
        }
    }
}

/* r'…' of parse_regex in a program. */
static void collect_patterns(struct vector *v, const char *program)
{
    for (const char *at = program; (at = strstr(at, "r'")) != NULL; at += 2) {
        const char *close = at + 2;
        while (*close != '\0' && *close != '\'') {
            close += *close == '\\' && close[1] != '\0' ? 2 : 1;
        }
        if (v->pattern_count < PATTERNS_MAX && strstr(program, "parse_regex") != NULL) {
            v->patterns[v->pattern_count++] =
                foreign_copy(&v->lint->foreign.arena, slice_make(at + 2, (size_t)(close - at) - 2));
        }
        at = *close != '\0' ? close - 1 : close - 2;
    }
}

static bool run_config(struct vector *v, const struct yaml *root)
{
    collect(v, ROLE_SOURCE, yaml_get(root, "sources"));
    collect(v, ROLE_TRANSFORM, yaml_get(root, "transforms"));
    collect(v, ROLE_SINK, yaml_get(root, "sinks"));
    bool has_type = false;
    for (size_t i = 0; i < v->count; i++) {
        has_type = has_type || *v->items[i].type != '\0';
        collect_patterns(v, dig_text(v->items[i].map, "source", ""));
    }
    if (!has_type) {
        return false;
    }
    for (size_t i = 0; i < v->count; i++) {
        if (v->items[i].role == ROLE_SOURCE) {
            run_component(v, &v->items[i]);
        }
    }
    run_undefined(v);
    return true;
}

static bool is_config(const struct yaml *map)
{
    const struct yaml *tables[] = {yaml_get(map, "sources"), yaml_get(map, "transforms"),
                                   yaml_get(map, "sinks")};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        const struct yaml_entry *first = tables[i] != NULL && tables[i]->kind == YAML_MAP
                                             ? tables[i]->first : NULL;
        if (first != NULL && dig_text(first->value, "type", NULL) != NULL) {
            return true;
        }
    }
    return false;
}

/* The config may be the file, or a part of Helm values, or a text in a ConfigMap. */
static bool find_config(struct vector *v, const struct yaml *node, unsigned depth)
{
    bool is_any = false;
    if (depth > YAML_DEPTH_MAX) {
        return false;
    }
    if (is_config(node)) {
        return run_config(v, node);
    }
    if (node->kind == YAML_TEXT && node->is_block && strstr(node->text, "sinks") != NULL) {
        struct foreign_text inner = {node->place.file, slice_from_string(node->text)};
        struct yaml *all = strstr(node->text, "sinks:") != NULL
                               ? yaml_read(&v->lint->foreign, inner.text, node->place) : NULL;
        if (all == NULL) {
            struct yaml *toml = toml_read(v->lint, &inner);
            return is_config(toml) && run_config(v, toml);
        }
        return find_config(v, all, depth + 1);
    }
    for (const struct yaml_entry *e = node->first; e != NULL; e = e->next) {
        is_any = find_config(v, e->value, depth + 1) || is_any;
    }
    return is_any;
}

static bool lint_vector(struct lint *lint, const struct foreign_text *text)
{
    struct vector *v = mem_alloc(sizeof(*v));
    v->lint = lint;
    v->path = text->path;
    bool is_toml = strcasestr(text->path, ".toml") != NULL;
    struct slice t = text->text;
    bool may_be = memmem(t.data, t.len, "sinks", 5) != NULL ||
                  memmem(t.data, t.len, "transforms", 10) != NULL ||
                  memmem(t.data, t.len, "sources", 7) != NULL;
    struct yaml *root = !may_be ? NULL
                        : is_toml ? toml_read(lint, text)
                                  : yaml_read(&lint->foreign, t, (struct foreign_place){text->path, 1, 1});
    bool is_known = root != NULL && find_config(v, root, 0);
    free(v);
    return is_known;
}

const struct dialect dialect_vector = {
    .name = "Vector",
    .lint = lint_vector,
};

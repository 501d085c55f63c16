/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/resolve.h"

#include <stdlib.h>
#include "base/mem.h"
#include "record/shape_answers.h"
#include "record/shapes.h"
#include "resolve/head.h"
#include "resolve/otlp_line.h"
#include "resolve/service.h"
#include "resolve/severity.h"
#include "resolve/severity_fields.h"
#include "resolve/time/timestamp_fields.h"
#include "resolve/trace/trace.h"

/*
 * One walk over the top level tells which members mean something (record/keys.h); everything else
 * works on that short list, and where the line's shape is known (record/shapes.h) the list is too. What
 * it leaves open is looked for in the containers, and, in text lines, in the head of the text. What
 * the line says in its members goes before what stands in its text, but for the head of a text line:
 * there the head is the layout's and the members are the message's.
 */

enum {
    CLOCKS = 256, /* logs whose clock is known; a log takes the place of another */
    ZONES = 64,   /* that logs ask for */
};

/* What times of one log mean that name no zone. */
struct log_clock {
    uint64_t source_id;
    bool is_taken;
    const struct zone *zone; /* that the log has been given; NULL: none */
    struct timestamp_clock clock;
};

struct named_zone {
    char name[SOURCE_ZONE_BYTES];
    struct zone *zone; /* NULL: there is none of the name, or the place is free */
};

struct resolver {
    const struct trace_settings *settings;
    struct key_cache *keys;
    struct trace_resolver *trace;
    struct zone *zone;
    struct named_zone *zones;
    size_t zones_made;
    struct log_clock *clocks;
    struct timestamp_cache dates;
    struct shapes *shapes;
    struct shape own;         /* of a line whose shape nobody knows */
    struct hits hits;         /* of a line whose containers were looked into */
    const struct shape *line; /* of the line in hand */
};

struct resolver *resolver_new(const struct trace_settings *settings, char **out_error)
{
    struct zone *zone = zone_open(settings->zone != NULL ? settings->zone : "UTC", out_error);
    if (zone == NULL) {
        return NULL;
    }
    struct trace_resolver *trace = trace_resolver_new(settings, out_error);
    if (trace == NULL) {
        zone_free(zone);
        return NULL;
    }
    struct resolver *resolver = mem_alloc(sizeof(*resolver));
    resolver->settings = settings;
    resolver->trace = trace;
    resolver->zone = zone;
    resolver->zones = mem_array(ZONES, sizeof(*resolver->zones));
    resolver->clocks = mem_array(CLOCKS, sizeof(*resolver->clocks));
    resolver->keys = key_cache_new();
    resolver->shapes = shapes_new();
    return resolver;
}

void resolver_free(struct resolver *resolver)
{
    if (resolver != NULL) {
        key_cache_free(resolver->keys);
        shapes_free(resolver->shapes);
        trace_resolver_free(resolver->trace);
        zone_free(resolver->zone);
        for (size_t i = 0; i < ZONES; i++) {
            zone_free(resolver->zones[i].zone);
        }
        free(resolver->zones);
        free(resolver->clocks);
        free(resolver);
    }
}

struct key_cache *resolver_keys(struct resolver *resolver)
{
    return resolver->keys;
}

struct shapes *resolver_shapes(struct resolver *resolver)
{
    return resolver->shapes;
}

/* What the names of the line mean: known, or worked out now. */
static const struct shape *read_names(struct resolver *resolver, struct fields *fields)
{
    struct shape *shape = fields->shape;
    if (shape == NULL) {
        shape = &resolver->own;
        shape->is_known = false;
    }
    if (!shape->is_known) {
        key_hits_collect(resolver->keys, fields, &shape->top);
        hits_set(&shape->hits, fields, &shape->top);
        shape->is_known = fields->shape != NULL;
        shape_answers_find(&shape->top, &shape->hits, shape->is_known, &shape->answers);
    }
    shape->hits.fields = fields;
    return shape;
}

/* ------------------------------------------------------------------ clocks */

/* The one that has been asked for longest ago makes room; nobody may go on by it. */
static const struct zone *make_zone(struct resolver *resolver, const char *name)
{
    struct named_zone *place = &resolver->zones[resolver->zones_made++ % ZONES];
    char *error = NULL;
    if (place->zone != NULL) {
        memset(resolver->clocks, 0, CLOCKS * sizeof(*resolver->clocks));
        zone_free(place->zone);
    }
    memcpy(place->name, name, sizeof(place->name));
    place->zone = zone_open(name, &error);
    free(error);
    return place->zone;
}

static const struct zone *find_zone(struct resolver *resolver, const char *name)
{
    for (size_t i = 0; i < ZONES; i++) {
        if (strcmp(resolver->zones[i].name, name) == 0) {
            return resolver->zones[i].zone;
        }
    }
    return make_zone(resolver, name);
}

static struct log_clock *find_clock(struct resolver *resolver, const struct source *source)
{
    struct log_clock *log = &resolver->clocks[source->id % CLOCKS];
    if (!log->is_taken || log->source_id != source->id) {
        const char *name = source->policy.zone;
        const struct zone *zone = name[0] != '\0' ? find_zone(resolver, name) : NULL;
        *log = (struct log_clock){source->id, true, zone, {0}};
    }
    return log;
}

/* ------------------------------------------------------------------ body */

static bool is_message(const struct field *field)
{
    return (field->kind == FIELD_STRING || field->kind == FIELD_BYTES) && field->text_len > 0;
}

/*
 * The message's member: the first in the order of enum key_id that is text. GELF's full_message is
 * a longer copy and stays; loguru's `text` is the whole formatted line, its record has the message.
 */
static struct field *find_message(const struct hits *hits, bool looked_inside)
{
    uint16_t id = KEY_MESSAGE - 1;
    const struct field *loguru = hits_find(hits, KEY_RECORD);
    for (struct field *field; (field = hits_next(hits, id, KEY_RECORD_MESSAGE, &id)) != NULL;) {
        bool formatted = id == KEY_TEXT && loguru != NULL && loguru->kind == FIELD_OBJECT &&
                         (!looked_inside || hits_has(hits, KEY_RECORD_MESSAGE));
        if (is_message(field) && !formatted) {
            return field;
        }
    }
    return NULL;
}

static void set_message(const struct resolver *resolver, struct field *field, struct record *record)
{
    record->has_body_text = true;
    record->body_text = field_text(field);
    field->flags |= resolver->settings->repeat_moved ? 0 : FIELD_MOVED;
}

static bool wants_body(const struct record *record)
{
    return record->format != FORMAT_TEXT && !record->has_body_text;
}

static void set_body(const struct resolver *resolver, const struct hits *hits, bool looked_inside,
                     struct record *record)
{
    struct field *field = find_message(hits, looked_inside);
    if (field != NULL) {
        set_message(resolver, field, record);
    }
}

/* ------------------------------------------------------------------ the parts together */

static void set_time(struct record *record, const struct timestamp *time)
{
    record->time_ns = time->ns;
    record->time_zone_assumed = time->zone_assumed;
}

static void read_time(const struct hits *hits, const struct timestamp_env *env,
                      struct record *record)
{
    struct timestamp time;
    if (record->time_ns == 0 && timestamp_from_fields(hits, env, &time)) {
        set_time(record, &time);
    }
}

/* ---- where the names tell, which is nearly always ---- */

static const struct field *field_at(const struct fields *fields, uint32_t place)
{
    return place < ANSWER_ASK ? &fields->items[place] : NULL;
}

static bool read_usual_level(const struct shape_answers *answers, struct record *record)
{
    const struct field *field = field_at(&record->fields, answers->level);
    uint8_t number = field != NULL && field->kind == FIELD_STRING
                         ? severity_from_usual_word(field_text(field))
                         : 0;
    if (number == 0) {
        return false;
    }
    record->severity_number = number;
    record->severity_text = field_text(field);
    return true;
}

/* True if it is certain: there is a time, or no member for one. */
static bool read_usual_time(const struct shape_answers *answers, const struct timestamp_env *env,
                            struct record *record)
{
    const struct field *field = field_at(&record->fields, answers->time);
    struct timestamp time = {.ns = 0};
    if (field == NULL) {
        return answers->time == ANSWER_NONE;
    }
    if (field->kind == FIELD_STRING ? !timestamp_from_text(field_text(field), env, &time)
                                    : field->kind != FIELD_INT ||
                                          !timestamp_from_integer(field->value.i, &time.ns)) {
        return false;
    }
    set_time(record, &time);
    return true;
}

static bool read_usual_message(const struct resolver *resolver, struct record *record)
{
    uint32_t place = resolver->line->answers.message;
    struct field *field = place < ANSWER_ASK ? &record->fields.items[place] : NULL;
    if (field == NULL || !is_message(field)) {
        return false;
    }
    set_message(resolver, field, record);
    return true;
}

/* What the top level says: by the place that the names tell, else by way of all members. */
static void read_top(const struct resolver *resolver, const struct timestamp_env *env,
                     struct record *record)
{
    const struct hits *hits = &resolver->line->hits;
    const struct shape_answers *answers = &resolver->line->answers;
    if (record->severity_number == 0 && !read_usual_level(answers, record)) {
        severity_from_fields(hits, record);
    }
    if (record->time_ns == 0 && !read_usual_time(answers, env, record)) {
        read_time(hits, env, record);
    }
    if (!service_from_answers(&record->fields, answers, record)) {
        service_from_fields(hits, record);
    }
    if (wants_body(record) && !read_usual_message(resolver, record)) {
        set_body(resolver, hits, false, record);
    }
}

/* The top level had no answer to something, and there is a place where it may be. */
static bool wants_nested(const struct resolver *resolver, const struct record *record)
{
    if ((resolver->line->top.holds & KEY_HOLDS_VALUES) == 0) {
        return false;
    }
    const struct field *service = hits_find(&resolver->line->hits, KEY_SERVICE);
    return record->severity_number == 0 || record->time_ns == 0 || record->service.len == 0 ||
           wants_body(record) ||
           (service != NULL && service->kind == FIELD_OBJECT);
}

static void read_members(struct resolver *resolver, const struct timestamp_env *env,
                         struct record *record)
{
    read_top(resolver, env, record);
    if (!wants_nested(resolver, record)) {
        return;
    }
    struct hits *hits = &resolver->hits;
    *hits = resolver->line->hits;
    hits_add_nested(hits, resolver->keys, &resolver->line->top);
    if (record->severity_number == 0) {
        severity_from_fields(hits, record);
    }
    read_time(hits, env, record);
    service_from_fields(hits, record);
    if (wants_body(record)) {
        set_body(resolver, hits, true, record);
    }
}

static void read_head(const struct timestamp_env *env, struct record *record, struct head *head)
{
    head_read(record->text, env, head);
    if (head->time.ns != 0) {
        set_time(record, &head->time);
    }
    record->severity_number = head->severity_number;
    record->severity_text = head->severity_text;
    record->has_body_text = true; /* an empty line has an empty body */
    record->body_text = record->text;
}

/* What the head of a text line told about its writer, where the members do not. */
static void add_head(struct resolver *resolver, const struct head *head, struct record *record)
{
    if (record->service.len == 0) {
        service_from_text(resolver->keys, record->text, record);
    }
    if (record->service.len == 0 && !service_is_placeholder(head->service)) {
        record->service = head->service;
    }
    if (record->logger.len == 0) {
        record->logger = head->logger;
    }
}

static void forget(struct record *record)
{
    record->time_ns = 0;
    record->time_zone_assumed = false;
    record->severity_number = 0;
    record->severity_text = slice_make(NULL, 0);
    record->has_body_text = false;
    record->body_field = NO_FIELD;
    record->service = slice_make(NULL, 0);
    record->service_namespace = slice_make(NULL, 0);
    record->logger = slice_make(NULL, 0);
}

void resolver_resolve(struct resolver *resolver, struct record *record)
{
    uint64_t reference =
        record->runtime_time_ns != 0 ? record->runtime_time_ns : record->observed_time_ns;
    struct timestamp_env env = {.zone = resolver->zone,
                                .reference_ns = reference,
                                .cache = &resolver->dates,
                                .runtime_ns = record->runtime_time_ns};
    struct head head;
    bool is_text = record->format == FORMAT_TEXT;
    forget(record);
    if (record->source != NULL) {
        struct log_clock *log = find_clock(resolver, record->source);
        env.zone = log->zone != NULL ? log->zone : env.zone;
        env.is_zone_certain = log->zone != NULL;
        env.clock = &log->clock;
    }
    resolver->line = read_names(resolver, &record->fields);
    if (is_text) {
        read_head(&env, record, &head);
    }
    if (!otlp_line_read(record)) {
        read_members(resolver, &env, record);
    }
    if (is_text) {
        add_head(resolver, &head, record);
    }
    if (record->time_ns == 0) {
        record->time_ns = record->runtime_time_ns;
    }
    trace_resolve(resolver->trace, record, resolver->line,
                  record->has_body_text ? record->body_text : slice_make(NULL, 0));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"

#include <stdlib.h>
#include "audit/book.h"
#include "base/hash.h"
#include "base/mem.h"
#include "record/counters.h"
#include "record/mask.h"

/*
 * Lines come file by file, and the lines of a file mostly name one service. So the usual record
 * costs two compares: is it of the source of the last one, and of the group of the last one of that
 * source. Everything else is a lookup in a hash table.
 */

enum {
    NAME_BYTES_MAX = 256,   /* of a service, a logger, … */
    SAMPLE_BYTES_MAX = 400, /* of a sample line */
};

static const char unknown_service[] = "unknown_service";

const char *const audit_dimension_names[AUDIT_DIMENSIONS + 1] = {
    [AUDIT_BY_SERVICE] = "service",
    [AUDIT_BY_NAMESPACE] = "namespace",
    [AUDIT_BY_POD] = "pod",
    [AUDIT_BY_CONTAINER] = "container",
    [AUDIT_BY_LOGGER] = "logger",
    [AUDIT_BY_CALLSITE] = "callsite",
    [AUDIT_BY_SEVERITY] = "severity",
    [AUDIT_BY_STREAM] = "stream",
    [AUDIT_BY_FILE] = "file",
    [AUDIT_BY_NODE] = "node",
    [AUDIT_BY_DEPLOYMENT] = "deployment",
    [AUDIT_BY_WORKLOAD] = "workload",
};

struct audit *audit_new(const struct audit_settings *settings)
{
    struct audit *audit = mem_alloc(sizeof(*audit));
    audit->settings = settings;
    audit->parts_left = settings->groups_max;
    list_init(&audit->group_ring);
    list_init(&audit->origin_ring);
    list_init(&audit->unheld);
    return audit;
}

static void free_origin(struct audit_origin *origin, size_t dimension_count)
{
    if (origin == NULL) {
        return;
    }
    for (size_t i = 0; i < AUDIT_DIMENSIONS; i++) {
        free(origin->names[i]);
    }
    audit_group_free(origin->unnamed, dimension_count);
    free(origin->default_service);
    free(origin->key);
    free(origin);
}

void audit_use(struct audit *audit, const struct audit_settings *settings)
{
    audit->settings = settings;
}

void audit_count_in(struct audit *audit, struct counters *counters)
{
    audit->counters = counters;
}

void audit_join(struct audit *audit, struct audit *other)
{
    other->next = audit->next;
    audit->next = other;
}

void audit_free(struct audit *audit)
{
    if (audit == NULL) {
        return;
    }
    for (size_t i = 0; i < audit->origins.cap; i++) {
        free_origin(audit->origins.slots[i].value, audit->dimension_count);
    }
    for (size_t i = 0; i < audit->groups.cap; i++) {
        audit_group_free(audit->groups.slots[i].value, audit->dimension_count);
    }
    free_origin(audit->strangers, audit->dimension_count);
    audit_group_free(audit->overflow, audit->dimension_count);
    map_fini(&audit->origins);
    map_fini(&audit->groups);
    free(audit);
}

void audit_break_down(struct audit *audit, const enum audit_dimension *dimensions, size_t count)
{
    ENSURE(count <= AUDIT_DIMENSIONS && audit->last_origin == NULL);
    memcpy(audit->dimensions, dimensions, count * sizeof(*dimensions));
    audit->dimension_count = count;
}

void audit_keep_samples(struct audit *audit, size_t bytes_max, bool is_redacted)
{
    audit->sample_bytes_left = bytes_max;
    audit->has_secrets = !is_redacted;
}

void audit_keep_trend(struct audit *audit)
{
    audit->has_trend = true;
}

/* ---- origins ---- */

static const char *text_of(const struct source *source, const char *key)
{
    const struct attribute *attribute = source_get(source, key);
    return attribute != NULL && !attribute->is_int ? attribute->value : NULL;
}

/* One name for all files of a container; a file's own else. The caller frees it. */
static char *make_origin_key(const struct source *source)
{
    const char *container = text_of(source, "k8s.container.name");
    const char *id = text_of(source, "container.id");
    if (container != NULL) {
        const char *uid = text_of(source, "k8s.pod.uid");
        return mem_format("pod %s/%s/%s", text_of(source, "k8s.namespace.name"),
                          uid != NULL ? uid : text_of(source, "k8s.pod.name"), container);
    }
    if (id != NULL) {
        return mem_format("container %s", id);
    }
    return source->path != NULL ? mem_format("file %s", source->path) : mem_string("stdin");
}

/* The outermost that owns the pod. The caller frees it. */
static char *workload_of(const struct source *source)
{
    static const char *const kinds[] = {"deployment", "replicaset", "statefulset",
                                        "daemonset",  "cronjob",    "job"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        char *key = mem_format("k8s.%s.name", kinds[i]);
        const char *name = text_of(source, key);
        free(key);
        if (name != NULL) {
            return mem_format("%s/%s", kinds[i], name);
        }
    }
    return NULL;
}

static void set_name(char **name, char *taken)
{
    free(*name);
    *name = taken;
}

/* What the source tells of the origin now: metadata may come late, and change. */
static void update_origin(const struct audit *audit, struct audit_origin *origin,
                          const struct source *source)
{
    char **names = origin->names;
    const char *container = text_of(source, "k8s.container.name");
    set_name(&names[AUDIT_BY_NAMESPACE], mem_string(text_of(source, "k8s.namespace.name")));
    set_name(&names[AUDIT_BY_POD], mem_string(text_of(source, "k8s.pod.name")));
    set_name(&names[AUDIT_BY_CONTAINER],
             mem_string(container != NULL ? container : text_of(source, "container.id")));
    set_name(&names[AUDIT_BY_FILE], mem_string(source->path != NULL ? source->path : "-"));
    set_name(&names[AUDIT_BY_NODE], mem_string(text_of(source, "k8s.node.name")));
    set_name(&names[AUDIT_BY_DEPLOYMENT], mem_string(text_of(source, "k8s.deployment.name")));
    set_name(&names[AUDIT_BY_WORKLOAD], workload_of(source));
    set_name(&origin->default_service, mem_string(source->default_service));
    origin->min_coverage = source->policy.has_min_coverage ? source->policy.min_coverage
                                                           : audit->settings->min_coverage;
    origin->last = NULL; /* asks again */
    origin->last_service = (struct slice){NULL, 0};
}

static bool origin_is(const void *value, const void *key)
{
    const struct audit_origin *origin = value;
    return strcmp(origin->key, key) == 0;
}

static struct audit_origin *new_origin(char *key)
{
    struct audit_origin *origin = mem_alloc(sizeof(*origin));
    origin->key = key;
    list_init(&origin->link);
    list_init(&origin->unheld);
    return origin;
}

/* All for which there is no place are one origin, of which nothing is known. */
static struct audit_origin *stranger(struct audit *audit)
{
    if (audit->strangers == NULL) {
        audit->strangers = new_origin(NULL);
        audit->strangers->is_mixed = true;
        audit->strangers->min_coverage = audit->settings->min_coverage;
    }
    audit->over.origins++;
    if (audit->counters != NULL) {
        counters_add(audit->counters, C_AUDIT_LOGS_OVER, 1);
    }
    return audit->strangers;
}

/* ---- groups ---- */

/* A group that something leads to stays. */
static void lead_to(struct audit_group **at, struct audit_group *group)
{
    if (*at != NULL) {
        (*at)->refs--;
    }
    if (group != NULL) {
        group->refs++;
    }
    *at = group;
}

struct group_key {
    struct slice service;
    struct slice name_space;
};

static bool group_is(const void *value, const void *key)
{
    const struct audit_group *group = value;
    const struct group_key *wanted = key;
    return slice_is_equal(slice_from_string(group->service), wanted->service) &&
           slice_is_equal(slice_from_string(group->name_space), wanted->name_space);
}

/* Names are kept as strings: a NUL ends one here too, or it would never be found again. */
static struct slice bounded(struct slice s)
{
    size_t max = s.len < NAME_BYTES_MAX ? s.len : NAME_BYTES_MAX;
    return slice_make(s.data, max > 0 ? strnlen(s.data, max) : 0);
}

static struct audit_group *overflow_group(struct audit *audit)
{
    if (audit->overflow == NULL) {
        audit->overflow = audit_group_new(SLICE("(others)"), (struct slice){NULL, 0});
        audit->overflow->is_overflow = true;
        audit->overflow->distinct = mem_alloc(sizeof(*audit->overflow->distinct));
    }
    return audit->overflow;
}

static struct audit_group *find_group(struct audit *audit, const struct group_key *key)
{
    uint64_t hash = audit_group_hash(key->service, key->name_space);
    struct audit_group *group = map_find(&audit->groups, hash, group_is, key);
    if (group == NULL && audit->groups.count < audit->settings->groups_max) {
        group = audit_group_new(key->service, key->name_space);
        map_add(&audit->groups, hash, group);
        list_append(&audit->group_ring, &group->link);
    }
    if (group == NULL) {
        group = overflow_group(audit);
        distinct_add(group->distinct, hash);
    }
    return group;
}

static void count_over(struct audit *audit, uint64_t records)
{
    audit->over.records += records;
    if (audit->counters != NULL) {
        counters_add(audit->counters, C_AUDIT_RECORDS_OVER, records);
    }
}

static void ask(const struct audit *audit, struct audit_group *group,
                const struct audit_origin *origin)
{
    struct audit_floor *floor = &group->floor;
    if (floor->round != audit->round) {
        *floor = (struct audit_floor){floor->now >= 0 ? floor->now : floor->last, -1, audit->round};
    }
    floor->now = origin->min_coverage > floor->now ? origin->min_coverage : floor->now;
}

/* The next record that names this service the same way finds the group without a lookup; the
 * overflow group has no name to know it by. */
static void note_group(const struct audit *audit, struct audit_origin *origin,
                       struct audit_group *group, bool has_own_namespace)
{
    ask(audit, group, origin);
    origin->is_mixed = origin->is_mixed || (origin->only != NULL && origin->only != group);
    lead_to(&origin->only, origin->is_mixed ? NULL : group);
    lead_to(&origin->last, group);
    origin->round = audit->round;
    origin->last_service = slice_from_string(group->is_overflow ? NULL : group->service);
    origin->last_namespace = slice_from_string(has_own_namespace ? group->name_space : NULL);
}

static struct audit_group *unnamed_of(const struct audit *audit, struct audit_origin *origin)
{
    if (origin->unnamed == NULL) {
        origin->unnamed = audit_group_new((struct slice){"", 0}, (struct slice){NULL, 0});
    }
    ask(audit, origin->unnamed, origin);
    return origin->unnamed;
}

static struct audit_group *group_of(struct audit *audit, struct audit_origin *origin,
                                    const struct record *record)
{
    if (record->service.len == 0) {
        return unnamed_of(audit, origin);
    }
    if (origin->round != audit->round || !slice_is_equal(origin->last_service, record->service) ||
        !slice_is_equal(origin->last_namespace, record->service_namespace)) {
        struct group_key key = {bounded(record->service), bounded(record->service_namespace)};
        bool has_own_namespace = key.name_space.len > 0;
        if (key.service.len == 0) {
            return unnamed_of(audit, origin);
        }
        if (!has_own_namespace) {
            key.name_space = slice_from_string(origin->names[AUDIT_BY_NAMESPACE]);
        }
        note_group(audit, origin, find_group(audit, &key), has_own_namespace);
        count_over(audit, origin->last->is_overflow);
    }
    return origin->last;
}

/* ---- coming and going ---- */

struct audit_name audit_origin_name(const struct audit_origin *origin)
{
    if (origin->only != NULL && !origin->is_mixed) {
        return (struct audit_name){origin->only->service, origin->only->name_space};
    }
    return (struct audit_name){origin->default_service != NULL ? origin->default_service
                                                               : unknown_service,
                               origin->names[AUDIT_BY_NAMESPACE]};
}

/* What names no service is from now on the service's that it would be given to. */
static void settle(struct audit *audit, struct audit_origin *origin)
{
    const struct audit_group *unnamed = origin->unnamed;
    if (unnamed == NULL) {
        return;
    }
    struct audit_name name = audit_origin_name(origin);
    struct group_key key = {slice_from_string(name.service), slice_from_string(name.name_space)};
    struct audit_group *group = find_group(audit, &key);
    audit_group_merge(group, unnamed, audit->dimension_count);
    if (group->floor.now < 0 && group->floor.last < 0) {
        group->floor = unnamed->floor;
    }
    count_over(audit, group->is_overflow ? unnamed->book.records : 0);
}

static void drop_origin(struct audit *audit, struct audit_origin *origin)
{
    settle(audit, origin);
    lead_to(&origin->only, NULL);
    lead_to(&origin->last, NULL);
    list_remove(&origin->link);
    list_remove(&origin->unheld);
    map_remove(&audit->origins, hash_bytes(origin->key, strlen(origin->key), 0), origin);
    audit->last_origin = audit->last_origin == origin ? NULL : audit->last_origin;
    free_origin(origin, audit->dimension_count);
}

/* True if there is a place for one more. */
static bool make_room(struct audit *audit)
{
    if (audit->origins.count < audit->settings->groups_max) {
        return true;
    }
    if (list_is_empty(&audit->unheld) || audit->pins > 0) {
        return false;
    }
    drop_origin(audit, container_of(audit->unheld.next, struct audit_origin, unheld));
    return true;
}

static struct audit_origin *find_origin(struct audit *audit, const struct source *source)
{
    char *key = make_origin_key(source);
    uint64_t hash = hash_bytes(key, strlen(key), 0);
    struct audit_origin *origin = map_find(&audit->origins, hash, origin_is, key);
    if (origin == NULL && !make_room(audit)) {
        free(key);
        return stranger(audit);
    }
    if (origin == NULL) {
        origin = new_origin(key);
        map_add(&audit->origins, hash, origin);
        list_append(&audit->origin_ring, &origin->link);
        list_append(&audit->unheld, &origin->unheld);
    } else {
        free(key);
    }
    update_origin(audit, origin, source);
    return origin;
}

void audit_let_go(struct audit *audit, struct audit_origin **held)
{
    struct audit_origin *origin = *held;
    *held = NULL;
    if (origin == NULL || --origin->refs > 0 || origin == audit->strangers) {
        return;
    }
    list_append(&audit->unheld, &origin->unheld);
    origin->is_leaving = true;
    if (audit->pins == 0) {
        drop_origin(audit, origin);
    }
}

void audit_hold(struct audit *audit, struct audit_origin **held)
{
    struct audit_origin *origin = audit->last_origin;
    if (*held == origin || origin == NULL) {
        return;
    }
    origin->refs++;
    origin->is_leaving = false;
    list_remove(&origin->unheld);
    audit_let_go(audit, held);
    *held = origin;
}

void audit_pin(struct audit *audit)
{
    for (; audit != NULL; audit = audit->next) {
        audit->pins++;
    }
}

static void drop_leaving(struct audit *audit)
{
    for (struct list *link = audit->unheld.next; link != &audit->unheld;) {
        struct audit_origin *origin = container_of(link, struct audit_origin, unheld);
        link = link->next;
        if (origin->is_leaving) {
            drop_origin(audit, origin);
        }
    }
}

void audit_unpin(struct audit *audit)
{
    for (; audit != NULL; audit = audit->next) {
        if (--audit->pins == 0) {
            drop_leaving(audit);
        }
    }
}

struct audit_over audit_get_over(const struct audit *audit)
{
    struct audit_over sum = {0};
    for (; audit != NULL; audit = audit->next) {
        sum.records += audit->over.records;
        sum.origins += audit->over.origins;
    }
    return sum;
}

/* Its service is one of the others from now on. */
static void drop_group(struct audit *audit, struct audit_group *group)
{
    struct audit_group *others = overflow_group(audit);
    uint64_t hash =
        audit_group_hash(slice_from_string(group->service), slice_from_string(group->name_space));
    distinct_add(others->distinct, hash);
    audit_group_merge(others, group, audit->dimension_count);
    others->adopted_records += group->book.records;
    others->adopted_valid += group->book.valid;
    list_remove(&group->link);
    map_remove(&audit->groups, hash, group);
    audit_group_free(group, audit->dimension_count);
}

static void sweep_group(struct audit *audit, struct audit_group *group, uint64_t now_ns,
                        uint64_t forget_ns)
{
    if (group->seen_ns == 0 || group->swept_records != group->book.records) {
        group->seen_ns = now_ns;
        group->swept_records = group->book.records;
    } else if (now_ns - group->seen_ns > forget_ns && group->refs == 0 &&
               audit->groups.count > audit->settings->groups_max / 2) {
        drop_group(audit, group);
    }
}

static void sweep(struct audit *audit, uint64_t now_ns, uint64_t forget_ns, size_t count)
{
    struct list *link = audit->swept != NULL ? audit->swept : audit->group_ring.next;
    for (size_t i = 0; i < count && i <= audit->groups.count && audit->pins == 0; i++) {
        struct list *next = link->next;
        if (link != &audit->group_ring) {
            sweep_group(audit, container_of(link, struct audit_group, link), now_ns, forget_ns);
        }
        link = next;
    }
    audit->swept = link;
}

void audit_sweep(struct audit *audit, uint64_t now_ns, uint64_t forget_ns, size_t count)
{
    for (; audit != NULL; audit = audit->next) {
        sweep(audit, now_ns, forget_ns, count);
    }
}

/* ---- parts and samples ---- */

/* Where in the program a line was logged, by the names that loggers use. */
static struct slice callsite_of(const struct record *record)
{
    static const struct slice names[] = {
        SLICE("caller"),   SLICE("code.function.name"), SLICE("code.file.path"),
        SLICE("location"), SLICE("funcName"),           SLICE("function"),
        SLICE("func"),     SLICE("filename"),           SLICE("file"),
    };
    struct fields fields = record->fields; /* fields_find() wants one that may be changed */
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct field *field = fields_find(&fields, names[i]);
        if (field != NULL && field->kind == FIELD_STRING) {
            return field_text(field);
        }
    }
    return (struct slice){NULL, 0};
}

static struct slice severity_of(const struct record *record)
{
    static const char *const names[] = {"trace", "debug", "info", "warn", "error", "fatal"};
    size_t range = (record->severity_number - 1u) / 4; /* 24 numbers, four a name */
    return slice_from_string(range < ARRAY_LEN(names) ? names[range] : NULL);
}

static struct slice value_of(enum audit_dimension dimension, const struct audit_origin *origin,
                             const struct record *record)
{
    static const char *const iostreams[] = {NULL, "stdout", "stderr"};
    switch (dimension) {
    case AUDIT_BY_SERVICE:
        return record->service;
    case AUDIT_BY_LOGGER:
        return record->logger;
    case AUDIT_BY_CALLSITE:
        return callsite_of(record);
    case AUDIT_BY_SEVERITY:
        return severity_of(record);
    case AUDIT_BY_STREAM:
        return slice_from_string(iostreams[record->iostream]);
    default:
        return slice_from_string(origin->names[dimension]);
    }
}

static void count_part(struct audit *audit, struct audit_group *group,
                       const struct audit_origin *origin, const struct record *record)
{
    struct slice values[AUDIT_DIMENSIONS];
    for (size_t i = 0; i < audit->dimension_count; i++) {
        values[i] = bounded(value_of(audit->dimensions[i], origin, record));
    }
    struct audit_part *part =
        audit_group_part(group, values, audit->dimension_count, &audit->parts_left);
    book_count(&part->book, record);
}

static void keep_sample(struct audit *audit, struct audit_group *group, const struct record *record)
{
    char text[SAMPLE_BYTES_MAX];
    size_t len = audit->has_secrets ? mask_nothing(record->line, text, sizeof(text))
                                    : mask_secrets(record->line, text, sizeof(text));
    if (len + 1 > audit->sample_bytes_left) {
        audit->sample_bytes_left = 0;
        return;
    }
    audit->sample_bytes_left -= len + 1;
    group->samples[record->trace_class] = mem_string_from(slice_make(text, len));
}

/* A time long before or after everything else would leave one bucket for all of it. */
static void count_trend(struct audit_group *group, const struct record *record)
{
    static const uint64_t second_ns = UINT64_C(1000000000);
    static const uint64_t day_s = 86400;
    static const uint64_t year_2000_s = UINT64_C(946684800);
    uint64_t time_ns = record->time_ns != 0 ? record->time_ns : record->runtime_time_ns;
    uint64_t time_s = time_ns / second_ns;
    if (time_s < year_2000_s || time_s > record->observed_time_ns / second_ns + day_s) {
        return;
    }
    if (group->trend == NULL) {
        group->trend = mem_alloc(sizeof(*group->trend));
    }
    audit_trend_add(group->trend, time_s, 1, record->has_trace_id);
}

/* ---- counting ---- */

void audit_count(struct audit *audit, const struct record *record)
{
    struct audit_origin *origin = audit->last_origin;
    if (origin == NULL || audit->last_source_id != record->source->id) {
        origin = find_origin(audit, record->source);
        audit->last_origin = origin;
        audit->last_source_id = record->source->id;
    }
    struct audit_group *group = group_of(audit, origin, record);
    book_count(&group->book, record);
    audit->preservation.ids_in += record->has_trace_id;
    audit->preservation.fields_in += record->fields.count;
    if (audit->has_trend) {
        count_trend(group, record);
    }
    if (audit->dimension_count > 0) {
        count_part(audit, group, origin, record);
    }
    if (audit->sample_bytes_left > 0 && group->samples[record->trace_class] == NULL) {
        keep_sample(audit, group, record);
    }
}

/* The next record of each origin asks again. */
void audit_begin_round(struct audit *audit)
{
    audit->round++;
}

void audit_count_out(struct audit *audit, const struct record *record)
{
    audit->preservation.ids_out += record->has_trace_id;
    audit->preservation.fields_out += record->fields.count - record->dropped_attributes;
}

void audit_count_filtered(struct audit *audit, const struct record *record,
                          struct audit_before before, bool is_dropped)
{
    struct audit_preservation *p = &audit->preservation;
    uint64_t fields_out = p->fields_out;
    p->has_filters = true;
    if (is_dropped) {
        p->ids_filtered += before.had_id;
    } else {
        audit_count_out(audit, record);
        p->ids_added += !before.had_id && record->has_trace_id;
    }
    p->fields_filtered += before.fields - (p->fields_out - fields_out);
}

bool audit_is_preserved(const struct audit_preservation *p)
{
    return p->ids_in + p->ids_added == p->ids_out + p->ids_filtered &&
           p->fields_in == p->fields_out + p->fields_filtered;
}

struct audit_preservation audit_get_preservation(const struct audit *audit)
{
    struct audit_preservation sum = {0};
    for (; audit != NULL; audit = audit->next) {
        const struct audit_preservation *p = &audit->preservation;
        sum.ids_in += p->ids_in;
        sum.ids_out += p->ids_out;
        sum.fields_in += p->fields_in;
        sum.fields_out += p->fields_out;
        sum.has_filters |= p->has_filters;
        sum.ids_filtered += p->ids_filtered;
        sum.ids_added += p->ids_added;
        sum.fields_filtered += p->fields_filtered;
    }
    return sum;
}

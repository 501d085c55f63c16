/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/resource.h"

#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"
#include "otlp/value.h"
#include "record/extra_attributes.h"

enum {
    SLOTS = 256, /* a power of two */
    /* A line chooses its service's name. Names longer than this, which no sane log has, share one
     * slot, so that the cache stays small whatever is read: about 100 KiB with real names. */
    NAME_BYTES_MAX = 1024,
};

struct slot {
    uint64_t source_id;
    char *service; /* the line's own; NULL while the slot is free */
    size_t service_len;
    size_t namespace_len; /* the line's own; its bytes follow those of the service */
    struct resource_block block;
};

struct resource_cache {
    const struct settings *settings;
    struct slot *last;            /* most records have the resource of the one before */
    uint64_t serial;              /* of the last block that was built */
    struct slot slots[SLOTS + 1]; /* the last one is for long names */
};

struct resource_cache *resource_cache_new(const struct settings *settings)
{
    struct resource_cache *cache = mem_alloc(sizeof(*cache));
    cache->settings = settings;
    cache->last = &cache->slots[0];
    return cache;
}

static void clear_slot(struct slot *slot)
{
    free(slot->service);
    buf_fini(&slot->block.head);
    buf_fini(&slot->block.path_attribute);
    *slot = (struct slot){0};
}

void resource_cache_free(struct resource_cache *cache)
{
    for (size_t i = 0; cache != NULL && i <= SLOTS; i++) {
        clear_slot(&cache->slots[i]);
    }
    free(cache);
}

void resource_cache_forget(struct resource_cache *cache, const struct source *source)
{
    for (size_t i = 0; i <= SLOTS; i++) {
        if (cache->slots[i].service != NULL && cache->slots[i].source_id == source->id) {
            clear_slot(&cache->slots[i]);
        }
    }
}

static void grow(struct buf *out, size_t n)
{
    /* The limit of these is set by nobody but this file, and is "none". */
    ENSURE(buf_reserve(out, n));
}

/* The field and all it holds. */
static void add_attribute(struct buf *out, enum otlp_tag tag, struct field *field)
{
    struct fields fields = {.items = field, .count = field->next};
    uint32_t size[RESOURCE_FIELDS];
    struct value_sizes sizes = {.items = size, .cap = RESOURCE_FIELDS, .levels = RESOURCE_FIELDS};
    ENSURE(field->next <= RESOURCE_FIELDS);
    grow(out, value_attributes_size(&fields, &sizes));
    char *p = value_put_attributes(out->data + out->len, tag, &fields, &sizes);
    out->len = (size_t)(p - out->data);
}

static void add_resource(struct buf *out, const struct settings *settings,
                         const struct record *record)
{
    struct field fields[RESOURCE_FIELDS];
    for (struct resource_walk walk = resource_walk_begin(record, settings);
         resource_walk_next(&walk, fields);) {
        add_attribute(out, TAG_RESOURCE_ATTRIBUTE, fields);
    }
}

/* The tag of a message whose length is set later; where the length goes. */
static size_t open_message(struct buf *out, enum otlp_tag tag)
{
    char head[1 + WIRE_FIXED_LEN_BYTES] = {(char)tag};
    put_fixed_len(head + 1, 0);
    ENSURE(buf_append(out, head, sizeof(head)));
    return out->len - WIRE_FIXED_LEN_BYTES;
}

static void add_delimited(struct buf *out, enum otlp_tag tag, struct slice s)
{
    grow(out, size_delimited(s.len));
    char *p = put_delimited(out->data + out->len, tag, s);
    out->len = (size_t)(p - out->data);
}

static void add_scope(struct buf *out)
{
    struct slice name = SLICE("clew");
    struct slice version = SLICE(CLEW_VERSION);
    grow(out, 2 + size_delimited(name.len) + size_delimited(version.len));
    char *p = put_head(out->data + out->len, TAG_SCOPE_LOGS_SCOPE,
                       size_delimited(name.len) + size_delimited(version.len));
    p = put_delimited(p, TAG_SCOPE_NAME, name);
    p = put_delimited(p, TAG_SCOPE_VERSION, version);
    out->len = (size_t)(p - out->data);
}

static void build(struct resource_block *block, const struct settings *settings,
                  const struct record *record)
{
    struct buf resource;
    buf_init(&resource, SIZE_MAX);
    buf_init(&block->head, SIZE_MAX);
    buf_init(&block->path_attribute, SIZE_MAX);
    add_resource(&resource, settings, record);
    block->resource_logs_len_at = open_message(&block->head, TAG_REQUEST_RESOURCE_LOGS);
    add_delimited(&block->head, TAG_RESOURCE_LOGS_RESOURCE, buf_slice(&resource));
    add_delimited(&block->head, TAG_RESOURCE_LOGS_SCHEMA_URL, SLICE(CLEW_SCHEMA_URL));
    block->scope_logs_len_at = open_message(&block->head, TAG_RESOURCE_LOGS_SCOPE_LOGS);
    add_scope(&block->head);
    add_delimited(&block->head, TAG_SCOPE_LOGS_SCHEMA_URL, SLICE(CLEW_SCHEMA_URL));
    if (record->source->path != NULL) {
        struct field path = extra_attribute_make(record, EXTRA_FILE_PATH, NULL);
        add_attribute(&block->path_attribute, TAG_RECORD_ATTRIBUTE, &path);
    }
    buf_fini(&resource);
}

static bool is_of(const struct slot *slot, const struct record *record)
{
    if (slot->service == NULL || slot->source_id != record->source->id) {
        return false;
    }
    struct slice service = slice_make(slot->service, slot->service_len);
    struct slice space = slice_make(slot->service + slot->service_len, slot->namespace_len);
    return slice_is_equal(service, record->service) &&
           slice_is_equal(space, record->service_namespace);
}

static struct slot *choose_slot(struct resource_cache *cache, const struct record *record)
{
    if (record->service.len + record->service_namespace.len > NAME_BYTES_MAX) {
        return &cache->slots[SLOTS];
    }
    uint64_t hash = hash_bytes(record->service.data, record->service.len, record->source->id);
    hash = hash_bytes(record->service_namespace.data, record->service_namespace.len, hash);
    return &cache->slots[hash & (SLOTS - 1)];
}

static void fill_slot(struct slot *slot, struct resource_cache *cache, const struct record *record)
{
    struct slice service = record->service;
    struct slice space = record->service_namespace;
    clear_slot(slot);
    slot->source_id = record->source->id;
    slot->service = mem_alloc(service.len + space.len + 1);
    put_bytes(slot->service, service.data, service.len);
    put_bytes(slot->service + service.len, space.data, space.len);
    slot->service_len = service.len;
    slot->namespace_len = space.len;
    build(&slot->block, cache->settings, record);
    slot->block.serial = ++cache->serial;
}

const struct resource_block *resource_cache_get(struct resource_cache *cache,
                                                const struct record *record)
{
    if (!is_of(cache->last, record)) {
        cache->last = choose_slot(cache, record);
        if (!is_of(cache->last, record)) {
            fill_slot(cache->last, cache, record);
        }
    }
    return &cache->last->block;
}

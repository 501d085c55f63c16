/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_RESOURCE_H
#define CLEW_OTLP_RESOURCE_H

/*
 * Resource blocks, encoded once and kept.
 *
 * A block is how a group of records begins: ResourceLogs with its Resource, and ScopeLogs with its
 * scope, both lengths left open. Records of one file and one service begin with the same bytes, so
 * the bytes are kept by source and service, in a cache of fixed size: a newcomer takes the place of
 * whoever had its slot.
 *
 * Which attributes those are, record/extra_attributes.h decides.
 */

#include "base/buf.h"
#include "record/record.h"
#include "record/settings.h"

struct resource_block {
    uint64_t serial;             /* tells this block from every other one, before and after */
    struct buf head;             /* ready to be copied */
    size_t resource_logs_len_at; /* offsets in `head` of the two lengths of fixed width */
    size_t scope_logs_len_at;
    struct buf path_attribute; /* log.file.path as an attribute of a record; may be empty */
};

struct resource_cache;

struct resource_cache *resource_cache_new(const struct settings *settings);
void resource_cache_free(struct resource_cache *cache); /* NULL is fine */

/* The block of this record's resource; good until the next call for the cache. */
const struct resource_block *resource_cache_get(struct resource_cache *cache,
                                                const struct record *record);

/* Forget what was kept for this source. */
void resource_cache_forget(struct resource_cache *cache, const struct source *source);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_KEYS_H
#define CLEW_RECORD_KEYS_H

/*
 * What a member's name means.
 *
 * Names are compared in canonical form: ASCII lower case, everything but [a-z0-9] dropped, so that
 * one row `traceid` covers trace_id, traceId, TraceID, trace.id and _trace_id. A few names count
 * only as they are spelled (`@tr`, `L`, `operation_Id`); those rows are tried first. A name means
 * at most one thing; what that counts for is decided where it is used.
 *
 * A name may be a value in one log and a container in another (`span`, `service`, `time`): look at
 * the field's kind.
 *
 * A log repeats its names, so the answer for a spelling is remembered in a small cache: a lookup
 * costs one hash of a few bytes and one compare.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/slice.h"
#include "record/fields.h"
#include "record/key_id.h"

struct key_cache;

/* A cache over clew's own table. */
struct key_cache *key_cache_new(void);
void key_cache_free(struct key_cache *cache);

/* A row of somebody else's table: `name` is compared in canonical form, `id` is theirs, not 0. */
struct key_row {
    const char *name;
    uint16_t id;
};

/* A cache over these rows instead of clew's own; the first of two equal names wins. Copies. */
struct key_cache *key_cache_new_of(const struct key_row *rows, size_t count);

/* What `name` means: an enum key_id (or a row's id). Any bytes are allowed; a name of more than
 * KEY_NAME_MAX bytes means nothing. */
uint16_t key_lookup(struct key_cache *cache, struct slice name);

#define KEY_NAME_MAX 60

/* The same for `name` inside a container called `prefix`: the path `prefix.name`, so that `dd` and
 * `trace_id` is found as dd.trace_id. The leaf alone is the caller's second try. An empty prefix is
 * no prefix. */
uint16_t key_lookup_joined(struct key_cache *cache, struct slice prefix, struct slice name);

/* Canonical form of `name` into `out`; its length, or KEY_NAME_MAX + 1 if it is longer than that.
 */
size_t key_canonical(struct slice name, char out[KEY_NAME_MAX]);

/*
 * Look up the name of a top-level member while it is parsed: sets key_id and FIELD_NAMED, and tells
 * whether the name has been noted before in this `round`, the number of a record. The place of a
 * name is not given away within the round, so that none is missed; nobody may ask the cache
 * anything else between two calls of one round. Declared in record/fields.h.
 *
 *     enum key_note key_cache_note(struct key_cache *keys, uint32_t round, struct field *field);
 */

struct key_hit {
    uint16_t id;
    uint32_t field; /* index into the field table */
};

/* A line has at most this many members that mean something; further ones stay plain attributes. */
#define KEY_HITS_MAX 64

struct key_hits {
    uint32_t count;
    uint32_t roles; /* bits 1 << enum key_role of all hits */
    uint8_t holds;  /* KEY_HOLDS_… bits of those hits that are objects or arrays */
    struct key_hit items[KEY_HITS_MAX];
};

/* The top level of the table in one walk: every member that means something, containers too, in the
 * order of the line. Sets key_id of the fields that it looks at, where the parser has not done so. */
void key_hits_collect(struct key_cache *cache, struct fields *fields, struct key_hits *out);

#endif

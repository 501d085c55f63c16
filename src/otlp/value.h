/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_VALUE_H
#define CLEW_OTLP_VALUE_H

/*
 * Fields of the table as AnyValue and KeyValue messages.
 *
 * Sizes first: value_…size() works out what a field and all it holds take and remembers it in
 * `sizes`, one number a field; value_put…() then writes each byte once, going straight along the
 * table. There is no recursion in either, however deep the line nests: in the table a container
 * comes before what it holds, so sizes are summed from the back, and since every message begins
 * with its length nothing has to be written where a container ends.
 *
 * Fields that moved or were removed are left out, whatever holds them. A container that is nested
 * deeper than `levels` goes as a string, its JSON text (otlp/nesting.h).
 */

#include "base/buf.h"
#include "otlp/key_heads.h"
#include "otlp/wire.h"
#include "record/fields.h"

/* What a container that is nested too deep is instead. */
struct value_text {
    uint32_t field;
    uint32_t len; /* bytes of `text_bytes`, one text behind the other */
    bool is_utf8;
};

/* items[i]: of a container, the bytes of what it holds or of its text; of anything else, the bytes of
 * its AnyValue. */
struct value_sizes {
    uint32_t *items;
    uint32_t cap;
    uint32_t levels; /* of containers, an attribute's own value being the first */
    struct value_text *texts; /* in the order in which values are sized, and then put */
    uint32_t text_count;
    uint32_t text_cap;
    uint32_t text_next; /* the next to be put, and where it is */
    size_t text_at;
    uint32_t cut; /* how many there were since it was set to 0 */
    struct buf text_bytes;
};

/* Of a record whose containers may be nested `levels` deep. */
void value_sizes_init(struct value_sizes *sizes, uint32_t levels);

/* Begin anew, with room for a table of `count` fields; the memory is kept from record to record. */
void value_sizes_reserve(struct value_sizes *sizes, uint32_t count);
void value_sizes_fini(struct value_sizes *sizes);

/* Bytes of the AnyValue of field `index`. 2^31 or more means "more than any request takes"; it is
 * then not to be written. */
uint64_t value_size(const struct fields *fields, uint32_t index, struct value_sizes *sizes);

/* The AnyValue of field `index`, of the size that value_size() has told. What was sized since the last
 * value_sizes_reserve() is put once, in the same order. */
char *value_put(char *p, const struct fields *fields, uint32_t index,
                struct value_sizes *sizes);

/* The same for all top-level fields as attributes, each a KeyValue with a tag and a length. */
uint64_t value_attributes_size(const struct fields *fields, struct value_sizes *sizes);
char *value_put_attributes(char *p, enum otlp_tag tag, const struct fields *fields,
                           struct value_sizes *sizes);

/*
 * Both in one walk, for records that are nothing special: nothing is measured but containers, and
 * nothing is written from `limit` on. NULL when it does not fit; what is behind `p` is then rubbish.
 * `line`: where most keys and texts are, so that short ones may be copied with some bytes behind
 * them. *out_extra: whether one of the keys may be one of record/extra_attributes.h.
 */
char *value_put_direct(char *p, const char *limit, const struct fields *fields, struct slice line,
                       struct value_sizes *sizes, bool *out_extra);

/* The same bytes for a line of which the heads are known. */
char *value_put_headed(char *p, const char *limit, const struct fields *fields,
                       const struct key_heads *heads, struct slice line, struct value_sizes *sizes);

#endif

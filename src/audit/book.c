/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/book.h"

#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"

static size_t find_rarest(const struct frequent_ids *ids)
{
    size_t rarest = 0;
    for (size_t i = 1; i < FREQUENT_IDS; i++) {
        rarest = ids->count[i] < ids->count[rarest] ? i : rarest;
    }
    return rarest;
}

static void count_id(struct frequent_ids *ids, const uint64_t id[2], uint64_t count,
                     uint64_t excess)
{
    for (size_t i = 0; i < FREQUENT_IDS; i++) {
        if (ids->id[i][0] == id[0] && ids->id[i][1] == id[1]) {
            ids->count[i] += count;
            ids->excess[i] += excess;
            return;
        }
    }
    size_t rarest = find_rarest(ids);
    ids->id[rarest][0] = id[0];
    ids->id[rarest][1] = id[1];
    ids->excess[rarest] = ids->count[rarest] + excess;
    ids->count[rarest] += count;
}

void book_count(struct book *book, const struct record *record)
{
    book->records++;
    book->classes[record->trace_class]++;
    for (uint64_t notes = record->also >> TRACE_CLASSES; notes != 0; notes &= notes - 1) {
        size_t note = (size_t)__builtin_ctzll(notes);
        ENSURE(note < ARRAY_LEN(book->notes));
        book->notes[note]++;
    }
    if (record->has_trace_id) {
        uint64_t id[2];
        memcpy(id, record->trace_id, sizeof(id));
        book->valid++;
        book->flagged[record->flags & 1] += record->has_flags;
        count_id(&book->frequent, id, 1, 0);
    }
}

void book_merge(struct book *into, const struct book *from)
{
    into->records += from->records;
    into->valid += from->valid;
    into->flagged[0] += from->flagged[0];
    into->flagged[1] += from->flagged[1];
    for (size_t i = 0; i < ARRAY_LEN(into->classes); i++) {
        into->classes[i] += from->classes[i];
    }
    for (size_t i = 0; i < ARRAY_LEN(into->notes); i++) {
        into->notes[i] += from->notes[i];
    }
    for (size_t i = 0; i < FREQUENT_IDS; i++) {
        if (from->frequent.count[i] > 0) {
            count_id(&into->frequent, from->frequent.id[i], from->frequent.count[i],
                     from->frequent.excess[i]);
        }
    }
}

uint64_t book_top_trace(const struct book *book, uint8_t out_id[16])
{
    const struct frequent_ids *ids = &book->frequent;
    size_t top = 0;
    for (size_t i = 1; i < FREQUENT_IDS; i++) {
        if (ids->count[i] - ids->excess[i] > ids->count[top] - ids->excess[top]) {
            top = i;
        }
    }
    if (out_id != NULL) {
        memcpy(out_id, ids->id[top], sizeof(ids->id[top]));
    }
    return ids->count[top] - ids->excess[top];
}

/* Ids that are not shipped have notes too. */
double book_note_share(const struct book *book, enum trace_note note)
{
    uint64_t n = book->notes[note - TRACE_CLASSES];
    return n < book->valid ? (double)n / (double)book->valid : book->valid > 0 ? 1 : 0;
}

enum book_flags book_constant_flags(const struct book *book)
{
    if (book->valid == 0) {
        return BOOK_FLAGS_VARY;
    }
    return book->flagged[0] == book->valid   ? BOOK_FLAGS_NEVER_SAMPLED
           : book->flagged[1] == book->valid ? BOOK_FLAGS_ALWAYS_SAMPLED
                                             : BOOK_FLAGS_VARY;
}

uint64_t audit_group_hash(struct slice service, struct slice name_space)
{
    return hash_bytes(service.data, service.len,
                      hash_bytes(name_space.data, name_space.len, name_space.len));
}

struct audit_group *audit_group_new(struct slice service, struct slice name_space)
{
    struct audit_group *group = mem_alloc(sizeof(*group));
    group->service = mem_string_from(service);
    group->name_space = name_space.len > 0 ? mem_string_from(name_space) : NULL;
    group->floor = (struct audit_floor){-1, -1, 0};
    list_init(&group->link);
    return group;
}

static void free_part(struct audit_part *part, size_t dimension_count)
{
    for (size_t i = 0; part != NULL && i < dimension_count; i++) {
        free(part->values[i]);
    }
    if (part != NULL) {
        free(part->values);
    }
    free(part);
}

void audit_group_free(struct audit_group *group, size_t dimension_count)
{
    if (group == NULL) {
        return;
    }
    for (size_t i = 0; i < TRACE_CLASSES; i++) {
        free(group->samples[i]);
    }
    for (size_t i = 0; i < group->parts.cap; i++) {
        free_part(group->parts.slots[i].value, dimension_count);
    }
    free_part(group->overflow_part, dimension_count);
    map_fini(&group->parts);
    free(group->trend);
    free(group->distinct);
    free(group->service);
    free(group->name_space);
    free(group);
}

/* What a part is looked up by. */
struct part_key {
    const struct slice *values;
    size_t count;
};

static bool part_is(const void *value, const void *key)
{
    const struct audit_part *part = value;
    const struct part_key *wanted = key;
    for (size_t i = 0; i < wanted->count; i++) {
        if (!slice_is_equal(slice_from_string(part->values[i]), wanted->values[i])) {
            return false;
        }
    }
    return true;
}

static struct audit_part *make_part(const struct slice *values, size_t count)
{
    struct audit_part *part = mem_alloc(sizeof(*part));
    part->values = mem_array(count, sizeof(*part->values));
    for (size_t i = 0; i < count; i++) {
        part->values[i] = values[i].len > 0 ? mem_string_from(values[i]) : NULL;
    }
    return part;
}

struct audit_part *audit_group_part(struct audit_group *group, const struct slice *values,
                                    size_t count, size_t *left)
{
    struct part_key key = {values, count};
    if (group->last_part != NULL && part_is(group->last_part, &key)) {
        return group->last_part;
    }
    uint64_t hash = 0;
    for (size_t i = 0; i < count; i++) {
        hash = hash_bytes(values[i].data, values[i].len, hash + i);
    }
    struct audit_part *part = map_find(&group->parts, hash, part_is, &key);
    if (part == NULL && *left > 0) {
        part = make_part(values, count);
        map_add(&group->parts, hash, part);
        (*left)--;
    }
    if (part == NULL) {
        return audit_group_overflow(group, count);
    }
    group->last_part = part;
    return part;
}

struct audit_part *audit_group_overflow(struct audit_group *group, size_t dimension_count)
{
    if (group->overflow_part == NULL) {
        group->overflow_part = mem_alloc(sizeof(*group->overflow_part));
        group->overflow_part->values =
            mem_array(dimension_count, sizeof(*group->overflow_part->values));
        group->overflow_part->is_overflow = true;
    }
    return group->overflow_part;
}

static void merge_parts(struct audit_group *into, const struct audit_group *from,
                        size_t dimension_count)
{
    size_t left = SIZE_MAX; /* those in `from` were counted when they were made */
    for (size_t i = 0; i < from->parts.cap; i++) {
        const struct audit_part *part = from->parts.slots[i].value;
        if (part != NULL) {
            struct slice values[AUDIT_DIMENSIONS];
            for (size_t k = 0; k < dimension_count; k++) {
                values[k] = slice_from_string(part->values[k]);
            }
            book_merge(&audit_group_part(into, values, dimension_count, &left)->book, &part->book);
        }
    }
    if (from->overflow_part != NULL) {
        book_merge(&audit_group_overflow(into, dimension_count)->book, &from->overflow_part->book);
    }
}

void audit_group_merge(struct audit_group *into, const struct audit_group *from,
                       size_t dimension_count)
{
    book_merge(&into->book, &from->book);
    into->adopted_records += from->adopted_records;
    into->adopted_valid += from->adopted_valid;
    for (size_t i = 0; i < TRACE_CLASSES; i++) {
        if (into->samples[i] == NULL) {
            into->samples[i] = mem_string(from->samples[i]);
        }
    }
    if (from->distinct != NULL) {
        if (into->distinct == NULL) {
            into->distinct = mem_alloc(sizeof(*into->distinct));
        }
        distinct_merge(into->distinct, from->distinct);
    }
    if (from->trend != NULL) {
        if (into->trend == NULL) {
            into->trend = mem_alloc(sizeof(*into->trend));
        }
        audit_trend_merge(into->trend, from->trend);
    }
    merge_parts(into, from, dimension_count);
}

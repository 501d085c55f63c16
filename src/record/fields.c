/* SPDX-License-Identifier: Apache-2.0 */
#include "record/fields.h"

#include <stdlib.h>
#include "base/mem.h"
#include "base/utf8.h"

/*
 * Merging repeated members.
 *
 * Sorting (object, name, place) brings the members of one name together, in their order; each gets
 * a link to the next of its name, its twin. One copy of the table then writes a chain of twins at
 * the first one's place, below a new array, and leaves the others out where they stood. Sorting is
 * slower than hashing and has no bad case; it runs only where the key set has seen a name twice.
 */

enum { ITEMS_FIRST = 64 };

#define NO_TWIN UINT32_MAX

void fields_init(struct fields *fields, uint32_t count_max)
{
    *fields = (struct fields){.count_max = count_max};
    key_set_init(&fields->names, count_max);
}

void fields_fini(struct fields *fields)
{
    free(fields->items);
    free(fields->spare);
    free(fields->scratch);
    key_set_fini(&fields->names);
    *fields = (struct fields){.count_max = fields->count_max};
}

bool fields_grow(struct fields *fields)
{
    if (fields->cap >= fields->count_max) {
        return false;
    }
    uint32_t cap = fields->cap < ITEMS_FIRST ? ITEMS_FIRST : fields->cap;
    cap = fields->cap == 0 ? cap : cap > UINT32_MAX / 2 ? UINT32_MAX : cap * 2;
    fields->cap = cap < fields->count_max ? cap : fields->count_max;
    fields->items = mem_resize(fields->items, fields->cap, sizeof(*fields->items));
    return true;
}

bool fields_add_string(struct fields *fields, struct slice key, struct slice value)
{
    struct field *field = fields_add(fields);
    if (field == NULL) {
        return false;
    }
    field->key = key.data;
    field->key_len = (uint32_t)key.len;
    field->text = value.data;
    field->text_len = (uint32_t)value.len;
    field->kind = utf8_is_valid(value.data, value.len) ? FIELD_STRING : FIELD_BYTES;
    return true;
}

struct field *fields_find(struct fields *fields, struct slice key)
{
    for (uint32_t i = 0; i < fields->count; i = fields->items[i].next) {
        if (slice_is_equal(field_key(&fields->items[i]), key)) {
            return &fields->items[i];
        }
    }
    return NULL;
}

/* The books of a merge: three arrays of one number a field, in fields->scratch. */
struct merge {
    struct fields *fields;
    uint32_t *parents; /* the object or array it is in, or NO_OBJECT */
    uint32_t *order;   /* indices of members, sorted */
    uint32_t *twins;   /* the next member of the same name, or NO_TWIN; itself: left out */
    uint32_t members;
    struct field *out;
    uint32_t count;
};

static void merge_begin(struct merge *merge, struct fields *fields)
{
    if (fields->scratch_cap < fields->count) {
        fields->scratch_cap = fields->count;
        fields->scratch = mem_resize(fields->scratch, (size_t)fields->count * 3, sizeof(uint32_t));
    }
    *merge = (struct merge){
        .fields = fields,
        .parents = fields->scratch,
        .order = fields->scratch + fields->count,
        .twins = fields->scratch + 2 * (size_t)fields->count,
    };
}

static bool is_container(const struct field *field)
{
    return field->kind == FIELD_OBJECT || field->kind == FIELD_ARRAY;
}

static void find_parents(struct merge *merge)
{
    const struct field *items = merge->fields->items;
    uint32_t parent = NO_OBJECT;
    for (uint32_t i = 0; i < merge->fields->count; i++) {
        while (parent != NO_OBJECT && i >= items[parent].next) {
            parent = merge->parents[parent];
        }
        merge->parents[i] = parent;
        merge->twins[i] = NO_TWIN;
        if (items[i].key != NULL) {
            merge->order[merge->members++] = i;
        }
        parent = is_container(&items[i]) ? i : parent;
    }
}

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_names(const struct merge *merge, uint32_t a, uint32_t b)
{
    const struct field *x = &merge->fields->items[a];
    const struct field *y = &merge->fields->items[b];
    int order = compare_numbers(merge->parents[a], merge->parents[b]);
    order = order != 0 ? order : compare_numbers(x->key_len, y->key_len);
    return order != 0 || x->key_len == 0 ? order : memcmp(x->key, y->key, x->key_len);
}

static int compare_members(const void *a, const void *b, void *context)
{
    const uint32_t *x = a;
    const uint32_t *y = b;
    int order = compare_names(context, *x, *y);
    return order != 0 ? order : compare_numbers(*x, *y);
}

/* How many names are there more than once. */
static uint32_t link_twins(struct merge *merge)
{
    qsort_r(merge->order, merge->members, sizeof(*merge->order), compare_members, merge);
    uint32_t names = 0;
    for (uint32_t i = 1; i < merge->members; i++) {
        uint32_t last = merge->order[i - 1];
        uint32_t here = merge->order[i];
        if (compare_names(merge, last, here) == 0) {
            names += merge->twins[last] == NO_TWIN;
            merge->twins[last] = here;
            merge->twins[here] = here;
        }
    }
    return names;
}

/* A chain of twins is: first -> … -> last -> last. A member is left out of its place when another
 * links to it; `parents`, no more needed once the twins are linked, holds that mark. */
static void mark_followers(struct merge *merge)
{
    memset(merge->parents, 0, merge->fields->count * sizeof(*merge->parents));
    for (uint32_t i = 0; i < merge->fields->count; i++) {
        if (merge->twins[i] != NO_TWIN && merge->twins[i] != i) {
            merge->parents[merge->twins[i]] = 1;
        }
    }
}

static void copy_siblings(struct merge *merge, uint32_t begin, uint32_t end);

/* The copy keeps its name unless it became an element. */
static void copy_subtree(struct merge *merge, uint32_t i, bool is_element)
{
    uint32_t place = merge->count++;
    merge->out[place] = merge->fields->items[i];
    if (is_element) {
        merge->out[place].key = NULL;
        merge->out[place].key_len = 0;
    }
    copy_siblings(merge, i + 1, merge->fields->items[i].next);
    merge->out[place].next = merge->count;
}

static void copy_chain(struct merge *merge, uint32_t first)
{
    uint32_t place = merge->count++;
    const struct field *named = &merge->fields->items[first];
    merge->out[place] = (struct field){
        .key = named->key,
        .key_len = named->key_len,
        .key_id = named->key_id,
        .kind = FIELD_ARRAY,
        .flags = FIELD_REPEATED,
    };
    uint32_t i = first;
    copy_subtree(merge, i, true);
    while (merge->twins[i] != i) {
        i = merge->twins[i];
        copy_subtree(merge, i, true);
    }
    merge->out[place].next = merge->count;
}

static void copy_siblings(struct merge *merge, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i = merge->fields->items[i].next) {
        bool is_follower = merge->parents[i] != 0;
        if (is_follower) {
            continue;
        }
        if (merge->twins[i] == NO_TWIN) {
            copy_subtree(merge, i, false);
        } else {
            copy_chain(merge, i);
        }
    }
}

static struct field *need_spare(struct fields *fields, uint32_t count)
{
    if (fields->spare_cap < count) {
        fields->spare_cap = count < fields->cap ? fields->cap : count;
        fields->spare = mem_resize(fields->spare, fields->spare_cap, sizeof(*fields->spare));
    }
    return fields->spare;
}

/* Copies, then makes the copy the table and the table the spare one. */
static void rewrite(struct merge *merge, uint32_t count)
{
    struct fields *fields = merge->fields;
    merge->out = need_spare(fields, count);
    copy_siblings(merge, 0, fields->count);
    ENSURE(merge->count == count);
    uint32_t cap = fields->cap;
    fields->spare = fields->items;
    fields->items = merge->out;
    fields->count = count;
    fields->cap = fields->spare_cap;
    fields->spare_cap = cap;
}

bool fields_merge_repeated(struct fields *fields)
{
    if (fields->count == 0) {
        return true;
    }
    struct merge merge;
    merge_begin(&merge, fields);
    find_parents(&merge);
    uint32_t names = link_twins(&merge);
    if (names == 0) {
        return true;
    }
    if (names > fields->count_max - fields->count) {
        return false;
    }
    mark_followers(&merge);
    rewrite(&merge, fields->count + names);
    return true;
}

struct field *fields_spare(struct fields *fields)
{
    return need_spare(fields, fields->count);
}

/* ---- the last of each name ---- */

static bool is_member(const struct field *field)
{
    return field->key != NULL && (field->flags & FIELD_REMOVED) == 0;
}

static uint32_t first_of(uint32_t object)
{
    return object == NO_OBJECT ? 0 : object + 1;
}

static uint32_t end_of(const struct fields *fields, uint32_t object)
{
    return object == NO_OBJECT ? fields->count : fields->items[object].next;
}

static bool may_repeat(struct fields *fields, uint32_t object)
{
    bool is_seen = false;
    key_set_clear(&fields->names);
    uint32_t end = end_of(fields, object);
    for (uint32_t i = first_of(object); i < end && !is_seen; i = fields->items[i].next) {
        const struct field *field = &fields->items[i];
        is_seen = is_member(field) && fields_note_name(fields, object, field_key(field));
    }
    return is_seen;
}

void fields_keep_last(struct fields *fields, uint32_t object)
{
    if (!may_repeat(fields, object)) {
        return;
    }
    struct merge merge;
    merge_begin(&merge, fields);
    uint32_t end = end_of(fields, object);
    for (uint32_t i = first_of(object); i < end; i = fields->items[i].next) {
        merge.parents[i] = object;
        if (is_member(&fields->items[i])) {
            merge.order[merge.members++] = i;
        }
    }
    qsort_r(merge.order, merge.members, sizeof(*merge.order), compare_members, &merge);
    for (uint32_t i = 1; i < merge.members; i++) {
        uint32_t earlier = merge.order[i - 1];
        if (compare_names(&merge, earlier, merge.order[i]) == 0) {
            fields->items[earlier].flags |= FIELD_REMOVED;
        }
    }
}

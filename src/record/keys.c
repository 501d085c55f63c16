/* SPDX-License-Identifier: Apache-2.0 */
#include "record/keys.h"

#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"
#include "record/key_table.h"

/*
 * Three steps, each only when the one before had no answer: the cache (by spelling), the rows that
 * count as spelled, the rows by canonical form. The last two share one open-addressed index from
 * hash to row that is built with the cache.
 *
 * The cache is direct-mapped: a spelling has one place, and whoever came last sits there. Hostile
 * names can make it useless, never wrong: an entry holds the whole spelling and is compared.
 */

#define CACHE_SLOTS 512
#define INDEX_SLOTS 1024 /* at least twice the rows, so that probes stay short */

/* One cache line of 64 bytes. `first` and `last` are the (overlapping) first and last eight bytes.
 */
struct slot {
    uint64_t first;
    uint64_t last;
    uint16_t id;
    uint8_t len; /* 0: empty */
    char middle[KEY_NAME_MAX - 16];
};

struct key_cache {
    struct slot slots[CACHE_SLOTS];
    uint32_t rounds[CACHE_SLOTS]; /* of key_cache_note(): when the slot's name was noted */
    uint8_t roles[KEYS_END]; /* key_role() and key_holds(), unrolled */
    uint8_t holds[KEYS_END];
    uint16_t index[INDEX_SLOTS]; /* row + 1 */
    struct key_table_row *rows;
    size_t row_count;
    bool is_own;
};

static uint64_t hash_name(const char *name, size_t len, bool exact)
{
    return hash_bytes(name, len, exact);
}

static void index_rows(struct key_cache *cache)
{
    for (size_t i = 0; i < cache->row_count; i++) {
        const struct key_table_row *row = &cache->rows[i];
        size_t at = hash_name(row->name, strlen(row->name), row->exact) % INDEX_SLOTS;
        while (cache->index[at] != 0) {
            at = (at + 1) % INDEX_SLOTS;
        }
        cache->index[at] = (uint16_t)(i + 1);
    }
}

static const struct key_table_row *find_row(const struct key_cache *cache, struct slice name,
                                            bool exact)
{
    size_t at = hash_name(name.data, name.len, exact) % INDEX_SLOTS;
    for (; cache->index[at] != 0; at = (at + 1) % INDEX_SLOTS) {
        const struct key_table_row *row = &cache->rows[cache->index[at] - 1];
        if (row->exact == exact && slice_is_equal(slice_from_string(row->name), name)) {
            return row;
        }
    }
    return NULL;
}

static struct key_cache *new_cache(size_t row_count)
{
    struct key_cache *cache = mem_alloc(sizeof(*cache));
    cache->rows = mem_array(row_count + 1, sizeof(*cache->rows));
    for (uint16_t id = 0; id < KEYS_END; id++) {
        cache->roles[id] = (uint8_t)key_role(id);
        cache->holds[id] = (uint8_t)key_holds(id);
    }
    return cache;
}

struct key_cache *key_cache_new(void)
{
    _Static_assert(KEY_TABLE_ROWS * 2 <= INDEX_SLOTS, "the index is too small");
    struct key_cache *cache = new_cache(KEY_TABLE_ROWS);
    cache->is_own = true;
    cache->row_count = KEY_TABLE_ROWS;
    memcpy(cache->rows, key_table, sizeof(key_table));
    index_rows(cache);
    return cache;
}

struct key_cache *key_cache_new_of(const struct key_row *rows, size_t count)
{
    size_t taken = count < INDEX_SLOTS / 2 ? count : INDEX_SLOTS / 2;
    struct key_cache *cache = new_cache(taken);
    for (size_t i = 0; i < taken; i++) {
        char name[KEY_NAME_MAX];
        size_t len = key_canonical(slice_from_string(rows[i].name), name);
        if (len == 0 || len > KEY_NAME_MAX) {
            continue;
        }
        struct key_table_row *row = &cache->rows[cache->row_count++];
        row->name = mem_string_from(slice_make(name, len));
        row->id = rows[i].id;
    }
    index_rows(cache);
    return cache;
}

void key_cache_free(struct key_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; !cache->is_own && i < cache->row_count; i++) {
        char *name = NULL;
        memcpy(&name, &cache->rows[i].name, sizeof(name)); /* own copies: see key_cache_new_of() */
        free(name);
    }
    free(cache->rows);
    free(cache);
}

size_t key_canonical(struct slice name, char out[KEY_NAME_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c | 0x20);
        }
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            if (len == KEY_NAME_MAX) {
                return KEY_NAME_MAX + 1;
            }
            out[len++] = (char)c;
        }
    }
    return len;
}

/* Proxies put their own words before the header's name: http_traceparent,
 * opentelemetry_context_traceparent, request.headers.traceparent. */
static uint16_t find_suffix(struct slice canonical)
{
    static const char suffix[] = "traceparent";
    size_t len = sizeof(suffix) - 1;
    bool matches =
        canonical.len > len && memcmp(canonical.data + canonical.len - len, suffix, len) == 0;
    return matches ? KEY_TRACEPARENT : KEY_UNKNOWN;
}

static uint16_t look_up_slowly(const struct key_cache *cache, struct slice name);

/* Some encoders flatten `context: {trace_id: …}` to `context.trace_id`. What is behind the name of
 * a container of the trace conventions counts as it would inside of it. */
static uint16_t find_flattened(const struct key_cache *cache, struct slice name)
{
    const char *dot = memchr(name.data, '.', name.len);
    if (dot == NULL) {
        return KEY_UNKNOWN;
    }
    size_t len = (size_t)(dot - name.data);
    char bytes[KEY_NAME_MAX];
    struct slice container = slice_make(bytes, key_canonical(slice_make(name.data, len), bytes));
    const struct key_table_row *row = find_row(cache, container, false);
    if (row == NULL || (key_holds(row->id) & KEY_HOLDS_TRACE) == 0) {
        return KEY_UNKNOWN;
    }
    uint16_t id = look_up_slowly(cache, slice_skip(name, len + 1));
    return key_role(id) >= KEY_ROLE_TRACE_ID && key_role(id) <= KEY_ROLE_FLAGS ? id : KEY_UNKNOWN;
}

/* Recurses once per container's name in front of a dot, i.e. at most KEY_NAME_MAX / 3 times. */
static uint16_t look_up_slowly(const struct key_cache *cache, struct slice name)
{
    const struct key_table_row *row = find_row(cache, name, true);
    if (row != NULL) {
        return row->id;
    }
    char bytes[KEY_NAME_MAX];
    struct slice canonical = slice_make(bytes, key_canonical(name, bytes));
    if (canonical.len == 0) {
        return KEY_UNKNOWN;
    }
    row = find_row(cache, canonical, false);
    if (row != NULL) {
        return row->id;
    }
    uint16_t id = cache->is_own ? find_suffix(canonical) : KEY_UNKNOWN;
    return id == KEY_UNKNOWN && cache->is_own ? find_flattened(cache, name) : id;
}

static uint64_t load8(const char *s)
{
    uint64_t word;
    memcpy(&word, s, sizeof(word));
    return word;
}

static uint32_t load4(const char *s)
{
    uint32_t word;
    memcpy(&word, s, sizeof(word));
    return word;
}

/* First and last bytes of a name of 1 to KEY_NAME_MAX, without reading outside of it. */
static inline void load_ends(struct slice name, uint64_t *out_first, uint64_t *out_last)
{
    const char *s = name.data;
    size_t n = name.len;
    if (n >= 8) {
        *out_first = load8(s);
        *out_last = load8(s + n - 8);
    } else if (n >= 4) {
        *out_first = load4(s);
        *out_last = load4(s + n - 4);
    } else {
        *out_first = (unsigned char)s[0];
        *out_last = (uint64_t)(unsigned char)s[n / 2] << 8 | (unsigned char)s[n - 1];
    }
}

static inline size_t place_of(uint64_t first, uint64_t last, size_t len)
{
    uint64_t mixed = (first ^ (last << 7 | last >> 57) ^ len) * UINT64_C(0x9E3779B97F4A7C15);
    return mixed >> 55;
}

static inline bool is_name(const struct slot *slot, struct slice name, uint64_t first,
                           uint64_t last)
{
    return ((slot->first ^ first) | (slot->last ^ last) | (slot->len ^ name.len)) == 0 &&
           (name.len <= 16 || memcmp(slot->middle, name.data + 8, name.len - 16) == 0);
}

static __attribute__((noinline)) uint16_t fill_slot(struct key_cache *cache, struct slice name)
{
    uint64_t first;
    uint64_t last;
    load_ends(name, &first, &last);
    size_t place = place_of(first, last, name.len);
    struct slot *slot = &cache->slots[place];
    cache->rounds[place] = 0;
    slot->first = first;
    slot->last = last;
    slot->len = (uint8_t)name.len;
    slot->id = look_up_slowly(cache, name);
    if (name.len > 16) {
        memcpy(slot->middle, name.data + 8, name.len - 16);
    }
    return slot->id;
}

static inline uint16_t look_up(struct key_cache *cache, struct slice name)
{
    if (name.len - 1 >= KEY_NAME_MAX) {
        return KEY_UNKNOWN;
    }
    uint64_t first;
    uint64_t last;
    load_ends(name, &first, &last);
    const struct slot *slot = &cache->slots[place_of(first, last, name.len)];
    return is_name(slot, name, first, last) ? slot->id : fill_slot(cache, name);
}

/* A name that is not in the cache, or whose middle has to be compared too: what the fast way below,
 * which makes no call, leaves over. */
static __attribute__((noinline)) enum key_note note_slowly(struct key_cache *cache, uint32_t round,
                                                           size_t place, struct field *field)
{
    struct slice name = field_key(field);
    const struct slot *slot = &cache->slots[place];
    bool is_noted = cache->rounds[place] == round;
    uint64_t first;
    uint64_t last;
    load_ends(name, &first, &last);
    if (is_name(slot, name, first, last)) {
        field->key_id = slot->id;
        cache->rounds[place] = round;
        return is_noted ? KEY_NOTE_SEEN : KEY_NOTE_NEW;
    }
    if (is_noted) {
        field->key_id = look_up_slowly(cache, name);
        return KEY_NOTE_NO_PLACE;
    }
    field->key_id = fill_slot(cache, name);
    cache->rounds[place] = round;
    return KEY_NOTE_NEW;
}

enum key_note key_cache_note(struct key_cache *cache, uint32_t round, struct field *field)
{
    struct slice name = field_key(field);
    field->flags |= FIELD_NAMED;
    if (name.len - 1 >= KEY_NAME_MAX) {
        return KEY_NOTE_NO_PLACE; /* means nothing */
    }
    uint64_t first;
    uint64_t last;
    load_ends(name, &first, &last);
    size_t place = place_of(first, last, name.len);
    const struct slot *slot = &cache->slots[place];
    if (((slot->first ^ first) | (slot->last ^ last) | (slot->len ^ name.len)) != 0 ||
        name.len > 16) {
        return note_slowly(cache, round, place, field);
    }
    field->key_id = slot->id;
    bool is_noted = cache->rounds[place] == round;
    cache->rounds[place] = round;
    return is_noted ? KEY_NOTE_SEEN : KEY_NOTE_NEW;
}

uint16_t key_lookup(struct key_cache *cache, struct slice name)
{
    return look_up(cache, name);
}

uint16_t key_lookup_joined(struct key_cache *cache, struct slice prefix, struct slice name)
{
    if (prefix.len == 0) {
        return key_lookup(cache, name);
    }
    char path[KEY_NAME_MAX];
    size_t len = prefix.len + 1 + name.len;
    if (len > sizeof(path)) {
        return KEY_UNKNOWN;
    }
    memcpy(path, prefix.data, prefix.len);
    path[prefix.len] = '.';
    if (name.len > 0) {
        memcpy(path + prefix.len + 1, name.data, name.len);
    }
    return key_lookup(cache, slice_make(path, len));
}

void key_hits_collect(struct key_cache *cache, struct fields *fields, struct key_hits *out)
{
    bool is_noted = fields->keys == cache; /* by the parser, or by nobody */
    struct field *items = fields->items;
    uint32_t end = fields->count;
    uint32_t count = 0;
    uint32_t roles = 0;
    uint8_t holds = 0;
    for (uint32_t i = 0; i < end && count < KEY_HITS_MAX; i = items[i].next) {
        if (!is_noted || (items[i].flags & FIELD_NAMED) == 0) {
            items[i].key_id = look_up(cache, field_key(&items[i]));
        }
        uint16_t id = items[i].key_id;
        if (id != KEY_UNKNOWN) {
            out->items[count++] = (struct key_hit){id, i};
            roles |= 1u << cache->roles[id];
            holds |= items[i].kind >= FIELD_OBJECT ? cache->holds[id] : 0;
        }
    }
    out->count = count;
    out->roles = roles;
    out->holds = holds;
}

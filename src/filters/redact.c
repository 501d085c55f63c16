/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `redact`: values behind names, and what a text holds of a known shape.
 *
 * Every text that is shipped is looked at: strings at any depth and the body; numbers too, for a card
 * may be one. Ids, severity, time and service are the record's own and stay.
 *
 * A text is searched twice where something was found: once for how long it becomes, once to write
 * it.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "base/utf8.h"
#include "filters/edit.h"
#include "filters/filter.h"
#include "filters/keyed_hash.h"
#include "filters/name.h"
#include "record/credential.h"
#include "record/secret.h"

#define MASK "[redacted]"

enum { MARK_CHARS_MAX = 24 };

struct finder {
    enum secret secret;
    struct pattern *pattern; /* not NULL: instead */
};

/* The key wherever it stands; one of several parts also as name_find() finds it. */
struct redact_key {
    struct name name;
    uint32_t anywhere; /* its number in the chain's index */
};

struct redact {
    struct redact_key *keys;
    size_t key_count;
    struct finder *finders;
    size_t finder_count;
    bool hides_credentials; /* by the names of fields, too */
    bool keeps_at_limit;
    bool hashes;
    struct hash_key hash_key;
};

static void free_redact(void *data)
{
    struct redact *redact = data;
    for (size_t i = 0; i < redact->finder_count; i++) {
        pattern_free(redact->finders[i].pattern);
    }
    free(redact->finders);
    free(redact->keys);
    free(redact);
}

static void add_finder(struct redact *redact, const char *text, const struct filter_env *env)
{
    struct finder *finder = &redact->finders[redact->finder_count++];
    finder->secret = secret_find_name(text);
    if (finder->secret == SECRETS) {
        char *error = NULL;
        finder->pattern = pattern_new(text, &error);
        ENSURE(finder->pattern != NULL); /* the config's reader has compiled it before */
        pattern_watch(finder->pattern, env->limits,
                      redact->keeps_at_limit ? "the text is left as it is" : "the whole text is hidden");
    }
    redact->hides_credentials = redact->hides_credentials || finder->secret == SECRET_CREDENTIAL;
}

static struct redact_key make_key(const char *text, struct name_index *index)
{
    bool has_parts = strchr(text, '.') != NULL;
    struct redact_key key = {name_make(text, has_parts ? index : NULL), NAME_NO_NUMBER};
    if (key.name.own != OWN_BODY) {
        key.anywhere = name_index_add_anywhere(index, slice_from_string(text));
    }
    return key;
}

static void *make(const struct filter_settings *item, const struct filter_env *env,
                  char **out_error)
{
    (void)out_error;
    const struct redact_settings *settings = item->redact;
    if (settings == NULL) {
        return NULL;
    }
    struct redact *redact = mem_alloc(sizeof(*redact));
    redact->keeps_at_limit = settings->at_limit == REDACT_AT_LIMIT_KEEP;
    redact->hashes = settings->with == REDACT_HASH;
    redact->hash_key = hash_key_make(slice_from_string(settings->salt));
    redact->keys = mem_array(settings->keys.count + 1, sizeof(*redact->keys));
    for (; redact->key_count < settings->keys.count; redact->key_count++) {
        redact->keys[redact->key_count] =
            make_key(settings->keys.items[redact->key_count], env->index);
    }
    redact->finders = mem_array(settings->patterns.count + 1, sizeof(*redact->finders));
    for (size_t i = 0; i < settings->patterns.count; i++) {
        add_finder(redact, settings->patterns.items[i], env);
    }
    return redact;
}

/* What stands in the place of a secret. */
static size_t write_mark(const struct redact *redact, struct slice secret,
                         char out[MARK_CHARS_MAX])
{
    if (!redact->hashes) {
        memcpy(out, MASK, sizeof(MASK));
        return sizeof(MASK) - 1;
    }
    return (size_t)snprintf(out, MARK_CHARS_MAX, "hash:%016" PRIx64,
                            keyed_hash(&redact->hash_key, secret));
}

/* ---- by what is found ---- */

static enum pattern_result search(const struct finder *finder, struct slice text, size_t from,
                                  struct slice *out)
{
    size_t at;
    size_t len;
    if (finder->pattern == NULL) {
        bool found = secret_search(finder->secret, text, from, &at, &len);
        *out = found ? slice_make(text.data + at, len) : *out;
        return found ? PATTERN_YES : PATTERN_NO;
    }
    enum pattern_result result = pattern_search(finder->pattern, text, from);
    return result == PATTERN_YES && !pattern_group(finder->pattern, text, 0, out) ? PATTERN_NO
                                                                                   : result;
}

/* One way through the text; `place` NULL: only the length. An empty match changes nothing. */
static enum pattern_result replace(const struct redact *redact, const struct finder *finder,
                                   struct slice text, char *place, size_t *out_len)
{
    size_t from = 0;
    size_t len = 0;
    size_t done = 0; /* of the text, copied or replaced */
    struct slice found;
    enum pattern_result result = PATTERN_NO;
    while (from <= text.len && (result = search(finder, text, from, &found)) == PATTERN_YES) {
        size_t at = (size_t)(found.data - text.data);
        from = at + found.len + (found.len == 0);
        if (found.len == 0 || at < done) {
            from = from > done ? from : done + 1;
            continue;
        }
        char mark[MARK_CHARS_MAX];
        size_t mark_len = write_mark(redact, found, mark);
        if (place != NULL) {
            memcpy(place + len, text.data + done, at - done);
            memcpy(place + len + at - done, mark, mark_len);
        }
        len += at - done + mark_len;
        done = at + found.len;
    }
    if (result == PATTERN_FAILED) {
        return PATTERN_FAILED;
    }
    if (place != NULL) {
        memcpy(place + len, text.data + done, text.len - done);
    }
    *out_len = len + text.len - done;
    return done > 0 ? PATTERN_YES : PATTERN_NO;
}

/* Where nobody knows what is in a text, or there is no room for the rest of it, all of it is hidden. */
static void mask_whole(struct slice *text, bool *out_changed)
{
    *text = SLICE(MASK);
    *out_changed = true;
}

/* *text becomes the redacted one. False: a pattern gave up, or there was no room. */
static bool redact_text(const struct redact *redact, const struct finder *finder,
                        struct arena *arena, struct slice *text, bool *out_changed)
{
    size_t len;
    enum pattern_result result =
        text->len > 0 ? replace(redact, finder, *text, NULL, &len) : PATTERN_NO;
    if (result == PATTERN_FAILED && !redact->keeps_at_limit) {
        mask_whole(text, out_changed);
    }
    if (result != PATTERN_YES) {
        return result == PATTERN_NO;
    }
    char *place = arena_alloc(arena, len > 0 ? len : 1);
    if (place == NULL) {
        mask_whole(text, out_changed);
        return false;
    }
    (void)replace(redact, finder, *text, place, &len);
    *text = slice_make(place, len);
    *out_changed = true;
    return true;
}

static bool redact_all(const struct redact *redact, struct arena *arena, struct slice *text,
                       bool *out_changed)
{
    bool is_good = true;
    for (size_t i = 0; i < redact->finder_count; i++) {
        is_good = redact_text(redact, &redact->finders[i], arena, text, out_changed) && is_good;
    }
    return is_good;
}

static bool has_text(const struct field *field)
{
    return field->kind == FIELD_STRING || field->kind == FIELD_BYTES ||
           field->kind == FIELD_NUMBER || field->kind == FIELD_INT;
}

static void put_text(struct field *field, struct slice text, enum field_kind kind)
{
    field->kind = (uint8_t)kind;
    field->text = text.data;
    field->text_len = (uint32_t)text.len;
    field->value.i = 0;
}

/* ---- by name ---- */

static bool put_mark(const struct redact *redact, struct record *record, struct slice secret,
                     struct slice *out)
{
    char mark[MARK_CHARS_MAX];
    size_t len = write_mark(redact, secret, mark);
    *out = arena_copy(record->arena, slice_make(mark, len));
    return out->data != NULL;
}

/* The field that has become the body takes the body along: it is what the name meant. */
static bool redact_field(const struct redact *redact, struct record *record, uint32_t index)
{
    struct field *field = &record->fields.items[index];
    struct slice mark;
    if (!put_mark(redact, record, field_text(field), &mark)) {
        return false;
    }
    if ((field->flags & FIELD_MOVED) != 0) {
        bool is_body = record->has_body_text && record->body_text.data == field->text &&
                       record->body_text.len == field->text_len;
        record->body_text = is_body ? mark : record->body_text;
    } else {
        edit_empty(&record->fields, index);
        put_text(field, mark, FIELD_STRING);
    }
    return true;
}

/* At any depth: `password` is one wherever it stands. */
static bool redact_named(const struct redact *redact, const struct redact_key *wanted,
                         struct record *record)
{
    struct slice key = slice_make(wanted->name.text, wanted->name.len);
    const struct field *items = record->fields.items;
    const struct name_place *place;
    bool is_placed = name_index_find(record->fields.index, wanted->anywhere, &place);
    uint32_t end = is_placed ? place->last + 1 : record->fields.count;
    bool is_good = true;
    for (uint32_t i = is_placed ? place->first : 0; i < end; i++) {
        if (items[i].key_len == key.len && items[i].key != NULL &&
            ((items[i].key[0] ^ key.data[0]) & 0x1F) == 0 &&
            slice_is_equal_nocase(field_key(&items[i]), key)) {
            is_good = redact_field(redact, record, i) && is_good;
        }
    }
    return is_good;
}

static bool redact_key(const struct redact *redact, const struct redact_key *key,
                       struct record *record)
{
    const struct name *name = &key->name;
    bool is_good = true;
    if (name->own == OWN_BODY) {
        struct slice mark;
        is_good = !record->has_body_text ||
                  put_mark(redact, record, record->body_text, &mark);
        record->body_text = is_good && record->has_body_text ? mark : record->body_text;
        return is_good;
    }
    if (name_index_has(record->fields.index, key->anywhere)) {
        is_good = redact_named(redact, key, record);
    }
    uint32_t nested = name->has_dot ? name_find(name, &record->fields) : NO_FIELD;
    return nested == NO_FIELD || field_key(&record->fields.items[nested]).len == name->len
               ? is_good
               : redact_field(redact, record, nested) && is_good;
}

/* ---- all ---- */

static bool is_credential(const struct field *field)
{
    return field->key != NULL && field->kind != FIELD_NULL && field->kind != FIELD_BOOL &&
           credential_is_name(field_key(field));
}

static bool redact_found(const struct redact *redact, struct record *record)
{
    struct fields *fields = &record->fields;
    bool is_good = true;
    for (uint32_t i = 0; i < fields->count; i++) {
        struct field *field = &fields->items[i];
        if ((field->flags & (FIELD_REMOVED | FIELD_MOVED)) != 0) {
            continue;
        }
        if (redact->hides_credentials && is_credential(field)) {
            is_good = redact_field(redact, record, i) && is_good;
            continue;
        }
        if (!has_text(field)) {
            continue;
        }
        struct slice text = field_text(field);
        bool changed = false;
        is_good = redact_all(redact, record->arena, &text, &changed) && is_good;
        if (changed) {
            put_text(field, text,
                     utf8_is_valid(text.data, text.len) ? FIELD_STRING : FIELD_BYTES);
        }
    }
    if (record->has_body_text) {
        bool changed;
        is_good = redact_all(redact, record->arena, &record->body_text, &changed) && is_good;
    }
    return is_good;
}

static enum filter_result apply(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct redact *redact = data;
    bool is_good = true;
    for (size_t i = 0; i < redact->key_count; i++) {
        is_good = redact_key(redact, &redact->keys[i], record) && is_good;
    }
    if (redact->finder_count > 0) {
        is_good = redact_found(redact, record) && is_good;
    }
    return is_good ? FILTER_DONE : FILTER_FAILED;
}

static uint64_t needs(const void *data)
{
    const struct redact *redact = data;
    uint64_t bits = redact->finder_count > 0 ? NAME_BIT_ALWAYS : 0;
    for (size_t i = 0; i < redact->key_count; i++) {
        const struct redact_key *key = &redact->keys[i];
        bits |= key->name.own == OWN_BODY ? NAME_BIT_ALWAYS : name_index_bit(key->anywhere);
        bits |= key->name.has_dot ? name_bit(&key->name) : 0;
    }
    return bits;
}

const struct filter_kind filter_redact = {"redact", make, apply, free_redact, needs, false, true};

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "checkpoints/checkpoint_text.h"

#include <stdlib.h>

/*
 * Bytes that claim to be checkpoints are read without harm. Rows made of the bytes come back as they
 * were written; with one bit of the text changed they come back the same, or not at all.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS_MAX = 8, NAME_BYTES = 24, UNREAD_MAX = 3 };

struct row {
    char key[NAME_BYTES];
    char path[NAME_BYTES];
    struct checkpoint_row row;
    struct checkpoint_unread unread[UNREAD_MAX];
};

struct rows {
    struct row items[ROWS_MAX];
    size_t count;
    size_t seen;
};

static uint64_t take(const uint8_t **data, size_t *size, void *out, size_t len)
{
    uint64_t number = 0;
    size_t n = len < *size ? len : *size;
    memcpy(out != NULL ? out : &number, *data, n);
    *data += n;
    *size -= n;
    return number;
}

static uint64_t number(const uint8_t **data, size_t *size)
{
    return take(data, size, NULL, sizeof(uint64_t));
}

static void make_row(struct row *made, const uint8_t **data, size_t *size)
{
    struct checkpoint_row *row = &made->row;
    take(data, size, made->key, NAME_BYTES - 1);
    take(data, size, made->path, NAME_BYTES - 1);
    row->key = made->key;
    row->path = made->path;
    row->file.device = number(data, size);
    row->file.inode = number(data, size);
    row->file.born_ns = number(data, size);
    row->file.fingerprint = number(data, size);
    row->file.fingerprint_len = (uint32_t)number(data, size);
    row->position.generation = number(data, size);
    row->position.offset = number(data, size) & INT64_MAX;
    row->size = number(data, size);
    row->seen_s = number(data, size);
    row->guard.len = (uint32_t)number(data, size);
    row->guard.offset = number(data, size);
    row->guard.hash = number(data, size);
    if (row->guard.offset > row->position.offset || row->guard.len > row->guard.offset) {
        row->guard.len = 0;
    }
    row->past_count = (uint32_t)number(data, size) % (CHECKPOINT_PAST_MAX + 1);
    for (uint32_t i = 0; i < row->past_count; i++) {
        struct checkpoint_past *past = &row->past[i];
        past->inode = number(data, size);
        past->born_ns = number(data, size);
        past->offset = number(data, size) & INT64_MAX;
        past->fingerprint = number(data, size);
        past->fingerprint_len = (uint32_t)number(data, size);
        past->guard.offset = number(data, size) & INT64_MAX;
        past->guard.hash = number(data, size);
        past->guard.len = (uint32_t)(number(data, size) % (past->guard.offset + 1));
    }
}

static void make_unread(struct row *made, const uint8_t **data, size_t *size)
{
    made->row.unread = made->unread;
    made->row.unread_count = (uint32_t)number(data, size) % (UNREAD_MAX + 1);
    for (uint32_t i = 0; i < made->row.unread_count; i++) {
        struct checkpoint_unread *file = &made->unread[i];
        file->path = i == 0 ? made->path : made->key;
        file->size = number(data, size) & INT64_MAX;
        file->offset = number(data, size) % (file->size + 1);
        file->inode = number(data, size);
        file->born_ns = number(data, size);
        file->fingerprint = number(data, size);
        file->fingerprint_len = (uint32_t)number(data, size);
    }
}

static bool has_key(const struct rows *rows, const char *key)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows->items[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

static void make_rows(struct rows *rows, const uint8_t *data, size_t size)
{
    while (size > 0 && rows->count < ROWS_MAX) {
        struct row *made = &rows->items[rows->count];
        memset(made, 0, sizeof(*made));
        make_row(made, &data, &size);
        make_unread(made, &data, &size);
        rows->count += has_key(rows, made->key) ? 0 : 1;
    }
}

static bool is_same_past(const struct checkpoint_past *a, const struct checkpoint_past *b)
{
    return a->inode == b->inode && a->born_ns == b->born_ns && a->offset == b->offset &&
           a->fingerprint == b->fingerprint && a->fingerprint_len == b->fingerprint_len &&
           a->guard.offset == b->guard.offset && a->guard.len == b->guard.len &&
           a->guard.hash == b->guard.hash;
}

static bool has_same_past(const struct checkpoint_row *a, const struct checkpoint_row *b)
{
    for (uint32_t i = 0; i < a->past_count; i++) {
        if (!is_same_past(&a->past[i], &b->past[i])) {
            return false;
        }
    }
    return a->past_count == b->past_count;
}

static bool has_same_unread(const struct checkpoint_row *a, const struct checkpoint_row *b)
{
    bool is_same = a->unread_count == b->unread_count;
    for (uint32_t i = 0; is_same && i < a->unread_count; i++) {
        const struct checkpoint_unread *one = &a->unread[i];
        const struct checkpoint_unread *other = &b->unread[i];
        is_same = strcmp(one->path, other->path) == 0 && one->size == other->size &&
                  one->offset == other->offset && one->inode == other->inode &&
                  one->born_ns == other->born_ns && one->fingerprint == other->fingerprint &&
                  one->fingerprint_len == other->fingerprint_len;
    }
    return is_same;
}

static bool is_same(const struct checkpoint_row *a, const struct checkpoint_row *b)
{
    return strcmp(a->key, b->key) == 0 && strcmp(a->path, b->path) == 0 &&
           a->file.device == b->file.device && a->file.inode == b->file.inode &&
           a->file.born_ns == b->file.born_ns && a->file.fingerprint == b->file.fingerprint &&
           a->file.fingerprint_len == b->file.fingerprint_len &&
           a->position.generation == b->position.generation &&
           a->position.offset == b->position.offset && a->size == b->size &&
           a->seen_s == b->seen_s && a->guard.len == b->guard.len &&
           (a->guard.len == 0 ||
            (a->guard.offset == b->guard.offset && a->guard.hash == b->guard.hash)) &&
           has_same_past(a, b) && has_same_unread(a, b);
}

static void compare(void *context, const struct checkpoint_row *row)
{
    struct rows *rows = context;
    for (size_t i = 0; i < rows->count; i++) {
        if (is_same(&rows->items[i].row, row)) {
            rows->seen++;
            return;
        }
    }
    ENSURE(!"a row that was written so");
}

static void ignore(void *context, const struct checkpoint_row *row)
{
    ++*(size_t *)context;
    ENSURE(row->past_count <= CHECKPOINT_PAST_MAX && row->guard.len <= row->guard.offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = 0;
    checkpoint_text_read(slice_make((const char *)data, size), ignore, &count);

    struct rows rows = {.count = 0};
    make_rows(&rows, data, size);
    struct checkpoint_text *text = checkpoint_text_new();
    for (size_t i = 0; i < rows.count; i++) {
        checkpoint_text_add(text, &rows.items[i].row);
    }
    struct slice written = checkpoint_text_finish(text);
    ENSURE(checkpoint_text_read(written, compare, &rows) == CHECKPOINT_OK);
    ENSURE(rows.seen == rows.count);

    char *bytes = (char *)(uintptr_t)written.data;
    size_t at = size > 0 ? (data[0] * 257u + data[size - 1]) % written.len : 0;
    bytes[at] = (char)(bytes[at] ^ 1 << (size % 8));
    rows.seen = 0;
    if (checkpoint_text_read(written, compare, &rows) == CHECKPOINT_OK) {
        ENSURE(rows.seen == rows.count);
    }
    free(bytes);
    return 0;
}

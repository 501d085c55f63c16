/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoints/checkpoint_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
    VERSION = 1, /* the oldest form whose readers may read what is written here */
    FORM = 2,
};

/*
 * Read by jansson, but written by hand: a commit of 5,000 streams through jansson's tree held the
 * event loop for 120 ms, this takes a tenth of it.
 */

struct checkpoint_text {
    struct buf streams;
    uint64_t checksum;
    uint64_t checksum_all;
};

/* ---- any byte in a JSON string ---- */

/* As a JSON string: what JSON would escape is written as %XX as well. */
static void append_path(struct buf *out, const char *path)
{
    size_t len = path != NULL ? strlen(path) : 0;
    size_t plain = 0; /* bytes before i that are not yet written */
    buf_append_string(out, "\"");
    for (size_t i = 0; i < len;) {
        size_t n = utf8_sequence_len(path + i, len - i);
        unsigned char c = (unsigned char)path[i];
        if (n == 0 || c < 0x20 || c == '%' || c == '"' || c == '\\') {
            buf_append(out, path + plain, i - plain);
            buf_append_format(out, "%%%02X", c);
            n = 1;
            plain = i + 1;
        }
        i += n;
    }
    buf_append(out, path + plain, len - plain);
    buf_append_string(out, "\"");
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* NULL if it is not what escape() makes. */
static char *unescape(const char *text)
{
    char *path = mem_alloc(strlen(text) + 1);
    char *end = path;
    while (*text != '\0') {
        if (*text != '%') {
            *end++ = *text++;
            continue;
        }
        int high = digit(text[1]);
        int low = high >= 0 ? digit(text[2]) : -1;
        if (low < 0 || high * 16 + low == 0) {
            free(path);
            return NULL;
        }
        *end++ = (char)(high * 16 + low);
        text += 3;
    }
    return path;
}

/* ---- the checksum ---- */

/* Over what the rows say, not over how they are printed; a sum, so that their order is free. */
static uint64_t checksum(const struct checkpoint_row *row)
{
    const uint64_t numbers[] = {
        row->file.device,         row->file.inode,      row->file.born_ns, row->file.fingerprint,
        row->file.fingerprint_len, row->position.generation, row->position.offset, row->size,
        row->seen_s,
    };
    const char *path = row->path != NULL ? row->path : "";
    uint64_t hash = hash_bytes(row->key, strlen(row->key), VERSION);
    hash = hash_bytes(path, strlen(path), hash);
    hash = hash_bytes(numbers, sizeof(numbers), hash);
    if (row->guard.len > 0) {
        const uint64_t guard[] = {row->guard.offset, row->guard.hash, row->guard.len};
        hash = hash_bytes(guard, sizeof(guard), hash);
    }
    uint64_t past[CHECKPOINT_PAST_MAX][3];
    for (uint32_t i = 0; i < row->past_count; i++) {
        past[i][0] = row->past[i].inode;
        past[i][1] = row->past[i].born_ns;
        past[i][2] = row->past[i].offset;
    }
    return hash_bytes(past, row->past_count * sizeof(past[0]), hash);
}

/* What a text without streams has. */
static uint64_t checksum_of_form(uint64_t form)
{
    return hash_bytes(&form, sizeof(form), 0);
}

/* Over all that the row says, in this form or a later one. */
static uint64_t checksum_all(const struct checkpoint_row *row, uint64_t form)
{
    uint64_t hash = hash_bytes(&form, sizeof(form), checksum(row));
    for (uint32_t i = 0; i < row->past_count; i++) {
        const struct checkpoint_past *past = &row->past[i];
        const uint64_t numbers[] = {past->fingerprint_len, past->fingerprint, past->guard.offset,
                                    past->guard.len, past->guard.hash};
        hash = hash_bytes(numbers, sizeof(numbers), hash);
    }
    for (uint32_t i = 0; i < row->unread_count; i++) {
        const struct checkpoint_unread *file = &row->unread[i];
        const uint64_t numbers[] = {file->size,    file->offset,          file->inode,
                                    file->born_ns, file->fingerprint_len, file->fingerprint};
        hash = hash_bytes(file->path, strlen(file->path), hash);
        hash = hash_bytes(numbers, sizeof(numbers), hash);
    }
    return row->others != NULL ? hash_bytes(row->others, strlen(row->others), hash) : hash;
}

/* ---- writing ---- */

struct checkpoint_text *checkpoint_text_new(void)
{
    struct checkpoint_text *text = mem_alloc(sizeof(*text));
    buf_init(&text->streams, CHECKPOINT_TEXT_BYTES_MAX);
    text->checksum_all = checksum_of_form(FORM);
    return text;
}

static void append_memory(struct buf *out, const struct checkpoint_row *row)
{
    const struct guard *guard = &row->guard;
    if (guard->len > 0) {
        buf_append_format(out, ", \"guard\": [%" PRId64 ", %" PRIu32 ", \"%016" PRIx64 "\"]",
                          (int64_t)guard->offset, guard->len, guard->hash);
    }
    for (uint32_t i = 0; i < row->past_count; i++) {
        const struct checkpoint_past *past = &row->past[i];
        buf_append_format(out, "%s[%" PRId64 ", %" PRId64 ", %" PRId64 "]",
                          i == 0 ? ", \"past\": [" : ", ", (int64_t)past->inode,
                          (int64_t)past->born_ns, (int64_t)past->offset);
    }
    buf_append_string(out, row->past_count > 0 ? "]" : "");
    for (uint32_t i = 0; i < row->past_count; i++) {
        const struct checkpoint_past *past = &row->past[i];
        buf_append_format(out, "%s[%" PRIu32 ", \"%016" PRIx64 "\", %" PRId64 ", %" PRIu32
                          ", \"%016" PRIx64 "\"]",
                          i == 0 ? ", \"past_content\": [" : ", ", past->fingerprint_len,
                          past->fingerprint, (int64_t)past->guard.offset, past->guard.len,
                          past->guard.hash);
    }
    buf_append_string(out, row->past_count > 0 ? "]" : "");
}

static void append_unread(struct buf *out, const struct checkpoint_row *row)
{
    for (uint32_t i = 0; i < row->unread_count; i++) {
        const struct checkpoint_unread *file = &row->unread[i];
        buf_append_string(out, i == 0 ? ", \"unread\": [[" : ", [");
        append_path(out, file->path);
        buf_append_format(out, ", %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRIu32
                          ", \"%016" PRIx64 "\"]",
                          (int64_t)file->size, (int64_t)file->offset, (int64_t)file->inode,
                          (int64_t)file->born_ns, file->fingerprint_len, file->fingerprint);
    }
    buf_append_string(out, row->unread_count > 0 ? "]" : "");
}

/* The members of an object, as they stand between its braces. */
static void append_others(struct buf *out, const char *others)
{
    if (others != NULL) {
        buf_append_string(out, ", ");
        buf_append(out, others + 1, strlen(others) - 2);
    }
}

/* Numbers above what jansson reads come out negative, and are turned back when they are read. */
void checkpoint_text_add(struct checkpoint_text *text, const struct checkpoint_row *row)
{
    struct buf *out = &text->streams;
    buf_append_string(out, out->len > 0 ? ",\n  " : "\n  ");
    append_path(out, row->key);
    buf_append_string(out, ": {\"path\": ");
    append_path(out, row->path);
    buf_append_format(out,
                      ", \"generation\": %" PRId64 ", \"offset\": %" PRId64
                      ", \"size\": %" PRId64 ", \"device\": %" PRId64 ", \"inode\": %" PRId64
                      ", \"born\": %" PRId64 ", \"fingerprint\": \"%016" PRIx64
                      "\", \"fingerprint_bytes\": %" PRIu32 ", \"seen\": %" PRId64,
                      (int64_t)row->position.generation, (int64_t)row->position.offset,
                      (int64_t)row->size, (int64_t)row->file.device, (int64_t)row->file.inode,
                      (int64_t)row->file.born_ns, row->file.fingerprint,
                      row->file.fingerprint_len, (int64_t)row->seen_s);
    append_memory(out, row);
    append_unread(out, row);
    append_others(out, row->others);
    buf_append_string(out, "}");
    text->checksum += checksum(row);
    text->checksum_all += checksum_all(row, FORM);
}

struct slice checkpoint_text_finish(struct checkpoint_text *text)
{
    struct buf *out = &text->streams;
    struct buf whole;
    buf_init(&whole, CHECKPOINT_TEXT_BYTES_MAX);
    buf_append_format(&whole,
                      "{\n \"version\": %d,\n \"form\": %d,\n \"checksum\": \"%016" PRIx64
                      "\",\n \"checksum_all\": \"%016" PRIx64 "\",\n \"streams\": {",
                      VERSION, FORM, text->checksum, text->checksum_all);
    buf_append_slice(&whole, buf_slice(out));
    ENSURE(buf_append_string(&whole, "\n }\n}\n"));
    buf_fini(out);
    free(text);
    size_t len = whole.len;
    return slice_make(buf_take(&whole), len);
}

/* ---- reading ---- */

static bool to_number(const json_t *value, uint64_t *out)
{
    *out = (uint64_t)json_integer_value(value);
    return json_is_integer(value);
}

static bool to_hash(const json_t *value, uint64_t *out)
{
    const char *hex = json_string_value(value);
    if (hex == NULL || strlen(hex) != 16 || strspn(hex, "0123456789abcdef") != 16) {
        return false;
    }
    *out = strtoull(hex, NULL, 16);
    return true;
}

static bool get_number(const json_t *object, const char *name, uint64_t *out)
{
    return to_number(json_object_get(object, name), out);
}

static bool get_hash(const json_t *object, const char *name, uint64_t *out)
{
    return to_hash(json_object_get(object, name), out);
}

static bool get_numbers(const json_t *object, struct checkpoint_row *row)
{
    uint64_t fingerprint_len;
    if (!get_number(object, "device", &row->file.device) ||
        !get_number(object, "inode", &row->file.inode) ||
        !get_number(object, "born", &row->file.born_ns) ||
        !get_hash(object, "fingerprint", &row->file.fingerprint) ||
        !get_number(object, "fingerprint_bytes", &fingerprint_len) ||
        !get_number(object, "generation", &row->position.generation) ||
        !get_number(object, "offset", &row->position.offset) ||
        !get_number(object, "size", &row->size) || !get_number(object, "seen", &row->seen_s)) {
        return false;
    }
    row->file.fingerprint_len = (uint32_t)fingerprint_len;
    return fingerprint_len <= UINT32_MAX && row->position.offset <= INT64_MAX;
}

static bool get_guard(const json_t *guard, struct checkpoint_row *row)
{
    uint64_t len;
    if (guard == NULL) {
        return true;
    }
    if (json_array_size(guard) != 3 || !to_number(json_array_get(guard, 0), &row->guard.offset) ||
        !to_number(json_array_get(guard, 1), &len) || len == 0 || len > UINT32_MAX ||
        !to_hash(json_array_get(guard, 2), &row->guard.hash)) {
        return false;
    }
    row->guard.len = (uint32_t)len;
    return row->guard.offset <= row->position.offset && len <= row->guard.offset;
}

static bool get_past(const json_t *list, struct checkpoint_row *row)
{
    size_t index;
    const json_t *item;
    if (list != NULL && (!json_is_array(list) || json_array_size(list) > CHECKPOINT_PAST_MAX)) {
        return false;
    }
    json_array_foreach(list, index, item) {
        struct checkpoint_past *past = &row->past[row->past_count++];
        if (json_array_size(item) != 3 || !to_number(json_array_get(item, 0), &past->inode) ||
            !to_number(json_array_get(item, 1), &past->born_ns) ||
            !to_number(json_array_get(item, 2), &past->offset) || past->offset > INT64_MAX) {
            return false;
        }
    }
    return true;
}

static bool get_content(const json_t *item, struct checkpoint_past *past)
{
    uint64_t fingerprint_len;
    uint64_t guard_len;
    if (json_array_size(item) != 5 || !to_number(json_array_get(item, 0), &fingerprint_len) ||
        !to_hash(json_array_get(item, 1), &past->fingerprint) ||
        !to_number(json_array_get(item, 2), &past->guard.offset) ||
        !to_number(json_array_get(item, 3), &guard_len) ||
        !to_hash(json_array_get(item, 4), &past->guard.hash)) {
        return false;
    }
    past->fingerprint_len = (uint32_t)fingerprint_len;
    past->guard.len = (uint32_t)guard_len;
    return fingerprint_len <= UINT32_MAX && guard_len <= UINT32_MAX &&
           past->guard.offset <= INT64_MAX && guard_len <= past->guard.offset;
}

static bool get_past_content(const json_t *list, struct checkpoint_row *row)
{
    size_t index;
    const json_t *item;
    if (json_array_size(list) != row->past_count) {
        return false;
    }
    json_array_foreach(list, index, item) {
        if (!get_content(item, &row->past[index])) {
            return false;
        }
    }
    return true;
}

static bool get_file(const json_t *item, struct checkpoint_unread *file)
{
    uint64_t fingerprint_len;
    const char *path = json_string_value(json_array_get(item, 0));
    file->path = path != NULL ? unescape(path) : NULL;
    if (file->path == NULL || json_array_size(item) != 7 ||
        !to_number(json_array_get(item, 1), &file->size) ||
        !to_number(json_array_get(item, 2), &file->offset) ||
        !to_number(json_array_get(item, 3), &file->inode) ||
        !to_number(json_array_get(item, 4), &file->born_ns) ||
        !to_number(json_array_get(item, 5), &fingerprint_len) ||
        !to_hash(json_array_get(item, 6), &file->fingerprint)) {
        return false;
    }
    file->fingerprint_len = (uint32_t)fingerprint_len;
    return fingerprint_len <= UINT32_MAX && file->size <= INT64_MAX && file->offset <= file->size;
}

static void free_files(struct checkpoint_unread *files, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        free((char *)(uintptr_t)files[i].path);
    }
    free(files);
}

/* To be freed with free_files(), whatever the answer is. */
static bool get_unread(const json_t *list, struct checkpoint_unread **out_files, uint32_t *out_count)
{
    size_t index;
    const json_t *item;
    if (list == NULL) {
        return true;
    }
    if (!json_is_array(list) || json_array_size(list) == 0) {
        return false;
    }
    *out_count = (uint32_t)json_array_size(list);
    *out_files = mem_array(*out_count, sizeof(**out_files));
    json_array_foreach(list, index, item) {
        if (!get_file(item, &(*out_files)[index])) {
            return false;
        }
    }
    return true;
}

static bool is_known(const char *member)
{
    static const char *const known[] = {
        "path",   "device",     "inode", "born", "fingerprint", "fingerprint_bytes",
        "size",   "generation", "guard", "past", "seen",        "past_content",
        "offset", "unread",
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(member, known[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What is not known here, always in the same words: NULL if there is nothing. To be freed. */
static char *get_others(json_t *object)
{
    json_t *others = json_object();
    const char *member;
    json_t *value;
    json_object_foreach(object, member, value) {
        if (!is_known(member)) {
            json_object_set(others, member, value);
        }
    }
    char *text = json_object_size(others) > 0 ? json_dumps(others, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(others);
    return text;
}

struct reading {
    uint64_t form;
    uint64_t checksum;
    uint64_t checksum_all;
    void (*load)(void *context, const struct checkpoint_row *row); /* NULL: only look whether all is right */
    void *context;
};

/* What a row points to. */
struct row_memory {
    char *key;
    char *path;
    char *others;
    struct checkpoint_unread *unread;
    uint32_t unread_count;
};

/* Form 1 knows no other members: they would be in no checksum. */
static bool get_later(json_t *object, struct checkpoint_row *row, uint64_t form,
                      struct row_memory *memory)
{
    if (form == 1) {
        return true;
    }
    memory->others = get_others(object);
    row->others = memory->others;
    bool is_right = get_past_content(json_object_get(object, "past_content"), row) &&
                    get_unread(json_object_get(object, "unread"), &memory->unread,
                               &memory->unread_count);
    row->unread = memory->unread;
    row->unread_count = memory->unread_count;
    return is_right;
}

static bool read_row(const char *escaped_key, json_t *object, struct reading *reading)
{
    struct checkpoint_row row = {0};
    const char *escaped_path = json_string_value(json_object_get(object, "path"));
    struct row_memory memory = {
        .key = unescape(escaped_key),
        .path = escaped_path != NULL ? unescape(escaped_path) : NULL,
    };
    row.key = memory.key;
    row.path = memory.path;
    bool is_right = row.key != NULL && row.path != NULL && get_numbers(object, &row) &&
                    get_guard(json_object_get(object, "guard"), &row) &&
                    get_past(json_object_get(object, "past"), &row) &&
                    get_later(object, &row, reading->form, &memory);
    if (is_right) {
        reading->checksum += checksum(&row);
        reading->checksum_all += checksum_all(&row, reading->form);
    }
    if (is_right && reading->load != NULL) {
        reading->load(reading->context, &row);
    }
    free(memory.key);
    free(memory.path);
    free(memory.others);
    free_files(memory.unread, memory.unread_count);
    return is_right;
}

static bool read_rows(json_t *streams, struct reading *reading)
{
    const char *key;
    json_t *object;
    json_object_foreach(streams, key, object) {
        if (!read_row(key, object, reading)) {
            return false;
        }
    }
    return true;
}

/* 0 if it is none. Without a number it is the first, which had no second checksum. */
static uint64_t form_of(const json_t *root)
{
    uint64_t form;
    if (json_object_get(root, "form") == NULL) {
        return json_object_get(root, "checksum_all") == NULL ? 1 : 0;
    }
    return get_number(root, "form", &form) && form > 1 && form <= INT64_MAX ? form : 0;
}

/* By its checksums, in which this version and the form have their part. */
static bool is_whole(const json_t *root, json_t *streams, uint64_t form)
{
    uint64_t sum;
    uint64_t sum_all;
    struct reading reading = {.form = form, .checksum_all = checksum_of_form(form)};
    if (form == 0 || !get_hash(root, "checksum", &sum) || !json_is_object(streams) ||
        !read_rows(streams, &reading) || reading.checksum != sum) {
        return false;
    }
    return form == 1 || (get_hash(root, "checksum_all", &sum_all) && reading.checksum_all == sum_all);
}

/* A text of this version whose number alone was damaged is not taken for another's. */
static enum checkpoint_result judge(const json_t *root, json_t *streams)
{
    uint64_t version;
    bool is_ours = is_whole(root, streams, form_of(root));
    if (!get_number(root, "version", &version)) {
        return CHECKPOINT_CORRUPT;
    }
    if (version == VERSION) {
        return is_ours ? CHECKPOINT_OK : CHECKPOINT_CORRUPT;
    }
    return version > VERSION && !is_ours ? CHECKPOINT_NEWER : CHECKPOINT_CORRUPT;
}

enum checkpoint_result checkpoint_text_read(struct slice text,
                                            void (*load)(void *context,
                                                         const struct checkpoint_row *row),
                                            void *context)
{
    json_error_t error;
    json_t *root = json_loadb(text.data != NULL ? text.data : "", text.len,
                              JSON_REJECT_DUPLICATES, &error);
    json_t *streams = json_object_get(root, "streams");
    enum checkpoint_result result = judge(root, streams);
    if (result == CHECKPOINT_OK) {
        struct reading reading = {.form = form_of(root), .load = load, .context = context};
        read_rows(streams, &reading);
    }
    json_decref(root);
    return result;
}

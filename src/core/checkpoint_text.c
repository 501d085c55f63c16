/* SPDX-License-Identifier: Apache-2.0 */
#include "core/checkpoint_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
    VERSION = 1,
    PATH_BYTES_MAX = 65536, /* PATH_MAX, each byte as %XX, and more */
};

struct checkpoint_text {
    json_t *streams;
};

/* ---- any byte in a JSON string ---- */

static char *escape(const char *path)
{
    struct buf out;
    buf_init(&out, PATH_BYTES_MAX);
    size_t len = strlen(path);
    for (size_t i = 0; i < len;) {
        size_t n = utf8_sequence_len(path + i, len - i);
        if (n == 0 || path[i] == '%') {
            buf_append_format(&out, "%%%02X", (unsigned char)path[i]);
            n = 1;
        } else {
            buf_append(&out, path + i, n);
        }
        i += n;
    }
    return buf_take(&out);
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

/* ---- writing ---- */

/* jansson's integers are signed: the upper half of an inode number comes out negative, and comes
 * back as it was. */
static void set_number(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new_nocheck(object, name, json_integer((json_int_t)value));
}

static void set_path(json_t *object, const char *name, const char *path)
{
    char *escaped = escape(path != NULL ? path : "");
    json_object_set_new_nocheck(object, name, json_string_nocheck(escaped));
    free(escaped);
}

static void set_hash(json_t *object, const char *name, uint64_t hash)
{
    char hex[17];
    snprintf(hex, sizeof(hex), "%016" PRIx64, hash);
    json_object_set_new_nocheck(object, name, json_string_nocheck(hex));
}

struct checkpoint_text *checkpoint_text_new(void)
{
    struct checkpoint_text *text = mem_alloc(sizeof(*text));
    text->streams = json_object();
    ENSURE(text->streams != NULL);
    return text;
}

void checkpoint_text_add(struct checkpoint_text *text, const struct checkpoint_row *row)
{
    json_t *object = json_object();
    set_path(object, "path", row->path);
    set_number(object, "device", row->file.device);
    set_number(object, "inode", row->file.inode);
    set_number(object, "born", row->file.born_ns);
    set_hash(object, "fingerprint", row->file.fingerprint);
    set_number(object, "fingerprint_bytes", row->file.fingerprint_len);
    set_number(object, "generation", row->position.generation);
    set_number(object, "offset", row->position.offset);
    set_number(object, "size", row->size);
    set_number(object, "seen", row->seen_s);
    char *key = escape(row->key);
    json_object_set_new_nocheck(text->streams, key, object);
    free(key);
}

static uint64_t checksum(const json_t *streams)
{
    char *canonical = json_dumps(streams, JSON_COMPACT | JSON_SORT_KEYS);
    ENSURE(canonical != NULL);
    uint64_t hash = hash_bytes(canonical, strlen(canonical), VERSION);
    free(canonical);
    return hash;
}

struct slice checkpoint_text_finish(struct checkpoint_text *text)
{
    json_t *root = json_object();
    set_number(root, "version", VERSION);
    set_hash(root, "checksum", checksum(text->streams));
    json_object_set_new_nocheck(root, "streams", text->streams);
    char *bytes = json_dumps(root, JSON_INDENT(1));
    ENSURE(bytes != NULL);
    json_decref(root);
    free(text);
    return slice_from_string(bytes);
}

/* ---- reading ---- */

static bool get_number(const json_t *object, const char *name, uint64_t *out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value)) {
        return false;
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool get_hash(const json_t *object, const char *name, uint64_t *out)
{
    const char *hex = json_string_value(json_object_get(object, name));
    if (hex == NULL || strlen(hex) != 16 || strspn(hex, "0123456789abcdef") != 16) {
        return false;
    }
    *out = strtoull(hex, NULL, 16);
    return true;
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

/* `load` NULL: only look whether the row is right. */
static bool read_row(const char *escaped_key, const json_t *object,
                     void (*load)(void *context, const struct checkpoint_row *row), void *context)
{
    struct checkpoint_row row = {0};
    const char *escaped_path = json_string_value(json_object_get(object, "path"));
    char *key = unescape(escaped_key);
    char *path = escaped_path != NULL ? unescape(escaped_path) : NULL;
    bool is_right = key != NULL && path != NULL && get_numbers(object, &row);
    if (is_right && load != NULL) {
        row.key = key;
        row.path = path;
        load(context, &row);
    }
    free(key);
    free(path);
    return is_right;
}

static bool is_whole(const json_t *root, json_t *streams)
{
    uint64_t version;
    uint64_t sum;
    if (!get_number(root, "version", &version) || version != VERSION ||
        !get_hash(root, "checksum", &sum) || !json_is_object(streams) ||
        checksum(streams) != sum) {
        return false;
    }
    const char *key;
    json_t *object;
    json_object_foreach(streams, key, object) {
        if (!read_row(key, object, NULL, NULL)) {
            return false;
        }
    }
    return true;
}

bool checkpoint_text_read(struct slice text,
                          void (*load)(void *context, const struct checkpoint_row *row),
                          void *context)
{
    json_error_t error;
    json_t *root = json_loadb(text.data != NULL ? text.data : "", text.len,
                              JSON_REJECT_DUPLICATES, &error);
    json_t *streams = json_object_get(root, "streams");
    bool is_good = root != NULL && is_whole(root, streams);
    if (is_good) {
        const char *key;
        json_t *object;
        json_object_foreach(streams, key, object) {
            read_row(key, object, load, context);
        }
    }
    json_decref(root);
    return is_good;
}

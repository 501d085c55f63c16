/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/parcel.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/hash.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/utf8.h"

#define MAGIC "clew-parcel 1 "

enum {
    MAGIC_BYTES = sizeof(MAGIC) - 1,
    CHECKSUM_BYTES = 16,
    PREFIX_BYTES = MAGIC_BYTES + CHECKSUM_BYTES,
};

static const char *const compressions[] = {"none", "gzip", "zstd"}; /* in the order of the enum */

void parcel_set_text(char out[PARCEL_TEXT_BYTES], struct slice text)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len && len < PARCEL_TEXT_BYTES - 5;) {
        size_t n = utf8_sequence_len(text.data + i, text.len - i);
        if (n == 0 || text.data[i] == '\0') {
            out[len++] = '?';
            i++;
        } else {
            memcpy(out + len, text.data + i, n);
            len += n;
            i += n;
        }
    }
    out[len] = '\0';
}

/* ---- writing ---- */

static uint64_t checksum(struct slice head, struct slice body)
{
    return hash_bytes(body.data, body.len, hash_bytes(head.data, head.len, 0));
}

static void write_json(const struct parcel *parcel, struct buf *head)
{
    buf_append_format(head,
                      " {\"records\":%" PRIu32 ",\"compression\":\"%s\",\"bytes\":%zu,"
                      "\"unpacked_bytes\":%" PRIu64 ",\"time\":\"%" PRIu64 "\",\"output\":",
                      parcel->records, compressions[parcel->compression], parcel->body.len,
                      parcel->unpacked_bytes, parcel->time_ns);
    json_write_string(head, slice_from_string(parcel->output));
    if (parcel->status != 0 || parcel->message[0] != '\0') {
        buf_append_format(head, ",\"status\":%" PRIu64 ",\"message\":", parcel->status);
        json_write_string(head, slice_from_string(parcel->message));
    }
    if (parcel->has_streams) {
        char digits[STREAM_SET_DIGITS + 1];
        stream_set_write(&parcel->streams, digits);
        buf_append_format(head, ",\"streams\":\"%s\"", digits);
    }
    buf_append_string(head, "}\n");
}

void parcel_write_head(const struct parcel *parcel, struct buf *head)
{
    char digits[CHECKSUM_BYTES + 1];
    buf_clear(head);
    head->limit = PARCEL_HEAD_BYTES_MAX;
    buf_append_string(head, MAGIC "0000000000000000");
    write_json(parcel, head);
    struct slice covered = slice_skip(buf_slice(head), PREFIX_BYTES);
    snprintf(digits, sizeof(digits), "%016" PRIx64, checksum(covered, parcel->body));
    memcpy(head->data + MAGIC_BYTES, digits, CHECKSUM_BYTES);
}

/* ---- reading ---- */

static bool read_hex(struct slice digits, uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
        number = number << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *out = number;
    return true;
}

static bool read_compression(const json_t *name, enum compression *out)
{
    for (unsigned i = 0; json_is_string(name) && i < ARRAY_LEN(compressions); i++) {
        if (strcmp(json_string_value(name), compressions[i]) == 0) {
            *out = (enum compression)i;
            return true;
        }
    }
    return false;
}

/* A number from 0 to `max`. */
static bool read_number(const json_t *root, const char *name, uint64_t max, uint64_t *out)
{
    const json_t *value = json_object_get(root, name);
    json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    *out = (uint64_t)number;
    return number >= 0 && *out <= max;
}

static void read_text(const json_t *root, const char *name, char out[PARCEL_TEXT_BYTES])
{
    const json_t *value = json_object_get(root, name);
    if (json_is_string(value)) {
        parcel_set_text(out, slice_make(json_string_value(value), json_string_length(value)));
    }
}

static bool read_json(const json_t *root, struct parcel *out)
{
    uint64_t records;
    uint64_t bytes;
    if (!read_number(root, "records", UINT32_MAX, &records) || records == 0 ||
        !read_number(root, "bytes", SIZE_MAX / 2, &bytes) || bytes != out->body.len ||
        !read_number(root, "unpacked_bytes", PARCEL_UNPACKED_BYTES_MAX, &out->unpacked_bytes) ||
        !read_compression(json_object_get(root, "compression"), &out->compression)) {
        return false;
    }
    out->records = (uint32_t)records;
    const char *time = json_string_value(json_object_get(root, "time"));
    out->time_ns = time != NULL ? strtoull(time, NULL, 10) : 0;
    if (!read_number(root, "status", 999, &out->status)) {
        out->status = 0;
    }
    read_text(root, "output", out->output);
    read_text(root, "message", out->message);
    const json_t *streams = json_object_get(root, "streams");
    out->has_streams =
        json_is_string(streams) &&
        stream_set_read(slice_make(json_string_value(streams), json_string_length(streams)),
                        &out->streams);
    return true;
}

bool parcel_read(struct slice file, struct parcel *out)
{
    uint64_t expected;
    size_t near = file.len < PARCEL_HEAD_BYTES_MAX ? file.len : PARCEL_HEAD_BYTES_MAX;
    const char *end = near > 0 ? memchr(file.data, '\n', near) : NULL;
    if (!slice_has_prefix(file, SLICE(MAGIC)) || end == NULL || end - file.data < PREFIX_BYTES ||
        !read_hex(slice_make(file.data + MAGIC_BYTES, CHECKSUM_BYTES), &expected)) {
        return false;
    }
    size_t head_len = (size_t)(end - file.data) + 1;
    struct slice head = slice_make(file.data + PREFIX_BYTES, head_len - PREFIX_BYTES);
    struct parcel parcel = {.body = slice_skip(file, head_len)};
    if (checksum(head, parcel.body) != expected) {
        return false;
    }
    json_t *root = json_loadb(head.data, head.len, JSON_REJECT_DUPLICATES, NULL);
    bool is_good = root != NULL && read_json(root, &parcel);
    json_decref(root);
    if (is_good) {
        *out = parcel;
    }
    return is_good;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "base/mem.h"
#include "delivery/parcel.h"

#include <inttypes.h>
#include <stdio.h>

/*
 * Bytes that claim to be a spooled request are read without harm, and what is read can be written
 * and read again. So that a fuzzer gets past the checksum, it is also tried with the right one.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_file(struct slice file)
{
    struct parcel parcel;
    struct parcel again;
    struct buf out = {0};
    if (!parcel_read(file, &parcel)) {
        return;
    }
    ENSURE(parcel.records > 0 && parcel.unpacked_bytes <= PARCEL_UNPACKED_BYTES_MAX);
    ENSURE(parcel.body.data + parcel.body.len == file.data + file.len);
    parcel_write_head(&parcel, &out);
    out.limit = out.len + parcel.body.len;
    ENSURE(buf_append_slice(&out, parcel.body));
    ENSURE(parcel_read(buf_slice(&out), &again));
    ENSURE(again.records == parcel.records && again.compression == parcel.compression);
    ENSURE(strcmp(again.message, parcel.message) == 0 && strcmp(again.output, parcel.output) == 0);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t prefix = sizeof("clew-parcel 1 0123456789abcdef") - 1;
    try_file(slice_make((const char *)data, size));
    const char *end = size > prefix ? memchr(data, '\n', size) : NULL;
    if (end == NULL || (size_t)(end - (const char *)data) < prefix) {
        return 0;
    }
    char digits[17];
    struct buf copy = {.limit = size};
    buf_append(&copy, data, size);
    size_t head_len = (size_t)(end - (const char *)data) + 1;
    uint64_t sum = hash_bytes(copy.data + prefix, head_len - prefix, 0);
    sum = hash_bytes(copy.data + head_len, size - head_len, sum);
    snprintf(digits, sizeof(digits), "%016" PRIx64, sum);
    memcpy(copy.data + prefix - 16, digits, 16);
    try_file(buf_slice(&copy));
    buf_fini(&copy);
    return 0;
}

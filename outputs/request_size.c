/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/request_size.h"

enum {
    RETRY_AFTER_TAKEN = 256, /* requests, until one is tried that was found too large */
    BYTES_MIN = 1,
};

/* Larger than any request: nothing is known to be too large. */
#define BYTES_MAX (UINT64_C(1) << 30)

#define NS_PER_MS UINT64_C(1000000)

struct request_size request_size_any(uint64_t timeout_ms)
{
    return (struct request_size){.timeout_ms = timeout_ms,
                                 .bytes_max = REQUEST_SIZE_ANY,
                                 .refused_bytes = REQUEST_SIZE_ANY};
}

static void shrink(struct request_size *size, uint64_t bytes)
{
    uint64_t half = bytes / 2 > BYTES_MIN ? bytes / 2 : BYTES_MIN;
    size->bytes_max = half < size->bytes_max ? half : size->bytes_max;
}

void request_size_too_large(struct request_size *size, uint64_t bytes)
{
    size->refused_bytes = bytes < size->refused_bytes ? bytes : size->refused_bytes;
    size->taken = 0;
    shrink(size, bytes);
}

void request_size_late(struct request_size *size, uint64_t bytes, bool again)
{
    if (again || size->bytes_max == REQUEST_SIZE_ANY || bytes >= size->bytes_max / 2) {
        shrink(size, bytes);
    }
}

static uint64_t growth(const struct request_size *size, uint64_t took_ns)
{
    uint64_t timeout_ns = size->timeout_ms * NS_PER_MS;
    if (size->timeout_ms == 0 || took_ns <= timeout_ns / 4) {
        return size->bytes_max;
    }
    return took_ns <= timeout_ns / 4 * 3 ? size->bytes_max / 8 + 1 : 0;
}

void request_size_taken(struct request_size *size, uint64_t bytes, uint64_t took_ns)
{
    if (size->bytes_max == REQUEST_SIZE_ANY || bytes < size->bytes_max / 2) {
        return;
    }
    if (size->refused_bytes != REQUEST_SIZE_ANY && ++size->taken >= RETRY_AFTER_TAKEN) {
        size->refused_bytes = REQUEST_SIZE_ANY;
    }
    uint64_t larger = size->bytes_max + growth(size, took_ns);
    if (larger < size->refused_bytes) {
        size->bytes_max = larger < BYTES_MAX ? larger : REQUEST_SIZE_ANY;
    }
}

uint32_t request_size_records(const struct request_size *size, uint32_t records, uint64_t bytes)
{
    if (bytes <= size->bytes_max) {
        return records;
    }
    uint64_t count = size->bytes_max / (bytes / records + 1);
    return count > 0 ? (uint32_t)count : 1;
}

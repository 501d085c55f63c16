/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_REQUEST_SIZE_H
#define CLEW_OUTPUTS_REQUEST_SIZE_H

/*
 * How large a request a backend takes, as it was found out. Bytes are those of the request before
 * compression; no clock: times are arguments.
 *
 *     what happened                        the limit
 *     found too large (413)                half of it, and never so large again, but for a try now and then
 *     not answered in time                 half of it
 *     answered in a quarter of the time    twice as large
 *     … in three quarters                  an eighth more
 *
 * Only what is about as large as the limit lets it grow. So a backend that is slow for each record gets
 * requests that it answers well in time, and none is sent, and doubled, for ever.
 */

#include <stdbool.h>
#include <stdint.h>

#define REQUEST_SIZE_ANY UINT64_MAX

struct request_size {
    uint64_t timeout_ms;
    uint64_t bytes_max;
    uint64_t refused_bytes; /* found too large */
    unsigned taken;         /* requests, as large as may be, since then */
};

struct request_size request_size_any(uint64_t timeout_ms);

void request_size_too_large(struct request_size *size, uint64_t bytes);
/* What is much smaller than the limit says little about it; but if it is late `again`, it is too large. */
void request_size_late(struct request_size *size, uint64_t bytes, bool again);
void request_size_taken(struct request_size *size, uint64_t bytes, uint64_t took_ns);

/* How many of the `records`, which have `bytes`, go into one request: at least one. */
uint32_t request_size_records(const struct request_size *size, uint32_t records, uint64_t bytes);

#endif

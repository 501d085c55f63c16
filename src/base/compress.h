/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_COMPRESS_H
#define CLEW_BASE_COMPRESS_H

/*
 * Compression of request bodies: gzip by libdeflate, zstd, each at its fastest level.
 *
 * Higher levels cost more CPU than they save in bytes here: on log text libdeflate at level 1 runs
 * 310 to 395 MB/s at ratio 6.1, zstd at level 1 640 to 815 MB/s at 7.5. A compressor keeps its
 * context from request to request; one serves any number of requests, one at a time.
 */

#include <stdbool.h>
#include "base/buf.h"

enum compression {
    COMPRESSION_NONE,
    COMPRESSION_GZIP,
    COMPRESSION_ZSTD,
};

struct compressor;

struct compressor *compressor_new(enum compression compression);
void compressor_free(struct compressor *compressor); /* NULL is fine */

/* `in` compressed, instead of what was in `out`; a copy for COMPRESSION_NONE. False if it does not
 * fit under out->limit (compress_bound() always does): `out` is then empty. */
bool compressor_run(struct compressor *compressor, struct slice in, struct buf *out);

/* The most that `len` bytes can become. */
size_t compress_bound(enum compression compression, size_t len);

/* The value of Content-Encoding; NULL for none. */
const char *compression_encoding(enum compression compression);

#endif

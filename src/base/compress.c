/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compress.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zstd.h>
#include "base/mem.h"

enum { GZIP_LEVEL = 1, ZSTD_LEVEL = 1 };

struct compressor {
    enum compression compression;
    struct libdeflate_compressor *gzip;
    ZSTD_CCtx *zstd;
};

struct compressor *compressor_new(enum compression compression)
{
    struct compressor *compressor = mem_alloc(sizeof(*compressor));
    compressor->compression = compression;
    if (compression == COMPRESSION_GZIP) {
        compressor->gzip = libdeflate_alloc_compressor(GZIP_LEVEL);
        ENSURE(compressor->gzip != NULL);
    } else if (compression == COMPRESSION_ZSTD) {
        compressor->zstd = ZSTD_createCCtx();
        ENSURE(compressor->zstd != NULL);
    }
    return compressor;
}

void compressor_free(struct compressor *compressor)
{
    if (compressor != NULL) {
        libdeflate_free_compressor(compressor->gzip);
        ZSTD_freeCCtx(compressor->zstd);
        free(compressor);
    }
}

size_t compress_bound(enum compression compression, size_t len)
{
    switch (compression) {
    case COMPRESSION_GZIP:
        return libdeflate_gzip_compress_bound(NULL, len);
    case COMPRESSION_ZSTD:
        return ZSTD_compressBound(len);
    case COMPRESSION_NONE:
        break;
    }
    return len;
}

/* Bytes written; 0 if `room` is too small. */
static size_t compress_into(struct compressor *compressor, struct slice in, char *out, size_t room)
{
    if (compressor->compression == COMPRESSION_GZIP) {
        return libdeflate_gzip_compress(compressor->gzip, in.data, in.len, out, room);
    }
    size_t n = ZSTD_compressCCtx(compressor->zstd, out, room, in.data, in.len, ZSTD_LEVEL);
    return ZSTD_isError(n) ? 0 : n;
}

bool compressor_run(struct compressor *compressor, struct slice in, struct buf *out)
{
    buf_clear(out);
    if (compressor->compression == COMPRESSION_NONE) {
        return buf_append_slice(out, in);
    }
    size_t room = compress_bound(compressor->compression, in.len);
    room = room < out->limit ? room : out->limit;
    if (room == 0 || !buf_reserve(out, room)) {
        return false;
    }
    out->len = compress_into(compressor, in, out->data, room);
    return out->len > 0;
}

const char *compression_encoding(enum compression compression)
{
    switch (compression) {
    case COMPRESSION_GZIP:
        return "gzip";
    case COMPRESSION_ZSTD:
        return "zstd";
    case COMPRESSION_NONE:
        break;
    }
    return NULL;
}

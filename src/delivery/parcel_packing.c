/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/parcel_packing.h"

#include <stdlib.h>
#include "base/compress.h"
#include "base/mem.h"
#include "base/uncompress.h"
#include "otlp/split.h"

struct parcel_packing {
    enum compression compression;
    struct compressor *compressor;     /* made when it is first needed, as … */
    struct uncompressor *uncompressor; /* … is this */
    struct buf body;
};

struct parcel_packing *parcel_packing_new(enum compression compression)
{
    struct parcel_packing *packing = mem_alloc(sizeof(*packing));
    packing->compression = compression;
    buf_init(&packing->body, SIZE_MAX); /* bounded by what is packed */
    return packing;
}

void parcel_packing_rest(struct parcel_packing *packing)
{
    compressor_free(packing->compressor);
    uncompressor_free(packing->uncompressor);
    buf_fini(&packing->body);
    packing->compressor = NULL;
    packing->uncompressor = NULL;
}

void parcel_packing_free(struct parcel_packing *packing)
{
    if (packing != NULL) {
        parcel_packing_rest(packing);
        free(packing);
    }
}

void parcel_packing_pack(struct parcel_packing *packing, struct slice request, uint32_t records,
                         struct parcel *out)
{
    *out = (struct parcel){.records = records,
                           .compression = packing->compression,
                           .unpacked_bytes = request.len,
                           .body = request};
    if (packing->compression != COMPRESSION_NONE) {
        if (packing->compressor == NULL) {
            packing->compressor = compressor_new(packing->compression);
        }
        ENSURE(compressor_run(packing->compressor, request, &packing->body));
        out->body = buf_slice(&packing->body);
    }
}

static bool uncompress_body(struct parcel_packing *packing, const struct parcel *parcel,
                            struct buf *out)
{
    static const enum content_encoding encodings[] = {
        [COMPRESSION_NONE] = ENCODING_IDENTITY,
        [COMPRESSION_GZIP] = ENCODING_GZIP,
        [COMPRESSION_ZSTD] = ENCODING_ZSTD,
    };
    if (parcel->compression == COMPRESSION_NONE) {
        return buf_append_slice(out, parcel->body);
    }
    if (packing->uncompressor == NULL) {
        packing->uncompressor = uncompressor_new();
    }
    return uncompress(packing->uncompressor, encodings[parcel->compression], parcel->body, out) ==
           UNCOMPRESS_OK;
}

bool parcel_packing_unpack(struct parcel_packing *packing, const struct parcel *parcel,
                           struct buf *out)
{
    uint32_t records = 0;
    buf_clear(out);
    out->limit = parcel->unpacked_bytes + 1;
    return buf_reserve(out, out->limit) && uncompress_body(packing, parcel, out) &&
           out->len == parcel->unpacked_bytes && otlp_split_count(buf_slice(out), &records) &&
           records == parcel->records;
}

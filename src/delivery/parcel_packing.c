/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/parcel_packing.h"

#include <stdlib.h>
#include "base/compress.h"
#include "base/mem.h"
#include "base/uncompress.h"
#include "otlp/split.h"

struct packer {
    enum compression compression;
    struct compressor *compressor;     /* made when it is first needed, as … */
    struct uncompressor *uncompressor; /* … is this */
    struct buf body;
};

struct packer *packer_new(enum compression compression)
{
    struct packer *packer = mem_alloc(sizeof(*packer));
    packer->compression = compression;
    buf_init(&packer->body, SIZE_MAX); /* bounded by what is packed */
    return packer;
}

void packer_rest(struct packer *packer)
{
    compressor_free(packer->compressor);
    uncompressor_free(packer->uncompressor);
    buf_fini(&packer->body);
    packer->compressor = NULL;
    packer->uncompressor = NULL;
}

void packer_free(struct packer *packer)
{
    if (packer != NULL) {
        packer_rest(packer);
        free(packer);
    }
}

void packer_pack(struct packer *packer, struct slice request, uint32_t records,
                 struct parcel *out)
{
    *out = (struct parcel){.records = records,
                           .compression = packer->compression,
                           .unpacked_bytes = request.len,
                           .body = request};
    if (packer->compression != COMPRESSION_NONE) {
        if (packer->compressor == NULL) {
            packer->compressor = compressor_new(packer->compression);
        }
        ENSURE(compressor_run(packer->compressor, request, &packer->body));
        out->body = buf_slice(&packer->body);
    }
}

static bool uncompress_body(struct packer *packer, const struct parcel *parcel, struct buf *out)
{
    static const enum content_encoding encodings[] = {
        [COMPRESSION_NONE] = ENCODING_IDENTITY,
        [COMPRESSION_GZIP] = ENCODING_GZIP,
        [COMPRESSION_ZSTD] = ENCODING_ZSTD,
    };
    if (parcel->compression == COMPRESSION_NONE) {
        return buf_append_slice(out, parcel->body);
    }
    if (packer->uncompressor == NULL) {
        packer->uncompressor = uncompressor_new();
    }
    return uncompress(packer->uncompressor, encodings[parcel->compression], parcel->body, out) ==
           UNCOMPRESS_OK;
}

bool packer_unpack(struct packer *packer, const struct parcel *parcel, struct buf *out)
{
    uint32_t records = 0;
    buf_clear(out);
    out->limit = parcel->unpacked_bytes + 1;
    return buf_reserve(out, out->limit) && uncompress_body(packer, parcel, out) &&
           out->len == parcel->unpacked_bytes && otlp_split_count(buf_slice(out), &records) &&
           records == parcel->records;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uncompress.h"

/*
 * libdeflate wants the whole output at once and says when it was too small: room is doubled until
 * it fits or the limit is reached. The buffer is kept by the caller, so this happens a few times in
 * the life of a receiver.
 */

#include <libdeflate.h>
#include <stdlib.h>
#include <zstd.h>
#include "base/mem.h"

enum {
    FIRST_BYTES = 256 * 1024,
    ZSTD_WINDOW_LOG_MAX = 27, /* 128 MiB, what zstd itself takes without being asked */
};

struct uncompressor {
    struct libdeflate_decompressor *gzip;
    ZSTD_DCtx *zstd;
};

enum content_encoding content_encoding_from_name(const char *name)
{
    static const struct {
        struct slice name;
        enum content_encoding encoding;
    } names[] = {
        {{"", 0}, ENCODING_IDENTITY}, {{"identity", 8}, ENCODING_IDENTITY},
        {{"gzip", 4}, ENCODING_GZIP}, {{"x-gzip", 6}, ENCODING_GZIP},
        {{"zstd", 4}, ENCODING_ZSTD},
    };
    struct slice given = slice_trim(slice_from_string(name));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (slice_is_equal_nocase(given, names[i].name)) {
            return names[i].encoding;
        }
    }
    return ENCODING_UNKNOWN;
}

struct uncompressor *uncompressor_new(void)
{
    struct uncompressor *uncompressor = mem_alloc(sizeof(*uncompressor));
    uncompressor->gzip = libdeflate_alloc_decompressor();
    uncompressor->zstd = ZSTD_createDCtx();
    ENSURE(uncompressor->gzip != NULL && uncompressor->zstd != NULL);
    ZSTD_DCtx_setParameter(uncompressor->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    return uncompressor;
}

void uncompressor_free(struct uncompressor *uncompressor)
{
    if (uncompressor != NULL) {
        libdeflate_free_decompressor(uncompressor->gzip);
        ZSTD_freeDCtx(uncompressor->zstd);
        free(uncompressor);
    }
}

/* More room, twice what there is; false at the limit. */
static bool widen(struct buf *out)
{
    size_t more = out->cap < FIRST_BYTES ? FIRST_BYTES : out->cap;
    size_t want = out->cap - out->len + more;
    size_t left = out->limit - out->len;
    return out->cap < out->limit && buf_reserve(out, want < left ? want : left);
}

static enum uncompress_result take_gzip_member(struct libdeflate_decompressor *gzip,
                                               struct slice *in, struct buf *out)
{
    for (;;) {
        size_t used = 0;
        size_t made = 0;
        enum libdeflate_result result = libdeflate_gzip_decompress_ex(
            gzip, in->data, in->len, out->data + out->len, out->cap - out->len, &used, &made);
        if (result == LIBDEFLATE_SUCCESS) {
            out->len += made;
            *in = slice_skip(*in, used);
            return UNCOMPRESS_OK;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE) {
            return UNCOMPRESS_MALFORMED;
        }
        if (!widen(out)) {
            return UNCOMPRESS_TOO_LARGE;
        }
    }
}

static enum uncompress_result take_gzip(struct libdeflate_decompressor *gzip, struct slice in,
                                        struct buf *out)
{
    enum uncompress_result result = in.len > 0 ? UNCOMPRESS_OK : UNCOMPRESS_MALFORMED;
    while (in.len > 0 && result == UNCOMPRESS_OK) {
        result = take_gzip_member(gzip, &in, out);
    }
    return result;
}

static enum uncompress_result take_zstd(ZSTD_DCtx *zstd, struct slice in, struct buf *out)
{
    ZSTD_inBuffer from = {in.data, in.len, 0};
    size_t left = 1; /* 0 when a frame is whole */
    ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only);
    for (;;) {
        ZSTD_outBuffer to = {out->data, out->cap, out->len};
        size_t before = from.pos;
        left = ZSTD_decompressStream(zstd, &to, &from);
        if (ZSTD_isError(left)) {
            return UNCOMPRESS_MALFORMED;
        }
        bool is_stuck = to.pos == out->len && from.pos == before;
        out->len = to.pos;
        if (from.pos == from.size && left == 0) {
            return UNCOMPRESS_OK;
        }
        if (out->len == out->cap) {
            if (!widen(out)) {
                return UNCOMPRESS_TOO_LARGE;
            }
        } else if (from.pos == from.size || is_stuck) {
            return UNCOMPRESS_MALFORMED; /* it ends within a frame */
        }
    }
}

enum uncompress_result uncompress(struct uncompressor *uncompressor, enum content_encoding encoding,
                                  struct slice in, struct buf *out)
{
    buf_clear(out);
    if (out->cap == 0) {
        widen(out);
    }
    return encoding == ENCODING_GZIP ? take_gzip(uncompressor->gzip, in, out)
                                     : take_zstd(uncompressor->zstd, in, out);
}

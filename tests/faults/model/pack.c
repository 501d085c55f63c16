/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

#include <zlib.h>
#include "base/mem.h"
#include "schedule.h"

static const struct {
    const char *extension;
    const char *begin;
} formats[FORMATS] = {
    [FORMAT_PLAIN] = {"", ""},
    [FORMAT_GZ] = {".gz", ""},
    [FORMAT_ZST] = {".zst", "\x28\xb5\x2f\xfd"},
    [FORMAT_XZ] = {".xz", "\xfd" "7zXZ"},
    [FORMAT_BZ2] = {".bz2", "BZh9"},
};

const char *pack_extension(unsigned format)
{
    return formats[format].extension;
}

static void pack_gzip(struct slice bytes, struct buf *out)
{
    z_stream stream = {0};
    ENSURE(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t most = deflateBound(&stream, bytes.len);
    ENSURE(buf_reserve(out, most));
    stream.next_in = (unsigned char *)(uintptr_t)bytes.data;
    stream.avail_in = (unsigned)bytes.len;
    stream.next_out = (unsigned char *)out->data + out->len;
    stream.avail_out = (unsigned)most;
    ENSURE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out->len += stream.total_out;
    deflateEnd(&stream);
}

void pack(unsigned format, struct slice bytes, struct buf *out)
{
    if (format == FORMAT_GZ) {
        pack_gzip(bytes, out);
        return;
    }
    buf_append(out, formats[format].begin, strlen(formats[format].begin));
    for (size_t i = 0; i < bytes.len / 4; i++) {
        char c = (char)(bytes.data[4 * i] * 7 + (char)i);
        buf_append(out, &c, 1);
    }
}

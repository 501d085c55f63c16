/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_UNCOMPRESS_H
#define CLEW_BASE_UNCOMPRESS_H

/*
 * Content encodings undone (RFC 9110 section 8.4): gzip, which every OTLP receiver must take, and
 * zstd. The limit holds for what comes out, so that a small body cannot become a large one.
 */

#include "base/buf.h"
#include "base/slice.h"

struct uncompressor;

enum content_encoding {
    ENCODING_IDENTITY,
    ENCODING_GZIP,
    ENCODING_ZSTD,
    ENCODING_UNKNOWN,
};

enum uncompress_result {
    UNCOMPRESS_OK = 0,
    UNCOMPRESS_MALFORMED,
    UNCOMPRESS_TOO_LARGE, /* over out->limit */
};

/* The encoding of a Content-Encoding header; NULL is identity. */
enum content_encoding content_encoding_from_name(const char *name);

struct uncompressor *uncompressor_new(void);
void uncompressor_free(struct uncompressor *uncompressor); /* NULL is fine */

/* `in` whole, into the emptied `out`. For gzip and zstd only; several members or frames behind each
 * other are one text, as their standards say. On failure `out` holds rubbish. */
enum uncompress_result uncompress(struct uncompressor *uncompressor, enum content_encoding encoding,
                                  struct slice in, struct buf *out);

#endif

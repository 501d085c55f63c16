/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_PARCEL_H
#define CLEW_DELIVERY_PARCEL_H

/*
 * A request on disk: one file, of which the first line is for people and the rest is the body as it
 * is sent.
 *
 *     clew-parcel 1 <checksum, 16 hex digits> {"records":12,"compression":"gzip","bytes":345,
 *      "unpacked_bytes":2345,"time":"<ns since 1970>","output":"otlp_http","status":400,
 *      "message":"…","streams":"<hex digits>"}\n<body>
 *
 * The checksum is over everything behind it, so a file that is torn or changed anywhere is none.
 * Spools hold parcels that wait, dead letters hold those that were refused, with the reason.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "record/settings.h"
#include "record/stream_set.h"

enum {
    PARCEL_TEXT_BYTES = 512,
    PARCEL_HEAD_BYTES_MAX = 8192,                /* of the first line */
    PARCEL_UNPACKED_BYTES_MAX = 1 << 29,         /* a larger request is none of ours */
};

struct parcel {
    uint32_t records;
    enum compression compression; /* of the body */
    uint64_t unpacked_bytes;      /* of the body without compression */
    uint64_t time_ns;             /* when it was written, since 1970 */
    uint64_t status;              /* of the HTTP answer that refused it; 0: none did */
    char output[PARCEL_TEXT_BYTES];  /* its name in the config */
    char message[PARCEL_TEXT_BYTES]; /* the far end's words; may be empty */
    struct stream_set streams; /* that have lines in it … */
    bool has_streams;          /* … if that is known */
    struct slice body;            /* belongs to somebody else */
};

/* A copy of `text`, cut to fit; what is not UTF-8 becomes `?`. */
void parcel_set_text(char out[PARCEL_TEXT_BYTES], struct slice text);

/* The first line for this parcel, instead of what was in `head`; its body goes behind it. */
void parcel_write_head(const struct parcel *parcel, struct buf *head);

/* Read a whole file. False if it is not one that was written whole; *out is then untouched, else
 * out->body is part of `file`. */
bool parcel_read(struct slice file, struct parcel *out);

#endif

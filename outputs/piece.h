/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_PIECE_H
#define CLEW_OUTPUTS_PIECE_H

/*
 * What of a batch is sent now: all of it, or a run of its records (otlp/split.h). What comes before is
 * decided; what comes after follows, in pieces that grow again. So one bad record costs itself and not
 * its neighbours, and a backend that takes no large request gets small ones.
 *
 * A piece is never larger than the backend is known to take (request_size.h), if it has more than one
 * record.
 */

#include <stdbool.h>
#include "base/buf.h"
#include "base/compress.h"
#include "otlp/batch.h"
#include "outputs/request_size.h"

struct piece {
    const struct batch *batch;
    bool has_body;         /* `body` is made, for first and count */
    uint64_t bytes;        /* … of so many before compression */
    struct slice body;     /* in the batch, packed or not, in `part` or in `compressed` */
    struct buf part;       /* of the batch; unused while all of it is sent */
    struct buf compressed; /* unused without compression */
    uint32_t first;        /* records that are sent now */
    uint32_t count;
};

void piece_init(struct piece *piece);
void piece_rest(struct piece *piece); /* holds no memory until it is used again */

/* The batch's first. It must stay where it is while a piece of it is used. */
void piece_begin(struct piece *piece, const struct batch *batch, const struct request_size *size);

/* Bytes of it before compression; nearly so until the body is made. */
uint64_t piece_bytes(const struct piece *piece);

/* As a request without compression, and as it is sent: good until the piece changes. The compressor may
 * be NULL without compression. */
struct slice piece_request(struct piece *piece);
struct slice piece_body(struct piece *piece, enum compression compression,
                        struct compressor *compressor);

/* No larger than the backend takes by now. True if it is smaller than it was. */
bool piece_fit(struct piece *piece, const struct request_size *size);

bool piece_halve(struct piece *piece); /* false: it is a single record */

/* These records are decided: those behind them. False: there are none. */
bool piece_next(struct piece *piece, const struct request_size *size);

#endif

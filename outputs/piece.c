/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/piece.h"

#include "base/mem.h"
#include "otlp/split.h"

void piece_init(struct piece *piece)
{
    *piece = (struct piece){0};
    /* Bounded by the batch that they are made of. */
    buf_init(&piece->part, SIZE_MAX);
    buf_init(&piece->compressed, SIZE_MAX);
}

void piece_rest(struct piece *piece)
{
    buf_fini(&piece->part);
    buf_fini(&piece->compressed);
}

static void set(struct piece *piece, uint32_t first, uint32_t count)
{
    piece->first = first;
    piece->count = count;
    piece->has_body = false;
}

void piece_begin(struct piece *piece, const struct batch *batch, const struct request_size *size)
{
    piece->batch = batch;
    set(piece, 0, batch->records);
    piece_fit(piece, size);
}

uint64_t piece_bytes(const struct piece *piece)
{
    const struct batch *batch = piece->batch;
    return piece->has_body ? piece->bytes
                           : (uint64_t)batch->bytes.len * piece->count / batch->records;
}

/* ---- what is sent ---- */

static bool is_whole(const struct piece *piece)
{
    return piece->first == 0 && piece->count == piece->batch->records;
}

struct slice piece_request(struct piece *piece)
{
    struct slice request = buf_slice(&piece->batch->bytes);
    if (is_whole(piece)) {
        return request;
    }
    /* The batch was encoded here: it can be taken apart. */
    ENSURE(otlp_split_copy(request, piece->first, piece->count, &piece->part));
    return buf_slice(&piece->part);
}

/* Made once for all tries. */
struct slice piece_body(struct piece *piece, enum compression compression,
                        struct compressor *compressor)
{
    const struct batch *batch = piece->batch;
    if (piece->has_body) {
        return piece->body;
    }
    piece->has_body = true;
    piece->bytes = batch->bytes.len;
    if (is_whole(piece) && batch->packed_body.len > 0 && batch->packing == compression) {
        piece->body = batch->packed_body; /* as it lay in the spool */
        return piece->body;
    }
    piece->body = piece_request(piece);
    piece->bytes = piece->body.len;
    if (compression != COMPRESSION_NONE) {
        ENSURE(compressor_run(compressor, piece->body, &piece->compressed));
        piece->body = buf_slice(&piece->compressed);
    }
    return piece->body;
}

/* ---- how much ---- */

bool piece_fit(struct piece *piece, const struct request_size *size)
{
    uint32_t count = request_size_records(size, piece->count, piece_bytes(piece));
    if (count >= piece->count) {
        return false;
    }
    set(piece, piece->first, count);
    return true;
}

bool piece_halve(struct piece *piece)
{
    if (piece->count <= 1) {
        return false;
    }
    set(piece, piece->first, piece->count / 2);
    return true;
}

bool piece_next(struct piece *piece, const struct request_size *size)
{
    uint32_t first = piece->first + piece->count;
    uint32_t left = piece->batch->records - first;
    uint32_t grown = piece->count < left / 2 ? piece->count * 2 : left;
    if (left == 0) {
        return false;
    }
    set(piece, first, grown);
    piece_fit(piece, size);
    return true;
}

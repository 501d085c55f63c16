/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/gzip_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "base/mem.h"

enum {
    INPUT_BYTES = 64 * 1024,
    STEP_BYTES = 64 * 1024,  /* uncompressed at a time while skipping */
    GZIP_WINDOW_BITS = 15 + 16, /* zlib's way to say: expect a gzip header */
    GROWTH_MAX = 1032,          /* deflate makes at most so many bytes of one */
    TRAILER_BYTES = 8,          /* CRC32 and ISIZE, at the end of a member (RFC 1952) */
};

/* `window` holds the uncompressed bytes from window_start on: the last ones returned, because the
 * reader of lines comes back for the one that was not whole. */
struct gzip_reader {
    z_stream stream;
    const struct world *world;
    int file;
    uint64_t input_offset;
    char *window;
    size_t window_len;
    size_t window_cap;
    uint64_t window_start;
    enum gzip_end end;   /* when more of the file was asked for the last time … */
    uint64_t end_offset; /* … behind this */
    bool is_in_member; /* of the several that the file may be */
    bool has_member;   /* one was whole */
    bool is_broken;
    bool is_ended; /* what follows is no member */
    unsigned char input[INPUT_BYTES];
};

struct gzip_reader *gzip_reader_new(const struct world *world, int file)
{
    struct gzip_reader *reader = mem_alloc(sizeof(*reader));
    reader->world = world;
    reader->file = file;
    ENSURE(inflateInit2(&reader->stream, GZIP_WINDOW_BITS) == Z_OK);
    return reader;
}

void gzip_reader_free(struct gzip_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    inflateEnd(&reader->stream);
    free(reader->window);
    free(reader);
}

static void rewind_to_start(struct gzip_reader *reader)
{
    inflateReset(&reader->stream);
    reader->stream.avail_in = 0;
    reader->input_offset = 0;
    reader->window_len = 0;
    reader->window_start = 0;
    reader->is_in_member = false;
    reader->has_member = false;
    reader->is_broken = false;
    reader->is_ended = false;
}

static bool refill(struct gzip_reader *reader)
{
    if (reader->stream.avail_in > 0) {
        return true;
    }
    ssize_t n = world_read(reader->world, reader->file, reader->input, sizeof(reader->input),
                           reader->input_offset);
    if (n <= 0) {
        return false;
    }
    reader->input_offset += (uint64_t)n;
    reader->stream.next_in = reader->input;
    reader->stream.avail_in = (uInt)n;
    return true;
}

static void note_end(struct gzip_reader *reader, enum gzip_end end)
{
    reader->end = end;
    reader->end_offset = reader->input_offset;
}

/* A gzip file may be several, one after the other. False at its end. */
static bool step(struct gzip_reader *reader, size_t room)
{
    if (!refill(reader)) {
        note_end(reader, reader->has_member && !reader->is_in_member ? GZIP_WHOLE : GZIP_CUT);
        return false;
    }
    reader->end = reader->input_offset > reader->end_offset ? GZIP_GOES_ON : reader->end;
    reader->stream.next_out = (unsigned char *)reader->window + reader->window_len;
    reader->stream.avail_out = (uInt)room;
    int result = inflate(&reader->stream, Z_NO_FLUSH);
    reader->window_len += room - reader->stream.avail_out;
    if (result == Z_STREAM_END) {
        reader->is_in_member = false;
        reader->has_member = true;
        inflateReset(&reader->stream);
    } else if (result == Z_OK || result == Z_BUF_ERROR) {
        reader->is_in_member = true;
    } else {
        reader->is_broken = reader->is_in_member || !reader->has_member;
        reader->is_ended = !reader->is_broken;
        note_end(reader, reader->is_broken ? GZIP_BROKEN : GZIP_WHOLE);
        return false;
    }
    return true;
}

static void drop_before(struct gzip_reader *reader, uint64_t offset)
{
    uint64_t drop = offset - reader->window_start;
    drop = drop < reader->window_len ? drop : reader->window_len;
    if (drop == 0) {
        return;
    }
    memmove(reader->window, reader->window + drop, reader->window_len - drop);
    reader->window_len -= (size_t)drop;
    reader->window_start += drop;
}

ssize_t gzip_reader_read(struct gzip_reader *reader, char *bytes, size_t len, uint64_t offset)
{
    if (offset < reader->window_start) {
        rewind_to_start(reader);
    }
    bool is_over = reader->is_broken || reader->is_ended; /* else it may have grown */
    drop_before(reader, offset);
    while (!is_over && (reader->window_start < offset || reader->window_len < len)) {
        if (reader->window_cap < reader->window_len + STEP_BYTES) {
            reader->window_cap = reader->window_len + STEP_BYTES;
            reader->window = mem_resize(reader->window, reader->window_cap, 1);
        }
        is_over = !step(reader, STEP_BYTES);
        drop_before(reader, offset);
    }
    if (reader->window_start < offset || reader->window_len == 0) {
        return reader->is_broken ? -EBADMSG : 0;
    }
    size_t n = reader->window_len < len ? reader->window_len : len;
    memcpy(bytes, reader->window, n);
    return (ssize_t)n;
}

enum gzip_end gzip_reader_end(const struct gzip_reader *reader)
{
    return reader->end;
}

bool gzip_size_hint(const struct world *world, int file, uint32_t *out_size)
{
    unsigned char trailer[TRAILER_BYTES];
    unsigned char magic[2];
    struct file_stat info;
    if (world_stat_open(world, file, &info) < 0 || info.size < TRAILER_BYTES ||
        world_read(world, file, magic, sizeof(magic), 0) != sizeof(magic) || magic[0] != 0x1F ||
        magic[1] != 0x8B || /* written over, or never one */
        world_read(world, file, trailer, sizeof(trailer), info.size - TRAILER_BYTES) !=
            TRAILER_BYTES) {
        return false;
    }
    *out_size = (uint32_t)trailer[4] | (uint32_t)trailer[5] << 8 | (uint32_t)trailer[6] << 16 |
                (uint32_t)trailer[7] << 24;
    return *out_size / GROWTH_MAX <= info.size; /* of one that is still being written it is anything */
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/read_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "base/hash.h"
#include "base/mem.h"

/*
 * zlib's gzFile reads what is packed and what is not alike; in the second case it hands the bytes
 * through without a copy of its own. One buffer holds a chunk and, before it, the begun line of the
 * chunk before.
 */

enum { CHUNK_BYTES = 256 * 1024 };

struct reader {
    const struct read_lines_job *job;
    gzFile file;
    int fd; /* the same, for what is followed */
    char *buffer;
    size_t cap;
    size_t len;      /* bytes in the buffer */
    uint64_t offset; /* of its first byte, unpacked */
    uint64_t file_hash;
    bool is_piece; /* its first byte is not the first of a line */
};

static void give(struct reader *reader, size_t start, size_t len, size_t taken, bool is_cut)
{
    struct slice text = slice_make(reader->buffer + start, len);
    if (!is_cut && len > 0 && text.data[len - 1] == '\r') {
        text.len--;
    }
    struct line line = {
        .source = reader->job->source,
        .text = text,
        .begin = {reader->job->generation, reader->offset + start},
        .end = {reader->job->generation, reader->offset + start + taken},
        .file_hash = reader->file_hash,
        .read_ns = reader->job->now_ns,
        .is_piece = reader->is_piece,
        .is_cut = is_cut,
    };
    reader->job->line(reader->job->context, &line);
    reader->is_piece = is_cut;
}

/* A line longer than the limit: all full pieces of it. Returns where the rest begins. */
static size_t give_pieces(struct reader *reader, size_t start, size_t end)
{
    size_t max = reader->job->line_bytes_max;
    while (end - start > max) {
        give(reader, start, max, max, true);
        start += max;
    }
    return start;
}

/* Every whole line of the buffer; the rest is moved to its front. */
static void give_lines(struct reader *reader, size_t searched)
{
    size_t start = 0;
    size_t from = searched;
    const char *newline;
    while ((newline = memchr(reader->buffer + from, '\n', reader->len - from)) != NULL) {
        size_t end = (size_t)(newline - reader->buffer);
        start = give_pieces(reader, start, end);
        give(reader, start, end - start, end - start + 1, false);
        start = end + 1;
        from = start;
    }
    start = give_pieces(reader, start, reader->len);
    memmove(reader->buffer, reader->buffer + start, reader->len - start);
    reader->offset += start;
    reader->len -= start;
}

static char *describe_trouble(struct reader *reader)
{
    int code = Z_OK;
    const char *what = gzerror(reader->file, &code);
    return mem_format("cannot read %s: %s",
                      reader->job->path != NULL ? reader->job->path : "standard input",
                      code == Z_ERRNO ? strerror(errno) : what);
}

static bool is_to_go_on(struct reader *reader)
{
    const struct read_lines_job *job = reader->job;
    z_off_t offset = gzoffset(reader->file); /* below 0 for what has no place, such as a pipe */
    return job->progress == NULL ||
           job->progress(job->context, offset > 0 ? (uint64_t)offset : reader->offset);
}

/* gzread() waits for a whole chunk, which a slow pipe may take hours to fill. */
static int follow_chunk(struct reader *reader)
{
    struct pollfd wanted = {.fd = reader->fd, .events = POLLIN};
    while (poll(&wanted, 1, reader->job->follow_ms) == 0) {
        if (!is_to_go_on(reader)) {
            return 0;
        }
    }
    return (int)read(reader->fd, reader->buffer + reader->len, CHUNK_BYTES);
}

static int read_chunk(struct reader *reader)
{
    return reader->job->follow_ms > 0
               ? follow_chunk(reader)
               : gzread(reader->file, reader->buffer + reader->len, CHUNK_BYTES);
}

static bool read_all(struct reader *reader, char **out_error)
{
    int n;
    errno = 0;
    while ((n = read_chunk(reader)) > 0) {
        size_t searched = reader->len;
        reader->len += (size_t)n;
        give_lines(reader, searched);
        if (!is_to_go_on(reader)) {
            return true;
        }
    }
    if (reader->len > 0) { /* the last line has no newline */
        give(reader, 0, reader->len, reader->len, false);
    }
    if (n < 0 && reader->job->follow_ms > 0) {
        *out_error = mem_format("cannot read standard input: %s", strerror(errno));
        return false;
    }
    int code = Z_OK;
    gzerror(reader->file, &code); /* a packed file that ends early is told here, not by gzread() */
    if (n < 0 || code == Z_BUF_ERROR) {
        *out_error = describe_trouble(reader);
        return false;
    }
    return true;
}

static uint64_t hash_identity(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0) {
        return 0;
    }
    uint64_t identity[2] = {status.st_dev, status.st_ino};
    return hash_bytes(identity, sizeof(identity), 0);
}

/* The file, or a second descriptor of standard input, so that closing is always right. */
static int open_descriptor(const char *path)
{
    return path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
}

bool read_lines(const struct read_lines_job *job, char **out_error)
{
    int fd = open_descriptor(job->path);
    if (fd < 0) {
        *out_error = mem_format("cannot read %s: %s",
                                job->path != NULL ? job->path : "standard input", strerror(errno));
        return false;
    }
    struct reader reader = {.job = job, .cap = job->line_bytes_max + CHUNK_BYTES};
    reader.fd = fd;
    reader.file_hash = hash_identity(fd);
    reader.file = gzdopen(fd, "rb");
    ENSURE(reader.file != NULL && job->line_bytes_max > 0);
    gzbuffer(reader.file, CHUNK_BYTES);
    reader.buffer = mem_alloc(reader.cap);
    bool is_whole = read_all(&reader, out_error);
    free(reader.buffer);
    gzclose(reader.file);
    return is_whole;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The floor: what reading, splitting, copying, compressing and sending cost when nobody looks at a
 * line. The benchmark gives everything else as multiples of it, which no machine changes much.
 *
 * usage: floor none|gzip|zstd PORT FILE…
 *
 * Each request is one log record whose body is half a megabyte of lines, so that a far end that
 * takes logs takes it; it goes to 127.0.0.1:PORT over one connection, one after the other.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zstd.h>

enum {
    READ_BYTES = 256 << 10,
    BATCH_BYTES = 512 << 10,
    HEAD_BYTES = 5 * 6, /* tags with lengths of five bytes around the body */
    PACKED_BYTES = 2 * BATCH_BYTES,
};

enum packing { NONE, GZIP, ZSTD };

struct floor {
    int socket;
    enum packing packing;
    struct libdeflate_compressor *gzip;
    ZSTD_CCtx *zstd;
    size_t len; /* of the batch, without its head */
    char batch[HEAD_BYTES + BATCH_BYTES];
    char packed[PACKED_BYTES];
    char read[READ_BYTES];
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n <= 0) {
            fail("write");
        }
        bytes += n;
        len -= (size_t)n;
    }
}

/* resource_logs, scope_logs, log_record, body, bytes_value: each a tag and the length of the rest. */
static void put_head(struct floor *f)
{
    static const unsigned char tags[] = {0x0A, 0x12, 0x12, 0x2A, 0x3A};
    char *p = f->batch;
    for (size_t i = 0; i < sizeof(tags); i++) {
        size_t rest = HEAD_BYTES - 6 * (i + 1) + f->len;
        *p++ = (char)tags[i];
        for (int n = 0; n < 4; n++, rest >>= 7) {
            *p++ = (char)(rest | 0x80);
        }
        *p++ = (char)rest;
    }
}

static const char *pack(struct floor *f, size_t *out_len)
{
    size_t len = HEAD_BYTES + f->len;
    switch (f->packing) {
    case GZIP:
        *out_len = libdeflate_gzip_compress(f->gzip, f->batch, len, f->packed, sizeof(f->packed));
        return f->packed;
    case ZSTD:
        *out_len = ZSTD_compress2(f->zstd, f->packed, sizeof(f->packed), f->batch, len);
        return f->packed;
    case NONE:
        break;
    }
    *out_len = len;
    return f->batch;
}

static void send_batch(struct floor *f)
{
    static const char *const encodings[] = {"", "Content-Encoding: gzip\r\n",
                                            "Content-Encoding: zstd\r\n"};
    char head[256];
    size_t len;
    put_head(f);
    const char *body = pack(f, &len);
    int n = snprintf(head, sizeof(head),
                     "POST /v1/logs HTTP/1.1\r\nHost: localhost\r\n%s"
                     "Content-Type: application/x-protobuf\r\nContent-Length: %zu\r\n\r\n",
                     encodings[f->packing], len);
    send_all(f->socket, head, (size_t)n);
    send_all(f->socket, body, len);
    char answer[4096];
    ssize_t got = read(f->socket, answer, sizeof(answer) - 1);
    if (got < 13 || memcmp(answer, "HTTP/1.1 200", 12) != 0) {
        fputs("floor: the backend did not accept a request\n", stderr);
        exit(1);
    }
    f->len = 0;
}

static void add_line(struct floor *f, const char *line, size_t len)
{
    if (f->len + len > BATCH_BYTES) {
        send_batch(f);
    }
    memcpy(f->batch + HEAD_BYTES + f->len, line, len);
    f->len += len;
}

static void copy_file(struct floor *f, const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        fail(path);
    }
    size_t kept = 0;
    ssize_t got;
    while ((got = read(fd, f->read + kept, READ_BYTES - kept)) > 0) {
        const char *at = f->read;
        const char *end = f->read + kept + got;
        const char *newline;
        while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
            add_line(f, at, (size_t)(newline + 1 - at));
            at = newline + 1;
        }
        kept = (size_t)(end - at);
        memmove(f->read, at, kept);
    }
    close(fd);
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        fail("connect");
    }
    return fd;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: floor none|gzip|zstd PORT FILE...\n", stderr);
        return 2;
    }
    static struct floor f;
    f.packing = strcmp(argv[1], "gzip") == 0 ? GZIP : strcmp(argv[1], "zstd") == 0 ? ZSTD : NONE;
    f.gzip = libdeflate_alloc_compressor(1);
    f.zstd = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(f.zstd, ZSTD_c_compressionLevel, 1);
    f.socket = connect_to(atoi(argv[2]));
    for (int i = 3; i < argc; i++) {
        copy_file(&f, argv[i]);
    }
    if (f.len > 0) {
        send_batch(&f);
    }
    libdeflate_free_compressor(f.gzip);
    ZSTD_freeCCtx(f.zstd);
    return 0;
}

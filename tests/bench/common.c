/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"

uint64_t bench_cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

char *bench_read(const char *path, struct slice *out_text)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    char *bytes = mem_alloc((size_t)len + 1);
    *out_text = slice_make(bytes, fread(bytes, 1, (size_t)len, file));
    fclose(file);
    return bytes;
}

void bench_frame(struct slice text, struct frame *frame, struct source *source,
                 void (*take)(void *context, const struct framed *framed), void *context)
{
    const char *at = text.data;
    const char *end = text.data + text.len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline != NULL ? newline : end) - at);
        struct line line = {.source = source, .text = slice_make(at, len)};
        line.file_hash = 1;
        line.read_ns = 1;
        line.begin = (struct position){1, (uint64_t)(at - text.data)};
        line.end = (struct position){1, line.begin.offset + len + 1};
        struct framed framed;
        if (frame_push(frame, &line, &framed) == FRAME_RECORD) {
            take(context, &framed);
        }
        at += len + 1;
    }
}

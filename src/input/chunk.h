/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_CHUNK_H
#define CLEW_INPUT_CHUNK_H

/*
 * Bytes of one stream that cannot be read again, and the lines in them: of standard input, or of one
 * connection of the syslog input.
 *
 * It holds what was read and not yet taken, at most a line with its length and one read. While the sink
 * has no room it is full, and the caller does not read on: that is the back-pressure.
 */

#include "base/buf.h"
#include "record/counters.h"
#include "record/line.h"
#include "record/settings.h"

enum { CHUNK_READ_BYTES = 64 * 1024 };

struct chunk {
    const struct input_settings *settings;
    const struct line_sink *sink;
    struct counters *counters;
    struct source *source;
    struct stream stream;
    struct buf buf;
    uint64_t offset;  /* of buf's first byte, counted from the beginning */
    bool counts_octets; /* syslog over TCP: messages may come with their length before them */
    bool holds_messages; /* … and here every one has it: see chunk_add_message() */
    bool is_mid_line; /* a piece of the line has been given */
    bool is_skipping; /* … and the rest of it is not wanted */
};

void chunk_init(struct chunk *chunk, const struct input_settings *settings,
                const struct line_sink *sink, struct counters *counters, struct source *source);
void chunk_fini(struct chunk *chunk); /* tells the sink `gone`; frees the source */

/* Room to read into: CHUNK_READ_BYTES of it, NULL if there is not so much. Then say how many came. */
char *chunk_room(struct chunk *chunk);
void chunk_add(struct chunk *chunk, size_t len);

/* A message that came alone, as it is; false if there is no room for it. */
bool chunk_add_message(struct chunk *chunk, struct slice message);

/* Give what is whole to the sink; with `is_end` what is left, too. False: there is no room, call it
 * again later. */
bool chunk_give(struct chunk *chunk, bool is_end);

bool chunk_is_empty(const struct chunk *chunk);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_STREAM_SET_H
#define CLEW_RECORD_STREAM_SET_H

/*
 * Which streams have lines in a request, in a fixed small space: a bit each, by a hash of the stream's
 * key. Two sets with a stream in common meet; two without seldom do (ten streams each: one pair in
 * twenty), and then one request waits for the other without need.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"

enum {
    STREAM_SET_WORDS = 32, /* of 64 bits */
    STREAM_SET_DIGITS = STREAM_SET_WORDS * 16,
};

struct stream_set {
    uint64_t words[STREAM_SET_WORDS];
};

void stream_set_add(struct stream_set *set, uint64_t hash);
void stream_set_add_all(struct stream_set *set, const struct stream_set *more);
bool stream_sets_meet(const struct stream_set *a, const struct stream_set *b);

/* As hex digits, and a final NUL. */
void stream_set_write(const struct stream_set *set, char out[STREAM_SET_DIGITS + 1]);

/* False if these are not such digits: *out is then untouched. */
bool stream_set_read(struct slice digits, struct stream_set *out);

#endif

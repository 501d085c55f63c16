/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECEIVE_RECEIVER_H
#define CLEW_RECEIVE_RECEIVER_H

/*
 * An OTLP/HTTP logs receiver: for people without a backend, and for tests.
 *
 *     POST /v1/logs   takes protobuf and JSON, plain, gzip or zstd; a request is answered 200 when
 * its line is in the file, and never before GET /healthz    200 while it runs
 *
 * It refuses what a real receiver refuses, with the status that OTLP/HTTP asks for: 400 for what
 * can never be taken, 413 over the limit, 415 for other types and encodings, 503 while it cannot
 * write.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/log.h"
#include "receive/tally.h"

struct ev_loop;
struct receiver;

struct receiver_settings {
    const char *listen;
    size_t body_bytes_max; /* of one request, before and after its content encoding is undone */
    uint64_t request_timeout_ms; /* for a request to come; its body has a second more for 64 KiB */
    int out_fd;            /* written to, a line a request; -1: requests are only counted, without a
                              look into their records or at their services */
    const struct log *log;
};

/* Listens when it returns; NULL on failure, with *out_error a sentence that the caller frees. The
 * log must outlive it; the rest of the settings is copied. */
struct receiver *receiver_open(const struct receiver_settings *settings, struct ev_loop *loop,
                               char **out_error);
void receiver_close(struct receiver *receiver); /* NULL is fine */

const char *receiver_address(const struct receiver *receiver); /* "127.0.0.1:4318" */

struct tally *receiver_tally(struct receiver *receiver);

/* Nobody reads the other end of out_fd any more: nothing more can be taken. */
bool receiver_is_deaf(const struct receiver *receiver);

#endif

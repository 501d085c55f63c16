/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_RESPONSE_H
#define CLEW_OUTPUTS_RESPONSE_H

/*
 * What an answer to an OTLP/HTTP request means (opentelemetry-proto, docs/specification.md,
 * "OTLP/HTTP response"). Pure: status and bytes in, verdict out.
 *
 * Where clew is more careful than the specification asks: answers that show that requests do not
 * reach a receiver of OTLP at all, or not as somebody who may write (401, 403, 404, 405, 407, 415,
 * redirects, a web page), are an operator's mistake and say nothing about the records. They hold
 * the records until the mistake is mended, instead of throwing them away. What is refused by an address
 * that has never taken anything may be such a mistake too: outputs/probe.h finds out.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"

enum response_verdict {
    RESPONSE_ACCEPTED, /* `rejected` records of it will never be taken; not to be retried */
    RESPONSE_RETRY,    /* 429, 502, 503, 504, and answers that are damaged */
    RESPONSE_HOLD,     /* an operator's mistake: retry slowly, say what to do */
    RESPONSE_TOO_MUCH, /* 400, 413: a smaller piece of it may be taken */
    RESPONSE_REFUSED,  /* everything else: never to be retried */
};

enum { RESPONSE_MESSAGE_BYTES = 256 };

struct response {
    enum response_verdict verdict;
    uint64_t rejected;
    char message[RESPONSE_MESSAGE_BYTES]; /* the far end's own words, perhaps cut; "" if none */
    const char *advice;                   /* of RESPONSE_HOLD: what to check; else NULL */
    bool is_of_address;                   /* … which is the endpoint's URL */
};

/* `status` is an HTTP status; `content_type` may be empty. `body` may be cut: what cannot be read
 * then is as if it were not there. */
void response_judge(long status, struct slice content_type, struct slice body, bool is_cut,
                    struct response *out);

/* It would be final for the records that were sent, or for some of them. */
bool response_is_refusal(const struct response *response);

#endif

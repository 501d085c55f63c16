/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_HTTP_CLIENT_H
#define CLEW_OUTPUTS_HTTP_CLIENT_H

/*
 * POSTs to one URL, as an output's settings say: everything that libcurl has to be told, and what
 * it answers in words of ours.
 *
 *     http_client     URL, headers, TLS, connections: one an output
 *     http_exchange   one request at a time, and its answer: one for each request in flight
 */

#include <stdbool.h>
#include "base/buf.h"
#include "record/settings.h"

struct ev_loop;
struct http_client;
struct http_exchange;

struct http_answer {
    long status;               /* 0: there was no answer, `error` says why */
    struct slice content_type; /* may be empty */
    struct slice body;         /* at most response_bytes_max */
    bool is_cut;               /* there was more of it */
    uint64_t retry_after_ms;   /* 0: not told */
    const char *redirect;      /* where it points, without what may be secret; NULL: nowhere */
    bool is_foreign;           /* what answered does not speak HTTP */
    bool is_late;              /* no answer in time, although the request was on its way */
    int error_code;            /* of a request without answer: tells reasons apart */
    const char *error;         /* a sentence, with what to check; NULL if there was an answer */
};

/* `answer` is good until the exchange's next start. May start this exchange or others. */
typedef void http_done_fn(void *context, const struct http_answer *answer);

/* NULL on failure (wrong URL, unreadable certificate, …), with *out_error a sentence that the
 * caller frees. `settings` must outlive the client. */
struct http_client *http_client_new(const struct output_settings *settings, struct ev_loop *loop,
                                    char **out_error);
void http_client_free(struct http_client *client); /* after its exchanges; NULL is fine */

/* The URL without what may be secret in it. */
const char *http_client_url(const struct http_client *client);

struct http_exchange *http_exchange_new(struct http_client *client, http_done_fn *done,
                                        void *context);
void http_exchange_free(struct http_exchange *exchange); /* stops it; NULL is fine */

/* `body` is sent from where it is: it must stay there until done; it may be empty. Not while one is
 * running. */
void http_exchange_start(struct http_exchange *exchange, struct slice body);

#endif

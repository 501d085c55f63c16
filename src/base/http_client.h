/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_HTTP_CLIENT_H
#define CLEW_BASE_HTTP_CLIENT_H

/*
 * POSTs to one URL: everything that libcurl has to be told, and what it answers in words of ours.
 *
 *     http_client     URL, headers, TLS, connections: one a backend
 *     http_exchange   one request at a time, and its answer: one for each request in flight
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

struct ev_loop;
struct http_client;
struct http_exchange;

struct http_header {
    const char *name;
    const char *value;
};

/* NULL for what there is none of. Texts must outlive the client, headers are copied. */
struct http_settings {
    const char *url;
    const char *user_agent;
    const char *ca_file;
    const char *certificate_file;
    const char *key_file;
    const char *proxy; /* NULL: as the environment says */
    const struct http_header *headers;
    size_t header_count;
    bool verify;         /* the server's certificate */
    uint64_t timeout_ms; /* of one request; 0: none */
    uint64_t wait_max_ms; /* for a Retry-After that names a time, of nobody knows whose clock */
    uint64_t response_bytes_max;
};

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
 * caller frees. */
struct http_client *http_client_new(const struct http_settings *settings, struct ev_loop *loop,
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

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_HTTP_SERVER_H
#define CLEW_BASE_HTTP_SERVER_H

/*
 * An HTTP/1.1 server on the event loop, for requests that are answered at once: libmicrohttpd
 * without threads.
 *
 *     client                     server                       handler
 *        |----- headers, body ----->|   held, up to the limits   |
 *        |                          |------ handle(request) ---->|   fills the answer, never waits
 *        |<---- answer -------------|<---------------------------|
 *
 * Everything is bounded: connections, the time one may say nothing, a request's body, the bodies of
 * all requests in hand. What is over a limit is read (up to a bound) and forgotten, and the handler
 * is told why there is no body, so that the refusal is in the form its clients understand.
 */

#include <stddef.h>
#include "base/buf.h"
#include "base/slice.h"

struct ev_loop;
struct http_server;

enum http_body {
    HTTP_BODY_WHOLE,
    HTTP_BODY_TOO_LARGE, /* over body_bytes_max: 413 */
    HTTP_BODY_NO_ROOM,   /* too much in hand already, later there may be room: 503 */
};

struct http_request {
    const char *method; /* as sent: "GET" */
    const char *path;   /* percent-decoded, without the query */
    enum http_body body_state;
    struct slice body; /* as sent, content encoding not undone; empty unless whole */
    void *connection;  /* the server's, for http_request_header() */
};

/* The value of a header, NULL if it was not sent. Good until the handler returns. */
const char *http_request_header(const struct http_request *request, const char *name);

/* What the handler fills. Zeroed: 200 and an empty body. */
struct http_answer {
    unsigned status;          /* 0 is 200 */
    const char *content_type; /* a constant; NULL: none */
    const char *allow;        /* for a 405: the methods there are; a constant; NULL: none */
    unsigned retry_after_s;   /* 0: none */
    struct buf body;          /* taken; for HEAD it is measured and not sent */
};

typedef void http_handler_fn(void *context, const struct http_request *request,
                             struct http_answer *answer);

struct http_server_settings {
    const char *listen; /* "127.0.0.1:4318", "[::1]:4318", "localhost:0"; port 0: a free one */
    size_t body_bytes_max;
    size_t bodies_bytes_max;
    unsigned connections_max; /* the next one waits in the kernel's queue */
    unsigned idle_timeout_s;
    http_handler_fn *handle;
    void *context;
};

/* Listens when it returns; serves while the loop runs. NULL on failure, with *out_error a sentence
 * that the caller frees. The settings are copied. */
struct http_server *http_server_open(const struct http_server_settings *settings,
                                     struct ev_loop *loop, char **out_error);

/* Where it listens, the port the true one: "127.0.0.1:40123", "[::1]:4318". */
const char *http_server_address(const struct http_server *server);

/* Answers already given are still sent as far as the sockets take them; requests not yet whole are
 * dropped without one. NULL is fine. */
void http_server_close(struct http_server *server);

#endif

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
 * Everything is bounded: connections, those of one address, the time that a request or the reading of
 * its answer may take, a request's headers and body, the bodies and the answers of all requests in
 * hand. What is over a limit is read (up to a bound) and forgotten, and the handler is told why there
 * is no body, so that the refusal is in the form its clients understand. Who comes when all places are
 * taken gets the place of the client that has kept the server waiting for longest.
 *
 * On loopback a request whose Host header is the name of another machine is answered 421.
 */

#include <stddef.h>
#include <stdint.h>
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

/* The value of an argument in the query, percent-decoded; NULL if there is none, or none after `=`. Good
 * until the handler returns. */
const char *http_request_argument(const struct http_request *request, const char *name);

/*
 * What the handler fills. Zeroed: 200 and an empty body.
 *
 * An answer that takes long is made in pieces, so that everything else on the loop goes on:
 *
 *     server                           handler
 *        |------- handle(answer) -------->|   sets go_on, give_up and work, and returns
 *        |------- go_on(work) ----------->|   once a turn of the loop, until it is true; the answer is
 *        |                                |   filled then, and work the handler's to have freed …
 *        |------- give_up(work) --------->|   … or this, once: nobody waits for it any more
 */
struct http_answer {
    bool (*go_on)(void *work, struct http_answer *answer);
    void (*give_up)(void *work);
    void *work;
    unsigned status;          /* 0 is 200 */
    const char *content_type; /* a constant; NULL: none */
    const char *allow;        /* for a 405: the methods there are; a constant; NULL: none */
    unsigned retry_after_s;   /* 0: none */
    struct buf body;          /* taken; for HEAD it is measured and not sent */
};

typedef void http_handler_fn(void *context, const struct http_request *request,
                             struct http_answer *answer);

/* What a client has run into. */
enum http_limit {
    HTTP_LIMIT_TIME,    /* closed: its request had not come in time, or its answer was not read in time */
    HTTP_LIMIT_PLACES,  /* closed: another one has come and all places were taken */
    HTTP_LIMIT_ANSWERS, /* closed: its answer took the room of another; or answered 503 for want of room */
    HTTP_LIMIT_HOST,    /* answered 421 */
};

struct http_server_settings {
    const char *listen; /* see http_listen() */
    const struct http_server *before; /* one that this takes the place of, to be closed then: if it
                                         listens at the same place, they share the socket; or NULL */
    size_t body_bytes_max;
    size_t bodies_bytes_max;
    size_t answers_bytes_max;      /* of clients that are still reading; above any one of them */
    size_t connection_bytes_max;   /* headers, and a piece of a body */
    size_t connections_max;        /* half of them are for those whose request has not come yet */
    size_t peer_connections_max;   /* of one address; halved likewise */
    uint64_t request_timeout_ms;   /* for a request to come, from the connection; and as long again, and
                                      a second for every 64 KiB, for its body and for its answer */
    uint64_t idle_timeout_ms;      /* from an answer to the end of the next request's headers */
    http_handler_fn *handle;
    void (*limit_hit)(void *context, enum http_limit limit); /* NULL: nobody wants to know */
    void *context;
};

/* Listens when it returns; serves while the loop runs. NULL on failure, with *out_error a sentence
 * that the caller frees. The settings are copied. */
struct http_server *http_server_open(const struct http_server_settings *settings,
                                     struct ev_loop *loop, char **out_error);

/* Where it listens, the port the true one: "127.0.0.1:40123", "[::1]:4318". */
const char *http_server_address(const struct http_server *server);

/* How many are connected now. */
size_t http_server_connections(const struct http_server *server);

/* Answers already given are still sent as far as the sockets take them, those made in pieces are finished if
 * that can be done, and 503 if not; requests not yet whole are dropped without one. NULL is fine. */
void http_server_close(struct http_server *server);

#endif

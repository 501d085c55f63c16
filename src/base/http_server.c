/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http_server.h"

/*
 * libmicrohttpd keeps its sockets in an epoll descriptor of its own; that one descriptor is watched
 * by the loop, and MHD_run() does what is to be done, never waiting. What it has read but not yet
 * worked on does not make the descriptor readable again, so after each run MHD_get_timeout() says
 * when to run at the latest: 0 is "at once".
 *
 * With connections_max connections it takes its listening socket out of the epoll descriptor, and puts
 * it back at the beginning of a run that finds fewer. The run that closes the last of them is not that
 * one; so after each end of a connection there is one more.
 *
 * libmicrohttpd calls for one request, in this order: once when the headers are in, once a piece of
 * the body, once at the end of it, and request_over() however it ended. An answer may be queued at
 * the first call or the last, not between. A request over a limit is answered at the last one, its
 * body read and forgotten: a client that is still sending does not read an early answer, and would
 * see a broken connection instead of the reason. Only what is far over the limit is answered early
 * or cut off.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"

enum {
    CONNECTION_BYTES =
        128 * 1024, /* libmicrohttpd's memory a connection: headers, a piece of body */
    LISTEN_BACKLOG = 256,
    FORGET_FACTOR = 4,          /* a body over the limit is read up to this many times the limit */
    FIRST_BODY_BYTES = 1 << 20, /* at most this is set aside before a body arrives */
};

struct http_server {
    struct http_server_settings settings;
    struct ev_loop *loop;
    struct MHD_Daemon *daemon;
    ev_io readable;
    ev_timer due;
    size_t held_bytes; /* bodies in hand */
    bool has_closed;   /* a connection, in this run */
    char address[80];
};

/* A request in hand, from its headers to request_over(). */
struct pending {
    struct buf body;
    enum http_body state;
    size_t seen_bytes;
};

/* ---- listening ---- */

/* Where "host:port" and "[host]:port" end; false for any other form. */
static bool split_listen(const char *listen, char host[64], const char **out_port)
{
    const char *colon = strrchr(listen, ':');
    if (colon == NULL || colon == listen || colon[1] == '\0') {
        return false;
    }
    const char *begin = listen;
    const char *end = colon;
    if (*begin == '[' && end[-1] == ']') {
        begin++;
        end--;
    } else if (memchr(listen, ':', (size_t)(colon - listen)) != NULL) {
        return false;
    }
    if (end <= begin || end - begin >= 64) {
        return false;
    }
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    *out_port = colon + 1;
    return true;
}

static bool is_port(const char *text)
{
    size_t len = strspn(text, "0123456789");
    return len > 0 && len <= 5 && text[len] == '\0' && atoi(text) <= 65535;
}

/* Names are not looked up: that could block, and a listener is an address of this machine. */
static struct addrinfo *find_address(const char *listen)
{
    char host[64];
    const char *port = NULL;
    if (!split_listen(listen, host, &port) || !is_port(port)) {
        return NULL;
    }
    struct addrinfo hints = {
        .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
        .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *found = NULL;
    const char *node = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    return getaddrinfo(node, port, &hints, &found) == 0 ? found : NULL;
}

/* A listening socket or -errno. */
static int open_socket(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

static void name_address(int fd, char *out, size_t size)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof(bound);
    char host[64] = "?";
    char port[8] = "?";
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == 0) {
        getnameinfo((struct sockaddr *)&bound, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV);
    }
    snprintf(out, size, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
}

static int open_listener(const char *listen, char **out_error)
{
    struct addrinfo *address = find_address(listen);
    if (address == NULL) {
        *out_error = mem_format("cannot listen on \"%s\": it is not of the form address:port, like "
                                "127.0.0.1:4318 or [::1]:4318",
                                listen);
        return -EINVAL;
    }
    int fd = open_socket(address);
    freeaddrinfo(address);
    if (fd < 0) {
        *out_error = mem_format("cannot listen on %s: %s", listen, strerror(-fd));
    }
    return fd;
}

/* ---- one request ---- */

const char *http_request_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value != NULL) {
        MHD_add_response_header(response, name, value);
    }
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct http_answer *answer)
{
    size_t len = answer->body.len;
    char *bytes = buf_take(&answer->body);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(bytes);
        return MHD_NO;
    }
    char seconds[16];
    snprintf(seconds, sizeof(seconds), "%u", answer->retry_after_s);
    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    add_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
    add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, answer->retry_after_s > 0 ? seconds : NULL);
    unsigned status = answer->status != 0 ? answer->status : MHD_HTTP_OK;
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_request(struct http_server *server, struct MHD_Connection *connection,
                                      const char *method, const char *path,
                                      const struct pending *pending)
{
    struct http_request request = {
        .method = method,
        .path = path,
        .body_state = pending->state,
        .body = buf_slice(&pending->body),
        .connection = connection,
    };
    struct http_answer answer = {.body.limit = SIZE_MAX};
    server->settings.handle(server->settings.context, &request, &answer);
    enum MHD_Result result = send_answer(connection, &answer);
    buf_fini(&answer.body);
    return result;
}

static void forget_body(struct http_server *server, struct pending *pending, enum http_body state)
{
    server->held_bytes -= pending->body.len;
    buf_fini(&pending->body);
    pending->state = state;
}

static size_t bytes_forgotten_max(const struct http_server *server)
{
    return server->settings.body_bytes_max * FORGET_FACTOR + FIRST_BODY_BYTES;
}

/* False if there is no use in listening to more of it. */
static bool take_piece(struct http_server *server, struct pending *pending, const char *data,
                       size_t len)
{
    pending->seen_bytes += len;
    if (pending->state != HTTP_BODY_WHOLE) {
        return pending->seen_bytes <= bytes_forgotten_max(server);
    }
    if (len > server->settings.bodies_bytes_max - server->held_bytes) {
        forget_body(server, pending, HTTP_BODY_NO_ROOM);
    } else if (!buf_append(&pending->body, data, len)) {
        forget_body(server, pending, HTTP_BODY_TOO_LARGE);
    } else {
        server->held_bytes += len;
    }
    return true;
}

static struct pending *begin_request(struct http_server *server, struct MHD_Connection *connection)
{
    struct pending *pending = mem_alloc(sizeof(*pending));
    buf_init(&pending->body, server->settings.body_bytes_max);
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    unsigned long long expected = length != NULL ? strtoull(length, NULL, 10) : 0;
    if (expected > server->settings.body_bytes_max) {
        pending->state = HTTP_BODY_TOO_LARGE;
        pending->seen_bytes = expected > bytes_forgotten_max(server) ? SIZE_MAX : 0;
    } else {
        buf_reserve(&pending->body, expected < FIRST_BODY_BYTES ? expected : FIRST_BODY_BYTES);
    }
    return pending;
}

static enum MHD_Result serve_request(void *context, struct MHD_Connection *connection,
                                     const char *path, const char *method, const char *version,
                                     const char *data, size_t *data_len, void **request_state)
{
    (void)version;
    struct http_server *server = context;
    struct pending *pending = *request_state;
    if (pending == NULL) {
        pending = begin_request(server, connection);
        *request_state = pending;
        bool is_hopeless = pending->seen_bytes == SIZE_MAX;
        return is_hopeless ? answer_request(server, connection, method, path, pending) : MHD_YES;
    }
    if (*data_len > 0) {
        bool go_on = take_piece(server, pending, data, *data_len);
        *data_len = 0;
        return go_on ? MHD_YES : MHD_NO;
    }
    return answer_request(server, connection, method, path, pending);
}

static void request_over(void *context, struct MHD_Connection *connection, void **request_state,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection;
    (void)code;
    struct pending *pending = *request_state;
    if (pending != NULL) {
        forget_body(context, pending, HTTP_BODY_WHOLE);
        free(pending);
        *request_state = NULL;
    }
}

/* ---- the loop ---- */

static void connection_over(void *context, struct MHD_Connection *connection, void **state,
                            enum MHD_ConnectionNotificationCode code)
{
    (void)connection;
    (void)state;
    struct http_server *server = context;
    server->has_closed = server->has_closed || code == MHD_CONNECTION_NOTIFY_CLOSED;
}

static void run_server(struct http_server *server)
{
    server->has_closed = false;
    MHD_run(server->daemon);
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    ev_timer_stop(server->loop, &server->due);
    if (server->has_closed || MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES) {
        ev_timer_set(&server->due, (double)wait_ms / 1000.0, 0.0);
        ev_timer_start(server->loop, &server->due);
    }
}

static void when_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)loop;
    (void)events;
    run_server(container_of(watcher, struct http_server, readable));
}

static void when_due(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)loop;
    (void)events;
    run_server(container_of(watcher, struct http_server, due));
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int listener)
{
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, serve_request, server,
                            MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_COMPLETED,
                            request_over, server, MHD_OPTION_NOTIFY_CONNECTION, connection_over,
                            server, MHD_OPTION_CONNECTION_LIMIT,
                            server->settings.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
                            server->settings.idle_timeout_s, MHD_OPTION_END);
}

struct http_server *http_server_open(const struct http_server_settings *settings,
                                     struct ev_loop *loop, char **out_error)
{
    int listener = open_listener(settings->listen, out_error);
    if (listener < 0) {
        return NULL;
    }
    struct http_server *server = mem_alloc(sizeof(*server));
    server->settings = *settings;
    server->settings.listen = NULL;
    server->loop = loop;
    name_address(listener, server->address, sizeof(server->address));
    server->daemon = start_daemon(server, listener);
    if (server->daemon == NULL) {
        *out_error = mem_format("cannot serve HTTP on %s: %s", server->address, strerror(errno));
        close(listener);
        free(server);
        return NULL;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    ENSURE(info != NULL);
    ev_io_init(&server->readable, when_readable, info->epoll_fd, EV_READ);
    ev_io_start(loop, &server->readable);
    ev_timer_init(&server->due, when_due, 0.0, 0.0);
    return server;
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

void http_server_close(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    int listener = MHD_quiesce_daemon(server->daemon);
    MHD_run(server->daemon);
    ev_io_stop(server->loop, &server->readable);
    ev_timer_stop(server->loop, &server->due);
    MHD_stop_daemon(server->daemon);
    if (listener >= 0) {
        close(listener);
    }
    free(server);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http_server.h"

/*
 * The server accepts connections itself and gives them to libmicrohttpd, which would leave those over
 * its limit in the kernel's queue: a health check behind silent ones then waits until they go. Here
 * whoever comes is taken, and base/http_clients.h says who has to go for it. A few are taken at a
 * time, and what those have sent is read before the next few are, so that nobody who has asked already
 * is displaced by others behind.
 *
 * A client that has to go is shut down with shutdown(2); libmicrohttpd sees its end as it sees every
 * other's and frees what it holds. No turn of a client is longer than its deadline, however many bytes
 * come one at a time: each turn has one deadline, which moves with the bytes of a body or an answer
 * only as fast as RATE_MIN.
 *
 * libmicrohttpd keeps its sockets in an epoll descriptor of its own; that one descriptor is watched
 * by the loop, and MHD_run() does what is to be done, never waiting. What it has read but not yet
 * worked on does not make the descriptor readable again, so after each run MHD_get_timeout() says
 * when to run at the latest: 0 is "at once".
 *
 * libmicrohttpd calls for one request, in this order: once when the headers are in, once a piece of
 * the body, once at the end of it, and request_over() however it ended. An answer may be queued at
 * the first call or the last, not between. A request over a limit is answered at the last one, its
 * body read and forgotten: a client that is still sending does not read an early answer, and would
 * see a broken connection instead of the reason. Only what is far over the limit is answered early
 * or cut off.
 *
 * A connection whose answer is made in pieces is suspended until it is whole; libmicrohttpd then calls
 * a last time.
 */

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/http_clients.h"
#include "base/http_listen.h"
#include "base/list.h"
#include "base/mem.h"

enum {
    FORGET_FACTOR = 4,          /* a body over the limit is read up to this many times the limit */
    FIRST_BODY_BYTES = 1 << 20, /* at most this is set aside before a body arrives */
    ACCEPTS_A_TURN = 16,
    CLOSING_MAX = 4 * ACCEPTS_A_TURN, /* told to go and not yet seen to be gone */
    SEND_BUFFER_BYTES = 128 * 1024,   /* of the kernel's, which doubles it: an answer nobody reads */
    SMALL_ANSWER_BYTES = 4096,        /* has room always */
    RATE_MIN = 64,                    /* KiB/s that a body has to come with, and an answer to be read */
    TICK_MS_MAX = 1000,
    TICK_MS_MIN = 20,
    FINISH_TURNS_MAX = 1000, /* at the end, of answers that are made in pieces */
    LAST_TURNS = 3,          /* of libmicrohttpd's: it takes an answer in one and sends it in another */
};

#define MS_NS UINT64_C(1000000)

static const double AT_ONCE_S = 1e-6; /* a timer that repeats has to wait */

struct http_server {
    struct http_server_settings settings;
    struct ev_loop *loop;
    struct MHD_Daemon *daemon;
    ev_io acceptable;
    ev_io readable;
    ev_timer due;
    ev_timer tick; /* looks for late clients; runs while there are any, or none may be accepted */
    ev_timer work; /* once a turn, while there are … */
    struct list unfinished; /* … answers that are made in pieces */
    struct http_clients clients;
    size_t held_bytes;    /* bodies in hand */
    size_t answer_bytes;  /* answers being read */
    size_t closing_bytes; /* answers of clients that were told to go */
    bool is_loopback;
    char *listen; /* as the settings said */
    char address[80];
};

/* A connection, from its acceptance to connection_over(). */
struct connection {
    struct http_client client;
    size_t answer_bytes;
    bool has_asked;
};

/* A request in hand, from its headers to request_over(). */
struct pending {
    struct list unfinished; /* on its own: its answer is whole, or not asked for yet */
    struct MHD_Connection *handle;
    struct http_answer answer;
    bool is_answered;
    struct connection *connection;
    struct buf body;
    enum http_body state;
    size_t seen_bytes;
};

/* ---- clients ---- */

static uint64_t deadline_in(uint64_t timeout_ms, size_t bytes)
{
    uint64_t transfer_ms = (uint64_t)bytes * 1000 / (RATE_MIN * 1024u);
    return clock_monotonic_ns() + (timeout_ms + transfer_ms) * MS_NS;
}

static void tell_limit(struct http_server *server, enum http_limit limit)
{
    if (server->settings.limit_hit != NULL) {
        server->settings.limit_hit(server->settings.context, limit);
    }
}

/* What the kernel has not sent by now nobody has read in time: it is thrown away. */
static void send_away(struct http_server *server, struct http_client *client)
{
    struct connection *connection = container_of(client, struct connection, client);
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    shutdown(client->fd, SHUT_RDWR);
    http_client_begin(&server->clients, client, HTTP_CLOSING, 0);
    server->answer_bytes -= connection->answer_bytes;
    server->closing_bytes += connection->answer_bytes;
}

static void displace(struct http_server *server, enum http_turn turn)
{
    struct http_client *client = http_clients_displaced(&server->clients, turn);
    if (client != NULL) {
        send_away(server, client);
        tell_limit(server, HTTP_LIMIT_PLACES);
    }
}

/* That a kept connection ends without another request is the rule. */
static void send_late_away(struct http_server *server)
{
    uint64_t now_ns = clock_monotonic_ns();
    for (struct http_client *client;
         (client = http_clients_late(&server->clients, now_ns)) != NULL;) {
        const struct connection *connection = container_of(client, struct connection, client);
        bool is_idle = client->turn == HTTP_WAITING && connection->has_asked;
        send_away(server, client);
        if (!is_idle) {
            tell_limit(server, HTTP_LIMIT_TIME);
        }
    }
}

static void begin_turn(struct http_server *server, struct connection *connection,
                       enum http_turn turn, uint64_t timeout_ms)
{
    if (connection->client.turn != HTTP_CLOSING) {
        http_client_begin(&server->clients, &connection->client, turn, deadline_in(timeout_ms, 0));
        displace(server, turn);
    }
}

static void forget_answer(struct http_server *server, struct connection *connection)
{
    bool is_closing = connection->client.turn == HTTP_CLOSING;
    *(is_closing ? &server->closing_bytes : &server->answer_bytes) -= connection->answer_bytes;
    connection->answer_bytes = 0;
}

/* The oldest answer that somebody is still reading. */
static struct http_client *find_reader(const struct http_server *server)
{
    const struct list *all = &server->clients.turns[HTTP_SERVED];
    for (struct list *link = all->next; link != all; link = link->next) {
        struct http_client *client = container_of(link, struct http_client, link);
        if (container_of(client, struct connection, client)->answer_bytes > 0) {
            return client;
        }
    }
    return NULL;
}

/* True if an answer of this size may be kept until it is read: those that are read for longest make
 * room for it, which is there when they are gone. */
static bool make_room(struct http_server *server, size_t len)
{
    size_t max = server->settings.answers_bytes_max;
    if (len <= SMALL_ANSWER_BYTES) {
        return true;
    }
    while (server->answer_bytes + len > max && server->answer_bytes > 0) {
        send_away(server, find_reader(server));
        tell_limit(server, HTTP_LIMIT_ANSWERS);
    }
    return server->answer_bytes + server->closing_bytes + len <= 2 * max;
}

/* ---- one request ---- */

const char *http_request_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *http_request_argument(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
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

static void answer_text(struct http_answer *answer, unsigned status, const char *text)
{
    buf_clear(&answer->body);
    answer->status = status;
    answer->content_type = "text/plain; charset=utf-8";
    buf_append_string(&answer->body, text);
}

static void fill_answer(struct http_server *server, const struct http_request *request,
                        struct http_answer *answer)
{
    if (server->is_loopback && !http_host_is_local(http_request_header(request, "Host"))) {
        answer_text(answer, MHD_HTTP_MISDIRECTED_REQUEST,
                    "this server listens on loopback and answers requests for localhost, 127.0.0.1 "
                    "and [::1] only, not for the name in your Host header\n");
        tell_limit(server, HTTP_LIMIT_HOST);
        return;
    }
    server->settings.handle(server->settings.context, request, answer);
}

static void find_room(struct http_server *server, struct http_answer *answer)
{
    if (!make_room(server, answer->body.len)) {
        answer_text(answer, MHD_HTTP_SERVICE_UNAVAILABLE,
                    "other clients are still reading large answers; try again later\n");
        answer->retry_after_s = 1;
        tell_limit(server, HTTP_LIMIT_ANSWERS);
    }
}

static enum MHD_Result queue_answer(struct http_server *server, struct MHD_Connection *connection,
                                    struct pending *pending)
{
    find_room(server, &pending->answer);
    size_t len = pending->answer.body.len;
    struct connection *client = pending->connection;
    if (client->client.turn != HTTP_CLOSING) {
        client->answer_bytes = len;
        client->client.deadline_ns = deadline_in(server->settings.request_timeout_ms, len);
        server->answer_bytes += len;
    }
    enum MHD_Result result = send_answer(connection, &pending->answer);
    buf_fini(&pending->answer.body);
    return result;
}

/* One piece of each. */
static void work_on_answers(struct http_server *server)
{
    for (struct list *link = server->unfinished.next; link != &server->unfinished;) {
        struct pending *pending = container_of(link, struct pending, unfinished);
        link = link->next;
        if (pending->answer.go_on(pending->answer.work, &pending->answer)) {
            list_remove(&pending->unfinished);
            MHD_resume_connection(pending->handle);
        }
    }
    if (list_is_empty(&server->unfinished)) {
        ev_timer_stop(server->loop, &server->work);
    }
}

static void give_up_answer(struct pending *pending)
{
    list_remove(&pending->unfinished);
    pending->answer.give_up(pending->answer.work);
    answer_text(&pending->answer, MHD_HTTP_SERVICE_UNAVAILABLE, "clew is shutting down\n");
}

static enum MHD_Result answer_request(struct http_server *server, struct MHD_Connection *connection,
                                      const char *method, const char *path,
                                      struct pending *pending)
{
    struct http_request request = {
        .method = method,
        .path = path,
        .body_state = pending->state,
        .body = buf_slice(&pending->body),
        .connection = connection,
    };
    pending->is_answered = true;
    pending->answer = (struct http_answer){.body.limit = SIZE_MAX};
    fill_answer(server, &request, &pending->answer);
    if (pending->answer.go_on == NULL) {
        return queue_answer(server, connection, pending);
    }
    list_append(&server->unfinished, &pending->unfinished);
    MHD_suspend_connection(connection);
    ev_timer_start(server->loop, &server->work);
    return MHD_YES;
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
    pending->connection->client.deadline_ns += (uint64_t)len * 1000 * MS_NS / (RATE_MIN * 1024u);
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

static struct connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    ENSURE(info != NULL && info->socket_context != NULL);
    return info->socket_context;
}

static struct pending *begin_request(struct http_server *server, struct MHD_Connection *connection)
{
    struct pending *pending = mem_alloc(sizeof(*pending));
    pending->connection = connection_of(connection);
    pending->connection->has_asked = true;
    pending->handle = connection;
    list_init(&pending->unfinished);
    begin_turn(server, pending->connection, HTTP_SERVED, server->settings.request_timeout_ms);
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
    if (pending->is_answered) {
        return queue_answer(server, connection, pending);
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
    struct http_server *server = context;
    struct pending *pending = *request_state;
    if (pending != NULL) {
        if (!list_is_empty(&pending->unfinished)) {
            give_up_answer(pending);
        }
        buf_fini(&pending->answer.body);
        forget_answer(server, pending->connection);
        begin_turn(server, pending->connection, HTTP_WAITING, server->settings.idle_timeout_ms);
        forget_body(server, pending, HTTP_BODY_WHOLE);
        free(pending);
        *request_state = NULL;
    }
}

/* ---- connections ---- */

static struct connection *begin_connection(struct http_server *server,
                                           struct MHD_Connection *connection)
{
    struct connection *client = mem_alloc(sizeof(*client));
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *address =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    ENSURE(fd != NULL);
    http_client_add(&server->clients, &client->client, fd->connect_fd,
                    address != NULL ? address->client_addr : NULL,
                    deadline_in(server->settings.request_timeout_ms, 0));
    displace(server, HTTP_WAITING);
    return client;
}

static void connection_over(void *context, struct MHD_Connection *connection, void **state,
                            enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *state = begin_connection(server, connection);
        return;
    }
    struct connection *client = *state;
    forget_answer(server, client);
    http_client_remove(&server->clients, &client->client);
    free(client);
    *state = NULL;
}

/* ---- the loop ---- */

static void run_server(struct http_server *server)
{
    MHD_run(server->daemon);
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    ev_timer_stop(server->loop, &server->due);
    if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES) {
        ev_timer_set(&server->due, (double)wait_ms / 1000.0, 0.0);
        ev_timer_start(server->loop, &server->due);
    }
    if (http_clients_count(&server->clients) > 0) {
        ev_timer_start(server->loop, &server->tick);
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

static void when_working(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)loop;
    (void)events;
    struct http_server *server = container_of(watcher, struct http_server, work);
    work_on_answers(server);
    run_server(server);
}

/* False if there is nobody more, or no descriptor for them: then one who says nothing goes, and the
 * next are taken at the next tick. */
static bool accept_one(struct http_server *server)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    int fd = accept4(server->acceptable.fd, (struct sockaddr *)&peer, &len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        MHD_add_connection(server->daemon, fd, (const struct sockaddr *)&peer, len);
        return true;
    }
    bool is_short = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    struct http_client *oldest = http_clients_oldest(&server->clients, HTTP_WAITING);
    if (is_short && oldest != NULL) {
        send_away(server, oldest);
        tell_limit(server, HTTP_LIMIT_PLACES);
    }
    if (is_short) {
        ev_io_stop(server->loop, &server->acceptable);
        ev_timer_start(server->loop, &server->tick);
    }
    return false;
}

static void when_acceptable(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)loop;
    (void)events;
    struct http_server *server = container_of(watcher, struct http_server, acceptable);
    for (int i = 0; i < ACCEPTS_A_TURN && accept_one(server); i++) {
    }
    run_server(server);
}

static void when_ticking(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)events;
    struct http_server *server = container_of(watcher, struct http_server, tick);
    send_late_away(server);
    ev_io_start(loop, &server->acceptable);
    if (http_clients_count(&server->clients) == 0) {
        ev_timer_stop(loop, &server->tick);
    }
    run_server(server);
}

/* ---- opening and closing ---- */

/* Timeouts are the clients' deadlines, not libmicrohttpd's, which begin anew with each byte. */
static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    unsigned connections_max = (unsigned)(2 * server->clients.places + CLOSING_MAX);
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
                                MHD_ALLOW_SUSPEND_RESUME,
                            0, NULL, NULL, serve_request,
                            server, MHD_OPTION_NOTIFY_COMPLETED, request_over, server,
                            MHD_OPTION_NOTIFY_CONNECTION, connection_over, server,
                            MHD_OPTION_CONNECTION_LIMIT, connections_max,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            server->settings.connection_bytes_max, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
                            MHD_OPTION_END);
}

static void start_watchers(struct http_server *server, int listener)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    ENSURE(info != NULL);
    uint64_t tick_ms = server->settings.request_timeout_ms / 8;
    tick_ms = tick_ms > TICK_MS_MAX ? TICK_MS_MAX : tick_ms < TICK_MS_MIN ? TICK_MS_MIN : tick_ms;
    ev_io_init(&server->acceptable, when_acceptable, listener, EV_READ);
    ev_io_init(&server->readable, when_readable, info->epoll_fd, EV_READ);
    ev_timer_init(&server->due, when_due, 0.0, 0.0);
    ev_timer_init(&server->tick, when_ticking, (double)tick_ms / 1000.0, (double)tick_ms / 1000.0);
    ev_timer_init(&server->work, when_working, 0.0, AT_ONCE_S);
    ev_io_start(server->loop, &server->acceptable);
    ev_io_start(server->loop, &server->readable);
}

static size_t half(size_t count)
{
    return count > 1 ? count / 2 : 1;
}

static int open_listener(const struct http_server_settings *settings, char **out_error)
{
    const struct http_server *before = settings->before;
    if (before != NULL && strcmp(before->listen, settings->listen) == 0) {
        int fd = fcntl(before->acceptable.fd, F_DUPFD_CLOEXEC, 0);
        if (fd < 0) {
            *out_error = mem_format("cannot listen on %s: %s", settings->listen, strerror(errno));
        }
        return fd;
    }
    return http_listen(settings->listen, out_error);
}

static void free_server(struct http_server *server)
{
    free(server->listen);
    free(server);
}

struct http_server *http_server_open(const struct http_server_settings *settings,
                                     struct ev_loop *loop, char **out_error)
{
    int listener = open_listener(settings, out_error);
    if (listener < 0) {
        return NULL;
    }
    const int send_bytes = SEND_BUFFER_BYTES;
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    struct http_server *server = mem_alloc(sizeof(*server));
    server->settings = *settings;
    server->settings.listen = NULL;
    server->settings.before = NULL;
    server->listen = mem_string(settings->listen);
    server->loop = loop;
    list_init(&server->unfinished);
    server->is_loopback = http_listen_is_loopback(listener);
    http_clients_init(&server->clients, half(settings->connections_max),
                      half(settings->peer_connections_max));
    http_listen_name(listener, server->address, sizeof(server->address));
    server->daemon = start_daemon(server);
    if (server->daemon == NULL) {
        *out_error = mem_format("cannot serve HTTP on %s: %s", server->address, strerror(errno));
        close(listener);
        free_server(server);
        return NULL;
    }
    start_watchers(server, listener);
    return server;
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

size_t http_server_connections(const struct http_server *server)
{
    return http_clients_count(&server->clients);
}

/* Those that can be: another server may have taken the place of this one, and its clients have asked for
 * nothing wrong. */
static void finish_answers(struct http_server *server)
{
    MHD_run(server->daemon); /* who has asked, and was not heard yet */
    for (int turn = 0; turn < FINISH_TURNS_MAX && !list_is_empty(&server->unfinished); turn++) {
        work_on_answers(server);
    }
    while (!list_is_empty(&server->unfinished)) {
        struct pending *pending =
            container_of(server->unfinished.next, struct pending, unfinished);
        give_up_answer(pending);
        MHD_resume_connection(pending->handle);
    }
    for (int turn = 0; turn < LAST_TURNS; turn++) {
        MHD_run(server->daemon);
    }
    ev_timer_stop(server->loop, &server->work);
}

void http_server_close(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    ev_io_stop(server->loop, &server->acceptable);
    close(server->acceptable.fd);
    finish_answers(server);
    ev_io_stop(server->loop, &server->readable);
    ev_timer_stop(server->loop, &server->due);
    ev_timer_stop(server->loop, &server->tick);
    MHD_stop_daemon(server->daemon);
    ENSURE(http_clients_count(&server->clients) == 0);
    free_server(server);
}

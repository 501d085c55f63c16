/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

/*
 * The server runs in a child, on a loop of its own; the test is its client, with blocking sockets
 * and a deadline on each read.
 */

#include <arpa/inet.h>
#include <ev.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/http_server.h"

enum {
    BODY_MAX = 1000,
    BODIES_MAX = 1500,
    DEADLINE_S = 20,
    ANSWER_MAX = 64 * 1024,
};

struct peer {
    pid_t pid;
    uint16_t port;
};

/* Says what it was asked, so that the client can see it. */
static void echo(void *context, const struct http_request *request, struct http_answer *answer)
{
    (void)context;
    static const char *const states[] = {"whole", "too large", "no room"};
    const char *header = http_request_header(request, "x-TEST");
    answer->content_type = "text/plain";
    if (strcmp(request->path, "/refuse") == 0) {
        answer->status = 405;
        answer->allow = "PUT";
        answer->retry_after_s = 7;
        return;
    }
    buf_append_format(&answer->body, "%s %s %s header=%s body=", request->method, request->path,
                      states[request->body_state], header != NULL ? header : "none");
    buf_append_slice(&answer->body, request->body);
}

static struct http_server_settings settings_for(const char *listen)
{
    return (struct http_server_settings){
        .listen = listen,
        .body_bytes_max = BODY_MAX,
        .bodies_bytes_max = BODIES_MAX,
        .connections_max = 4,
        .idle_timeout_s = DEADLINE_S,
        .handle = echo,
    };
}

static void stop_loop(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)watcher;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

/* The child: tells its port through `fd`, serves until SIGTERM. */
static void serve(int fd, unsigned idle_timeout_s)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    char *error = NULL;
    struct http_server_settings settings = settings_for("127.0.0.1:0");
    settings.idle_timeout_s = idle_timeout_s;
    struct http_server *server = http_server_open(&settings, loop, &error);
    ENSURE(server != NULL);
    ev_signal terminate;
    ev_signal_init(&terminate, stop_loop, SIGTERM);
    ev_signal_start(loop, &terminate);
    uint16_t port = (uint16_t)atoi(strchr(http_server_address(server), ':') + 1);
    ENSURE(write(fd, &port, sizeof(port)) == sizeof(port));
    close(fd);
    ev_run(loop, 0);
    http_server_close(server);
    ev_loop_destroy(loop);
    _exit(0);
}

static struct peer start_server(unsigned idle_timeout_s)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct peer peer = {.pid = fork()};
    assert_true(peer.pid >= 0);
    if (peer.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
        close(fds[0]);
        serve(fds[1], idle_timeout_s);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &peer.port, sizeof(peer.port)), sizeof(peer.port));
    close(fds[0]);
    return peer;
}

static void stop_server(struct peer peer)
{
    int status = 0;
    kill(peer.pid, SIGTERM);
    assert_int_equal(waitpid(peer.pid, &status, 0), peer.pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int connect_to(struct peer peer)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval deadline = {.tv_sec = DEADLINE_S};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(peer.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void send_many(int fd, size_t count)
{
    char text[BODY_MAX + 1];
    ENSURE(count <= sizeof(text));
    memset(text, 'x', count);
    assert_int_equal(send(fd, text, count, MSG_NOSIGNAL), count);
}

/* What comes until `end` was seen in it; the test fails if the other end closes before. */
static void expect(int fd, const char *end)
{
    char text[ANSWER_MAX] = "";
    size_t len = 0;
    while (strstr(text, end) == NULL) {
        ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
        if (n <= 0) {
            print_error("waited for \"%s\", but got only \"%s\"\n", end, text);
        }
        assert_true(n > 0);
        len += (size_t)n;
        text[len] = '\0';
    }
}

/* Everything until the other end closes. */
static char *read_all(int fd)
{
    char *text = mem_alloc(ANSWER_MAX);
    size_t len = 0;
    for (ssize_t n; (n = recv(fd, text + len, ANSWER_MAX - 1 - len, 0)) > 0;) {
        len += (size_t)n;
    }
    return text;
}

static void a_request_is_answered(void **state)
{
    (void)state;
    struct peer peer = start_server(DEADLINE_S);
    static const struct {
        const char *request;
        const char *expected;
    } cases[] = {
        {"GET /a/b?q=1 HTTP/1.1\r\nHost: h\r\nX-Test: 5\r\n\r\n",
         "\r\n\r\nGET /a/b whole header=5 body="},
        {"GET /%61 HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a whole header=none body="},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "body=hello"},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
         "POST / whole header=none body=abcde"},
        {"GET /refuse HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 405 "},
        {"GET /refuse HTTP/1.1\r\nHost: h\r\n\r\n", "Allow: PUT\r\n"},
        {"GET /refuse HTTP/1.1\r\nHost: h\r\n\r\n", "Retry-After: 7\r\n"},
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
         "HTTP/1.1 100 "},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n", " 4"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int fd = connect_to(peer);
        send_text(fd, cases[i].request);
        expect(fd, cases[i].expected);
        close(fd);
    }
    stop_server(peer);
}

static void head_is_answered_without_a_body(void **state)
{
    (void)state;
    struct peer peer = start_server(DEADLINE_S);
    int fd = connect_to(peer);
    send_text(fd, "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    char *answer = read_all(fd);
    assert_non_null(strstr(answer, "HTTP/1.1 200 "));
    assert_non_null(strstr(answer, "Content-Length: 30\r\n"));
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
    close(fd);
    stop_server(peer);
}

static void a_connection_is_kept_for_more(void **state)
{
    (void)state;
    struct peer peer = start_server(DEADLINE_S);
    int fd = connect_to(peer);
    for (int i = 0; i < 50; i++) {
        send_text(fd, "POST /again HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nwor");
        send_text(fd, "d");
        expect(fd, "body=word");
    }
    /* Two at once: the second is not forgotten when nothing more makes the socket readable. */
    send_text(fd, "GET /one HTTP/1.1\r\nHost: h\r\n\r\nGET /two HTTP/1.1\r\nHost: h\r\n\r\n");
    expect(fd, "GET /two whole");
    close(fd);
    stop_server(peer);
}

static void a_body_over_the_limit_is_read_and_told(void **state)
{
    (void)state;
    struct peer peer = start_server(DEADLINE_S);
    int fd = connect_to(peer);
    send_text(fd, "POST /just HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
    send_many(fd, 1000);
    expect(fd, "POST /just whole");
    send_text(fd, "POST /over HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
    send_many(fd, 1001);
    expect(fd, "POST /over too large header=none body=");
    send_text(fd, "POST /chunked HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n");
    send_many(fd, 1001);
    send_text(fd, "\r\n0\r\n\r\n");
    expect(fd, "POST /chunked too large");
    send_text(fd, "GET /after HTTP/1.1\r\nHost: h\r\n\r\n");
    expect(fd, "GET /after whole");
    close(fd);
    stop_server(peer);
}

static void a_body_far_over_the_limit_is_not_listened_to(void **state)
{
    (void)state;
    struct peer peer = start_server(DEADLINE_S);
    int fd = connect_to(peer);
    send_text(fd, "POST /far HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n");
    expect(fd, "POST /far too large");
    close(fd);
    stop_server(peer);
}

/* Ask with a body of 900 bytes; true if there was no room for it. */
static bool is_refused(int fd)
{
    send_text(fd, "POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
    send_many(fd, 900);
    char text[4096] = "";
    for (size_t len = 0; strstr(text, "body=") == NULL;) {
        ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
        assert_true(n > 0);
        len += (size_t)n;
    }
    return strstr(text, "no room") != NULL;
}

static void bodies_in_hand_are_bounded_together(void **state)
{
    (void)state;
    struct peer peer = start_server(DEADLINE_S);
    int first = connect_to(peer);
    send_text(first, "POST /first HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n"
                     "Expect: 100-continue\r\n\r\n");
    expect(first, "HTTP/1.1 100 ");
    send_many(first, 899);
    /* The server may see the second before it has read all of the first: ask until it has. */
    int second = connect_to(peer);
    while (!is_refused(second)) {
        close(second);
        second = connect_to(peer);
    }
    send_many(first, 1);
    expect(first, "POST /first whole");
    send_text(second, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    expect(second, "POST /later whole");
    close(first);
    close(second);
    stop_server(peer);
}

static void a_connection_that_says_nothing_is_closed(void **state)
{
    (void)state;
    struct peer peer = start_server(1);
    int silent[4];
    for (size_t i = 0; i < ARRAY_LEN(silent); i++) {
        silent[i] = connect_to(peer);
        send_text(silent[i], "GET / HT");
    }
    /* All places are taken; the fifth waits until the others have timed out. */
    int fifth = connect_to(peer);
    send_text(fifth, "GET /fifth HTTP/1.1\r\nHost: h\r\n\r\n");
    expect(fifth, "GET /fifth whole");
    for (size_t i = 0; i < ARRAY_LEN(silent); i++) {
        free(read_all(silent[i]));
        close(silent[i]);
    }
    close(fifth);
    stop_server(peer);
}

static void a_server_that_ends_closes_its_connections(void **state)
{
    (void)state;
    struct peer peer = start_server(DEADLINE_S);
    int fd = connect_to(peer);
    send_text(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    stop_server(peer);
    free(read_all(fd));
    close(fd);
}

static void where_to_listen_is_an_address_and_a_port(void **state)
{
    (void)state;
    static const struct {
        const char *listen;
        const char *expected; /* what the address or the error begins with */
        bool is_good;
    } cases[] = {
        {"127.0.0.1:0", "127.0.0.1:", true},
        {"localhost:0", "127.0.0.1:", true},
        {"0.0.0.0:0", "0.0.0.0:", true},
        {"127.0.0.1", "cannot listen on \"127.0.0.1\": it is not", false},
        {"", "cannot listen on \"\"", false},
        {":4318", "cannot listen on \":4318\"", false},
        {"127.0.0.1:", "cannot listen", false},
        {"127.0.0.1:x", "cannot listen", false},
        {"127.0.0.1:65536", "cannot listen", false},
        {"127.0.0.1:-1", "cannot listen", false},
        {"::1:80", "cannot listen", false},
        {"[::1]", "cannot listen", false},
        {"[]:1", "cannot listen", false},
        {"example.invalid:80", "cannot listen", false},
        {"192.0.2.1:0", "cannot listen on 192.0.2.1:0: Cannot assign", false},
    };
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *error = NULL;
        struct http_server_settings settings = settings_for(cases[i].listen);
        struct http_server *server = http_server_open(&settings, loop, &error);
        assert_int_equal(server != NULL, cases[i].is_good);
        const char *said = server != NULL ? http_server_address(server) : error;
        assert_true(strncmp(said, cases[i].expected, strlen(cases[i].expected)) == 0);
        assert_false(server != NULL && strcmp(strrchr(said, ':'), ":0") == 0);
        http_server_close(server);
        free(error);
    }
    ev_loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered),
        cmocka_unit_test(head_is_answered_without_a_body),
        cmocka_unit_test(a_connection_is_kept_for_more),
        cmocka_unit_test(a_body_over_the_limit_is_read_and_told),
        cmocka_unit_test(a_body_far_over_the_limit_is_not_listened_to),
        cmocka_unit_test(bodies_in_hand_are_bounded_together),
        cmocka_unit_test(a_connection_that_says_nothing_is_closed),
        cmocka_unit_test(a_server_that_ends_closes_its_connections),
        cmocka_unit_test(where_to_listen_is_an_address_and_a_port),
    };
    return driver_run("http_server", tests, ARRAY_LEN(tests));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

/*
 * The server runs in a child, on a loop of its own; the test is its client, with blocking sockets
 * and a deadline on each read.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/http_clients.h"
#include "base/http_listen.h"
#include "base/http_server.h"

enum {
    BODY_MAX = 1000,
    BODIES_MAX = 1500,
    DEADLINE_S = 20,
    ANSWER_MAX = 64 * 1024,
    HUGE_ANSWER = 512 << 10, /* more than the kernel keeps for a client that does not read */
    REQUEST_MS = DEADLINE_S * 1000,
    CONNECTIONS_MAX = 8, /* four of either kind, three of one address */
    PEER_MAX = 6,
};

struct peer {
    pid_t pid;
    uint16_t port;
};

/* An answer in so many pieces. */
struct pieces {
    unsigned left; /* 0 at first: there is no end to it */
    bool is_endless;
};

static bool add_piece(void *work, struct http_answer *answer)
{
    struct pieces *pieces = work;
    if (pieces->is_endless) {
        return false;
    }
    buf_append_format(&answer->body, "piece %u, ", pieces->left);
    if (--pieces->left > 0) {
        return false;
    }
    buf_append_string(&answer->body, "all");
    free(pieces);
    return true;
}

static void answer_in_pieces(unsigned count, struct http_answer *answer)
{
    struct pieces *pieces = mem_alloc(sizeof(*pieces));
    *pieces = (struct pieces){count, count == 0};
    answer->work = pieces;
    answer->go_on = add_piece;
    answer->give_up = free;
}

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
    if (strcmp(request->path, "/pieces") == 0) {
        const char *count = http_request_argument(request, "count");
        answer_in_pieces(count != NULL ? (unsigned)atoi(count) : 0, answer);
        return;
    }
    if (strcmp(request->path, "/huge") == 0) {
        buf_reserve(&answer->body, HUGE_ANSWER);
        memset(answer->body.data, 'h', HUGE_ANSWER);
        answer->body.len = HUGE_ANSWER;
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
        .answers_bytes_max = HUGE_ANSWER * 2 + ANSWER_MAX,
        .connection_bytes_max = 32 * 1024,
        .connections_max = CONNECTIONS_MAX,
        .peer_connections_max = PEER_MAX,
        .request_timeout_ms = REQUEST_MS,
        .idle_timeout_ms = REQUEST_MS,
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
static void serve(int fd, uint64_t request_timeout_ms)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    char *error = NULL;
    struct http_server_settings settings = settings_for("127.0.0.1:0");
    settings.request_timeout_ms = request_timeout_ms;
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

static struct peer start_server(uint64_t request_timeout_ms)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct peer peer = {.pid = fork()};
    assert_true(peer.pid >= 0);
    if (peer.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
        close(fds[0]);
        serve(fds[1], request_timeout_ms);
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
    struct peer peer = start_server(REQUEST_MS);
    static const struct {
        const char *request;
        const char *expected;
    } cases[] = {
        {"GET /a/b?q=1 HTTP/1.1\r\nHost: localhost\r\nX-Test: 5\r\n\r\n",
         "\r\n\r\nGET /a/b whole header=5 body="},
        {"GET /%61 HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /a whole header=none body="},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", "body=hello"},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
         "POST / whole header=none body=abcde"},
        {"GET /refuse HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 405 "},
        {"GET /refuse HTTP/1.1\r\nHost: localhost\r\n\r\n", "Allow: PUT\r\n"},
        {"GET /refuse HTTP/1.1\r\nHost: localhost\r\n\r\n", "Retry-After: 7\r\n"},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
         "HTTP/1.1 100 "},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", " 4"},
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
    struct peer peer = start_server(REQUEST_MS);
    int fd = connect_to(peer);
    send_text(fd, "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
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
    struct peer peer = start_server(REQUEST_MS);
    int fd = connect_to(peer);
    for (int i = 0; i < 50; i++) {
        send_text(fd, "POST /again HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nwor");
        send_text(fd, "d");
        expect(fd, "body=word");
    }
    /* Two at once: the second is not forgotten when nothing more makes the socket readable. */
    send_text(fd, "GET /one HTTP/1.1\r\nHost: localhost\r\n\r\nGET /two HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(fd, "GET /two whole");
    close(fd);
    stop_server(peer);
}

static void a_body_over_the_limit_is_read_and_told(void **state)
{
    (void)state;
    struct peer peer = start_server(REQUEST_MS);
    int fd = connect_to(peer);
    send_text(fd, "POST /just HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
    send_many(fd, 1000);
    expect(fd, "POST /just whole");
    send_text(fd, "POST /over HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n");
    send_many(fd, 1001);
    expect(fd, "POST /over too large header=none body=");
    send_text(fd, "POST /chunked HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n");
    send_many(fd, 1001);
    send_text(fd, "\r\n0\r\n\r\n");
    expect(fd, "POST /chunked too large");
    send_text(fd, "GET /after HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(fd, "GET /after whole");
    close(fd);
    stop_server(peer);
}

static void a_body_far_over_the_limit_is_not_listened_to(void **state)
{
    (void)state;
    struct peer peer = start_server(REQUEST_MS);
    int fd = connect_to(peer);
    send_text(fd, "POST /far HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n");
    expect(fd, "POST /far too large");
    close(fd);
    stop_server(peer);
}

/* Ask with a body of 900 bytes; true if there was no room for it. */
static bool is_refused(int fd)
{
    send_text(fd, "POST /second HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n");
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
    struct peer peer = start_server(REQUEST_MS);
    int first = connect_to(peer);
    send_text(first, "POST /first HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n"
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
    send_text(second, "POST /later HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx");
    expect(second, "POST /later whole");
    close(first);
    close(second);
    stop_server(peer);
}

static void a_connection_that_sends_no_request_in_time_is_closed(void **state)
{
    (void)state;
    struct peer peer = start_server(500);
    int silent = connect_to(peer);
    int half = connect_to(peer);
    send_text(half, "GET / HT");
    free(read_all(silent));
    free(read_all(half));
    close(silent);
    close(half);
    stop_server(peer);
}

/* Sends a byte at a time until the other end has closed. */
static void send_slowly(int fd, const char *head)
{
    send_text(fd, head);
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    while (send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
        nanosleep(&pause, NULL);
    }
}

static void bytes_that_come_one_at_a_time_do_not_keep_a_connection(void **state)
{
    (void)state;
    struct peer peer = start_server(500);
    static const char *const heads[] = {
        "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        int fd = connect_to(peer);
        send_slowly(fd, heads[i]);
        close(fd);
    }
    stop_server(peer);
}

static void ask(struct peer peer)
{
    int fd = connect_to(peer);
    send_text(fd, "GET /probe HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(fd, "GET /probe whole");
    close(fd);
}

static void who_comes_to_ask_has_a_place_whatever_others_do(void **state)
{
    (void)state;
    struct peer peer = start_server(REQUEST_MS);
    static const char *const heads[] = {
        "",
        "GET / HT",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nx",
        "GET /kept HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /huge HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    int crowd[ARRAY_LEN(heads)][2 * CONNECTIONS_MAX];
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        for (size_t k = 0; k < ARRAY_LEN(crowd[i]); k++) {
            crowd[i][k] = connect_to(peer);
            send_text(crowd[i][k], heads[i]);
            ask(peer);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        free(read_all(crowd[i][0])); /* the first of each kind has been sent away */
        for (size_t k = 0; k < ARRAY_LEN(crowd[i]); k++) {
            close(crowd[i][k]);
        }
    }
    stop_server(peer);
}

static void an_answer_that_nobody_reads_is_given_up(void **state)
{
    (void)state;
    struct peer peer = start_server(100);
    int fd = connect_to(peer);
    int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    send_text(fd, "GET /huge HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(fd, "Content-Length: 524288\r\n");
    struct pollfd gone = {.fd = fd}; /* POLLHUP and POLLERR are told unasked */
    assert_int_equal(poll(&gone, 1, 1000 * (DEADLINE_S + HUGE_ANSWER / (64 * 1024))), 1);
    ask(peer);
    close(fd);
    stop_server(peer);
}

static void a_name_of_another_machine_is_misdirected_on_loopback(void **state)
{
    (void)state;
    struct peer peer = start_server(REQUEST_MS);
    int fd = connect_to(peer);
    send_text(fd, "GET /secret HTTP/1.1\r\nHost: rebound.example:9464\r\n\r\n");
    expect(fd, "not for the name in your Host header\n");
    send_text(fd, "GET /fine HTTP/1.1\r\nHost: 127.0.0.1:9464\r\n\r\n");
    expect(fd, "GET /fine whole");
    close(fd);
    fd = connect_to(peer);
    send_text(fd, "GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n");
    char *answer = read_all(fd);
    assert_non_null(strstr(answer, "HTTP/1.1 421 "));
    assert_null(strstr(answer, "whole"));
    free(answer);
    close(fd);
    stop_server(peer);
}

static void a_host_is_local_by_name_or_by_address(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool is_local;
    } cases[] = {
        {NULL, true},
        {"localhost", true},
        {"LOCALHOST:9464", true},
        {"clew.localhost", true},
        {"127.0.0.1", true},
        {"127.0.0.1:9464", true},
        {"[::1]", true},
        {"[::1]:9464", true},
        {"10.1.2.3:8443", true}, /* of a proxy that hands the header on */
        {"", false},
        {":9464", false},
        {"x", false},
        {"evil.example", false},
        {"evil.example:9464", false},
        {"localhost.evil.example", false},
        {"localhost.", false},
        {".localhost", false},
        {"evillocalhost", false},
        {"127.0.0.1.evil.example", false},
        {"127.0.0.1:x", false},
        {"127.0.0.1@evil.example", false},
        {"[::1", false},
        {"[::1]evil", false},
        {"[localhost]x", false},
        {"::1", false},
        {"a.very.long.name.that.is.longer.than.any.address.could.be.in.any.form.localhost", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (http_host_is_local(cases[i].host) != cases[i].is_local) {
            print_error("\"%s\"\n", cases[i].host);
        }
        assert_int_equal(http_host_is_local(cases[i].host), cases[i].is_local);
    }
}

static struct sockaddr_in address_of(uint32_t host)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
}

static void an_address_over_its_share_displaces_its_own(void **state)
{
    (void)state;
    struct http_clients clients;
    struct http_client all[8] = {0};
    const struct sockaddr_in busy = address_of(1);
    const struct sockaddr_in other = address_of(2);
    http_clients_init(&clients, 4, 2);
    http_client_add(&clients, &all[0], 0, (const struct sockaddr *)&other, 10);
    http_client_add(&clients, &all[1], 1, (const struct sockaddr *)&busy, 11);
    http_client_add(&clients, &all[2], 2, (const struct sockaddr *)&busy, 12);
    assert_null(http_clients_displaced(&clients, HTTP_WAITING));
    http_client_add(&clients, &all[3], 3, (const struct sockaddr *)&busy, 13);
    assert_ptr_equal(http_clients_displaced(&clients, HTTP_WAITING), &all[1]);
    http_client_begin(&clients, &all[1], HTTP_CLOSING, 0);
    assert_null(http_clients_displaced(&clients, HTTP_WAITING));
    for (int i = 4; i < 6; i++) {
        const struct sockaddr_in another = address_of((uint32_t)i);
        http_client_add(&clients, &all[i], i, (const struct sockaddr *)&another, 14);
    }
    assert_ptr_equal(http_clients_displaced(&clients, HTTP_WAITING), &all[0]);
    assert_null(http_clients_displaced(&clients, HTTP_SERVED));
    assert_null(http_clients_late(&clients, 9));
    assert_ptr_equal(http_clients_late(&clients, 10), &all[0]);
    assert_int_equal(http_clients_count(&clients), 6);
}

static void a_server_that_ends_closes_its_connections(void **state)
{
    (void)state;
    struct peer peer = start_server(REQUEST_MS);
    int fd = connect_to(peer);
    send_text(fd, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
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
        {"[::]:0", "", true}, /* [::], or 0.0.0.0 where the kernel has no IPv6 */
        {"0.0.0.0:0", "0.0.0.0:", true},
        {"127.0.0.1", "cannot listen on \"127.0.0.1\": the address must be", false},
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

enum { NO_FILTER = 255 }; /* a child's last word where no filter can be set: under an emulator */

/* From now on this process is on a kernel without IPv6. False: that cannot be played here. */
static bool forbid_ipv6(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = ARRAY_LEN(code), .filter = code};
    ENSURE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool connects(int family, const char *address)
{
    const char *port = strrchr(address, ':') + 1;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = v4.sin_port};
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v6.sin6_addr = in6addr_loopback;
    int fd = socket(family, SOCK_STREAM, 0);
    bool is_v4 = family == AF_INET;
    bool good = fd >= 0 && connect(fd, is_v4 ? (const struct sockaddr *)&v4
                                             : (const struct sockaddr *)&v6,
                                   is_v4 ? sizeof(v4) : sizeof(v6)) == 0;
    close(fd);
    return good;
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&v6, sizeof(v6)) == 0;
    close(fd);
    return has;
}

static void any_address_is_of_both_families(void **state)
{
    (void)state;
    char *error = NULL;
    char address[80];
    int fd = http_listen("[::]:0", &error);
    assert_true(fd >= 0);
    http_listen_name(fd, address, sizeof(address));
    assert_true(connects(AF_INET, address));
    assert_int_equal(connects(AF_INET6, address), has_ipv6());
    assert_false(http_listen_is_loopback(fd));
    close(fd);
}

static void a_kernel_without_ipv6_listens_on_ipv4(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        if (!forbid_ipv6()) {
            _exit(NO_FILTER);
        }
        char *error = NULL;
        char address[80];
        int fd = http_listen("[::]:0", &error);
        http_listen_name(fd, address, sizeof(address));
        bool is_good = fd >= 0 && strncmp(address, "0.0.0.0:", 8) == 0 && connects(AF_INET, address);
        bool is_refused = http_listen("[::1]:0", &error) == -EAFNOSUPPORT;
        _exit(is_good && is_refused && strstr(error, "[::1]:0: Address family not") != NULL ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_FILTER) {
        print_message("no filter of system calls can be set here: not tried\n");
        return;
    }
    assert_int_equal(status, 0);
}

static void a_server_that_follows_another_shares_its_socket(void **state)
{
    (void)state;
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    char *error = NULL;
    struct http_server_settings settings = settings_for("127.0.0.1:0");
    struct http_server *first = http_server_open(&settings, loop, &error);
    assert_non_null(first);
    char address[80];
    snprintf(address, sizeof(address), "%s", http_server_address(first));
    settings.before = first;
    struct http_server *second = http_server_open(&settings, loop, &error);
    assert_non_null(second);
    http_server_close(first);
    assert_string_equal(http_server_address(second), address);
    assert_true(connects(AF_INET, address));
    http_server_close(second);
    assert_false(connects(AF_INET, address));
    ev_loop_destroy(loop);
}

static void an_answer_may_be_made_in_pieces_while_others_are_served(void **state)
{
    (void)state;
    struct peer peer = start_server(REQUEST_MS);
    int endless = connect_to(peer);
    send_text(endless, "GET /pieces HTTP/1.1\r\nHost: localhost\r\n\r\n");
    int gone = connect_to(peer);
    send_text(gone, "GET /pieces?count=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    close(gone);
    int fd = connect_to(peer);
    for (int i = 0; i < 3; i++) { /* the connection is kept */
        send_text(fd, "GET /pieces?count=3 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        expect(fd, "piece 3, piece 2, piece 1, all");
    }
    send_text(fd, "GET /a?count=%31 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(fd, "GET /a whole header=none body=");
    close(fd);
    int last = connect_to(peer);
    send_text(last, "GET /pieces?count=900 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    fd = connect_to(peer);
    send_text(fd, "GET /b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(fd, "GET /b whole");
    close(fd);
    stop_server(peer); /* whoever can be answered is */
    char *answer = read_all(endless);
    assert_null(strstr(answer, "200 OK"));
    free(answer);
    close(endless);
    answer = read_all(last);
    assert_non_null(strstr(answer, "piece 1, all"));
    free(answer);
    close(last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered),
        cmocka_unit_test(an_answer_may_be_made_in_pieces_while_others_are_served),
        cmocka_unit_test(head_is_answered_without_a_body),
        cmocka_unit_test(a_connection_is_kept_for_more),
        cmocka_unit_test(a_body_over_the_limit_is_read_and_told),
        cmocka_unit_test(a_body_far_over_the_limit_is_not_listened_to),
        cmocka_unit_test(bodies_in_hand_are_bounded_together),
        cmocka_unit_test(a_connection_that_sends_no_request_in_time_is_closed),
        cmocka_unit_test(bytes_that_come_one_at_a_time_do_not_keep_a_connection),
        cmocka_unit_test(who_comes_to_ask_has_a_place_whatever_others_do),
        cmocka_unit_test(an_answer_that_nobody_reads_is_given_up),
        cmocka_unit_test(a_name_of_another_machine_is_misdirected_on_loopback),
        cmocka_unit_test(a_host_is_local_by_name_or_by_address),
        cmocka_unit_test(an_address_over_its_share_displaces_its_own),
        cmocka_unit_test(a_server_that_ends_closes_its_connections),
        cmocka_unit_test(where_to_listen_is_an_address_and_a_port),
        cmocka_unit_test(any_address_is_of_both_families),
        cmocka_unit_test(a_kernel_without_ipv6_listens_on_ipv4),
        cmocka_unit_test(a_server_that_follows_another_shares_its_socket),
    };
    return driver_run("http_server", tests, ARRAY_LEN(tests));
}

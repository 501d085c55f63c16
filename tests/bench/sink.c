/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The far end that costs least: it says yes to every HTTP request and never looks at a body, which the
 * kernel throws away without a copy (MSG_TRUNC of tcp(7)). For measurements in which the shipper is to
 * have the cores; what arrived is for others to count. With DELAY_MS it is that far away: each answer
 * leaves so long after its request was there whole, and is a line on standard output: when (in ms) and how
 * many bytes it is for.
 *
 * usage: sink PORT [DELAY_MS]
 */

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, HEAD_BYTES_MAX = 16 * 1024 };

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
                             "Content-Length: 0\r\n\r\n";

struct connection {
    char head[HEAD_BYTES_MAX + 1];
    size_t head_len;
    size_t body_len;  /* of the request at hand … */
    size_t body_left; /* … and what has not come yet */
    long long due_ms; /* its answer; 0: none is outstanding */
};

static struct pollfd fds[CONNECTIONS_MAX + 1]; /* the first one listens */
static struct connection *connections[CONNECTIONS_MAX + 1];
static nfds_t count = 1;
static int delay_ms;

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int say_yes(struct connection *connection, int fd)
{
    if (delay_ms > 0 && connection->due_ms == 0) {
        connection->due_ms = now_ms() + delay_ms;
        return 0;
    }
    if (delay_ms > 0) {
        printf("%lld %zu\n", now_ms(), connection->body_len);
    }
    connection->due_ms = 0;
    return write(fd, answer, sizeof(answer) - 1) == (ssize_t)(sizeof(answer) - 1) ? 0 : -1;
}

/* As much of the body as there is. 0, or -1 when the connection has ended. */
static int drop_body(struct connection *connection, int fd)
{
    while (connection->body_left > 0) {
        ssize_t n = recv(fd, NULL, connection->body_left, MSG_TRUNC | MSG_DONTWAIT);
        if (n <= 0) {
            return n < 0 && errno == EAGAIN ? 0 : -1;
        }
        connection->body_left -= (size_t)n;
    }
    return say_yes(connection, fd);
}

/* The head comes byte for byte into its buffer, and nothing of the body with it. */
static int read_head(struct connection *connection, int fd)
{
    char *head = connection->head;
    ssize_t n = recv(fd, head, HEAD_BYTES_MAX, MSG_PEEK | MSG_DONTWAIT);
    if (n <= 0) {
        return n < 0 && errno == EAGAIN ? 0 : -1;
    }
    head[n] = '\0';
    const char *end = strstr(head, "\r\n\r\n");
    if (end == NULL) {
        return n == HEAD_BYTES_MAX ? -1 : 0;
    }
    size_t len = (size_t)(end + 4 - head);
    const char *length = strcasestr(head, "\r\nContent-Length:");
    if (length == NULL || length > end || recv(fd, head, len, 0) != (ssize_t)len) {
        return -1;
    }
    connection->body_len = strtoull(length + strlen("\r\nContent-Length:"), NULL, 10);
    connection->body_left = connection->body_len;
    bool has_to_be_asked = strcasestr(head, "\r\nExpect: 100-continue") != NULL;
    if (has_to_be_asked && write(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25) != 25) {
        return -1;
    }
    return drop_body(connection, fd);
}

static void take_connection(void)
{
    int fd = accept(fds[0].fd, NULL, NULL);
    if (fd >= 0 && count <= CONNECTIONS_MAX) {
        fds[count] = (struct pollfd){.fd = fd, .events = POLLIN};
        connections[count++] = calloc(1, sizeof(struct connection));
    } else if (fd >= 0) {
        close(fd);
    }
}

static void drop(nfds_t i)
{
    close(fds[i].fd);
    free(connections[i]);
    count--;
    fds[i] = fds[count];
    connections[i] = connections[count];
}

static void serve(nfds_t i)
{
    struct connection *connection = connections[i];
    if (connection == NULL || (connection->body_left > 0 ? drop_body(connection, fds[i].fd)
                                                         : read_head(connection, fds[i].fd)) < 0) {
        drop(i);
    }
}

/* Answers whose time has come; in how many ms the next one's does, or -1. */
static int answer_due(void)
{
    long long next_ms = -1;
    for (nfds_t i = count; i-- > 1;) {
        if (connections[i] == NULL || connections[i]->due_ms == 0) {
            continue;
        }
        long long left_ms = connections[i]->due_ms - now_ms();
        if (left_ms <= 0 && say_yes(connections[i], fds[i].fd) < 0) {
            drop(i);
        } else if (left_ms > 0) {
            next_ms = next_ms < 0 || left_ms < next_ms ? left_ms : next_ms;
        }
    }
    return (int)next_ms;
}

static int listen_on(int port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((unsigned short)port),
                                        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    return bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 64) == 0
               ? fd
               : -1;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    bool is_right = argc == 2 || argc == 3;
    delay_ms = argc == 3 ? atoi(argv[2]) : 0;
    fds[0] = (struct pollfd){.fd = is_right ? listen_on(atoi(argv[1])) : -1, .events = POLLIN};
    if (fds[0].fd < 0) {
        fprintf(stderr, "usage: sink PORT [DELAY_MS], a port that is free\n");
        return 2;
    }
    while (poll(fds, count, answer_due()) >= 0) {
        for (nfds_t i = count; i-- > 1;) {
            if (fds[i].revents != 0) {
                serve(i);
            }
        }
        if (fds[0].revents != 0) {
            take_connection();
        }
    }
    return 1;
}

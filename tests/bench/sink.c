/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The far end that costs least: it says yes to every HTTP request and never looks at a body, which the
 * kernel throws away without a copy (MSG_TRUNC of tcp(7)). For measurements in which the shipper is to
 * have the cores; what arrived is for others to count.
 *
 * usage: sink PORT
 */

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, HEAD_BYTES_MAX = 16 * 1024 };

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
                             "Content-Length: 0\r\n\r\n";

struct connection {
    char head[HEAD_BYTES_MAX + 1];
    size_t head_len;
    size_t body_left; /* of the request at hand */
};

static struct pollfd fds[CONNECTIONS_MAX + 1]; /* the first one listens */
static struct connection *connections[CONNECTIONS_MAX + 1];
static nfds_t count = 1;

static int say_yes(int fd)
{
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
    return say_yes(fd);
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
    connection->body_left = strtoull(length + strlen("\r\nContent-Length:"), NULL, 10);
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

static void serve(nfds_t i)
{
    struct connection *connection = connections[i];
    if (connection == NULL || (connection->body_left > 0 ? drop_body(connection, fds[i].fd)
                                                         : read_head(connection, fds[i].fd)) < 0) {
        close(fds[i].fd);
        free(connection);
        count--;
        fds[i] = fds[count];
        connections[i] = connections[count];
    }
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
    fds[0] = (struct pollfd){.fd = argc == 2 ? listen_on(atoi(argv[1])) : -1, .events = POLLIN};
    if (fds[0].fd < 0) {
        fprintf(stderr, "usage: sink PORT, one that is free\n");
        return 2;
    }
    while (poll(fds, count, -1) > 0) {
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

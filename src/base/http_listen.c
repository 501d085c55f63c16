/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"

enum {
    /* Cut down by the kernel to net.core.somaxconn. Those who wait here wait for one turn of the loop. */
    LISTEN_BACKLOG = 4096,
    HOST_BYTES_MAX = 64, /* of an address; a longer one is a name */
};

/* ---- an address ---- */

/* Where "host:port" and "[host]:port" end; false for any other form. */
static bool split_listen(const char *listen, char host[HOST_BYTES_MAX], const char **out_port)
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
    if (end <= begin || end - begin >= HOST_BYTES_MAX) {
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
    char host[HOST_BYTES_MAX];
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

/* ---- the socket ---- */

static const struct sockaddr_in6 *as_v6(const struct sockaddr *address)
{
    return address->sa_family == AF_INET6 ? (const struct sockaddr_in6 *)(const void *)address : NULL;
}

static bool is_any_v6(const struct sockaddr *address)
{
    const struct sockaddr_in6 *v6 = as_v6(address);
    return v6 != NULL && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
}

/* A listening socket or -errno. "Any" of IPv6 is any of IPv4 as well, whatever net.ipv6.bindv6only
 * says. */
static int open_socket(const struct sockaddr *address, socklen_t len)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    int on = 1;
    int off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (is_any_v6(address)) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    if (bind(fd, address, len) != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

/* Booted with `ipv6.disable=1` the kernel has no such sockets; with the module's `disable=1`, or
 * forbidden by a sandbox of the platform, no such address. */
static bool has_no_v6(int error)
{
    return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL || error == -EPROTONOSUPPORT;
}

static int open_any(const struct addrinfo *address)
{
    int fd = open_socket(address->ai_addr, address->ai_addrlen);
    if (!has_no_v6(fd) || !is_any_v6(address->ai_addr)) {
        return fd;
    }
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = as_v6(address->ai_addr)->sin6_port};
    return open_socket((const struct sockaddr *)&v4, sizeof(v4));
}

int http_listen(const char *listen, char **out_error)
{
    struct addrinfo *address = find_address(listen);
    if (address == NULL) {
        *out_error = mem_format("cannot listen on \"%s\": the address must be ADDRESS:PORT, such as "
                                "127.0.0.1:4318 or [::1]:4318",
                                listen);
        return -EINVAL;
    }
    int fd = open_any(address);
    freeaddrinfo(address);
    if (fd < 0) {
        *out_error = mem_format("cannot listen on %s: %s", listen, strerror(-fd));
    }
    return fd;
}

void http_listen_name(int fd, char *out, size_t size)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof(bound);
    char host[HOST_BYTES_MAX] = "?";
    char port[8] = "?";
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == 0) {
        getnameinfo((struct sockaddr *)&bound, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV);
    }
    snprintf(out, size, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
}

static bool is_loopback_v4(uint32_t address)
{
    return ntohl(address) >> 24 == IN_LOOPBACKNET;
}

bool http_listen_is_loopback(int fd)
{
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof(bound);
    if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0) {
        return false;
    }
    const struct sockaddr_in6 *v6 = as_v6((const struct sockaddr *)&bound);
    if (v6 == NULL) {
        return is_loopback_v4(((const struct sockaddr_in *)(const void *)&bound)->sin_addr.s_addr);
    }
    uint32_t mapped;
    memcpy(&mapped, &v6->sin6_addr.s6_addr[12], sizeof(mapped));
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && is_loopback_v4(mapped));
}

/* ---- the Host header ---- */

static bool is_localhost(const char *name)
{
    static const char zone[] = ".localhost"; /* all of it is loopback: RFC 6761, section 6.3 */
    size_t len = strlen(name);
    return strcasecmp(name, zone + 1) == 0 ||
           (len > strlen(zone) && strcasecmp(name + len - strlen(zone), zone) == 0);
}

static bool is_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

bool http_host_is_local(const char *host)
{
    if (host == NULL) {
        return true;
    }
    char name[HOST_BYTES_MAX];
    bool is_bracketed = host[0] == '[';
    const char *begin = host + is_bracketed;
    size_t len = strcspn(begin, is_bracketed ? "]" : ":");
    if (len == 0 || len >= sizeof(name) || (is_bracketed && begin[len] == '\0')) {
        return false;
    }
    const char *rest = begin + len + is_bracketed;
    if (!(*rest == '\0' || (*rest == ':' && is_port(rest + 1)))) {
        return false;
    }
    memcpy(name, begin, len);
    name[len] = '\0';
    return is_localhost(name) || is_address(name);
}

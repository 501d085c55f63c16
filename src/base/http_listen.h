/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_HTTP_LISTEN_H
#define CLEW_BASE_HTTP_LISTEN_H

/* Where an HTTP server listens, and by which names it may be called there. */

#include <stdbool.h>
#include <stddef.h>

/*
 * A listening socket, non-blocking, for "127.0.0.1:4318", "[::1]:4318", "localhost:0" (port 0: a free
 * one). "[::]:PORT" takes IPv4 and IPv6, and IPv4 alone where the kernel has no IPv6
 * (`ipv6.disable=1`). -errno on failure, with *out_error a sentence that the caller frees.
 */
int http_listen(const char *listen, char **out_error);

/* The socket's own address, the port the true one: "127.0.0.1:40123", "[::1]:4318". */
void http_listen_name(int fd, char *out, size_t size);

/* Only this machine reaches the socket. */
bool http_listen_is_loopback(int fd);

/*
 * May a request with this Host header be meant for a server on loopback? A page of any site can have a
 * browser on this machine ask 127.0.0.1 under the site's own name, once that name resolves there (DNS
 * rebinding), and read the answer. So a name must be `localhost`; an address is no name that could
 * have been made to resolve. NULL, no header, is fine: every browser sends one.
 */
bool http_host_is_local(const char *host);

#endif

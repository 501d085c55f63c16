/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_HTTP_CLIENTS_H
#define CLEW_BASE_HTTP_CLIENTS_H

/*
 * Who is connected to an HTTP server, whose turn it is since when, and who has to go.
 *
 *     accepted ──► WAITING ── its headers are in ──► SERVED ── its answer is read ──► WAITING …
 *                     │                                 │
 *                     └──────── late or displaced ──────┴──► CLOSING ──► gone
 *
 * A server that answers at once waits for nobody but its clients, so a client that takes long is one
 * that could not be missed. Nobody is turned away at the door: whoever comes when all places are taken
 * gets the place of the one whose turn began longest ago. A health check asks as soon as it is
 * connected and is answered in the same turn of the loop; so it has a place however many others are
 * connected and say nothing.
 *
 * The two kinds of places are apart: those who have sent their headers and stop there cannot displace
 * one who comes to ask, and those who say nothing cannot displace one who is sending a body. In either
 * kind an address that holds its share displaces its own, not others.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/list.h"

struct sockaddr;

enum http_turn {
    HTTP_WAITING, /* for a request: the first one, or the next on a connection that is kept */
    HTTP_SERVED,  /* its body comes, or its answer goes */
    HTTP_CLOSING, /* told to the kernel, not yet noticed by the server */
    HTTP_TURNS,
};

struct http_client {
    struct list link; /* of its turn, in the order in which those began */
    enum http_turn turn;
    int fd;
    unsigned char peer[16]; /* the address; IPv4 as IPv6 has it */
    uint64_t deadline_ns;   /* of its turn */
};

struct http_clients {
    struct list turns[HTTP_TURNS];
    size_t counts[HTTP_TURNS];
    size_t places;      /* of each kind */
    size_t peer_places; /* of them, for one address */
};

void http_clients_init(struct http_clients *clients, size_t places, size_t peer_places);

/* A new one, waiting until `deadline_ns`; zeroed memory of the caller. `address` may be NULL. */
void http_client_add(struct http_clients *clients, struct http_client *client, int fd,
                     const struct sockaddr *address, uint64_t deadline_ns);

/* Its next turn begins. */
void http_client_begin(struct http_clients *clients, struct http_client *client, enum http_turn turn,
                       uint64_t deadline_ns);

void http_client_remove(struct http_clients *clients, struct http_client *client);

/* Who has to go because the last that began that turn took a place too many; NULL: nobody. */
struct http_client *http_clients_displaced(const struct http_clients *clients, enum http_turn turn);

/* One whose turn should be over; NULL: there is none. */
struct http_client *http_clients_late(const struct http_clients *clients, uint64_t now_ns);

/* Whose turn began longest ago; NULL: nobody has that turn. */
struct http_client *http_clients_oldest(const struct http_clients *clients, enum http_turn turn);

size_t http_clients_count(const struct http_clients *clients);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http_clients.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include "base/mem.h"

void http_clients_init(struct http_clients *clients, size_t places, size_t peer_places)
{
    ENSURE(places > 0 && peer_places > 0);
    *clients = (struct http_clients){.places = places, .peer_places = peer_places};
    for (size_t i = 0; i < HTTP_TURNS; i++) {
        list_init(&clients->turns[i]);
    }
}

/* A socket for both families tells IPv4 addresses as ::ffff:a.b.c.d; so does this for the others. */
static void read_peer(const struct sockaddr *address, unsigned char out[16])
{
    if (address != NULL && address->sa_family == AF_INET6) {
        memcpy(out, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    } else if (address != NULL && address->sa_family == AF_INET) {
        memset(out + 10, 0xff, 2);
        memcpy(out + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    }
}

static void put_last(struct http_clients *clients, struct http_client *client, enum http_turn turn,
                     uint64_t deadline_ns)
{
    client->turn = turn;
    client->deadline_ns = deadline_ns;
    list_append(&clients->turns[turn], &client->link);
    clients->counts[turn]++;
}

void http_client_add(struct http_clients *clients, struct http_client *client, int fd,
                     const struct sockaddr *address, uint64_t deadline_ns)
{
    client->fd = fd;
    read_peer(address, client->peer);
    list_init(&client->link);
    put_last(clients, client, HTTP_WAITING, deadline_ns);
}

void http_client_remove(struct http_clients *clients, struct http_client *client)
{
    ENSURE(clients->counts[client->turn] > 0);
    clients->counts[client->turn]--;
    list_remove(&client->link);
}

void http_client_begin(struct http_clients *clients, struct http_client *client, enum http_turn turn,
                       uint64_t deadline_ns)
{
    http_client_remove(clients, client);
    put_last(clients, client, turn, deadline_ns);
}

static struct http_client *client_of(struct list *link)
{
    return container_of(link, struct http_client, link);
}

/* The oldest with the address of `like`, if they are more than their share. */
static struct http_client *find_surplus(const struct http_clients *clients,
                                        const struct http_client *like)
{
    struct http_client *oldest = NULL;
    size_t count = 0;
    const struct list *all = &clients->turns[like->turn];
    for (struct list *link = all->next; link != all; link = link->next) {
        struct http_client *client = client_of(link);
        if (memcmp(client->peer, like->peer, sizeof(like->peer)) == 0) {
            oldest = oldest == NULL ? client : oldest;
            count++;
        }
    }
    return count > clients->peer_places ? oldest : NULL;
}

struct http_client *http_clients_displaced(const struct http_clients *clients, enum http_turn turn)
{
    if (clients->counts[turn] == 0) {
        return NULL;
    }
    struct http_client *surplus = find_surplus(clients, client_of(clients->turns[turn].prev));
    if (surplus != NULL) {
        return surplus;
    }
    return clients->counts[turn] > clients->places ? http_clients_oldest(clients, turn) : NULL;
}

struct http_client *http_clients_late(const struct http_clients *clients, uint64_t now_ns)
{
    for (size_t turn = 0; turn < HTTP_CLOSING; turn++) {
        const struct list *all = &clients->turns[turn];
        for (struct list *link = all->next; link != all; link = link->next) {
            if (client_of(link)->deadline_ns <= now_ns) {
                return client_of(link);
            }
        }
    }
    return NULL;
}

struct http_client *http_clients_oldest(const struct http_clients *clients, enum http_turn turn)
{
    return clients->counts[turn] > 0 ? client_of(clients->turns[turn].next) : NULL;
}

size_t http_clients_count(const struct http_clients *clients)
{
    size_t count = 0;
    for (size_t i = 0; i < HTTP_TURNS; i++) {
        count += clients->counts[i];
    }
    return count;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "input/input_type.h"

#include <errno.h>
#include <ev.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/mem.h"
#include "input/chunk.h"

/*
 * Messages of syslog: over TCP and unix streams with octet counting or a newline behind each
 * (RFC 6587), over UDP and unix datagrams one a packet (RFC 5426). What is in them is for the parser
 * of the format `syslog`.
 *
 * Each connection is a stream of its own, and so is each socket of datagrams. While the sink has no
 * room nothing is read: a connected sender waits, and so does one of unix datagrams; those of UDP are
 * kept by the kernel as long as it has room, and what it drops it counts.
 */

#define SOURCE_ID ((uint64_t)1 << 62)

enum { BACKLOG = 128, ADDRESS_MAX = 256 };

static const double TICK_S = 0.25;

/* A socket that gives bytes or messages. */
struct sender {
    struct list link;
    struct syslog_input *input;
    ev_io io;
    struct chunk chunk;
    uint32_t dropped; /* what the kernel has told */
    bool is_datagrams;
    bool is_over;
};

struct listener {
    struct syslog_input *input;
    ev_io io;
    char *path; /* of a unix socket, to be removed; NULL: there is none */
};

struct syslog_input {
    const struct input_settings *settings;
    struct input_env env;
    struct list senders;
    struct listener *listeners;
    size_t listener_count;
    uint64_t connections;
    uint64_t sources;
    ev_timer tick;
    bool is_stopped;
};

/* ---- senders ---- */

static void sender_free(struct sender *sender)
{
    struct syslog_input *input = sender->input;
    ev_io_stop(input->env.loop, &sender->io);
    close(sender->io.fd);
    if (!sender->is_datagrams) {
        input->connections--;
        counters_subtract(input->env.counters, C_SYSLOG_CONNECTIONS, 1);
    }
    list_remove(&sender->link);
    chunk_fini(&sender->chunk);
    free(sender);
}

/* What is there goes to the sink, and more is read once it is gone. False: the sender is gone. */
static bool give(struct sender *sender)
{
    bool has_room = chunk_give(&sender->chunk, sender->is_over);
    if (has_room && sender->is_over) {
        sender_free(sender);
        return false;
    }
    if (has_room && !sender->input->is_stopped) {
        ev_io_start(sender->input->env.loop, &sender->io);
    } else {
        ev_io_stop(sender->input->env.loop, &sender->io);
    }
    return true;
}

static void on_bytes(struct ev_loop *loop, ev_io *io, int events)
{
    (void)events;
    struct sender *sender = container_of(io, struct sender, io);
    char *room = chunk_room(&sender->chunk);
    if (room == NULL) {
        ev_io_stop(loop, io);
        return;
    }
    ssize_t len = recv(io->fd, room, CHUNK_READ_BYTES, MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    chunk_add(&sender->chunk, len > 0 ? (size_t)len : 0);
    sender->is_over = len <= 0;
    give(sender);
}

static void count_dropped(struct sender *sender, struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        uint32_t dropped;
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&dropped, CMSG_DATA(c), sizeof(dropped));
            counters_add(sender->input->env.counters, C_SYSLOG_DROPPED,
                         (uint32_t)(dropped - sender->dropped));
            sender->dropped = dropped;
        }
    }
}

static void on_message(struct ev_loop *loop, ev_io *io, int events)
{
    (void)events;
    struct sender *sender = container_of(io, struct sender, io);
    char bytes[CHUNK_READ_BYTES];
    char control[CMSG_SPACE(sizeof(uint32_t))];
    if (chunk_room(&sender->chunk) == NULL || !chunk_is_empty(&sender->chunk)) {
        ev_io_stop(loop, io);
        return;
    }
    struct iovec part = {bytes, sizeof(bytes)};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                            .msg_controllen = sizeof(control)};
    ssize_t len = recvmsg(io->fd, &header, MSG_DONTWAIT);
    if (len < 0) {
        return;
    }
    count_dropped(sender, &header);
    size_t max = sender->chunk.settings->line_bytes_max;
    bool is_cut = (header.msg_flags & MSG_TRUNC) != 0 || (size_t)len > max;
    counters_add(sender->input->env.counters, C_LINES_TRUNCATED, is_cut ? 1 : 0);
    ENSURE(chunk_add_message(&sender->chunk,
                             slice_make(bytes, (size_t)len < max ? (size_t)len : max)));
    give(sender);
}

static void sender_new(struct syslog_input *input, int fd, bool is_datagrams)
{
    struct sender *sender = mem_alloc(sizeof(*sender));
    const char *name = input->settings->name;
    uint64_t id = SOURCE_ID | (hash_bytes(name, strlen(name), 0) & 0x3fffff) << 40 |
                  (++input->sources & 0xffffffffff);
    sender->input = input;
    sender->is_datagrams = is_datagrams;
    chunk_init(&sender->chunk, input->settings, input->env.sink, input->env.counters,
               source_new(NULL, name, id));
    sender->chunk.counts_octets = true;
    sender->chunk.holds_messages = is_datagrams;
    list_append(&input->senders, &sender->link);
    ev_io_init(&sender->io, is_datagrams ? on_message : on_bytes, fd, EV_READ);
    ev_io_start(input->env.loop, &sender->io);
}

static void on_connection(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    (void)events;
    struct syslog_input *input = container_of(io, struct listener, io)->input;
    int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }
    if (input->connections >= input->settings->connections_max) {
        counters_add(input->env.counters, C_SYSLOG_REFUSED, 1);
        close(fd);
        return;
    }
    input->connections++;
    counters_add(input->env.counters, C_SYSLOG_CONNECTIONS, 1);
    sender_new(input, fd, false);
}

/* ---- listening ---- */

static int complain(int fd, const char *where, const char *what, char **out_error)
{
    *out_error = mem_format("cannot listen for syslog messages at %s: %s", where, what);
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

/* A socket that somebody listens on is not taken away; one that is left over is. */
static void remove_left_over(const struct sockaddr_un *address, int kind)
{
    struct stat info;
    if (lstat(address->sun_path, &info) < 0 || !S_ISSOCK(info.st_mode)) {
        return;
    }
    int fd = socket(AF_UNIX, kind | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
        errno == ECONNREFUSED) {
        unlink(address->sun_path);
    }
    close(fd);
}

static int bind_path(const char *where, const char *path, int kind, char **out_error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    remove_left_over(&address, kind);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        return complain(fd, where, strerror(errno), out_error);
    }
    return fd;
}

static int bind_network(const char *where, const char *address, int kind, char **out_error)
{
    char host[ADDRESS_MAX];
    const char *colon = strrchr(address, ':');
    size_t len = colon != NULL ? (size_t)(colon - address) : sizeof(host);
    if (len >= sizeof(host)) {
        return complain(-1, where, "not an address", out_error);
    }
    bool is_bracketed = len > 1 && address[0] == '[' && address[len - 1] == ']';
    memcpy(host, address + is_bracketed, len - 2 * is_bracketed);
    host[len - 2 * is_bracketed] = '\0';
    struct addrinfo hints = {.ai_socktype = kind, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int error = getaddrinfo(host[0] != '\0' ? host : NULL, colon + 1, &hints, &found);
    if (error != 0) {
        return complain(-1, where, gai_strerror(error), out_error);
    }
    int one = 1;
    int fd = socket(found->ai_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
    }
    bool is_bound = fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0;
    freeaddrinfo(found);
    return is_bound ? fd : complain(fd, where, strerror(errno), out_error);
}

static bool open_listener(struct syslog_input *input, const char *where, char **out_error)
{
    bool is_unix = strncmp(where, "unix", 4) == 0;
    bool is_datagrams = strncmp(where, "udp:", 4) == 0 || strncmp(where, "unixgram:", 9) == 0;
    const char *address = strstr(where, "://") + 3;
    int kind = is_datagrams ? SOCK_DGRAM : SOCK_STREAM;
    int fd = (is_unix ? bind_path : bind_network)(where, address, kind, out_error);
    if (fd < 0) {
        return false;
    }
    struct listener *listener = &input->listeners[input->listener_count++];
    listener->input = input;
    listener->path = is_unix ? mem_string(address) : NULL;
    ev_io_init(&listener->io, on_connection, is_datagrams ? -1 : fd, EV_READ);
    if (is_datagrams) {
        sender_new(input, fd, true);
        return true;
    }
    if (listen(fd, BACKLOG) < 0) {
        complain(-1, where, strerror(errno), out_error);
        return false;
    }
    ev_io_start(input->env.loop, &listener->io);
    return true;
}

/* ---- the input ---- */

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct syslog_input *input = container_of(timer, struct syslog_input, tick);
    const struct line_sink *sink = input->env.sink;
    for (struct list *link = input->senders.next, *next; link != &input->senders; link = next) {
        struct sender *sender = container_of(link, struct sender, link);
        next = link->next;
        sink->idle(sink->context, &sender->chunk.stream, clock_monotonic_ns());
        give(sender);
    }
}

static void syslog_close(void *feed)
{
    struct syslog_input *input = feed;
    if (input == NULL) {
        return;
    }
    ev_timer_stop(input->env.loop, &input->tick);
    while (!list_is_empty(&input->senders)) {
        sender_free(container_of(input->senders.next, struct sender, link));
    }
    for (size_t i = 0; i < input->listener_count; i++) {
        struct listener *listener = &input->listeners[i];
        ev_io_stop(input->env.loop, &listener->io);
        if (listener->io.fd >= 0) {
            close(listener->io.fd);
        }
        if (listener->path != NULL) {
            unlink(listener->path);
        }
        free(listener->path);
    }
    free(input->listeners);
    free(input);
}

static void *syslog_open(const struct input_settings *settings, const struct input_env *env,
                         char **out_error)
{
    struct syslog_input *input = mem_alloc(sizeof(*input));
    input->settings = settings;
    input->env = *env;
    list_init(&input->senders);
    input->listeners = mem_array(settings->listen.count, sizeof(*input->listeners));
    ev_timer_init(&input->tick, on_tick, TICK_S, TICK_S);
    ev_timer_start(env->loop, &input->tick);
    for (size_t i = 0; i < settings->listen.count; i++) {
        if (!open_listener(input, settings->listen.items[i], out_error)) {
            syslog_close(input);
            return NULL;
        }
    }
    return input;
}

static void syslog_resume(void *feed)
{
    struct syslog_input *input = feed;
    for (struct list *link = input->senders.next, *next; link != &input->senders; link = next) {
        next = link->next;
        give(container_of(link, struct sender, link));
    }
}

/* It has no end: with --once what has come until now is all. */
static bool syslog_is_at_end(const void *feed)
{
    const struct syslog_input *input = feed;
    for (struct list *link = input->senders.next; link != &input->senders; link = link->next) {
        if (!chunk_is_empty(&container_of(link, struct sender, link)->chunk)) {
            return false;
        }
    }
    return true;
}

/* What is in hand nobody can read again. */
static void syslog_stop(void *feed)
{
    struct syslog_input *input = feed;
    const struct line_sink *sink = input->env.sink;
    input->is_stopped = true;
    for (size_t i = 0; i < input->listener_count; i++) {
        ev_io_stop(input->env.loop, &input->listeners[i].io);
    }
    for (struct list *link = input->senders.next; link != &input->senders; link = link->next) {
        struct sender *sender = container_of(link, struct sender, link);
        ev_io_stop(input->env.loop, &sender->io);
        if (chunk_give(&sender->chunk, true)) {
            sink->idle(sink->context, &sender->chunk.stream, UINT64_MAX);
        }
    }
}

const struct input_type input_type_syslog = {
    .name = "syslog",
    .open = syslog_open,
    .resume = syslog_resume,
    .is_at_end = syslog_is_at_end,
    .stop = syslog_stop,
    .close = syslog_close,
};

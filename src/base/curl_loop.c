/* SPDX-License-Identifier: Apache-2.0 */
#include "base/curl_loop.h"

/*
 * libcurl tells which sockets it waits for (on_socket) and when it wants to be called at the latest
 * (on_timer); libev tells it when that has come (on_ready, on_timeout). Finished transfers are only
 * looked for after such a call, outside libcurl's own callbacks, so `done` may do as it likes.
 */

#include <curl/curl.h>
#include <ev.h>
#include <stdlib.h>
#include "base/mem.h"

struct curl_loop {
    struct ev_loop *loop;
    CURLM *multi;
    struct ev_timer timer;
};

/* One socket that libcurl waits for; known to it by curl_multi_assign(). */
struct watch {
    struct curl_loop *owner;
    struct ev_io io;
};

static void hand_out_finished(struct curl_loop *curl_loop)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(curl_loop->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        /* The message is gone once its handle is taken out: read it first. */
        CURLcode result = message->data.result;
        CURL *easy = message->easy_handle;
        struct curl_task *task = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&task);
        curl_multi_remove_handle(curl_loop->multi, easy);
        task->done(task, (int)result);
    }
}

static void act(struct curl_loop *curl_loop, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(curl_loop->multi, fd, events, &running);
    hand_out_finished(curl_loop);
}

static void on_ready(struct ev_loop *loop, struct ev_io *io, int events)
{
    (void)loop;
    struct watch *watch = container_of(io, struct watch, io);
    int what = ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
               ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    act(watch->owner, io->fd, what);
}

static void on_timeout(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    act(container_of(timer, struct curl_loop, timer), CURL_SOCKET_TIMEOUT, 0);
}

static void drop_watch(struct curl_loop *curl_loop, curl_socket_t fd, struct watch *watch)
{
    if (watch != NULL) {
        curl_multi_assign(curl_loop->multi, fd, NULL);
        ev_io_stop(curl_loop->loop, &watch->io);
        free(watch);
    }
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    (void)easy;
    struct curl_loop *curl_loop = context;
    struct watch *watch = socket_context;
    if (what == CURL_POLL_REMOVE) {
        drop_watch(curl_loop, fd, watch);
        return 0;
    }
    if (watch == NULL) {
        watch = mem_alloc(sizeof(*watch));
        watch->owner = curl_loop;
        ev_init(&watch->io, on_ready);
        curl_multi_assign(curl_loop->multi, fd, watch);
    }
    ev_io_stop(curl_loop->loop, &watch->io);
    ev_io_set(&watch->io, fd,
              ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                  ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));
    ev_io_start(curl_loop->loop, &watch->io);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct curl_loop *curl_loop = context;
    ev_timer_stop(curl_loop->loop, &curl_loop->timer);
    if (timeout_ms >= 0) {
        /* From the time that is, not from when this turn of the loop began. */
        ev_now_update(curl_loop->loop);
        ev_timer_set(&curl_loop->timer, (double)timeout_ms / 1e3, 0.);
        ev_timer_start(curl_loop->loop, &curl_loop->timer);
    }
    return 0;
}

struct curl_loop *curl_loop_new(struct ev_loop *loop)
{
    struct curl_loop *curl_loop = mem_alloc(sizeof(*curl_loop));
    /* Counts its calls; the pair of it is in curl_loop_free(). */
    ENSURE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    curl_loop->loop = loop;
    curl_loop->multi = curl_multi_init();
    ENSURE(curl_loop->multi != NULL);
    ev_init(&curl_loop->timer, on_timeout);
    curl_multi_setopt(curl_loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(curl_loop->multi, CURLMOPT_SOCKETDATA, curl_loop);
    curl_multi_setopt(curl_loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(curl_loop->multi, CURLMOPT_TIMERDATA, curl_loop);
    return curl_loop;
}

void curl_loop_free(struct curl_loop *curl_loop)
{
    if (curl_loop != NULL) {
        /* Closes kept connections, which tells on_socket to drop their watches. */
        curl_multi_cleanup(curl_loop->multi);
        ev_timer_stop(curl_loop->loop, &curl_loop->timer);
        free(curl_loop);
        curl_global_cleanup();
    }
}

void curl_loop_start(struct curl_loop *curl_loop, struct curl_task *task)
{
    curl_easy_setopt(task->easy, CURLOPT_PRIVATE, task);
    ENSURE(curl_multi_add_handle(curl_loop->multi, task->easy) == CURLM_OK);
}

void curl_loop_stop(struct curl_loop *curl_loop, struct curl_task *task)
{
    curl_multi_remove_handle(curl_loop->multi, task->easy);
}

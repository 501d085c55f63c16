/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/workers.h"

#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include "base/mem.h"
#include "daemon/daemon_inside.h"
#include "input/tail/assignment.h"

/*
 * A pause is one flag under one mutex. Who is woken looks at the flag, counts itself as resting, and
 * sleeps until the flag is gone; a thread whose loop has ended rests for good. The mutex also makes
 * what one thread has written seen by the others, so nothing else need be atomic.
 */

struct worker {
    struct workers *workers;
    struct daemon *daemon;
    ev_async wake;
    pthread_t thread;
};

struct workers {
    pthread_mutex_t mutex;
    pthread_cond_t rests; /* one more does, or has ended */
    pthread_cond_t goes;
    bool is_paused;
    unsigned pauses; /* the first's, one within the other */
    size_t resting;
    size_t ended;
    struct assignment *assignment;
    struct daemon *first;
    ev_async others; /* in the first's loop: one has ended */
    size_t count;    /* that were started */
    struct worker items[WORKERS_MAX];
};

struct workers *workers_new(size_t count)
{
    struct workers *workers = mem_alloc(sizeof(*workers));
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->rests, NULL);
    pthread_cond_init(&workers->goes, NULL);
    workers->assignment = assignment_new((unsigned)count);
    return workers;
}

void workers_free(struct workers *workers)
{
    if (workers != NULL) {
        assignment_free(workers->assignment);
        pthread_cond_destroy(&workers->goes);
        pthread_cond_destroy(&workers->rests);
        pthread_mutex_destroy(&workers->mutex);
        free(workers);
    }
}

struct assignment *workers_assignment(const struct workers *workers)
{
    return workers != NULL ? workers->assignment : NULL;
}

/* ---- their threads ---- */

static void on_wake(struct ev_loop *loop, ev_async *wake, int events)
{
    (void)loop;
    (void)events;
    struct workers *workers = container_of(wake, struct worker, wake)->workers;
    pthread_mutex_lock(&workers->mutex);
    workers->resting++;
    pthread_cond_signal(&workers->rests);
    while (workers->is_paused) {
        pthread_cond_wait(&workers->goes, &workers->mutex);
    }
    workers->resting--;
    pthread_mutex_unlock(&workers->mutex);
}

static void *run(void *context)
{
    struct worker *worker = context;
    struct workers *workers = worker->workers;
    ev_run(worker->daemon->loop, 0);
    pthread_mutex_lock(&workers->mutex);
    workers->ended++;
    pthread_cond_signal(&workers->rests);
    pthread_mutex_unlock(&workers->mutex);
    ev_async_send(workers->first->loop, &workers->others);
    return NULL;
}

/* ---- the first one's ---- */

static void on_others(struct ev_loop *loop, ev_async *others, int events)
{
    (void)loop;
    (void)events;
    daemon_others_may_have_ended(container_of(others, struct workers, others)->first);
}

static int start_one(struct workers *workers, struct daemon *daemon)
{
    struct worker *worker = &workers->items[workers->count];
    *worker = (struct worker){.workers = workers, .daemon = daemon};
    ev_async_init(&worker->wake, on_wake);
    ev_async_start(daemon->loop, &worker->wake);
    int result = pthread_create(&worker->thread, NULL, run, worker);
    workers->count += result == 0;
    return -result;
}

/* Signals are the first one's: the others have them blocked from their beginning. */
int workers_start(struct workers *workers, struct daemon *first)
{
    sigset_t all;
    sigset_t before;
    int result = 0;
    workers->first = first;
    ev_async_init(&workers->others, on_others);
    ev_async_start(first->loop, &workers->others);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (struct daemon *daemon = first->next; daemon != NULL && result == 0; daemon = daemon->next) {
        result = start_one(workers, daemon);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

void workers_join(struct workers *workers)
{
    for (size_t i = 0; workers != NULL && i < workers->count; i++) {
        pthread_join(workers->items[i].thread, NULL);
    }
    if (workers != NULL) {
        workers->count = 0;
        workers->ended = 0;
    }
}

void workers_pause(struct workers *workers)
{
    if (workers == NULL || workers->pauses++ > 0) {
        return;
    }
    pthread_mutex_lock(&workers->mutex);
    workers->is_paused = true;
    for (size_t i = 0; i < workers->count; i++) {
        ev_async_send(workers->items[i].daemon->loop, &workers->items[i].wake);
    }
    while (workers->resting + workers->ended < workers->count) {
        pthread_cond_wait(&workers->rests, &workers->mutex);
    }
    pthread_mutex_unlock(&workers->mutex);
}

void workers_go_on(struct workers *workers)
{
    if (workers == NULL || --workers->pauses > 0) {
        return;
    }
    pthread_mutex_lock(&workers->mutex);
    workers->is_paused = false;
    pthread_cond_broadcast(&workers->goes);
    pthread_mutex_unlock(&workers->mutex);
}

bool workers_have_ended(struct workers *workers)
{
    pthread_mutex_lock(&workers->mutex);
    bool have = workers->ended == workers->count;
    pthread_mutex_unlock(&workers->mutex);
    return have;
}

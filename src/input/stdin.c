/* SPDX-License-Identifier: Apache-2.0 */
#include "input/input_type.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "input/chunk.h"

/*
 * Lines of standard input. They are not there a second time, so nothing is promised of them: what is
 * in hand when clew is killed is gone. While there is no room it is not read, and whoever writes to
 * the pipe waits.
 */

#define SOURCE_ID ((uint64_t)1 << 61)

static const double TICK_S = 0.25;

struct standard_input {
    struct ev_loop *loop;
    const struct log *log;
    struct chunk chunk;
    ev_io io;
    ev_timer tick; /* time-outs of joined lines, and lines that the sink holds back */
    bool is_over;
    bool is_stopped;
};

static void give(struct standard_input *input)
{
    if (chunk_give(&input->chunk, input->is_over) && !input->is_over && !input->is_stopped) {
        ev_io_start(input->loop, &input->io);
    } else {
        ev_io_stop(input->loop, &input->io);
    }
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
    (void)events;
    struct standard_input *input = container_of(io, struct standard_input, io);
    char *room = chunk_room(&input->chunk);
    if (room == NULL) {
        ev_io_stop(loop, io);
        return;
    }
    ssize_t len = read(STDIN_FILENO, room, CHUNK_READ_BYTES);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (len < 0) {
        log_event(input->log, LOG_ERROR, "cannot read standard input: %s; treating it as ended",
                  strerror(errno));
    }
    if (len > 0) {
        chunk_add(&input->chunk, (size_t)len);
    }
    input->is_over = len <= 0;
    give(input);
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct standard_input *input = container_of(timer, struct standard_input, tick);
    const struct line_sink *sink = input->chunk.sink;
    sink->idle(sink->context, &input->chunk.stream, clock_monotonic_ns());
    if (!input->is_stopped) {
        give(input);
    }
}

static void *stdin_open(const struct input_settings *settings, const struct input_env *env,
                        char **out_error)
{
    (void)out_error;
    struct standard_input *input = mem_alloc(sizeof(*input));
    input->loop = env->loop;
    input->log = env->log;
    chunk_init(&input->chunk, settings, env->sink, env->counters,
               source_new(NULL, settings->name, SOURCE_ID));
    ev_io_init(&input->io, on_readable, STDIN_FILENO, EV_READ);
    ev_timer_init(&input->tick, on_tick, TICK_S, TICK_S);
    ev_io_start(input->loop, &input->io);
    ev_timer_start(input->loop, &input->tick);
    return input;
}

static void stdin_resume(void *feed)
{
    struct standard_input *input = feed;
    if (!input->is_stopped) {
        give(input);
    }
}

static bool stdin_is_at_end(const void *feed)
{
    const struct standard_input *input = feed;
    return input->is_over && chunk_is_empty(&input->chunk);
}

static void stdin_stop(void *feed)
{
    struct standard_input *input = feed;
    const struct line_sink *sink = input->chunk.sink;
    input->is_stopped = true;
    ev_io_stop(input->loop, &input->io);
    if (chunk_give(&input->chunk, true)) { /* nobody can read it again */
        sink->idle(sink->context, &input->chunk.stream, UINT64_MAX);
    }
}

static void stdin_close(void *feed)
{
    struct standard_input *input = feed;
    if (input != NULL) {
        ev_io_stop(input->loop, &input->io);
        ev_timer_stop(input->loop, &input->tick);
        chunk_fini(&input->chunk);
        free(input);
    }
}

const struct input_type input_type_stdin = {
    .name = "stdin",
    .ends = true,
    .open = stdin_open,
    .resume = stdin_resume,
    .is_at_end = stdin_is_at_end,
    .stop = stdin_stop,
    .close = stdin_close,
};

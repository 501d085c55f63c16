/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <ev.h>
#include <stdlib.h>
#include "base/mem.h"

/*
 * What runs an input in an event loop: one timer, for what is due first.
 */

struct input_shell {
    struct input *input;
    ev_timer timer;
    uint64_t armed_ns; /* for when; UINT64_MAX: it is not */
    bool is_running;   /* what it runs plans anew; it is armed again afterwards */
};

void input_shell_arm(struct input_shell *shell)
{
    if (shell == NULL || shell->is_running) {
        return;
    }
    const struct input_env *env = &shell->input->env;
    uint64_t due = input_due(shell->input);
    if (shell->armed_ns == due) {
        return;
    }
    ev_timer_stop(env->loop, &shell->timer);
    shell->armed_ns = due;
    if (due != UINT64_MAX) {
        uint64_t now = world_monotonic_ns(env->world);
        ev_timer_set(&shell->timer, due > now ? (double)(due - now) / 1e9 : 0., 0.);
        ev_timer_start(env->loop, &shell->timer);
    }
}

static void on_due(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)revents;
    struct input_shell *shell = container_of(timer, struct input_shell, timer);
    shell->is_running = true;
    input_run(shell->input);
    shell->is_running = false;
    shell->armed_ns = UINT64_MAX;
    ev_now_update(loop); /* timers count from when the loop last looked at its clock */
    input_shell_arm(shell);
}

struct input_shell *input_shell_new(struct input *input)
{
    struct input_shell *shell = mem_alloc(sizeof(*shell));
    shell->input = input;
    shell->armed_ns = UINT64_MAX;
    ev_init(&shell->timer, on_due);
    return shell;
}

void input_shell_free(struct input_shell *shell)
{
    if (shell != NULL) {
        ev_timer_stop(shell->input->env.loop, &shell->timer);
        free(shell);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "input/input_type.h"

#include <string.h>
#include "base/mem.h"

static const struct input_type *const types[] = {&input_type_tail, &input_type_stdin,
                                                &input_type_syslog, &input_type_journal};

const struct input_type *input_type_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    ensure_failed("the config knows the types of inputs", __FILE__, __LINE__);
}

/* ---- files: src/input/tail/input.h ---- */

static void *open_tail(const struct input_settings *settings, const struct input_env *env,
                       char **out_error)
{
    return input_open(settings, env, out_error);
}

static void resume_tail(void *feed)
{
    input_resume(feed);
}

static bool is_tail_at_end(const void *feed)
{
    return input_is_at_end(feed);
}

static bool is_tail_lacking(const void *feed)
{
    return input_is_lacking(feed);
}

static void hand_over_tail(void *feed, void *to)
{
    input_hand_over(feed, to);
}

static void end_tail(void *feed)
{
    input_end(feed);
}

static bool has_tail_ended(const void *feed)
{
    return input_has_ended(feed);
}

static void get_tail_backlog(const void *feed, struct backlog *out_backlog)
{
    input_backlog(feed, out_backlog);
}

static void stop_tail(void *feed)
{
    input_stop(feed);
}

static void close_tail(void *feed)
{
    input_close(feed);
}

const struct input_type input_type_tail = {
    .name = "tail",
    .has_checkpoints = true,
    .is_shared = true,
    .open = open_tail,
    .resume = resume_tail,
    .is_at_end = is_tail_at_end,
    .is_lacking = is_tail_lacking,
    .hand_over = hand_over_tail,
    .end = end_tail,
    .has_ended = has_tail_ended,
    .backlog = get_tail_backlog,
    .stop = stop_tail,
    .close = close_tail,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"

/*
 * What an input leaves to another at a reload: its streams, as they are. Closed and begun again at the
 * checkpoints, as after a restart, they would lose what only an open descriptor leads to, and give the
 * lines that are in flight a second number.
 *
 * Whose they are tells no comparison of patterns but what everybody's first scan finds, for links and
 * names that come and go are in it. So one heir has them all at first, and reads none of them:
 *
 *     inherited   --- its scan finds it ---------------------> read on
 *                 --- the scan of another one finds it ------> that one has it, and reads on
 *                 --- all have looked, and it has names -----> closed: nobody asks for it any more
 *                 --- … and it has none ---------------------> read to its end, as it would have been
 */

static void leave_tables(struct tail *tail)
{
    struct generation *generation;
    map_remove(&tail->input->tails, hash_bytes(tail->key, strlen(tail->key), 0), tail);
    TAIL_FOR_EACH(tail, generation)
    {
        generation_leave(generation);
    }
}

static void join_tables(struct tail *tail)
{
    struct generation *generation;
    map_add(&tail->input->tails, hash_bytes(tail->key, strlen(tail->key), 0), tail);
    TAIL_FOR_EACH(tail, generation)
    {
        generation_join(generation);
    }
}

/* What follows from settings, and not from what was read. */
static void learn_settings(struct tail *tail, const struct input_settings *former)
{
    struct generation *generation;
    bool is_other_form = former->encoding != tail->input->settings->encoding;
    tail_renew_sources(tail);
    TAIL_FOR_EACH(tail, generation)
    {
        generation->searched = 0;
        if (is_other_form) {
            generation->form = TEXT_FORM_UNKNOWN;
        }
        if (generation->fd >= 0) {
            generation_learn_form(generation);
        }
    }
}

static void move(struct tail *tail, struct input *to)
{
    struct input *from = tail->input;
    bool is_active = !list_is_empty(&tail->active);
    ENSURE(from->env.checkpoints == to->env.checkpoints && from->env.counters == to->env.counters);
    list_remove(&tail->ready);
    list_remove(&tail->waiting);
    list_remove(&tail->active);
    list_remove(&tail->grown);
    leave_tables(tail);
    pace_leave(from->pace, tail->paced);
    tail->paced = NULL;
    tail->input = to;
    tail->held_until_ns = 0;
    tail->scan = to->scan;
    join_tables(tail);
    learn_settings(tail, from->settings);
    to->env.sink->moved(to->env.sink->context, &tail->stream, from->env.sink->context);
    if (is_active) {
        input_be_active(tail);
    }
}

/* One that was refused may be there: it waits for nothing more. */
static void hand_over(struct tail *tail, struct input *to)
{
    struct tail *refused = tail_find(to, tail->key);
    if (refused != NULL) {
        ENSURE(refused->is_refused);
        tail_close(refused, false);
    }
    move(tail, to);
    list_remove(&tail->inherited);
    list_append(&to->family->inherited, &tail->inherited);
}

void input_hand_over(struct input *from, struct input *to)
{
    for (struct tail *tail; (tail = input_any_tail(from)) != NULL;) {
        if (tail->is_refused) {
            tail_close(tail, false);
        } else {
            hand_over(tail, to);
        }
    }
    generation_make_fit(to);
    if (to->was_scanned && list_is_empty(&to->starting)) {
        list_append(&to->family->starting, &to->starting);
        input_look_at_all(to);
    }
}

bool inherit_waits(const struct tail *tail)
{
    return !list_is_empty(&tail->inherited);
}

static struct tail *find(const struct input *input, const char *key)
{
    struct list *all = &input->family->inherited;
    for (struct list *link = all->next; link != all; link = link->next) {
        struct tail *tail = container_of(link, struct tail, inherited);
        if (strcmp(tail->key, key) == 0) {
            return tail;
        }
    }
    return NULL;
}

static void be_shown_as(struct tail *tail, const char *shown)
{
    bool is_same = shown == NULL ? tail->shown == NULL
                                 : tail->shown != NULL && strcmp(tail->shown, shown) == 0;
    if (!is_same) {
        free(tail->shown);
        tail->shown = mem_string(shown);
        tail_renew_sources(tail);
    }
}

bool inherit_claim(struct input *input, const struct found_log *log, struct tail **tail)
{
    bool is_mine = *tail != NULL && !(*tail)->is_refused && !inherit_waits(*tail);
    struct tail *left = is_mine ? NULL : find(input, log->key);
    if (left == NULL || !log->is_asked_for) {
        return left == NULL;
    }
    if (*tail != NULL && *tail != left) {
        tail_close(*tail, false);
    }
    list_remove(&left->inherited);
    if (left->input != input) {
        move(left, input);
        generation_make_fit(input);
    }
    be_shown_as(left, log->shown);
    input_wake(left);
    *tail = left;
    return true;
}

static bool has_names(const struct tail *tail)
{
    struct generation *generation;
    bool has = false;
    TAIL_FOR_EACH(tail, generation)
    {
        struct file_stat info;
        char *path = generation_path(generation);
        has = has || (world_stat(tail->input->env.world, path, &info) == 0 &&
                      identity_is_same_inode(&generation->id, &info));
        free(path);
    }
    return has;
}

void inherit_settle(struct input_family *family)
{
    while (list_is_empty(&family->starting) && !list_is_empty(&family->inherited)) {
        struct tail *tail = container_of(family->inherited.next, struct tail, inherited);
        list_remove(&tail->inherited);
        if (has_names(tail)) {
            tail_say_closed(tail);
            tail_close(tail, false);
        } else {
            tail->input->is_missing = true;
            input_wake(tail);
            tail_not_found(tail);
        }
    }
}

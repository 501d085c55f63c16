/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <errno.h>
#include <stdlib.h>
#include "base/mem.h"

/*
 * The end of the process. What only a descriptor of clew leads to, nobody can read after it: so with a
 * spool to put it into those files are read to their end first, each behind what comes before it in its
 * stream; all else is left for the next start. What is not in a backend or a spool by then is lost, and is
 * counted, in bytes behind what is acknowledged, and said.
 */

/* Only its descriptor still leads to it. */
static bool has_no_name(const struct generation *generation, struct file_stat *out_info)
{
    const struct world *world = generation->tail->input->env.world;
    return generation->fd >= 0 && !generation->is_packed &&
           world_stat_open(world, generation->fd, out_info) == 0 && out_info->links == 0;
}

bool ending_is_last_chance(const struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        struct file_stat info;
        if (generation->state == GENERATION_WAITING && has_no_name(generation, &info) &&
            (generation->is_gzip || info.size > generation->offset)) {
            return true;
        }
    }
    return false;
}

static void prepare(struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        struct file_stat info;
        if (has_no_name(generation, &info)) {
            generation->unseen += generation->unseen == 0;
        }
    }
    list_remove(&tail->waiting);
    if (ending_is_last_chance(tail)) {
        input_wake(tail);
    }
}

void input_end(struct input *input)
{
    input->is_ending = true;
    input_watch_no_more(input);
    for (size_t i = 0; i < input->tails.cap; i++) {
        struct tail *tail = input->tails.slots[i].value;
        if (tail != NULL && !tail->is_refused) {
            list_remove(&tail->inherited);
            prepare(tail);
        }
    }
}

bool input_has_ended(const struct input *input)
{
    if (!list_is_empty(&input->ready)) {
        return false;
    }
    for (size_t i = 0; i < input->tails.cap; i++) {
        const struct tail *tail = input->tails.slots[i].value;
        if (tail != NULL && ending_is_last_chance(tail)) {
            return false;
        }
    }
    return true;
}

/* ---- what is lost by it ---- */

static uint64_t unpromised(const struct generation *generation, uint64_t size)
{
    struct file_id file;
    struct position acked;
    if (generation->number == 0 ||
        !checkpoint_read(generation->tail->stream.checkpoint, &file, &acked) ||
        generation->number > acked.generation) {
        return size;
    }
    bool is_acked = generation->number < acked.generation || size <= acked.offset;
    return is_acked ? 0 : size - acked.offset;
}

/* Where it lay there is nothing left, so no start will read any of it: a pod that was deleted. In a directory
 * that is there another file may have its bytes. */
static bool is_all_gone(const struct tail *tail)
{
    struct file_stat info;
    return world_stat(tail->input->env.world, tail->directory, &info) == -ENOENT;
}

void ending_say_lost(struct tail *tail)
{
    struct generation *generation;
    uint64_t lost = 0;
    if (!is_all_gone(tail)) {
        return;
    }
    TAIL_FOR_EACH(tail, generation)
    {
        struct file_stat info;
        bool is_meant = generation->state == GENERATION_WAITING || generation->state == GENERATION_DONE;
        if (is_meant && !generation->is_gzip && has_no_name(generation, &info)) {
            lost += unpromised(generation, info.size);
            checkpoint_note_moved(tail->stream.checkpoint, generation->number);
        }
    }
    checkpoint_note_waiting(tail->stream.checkpoint, NULL, 0);
    if (lost > 0) {
        tail_count_lost(tail, lost);
        log_event(tail->input->env.log, LOG_WARN,
                  "%s: losing %llu unacknowledged bytes that are only in deleted files. Give the "
                  "output a spool, or a larger one, to keep them",
                  tail->shown != NULL ? tail->shown : tail->key, (unsigned long long)lost);
    }
}

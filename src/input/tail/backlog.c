/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include "base/mem.h"

/*
 * How far an input is behind. Each file has two marks: when its unread bytes began, and how large it was at
 * some later moment. When the offset passes that size, what is unread is younger than that moment, which
 * becomes the new beginning. To ask costs a walk through the lists and no system call.
 */

void backlog_note(struct generation *generation)
{
    uint64_t behind = generation_behind(generation, generation->offset);
    uint64_t now = world_monotonic_ns(generation->tail->input->env.world);
    if (behind == 0) {
        generation->unread_since_ns = 0;
        return;
    }
    bool is_new = generation->unread_since_ns == 0;
    if (is_new || generation->offset >= generation->unread_mark) {
        generation->unread_since_ns = is_new ? now : generation->unread_mark_ns;
        generation->unread_mark = generation->offset + behind;
        generation->unread_mark_ns = now;
    }
}

static void add_tail(const struct tail *tail, uint64_t now, struct backlog *backlog)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->state != GENERATION_WAITING) {
            continue;
        }
        uint64_t since = generation->unread_since_ns;
        uint64_t age = since > 0 && now > since ? now - since : 0;
        backlog->unread_bytes += generation_behind(generation, generation->offset);
        backlog->oldest_ns = age > backlog->oldest_ns ? age : backlog->oldest_ns;
    }
}

void input_backlog(const struct input *input, struct backlog *out_backlog)
{
    struct backlog backlog = {.input = input->settings->name};
    uint64_t now = world_monotonic_ns(input->env.world);
    for (size_t i = 0; i < input->tails.cap; i++) {
        if (input->tails.slots[i].value != NULL) {
            add_tail(input->tails.slots[i].value, now, &backlog);
        }
    }
    backlog.deleted_bytes = pinned_bytes(input);
    *out_backlog = backlog;
}

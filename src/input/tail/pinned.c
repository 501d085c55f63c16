/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include "base/mem.h"

/*
 * Deleted files that are held open because they are not read yet. Nobody else sees their bytes, no du, no
 * kubelet, and the disk does not get them back until they are closed: so how many bytes and how long are
 * limited (deleted_bytes_max, deleted_time_max), and beyond that the oldest is given up.
 *
 * A file counts with all its bytes, as the disk does, from PINNED_GRACE_NS after it was found deleted or
 * read to its end, whichever is later: what a process goes on writing to under no name is not held by clew
 * as long as it keeps up. input->pinned is in the order of that time.
 *
 *     pinned   since                left by
 *     no       0                    its name is gone, its descriptor is there --> yes
 *     yes      then, or its end     closed, found again under a name, given up --> no
 */

#define PINNED_GRACE_NS UINT64_C(1000000000)
#define PINNED_CHECK_NS UINT64_C(1000000000)

static void insert(struct generation *generation)
{
    struct list *all = &generation->tail->input->pinned;
    struct list *place = all->prev;
    while (place != all && container_of(place, struct generation, pinned_link)->pinned_since_ns >
                               generation->pinned_since_ns) {
        place = place->prev;
    }
    list_insert_after(place, &generation->pinned_link);
    input_check_pinned_at(generation->tail->input,
                          world_monotonic_ns(generation->tail->input->env.world) + PINNED_CHECK_NS);
}

void pinned_note(struct generation *generation)
{
    const struct world *world = generation->tail->input->env.world;
    struct file_stat info;
    if (generation->pinned_since_ns == 0 && generation->fd >= 0 &&
        world_stat_open(world, generation->fd, &info) == 0 && info.links == 0) {
        generation->pinned_since_ns = world_monotonic_ns(world);
        generation->pinned_bytes = info.size;
        insert(generation);
    }
}

void pinned_forget(struct generation *generation)
{
    list_remove(&generation->pinned_link);
    generation->pinned_since_ns = 0;
}

void pinned_note_end(struct generation *generation)
{
    if (generation->pinned_since_ns > 0) {
        list_remove(&generation->pinned_link);
        generation->pinned_since_ns = world_monotonic_ns(generation->tail->input->env.world);
        insert(generation);
    }
}

void pinned_leave(struct generation *generation)
{
    list_remove(&generation->pinned_link);
}

void pinned_join(struct generation *generation)
{
    if (generation->pinned_since_ns > 0) {
        insert(generation);
    }
}

/* ---- the limits ---- */

static bool counts(const struct generation *generation, uint64_t now)
{
    return now - generation->pinned_since_ns >= PINNED_GRACE_NS;
}

static struct generation *oldest(const struct input *input)
{
    return list_is_empty(&input->pinned)
               ? NULL
               : container_of(input->pinned.next, struct generation, pinned_link);
}

/* What is left of the stream goes on, or its end is found. */
static void let_go(struct generation *generation)
{
    struct tail *tail = generation->tail;
    tail_give_up_deleted(generation);
    tail->end_since_ns = 0;
    unread_tell(tail); /* what is counted now is not to be counted by the next start again */
    if (tail_current(tail) != NULL) {
        input_wake(tail);
    } else {
        input_look_for_end(tail);
    }
}

/* Bytes that count, as the files are now. */
static uint64_t sum(const struct input *input, uint64_t now)
{
    uint64_t bytes = 0;
    for (struct list *link = input->pinned.next; link != &input->pinned; link = link->next) {
        struct generation *generation = container_of(link, struct generation, pinned_link);
        struct file_stat info;
        if (world_stat_open(input->env.world, generation->fd, &info) == 0) {
            generation->pinned_bytes = info.size;
        }
        bytes += counts(generation, now) ? generation->pinned_bytes : 0;
    }
    return bytes;
}

/* Of those that were read to their ends, and wait for the sink alone, nothing is lost. */
static uint64_t let_go_of_read(struct input *input, uint64_t now, uint64_t too_many)
{
    uint64_t freed = 0;
    for (struct list *link = input->pinned.next, *next; link != &input->pinned && freed < too_many;
         link = next) {
        struct generation *generation = container_of(link, struct generation, pinned_link);
        next = link->next;
        bool is_read = !generation->is_gzip && !generation->is_rewritten &&
                       generation->pinned_bytes <= generation->offset;
        if (is_read && counts(generation, now)) {
            freed += generation->pinned_bytes;
            let_go(generation);
        }
    }
    return freed;
}

uint64_t pinned_bytes(const struct input *input)
{
    uint64_t bytes = 0;
    for (struct list *link = input->pinned.next; link != &input->pinned; link = link->next) {
        bytes += container_of(link, struct generation, pinned_link)->pinned_bytes;
    }
    return bytes;
}

static bool is_too_old(const struct input *input, const struct generation *generation, uint64_t now)
{
    uint64_t time_ms = input->settings->deleted_time_max_ms;
    return time_ms > 0 && (now - generation->pinned_since_ns) / 1000000 >= time_ms;
}

void pinned_check(struct input *input, uint64_t now)
{
    uint64_t most = input->deleted_bytes_max > 0 ? input->deleted_bytes_max : UINT64_MAX;
    uint64_t held = sum(input, now);
    held -= held > most ? let_go_of_read(input, now, held - most) : 0;
    for (struct generation *generation;
         (generation = oldest(input)) != NULL && counts(generation, now) &&
         (held > most || is_too_old(input, generation, now));) {
        held -= generation->pinned_bytes;
        let_go(generation);
    }
    if (!list_is_empty(&input->pinned)) {
        input_check_pinned_at(input, now + PINNED_CHECK_NS);
    }
}

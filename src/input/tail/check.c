/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include "base/mem.h"

/*
 * What is always so between two calls, walked through for tests. A tester calls it after each of its
 * steps; clew itself does not.
 */

struct sums {
    size_t generations;
    uint64_t open;
};

static void check_generation(const struct generation *generation, struct sums *sums)
{
    const struct tail *tail = generation->tail;
    ENSURE(generation->name != NULL);
    ENSURE(generation->guard_len <= GUARD_BYTES);
    ENSURE(generation->number <= tail->last_number);
    ENSURE(generation->state != GENERATION_COPY || generation->fd < 0);
    ENSURE((generation->fd >= 0) != list_is_empty(&generation->open_link));
    ENSURE((generation->pinned_since_ns > 0) != list_is_empty(&generation->pinned_link));
    ENSURE(generation->pinned_since_ns == 0 || generation->fd >= 0);
    ENSURE(generation->gzip == NULL || (generation->is_gzip && generation->fd >= 0));
    ENSURE(generation->original == NULL || generation->original->tail == tail);
    sums->generations++;
    sums->open += generation->fd >= 0;
}

static void check_tail(const struct input *input, const struct tail *tail, struct sums *sums)
{
    struct generation *generation;
    ENSURE(tail->input == input && tail->key != NULL);
    ENSURE(tail_find(input, tail->key) == tail);
    TAIL_FOR_EACH(tail, generation)
    {
        ENSURE(generation->tail == tail);
        check_generation(generation, sums);
    }
}

void input_check(const struct input *input)
{
    struct sums sums = {0};
    for (size_t i = 0; i < input->tails.cap; i++) {
        if (input->tails.slots[i].value != NULL) {
            check_tail(input, input->tails.slots[i].value, &sums);
        }
    }
    ENSURE(sums.open == input->open_count);
    ENSURE(sums.generations == input->by_file.count && sums.generations == input->by_name.count);
    ENSURE(input->open_count <= input->open_files_max + 1); /* for the one whose turn it is */
}

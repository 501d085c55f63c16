/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `throttle`: a bucket of tokens for each group of records; one that finds it empty is dropped.
 *
 * Groups are told apart by a 64-bit hash of their values. The table has a fixed size; when a group
 * has no place there the one among its neighbours that has been quiet for longest gives up its own,
 * and begins with a full bucket when it comes back. So a flood of new groups costs no memory, and
 * lets more pass, never less.
 */

#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"
#include "filters/filter.h"
#include "filters/name.h"

enum { NEIGHBOURS = 8 };

struct bucket {
    uint64_t group; /* 0: free */
    uint64_t last_ns;
    double tokens;
};

struct throttle {
    const struct settings *settings;
    struct name *names;
    size_t name_count;
    double per_ns; /* tokens */
    double burst;
    struct bucket *buckets;
    size_t mask;
};

static void *make(const struct filter_settings *item, const struct filter_env *env,
                  char **out_error)
{
    (void)out_error;
    const struct throttle_settings *settings = item->throttle;
    if (settings == NULL) {
        return NULL;
    }
    struct throttle *throttle = mem_alloc(sizeof(*throttle));
    throttle->settings = env->tools->settings;
    throttle->per_ns = (double)settings->rate / ((double)settings->per_ms * 1e6);
    throttle->burst = (double)(settings->burst > 0 ? settings->burst : settings->rate);
    throttle->names = mem_array(settings->by.count + 1, sizeof(*throttle->names));
    for (; throttle->name_count < settings->by.count; throttle->name_count++) {
        throttle->names[throttle->name_count] =
            name_make(settings->by.items[throttle->name_count], env->index);
    }
    size_t places = NEIGHBOURS;
    while (places < settings->groups_max) {
        places *= 2;
    }
    throttle->mask = places - 1;
    throttle->buckets = mem_array(places, sizeof(*throttle->buckets));
    return throttle;
}

/* What is not there is a group of its own, another than an empty text. */
static uint64_t find_group(const struct throttle *throttle, const struct record *record)
{
    uint64_t hash = 1;
    for (size_t i = 0; i < throttle->name_count; i++) {
        struct value value;
        bool is_there = value_read(&throttle->names[i], record, throttle->settings, &value);
        hash = is_there ? hash_bytes(value.text.data != NULL ? value.text.data : "",
                                     value.text.len, hash)
                        : hash_bytes("", 0, ~hash);
    }
    return hash != 0 ? hash : 1;
}

static struct bucket *find_bucket(const struct throttle *throttle, uint64_t group)
{
    struct bucket *quietest = NULL;
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        struct bucket *bucket = &throttle->buckets[(group + i) & throttle->mask];
        if (bucket->group == group) {
            return bucket;
        }
        if (quietest == NULL || bucket->last_ns < quietest->last_ns) {
            quietest = bucket;
        }
    }
    *quietest = (struct bucket){.group = group, .tokens = throttle->burst};
    return quietest;
}

static enum filter_result apply(void *data, struct record *record, uint64_t now_ns)
{
    const struct throttle *throttle = data;
    struct bucket *bucket = find_bucket(throttle, find_group(throttle, record));
    if (bucket->last_ns != 0 && now_ns > bucket->last_ns) {
        double tokens = bucket->tokens + (double)(now_ns - bucket->last_ns) * throttle->per_ns;
        bucket->tokens = tokens < throttle->burst ? tokens : throttle->burst;
    }
    bucket->last_ns = now_ns > bucket->last_ns ? now_ns : bucket->last_ns;
    if (bucket->tokens < 1.0) {
        return FILTER_DROPPED;
    }
    bucket->tokens -= 1.0;
    return FILTER_DONE;
}

static void free_throttle(void *data)
{
    struct throttle *throttle = data;
    free(throttle->names);
    free(throttle->buckets);
    free(throttle);
}

const struct filter_kind filter_throttle = {"throttle", make, apply, free_throttle, NULL, true};

/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/pace.h"

#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"

#define NS_PER_S UINT64_C(1000000000)

struct paced {
    char *pod;
    uint64_t paid_at_ns; /* monotonic: by then what was read of it is no more than it may be */
    unsigned streams;
    bool is_said;
};

struct pace {
    uint64_t bytes_per_second;
    struct map pods;
};

struct pace *pace_new(uint64_t bytes_per_second)
{
    struct pace *pace = mem_alloc(sizeof(*pace));
    pace->bytes_per_second = bytes_per_second;
    return pace;
}

void pace_free(struct pace *pace)
{
    if (pace != NULL) {
        ENSURE(pace->pods.count == 0);
        map_fini(&pace->pods);
        free(pace);
    }
}

static uint64_t hash_of(const char *pod)
{
    return hash_bytes(pod, strlen(pod), 0);
}

static bool is_pod(const void *value, const void *key)
{
    return strcmp(((const struct paced *)value)->pod, key) == 0;
}

struct paced *pace_join(struct pace *pace, const char *pod)
{
    struct paced *paced = map_find(&pace->pods, hash_of(pod), is_pod, pod);
    if (paced == NULL) {
        paced = mem_alloc(sizeof(*paced));
        paced->pod = mem_string(pod);
        map_add(&pace->pods, hash_of(pod), paced);
    }
    paced->streams++;
    return paced;
}

void pace_leave(struct pace *pace, struct paced *paced)
{
    if (paced != NULL && --paced->streams == 0) {
        map_remove(&pace->pods, hash_of(paced->pod), paced);
        free(paced->pod);
        free(paced);
    }
}

void pace_note(const struct pace *pace, struct paced *paced, uint64_t bytes, uint64_t now_ns)
{
    uint64_t since_ns = now_ns > NS_PER_S ? now_ns - NS_PER_S : 0;
    uint64_t from_ns = paced->paid_at_ns > since_ns ? paced->paid_at_ns : since_ns;
    paced->paid_at_ns = from_ns + (uint64_t)((double)bytes * 1e9 / (double)pace->bytes_per_second);
}

uint64_t paced_until_ns(const struct paced *paced, uint64_t now_ns)
{
    return paced->paid_at_ns > now_ns ? paced->paid_at_ns : 0;
}

bool paced_is_news(struct paced *paced)
{
    bool is_news = !paced->is_said;
    paced->is_said = true;
    return is_news;
}

const char *paced_pod(const struct paced *paced)
{
    return paced->pod;
}

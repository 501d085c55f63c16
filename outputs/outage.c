/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/outage.h"

#include <string.h>
#include "base/hash.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

/* Outages that follow one another faster than this are one trouble, logged again if it lasts. */
#define QUIET_NS           (60 * NS_PER_S)
#define LASTING_NS         (10 * NS_PER_S)
#define REPEAT_NS          (60 * NS_PER_S) /* a sentence is not said again before */

/* A number below `below`; xorshift is plenty for jitter. */
static uint64_t draw(struct outage *outage, uint64_t below)
{
    uint64_t x = outage->seed | 1;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    outage->seed = x;
    return below > 0 ? (x >> 11) % below : 0;
}

uint64_t outage_backoff_ns(struct outage *outage, unsigned tries)
{
    uint64_t ms = outage->initial_ms;
    for (unsigned i = 1; i < tries && ms < outage->max_ms; i++) {
        ms *= 2;
    }
    ms = ms < outage->max_ms ? ms : outage->max_ms;
    /* At least a millisecond: a config of zeros is no busy loop. */
    uint64_t ns = (ms > 0 ? ms : 1) * NS_PER_MS;
    return ns / 2 + draw(outage, ns / 2);
}

static bool is_news(struct outage *outage, const struct failure *failure, uint64_t now_ns)
{
    if (outage->is_said) {
        return failure->is_mistake && failure->reason != outage->said_reason;
    }
    bool is_first = outage->ended_ns == 0 || now_ns - outage->ended_ns > QUIET_NS;
    return is_first || failure->is_mistake || now_ns - outage->since_ns > LASTING_NS;
}

bool outage_fail(struct outage *outage, const struct failure *failure, uint64_t now_ns)
{
    if (!outage->is_on) {
        outage->is_on = true;
        outage->is_said = false;
        outage->tries = 0;
        outage->since_ns = now_ns;
        outage->until_ns = now_ns;
    }
    /* Requests that were in flight together fail together: that is one try. */
    outage->tries += now_ns >= outage->until_ns ? 1 : 0;
    uint64_t wait_ns = outage_backoff_ns(outage, outage->tries);
    uint64_t asked_ms = failure->is_mistake ? outage->max_ms : 0;
    asked_ms = failure->retry_after_ms > asked_ms ? failure->retry_after_ms : asked_ms;
    asked_ms = asked_ms < outage->asked_max_ms ? asked_ms : outage->asked_max_ms;
    wait_ns = wait_ns > asked_ms * NS_PER_MS ? wait_ns : asked_ms * NS_PER_MS;
    outage->until_ns = now_ns + wait_ns > outage->until_ns ? now_ns + wait_ns : outage->until_ns;
    bool is_to_be_said = is_news(outage, failure, now_ns);
    outage->is_said = outage->is_said || is_to_be_said;
    outage->said_reason = is_to_be_said ? failure->reason : outage->said_reason;
    return is_to_be_said;
}

bool outage_end(struct outage *outage, uint64_t now_ns)
{
    if (!outage->is_on) {
        return false;
    }
    outage->is_on = false;
    outage->ended_ns = outage->is_said ? now_ns : outage->ended_ns;
    return outage->is_said;
}

bool said_is_news(struct said *said, const char *words, uint64_t now_ns)
{
    uint64_t hash = hash_bytes(words, strlen(words), 0) | 1;
    if (hash == said->hash && now_ns - said->at_ns < REPEAT_NS) {
        return false;
    }
    *said = (struct said){hash, now_ns};
    return true;
}
